/** The contest as its log tells it, as rows to show: every bid, what the house bid against it, and what was taken away. */
import type { FeedEvent } from '@auction/common/events'
import type { Person } from '@auction/common/good'
import type { Money } from '@auction/common/money'
import { moneyIn } from '../wording.ts'

export interface BidRow {
  readonly seq: number
  /** Server time, epoch ms. */
  readonly at: number
  readonly bidder: Person
  readonly amount: Money
  readonly message: string | null
  /** The id of the bid that it is, or that it comes of. */
  readonly id: number
  /** Whether it is no bid of a person: what the house bids for its leader, because of what happened to bid `id`. */
  readonly proxy: boolean
  /** The price after it, minor units. */
  readonly price: number
  /** How it came to stand no more; null while it stands. */
  readonly removed: keyof typeof gone | null
}

/** What a row that no longer stands is called. */
export const gone = { retracted: 'taken back', bid_cancelled: 'cancelled', lapsed: 'lapsed', undone: 'undone' } as const

/** The end of a good's log as far as it is known, oldest first and without a hole; and its rows, newest first. */
export interface History {
  readonly events: readonly FeedEvent[]
  readonly bids: readonly BidRow[]
}

/** Events kept. */
export const MOST_EVENTS = 500

export const noHistory: History = { events: [], bids: [] }

/** The history with more events, in their order; each counts once. */
export function joined(history: History, more: readonly FeedEvent[]): History {
  const [last, first] = [history.events.at(-1), more[0]]
  if (first && (!last || first.seq > last.seq)) return more.reduce(withNext, history)
  const bySeq = new Map([...history.events, ...more].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq).reduce(withNext, noHistory)
}

function withNext(history: History, event: FeedEvent): History {
  const { seq = event.seq - 1 } = history.events.at(-1) ?? {}
  // What was taken away in a hole nobody here knows: the history begins after it.
  const { events, bids } = seq === event.seq - 1 ? history : noHistory
  const kept = [...events, event].slice(-MOST_EVENTS)
  const oldest = kept[0]?.seq ?? 0
  return { events: kept, bids: rowsAfter(bids, event).filter((row) => row.seq >= oldest) }
}

/** The rows after an event. Where the newest that stands is not the leader at the price, one more says who leads, and at which. */
function rowsAfter(rows: readonly BidRow[], event: FeedEvent): readonly BidRow[] {
  const { type, seq, at, data } = event
  const rest = afterRemoval(rows, event)
  const [bidder, leader] = [personIn(data, 'bidder'), personIn(data, 'leader')]
  const [amount, price] = [moneyIn(data, 'amount'), moneyIn(data, 'price')]
  if (!leader || !price) return rest
  const id = typeof data.bidId === 'number' ? data.bidId : 0
  const message = typeof data.message === 'string' ? data.message : null
  const told = { seq, at: Date.parse(at), id, price: price.amount, removed: null }
  const bid = type === 'bid' && bidder && amount ? [{ ...told, bidder, amount, message, proxy: false }] : []
  const after = [...bid, ...rest]
  const top = after.find(({ removed }) => removed === null)
  if (top?.bidder.id === leader.id && top.amount.amount === price.amount) return after
  return [{ ...told, bidder: leader, amount: price, message: null, proxy: true }, ...after]
}

/**
 * The rows without what an event took away. With a bid goes what the house bid because of it, with a bidder's last bid
 * what the house bid for them, and what is above the price there is then: were it still so, the price could not be lower.
 */
function afterRemoval(rows: readonly BidRow[], { type, data }: FeedEvent): readonly BidRow[] {
  if (type !== 'retracted' && type !== 'bid_cancelled' && type !== 'lapsed') return rows
  const bidder = personIn(data, 'bidder')?.id
  const all = type === 'lapsed' || data.bidsLeft === 0
  // Who lapses does so on the way to the price, which the next event tells.
  const price = type === 'lapsed' ? Number.POSITIVE_INFINITY : (moneyIn(data, 'price')?.amount ?? 0)
  const bids = rows.filter(({ proxy, removed }) => !proxy && removed === null)
  const goes = (row: BidRow) => (type === 'lapsed' ? row.bidder.id === bidder : row.id === data.bidId)
  const lost = new Set(bids.filter(goes).map(({ id }) => id))
  const undone = (row: BidRow) => row.proxy && ((all && row.bidder.id === bidder) || row.price > price)
  return rows.map((row) => (lost.has(row.id) || undone(row) ? { ...row, removed: row.proxy ? 'undone' : type } : row))
}

/** Somebody among an event's facts. */
export function personIn(data: FeedEvent['data'], name: string): Person | null {
  const person = data[name]
  if (person === null || typeof person !== 'object' || Array.isArray(person)) return null
  const { id, nick } = person
  return typeof id === 'number' && typeof nick === 'string' ? { id, nick } : null
}
