/** How the price went, bid by bid: the numbers of a chart, and a chart in one line. */
import { valuesToSymbols } from '@pppp606/ink-chart'
import type { Model } from './model.ts'
import { dim, type Line } from './words.ts'

/** The price after each bid that stands, oldest first, minor units; what was taken back never was, nor a price that fell with it. */
export function pricesOf({ bids, good }: Model): number[] {
  let price = good?.price?.amount ?? 0
  const standing = bids.filter(({ proxy, removed }) => !proxy && removed === null)
  return standing.map((row, newer) => (price = newer === 0 ? price : Math.min(price, row.price))).reverse()
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
