/** How the price went, bid by bid: the numbers of a chart, and a chart in one line. */
import { valuesToSymbols } from '@pppp606/ink-chart'
import type { Model } from './model.ts'
import { dim, type Line } from './words.ts'

/** The price after each bid that stands, oldest first, minor units; what was taken back never was. */
export function pricesOf({ bids, good }: Model): number[] {
  const prices: number[] = []
  for (const { amount, removed } of bids.toReversed())
    if (removed === null) prices.push(Math.max(amount.amount, prices.at(-1) ?? 0))
  const price = good?.price?.amount ?? 0
  // A bid that beat a secret maximum, or fell short of one, moves the price past what it named itself.
  return prices.length > 0 && price > (prices.at(-1) ?? 0) ? [...prices.slice(0, -1), price] : prices
}

/** `PRICE ▁▂▄█` in `width` cells; null while there is nothing to compare. */
export function sparkLine(model: Model, width: number): Line | null {
  const title = 'PRICE  '
  const prices = thinned(pricesOf(model), width - title.length)
  if (prices.length < 2) return null
  return [...dim(title), { text: valuesToSymbols([...prices]).join('') }]
}

/** At most `most` of the values, evenly chosen, the first and the last among them. */
export function thinned(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values
  if (most < 2) return []
  return Array.from({ length: most }, (_, at) => values[Math.round((at * (values.length - 1)) / (most - 1))] ?? 0)
}
