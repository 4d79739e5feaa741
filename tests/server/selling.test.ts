import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../packages/common/src/log.ts'
import { createVerifier, logLine } from '../../packages/common/src/verify.ts'
import { bidAmongMany, crowd, expectBalancedBooks, insist } from '../support/crowd.ts'
import { aloneIn } from '../support/ears.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import {
  accept,
  booksOf,
  buy,
  cancel,
  DAY_MS,
  edit,
  eventsOf,
  HOUR_MS,
  keeperOf,
  offer,
  problem,
  relist,
  typesOf,
  usd,
  viewOf,
  walletOf,
} from '../support/sale.ts'

describe.each(databases)('a seller on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let keeper: Member
  let ann: Member
  let bob: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: { AUCTION_PREMIUM_BP: '1000', AUCTION_COMMISSION_BP: '500' } })
    seller = await house.member('mila')
    keeper = await keeperOf(house)
  })
  beforeEach(async () => {
    ;[ann, bob] = (await crowd(house, 2)) as [Member, Member]
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  const sellWithBid = async (terms: Json = {}, max = 5000): Promise<Json> => {
    const good = await seller.sell(terms)
    expect((await ann.bid(good.id, { max })).status).toBe(201)
    return good
  }
  const iso = (ms: number) => new Date(ms).toISOString()
  const ended = (good: Json) => expect.poll(async () => (await viewOf(house, good)).status).not.toBe('open')
  /** A good that ended unsold, without a bid or with the reserve of 50.00 unmet at 20.50. */
  async function unsold(contested: boolean): Promise<Json> {
    const good = await seller.sell({ endsInMs: 5_000, softCloseMs: 0, reserve: 5000, buyNow: 6000, capacity: 7 })
    if (contested) {
      await ann.bid(good.id, { max: 3000 })
      await bob.bid(good.id, { max: 2000 })
    }
    await clock.advance(5_000)
    await ended(good)
    expect((await viewOf(house, good)).status).toBe('unsold')
    return good
  }

  describe('edits', () => {
    it('are refused to others, to the house, to nobody, and once the good has ended', async () => {
      const good = await seller.sell({ endsInMs: 5_000 })
      const before = await booksOf(house)
      for (const by of [ann, keeper])
        expect(await edit(by, good, { name: 'Mine' })).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await house.anyone.send('PATCH', `/v1/goods/${good.id}`, { name: 'Mine' })).toMatchObject(
        problem(401, 'UNAUTHENTICATED'),
      )
      expect(await edit(seller, { id: 999_999 }, { name: 'Mine' })).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await booksOf(house)).toEqual(before)
      await clock.advance(5_000)
      expect(await edit(seller, good, { note: 'Too late' })).toMatchObject(problem(409, 'NOT_OPEN'))
    })
    it.each<Json>([
      {},
      { nothing: 1 },
      { name: '' },
      { name: null },
      { startPrice: 0 },
      { reserve: 1000 },
      { buyNow: 1299 },
      { reserve: 3000, buyNow: 2999 },
      { startPrice: 2000 },
      { endsInMs: 999 },
      { endsInMs: 367 * DAY_MS },
      { endsInMs: 5000, endsAt: '2026-11-23T12:00:00.000Z' },
      { endsAt: '2026-11-22T11:59:59.000Z' },
      { endsAt: 'tomorrow' },
      { softCloseMs: -1 },
      { capacity: 0 },
      { password: '' },
      { note: '' },
      { note: null },
      { owner: { id: 1 } },
      { status: 'sold' },
      { currency: 'EUR' },
    ])('of %j are malformed', async (changes) => {
      const good = await seller.sell({ reserve: 1500, buyNow: 2000 })
      expect(await edit(seller, good, changes)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await typesOf(house, good)).toEqual(['listed'])
    })
    it('without a bid change anything, all in one event, and no secret in it', async () => {
      const good = await seller.sell({ reserve: 1500 })
      const endsAt = iso(clock.now() + 3 * HOUR_MS)
      const changes = {
        name: 'Leica M4',
        description: 'Chrome.',
        startPrice: 2000,
        reserve: 4321,
        buyNow: 9000,
        increment: { fixed: 700 },
        softCloseMs: 30_000,
        endsAt,
        capacity: 3,
        note: 'New lens.',
      }
      expect(await edit(seller, good, changes)).toMatchObject({
        status: 200,
        body: {
          name: 'Leica M4',
          description: expect.stringMatching(/^Chrome\.\n\n\[2026-11-2\d \d\d:\d\d UTC\] New lens\.$/),
          startPrice: usd(2000),
          minimumBid: usd(2000),
          reserve: 'unmet',
          buyNow: usd(9000),
          endsAt,
          hardEndsAt: iso(Date.parse(endsAt) + HOUR_MS),
          softCloseMs: 30_000,
          capacity: 3,
          seq: 2,
        },
      })
      const note = (await eventsOf(house, good)).at(-1)
      expect(note).toMatchObject({ type: 'note', data: { text: 'New lens.', changed: { reserve: 'unmet' } } })
      expect(JSON.stringify(note)).not.toMatch(aloneIn(4321))
      expect((await ann.bid(good.id, { amount: 1999 })).body.code).toBe('BID_TOO_LOW')
      expect((await ann.bid(good.id, { max: 4321 })).body.good).toMatchObject({
        reserve: 'met',
        price: usd(4321),
        minimumBid: usd(5021),
      })
      const gone = await seller.sell({ reserve: 1500, buyNow: 2000, capacity: 3, password: 'sesame' })
      expect(
        (await edit(seller, gone, { reserve: null, buyNow: null, capacity: null, password: null })).body,
      ).toMatchObject({
        reserve: 'none',
        buyNow: null,
        capacity: null,
        private: false,
      })
    })
    it.each<Json>([
      { name: 'Another' },
      { description: 'Another' },
      { startPrice: 900 },
      { buyNow: 9000 },
      { buyNow: null },
      { increment: { fixed: 1 } },
      { softCloseMs: 0 },
      { reserve: 6001 },
      { reserve: 1001 },
      { reserve: null },
      { endsInMs: HOUR_MS - 1 },
    ])('of %j are refused once there is a bid', async (changes) => {
      const good = await sellWithBid({ reserve: 6000, buyNow: 7000 })
      expect(await edit(seller, good, changes)).toMatchObject(problem(409, 'CONFLICT'))
      expect(await typesOf(house, good)).toEqual(['listed', 'bid'])
    })
    it('take notes until the description is full, which goes with every answer', async () => {
      const good = await seller.sell()
      const statuses: number[] = []
      for (let index = 0; index < 25; index++)
        statuses.push((await edit(seller, good, { note: 'x'.repeat(1_000) })).status)
      expect(statuses).toEqual([...Array(19).fill(200), ...Array(6).fill(409)])
      expect((await viewOf(house, good)).description.length).toBeLessThanOrEqual(20_000)
    })
    it('with a bid add a dated note, move the end on, lower the reserve to the price, and change the room', async () => {
      const good = await sellWithBid({ reserve: 6000, description: 'Old.' })
      expect((await edit(seller, good, { note: 'Seen by a smith.' })).body.description).toMatch(
        /^Old\.\n\n\[.* UTC\] Seen by a smith\.$/,
      )
      const later = iso(clock.now() + 2 * HOUR_MS)
      expect((await edit(seller, good, { endsAt: later })).body).toMatchObject({ endsAt: later })
      expect((await edit(seller, good, { password: 'sesame', capacity: 2 })).body).toMatchObject({
        private: true,
        capacity: 2,
      })
      expect((await edit(seller, good, { reserve: 1000 })).body).toMatchObject({ reserve: 'met', price: usd(1000) })
      expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'note', 'note', 'note', 'note', 'reserve_met'])
      expect(await edit(seller, good, { reserve: 1000_00 })).toMatchObject(problem(409, 'CONFLICT'))
      await house.stop()
      await clock.advance(2 * HOUR_MS)
      await house.start()
      expect(await viewOf(house, good)).toMatchObject({ status: 'sold', price: usd(1000) })
    })
    it('with a bid put the end off in the first half of the sale alone', async () => {
      const [good, bare] = [
        await sellWithBid({ endsInMs: 20_000, softCloseMs: 0 }),
        await seller.sell({ endsInMs: 20_000 }),
      ]
      await clock.advance(9_999)
      expect((await edit(seller, good, { endsAt: good.endsAt })).status).toBe(200)
      await clock.advance(1)
      for (const later of [{ endsInMs: HOUR_MS }, { endsAt: good.endsAt }])
        expect(await edit(seller, good, later)).toMatchObject(problem(409, 'CONFLICT'))
      expect((await edit(seller, good, { note: 'Still a note.' })).status).toBe(200)
      expect((await edit(seller, bare, { endsInMs: HOUR_MS })).status).toBe(200)
    })
    it('that lower a reserve never tell the one given up, and the log verifies without it', async () => {
      const good = await sellWithBid({ reserve: 4876 }, 3000)
      await edit(seller, good, { reserve: 1000 })
      await accept(seller, good)
      const { items } = (await house.anyone.get(`/v1/goods/${good.id}/log`)).body
      expect(items.map(({ opened }: Json) => opened?.reserve ?? opened?.max ?? null)).toEqual([
        null,
        3000,
        1000,
        null,
        null,
      ])
      const verifier = createVerifier()
      for (const item of items) verifier.line(logLine(item))
      verifier.line(canonicalJson({ events: items.length, goodId: good.id, hash: items.at(-1).hash, type: 'head' }))
      expect(verifier.end()).toMatchObject({
        differences: [],
        goods: [{ goodId: good.id, reserve: 'opened', sealed: 0 }],
      })
    })
    it('of a good that nobody bought open no maximum, and the log verifies without', async () => {
      const good = await sellWithBid({ reserve: 2000 }, 3456)
      expect((await seller.send('DELETE', `/v1/goods/${good.id}`, { reason: 'incorrect' })).status).toBe(200)
      const { items } = (await seller.get(`/v1/goods/${good.id}/log`)).body
      expect(items.map(({ type }: Json) => type)).toEqual(['listed', 'bid', 'reserve_met', 'cancelled'])
      expect(items.filter(({ opened }: Json) => opened)).toEqual([])
      const verifier = createVerifier()
      for (const item of items) verifier.line(logLine(item))
      verifier.line(canonicalJson({ events: items.length, goodId: good.id, hash: items.at(-1).hash, type: 'head' }))
      expect(verifier.end()).toMatchObject({ differences: [], goods: [{ reserve: 'sealed', sealed: 1 }] })
    })
    it('of a room password keep only its hash', async () => {
      const good = await seller.sell({ password: 'sesame-at-first' })
      await edit(seller, good, { password: 'sesame-afterwards' })
      const rows = JSON.stringify([await house.query('select * from goods'), await house.query('select * from keys')])
      expect(rows).not.toContain('sesame')
      expect(JSON.stringify(await house.query(`select room_password from goods where id = ${good.id}`))).toContain(
        '$argon2id$',
      )
    })
    it('with one key, 50 times, are one edit', async () => {
      const good = await seller.sell()
      const key = randomUUID()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => insist(() => edit(seller, good, { note: 'Once' }, key))),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(await typesOf(house, good)).toEqual(['listed', 'note'])
      expect(await edit(seller, good, { note: 'Twice' }, key)).toMatchObject(problem(422, 'KEY_REUSED'))
    })
  })

  describe('cancels', () => {
    it('nothing of others, nothing twice, and with bids nothing without a reason of the list', async () => {
      const [good, bare] = [await sellWithBid(), await seller.sell()]
      const before = await booksOf(house)
      for (const by of [ann, keeper])
        expect(await cancel(by, good, 'incorrect')).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await house.anyone.send('DELETE', `/v1/goods/${good.id}`, {})).toMatchObject(
        problem(401, 'UNAUTHENTICATED'),
      )
      expect(await cancel(seller, { id: 999_999 })).toMatchObject(problem(404, 'NOT_FOUND'))
      for (const reason of [undefined, null, '', 'bored', ['incorrect'], 7])
        expect(await cancel(seller, good, reason), String(reason)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await booksOf(house)).toEqual(before)
      expect((await seller.send('DELETE', `/v1/goods/${bare.id}`)).body).toMatchObject({ status: 'cancelled' })
      expect(await cancel(seller, bare)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
    it('with bids no more in the second half, and without them to the end', async () => {
      const [good, bare] = [
        await sellWithBid({ endsInMs: 20_000, softCloseMs: 0 }),
        await seller.sell({ endsInMs: 20_000 }),
      ]
      const [early, late] = [await sellWithBid({ endsInMs: 20_002, softCloseMs: 0 }), good]
      await clock.advance(10_000)
      expect(await cancel(seller, late, 'lost_or_broken')).toMatchObject(problem(409, 'CONFLICT'))
      expect((await cancel(seller, early, 'lost_or_broken')).body.status).toBe('cancelled')
      await clock.advance(9_999)
      expect((await cancel(seller, bare)).body.status).toBe('cancelled')
      // The house needs no window.
      const byHouse = await keeper.send('DELETE', `/v1/admin/goods/${good.id}`, { reason: 'stolen goods' })
      expect(byHouse).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    })
    it('and everyone gets their hold back, with the reason in the log', async () => {
      const good = await sellWithBid()
      expect((await walletOf(ann)).held).toBe(5500)
      expect(await cancel(seller, good, 'not_available')).toMatchObject({
        status: 200,
        body: { status: 'cancelled', winner: null },
      })
      expect(await walletOf(ann)).toEqual({ balance: 1_000_000, available: 1_000_000, held: 0 })
      expect((await eventsOf(house, good)).at(-1)).toMatchObject({
        type: 'cancelled',
        data: { by: 'seller', reason: 'not_available', name: 'Leica M3' },
      })
      expect((await bob.bid(good.id, { max: 6000 })).body.code).toBe('NOT_OPEN')
    })
    it('by the house are its alone, and need a reason', async () => {
      const good = await sellWithBid()
      const path = `/v1/admin/goods/${good.id}`
      for (const by of [ann, seller])
        expect(await by.send('DELETE', path, { reason: 'why not' })).toMatchObject(problem(403, 'FORBIDDEN'))
      for (const body of [{}, { reason: '' }, { reason: null }, { reason: 'x'.repeat(201) }, { reason: ' ' }])
        expect(await keeper.send('DELETE', path, body)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await keeper.send('DELETE', path)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await keeper.send('DELETE', '/v1/admin/goods/999999', { reason: 'x' })).toMatchObject(
        problem(404, 'NOT_FOUND'),
      )
      const key = { 'idempotency-key': randomUUID() }
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => insist(() => keeper.send('DELETE', path, { reason: 'stolen' }, key))),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect((await eventsOf(house, good)).slice(2)).toMatchObject([
        { type: 'cancelled', data: { by: 'house', reason: 'stolen' } },
      ])
    })
  })

  describe('sells to the highest bidder now', () => {
    it('is refused to others, without a bid, under the reserve, late, and afterwards', async () => {
      const [bare, unmet, good] = [
        await seller.sell(),
        await sellWithBid({ reserve: 6000 }),
        await sellWithBid({ endsInMs: 20_000, softCloseMs: 0 }),
      ]
      const before = await booksOf(house)
      for (const by of [ann, keeper]) expect(await accept(by, good)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await house.anyone.post(`/v1/goods/${good.id}/sale`)).toMatchObject(problem(401, 'UNAUTHENTICATED'))
      expect(await accept(seller, { id: 999_999 })).toMatchObject(problem(404, 'NOT_FOUND'))
      for (const each of [bare, unmet]) expect(await accept(seller, each)).toMatchObject(problem(409, 'CONFLICT'))
      await clock.advance(10_000)
      expect(await accept(seller, good)).toMatchObject(problem(409, 'CONFLICT'))
      expect(await booksOf(house)).toEqual(before)
      await clock.advance(10_000)
      expect(await accept(seller, good)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
    it('and settles at the price of now, once', async () => {
      const good = await sellWithBid()
      await bob.bid(good.id, { max: 2000 })
      const before = await walletOf(seller)
      const key = randomUUID()
      const answers = await Promise.all(Array.from({ length: 50 }, () => insist(() => accept(seller, good, key))))
      for (const { status, body } of answers)
        expect([status, body.status, body.price, body.winner.id]).toEqual([201, 'sold', usd(2050), ann.id])
      expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'bid', 'sold'])
      expect((await walletOf(seller)).available).toBe(before.available + 2050 - 102)
      expect(await walletOf(ann)).toEqual({ balance: 1_000_000 - 2255, available: 1_000_000 - 2255, held: 0 })
      expect(await accept(seller, good)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
    it('or a bid comes first, and it is sold to whoever then leads', async () => {
      for (let round = 0; round < 10; round++) {
        const good = await sellWithBid()
        const [sale, placed] = await Promise.all([
          insist(() => accept(seller, good)),
          bidAmongMany(bob, good.id, { max: 6000 }),
        ])
        expect(sale.status).toBe(201)
        expect(await viewOf(house, good)).toMatchObject({
          status: 'sold',
          winner: { id: placed.status === 201 ? bob.id : ann.id },
        })
        expect(placed.body.code ?? 'taken').toMatch(/^(NOT_OPEN|taken)$/)
      }
    })
  })

  describe('lists again', () => {
    it('is refused to others, for what is open, sold or cancelled, and with faulty terms', async () => {
      const [open, good, gone, sold] = [
        await seller.sell(),
        await unsold(false),
        await seller.sell(),
        await sellWithBid(),
      ]
      await cancel(seller, gone)
      await accept(seller, sold)
      const before = await booksOf(house)
      for (const by of [ann, keeper]) expect(await relist(by, good)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await house.anyone.post(`/v1/goods/${good.id}/relist`, { endsInMs: HOUR_MS })).toMatchObject(
        problem(401, 'UNAUTHENTICATED'),
      )
      expect(await relist(seller, { id: 999_999 })).toMatchObject(problem(404, 'NOT_FOUND'))
      for (const each of [open, gone, sold]) expect(await relist(seller, each)).toMatchObject(problem(409, 'CONFLICT'))
      for (const terms of [
        {},
        { endsInMs: 1 },
        { endsInMs: HOUR_MS, endsAt: iso(clock.now() + HOUR_MS) },
        { endsInMs: HOUR_MS, startPrice: 5000 },
        { endsInMs: HOUR_MS, reserve: 900 },
        { endsInMs: HOUR_MS, buyNow: 1200 },
        { endsInMs: HOUR_MS, password: 'sesame' },
        { endsInMs: HOUR_MS, relistOf: 1 },
      ])
        expect(await relist(seller, good, terms), JSON.stringify(terms)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await booksOf(house)).toEqual(before)
    })
    it('as a new good, linked to the old, with its terms but for what is named', async () => {
      const good = await unsold(true)
      const again = await relist(seller, good, {
        endsInMs: DAY_MS,
        reserve: null,
        buyNow: 1300,
        name: 'Leica M3, cheaper',
      })
      expect(again).toMatchObject({
        status: 201,
        body: {
          name: 'Leica M3, cheaper',
          relistOf: good.id,
          startPrice: usd(1000),
          reserve: 'none',
          buyNow: usd(1300),
          capacity: 7,
          bidCount: 0,
          price: null,
          leader: null,
          endsAt: iso(clock.now() + DAY_MS),
          softCloseMs: 120_000,
        },
      })
      expect(again.body.id).not.toBe(good.id)
      expect((await eventsOf(house, again.body))[0].data.relistOf).toBe(good.id)
      expect((await viewOf(house, good)).status).toBe('unsold')
      expect((await ann.bid(again.body.id, { max: 2000 })).status).toBe(201)
      // A second time only when the first came to nothing.
      expect(await relist(seller, good)).toMatchObject(problem(409, 'CONFLICT'))
    })
    it('behind the same door: a private good stays private, with its password', async () => {
      const good = await seller.sell({ endsInMs: 5_000, softCloseMs: 0, password: 'sesame' })
      await clock.advance(5_000)
      await ended(good)
      const { body } = await relist(seller, good)
      expect(body.private).toBe(true)
      const chat = (password: string) =>
        ann.send('GET', `/v1/goods/${body.id}/chat`, undefined, { 'room-password': password })
      expect(await chat('open')).toMatchObject(problem(403, 'WRONG_PASSWORD'))
      expect((await chat('sesame')).status).toBe(200)
    })
    it('once, however many ask at once, and again when that came to nothing', async () => {
      const good = await unsold(false)
      const answers = await Promise.all(Array.from({ length: 20 }, () => insist(() => relist(seller, good))))
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)])
      const [made] = await house.query(`select id from goods where relist_of = ${good.id}`)
      await cancel(seller, made)
      const key = randomUUID()
      const same = await Promise.all(
        Array.from({ length: 50 }, () => insist(() => relist(seller, good, { endsInMs: HOUR_MS }, key))),
      )
      expect(new Set(same.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1)
      expect(await house.query(`select count(*) as n from goods where relist_of = ${good.id}`)).toEqual([{ n: 2 }])
    })
  })

  describe('offers a second chance', () => {
    it('is refused to others, without a bidder, for other spans, and for what is not unsold', async () => {
      const [open, bare, good] = [await sellWithBid({ reserve: 9000 }), await unsold(false), await unsold(true)]
      const before = await booksOf(house)
      for (const by of [bob, keeper]) expect(await offer(by, good)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await house.anyone.post(`/v1/goods/${good.id}/offers`, { endsInMs: DAY_MS })).toMatchObject(
        problem(401, 'UNAUTHENTICATED'),
      )
      expect(await offer(seller, { id: 999_999 })).toMatchObject(problem(404, 'NOT_FOUND'))
      for (const each of [open, bare]) expect(await offer(seller, each)).toMatchObject(problem(409, 'CONFLICT'))
      for (const span of [0, DAY_MS - 1, 7 * DAY_MS + 1, '1d', null, 1.5])
        expect(await offer(seller, good, span)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await booksOf(house)).toEqual(before)
    })
    it('to the highest bidder at his last price, who alone may buy it; nobody bids, nobody edits', async () => {
      const good = await unsold(true)
      const { status, body: chance } = await offer(seller, good, 3 * DAY_MS)
      expect(status).toBe(201)
      expect(chance).toMatchObject({
        relistOf: good.id,
        offeredTo: { id: ann.id },
        startPrice: usd(2050),
        buyNow: usd(2050),
        reserve: 'none',
        endsAt: iso(clock.now() + 3 * DAY_MS),
      })
      for (const by of [ann, bob])
        expect(await by.bid(chance.id, { max: 5000 })).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await buy(bob, chance)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await buy(seller, chance)).toMatchObject(problem(422, 'OWN_GOOD'))
      expect(await edit(seller, chance, { startPrice: 1 })).toMatchObject(problem(409, 'CONFLICT'))
      // Nothing is held of what nobody said yes to.
      expect(await walletOf(ann)).toEqual({ balance: 1_000_000, available: 1_000_000, held: 0 })
      expect((await buy(ann, chance)).body).toMatchObject({
        status: 'bought',
        price: usd(2050),
        winner: { id: ann.id },
      })
      expect((await walletOf(ann)).balance).toBe(1_000_000 - 2255)
      expect(await offer(seller, good)).toMatchObject(problem(409, 'CONFLICT'))
    })
    it('that ends without a yes charges nobody, and the good may be listed again', async () => {
      const good = await unsold(true)
      const chance = (await offer(seller, good)).body
      expect(await relist(seller, good)).toMatchObject(problem(409, 'CONFLICT'))
      await house.stop()
      await clock.advance(DAY_MS)
      await house.start()
      expect(await viewOf(house, chance)).toMatchObject({ status: 'unsold', winner: null })
      expect(await walletOf(ann)).toMatchObject({ balance: 1_000_000 })
      expect(await buy(ann, chance)).toMatchObject(problem(409, 'NOT_OPEN'))
      const [again, chanceAgain] = await Promise.all([
        insist(() => relist(seller, good)),
        insist(() => offer(seller, good)),
      ])
      expect([again.status, chanceAgain.status].sort()).toEqual([201, 409])
    })
    it('may be withdrawn by its seller before the yes', async () => {
      const chance = (await offer(seller, await unsold(true))).body
      expect((await cancel(seller, chance)).body.status).toBe('cancelled')
      expect(await buy(ann, chance)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
  })
})
