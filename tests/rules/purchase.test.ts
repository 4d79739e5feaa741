import { decide } from '@auction/common/bidding'
import { canBuyNow, evolve, type Good, priceFault } from '@auction/common/good'
import { heldOn } from '@auction/common/ledger'
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
  openBooks,
  purchaseBy,
  refusalOf,
  stageAfter,
  stageOf,
  terms,
  usd,
} from './given.ts'

const buyable = goodWith({ buyNow: 5_000 })
const reserved = goodWith({ buyNow: 5_000, reserve: 4_000 })
const secondChance = goodWith({ buyNow: 1_000, offeredTo: A })
const close = { type: 'close_due', now: terms.endsAt } as const

describe('the prices of a listing', () => {
  it.each([
    ['a reserve at the start', { reserve: 1_000 }, 'reserve'],
    ['a reserve below the start', { reserve: 999 }, 'reserve'],
    ['a buy-now price below 1.3 times the start', { buyNow: 1_299 }, 'buyNow'],
    ['a buy-now price below 1.3 times the start, by a fraction', { startPrice: 999, buyNow: 1_298 }, 'buyNow'],
    ['a buy-now price below 1.3 times a start of 1', { startPrice: 1, buyNow: 1 }, 'buyNow'],
    ['a buy-now price below the reserve', { reserve: 5_001, buyNow: 5_000 }, 'buyNow'],
    [
      'a buy-now price a fraction below 1.3 times the most there can be',
      { startPrice: 1_000_000_000_000, buyNow: 1_299_999_999_999 },
      'buyNow',
    ],
  ])('are refused with %s', (_, changes, path) => {
    expect(priceFault({ ...terms, ...changes })?.path).toBe(path)
  })

  it.each([
    ['neither', {}],
    ['a reserve just above the start', { reserve: 1_001 }],
    ['a buy-now price of exactly 1.3 times the start', { buyNow: 1_300 }],
    ['a buy-now price just above 1.3 times the start', { startPrice: 999, buyNow: 1_299 }],
    ['a buy-now price at the reserve', { reserve: 5_000, buyNow: 5_000 }],
  ])('are taken with %s', (_, changes) => {
    expect(priceFault({ ...terms, ...changes })).toBeNull()
  })
})

describe('a purchase is refused', () => {
  const led = goodAfter(goodWith({ buyNow: 5_000, reserve: 4_000, premiumBp: 1_000 }), bidBy(A, { max: 3_000 }))
  it.each<[string, Good, ReturnType<typeof purchaseBy>, string, object]>([
    ['by the seller', buyable, purchaseBy(mila, {}), 'OWN_GOOD', {}],
    ['at the very end', buyable, purchaseBy(A, { receivedAt: terms.endsAt }), 'NOT_OPEN', {}],
    ['on a good that is bought', goodAfter(buyable, purchaseBy(A, {})), purchaseBy(B, {}), 'NOT_OPEN', {}],
    [
      'on a good that is bought, by who bought it',
      goodAfter(buyable, purchaseBy(A, {})),
      purchaseBy(A, {}),
      'NOT_OPEN',
      {},
    ],
    ['on a good that is unsold', goodAfter(buyable, close), purchaseBy(A, {}), 'NOT_OPEN', {}],
    ['where there is no buy-now price', goodWith(), purchaseBy(A, {}), 'CONFLICT', {}],
    ['after the first bid', goodAfter(buyable, bidBy(A, { max: 1_000 })), purchaseBy(B, {}), 'CONFLICT', {}],
    [
      'after the first bid, by its bidder',
      goodAfter(buyable, bidBy(A, { max: 1_000 })),
      purchaseBy(A, {}),
      'CONFLICT',
      {},
    ],
    ['once the reserve is met', goodAfter(reserved, bidBy(A, { max: 4_000 })), purchaseBy(B, {}), 'CONFLICT', {}],
    [
      'without the funds, by one cent',
      buyable,
      purchaseBy(A, { available: 4_999 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(4_999), needed: usd(5_000) },
    ],
    [
      'without the funds for the premium',
      goodWith({ buyNow: 5_000, premiumBp: 2_500 }),
      purchaseBy(A, { available: 6_249 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(6_249), needed: usd(6_250) },
    ],
    [
      'by the leader without the funds for the rest beside the hold',
      led,
      purchaseBy(A, { available: 2_199 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(2_199), needed: usd(2_200) },
    ],
    [
      "by another, who has no part in the leader's hold",
      led,
      purchaseBy(B, { available: 5_499 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(5_499), needed: usd(5_500) },
    ],
    ['of a second chance by anybody else', secondChance, purchaseBy(B, {}), 'FORBIDDEN', {}],
    [
      'of a second chance without the funds',
      secondChance,
      purchaseBy(A, { available: 999 }),
      'INSUFFICIENT_FUNDS',
      { available: usd(999), needed: usd(1_000) },
    ],
    ['of a second chance after its end', secondChance, purchaseBy(A, { receivedAt: terms.endsAt }), 'NOT_OPEN', {}],
  ])('%s', (_, good, command, code, data) => {
    expect(refusalOf(() => decide(command, good))).toEqual({ code, data })
  })

  it('for the first of several reasons: own good, not open, not offered to them, no longer open to buy, funds', () => {
    const poor = { available: 0 }
    const late = { receivedAt: terms.endsAt }
    const codes = [
      refusalOf(() => decide(purchaseBy(mila, { ...poor, ...late }), buyable)),
      refusalOf(() => decide(purchaseBy(B, { ...poor, ...late }), secondChance)),
      refusalOf(() => decide(purchaseBy(B, poor), secondChance)),
      refusalOf(() => decide(purchaseBy(B, poor), goodAfter(buyable, bidBy(A, { max: 1_000 })))),
      refusalOf(() => decide(purchaseBy(B, poor), buyable)),
    ].map(({ code }) => code)
    expect(codes).toEqual(['OWN_GOOD', 'NOT_OPEN', 'FORBIDDEN', 'CONFLICT', 'INSUFFICIENT_FUNDS'])
  })
})

describe('a purchase', () => {
  it.each<[string, Good, Parameters<typeof purchaseBy>]>([
    ['ends the good at once', buyable, [B, {}]],
    ['needs exactly the price', buyable, [B, { available: 5_000 }]],
    ['is taken a millisecond before the end', buyable, [B, { receivedAt: terms.endsAt - 1 }]],
    ['is taken with bids while the reserve is unmet', goodAfter(reserved, bidBy(A, { max: 3_999 })), [B, {}]],
    [
      'is taken of the leader, whose hold counts, while the reserve is unmet',
      goodAfter(reserved, bidBy(B, { max: 3_999 })),
      [B, { available: 1_001 }],
    ],
  ])('%s', (_, good, [buyer, changes]) => {
    const command = purchaseBy(buyer, changes)
    const events = decide(command, good)
    expect(events).toEqual([{ type: 'bought', winner: B, price: 5_000, receivedAt: command.receivedAt }])
    const after = events.reduce(evolve, good)
    expect(after).toMatchObject({ status: 'bought', winner: B, leader: B, price: 5_000, max: null, seq: good.seq + 1 })
    expect(canBuyNow(after)).toBe(false)
    expect(heldOn(after)).toBe(0)
  })

  it('of a second chance is for whom it is offered to', () => {
    expect(decide(purchaseBy(A, { available: 1_000 }), secondChance)).toMatchObject([
      { type: 'bought', winner: A, price: 1_000 },
    ])
  })

  it('ends a good that then takes no bid, no other purchase and no close', () => {
    const bought = goodAfter(buyable, purchaseBy(A, {}))
    expect(refusalOf(() => decide(bidBy(B, { max: 9_000 }), bought)).code).toBe('NOT_OPEN')
    expect(decide(close, bought)).toEqual([])
    expect(decide({ type: 'extend_for_outage', downSince: LISTED_AT, now: terms.endsAt }, bought)).toEqual([])
  })

  it('settles in its commit: holds released, the price to the seller, the fees to the house', () => {
    const books = openBooks(
      new Map([
        [A.id, 3_300],
        [B.id, 5_500],
      ]),
    )
    const listed = goodWith({ buyNow: 5_000, reserve: 4_000, premiumBp: 1_000, commissionBp: 500 })
    const led = decide(bidBy(A, { max: 3_000, available: 3_300 }), listed).reduce(books.record, listed)
    expect(books.balanceOf(`user:${A.id}/held`)).toBe(3_300)
    decide(purchaseBy(B, { available: 5_500 }), led).reduce(books.record, led)
    const balances = (
      [`user:${A.id}/available`, `user:${A.id}/held`, `user:${B.id}/available`, 'user:1/available', 'house'] as const
    ).map(books.balanceOf)
    expect(balances).toEqual([3_300, 0, 0, 4_750, 750])
    expect(books.total()).toBe(0)
  })

  it('by the leader takes his hold first, and of what is left the rest', () => {
    const books = openBooks(new Map([[A.id, 5_500]]))
    const listed = goodWith({ buyNow: 5_000, reserve: 4_000, premiumBp: 1_000 })
    const led = decide(bidBy(A, { max: 3_000, available: 5_500 }), listed).reduce(books.record, listed)
    decide(purchaseBy(A, { available: books.balanceOf(`user:${A.id}/available`) }), led).reduce(books.record, led)
    expect([books.balanceOf(`user:${A.id}/available`), books.balanceOf(`user:${A.id}/held`)]).toEqual([0, 0])
    expect(books.balanceOf('user:1/available')).toBe(5_000)
  })
})

describe('the buy-now price', () => {
  it('is open until the first bid, and again when no bid stands', () => {
    const stage = stageOf(buyable, bidBy(A, { max: 1_000 }))
    expect(canBuyNow(buyable)).toBe(true)
    expect(canBuyNow(stage.good)).toBe(false)
    expect(canBuyNow(goodAfter(stage.good, cancellationOf(A, 1_000, stage)))).toBe(true)
  })

  it('is open with a reserve until that is met, and again when a removal leaves it unmet', () => {
    const unmet = stageOf(reserved, bidBy(A, { max: 3_000 }))
    expect(canBuyNow(unmet.good)).toBe(true)
    const met = stageAfter(unmet, decide(bidBy(B, { max: 4_000 }), unmet.good))
    expect(canBuyNow(met.good)).toBe(false)
    expect(canBuyNow(goodAfter(met.good, cancellationOf(B, 4_000, met)))).toBe(true)
  })

  it('closes when a seller lowers the reserve to the price', () => {
    const { good } = stageOf(reserved, bidBy(A, { amount: 3_000 }), bidBy(C, { amount: 3_500 }))
    const edit = { type: 'edit_good', by: mila, note: null, salt: 'x', receivedAt: LISTED_AT } as const
    expect(canBuyNow(goodAfter(good, { ...edit, changes: { reserve: 3_500 } }))).toBe(false)
  })
})
