/** Sales at random: terms, funds and a crowd's bids, played through decide() with the books kept. */
import { type Command, decide, defaultIncrement, minimumBid } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import type { Good, GoodEvent, Person, Terms } from '@auction/common/good'
import { available } from '@auction/common/ledger'
import fc from 'fast-check'
import { type Books, bidBy, goodWith, LISTED_AT, mila, openBooks } from './given.ts'

export const crowd: readonly Person[] = ['ann', 'bob', 'cat', 'dan', 'eva'].map((nick, index) => ({
  id: index + 2,
  nick,
}))

/** One attempt: who, how far above (or below) the minimum or the leader's maximum, in which form, how much later. */
interface Attempt {
  readonly who: number
  readonly form: 'exact' | 'proxy' | 'both'
  readonly from: 'minimum' | 'max'
  readonly off: number
  readonly more: number
  readonly waitMs: number
}

export interface Sale {
  readonly terms: Partial<Terms>
  readonly funds: readonly number[]
  readonly attempts: readonly Attempt[]
}

const increments = fc.oneof(
  fc.constant(defaultIncrement('USD')),
  fc.integer({ min: 1, max: 700 }).map((fixed) => ({ fixed })),
  fc.integer({ min: 1, max: 10_000 }).map((percentBp) => ({ percentBp })),
)

const LENGTH_MS = 40_000

const someTerms = fc
  .record({
    startPrice: fc.integer({ min: 1, max: 3_000 }),
    aboveStart: fc.option(fc.integer({ min: 1, max: 4_000 })),
    increment: increments,
    softCloseMs: fc.constantFrom(0, 5_000, 20_000),
    spareMs: fc.constantFrom(0, 10_000, 60_000),
    premiumBp: fc.constantFrom(0, 1, 333, 2_500, 10_000),
    commissionBp: fc.constantFrom(0, 1, 777, 10_000),
  })
  .map(({ aboveStart, spareMs, ...rest }) => ({
    ...rest,
    reserve: aboveStart === null ? null : rest.startPrice + aboveStart,
    endsAt: LISTED_AT + LENGTH_MS,
    hardEndsAt: LISTED_AT + LENGTH_MS + spareMs,
  }))

const attempt = fc.record({
  who: fc.integer({ min: -1, max: crowd.length - 1 }),
  form: fc.constantFrom('exact' as const, 'proxy' as const, 'both' as const),
  from: fc.constantFrom('minimum' as const, 'max' as const),
  off: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 1_500 })),
  more: fc.integer({ min: 0, max: 900 }),
  waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9_000 })),
})

/** Any sale of up to 40 attempts; the seller is among those who try. */
export const sales: fc.Arbitrary<Sale> = fc.record({
  terms: someTerms,
  funds: fc.array(fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.constant(1_000_000)), {
    minLength: crowd.length,
    maxLength: crowd.length,
  }),
  attempts: fc.array(attempt, { maxLength: 40, size: 'max' }),
})

export interface Step {
  readonly command: Command
  readonly before: Good
  readonly after: Good
  readonly events: readonly GoodEvent[]
  readonly refusal: AuctionError | null
  readonly books: Books
  /** The end of the good this step began with, and the instant of the command. */
  readonly now: number
}

/** The command that an attempt comes to, given how the good stands. */
function commandOf(good: Good, { who, form, from, off, more }: Attempt, now: number, books: Books): Command {
  const bidder = crowd[who] ?? mila
  const base = from === 'max' && good.max !== null ? good.max : minimumBid(good)
  const amount = Math.max(1, base + off)
  const max = amount + more
  const named = { exact: { amount }, proxy: { max }, both: { amount, max } }[form]
  return bidBy(bidder, { ...named, receivedAt: now, available: books.balanceOf(available(bidder.id)) })
}

/** Plays a sale to its end, closing it twice; `see` is told of every step. */
export function play(sale: Sale, see: (step: Step) => void = () => {}): { good: Good; books: Books } {
  const books = openBooks(
    new Map([[mila.id, 0], ...crowd.map(({ id }, index) => [id, sale.funds[index] ?? 0] as const)]),
  )
  let good = goodWith(sale.terms)
  let now = LISTED_AT
  function take(command: Command): void {
    const before = good
    let events: GoodEvent[] = []
    let refusal: AuctionError | null = null
    try {
      events = decide(command, good)
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      refusal = error
    }
    for (const event of events) {
      good = books.record(good, event)
      if (books.total() !== 0) throw new Error(`The accounts sum to ${books.total()} after ${event.type}.`)
    }
    see({ command, before, after: good, events, refusal, books, now })
  }
  for (const next of sale.attempts) {
    now += next.waitMs
    take(commandOf(good, next, now, books))
    take({ type: 'close_due', now })
  }
  now = Math.max(now, good.endsAt)
  take({ type: 'close_due', now })
  take({ type: 'close_due', now: now + 1 })
  return { good, books }
}
