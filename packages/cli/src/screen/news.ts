/** What happened, as rows to show: bids, activity, and how it ended. */
import type { PublicBid } from '@auction/common/answers'
import type { FeedEvent } from '@auction/common/events'
import type { Person } from '@auction/common/good'
import type { Money } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import { moneyIn, pay, sentence } from '../wording.ts'
import type { Notice } from './bid-line.ts'

export interface BidRow {
  readonly seq: number
  /** Server time, epoch ms. */
  readonly at: number
  readonly bidder: Person
  readonly amount: Money
  readonly message: string | null
}

export interface LogRow {
  readonly at: number
  readonly text: string
}

/** The row of a bid event; null for other events, and for a bid that lacks its facts. */
export function bidRow({ type, seq, at, data }: FeedEvent): BidRow | null {
  const amount = moneyIn(data, 'amount')
  const { bidder, message } = data
  if (type !== 'bid' || amount === null || bidder === null || typeof bidder !== 'object' || Array.isArray(bidder))
    return null
  const [id, nick] = [bidder?.id, bidder?.nick]
  if (typeof id !== 'number' || typeof nick !== 'string') return null
  return {
    seq,
    at: Date.parse(at),
    bidder: { id, nick },
    amount,
    message: typeof message === 'string' ? message : null,
  }
}

export function bidRows(bids: readonly PublicBid[]): BidRow[] {
  return bids.map(({ seq, at, bidder, amount, message }) => ({ seq, at: Date.parse(at), bidder, amount, message }))
}

/** Both, newest first, each seq once, at most `most`. */
export function mergeBids(known: readonly BidRow[], more: readonly BidRow[], most: number): BidRow[] {
  const bySeq = new Map([...known, ...more].map((row) => [row.seq, row]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, most)
}

/** An event as a line of the activity log. */
export function logRow(event: FeedEvent): LogRow {
  return { at: Date.parse(event.at), text: event.type === 'extended' ? 'A late bid moves the end.' : sentence(event) }
}

/** How it ended, for the one who watches. */
export function outcomeOf(good: GoodView, me: Person | null): Notice {
  const price = pay(good.price)
  switch (good.status) {
    case 'sold':
    case 'bought': {
      if (me !== null && good.winner?.id === me.id) return { tone: 'good', text: `✓ WON: yours for ${price}` }
      const sold = `SOLD to ${good.winner?.nick ?? 'somebody'} for ${price}`
      return good.you?.standing === 'lost'
        ? { tone: 'bad', text: `✗ LOST: ${sold}` }
        : { tone: 'plain', text: `■ ${sold}` }
    }
    case 'unsold': {
      const why = good.bidCount === 0 ? 'there was no bid' : 'the reserve was not met'
      return { tone: 'plain', text: `■ UNSOLD: ${why}` }
    }
    case 'cancelled':
      return { tone: 'plain', text: '■ CANCELLED: no longer for sale' }
    case 'open':
      return { tone: 'plain', text: '' }
    default:
      return good.status satisfies never
  }
}
