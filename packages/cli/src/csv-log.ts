/** Events of a log as rows of a table that a spreadsheet reads (RFC 4180), and takes nothing in for a formula. */
import type { FeedEvent, LoggedEvent } from '@auction/common/events'
import { toDecimal } from '@auction/common/money'
import { safeLines, safeText } from '@auction/common/text'
import { moneyIn, plainPay } from './wording.ts'

type Facts = FeedEvent['data']

const textIn = (facts: Facts, name: string): string => {
  const value = facts[name]
  return typeof value === 'string' ? value : ''
}
const numberIn = (facts: Facts, name: string): string => {
  const value = facts[name]
  return typeof value === 'number' ? String(value) : ''
}
const nickIn = (facts: Facts, ...names: string[]): string => {
  for (const name of names) {
    const person = facts[name]
    if (person && typeof person === 'object' && 'nick' in person && typeof person.nick === 'string') return person.nick
  }
  return ''
}
const payIn = (facts: Facts, name: string): string => plainPay(moneyIn(facts, name))

function currencyIn(facts: Facts): string {
  for (const name of Object.keys(facts)) {
    const currency = moneyIn(facts, name)?.currency
    if (currency) return currency
  }
  return ''
}

const opened = ({ opened: secret, data }: LoggedEvent, name: 'max' | 'reserve'): string => {
  const amount = secret && name in secret ? secret[name as keyof typeof secret] : null
  return typeof amount === 'number' ? toDecimal(amount, currencyIn(data)) : ''
}

/** `text` columns hold what people wrote; the others what the house did. */
const columns: readonly { name: string; text?: true; value(event: LoggedEvent): string }[] = [
  { name: 'good', value: ({ goodId }) => String(goodId) },
  { name: 'seq', value: ({ seq }) => String(seq) },
  { name: 'type', value: ({ type }) => type },
  { name: 'at', value: ({ at }) => at },
  { name: 'received_at', value: ({ data }) => textIn(data, 'receivedAt') },
  { name: 'bid', value: ({ data }) => numberIn(data, 'bidId') },
  { name: 'person', text: true, value: ({ data }) => nickIn(data, 'bidder', 'winner', 'owner') },
  { name: 'amount', value: ({ data }) => payIn(data, 'amount') || payIn(data, 'startPrice') },
  { name: 'price', value: ({ data }) => payIn(data, 'price') },
  { name: 'minimum_bid', value: ({ data }) => payIn(data, 'minimumBid') },
  { name: 'maximum', value: (event) => opened(event, 'max') },
  { name: 'reserve', value: (event) => opened(event, 'reserve') },
  { name: 'currency', value: ({ data }) => currencyIn(data) },
  { name: 'leader', text: true, value: ({ data }) => nickIn(data, 'leader') },
  { name: 'bids', value: ({ data }) => numberIn(data, 'bidCount') },
  { name: 'ends_at', value: ({ data }) => textIn(data, 'endsAt') },
  { name: 'reason', text: true, value: ({ data }) => textIn(data, 'reason') || textIn(data, 'cause') },
  {
    name: 'text',
    text: true,
    value: ({ data }) => textIn(data, 'message') || textIn(data, 'text') || textIn(data, 'name'),
  },
  { name: 'hash', value: ({ hash }) => hash },
]

/** The first row; `plainly`: as of `csvRow`. */
export const csvHeader = (plainly: boolean): string =>
  rowOf(
    columns.map(({ name }) => name),
    plainly,
  )

/** An event as a row, made harmless. `plainly`: for a terminal, one line. */
export function csvRow(event: LoggedEvent, plainly: boolean): string {
  const cells = columns.map(({ text, value }) => {
    const plain = (plainly ? safeText : safeLines)(value(event))
    return quoted(text && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain)
  })
  return rowOf(cells, plainly)
}

// A terminal has no use for the return that the format asks for.
const rowOf = (cells: readonly string[], plainly: boolean): string => `${cells.join(',')}${plainly ? '\n' : '\r\n'}`

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
