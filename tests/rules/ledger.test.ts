import { decide } from '@auction/common/bidding'
import { evolve, type Good, type GoodEvent } from '@auction/common/good'
import { available, entriesFor, held, heldOn, holdFor } from '@auction/common/ledger'
import { shareOf } from '@auction/common/money'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'
import {
  A,
  B,
  bidBy,
  cancellationOf,
  goodAfter,
  goodWith,
  LISTED_AT,
  mila,
  openBooks,
  purchaseBy,
  retractionBy,
  stageOf,
  terms,
} from './given.ts'
import { crowd, play, type Sale, sales } from './random-sale.ts'

/** The movements of all events of `command`, as `kind debit -> credit amount`. */
function movements(good: Good, events: readonly GoodEvent[]): string[] {
  let state = good
  return events.flatMap((event) => {
    const before = state
    state = evolve(state, event)
    return entriesFor(before, event, state).map(
      ({ kind, debit, credit, amount }) => `${kind} ${debit} -> ${credit} ${amount}`,
    )
  })
}

const fees = { premiumBp: 2_500, commissionBp: 1_000 }
const alone = stageOf(goodWith(fees), bidBy(A, { max: 5_000 }))
const stage = stageOf(goodWith(fees), bidBy(A, { max: 5_000 }), bidBy(B, { max: 6_000 }))
const raised = stageOf(goodWith(fees), bidBy(A, { max: 5_000 }), bidBy(A, { max: 8_000 }))
const unmet = goodAfter(goodWith({ ...fees, buyNow: 9_000, reserve: 4_000 }), bidBy(A, { max: 3_000 }))
const close = { type: 'close_due', now: terms.endsAt } as const

describe('the ledger', () => {
  it.each([
    ['moves nothing when a good is listed', goodWith(), [{ type: 'listed', terms, salt: 's' }] as GoodEvent[], []],
    [
      'moves nothing when the end moves, the reserve is met, a bidder lapses or the seller edits',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      [
        { type: 'extended', endsAt: 1, hardEndsAt: 2, cause: 'bid' },
        { type: 'reserve_met' },
        { type: 'lapsed', bidder: B, bids: 1 },
        { type: 'note', text: 'x', changes: { reserve: 1 }, salt: 's', receivedAt: 1 },
      ] as GoodEvent[],
      [],
    ],
    [
      'holds the whole maximum',
      goodWith(),
      decide(bidBy(A, { max: 5_000 }), goodWith()),
      ['hold user:11/available -> user:11/held 5000'],
    ],
    [
      'holds the premium on the maximum too',
      goodWith(fees),
      decide(bidBy(A, { max: 5_000 }), goodWith(fees)),
      ['hold user:11/available -> user:11/held 6250'],
    ],
    [
      'moves nothing for a bid outbid at once',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      decide(bidBy(B, { max: 4_000 }), goodAfter(goodWith(), bidBy(A, { max: 5_000 }))),
      [],
    ],
    [
      'moves nothing for a tie, which the earlier wins',
      goodAfter(goodWith(), bidBy(A, { max: 5_000 })),
      decide(bidBy(B, { max: 5_000 }), goodAfter(goodWith(), bidBy(A, { max: 5_000 }))),
      [],
    ],
    [
      'releases the whole hold of one who is outbid, and holds for the other',
      goodAfter(goodWith(fees), bidBy(A, { max: 5_000 })),
      decide(bidBy(B, { max: 6_000 }), goodAfter(goodWith(fees), bidBy(A, { max: 5_000 }))),
      ['release user:11/held -> user:11/available 6250', 'hold user:12/available -> user:12/held 7500'],
    ],
    [
      'holds the rest of a raise',
      goodAfter(goodWith(fees), bidBy(A, { max: 5_000 })),
      decide(bidBy(A, { max: 6_000 }), goodAfter(goodWith(fees), bidBy(A, { max: 5_000 }))),
      ['hold user:11/available -> user:11/held 1250'],
    ],
    [
      'settles: the price to the seller less the commission, the fees to the house, the rest back',
      goodAfter(goodWith(fees), bidBy(A, { max: 5_000 }), bidBy(B, { max: 3_000 })),
      decide(close, goodAfter(goodWith(fees), bidBy(A, { max: 5_000 }), bidBy(B, { max: 3_000 }))),
      [
        'sale user:11/held -> user:1/available 3100',
        'premium user:11/held -> house 775',
        'commission user:1/available -> house 310',
        'release user:11/held -> user:11/available 2375',
      ],
    ],
    [
      'settles without fees, and without a release when the price is the maximum',
      goodAfter(goodWith(), bidBy(A, { amount: 5_000 })),
      decide(close, goodAfter(goodWith(), bidBy(A, { amount: 5_000 }))),
      ['sale user:11/held -> user:1/available 5000'],
    ],
    [
      'releases the hold when the reserve is unmet',
      goodAfter(goodWith({ reserve: 9_000 }), bidBy(A, { max: 5_000 })),
      decide(close, goodAfter(goodWith({ reserve: 9_000 }), bidBy(A, { max: 5_000 }))),
      ['release user:11/held -> user:11/available 5000'],
    ],
    ['moves nothing when nobody bid', goodWith(), decide(close, goodWith()), []],
    [
      'settles a sale before the end as one at the end',
      stage.good,
      decide({ type: 'accept_bid', by: mila, receivedAt: LISTED_AT }, stage.good),
      [
        'sale user:12/held -> user:1/available 5100',
        'premium user:12/held -> house 1275',
        'commission user:1/available -> house 510',
        'release user:12/held -> user:12/available 1125',
      ],
    ],
    [
      'settles a purchase out of what is available, the old leader released first',
      unmet,
      decide(purchaseBy(B, {}), unmet),
      [
        'release user:11/held -> user:11/available 3750',
        'sale user:12/available -> user:1/available 9000',
        'premium user:12/available -> house 2250',
        'commission user:1/available -> house 900',
      ],
    ],
    [
      'releases the hold when the good is cancelled',
      stage.good,
      decide({ type: 'cancel_good', by: mila, as: 'seller', reason: 'incorrect', receivedAt: LISTED_AT }, stage.good),
      ['release user:12/held -> user:12/available 7500'],
    ],
    [
      'releases the hold of who takes the lead back, and holds for who leads then',
      stage.good,
      decide(retractionBy(B, 6_000, stage), stage.good),
      ['release user:12/held -> user:12/available 7500', 'hold user:11/available -> user:11/held 6250'],
    ],
    [
      'releases part of the hold when an earlier bid of the leader leads on',
      raised.good,
      decide(cancellationOf(A, 8_000, raised), raised.good),
      ['release user:11/held -> user:11/available 3750'],
    ],
    [
      'releases the hold when nobody is left',
      alone.good,
      decide(retractionBy(A, 5_000, alone), alone.good),
      ['release user:11/held -> user:11/available 6250'],
    ],
    [
      'moves nothing when a bid goes that does not lead',
      stage.good,
      decide(retractionBy(A, 5_000, stage), stage.good),
      [],
    ],
  ] as const)('%s', (_, good, events, expected) => {
    expect(movements(good, events)).toEqual(expected)
  })

  it('names each settlement so that it cannot be booked twice', () => {
    const good = goodAfter(goodWith(fees), bidBy(A, { max: 5_000 }))
    const books = openBooks(new Map())
    const [sold] = decide(close, good)
    if (!sold) throw new Error('Nothing was sold.')
    const keys = entriesFor(good, sold, evolve(good, sold)).map(({ key }) => key)
    expect(keys).toEqual(['good:42/sale', 'good:42/premium', 'good:42/commission', 'good:42/release'])
    expect(books.total()).toBe(0)
  })

  it('holds nothing on a good that is closed or without bids', () => {
    expect(heldOn(goodWith())).toBe(0)
    expect(heldOn(goodAfter(goodWith(), bidBy(A, { max: 5_000 })))).toBe(5_000)
    expect(heldOn(goodAfter(goodWith(), bidBy(A, { max: 5_000 }), close))).toBe(0)
  })

  it('always holds enough for the price and the premium on it', () => {
    const amounts = fc.integer({ min: 1, max: 1_000_000_000_000 })
    fc.assert(
      fc.property(amounts, amounts, fc.integer({ min: 0, max: 10_000 }), (one, other, premiumBp) => {
        const [price, max] = [Math.min(one, other), Math.max(one, other)]
        expect(holdFor({ premiumBp }, max)).toBeGreaterThanOrEqual(price + shareOf(price, premiumBp))
      }),
    )
  })
})

describe('in any sale', () => {
  it('after every event the accounts sum to 0, nobody overspends, and what is held is what the leader reserves', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(
          sale,
          () => {},
          ({ after: good, books }) => {
            expect(books.total()).toBe(0)
            for (const { id } of [mila, ...crowd]) {
              expect(books.balanceOf(available(id))).toBeGreaterThanOrEqual(0)
              expect(books.balanceOf(held(id))).toBe(good.leader?.id === id ? heldOn(good) : 0)
            }
          },
        )
      }),
      { numRuns: 300 },
    )
  })

  it('the winner pays the price and the premium once, the seller gets it less the commission, the house the fees', () => {
    fc.assert(
      fc.property(sales, (sale: Sale) => {
        const { good, books } = play(sale)
        const paidFor = good.status === 'sold' || good.status === 'bought'
        const price = paidFor ? (good.price ?? 0) : 0
        const [premium, commission] = [shareOf(price, good.premiumBp), shareOf(price, good.commissionBp)]
        expect(books.balanceOf(available(mila.id))).toBe(price - commission)
        expect(books.balanceOf('house')).toBe(premium + commission)
        for (const [index, { id }] of crowd.entries()) {
          const paid = good.winner?.id === id ? price + premium : 0
          expect(books.balanceOf(available(id)) + books.spentBy(id)).toBe((sale.funds[index] ?? 0) - paid)
          expect(books.balanceOf(held(id))).toBe(0)
        }
        expect(books.entries.filter(({ kind }) => kind === 'sale')).toHaveLength(paidFor ? 1 : 0)
      }),
      { numRuns: 300 },
    )
  })
})
