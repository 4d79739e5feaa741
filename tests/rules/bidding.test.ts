import { decide } from '@auction/common/bidding'
import type { PlaceBid } from '@auction/common/contest'
import { type Good, type Person, reserveMet } from '@auction/common/good'
import { minimumBid } from '@auction/common/increments'
import { toDecimal } from '@auction/common/money'
import { describe, expect, it } from 'vitest'
import {
  A,
  B,
  bidBy,
  C,
  cancellationOf,
  goodAfter,
  goodWith,
  LISTED_AT,
  mila,
  purchaseBy,
  refusalOf,
  type Stage,
  stageAfter,
  terms,
  usd,
} from './given.ts'

const ended = { receivedAt: terms.endsAt }
const secondChance = goodWith({ buyNow: 1_000, offeredTo: A })
const closed: readonly [string, Good][] = [
  ['sold', goodAfter(goodWith(), bidBy(A, { max: 1_000 }), { type: 'close_due', now: terms.endsAt })],
  ['unsold', goodAfter(goodWith(), { type: 'close_due', now: terms.endsAt })],
  ['bought', goodAfter(goodWith({ buyNow: 1_300 }), purchaseBy(A, {}))],
  [
    'cancelled',
    goodAfter(goodWith(), { type: 'cancel_good', by: mila, as: 'seller', reason: null, receivedAt: LISTED_AT }),
  ],
]

describe('a bid is refused', () => {
  it.each([
    ['by the seller', goodWith(), bidBy(mila, { max: 5_000 }), 'OWN_GOOD', {}],
    ['at the very end', goodWith(), bidBy(A, { max: 5_000, ...ended }), 'NOT_OPEN', {}],
    ['after the end', goodWith(), bidBy(A, { max: 5_000, receivedAt: terms.endsAt + 1 }), 'NOT_OPEN', {}],
    ...closed.map(
      ([how, good]) => [`on a good that is ${how}`, good, bidBy(A, { max: 5_000 }), 'NOT_OPEN', {}] as const,
    ),
    ['below the start', goodWith(), bidBy(A, { amount: 999 }), 'BID_TOO_LOW', { minimumBid: usd(1_000) }],
    ['as a proxy below the start', goodWith(), bidBy(A, { max: 999 }), 'BID_TOO_LOW', { minimumBid: usd(1_000) }],
    [
      'with an amount below the start, whatever its maximum',
      goodWith(),
      bidBy(A, { amount: 999, max: 5_000 }),
      'BID_TOO_LOW',
      { minimumBid: usd(1_000) },
    ],
    [
      'below the next increment',
      goodAfter(goodWith(), bidBy(A, { amount: 5_000 })),
      bidBy(B, { amount: 5_099 }),
      'BID_TOO_LOW',
      { minimumBid: usd(5_100) },
    ],
    [
      'with an amount below the next increment, whatever its maximum',
      goodAfter(goodWith(), bidBy(A, { amount: 5_000 })),
      bidBy(B, { amount: 5_099, max: 9_000 }),
      'BID_TOO_LOW',
      { minimumBid: usd(5_100) },
    ],
    [
      'by the leader at his own maximum',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(A, { max: 5_000 }),
      'MAX_NOT_RAISED',
      {},
    ],
    [
      'by the leader below his own maximum',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(A, { amount: 4_999 }),
      'MAX_NOT_RAISED',
      {},
    ],
    [
      'without the funds, by one cent',
      goodWith(),
      bidBy(A, { max: 5_000, available: 4_999 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(4_999), needed: usd(5_000) },
    ],
    [
      'without the funds for its maximum, though they cover its amount',
      goodWith(),
      bidBy(A, { amount: 1_000, max: 5_000, available: 1_000 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(1_000), needed: usd(5_000) },
    ],
    [
      'without the funds for the premium',
      goodWith({ premiumBp: 2_500 }),
      bidBy(A, { max: 5_000, available: 6_249 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(6_249), needed: usd(6_250) },
    ],
    [
      'by a leader without the funds for the rest of a raise',
      goodAfter(goodWith({ premiumBp: 2_500 }), bidBy(A, { max: 4_000 })),
      bidBy(A, { max: 5_000, available: 1_249 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(1_249), needed: usd(1_250) },
    ],
    [
      'made for a state that is past',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(B, { max: 9_000, ifSeq: 1 }),
      'CONFLICT',
      { seq: 2 },
    ],
    ['made for a state that is yet to come', goodWith(), bidBy(A, { max: 5_000, ifSeq: 2 }), 'CONFLICT', { seq: 1 }],
    [
      'made for a state before its own last bid',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(A, { max: 9_000, ifSeq: 1 }),
      'CONFLICT',
      { seq: 2 },
    ],
    [
      'made for a state before the end moved',
      goodAfter(goodWith(), bidBy(A, { max: 5_000, receivedAt: terms.endsAt - 1 })),
      bidBy(B, { max: 9_000, ifSeq: 2 }),
      'CONFLICT',
      { seq: 3 },
    ],
    ['on a second chance, by anybody', secondChance, bidBy(B, { max: 5_000 }), 'FORBIDDEN', {}],
    ['on a second chance, by whom it is offered to', secondChance, bidBy(A, { max: 5_000 }), 'FORBIDDEN', {}],
    ['that names nothing', goodWith(), bidBy(A, {}), 'BAD_REQUEST', {}],
    ['whose maximum is below its amount', goodWith(), bidBy(A, { amount: 2_000, max: 1_999 }), 'BAD_REQUEST', {}],
  ] as const)('%s', (_, good, bid, code, data) => {
    expect(refusalOf(() => decide(bid, good))).toEqual({ code, data })
  })

  it('for the first of several reasons: own good, not open, another state, maximum not raised, too low, funds', () => {
    const led = goodAfter(goodWith(), bidBy(A, { max: 5_000 }))
    const poor = { max: 1, available: 0 }
    const codes = [
      refusalOf(() => decide(bidBy(mila, { ...poor, ...ended }), led)),
      refusalOf(() => decide(bidBy(A, { ...poor, ...ended, ifSeq: 1 }), led)),
      refusalOf(() => decide(bidBy(A, { ...poor, ifSeq: 1 }), led)),
      refusalOf(() => decide(bidBy(A, poor), led)),
      refusalOf(() => decide(bidBy(B, poor), led)),
      refusalOf(() => decide(bidBy(B, { ...poor, max: 1_050 }), led)),
    ].map(({ code }) => code)
    expect(codes).toEqual(['OWN_GOOD', 'NOT_OPEN', 'CONFLICT', 'MAX_NOT_RAISED', 'BID_TOO_LOW', 'INSUFFICIENT_FUNDS'])
  })

  it('without a change to what it was held against', () => {
    const good = Object.freeze(goodAfter(goodWith(), bidBy(A, { max: 5_000 })))
    const bid = Object.freeze(bidBy(B, { max: 1 }))
    expect(() => decide(bid, good)).toThrow()
  })

  it('in words that name the minimum, and never the maximum it met', () => {
    const good = goodAfter(goodWith({ reserve: 765_432 }), bidBy(A, { max: 543_210 }))
    expect(() => decide(bidBy(B, { max: 1_000 }), good)).toThrow('The least bid is now 10.50 USD.')
  })
})

describe('the golden vectors of rules.md, section 2', () => {
  const people: Record<string, Person> = { A, B, C }

  /**
   * Plays `A 50, B =52, B -52` (major units; = is exact, - takes that bid away again); says after each who leads, the price, and
   * the reserve's flag.
   */
  function outcomes(sequence: string, reserve: number | null): string[] {
    let stage: Stage = { good: goodWith({ reserve }), bids: [] }
    return sequence.split(', ').map((bid) => {
      const [who = '', sum = ''] = bid.split(' ')
      const person = people[who] ?? mila
      const amount = Math.round(Number(sum.replace(/[=-]/, '')) * 100)
      const command = sum.startsWith('-')
        ? cancellationOf(person, amount, stage)
        : bidBy(person, sum.startsWith('=') ? { amount } : { max: amount })
      try {
        stage = stageAfter(stage, decide(command, stage.good))
      } catch {
        const { code, data } = refusalOf(() => decide(command, stage.good))
        return `${code} ${toDecimal((data.minimumBid as { amount: number }).amount, 'USD')}`
      }
      const { good } = stage
      const leader = Object.keys(people).find((name) => people[name]?.id === good.leader?.id)
      const met = reserveMet(good)
      return `${leader} ${toDecimal(good.price ?? 0, 'USD')}${met === null ? '' : met ? ' met' : ' unmet'}`
    })
  }

  it.each([
    [1, null, 'A 50', ['A 10.00']],
    [2, null, 'A 50, B 10.25', ['A 10.00', 'BID_TOO_LOW 10.50']],
    [3, null, 'A 50, B 20', ['A 10.00', 'A 20.50']],
    [4, null, 'A 50, B 49.75', ['A 10.00', 'A 50.00']],
    [5, null, 'A 50, B 50', ['A 10.00', 'A 50.00']],
    [6, null, 'A 50, B 50.01', ['A 10.00', 'B 50.01']],
    [7, null, 'A 50, B 100', ['A 10.00', 'B 51.00']],
    [8, null, 'A 50, B 100, B 150', ['A 10.00', 'B 51.00', 'B 51.00']],
    [9, 4_000, 'A 30, B 60', ['A 10.00 unmet', 'B 40.00 met']],
    [10, 4_000, 'A 45', ['A 40.00 met']],
    [11, 4_000, 'A 30, A 45', ['A 10.00 unmet', 'A 40.00 met']],
    [12, 4_000, 'A 39.50, B 45', ['A 10.00 unmet', 'B 40.50 met']],
    [13, null, 'A 200, B 24.99, C 26.48', ['A 10.00', 'A 25.49', 'BID_TOO_LOW 26.49']],
    [14, null, 'A 50, B 50.01, B 100', ['A 10.00', 'B 50.01', 'B 50.01']],
    [15, null, 'A 50, B 50.01, B 100, B -50.01', ['A 10.00', 'B 50.01', 'B 50.01', 'B 50.01']],
    [16, null, 'A =50, B =52', ['A 50.00', 'B 52.00']],
    [17, null, 'A =50, B =52, C 100, B =60', ['A 50.00', 'B 52.00', 'C 53.00', 'C 61.00']],
  ] as const)('%i: reserve %s, %s', (_, reserve, sequence, expected) => {
    expect(outcomes(sequence, reserve)).toEqual(expected)
  })
})

describe('an accepted bid', () => {
  it('is one event that says what was offered and how the good stands after it', () => {
    const bid = bidBy(B, { amount: 2_000, max: 3_000, message: 'for Ann' })
    expect(decide(bid, goodAfter(goodWith(), bidBy(A, { max: 5_000 })))).toEqual([
      {
        type: 'bid',
        bidId: bid.bidId,
        bidder: B,
        amount: 2_000,
        named: 2_000,
        max: 3_000,
        salt: bid.salt,
        message: 'for Ann',
        receivedAt: bid.receivedAt,
        price: 3_100,
        leader: A,
      },
    ])
  })

  it.each<[string, Good, PlaceBid, number]>([
    ['what was named', goodWith(), bidBy(A, { amount: 1_500, max: 5_000 }), 1_500],
    [
      'of a proxy that leads, the price',
      goodAfter(goodWith(), bidBy(A, { max: 2_000 })),
      bidBy(B, { max: 9_000 }),
      2_050,
    ],
    [
      'of a proxy outbid at once, the least bid then possible',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(B, { max: 3_000 }),
      1_050,
    ],
    [
      "of a leader's raise, the price, even when an exact amount was named",
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      bidBy(A, { amount: 7_654 }),
      1_000,
    ],
  ])('shows %s', (_, good, bid, amount) => {
    expect(decide(bid, good)[0]).toMatchObject({ type: 'bid', amount })
  })

  it.each<[string, PlaceBid, number | null]>([
    ['an exact bid', bidBy(A, { amount: 1_500 }), 1_500],
    ['an exact bid with a maximum', bidBy(A, { amount: 1_500, max: 5_000 }), 1_500],
    ['a proxy bid', bidBy(A, { max: 5_000 }), null],
  ])('keeps for its seal what %s named', (_, bid, named) => {
    expect(decide(bid, goodWith())[0]).toMatchObject({ named, max: bid.max ?? bid.amount, salt: bid.salt })
  })

  it('is taken in the very state it was made for', () => {
    const good = goodAfter(goodWith(), bidBy(A, { max: 5_000 }))
    expect(goodAfter(good, bidBy(B, { max: 9_000, ifSeq: 2 })).leader).toEqual(B)
    expect(goodAfter(good, bidBy(A, { max: 9_000, ifSeq: good.seq })).max).toBe(9_000)
  })

  it('is a bid though its maximum reaches the buy-now price', () => {
    const good = goodWith({ buyNow: 1_300 })
    for (const max of [1_300, 9_000])
      expect(goodAfter(good, bidBy(A, { max }))).toMatchObject({ status: 'open', price: 1_000, leader: A, max })
    expect(goodAfter(good, bidBy(A, { amount: 2_000 }))).toMatchObject({ status: 'open', price: 2_000 })
  })

  it('tells once that the reserve is met', () => {
    const good = goodWith({ reserve: 4_000 })
    const types = (bid: PlaceBid, on: Good) => decide(bid, on).map(({ type }) => type)
    expect(types(bidBy(A, { max: 3_999 }), good)).toEqual(['bid'])
    expect(types(bidBy(A, { max: 4_000 }), good)).toEqual(['bid', 'reserve_met'])
    expect(types(bidBy(B, { max: 9_000 }), goodAfter(good, bidBy(A, { max: 4_000 })))).toEqual(['bid'])
  })

  it('lifts the price to the reserve when its maximum reaches it, and no further', () => {
    const good = goodWith({ reserve: 4_000 })
    expect(goodAfter(good, bidBy(A, { max: 4_000 })).price).toBe(4_000)
    expect(goodAfter(good, bidBy(A, { amount: 4_500 })).price).toBe(4_500)
    expect(goodAfter(good, bidBy(A, { amount: 1_200, max: 4_500 })).price).toBe(4_000)
    expect(goodAfter(good, bidBy(A, { amount: 1_200, max: 3_999 })).price).toBe(1_200)
  })

  it('needs no more than the raise when the leader makes it', () => {
    const good = goodAfter(goodWith(), bidBy(A, { max: 4_000 }))
    expect(goodAfter(good, bidBy(A, { max: 5_000, available: 1_000 })).max).toBe(5_000)
  })

  it('needs exactly its maximum and the premium on it, rounded down', () => {
    const good = goodWith({ premiumBp: 333 })
    expect(goodAfter(good, bidBy(A, { max: 1_999, available: 1_999 + 66 })).max).toBe(1_999)
    expect(() => decide(bidBy(A, { max: 1_999, available: 1_999 + 65 }), good)).toThrow()
  })
})

describe('the soft close', () => {
  const W = terms.softCloseMs
  const late = (beforeEnd: number) => ({ receivedAt: terms.endsAt - beforeEnd })

  it.each<[string, Partial<Good>, PlaceBid, number | null]>([
    ['does nothing for a bid earlier than that', {}, bidBy(A, { max: 1_000, ...late(W) }), null],
    ['does nothing when it is off', { softCloseMs: 0 }, bidBy(A, { max: 1_000, ...late(1) }), null],
    ['moves the end to W after the bid', {}, bidBy(A, { max: 1_000, ...late(W - 1) }), terms.endsAt + 1],
    [
      'accepts a bid in the last millisecond and extends',
      {},
      bidBy(A, { max: 1_000, ...late(1) }),
      terms.endsAt - 1 + W,
    ],
    [
      'stops at the hard end',
      { hardEndsAt: terms.endsAt + 1_000 },
      bidBy(A, { max: 1_000, ...late(1) }),
      terms.endsAt + 1_000,
    ],
    ['does nothing at the hard end', { hardEndsAt: terms.endsAt }, bidBy(A, { max: 1_000, ...late(1) }), null],
  ])('%s', (_, changes, bid, endsAt) => {
    const extended = decide(bid, { ...goodWith(), ...changes }).filter(({ type }) => type === 'extended')
    const { hardEndsAt } = { ...terms, ...changes }
    const extension = { type: 'extended', endsAt, hardEndsAt, cause: 'bid' }
    expect(extended).toEqual(endsAt === null ? [] : [extension])
  })

  it('ends after k bids W after the last, not k times W later', () => {
    const times = [1_000, 700, 400, 100].map((beforeEnd) => terms.endsAt - beforeEnd)
    const good = times.reduce(
      (state, receivedAt, index) =>
        goodAfter(state, bidBy(index % 2 ? A : B, { amount: minimumBid(state), receivedAt })),
      goodWith(),
    )
    expect(good.endsAt).toBe(terms.endsAt - 100 + W)
    expect(good.hardEndsAt).toBe(terms.hardEndsAt)
  })

  it('is not moved back by a bid received earlier and decided later', () => {
    const good = goodAfter(goodWith(), bidBy(A, { max: 5_000, ...late(10) }))
    expect(goodAfter(good, bidBy(B, { max: 3_000, ...late(1_000) })).endsAt).toBe(good.endsAt)
  })

  it('extends for a change of price without a change of leader', () => {
    const good = goodAfter(goodWith(), bidBy(A, { max: 5_000 }))
    const lifted = goodAfter(good, bidBy(B, { max: 3_000, ...late(1) }))
    expect(lifted).toMatchObject({ leader: A, price: 3_100, endsAt: terms.endsAt - 1 + W })
  })

  it('leaves the end alone when the leader raises his own maximum', () => {
    const good = goodAfter(goodWith(), bidBy(A, { max: 5_000 }))
    expect(decide(bidBy(A, { max: 9_000, ...late(1) }), good).map(({ type }) => type)).toEqual(['bid'])
  })

  it("extends when the leader's raise meets the reserve, for that changes the price", () => {
    const good = goodAfter(goodWith({ reserve: 4_000 }), bidBy(A, { max: 3_000 }))
    expect(decide(bidBy(A, { max: 4_000, ...late(1) }), good).map(({ type }) => type)).toEqual([
      'bid',
      'reserve_met',
      'extended',
    ])
  })

  it('refuses at the old end what was not extended, and takes at the old end what was', () => {
    const plain = goodAfter(goodWith(), bidBy(A, { max: 5_000, receivedAt: LISTED_AT }))
    expect(refusalOf(() => decide(bidBy(B, { max: 2_000, ...ended }), plain)).code).toBe('NOT_OPEN')
    const extended = goodAfter(goodWith(), bidBy(A, { max: 5_000, ...late(1) }))
    expect(goodAfter(extended, bidBy(B, { max: 2_000, ...ended })).bidCount).toBe(2)
  })
})
