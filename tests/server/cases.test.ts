/** The cases of rules.md, section 9, that stand in no other file; 1 is in crowds, 5 in settled-once, 7 in bids, 9 in canary. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bidAmongMany, crowd, expectBalancedBooks, whileLocked } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import {
  booksOf,
  DAY_MS,
  eventsOf,
  HOUR_MS,
  keeperOf,
  problem,
  typesOf,
  usd,
  viewOf,
  walletOf,
} from '../support/sale.ts'

const iso = (ms: number) => new Date(ms).toISOString()

describe.each(databases)('the cases of rules.md, section 9, on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
  })
  afterEach(() => expectBalancedBooks(house))
  afterAll(() => house.close())
  const pair = async (balance?: number) => (await crowd(house, 2, balance)) as [Member, Member]
  const closed = (good: Json) => expect.poll(async () => (await viewOf(house, good)).status).not.toBe('open')

  it('case 2: of 80.00 on two goods at the same instant, with 100.00, exactly one is accepted', async () => {
    for (let round = 0; round < 20; round++) {
      const [ann] = await pair(10_000)
      const goods = await Promise.all([seller.sell(), seller.sell()])
      const answers = await Promise.all(goods.map((good) => bidAmongMany(ann, good.id, { max: 8_000 })))
      expect(answers.map(({ status, body }) => body.code ?? status).sort()).toEqual([201, 'INSUFFICIENT_FUNDS'])
      expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
        available: usd(2_000),
        needed: usd(8_000),
      })
      expect(await walletOf(ann)).toEqual({ balance: 10_000, available: 2_000, held: 8_000 })
    }
  })

  it('case 3: a millisecond before the end a bid is accepted and extends; at the end it is refused', async () => {
    const [ann, bob] = await pair()
    const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 20_000 })
    const hard = await seller.sell({ endsInMs: 60_000, softCloseMs: 0 })
    await clock.advance(59_999)
    expect((await ann.bid(good.id, { max: 5000 })).body.good.endsAt).toBe(iso(clock.now() + 20_000))
    await clock.advance(1)
    expect(await bob.bid(hard.id, { max: 6000 })).toMatchObject(problem(409, 'NOT_OPEN'))
    await clock.advance(19_998)
    expect((await bob.bid(good.id, { max: 6000 })).status).toBe(201)
    await clock.advance(20_000)
    expect(await ann.bid(good.id, { max: 7000 })).toMatchObject(problem(409, 'NOT_OPEN'))
    await closed(good)
    expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'extended', 'bid', 'extended', 'sold'])
  })

  it('case 3: a bid received in time that waits for the lock is accepted', async () => {
    // Years before the wall comes there, so that no job is due and only the bid makes the clerk look at the clock.
    const later = fakeClock(Date.UTC(2096, 10, 22, 12))
    let looks = 0
    const now = () => {
      looks++
      return later.now()
    }
    const slow = await openHouse(kind, { clock: { ...later, now } })
    try {
      const mila = await slow.member('mila')
      const [ann] = (await crowd(slow, 1)) as [Member]
      const good = await mila.sell({ endsInMs: 60_000, softCloseMs: 20_000 })
      await later.advance(59_999)
      // What the passing of time ordered is done before this.
      await mila.sell()
      const received = later.now()
      const waits = async () => {
        if (kind === 'sqlite') return looks
        const waiting =
          "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        return Number((await slow.query(waiting))[0].n) * 100
      }
      const answer = await whileLocked(slow, good.id, async () => {
        // The clerk asks a locked SQLite again and again, and looks at the clock each time.
        const before = kind === 'sqlite' ? await waits() : 0
        const pending = ann.bid(good.id, { max: 5000 })
        await expect.poll(waits).toBeGreaterThan(before + 20)
        await later.advance(5_000)
        return { pending }
      })
      expect(await answer.pending).toMatchObject({ status: 201, body: { standing: 'leading' } })
      expect(await viewOf(slow, good)).toMatchObject({ status: 'open', endsAt: iso(received + 20_000) })
      expect(await typesOf(slow, good)).toEqual(['listed', 'bid', 'extended'])
      await expectBalancedBooks(slow)
    } finally {
      await slow.close()
    }
  })

  it('case 4: k bids in the soft close move the end to W after the last, and it closes once, then', async () => {
    const [ann, bob] = await pair()
    const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 20_000, startPrice: 1000 })
    await clock.advance(50_000)
    for (let k = 0; k < 8; k++) {
      expect((await (k % 2 ? ann : bob).bid(good.id, { amount: 1000 + k * 500 })).status).toBe(201)
      expect((await viewOf(house, good)).endsAt).toBe(iso(clock.now() + 20_000))
      if (k < 7) await clock.advance(5_000)
    }
    const end = clock.now() + 20_000
    await clock.advance(19_999)
    expect((await viewOf(house, good)).status).toBe('open')
    await clock.advance(1)
    await closed(good)
    await clock.advance(200_000)
    const log = await eventsOf(house, good)
    expect(log.filter(({ type }) => type === 'sold')).toHaveLength(1)
    expect(
      log
        .filter(({ type }) => type === 'extended')
        .map(({ data }) => data.endsAt)
        .at(-1),
    ).toBe(iso(end))
    expect(Date.parse(log.at(-1).at)).toBeGreaterThanOrEqual(end)
  })

  it.each(['while it runs', 'at boot'])(
    'case 6: goods without bids or under the reserve close as unsold and keep nothing from closing, %s',
    async (when) => {
      const [ann] = await pair()
      const short = { endsInMs: 10_000, softCloseMs: 0 }
      const kinds = await Promise.all(
        Array.from({ length: 9 }, (_, index) =>
          seller.sell({ ...short, ...(index % 3 === 1 ? { reserve: 9000 } : {}) }),
        ),
      )
      for (const [index, good] of kinds.entries()) if (index % 3) await ann.bid(good.id, { max: 2000 })
      if (when === 'at boot') await house.stop()
      await clock.advance(10_000)
      if (when === 'at boot') await house.start()
      for (const good of kinds) await closed(good)
      for (const [index, good] of kinds.entries()) {
        const last = (await eventsOf(house, good)).at(-1)
        expect([last.type, last.data.reason]).toEqual(
          [
            ['unsold', 'no_bids'],
            ['unsold', 'reserve_unmet'],
            ['sold', undefined],
          ][index % 3],
        )
      }
      expect(await walletOf(ann)).toEqual({ balance: 997_000, available: 997_000, held: 0 })
    },
  )

  it.each([
    ['spring', Date.UTC(2027, 2, 27, 20), '2027-03-28T22:00:00+02:00'],
    ['autumn', Date.UTC(2027, 9, 30, 20), '2027-10-31T21:00:00+01:00'],
  ])('case 8: a day across the change of the clocks in %s lasts 86 400 s', async (_, start, endsAt) => {
    const zone = process.env.TZ
    process.env.TZ = 'Europe/Berlin'
    const there = fakeClock(start)
    const abroad = await openHouse(kind, { clock: there })
    try {
      const mila = await abroad.member('mila')
      const ann = await abroad.member('ann')
      const goods = [
        await mila.sell({ endsInMs: DAY_MS, softCloseMs: 0 }),
        await mila.sell({ endsInMs: undefined, endsAt, softCloseMs: 0 }),
      ]
      // Both days have another length on the wall.
      expect(new Date(start).getTimezoneOffset()).not.toBe(new Date(start + DAY_MS).getTimezoneOffset())
      for (const good of goods) {
        const [listed] = await eventsOf(abroad, good)
        expect(Date.parse(listed.data.endsAt) - Date.parse(listed.data.listedAt)).toBe(86_400_000)
      }
      await abroad.stop()
      await there.advance(DAY_MS - 1)
      await abroad.start()
      for (const good of goods) expect((await ann.bid(good.id, { amount: 1000 })).status).toBe(201)
      await there.advance(1)
      for (const good of goods) expect((await ann.bid(good.id, { amount: 9000 })).body.code).toBe('NOT_OPEN')
    } finally {
      await abroad.close()
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  describe('case 10: a hostile amount', () => {
    const hostile = [
      '"1e3"',
      '"0x10"',
      '"1,000"',
      '"５"',
      '"NaN"',
      '"-1"',
      '"1.005"',
      '"1000"',
      '""',
      '9007199254740993',
      '9007199254740992',
      '1000000000001',
      '1e400',
      '-1e400',
      '-1',
      '0',
      '-0',
      '1.005',
      '1e-5',
      'true',
      '[]',
      '[1000]',
      '{}',
      '{"amount":1000}',
    ]
    const good = { name: 'Leica M3', startPrice: 1000, endsInMs: HOUR_MS }
    let keeper: Member
    let open: Json
    let bid: Json
    beforeAll(async () => {
      keeper = await keeperOf(house)
      open = await seller.sell()
      bid = (await keeper.bid(open.id, { max: 5000 })).body.bid
    })
    /** Who sends what, with `@` where the amount goes; null is no amount, but takes one away in an edit or a relisting. */
    const fields: readonly (readonly [method: string, path: () => string, body: Json, mayBeNull?: boolean])[] = [
      ...['startPrice', 'reserve', 'buyNow'].map(
        (field) => ['POST', () => '/v1/goods', { ...good, [field]: '@' }] as const,
      ),
      ...[{ fixed: '@' }, { percentBp: '@' }].map(
        (increment) => ['POST', () => '/v1/goods', { ...good, increment }] as const,
      ),
      ['PATCH', () => `/v1/goods/${open.id}`, { startPrice: '@' }],
      ['PATCH', () => `/v1/goods/${open.id}`, { reserve: '@' }, true],
      ['PATCH', () => `/v1/goods/${open.id}`, { buyNow: '@' }, true],
      ['PATCH', () => `/v1/goods/${open.id}`, { increment: { fixed: '@' } }],
      ['POST', () => `/v1/goods/${open.id}/relist`, { endsInMs: HOUR_MS, startPrice: '@' }],
      ['POST', () => `/v1/goods/${open.id}/relist`, { endsInMs: HOUR_MS, reserve: '@' }, true],
      ['POST', () => `/v1/goods/${open.id}/relist`, { endsInMs: HOUR_MS, buyNow: '@' }, true],
      ['POST', () => `/v1/goods/${open.id}/relist`, { endsInMs: HOUR_MS, increment: { fixed: '@' } }],
      ['POST', () => `/v1/goods/${open.id}/bids`, { amount: '@' }],
      ['POST', () => `/v1/goods/${open.id}/bids`, { max: '@' }],
      ['POST', () => `/v1/goods/${open.id}/bids`, { amount: 2000, max: '@' }],
      ['POST', () => `/v1/admin/users/${seller.id}/deposits`, { amount: '@' }],
      ['POST', () => `/v1/admin/users/${seller.id}/withdrawals`, { amount: '@' }],
    ]
    it.each(fields)('is refused by %s %s in %j, and changes nothing', async (method, path, body, mayBeNull) => {
      const by = path().includes('/admin/') ? keeper : seller
      const before = [await booksOf(house), await viewOf(house, open)]
      for (const amount of mayBeNull ? hostile : [...hostile, 'null']) {
        const text = JSON.stringify(body).replace('"@"', amount)
        const answer = await by.send(method, path(), text, { 'idempotency-key': randomUUID() })
        expect(answer, text).toMatchObject(problem(400, 'BAD_REQUEST'))
      }
      expect([await booksOf(house), await viewOf(house, open)]).toEqual(before)
    })
    it('is refused where it would be an id, a seq, a room or a time', async () => {
      const before = await booksOf(house)
      for (const id of ['1e3', '0x10', '-1', '0', '1.0', '９', '9007199254740993', 'NaN', '01', '%00']) {
        expect((await keeper.send('DELETE', `/v1/admin/bids/${id}`, { reason: 'x' })).status, id).toBe(400)
        expect((await keeper.send('DELETE', `/v1/goods/${open.id}/bids/${id}`, { reason: 'typo' })).status, id).toBe(
          400,
        )
        expect((await keeper.post(`/v1/goods/${id}/purchase`)).status, id).toBe(400)
      }
      for (const odd of hostile) {
        const send = (path: string, text: string) =>
          seller.send('POST', path, text, { 'idempotency-key': randomUUID() })
        for (const [path, text] of [
          ['/v1/goods', `{"name":"x","startPrice":1000,"endsInMs":${odd}}`],
          ['/v1/goods', `{"name":"x","startPrice":1000,"endsInMs":60000,"capacity":${odd === '-0' ? 0 : odd}}`],
          [`/v1/goods/${open.id}/offers`, `{"endsInMs":${odd}}`],
          [`/v1/goods/${open.id}/bids`, `{"max":9000,"ifSeq":${odd === '1000000000001' ? 0 : odd}}`],
        ] as const)
          expect(await send(path, text), `${path} ${text}`).toMatchObject(problem(400, 'BAD_REQUEST'))
      }
      expect(await booksOf(house)).toEqual(before)
      expect((await viewOf(house, open)).bidCount).toBe(bid.seq - 1)
    })
  })
})
