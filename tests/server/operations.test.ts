import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routes } from '../../packages/common/src/api.ts'
import { aloneIn } from '../support/ears.ts'
import { type House, type Json, openHouse } from '../support/house.ts'
import { watch } from '../support/watcher.ts'

describe('for whoever runs the house', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse('sqlite')
  })
  afterAll(() => house.close())

  it('the interface describes every route, from the schemas that the routes parse with', async () => {
    const { body } = await house.anyone.get('/openapi.json')
    expect(body.openapi).toMatch(/^3\.1/)
    const described = Object.entries<Json>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const registered = Object.values(routes).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(described.sort()).toEqual([...new Set(registered)].sort())
    const bid = body.paths['/v1/goods/{id}/bids'].post
    expect(bid.security).toEqual([{ token: [] }])
    expect(bid.parameters.find(({ name }: Json) => name === 'Idempotency-Key')).toMatchObject({ required: true })
    const schema = bid.requestBody.content['application/json'].schema
    expect(Object.keys(schema.properties).sort()).toEqual(['amount', 'ifSeq', 'max', 'message'])
    expect(schema.additionalProperties).toBe(false)
    expect(bid.responses['201'].content['application/json'].schema.required).toContain('standing')
  })

  it('the page takes its parts from the house alone, under a strict policy', async () => {
    const page = await house.anyone.get('/docs')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part)
    expect(parts.length).toBeGreaterThan(2)
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//)
      const answer = await house.anyone.get(part)
      expect(answer.status, part).toBe(200)
      expect(answer.body.length).toBeGreaterThan(20)
    }
    expect(page.body).not.toMatch(/<script>|onload=|https?:/)
    for (const strange of ['package.json', '..%2f..%2fpackage.json', 'swagger-ui.js', 'constructor'])
      expect((await house.anyone.get(`/docs/${strange}`)).status, strange).toBe(404)
  })

  it('the metrics count calls by route, batches, bids and watchers, and name nobody', async () => {
    const seller = await house.member('mila')
    const ann = await house.member('ann')
    const good = await seller.sell({ name: 'canary-name', reserve: 728_391 })
    await ann.bid(good.id, { max: 617_283 })
    await ann.bid(good.id, { amount: 1 })
    const watcher = await watch(house.url)
    const { body, headers } = await house.anyone.get('/metrics')
    watcher.close()
    expect(headers.get('content-type')).toContain('text/plain')
    const value = (line: string) => Number(new RegExp(`^${line} (\\S+)$`, 'm').exec(body)?.[1])
    expect(value('auction_events_total{type="bid"}')).toBe(1)
    expect(value('auction_http_seconds_count{route="placeBid",status="201"}')).toBe(1)
    expect(value('auction_http_seconds_count{route="placeBid",status="409"}')).toBe(1)
    expect(value('auction_batch_orders_count')).toBeGreaterThan(3)
    expect(value('auction_watching')).toBe(1)
    expect(body).toContain('nodejs_eventloop_lag_p99_seconds')
    for (const secret of ['canary-name', 'mila', 'ann"']) expect(body).not.toContain(secret)
    for (const secret of [728_391, 617_283]) expect(body).not.toMatch(aloneIn(secret))
  })
})
