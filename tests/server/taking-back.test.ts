import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bidAmongMany, crowd, expectBalancedBooks, insist } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import {
  booksOf,
  DAY_MS,
  eventsOf,
  HOUR_MS,
  keeperOf,
  problem,
  retract,
  typesOf,
  usd,
  viewOf,
  walletOf,
} from '../support/sale.ts'

describe.each(databases)('a bid taken back on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let keeper: Member
  let ann: Member
  let bob: Member
  let cleo: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: { AUCTION_PREMIUM_BP: '1000' } })
    seller = await house.member('mila')
    keeper = await keeperOf(house)
  })
  beforeEach(async () => {
    ;[ann, bob, cleo] = (await crowd(house, 3, 100_000)) as [Member, Member, Member]
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  /** Nothing ticks between stop and start, so hours pass at once. */
  async function pass(ms: number): Promise<void> {
    await house.stop()
    await clock.advance(ms)
    await house.start()
  }
  const cancelBid = (by: Pick<Member, 'send'>, bidId: number, reason: unknown = 'shill bidding', key?: string) =>
    by.send('DELETE', `/v1/admin/bids/${bidId}`, { reason }, key === undefined ? {} : { 'idempotency-key': key })
  const idOf = async (by: Member, good: Json, bid: { amount?: number; max?: number }): Promise<number> => {
    const answer = await by.bid(good.id, bid)
    expect(answer.status, JSON.stringify(answer.body)).toBe(201)
    return answer.body.bid.id
  }
  const removedOf = async (good: Json) =>
    (await house.anyone.get(`/v1/goods/${good.id}/bids`)).body.items
      .map(({ removed = null }: Json) => removed)
      .reverse()

  describe('by its bidder is refused', () => {
    it('to anyone else, for a bid that is not there, and twice', async () => {
      const [good, other] = [await seller.sell(), await seller.sell()]
      const id = await idOf(ann, good, { max: 5000 })
      const before = await booksOf(house)
      expect(await house.anyone.send('DELETE', `/v1/goods/${good.id}/bids/${id}`, { reason: 'typo' })).toMatchObject(
        problem(401, 'UNAUTHENTICATED'),
      )
      for (const by of [bob, seller, keeper])
        expect(await retract(by, good, id)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await retract(ann, other, id)).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await retract(ann, good, 999_999)).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await retract(ann, { id: 999_999 }, id)).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await booksOf(house)).toEqual(before)
      expect((await retract(ann, good, id)).status).toBe(200)
      expect(await retract(ann, good, id)).toMatchObject(problem(404, 'NOT_FOUND'))
    })
    it.each([undefined, null, '', 'changed my mind', 'TYPO', ['typo'], { typo: true }, 7])(
      'for the reason %j',
      async (reason) => {
        const good = await seller.sell()
        const id = await idOf(ann, good, { max: 5000 })
        const path = `/v1/goods/${good.id}/bids/${id}`
        expect(await ann.send('DELETE', path, { reason })).toMatchObject(problem(400, 'BAD_REQUEST'))
        expect(await typesOf(house, good)).toEqual(['listed', 'bid'])
      },
    )
    it('in the second half of a short sale but for the newest, within an hour, before the soft close', async () => {
      const good = await seller.sell({ endsInMs: 4 * HOUR_MS, softCloseMs: 60_000 })
      const early = await idOf(ann, good, { max: 2000 })
      await pass(2 * HOUR_MS - 1)
      // More than half is left: any of one's own.
      expect((await retract(ann, good, early)).status).toBe(200)
      const first = await idOf(ann, good, { max: 2000 })
      await clock.advance(1)
      const newest = await idOf(ann, good, { max: 3000 })
      expect(await retract(ann, good, first)).toMatchObject(problem(409, 'CONFLICT'))
      await pass(HOUR_MS)
      expect((await retract(ann, good, newest)).status).toBe(200)
      // Now the first is the newest that stands, and older than an hour.
      expect(await retract(ann, good, first)).toMatchObject(problem(409, 'CONFLICT'))
      await pass(HOUR_MS - 60_001)
      const last = await idOf(bob, good, { max: 3000 })
      await clock.advance(1)
      expect(await retract(bob, good, last)).toMatchObject(problem(409, 'CONFLICT'))
      expect(await viewOf(house, good)).toMatchObject({ leader: { id: bob.id }, bidCount: 2 })
    })
    it('in the last twelve hours of a long sale likewise', async () => {
      const good = await seller.sell({ endsInMs: 7 * DAY_MS, softCloseMs: 60_000 })
      const [first, second] = [await idOf(ann, good, { max: 2000 }), await idOf(ann, good, { max: 3000 })]
      await pass(6.5 * DAY_MS - 1)
      expect((await retract(ann, good, first)).status).toBe(200)
      await clock.advance(1)
      expect(await retract(ann, good, second)).toMatchObject(problem(409, 'CONFLICT'))
    })
    it('after the end', async () => {
      const good = await seller.sell({ endsInMs: 10_000, softCloseMs: 0 })
      const id = await idOf(ann, good, { max: 5000 })
      await clock.advance(10_000)
      expect(await retract(ann, good, id)).toMatchObject(problem(409, 'NOT_OPEN'))
      expect(await cancelBid(keeper, id)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
    it('where the house lets nobody', async () => {
      const good = await seller.sell()
      const id = await idOf(ann, good, { max: 5000 })
      house.settings.AUCTION_RETRACTION = 'none'
      await pass(0)
      expect(await retract(ann, good, id)).toMatchObject(problem(403, 'FORBIDDEN'))
      delete house.settings.AUCTION_RETRACTION
      await pass(0)
      expect((await retract(ann, good, id)).status).toBe(200)
    })
  })

  it('leaves the next in the lead, at a price that may fall and never rises, with his hold taken again', async () => {
    const good = await seller.sell({ reserve: 2500 })
    await idOf(ann, good, { max: 2000 })
    const over = await idOf(bob, good, { max: 3000 })
    await idOf(cleo, good, { max: 2900 })
    expect(await viewOf(house, good)).toMatchObject({ leader: { id: bob.id }, price: usd(3000), reserve: 'met' })
    const before = await walletOf(bob)
    expect(await retract(bob, good, over, 'description_changed')).toMatchObject({
      status: 200,
      body: {
        leader: { id: cleo.id },
        price: usd(2500),
        bidCount: 2,
        reserve: 'met',
        you: { standing: 'none', hold: null },
      },
    })
    expect(before.held).toBe(3300)
    expect(await walletOf(bob)).toEqual({ balance: 100_000, available: 100_000, held: 0 })
    expect(await walletOf(cleo)).toMatchObject({ held: 3190 })
    expect((await eventsOf(house, good)).at(-1)).toMatchObject({
      type: 'retracted',
      data: {
        bidId: over,
        bidder: { id: bob.id },
        bidsLeft: 0,
        reason: 'description_changed',
        price: usd(2500),
        leader: { id: cleo.id },
        minimumBid: usd(2600),
        bidCount: 2,
        reserve: 'met',
      },
    })
    expect(await removedOf(good)).toEqual([null, 'retracted', null])
  })

  it('that was the only one leaves the good as it was listed', async () => {
    const good = await seller.sell({ reserve: 2500 })
    const id = await idOf(ann, good, { max: 3000 })
    expect((await retract(ann, good, id)).body).toMatchObject({
      price: null,
      leader: null,
      minimumBid: usd(1000),
      bidCount: 0,
      reserve: 'unmet',
    })
    expect(await walletOf(ann)).toEqual({ balance: 100_000, available: 100_000, held: 0 })
    // The reserve is met anew, and told anew.
    await idOf(bob, good, { max: 2500 })
    expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'reserve_met', 'retracted', 'bid', 'reserve_met'])
  })

  it('of several leaves the best of the rest, in the same hands', async () => {
    const good = await seller.sell()
    await idOf(ann, good, { max: 2000 })
    const raised = await idOf(ann, good, { max: 9000 })
    await idOf(bob, good, { max: 1500 })
    expect((await retract(ann, good, raised)).body).toMatchObject({
      leader: { id: ann.id },
      price: usd(1550),
      bidCount: 2,
      you: { standing: 'leading', max: usd(2000), hold: usd(2200) },
    })
    expect(await walletOf(ann)).toMatchObject({ held: 2200 })
  })

  it('passes over who can no longer pay: lapsed, and told before it', async () => {
    const good = await seller.sell()
    const elsewhere = await seller.sell()
    await idOf(ann, good, { max: 50_000 })
    await idOf(cleo, good, { max: 30_000 })
    const top = await idOf(bob, good, { max: 60_000 })
    // The hold came back when she was outbid, and is spent on another good.
    await idOf(ann, elsewhere, { max: 90_000 })
    expect((await cancelBid(keeper, top)).body).toMatchObject({
      leader: { id: cleo.id },
      price: usd(1000),
      bidCount: 1,
    })
    const news = (await eventsOf(house, good)).slice(-2)
    expect(news).toMatchObject([
      { type: 'lapsed', data: { bidder: { id: ann.id }, bids: 1 } },
      { type: 'bid_cancelled', data: { bidId: top, reason: 'shill bidding', leader: { id: cleo.id } } },
    ])
    expect(news[0].data).not.toHaveProperty('max')
    expect(await removedOf(good)).toEqual(['lapsed', null, 'cancelled'])
    expect((await ann.get(`/v1/goods/${good.id}`)).body.you).toEqual({ standing: 'none', max: null, hold: null })
    expect((await ann.get('/v1/me/bids')).body.items[1]).toMatchObject({ removed: 'lapsed', standing: 'none' })
    expect(await walletOf(cleo)).toMatchObject({ held: 33_000 })
  })

  describe('by the house', () => {
    it('is refused to everyone else, without a reason, and for a bid that is not there', async () => {
      const good = await seller.sell()
      const id = await idOf(ann, good, { max: 5000 })
      const before = await booksOf(house)
      for (const by of [ann, seller]) expect(await cancelBid(by, id)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await cancelBid(house.anyone, id)).toMatchObject(problem(401, 'UNAUTHENTICATED'))
      for (const reason of [null, '', ' \u200b', 'x'.repeat(201), 7, ['typo']])
        expect(await cancelBid(keeper, id, reason)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await cancelBid(keeper, 999_999)).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await booksOf(house)).toEqual(before)
      expect((await cancelBid(keeper, id)).status).toBe(200)
      expect(await cancelBid(keeper, id)).toMatchObject(problem(404, 'NOT_FOUND'))
    })
    it('needs no window: it goes in the soft close, with a reason that everyone sees, made harmless', async () => {
      const good = await seller.sell({ endsInMs: 10_000, softCloseMs: 10_000 })
      const id = await idOf(ann, good, { max: 5000 })
      await clock.advance(9_999)
      expect((await cancelBid(keeper, id, 'not a \u001b[31mperson')).status).toBe(200)
      expect((await eventsOf(house, good)).at(-1).data.reason).toBe('not a person')
    })
  })

  describe('at the same moment', () => {
    it('as a rival bids leaves one contest that the log tells in order', async () => {
      for (let round = 0; round < 15; round++) {
        const good = await seller.sell()
        const id = await idOf(ann, good, { max: 2000 })
        const [taken, placed] = await Promise.all([
          insist(() => retract(ann, good, id)),
          bidAmongMany(bob, good.id, { max: 3000 }),
        ])
        expect([taken.status, placed.status]).toEqual([200, 201])
        const log = await eventsOf(house, good)
        const bidSecond = log.at(-1).type === 'bid'
        expect(log.map(({ type }) => type)).toEqual([
          'listed',
          'bid',
          ...(bidSecond ? ['retracted', 'bid'] : ['bid', 'retracted']),
        ])
        expect(await viewOf(house, good)).toMatchObject({ leader: { id: bob.id }, price: usd(1000), bidCount: 1 })
        await retract(bob, good, placed.body.bid.id)
      }
      expect(await walletOf(ann)).toEqual({ balance: 100_000, available: 100_000, held: 0 })
    })
    it('as the house cancels it goes once', async () => {
      const good = await seller.sell()
      const id = await idOf(ann, good, { max: 2000 })
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () => insist(() => retract(ann, good, id))),
        ...Array.from({ length: 10 }, () => insist(() => cancelBid(keeper, id))),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(404)])
      expect(await typesOf(house, good)).toHaveLength(3)
    })
    it('with one key, 50 times, is one removal', async () => {
      const good = await seller.sell()
      const [id, other] = [await idOf(ann, good, { max: 2000 }), await idOf(ann, good, { max: 3000 })]
      const key = randomUUID()
      const own = await Promise.all(Array.from({ length: 50 }, () => insist(() => retract(ann, good, id, 'typo', key))))
      expect(new Set(own.map(({ status }) => status))).toEqual(new Set([200]))
      expect(await retract(ann, good, other, 'typo', key)).toMatchObject(problem(422, 'KEY_REUSED'))
      expect(await retract(ann, good, id, 'description_changed', key)).toMatchObject(problem(422, 'KEY_REUSED'))
      const byHouse = await Promise.all(
        Array.from({ length: 50 }, () => insist(() => cancelBid(keeper, other, 'shill bidding', key))),
      )
      expect(new Set(byHouse.map(({ status }) => status))).toEqual(new Set([200]))
      expect(await typesOf(house, good)).toEqual(['listed', 'bid', 'bid', 'retracted', 'bid_cancelled'])
    })
  })
})
