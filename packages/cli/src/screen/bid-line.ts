/** The bid line as data: an amount, its review, the sending, the answer. Nothing is sent without a second, later Enter. */
import { parseAmount, toDecimal } from '@auction/common/money'
import { safeText } from '@auction/common/text'
import { pay } from '../wording.ts'
import type { Notice } from './notices.ts'

/** `exact` names what is bid; `max` a secret maximum up to which the house bids. */
export type BidKind = 'exact' | 'max'

/** `text` is the amount as typed, in major units; it outlives closing, refusals and reconnects. */
export type BidLine = { readonly kind: BidKind; readonly text: string } & (
  | { readonly step: 'closed' | 'amount' }
  /** `at` is monotonic: when the review appeared. */
  | { readonly step: 'review'; readonly amount: number; readonly at: number }
  | { readonly step: 'sending'; readonly amount: number; readonly key: string }
  /** Sent, and nobody knows with what effect: asked again with the same key until somebody does. */
  | { readonly step: 'unknown'; readonly amount: number; readonly key: string; readonly tries: number }
)

/** What the line needs to know of the good; amounts in minor units. */
export interface BidFacts {
  readonly currency: string
  readonly minimum: number
  /** The leader raises their own maximum: the minimum does not bind them. */
  readonly leads: boolean
  /** The step above a price. */
  increment(price: number): number
}

/** The line after something, what to tell, and the bid to send, if it came to that. */
export interface BidStep {
  readonly line: BidLine
  readonly notice?: Notice | null
  readonly place?: { readonly key: string; readonly kind: BidKind; readonly amount: number }
}

/** Enter is ignored for this long after a review appears: a key that was held or hit twice places no bid. */
export const REVIEW_MS = 400
/** From this many times the minimum on, the review says so. */
export const MUCH = 3
const MOST_TEXT = 20

export const closedLine: BidLine = { step: 'closed', kind: 'exact', text: '' }

const edit = ({ kind }: BidLine, text: string): BidLine => ({ step: 'amount', kind, text: text.slice(0, MOST_TEXT) })

/** Shows the field for an amount; a draft stays. */
export function openLine({ text }: BidLine, kind: BidKind): BidLine {
  return { step: 'amount', kind, text }
}

/** Characters typed: of an amount, nothing else. */
export function typeInto(line: BidLine, text: string): BidLine {
  return edit(line, line.text + text.replace(/[^0-9.,]/g, ''))
}

export function eraseFrom(line: BidLine): BidLine {
  return edit(line, line.text.slice(0, -1))
}

/** A paste replaces the draft by its first line, whatever stands there: only what is shown can be sent. */
export function pasteInto(line: BidLine, text: string): BidLine {
  return edit(line, safeText(text.trimStart().split(/[\r\n]/, 1)[0] ?? ''))
}

export function fillMinimum(line: BidLine, { minimum, currency }: BidFacts): BidLine {
  return edit({ ...line, kind: line.step === 'closed' ? 'exact' : line.kind }, toDecimal(minimum, currency))
}

/** One increment up or down from the draft, never below the minimum. */
export function stepAmount(line: BidLine, by: 1 | -1, facts: BidFacts): BidLine {
  const from = amountOf(line.text, facts.currency)
  if (typeof from !== 'number') return fillMinimum(line, facts)
  const to = by > 0 ? from + facts.increment(from) : from - facts.increment(Math.max(0, from - 1))
  return edit(line, toDecimal(Math.max(facts.minimum, to), facts.currency))
}

/** Esc: from the review to the amount, from the amount away. */
export function leaveLine(line: BidLine): BidLine {
  if (line.step === 'review') return edit(line, line.text)
  return line.step === 'amount' ? closedLine : line
}

/** Enter: from the amount to its review, from a review that could be read to sending. `at` is monotonic, `key` fresh. */
export function enterLine(line: BidLine, facts: BidFacts, at: number, key: string): BidStep {
  if (line.step === 'review') {
    if (at - line.at < REVIEW_MS) return { line }
    const { kind, text, amount } = line
    return { line: { step: 'sending', kind, text, amount, key }, notice: null, place: { key, kind, amount } }
  }
  if (line.step !== 'amount') return { line }
  const amount = amountOf(line.text, facts.currency)
  if (typeof amount === 'string') return { line, notice: { tone: 'bad', text: `✗ ${amount}` } }
  if (amount < facts.minimum && !facts.leads) {
    const minimum = pay({ amount: facts.minimum, currency: facts.currency })
    return { line, notice: { tone: 'bad', text: `✗ Too low: the minimum is ${minimum}.` } }
  }
  const much = amount >= facts.minimum * MUCH
  const warning: Notice = { tone: 'warning', text: `▲ This is ${MUCH} times the minimum or more. Look twice.` }
  return { line: { step: 'review', kind: line.kind, text: line.text, amount, at }, notice: much ? warning : null }
}

/** A review whose minimum rose is no longer what was reviewed: back to the amount. */
export function withdrawReview(line: BidLine, facts: BidFacts): BidStep {
  if (line.step !== 'review') return { line }
  const minimum = pay({ amount: facts.minimum, currency: facts.currency })
  return {
    line: edit(line, line.text),
    notice: { tone: 'warning', text: `▲ Review withdrawn: the minimum rose to ${minimum}.` },
  }
}

/** The amount in minor units, or the sentence that says what is wrong with the text. */
function amountOf(text: string, currency: string): number | string {
  try {
    const amount = parseAmount(text, currency)
    return amount > 0 ? amount : 'An amount is more than nothing.'
  } catch (error) {
    return text === '' ? 'Type an amount, or m for the minimum.' : (error as Error).message
  }
}
