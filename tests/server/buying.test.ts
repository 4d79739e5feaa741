import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bidAmongMany, crowd, expectBalancedBooks, insist } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { booksOf, buy, eventsOf, problem, typesOf, usd, viewOf, walletOf } from '../support/sale.ts'

describe.each(databases)('buying at once on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let ann: Member
  let bob: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: { AUCTION_PREMIUM_BP: '1000', AUCTION_COMMISSION_BP: '500' } })
    seller = await house.member('mila')
  })
  beforeEach(async () => {
    ;[ann, bob] = (await crowd(house, 2)) as [Member, Member]
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  const sellAtOnce = (more: Json = {}) => seller.sell({ buyNow: 2000, endsInMs: 60_000, softCloseMs: 0, ...more })

  describe('is refused', () => {
    it.each([
      ['below 1.3 times the start', { buyNow: 1299 }, 'buyNow'],
      ['below the reserve', { reserve: 2001, buyNow: 2000 }, 'buyNow'],
      ['with a reserve that is no more than the start', { reserve: 1000, buyNow: 2000 }, 'reserve'],
    ])('a price %s', async (_, terms, field) => {
      const good = { name: 'Leica M3', startPrice: 1000, endsInMs: 60_000, ...terms }
      const before = await booksOf(house)
      const answer = await seller.post('/v1/goods', good)
      expect(answer).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(answer.body.detail).toContain(`${field}: `)
      expect(await booksOf(house)).toEqual(before)
    })
    it('to nobody, to the seller, and where there is no good', async () => {
      const good = await sellAtOnce()
      const before = await booksOf(house)
      expect(await house.anyone.post(`/v1/goods/${good.id}/purchase`)).toMatchObject(problem(401, 'UNAUTHENTICATED'))
      expect(await buy(seller, good)).toMatchObject(problem(422, 'OWN_GOOD'))
      expect(await buy(ann, { id: 999_999 })).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await booksOf(house)).toEqual(before)
    })
    it('without a buy-now price, and with no more than the price where the premium comes on top', async () => {
      expect(await buy(ann, await seller.sell())).toMatchObject(problem(409, 'CONFLICT'))
      const [poor, fair] = [...(await crowd(house, 1, 2199)), ...(await crowd(house, 1, 2200))] as [Member, Member]
      const good = await sellAtOnce()
      expect(await buy(poor, good)).toMatchObject(
        problem(409, 'INSUFFICIENT_FUNDS', { available: usd(2199), needed: usd(2200) }),
      )
      expect((await buy(fair, good)).status).toBe(201)
      expect(await walletOf(fair)).toEqual({ balance: 0, available: 0, held: 0 })
    })
    it('once there is a bid on a good without a reserve', async () => {
      const good = await sellAtOnce()
      expect((await viewOf(house, good)).buyNow).toEqual(usd(2000))
      await ann.bid(good.id, { amount: 1000 })
      expect((await viewOf(house, good)).buyNow).toBe(null)
      for (const by of [ann, bob]) expect(await buy(by, good)).toMatchObject(problem(409, 'CONFLICT'))
      expect(await typesOf(house, good)).toEqual(['listed', 'bid'])
    })
    it('once the reserve is met', async () => {
      const good = await sellAtOnce({ reserve: 1500 })
      await ann.bid(good.id, { max: 1499 })
      expect(await viewOf(house, good)).toMatchObject({ reserve: 'unmet', buyNow: usd(2000) })
      await bob.bid(good.id, { max: 1500 })
      expect(await viewOf(house, good)).toMatchObject({ reserve: 'met', buyNow: null })
      expect(await buy(ann, good)).toMatchObject(problem(409, 'CONFLICT'))
    })
    it('at the end, and after any ending', async () => {
      const [late, bought, cancelled] = [await sellAtOnce(), await sellAtOnce(), await sellAtOnce()]
      await buy(ann, bought)
      await seller.send('DELETE', `/v1/goods/${cancelled.id}`, {})
      for (const good of [bought, cancelled]) expect(await buy(bob, good)).toMatchObject(problem(409, 'NOT_OPEN'))
      await clock.advance(60_000)
      expect(await buy(bob, late)).toMatchObject(problem(409, 'NOT_OPEN'))
    })
  })

  it('ends the good and settles it in the same commit', async () => {
    const good = await sellAtOnce()
    const before = await walletOf(seller)
    expect(await buy(ann, good)).toMatchObject({
      status: 201,
      body: {
        id: good.id,
        status: 'bought',
        price: usd(2000),
        winner: { id: ann.id },
        buyNow: null,
        you: { standing: 'won' },
      },
    })
    expect(await walletOf(ann)).toEqual({ balance: 997_800, available: 997_800, held: 0 })
    expect((await walletOf(seller)).available).toBe(before.available + 2000 - 100)
    expect((await eventsOf(house, good)).at(-1)).toMatchObject({
      seq: 2,
      type: 'bought',
      data: { winner: { id: ann.id }, price: usd(2000) },
    })
    expect((await ann.get('/v1/me/won')).body.items).toMatchObject([{ id: good.id }])
    await clock.advance(60_000)
    expect(await typesOf(house, good)).toEqual(['listed', 'bought'])
  })

  it('gives a leader under the reserve the hold back, and is open to the leader too, who needs only the rest', async () => {
    const [good, own] = [await sellAtOnce({ reserve: 1500 }), await sellAtOnce({ reserve: 1500 })]
    await ann.bid(good.id, { max: 1499 })
    expect((await walletOf(ann)).held).toBe(1648)
    expect((await buy(bob, good)).status).toBe(201)
    expect(await walletOf(ann)).toEqual({ balance: 1_000_000, available: 1_000_000, held: 0 })
    expect((await ann.get(`/v1/goods/${good.id}`)).body.you).toEqual({ standing: 'lost', max: usd(1499), hold: null })
    const [short] = (await crowd(house, 1, 2200)) as [Member]
    await short.bid(own.id, { max: 1499 })
    expect(await walletOf(short)).toMatchObject({ available: 552, held: 1648 })
    expect((await buy(short, own)).body).toMatchObject({ status: 'bought', you: { standing: 'won' } })
    expect(await walletOf(short)).toEqual({ balance: 0, available: 0, held: 0 })
  })

  it('is for whoever bids that much no purchase: a maximum of the price or more is a bid', async () => {
    const good = await sellAtOnce()
    expect((await ann.bid(good.id, { max: 5000 })).body).toMatchObject({
      standing: 'leading',
      good: { status: 'open', price: usd(1000), buyNow: null },
    })
  })

  it('is open again when the only bid was taken back', async () => {
    const good = await sellAtOnce({ endsInMs: 3_600_000 })
    const { bid } = (await ann.bid(good.id, { max: 5000 })).body
    await ann.send('DELETE', `/v1/goods/${good.id}/bids/${bid.id}`, { reason: 'typo' })
    expect((await viewOf(house, good)).buyNow).toEqual(usd(2000))
    expect((await buy(bob, good)).status).toBe(201)
  })

  describe('of one good by many at once', () => {
    it('has one buyer of 20', async () => {
      const people = await crowd(house, 20)
      const good = await sellAtOnce()
      const answers = await Promise.all(people.map((person) => insist(() => buy(person, good))))
      expect(answers.map(({ status, body }) => body.code ?? status).sort()).toEqual([
        201,
        ...Array<string>(19).fill('NOT_OPEN'),
      ])
      expect(await typesOf(house, good)).toEqual(['listed', 'bought'])
      expect(
        await house.query(`select count(*) as n from entries where good_id = ${good.id} and kind = 'sale'`),
      ).toEqual([{ n: 1 }])
    })
    it('and a bid at the same moment lets exactly one of the two win, and the other learns of it', async () => {
      const seen = new Set<string>()
      for (let round = 0; round < 20; round++) {
        const good = await sellAtOnce({ name: `Race ${round}` })
        const calls = [() => bidAmongMany(ann, good.id, { max: 3000 }), () => insist(() => buy(bob, good))]
        const answers = await Promise.all((round % 2 ? calls.reverse() : calls).map((call) => call()))
        const codes = answers.map(({ body }) => body.code ?? (body.bid ? 'bid' : 'bought')).sort()
        expect([
          ['CONFLICT', 'bid'],
          ['NOT_OPEN', 'bought'],
        ]).toContainEqual(codes)
        expect(await typesOf(house, good)).toEqual(['listed', codes.includes('bid') ? 'bid' : 'bought'])
        for (const code of codes) seen.add(code)
      }
      expect(seen.size).toBeGreaterThanOrEqual(2)
    })
    it('with one key, sent 50 times, is one purchase with the same answer', async () => {
      const good = await sellAtOnce()
      const key = randomUUID()
      const answers = await Promise.all(Array.from({ length: 50 }, () => insist(() => buy(ann, good, key))))
      for (const { status, body } of answers) expect([status, body]).toEqual([201, answers[0]?.body])
      expect(await typesOf(house, good)).toEqual(['listed', 'bought'])
      const other = await sellAtOnce()
      expect(await buy(ann, other, key)).toMatchObject(problem(422, 'KEY_REUSED'))
      expect((await buy(bob, other, key)).status).toBe(201)
      await house.stop()
      await house.start()
      expect((await buy(ann, good, key)).body).toEqual(answers[0]?.body)
    })
  })
})
