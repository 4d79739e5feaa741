import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../packages/server/src/config.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { crowd, expectBalancedBooks } from '../support/crowd.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Member, openHouse } from '../support/house.ts'
import { eventsOf, HOUR_MS, typesOf, viewOf, walletOf } from '../support/sale.ts'

const GRACE_MS = 600_000
const iso = (ms: number) => new Date(ms).toISOString()

describe.each(databases)('an outage on %s', (kind) => {
  let clock: FakeClock
  let house: House
  let seller: Member
  let ann: Member
  beforeEach(async () => {
    clock = fakeClock()
    house = await openHouse(kind, { clock, settings: { AUCTION_OUTAGE_GRACE: 'on' } })
    seller = await house.member('mila')
    ann = (await crowd(house, 1))[0] as Member
  })
  afterEach(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  /** The house is away for so long, since the last moment it said that it was there. */
  async function away(ms: number): Promise<void> {
    await house.stop()
    const [{ at }] = await house.query('select alive_at as at from house')
    expect(at).toBe(clock.now())
    await clock.advance(ms)
    await house.start()
  }

  it.each([29_000, 29_999])('of %i ms is none: what ended meanwhile is settled', async (ms) => {
    const good = await seller.sell({ endsInMs: 20_000, softCloseMs: 0 })
    await ann.bid(good.id, { max: 5000 })
    await away(ms)
    expect(await viewOf(house, good)).toMatchObject({ status: 'sold', winner: { id: ann.id } })
    expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'sold'])
  })

  it.each([30_000, 31_000, 24 * HOUR_MS])('of %i ms gives ten minutes, of which bidders are told', async (ms) => {
    const good = await seller.sell({ endsInMs: 20_000, softCloseMs: 0 })
    await ann.bid(good.id, { max: 5000 })
    await away(ms)
    const endsAt = iso(clock.now() + GRACE_MS)
    const moved = Date.parse(endsAt) - Date.parse(good.endsAt)
    const hardEndsAt = iso(Date.parse(good.hardEndsAt) + moved)
    expect(await viewOf(house, good)).toMatchObject({ status: 'open', endsAt, hardEndsAt, leader: { id: ann.id } })
    expect((await eventsOf(house, good)).at(-1)).toMatchObject({
      type: 'extended',
      data: { endsAt, hardEndsAt, cause: 'outage' },
    })
    expect((await walletOf(ann)).held).toBe(5000)
    const [bob] = (await crowd(house, 1)) as [Member]
    await clock.advance(GRACE_MS - 1)
    expect((await bob.bid(good.id, { max: 6000 })).status).toBe(201)
    await clock.advance(1)
    await expect.poll(() => viewOf(house, good)).toMatchObject({ status: 'sold', winner: { id: bob.id } })
    expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'extended', 'bid', 'sold'])
  })

  it('touches what ended in it or ends within ten minutes of the restart, and nothing else', async () => {
    const sell = (endsInMs: number) => seller.sell({ endsInMs, softCloseMs: 0 })
    // Away for 31 s, from now on.
    const [inside, atStart, just, after, later] = [
      await sell(30_000),
      await sell(31_000),
      await sell(31_000 + GRACE_MS - 1),
      await sell(31_000 + GRACE_MS),
      await sell(HOUR_MS),
    ]
    const closed = await sell(20_000)
    await seller.send('DELETE', `/v1/goods/${closed.id}`, {})
    await away(31_000)
    for (const good of [inside, atStart, just])
      expect(await typesOf(house, good), String(good.id)).toEqual(['listed', 'extended'])
    for (const good of [after, later]) expect(await viewOf(house, good)).toMatchObject({ endsAt: good.endsAt, seq: 1 })
    expect(await typesOf(house, closed)).toEqual(['listed', 'cancelled'])
  })

  it('of many goods is made up for whole, batch after batch', async () => {
    const goods = await Promise.all(
      Array.from({ length: 300 }, () => seller.sell({ endsInMs: 20_000, softCloseMs: 0 })),
    )
    await away(60_000)
    const ids = goods.map(({ id }) => id).join(', ')
    expect(await house.query(`select distinct status, seq, ends_at as at from goods where id in (${ids})`)).toEqual([
      { status: 'open', seq: 2, at: clock.now() + GRACE_MS },
    ])
  })

  it('keeps the room for soft closes that there was', async () => {
    const good = await seller.sell({ endsInMs: 20_000, softCloseMs: HOUR_MS })
    await away(31_000)
    await ann.bid(good.id, { max: 5000 })
    const { endsAt, hardEndsAt } = await viewOf(house, good)
    expect(Date.parse(hardEndsAt)).toBe(clock.now() + GRACE_MS + HOUR_MS)
    expect(Date.parse(endsAt)).toBe(clock.now() + HOUR_MS)
  })

  it('of a restart that followed at once is none, and a second outage is another', async () => {
    const good = await seller.sell({ endsInMs: 20_000, softCloseMs: 0 })
    await away(31_000)
    await away(1_000)
    await away(29_000)
    expect(await typesOf(house, good)).toEqual(['listed', 'extended'])
    await away(31_000)
    expect(await typesOf(house, good)).toEqual(['listed', 'extended', 'extended'])
    expect(await viewOf(house, good)).toMatchObject({ endsAt: iso(clock.now() + GRACE_MS) })
  })

  it('is counted from when the house last said that it was there, though it never said goodbye', async () => {
    const good = await seller.sell({ endsInMs: GRACE_MS, softCloseMs: 0 })
    const aliveAt = async () => (await house.query('select alive_at as at from house'))[0].at
    for (const [length, types] of [
      [29_999, ['listed']],
      [30_000, ['listed', 'extended']],
    ] as const) {
      const started = await aliveAt()
      await clock.advance(7_000)
      await expect.poll(aliveAt).toBeGreaterThan(started)
      await house.stop()
      await clock.advance((await aliveAt()) + length - clock.now())
      await house.start()
      expect(await typesOf(house, good)).toEqual(types)
    }
  })

  it('is none where the house says so: what is overdue is settled at boot', async () => {
    const good = await seller.sell({ endsInMs: 20_000, softCloseMs: 0 })
    await ann.bid(good.id, { max: 5000 })
    house.settings.AUCTION_OUTAGE_GRACE = 'off'
    await away(HOUR_MS)
    expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'sold'])
  })
})

describe('two servers on one PostgreSQL', () => {
  it('have no outage while one of them lives, and one between them when neither did', async () => {
    const clock = fakeClock()
    const house = await openHouse('postgresql', { clock, settings: { AUCTION_OUTAGE_GRACE: 'on' } })
    const directory = mkdtempSync(join(tmpdir(), 'auction-second-'))
    const openSecond = async () => {
      const config = readConfig({}, { ...house.settings, AUCTION_DATA: directory })
      const server = await createServer(config, { clock, log: pino({ level: 'silent' }) })
      await server.listen()
      return server
    }
    let second = await openSecond()
    try {
      const seller = await house.member('mila')
      const [short, long] = [await seller.sell({ endsInMs: 20_000 }), await seller.sell({ endsInMs: 2 * GRACE_MS })]
      await house.stop()
      const aliveFor = async () => clock.now() - (await house.query('select alive_at as at from house'))[0].at
      for (let passed = 0; passed < 60_000; passed += 5_000) {
        await clock.advance(5_000)
        await expect.poll(aliveFor).toBeLessThanOrEqual(5_000)
      }
      await house.start()
      // The second closed on time, and the first, back after a minute, moves nothing.
      expect(await typesOf(house, short)).toEqual(['listed', 'unsold'])
      await clock.advance(GRACE_MS)
      expect(await typesOf(house, long)).toEqual(['listed'])
      await house.stop()
      await second.close()
      await clock.advance(31_000)
      const started = await Promise.all([openSecond(), house.start()])
      second = started[0]
      expect(await typesOf(house, long)).toEqual(['listed', 'extended'])
    } finally {
      await second.close()
      await house.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
