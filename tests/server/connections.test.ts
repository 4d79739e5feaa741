import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type House, type Json, type Member, openHouse } from '../support/house.ts'
import { watch } from '../support/watcher.ts'

/** What one address may keep open at once. */
const MOST = 2_000

let house: House
let people: readonly Member[]
let good: Json
const open = new Set<Socket>()
beforeAll(async () => {
  house = await openHouse('sqlite', { settings: { AUCTION_RATE_LIMITS: 'on', AUCTION_TRUST_PROXY: 'on' } })
  // Each of them may read so often only.
  people = await Promise.all(Array.from({ length: 8 }, (_, index) => house.member(`person-${index}`)))
  good = await (people[0] as Member).sell()
})
afterAll(async () => {
  for (const socket of open) socket.destroy()
  await house.close()
})

/** Listens at `path` from an address of that proxy's word; answers what came with the answer's beginning. */
async function listen(path: string, address: string, { token }: { token: string | null }): Promise<string> {
  const { hostname, port } = new URL(house.url)
  const socket = connect(Number(port), hostname)
  open.add(socket)
  socket.on('error', () => {})
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  const [first] = await once(socket, 'data')
  return String(first)
}

/** A connection on which a socket is refused several times before it is let in. */
async function comeInAtLast(address: string): Promise<WebSocket> {
  const url = `${house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`
  const connection = new WebSocket(url, { headers: { 'x-forwarded-for': address } })
  let refusals = 0
  await new Promise<void>((resolve, reject) => {
    connection.onclose = () => reject(new Error('The connection was closed.'))
    // In the words of Engine.IO and Socket.IO: the connection is open, ping, you are in, you are refused.
    connection.onmessage = ({ data }) => {
      if (data === '2') connection.send('3')
      else if (data.startsWith('40')) resolve()
      else if (data.startsWith('0') || data.startsWith('44')) connection.send(refusals++ < 20 ? '40{"token":7}' : '40')
    }
  })
  return connection
}

/** Calls so often, some at a time. */
async function times(count: number, call: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, index) => call(from + index)))
}

it('lets the many watchers of one address in, then no more, until one of them goes', async () => {
  const office = '192.0.2.1'
  const [first, ...others] = people as [Member, ...Member[]]
  const paths = ['/sse', `/v1/goods/${good.id}/events.sse`, `/v1/goods/${good.id}/events.ndjson`]
  // Answers that are over, or that nobody waits for, do not count.
  await times(40, async (count) => {
    const path = `/v1/goods/${good.id}/events.ndjson${count % 2 ? '?poll=1' : ''}`
    const { status } = await first.send(count % 2 ? 'GET' : 'HEAD', path, undefined, { 'x-forwarded-for': office })
    expect(status).toBe(200)
  })
  const socket = await comeInAtLast(office)
  await times(MOST - 1, async (count) => {
    const begun = await listen(paths[count % paths.length] as string, office, others[count % others.length] as Member)
    expect(begun, String(count)).toMatch(/^HTTP\/1\.1 200 /)
  })
  for (const path of paths) {
    const refused = await listen(path, office, first)
    expect(refused).toMatch(/^HTTP\/1\.1 429 /)
    expect(refused).toMatch(/^Retry-After: [1-9]/im)
    expect(refused).toMatch(/"code":"RATE_LIMITED".*"hint":"Close some of them first\."/)
  }
  const joining = () => watch(house.url, first.token, { 'x-forwarded-for': office })
  await expect(joining()).rejects.toMatchObject({ data: { code: 'RATE_LIMITED' } })
  // Asked, the house answers them as ever; and it lets others listen.
  const asked = await first.send('GET', '/v1/goods', undefined, { 'x-forwarded-for': office })
  expect(asked.status).toBe(200)
  expect(await listen('/sse', '192.0.2.2', first)).toMatch(/^HTTP\/1\.1 200 /)

  socket.close()
  await expect.poll(() => listen('/sse', office, first)).toMatch(/^HTTP\/1\.1 200 /)
  await expect(joining()).rejects.toMatchObject({ data: { code: 'RATE_LIMITED' } })
  for (const each of open) each.destroy()
  await expect.poll(async () => (await joining()).socket.connected).toBe(true)
})
