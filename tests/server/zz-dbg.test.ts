import { it } from 'vitest'
import { EventSource } from 'eventsource'
import { openHouse } from '../support/house.ts'
it.each(['three','sse-then','es', 'wait'])('%s', async (what) => {
  const house = await openHouse('sqlite')
  const m = await house.member('mila')
  const good = await m.sell()
  const open = async (p: string) => { const a = new AbortController(); const r = await fetch(house.url+p, {signal: a.signal}); console.log(r.status); a.abort() }
  if (what === 'three') { await open(`/v1/goods/${good.id}/events.sse`);await open(`/v1/goods/${good.id}/events.ndjson`); await open('/sse') }
  if (what === 'sse-then') { await open(`/v1/goods/${good.id}/events.sse`) }
  if (what === 'wait') { await open(`/v1/goods/${good.id}/events.sse`); await new Promise(r => setTimeout(r, 300)) }
  if (what === 'es') { const s = new EventSource(house.url + `/v1/goods/${good.id}/events.sse`); await new Promise(r => s.addEventListener('listed', r)); s.close() }
  const t = performance.now()
  await house.close()
  console.log(what, performance.now() - t)
})
