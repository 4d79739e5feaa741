/** Steps and spans: how far apart bids stand, the least next bid, how long a soft close is. */
import type { Good, Increment } from './good.ts'
import { shareOf } from './money.ts'

// eBay's ten bands, minor units of a two-decimal currency (rules.md, section 1).
const BANDS = [
  [0, 5],
  [100, 25],
  [500, 50],
  [2_500, 100],
  [10_000, 250],
  [25_000, 500],
  [50_000, 1_000],
  [100_000, 2_500],
  [250_000, 5_000],
  [500_000, 10_000],
] as const

const SOFT_CLOSE_MS = 120_000
const SHORT_SALE_MS = 20 * 60_000
const LEAST_SOFT_CLOSE_MS = 5_000
/** How far soft closes may move the end altogether (rules.md, section 3). */
export const HARD_END_MS = 60 * 60_000

/** The increments a house of this currency copies into a good when it is listed. */
export function defaultIncrement(currency: string): Increment {
  const scale = currency === 'KRW' ? 10 : 1
  return { bands: BANDS.map(([from, step]) => [from * scale, step * scale] as const) }
}

/** Length of the soft close of a good listed for `durationMs` when the seller names none (rules.md, section 3). */
export function defaultSoftClose(durationMs: number): number {
  return durationMs < SHORT_SALE_MS ? Math.max(LEAST_SOFT_CLOSE_MS, Math.floor(durationMs / 10)) : SOFT_CLOSE_MS
}

/** The step above `price`, minor units: the last band that begins at or below it. */
export function incrementAt(increment: Increment, price: number): number {
  if ('fixed' in increment) return increment.fixed
  if ('percentBp' in increment) return Math.max(1, shareOf(price, increment.percentBp))
  return increment.bands.findLast(([from]) => from <= price)?.[1] ?? 1
}

/** The least next bid, minor units. */
export function minimumBid(good: Pick<Good, 'price' | 'startPrice' | 'increment'>): number {
  return good.price === null ? good.startPrice : good.price + incrementAt(good.increment, good.price)
}
