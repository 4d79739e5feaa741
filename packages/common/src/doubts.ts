/** What a log may not say, whatever came before: times that no house has, and terms that no house takes. */
import { type Good, priceFault, type Terms } from './good.ts'
import { HARD_END_MS } from './increments.ts'
import { canonicalJson } from './log.ts'
import { inWords, isCurrency } from './money.ts'
import type { Reading } from './recall.ts'
import { limits } from './requests.ts'
import { OUTAGE_GRACE_MS } from './sale.ts'

/** Something that cannot be: what it is about, what it would have to be, what it is. */
export type Doubt = readonly [what: string, expected: string, found: string]

/**
 * What is decided is recorded soon, or not at all: the house refuses what it could not record within this, which is much more than
 * the queue and two tries of five seconds take while the database is away.
 */
export const LATE_MS = 60_000
/** Servers of one house may have clocks this far apart. */
export const CLOCKS_APART_MS = 10_000
/** The whole of a price, in basis points. */
const MOST_BP = 10_000

/** What cannot be about when an entry was decided, beside when it was recorded. */
export function doubtsOfTime({ entry, facts }: Reading, good: Good | null): Doubt[] {
  const { at } = entry
  const recorded = Date.parse(at)
  const doubts: Doubt[] = []
  const within = (what: string, decided: number, offset = 0) => {
    const [first, last] = [recorded - LATE_MS + offset, recorded + CLOCKS_APART_MS + offset]
    const [from, to] = [first, last].map((each) => new Date(each).toISOString())
    const found = decided + offset
    if (found < first || found > last) doubts.push([what, `${from} to ${to}`, new Date(found).toISOString()])
  }
  if (facts.type === 'listed') within('listedAt', Date.parse(facts.data.listedAt))
  if (facts.type === 'extended' && facts.data.cause === 'outage')
    within('endsAt', Date.parse(facts.data.endsAt) - OUTAGE_GRACE_MS, OUTAGE_GRACE_MS)
  const received = 'receivedAt' in facts.data ? facts.data.receivedAt : null
  if (received === null) return doubts
  within('receivedAt', Date.parse(received))
  if (good && Date.parse(received) < good.listedAt - CLOCKS_APART_MS)
    doubts.push(['receivedAt', 'later than the listing', received])
  return doubts
}

/** What no house may take, and no sale may have. */
export function doubtsOfMargins({ type, data }: Reading['facts']): Doubt[] {
  const { premiumBp = 0, commissionBp = 0 } = type === 'listed' ? data : {}
  const { softCloseMs = 0 } = type === 'listed' ? data : type === 'note' ? data.changed : {}
  return (
    [
      ['premiumBp', premiumBp, MOST_BP],
      ['commissionBp', commissionBp, MOST_BP],
      ['softCloseMs', softCloseMs, limits.longestSoftCloseMs],
    ] as const
  )
    .filter(([, value, most]) => value < 0 || value > most)
    .map(([what, value, most]) => [what, `0 to ${most}`, String(value)])
}

/** What cannot be about the terms of a good. */
export function doubtsOfTerms(terms: Terms): Doubt[] {
  const { currency, endsAt, hardEndsAt, listedAt, offeredTo } = terms
  const fault = offeredTo ? null : priceFault(terms)
  const hardEnd = new Date(endsAt + HARD_END_MS).toISOString()
  return [
    ...(isCurrency(currency) ? [] : [['currency', 'one that there is', inShort(currency)] as const]),
    ...(fault ? [[fault.path, fault.message.replace('must', 'it to'), 'it is not so'] as const] : []),
    ...(hardEndsAt === endsAt + HARD_END_MS
      ? []
      : [['hardEndsAt', hardEnd, new Date(hardEndsAt).toISOString()] as const]),
    ...(endsAt > listedAt ? [] : [['endsAt', 'later than the listing', new Date(endsAt).toISOString()] as const]),
  ]
}

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)

/** A value of an event in a few words. */
export function inShort(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  if (typeof value !== 'object') return short(String(value))
  const { amount, currency, id, nick } = value as Record<string, unknown>
  if (typeof amount === 'number' && typeof currency === 'string' && isCurrency(currency))
    return inWords({ amount, currency })
  return short(typeof nick === 'string' ? `${nick} (${String(id)})` : canonicalJson(value))
}
