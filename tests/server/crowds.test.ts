import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'
import { bidAmongMany, crowd, expectBalancedBooks, insist } from '../support/crowd.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

describe.each(databases)('crowds on %s', (kind) => {
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, { settings: { AUCTION_PREMIUM_BP: '750', AUCTION_COMMISSION_BP: '333' } })
    seller = await house.member('mila')
  })
  afterEach(() => expectBalancedBooks(house))
  afterAll(() => house.close())

  const events = async (good: Json): Promise<Json[]> =>
    (await house.anyone.get(`/v1/goods/${good.id}/events`)).body.items
  function statusesOf(answers: readonly { status: number; body: Json }[]): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { status, body } of answers) {
      const name = body.code ?? body.standing ?? String(status)
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }

  it('case 1: of 200 with the same maximum at once leave one leader, the first in the log, at that price', async () => {
    const people = await crowd(house, 200)
    const good = await seller.sell()
    const answers = await Promise.all(people.map((person) => bidAmongMany(person, good.id, { max: 50_000 })))
    const log = await events(good)
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1))
    const first = log.find(({ type }) => type === 'bid')
    const view = (await house.anyone.get(`/v1/goods/${good.id}`)).body
    expect(view).toMatchObject({ leader: first.data.bidder, price: { amount: 50_000 } })
    const leading = answers.filter(
      ({ body }) => body.good?.leader.id === first.data.bidder.id && body.standing === 'leading',
    )
    expect(leading).toHaveLength(1)
    // Who came after the second maximum was told the least bid; nobody was told anything else.
    expect(Object.keys(statusesOf(answers)).sort()).toEqual(['BID_TOO_LOW', 'leading', 'outbid'])
    expect(view.bidCount).toBe(log.filter(({ type }) => type === 'bid').length)
    expect(await house.query(`select sum(balance) as held from accounts where id like 'user:%/held'`)).toEqual([
      { held: 50_000 + 3750 },
    ])
  })

  it('of exact bids at once are served in an order that the acknowledged seqs agree with', async () => {
    const people = await crowd(house, 60)
    const good = await seller.sell({ increment: { fixed: 1 } })
    const answers = await Promise.all(
      people.map((person, index) => bidAmongMany(person, good.id, { amount: 1000 + index * 10 })),
    )
    const accepted = answers.filter(({ status }) => status === 201)
    const seqs = accepted.map(({ body }) => body.bid.seq as number)
    expect(new Set(seqs).size).toBe(seqs.length)
    const prices = (await events(good))
      .filter(({ type }) => type === 'bid')
      .map(({ data }) => data.price.amount as number)
    expect(prices).toEqual([...prices].sort((a, b) => a - b))
    expect(prices.at(-1)).toBe((await house.anyone.get(`/v1/goods/${good.id}`)).body.price.amount)
  })

  it('cannot spend the same funds twice', async () => {
    const people = await crowd(house, 10, 10_000)
    // With the premium of 7.5 % a maximum of 80.00 holds 86.00: one of ten fits into 100.00.
    for (const person of people) {
      const own = await Promise.all(Array.from({ length: 10 }, () => seller.sell()))
      const answers = await Promise.all(own.map((good) => bidAmongMany(person, good.id, { max: 8000 })))
      expect(statusesOf(answers)).toEqual({ leading: 1, INSUFFICIENT_FUNDS: 9 })
      expect((await person.get('/v1/me/wallet')).body).toMatchObject({
        available: { amount: 1400 },
        held: { amount: 8600 },
      })
    }
  })

  it('of 200 bids with funds for one, one is accepted', async () => {
    const [person] = (await crowd(house, 1, 10_000)) as [Member]
    const goods = await Promise.all(Array.from({ length: 20 }, () => seller.sell()))
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => bidAmongMany(person, goods[index % 20].id, { max: 9000 })),
    )
    expect(statusesOf(answers)).toEqual({ leading: 1, INSUFFICIENT_FUNDS: 190, MAX_NOT_RAISED: 9 })
  })

  it('conserve money through any storm of bids, deposits and repeats', async () => {
    const claim = await house.member('the-house')
    await claim.post('/v1/admin/house', { code: house.houseCode })
    const act = fc.record({
      who: fc.nat(11),
      what: fc.nat(3),
      max: fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.constantFrom(0, -5, 1.5, 10 ** 12)),
      amount: fc.option(fc.integer({ min: 1, max: 40_000 }), { nil: undefined }),
      repeat: fc.boolean(),
      deposit: fc.option(fc.integer({ min: 1, max: 5000 }), { freq: 8, nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 120, maxLength: 120 }), async (acts) => {
        const people = await crowd(house, 12, 30_000)
        const goods = await Promise.all(
          Array.from({ length: 4 }, (_, index) => seller.sell(index === 0 ? { reserve: 9000 } : {})),
        )
        await Promise.all(
          acts.flatMap(({ who, what, max, amount, repeat, deposit }) => {
            const person = people[who] as Member
            const key = randomUUID()
            if (deposit !== undefined)
              return [
                insist(() =>
                  claim.post(`/v1/admin/users/${person.id}/deposits`, { amount: deposit }, { 'idempotency-key': key }),
                ),
              ]
            const bid = () =>
              bidAmongMany(person, goods[what].id, amount === undefined ? { max } : { max, amount }, key)
            return repeat ? [bid(), bid()] : [bid()]
          }),
        )
        await expectBalancedBooks(house)
        for (const good of goods) {
          const log = await events(good)
          expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1))
        }
      }),
      { numRuns: 4, endOnFailure: true },
    )
  }, 600_000)
})
