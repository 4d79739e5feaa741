/** The server's clock on the client: right within the delay, however wrong or jumping this machine's wall clock is. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../packages/cli/src/client.ts'
import { createServerClock, offsetOf } from '../../packages/cli/src/server-clock.ts'
import { fc } from '../support/chance.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A house that has only a clock: what it ticks is the test's. */
async function openHouse(answers: { sse: number } = { sse: 200 }) {
  const streams: ServerResponse[] = []
  const seen = { streams: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/livez') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end('{"status":"ok"}')
      return
    }
    seen.streams++
    response.writeHead(answers.sse, { 'content-type': 'text/event-stream' })
    response.write('retry: 20\n\n')
    if (answers.sse === 200) streams.push(response)
    else response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  closing.push(close)
  const tick = (data: string | number) => {
    for (const stream of streams) stream.write(`data: ${data}\n\n`)
  }
  const cut = () => {
    for (const stream of streams.splice(0)) stream.destroy()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tick, cut, streams, seen }
}

function clockOf(url: string, machine: { monotonic: number; wall: number }) {
  const client = createClient({ server: url, token: null })
  const clock = createServerClock({ client, monotonic: () => machine.monotonic, wall: () => machine.wall })
  closing.push(clock.close, () => client.close())
  return clock
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

describe('the clock', () => {
  it('counts on from the wall clock until the server has said anything', async () => {
    const house = await openHouse()
    const machine = { monotonic: 1_000, wall: 5_000_000 }
    const clock = clockOf(house.url, machine)
    machine.monotonic += 300
    machine.wall += 9_999_999
    expect([clock.now(), clock.offsetMs(), clock.skewMs()]).toEqual([5_000_300, null, null])
  })

  it('follows the ticks and the monotonic clock, not the wall clock, and tells the skew', async () => {
    const house = await openHouse()
    const server = 1_700_000_000_000
    const machine = { monotonic: 1_000, wall: server + 3_600_000 }
    const clock = clockOf(house.url, machine)
    await until(() => expect(house.streams.length).toBe(1))
    house.tick(server)
    await until(() => expect(clock.now()).toBe(server))
    expect(clock.skewMs()).toBe(3_600_000)
    machine.monotonic += 250
    machine.wall -= 86_400_000
    expect(clock.now()).toBe(server + 250)
  })

  it('measures round trips', async () => {
    const house = await openHouse()
    const clock = clockOf(house.url, { monotonic: 0, wall: 0 })
    await until(() => expect(clock.roundTripMs()).toBe(0))
  })

  it('takes no garbage for a tick', async () => {
    const house = await openHouse()
    const clock = clockOf(house.url, { monotonic: 0, wall: 0 })
    await until(() => expect(house.streams.length).toBe(1))
    for (const data of ['', 'soon', '-1', '1e12', '99999999999999999999', '{}', '1700000000000.5']) house.tick(data)
    house.tick(1_700_000_000_000)
    await until(() => expect(clock.offsetMs()).toBe(1_700_000_000_000))
  })

  it('goes on after a cut stream', async () => {
    const house = await openHouse()
    const clock = clockOf(house.url, { monotonic: 0, wall: 0 })
    await until(() => expect(house.streams.length).toBe(1))
    house.cut()
    await until(() => expect(house.streams.length).toBe(1))
    house.tick(1_700_000_000_000)
    await until(() => expect(clock.offsetMs()).toBe(1_700_000_000_000))
  })

  it('asks nothing more once it is closed', async () => {
    const house = await openHouse()
    const clock = clockOf(house.url, { monotonic: 0, wall: 0 })
    await until(() => expect(house.streams.length).toBe(1))
    clock.close()
    house.cut()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(house.seen.streams).toBe(1)
  })
})

describe('the offset', () => {
  const offset = 1_700_000_000_000

  it('is the midpoint of a round trip', () => {
    expect(offsetOf([{ serverMs: offset + 150, sentAt: 100, receivedAt: 200 }], 100)).toBe(offset)
  })

  it('is the tightest that all samples allow', () => {
    const samples = [
      { serverMs: offset + 100, sentAt: 90, receivedAt: 900 },
      { serverMs: offset + 1_010, sentAt: 1_000, receivedAt: 1_020 },
      { serverMs: offset + 2_000, sentAt: null, receivedAt: 2_300 },
    ]
    expect(offsetOf(samples, 20)).toBe(offset)
  })

  it('follows a clock that was set back, by the newest sample', () => {
    const samples = [
      { serverMs: offset + 100, sentAt: 100, receivedAt: 100 },
      { serverMs: offset - 3_600_000 + 210, sentAt: 200, receivedAt: 220 },
    ]
    expect(offsetOf(samples, 20)).toBe(offset - 3_600_000)
  })

  it('is never further off than the quickest round trip, whatever the delays', () => {
    const trip = fc.record({
      at: fc.integer({ min: 0, max: 60_000 }),
      out: fc.integer({ min: 0, max: 3_000 }),
      back: fc.integer({ min: 0, max: 3_000 }),
    })
    fc.assert(
      fc.property(fc.array(trip, { minLength: 1, maxLength: 8 }), (trips) => {
        const samples = trips.map(({ at, out, back }) => ({
          serverMs: offset + at + out,
          sentAt: at,
          receivedAt: at + out + back,
        }))
        const quickest = Math.min(...trips.map(({ out, back }) => out + back))
        expect(Math.abs((offsetOf(samples, quickest) ?? 0) - offset)).toBeLessThanOrEqual(quickest / 2)
      }),
    )
  })
})
