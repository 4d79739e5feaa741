/** What happened, as rows to show: bids, activity, and how it ended. */
import type { PublicBid } from '@auction/common/answers'
import type { FeedEvent } from '@auction/common/events'
import type { Person } from '@auction/common/good'
import type { Money } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import { moneyIn, pay, reasonWords, sentence } from '../wording.ts'
import type { Notice } from './notices.ts'

export interface BidRow {
  readonly seq: number
  /** Server time, epoch ms. */
  readonly at: number
  readonly bidder: Person
  readonly amount: Money
  readonly message: string | null
  /** Its id: by it, or by its bidder, it is taken away again. */
  readonly id: number
  /** How it came to stand no more; null while it stands. */
  readonly removed: keyof typeof gone | null
}

/** What a bid that no longer stands is called. */
export const gone = { retracted: 'taken back', cancelled: 'cancelled', lapsed: 'lapsed' } as const

export interface LogRow {
  readonly at: number
  readonly text: string
}

/** The row of a bid event; null for other events, and for a bid that lacks its facts. */
export function bidRow({ type, seq, at, data }: FeedEvent): BidRow | null {
  const amount = moneyIn(data, 'amount')
  const { bidder, message, bidId } = data
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
    id: typeof bidId === 'number' ? bidId : 0,
    removed: null,
  }
}

export function bidRows(bids: readonly PublicBid[]): BidRow[] {
  return bids.map(({ id, seq, at, bidder, amount, message, removed = null }) => {
    return { id, seq, at: Date.parse(at), bidder, amount, message, removed }
  })
}

/** Both, newest first, each seq once, at most `most`; what was once taken away stays so. */
export function mergeBids(known: readonly BidRow[], more: readonly BidRow[], most: number): BidRow[] {
  const bySeq = new Map(known.map((row) => [row.seq, row]))
  for (const row of more) bySeq.set(row.seq, { ...row, removed: row.removed ?? bySeq.get(row.seq)?.removed ?? null })
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, most)
}

/** The bids after one was taken back or cancelled, or all of a bidder's lapsed. */
export function afterRemoval(rows: readonly BidRow[], { type, seq, data }: FeedEvent): readonly BidRow[] {
  const word = type === 'bid_cancelled' ? 'cancelled' : type === 'retracted' || type === 'lapsed' ? type : null
  if (word === null) return rows
  const bidder = idIn(data.bidder)
  const goes = ({ id, bidder: own }: BidRow) => (type === 'lapsed' ? own.id === bidder : id === data.bidId)
  return rows.map((row) => (row.removed === null && row.seq < seq && goes(row) ? { ...row, removed: word } : row))
}

const idIn = (person: FeedEvent['data'][string] | undefined): unknown =>
  person !== null && typeof person === 'object' && !Array.isArray(person) ? person.id : undefined

/** Whose bid an event took away; null when it took none. */
export function loserOf({ type, data }: FeedEvent): unknown {
  return type === 'retracted' || type === 'bid_cancelled' || type === 'lapsed' ? idIn(data.bidder) : null
}

/** What a removal means for the one who watches; null for other events. */
export function removalNotice(event: FeedEvent, me: Person | null, before: GoodView, good: GoodView): Notice | null {
  const loser = loserOf(event)
  if (loser === null) return null
  if (me !== null && loser === me.id) {
    if (event.type === 'retracted') return { tone: 'plain', text: '– Your bid is taken back.' }
    const text = event.type === 'lapsed' ? '✗ Your bids lapsed: the funds for them are gone.' : `✗ ${sentence(event)}`
    return { tone: 'bad', text }
  }
  if (before.you?.standing === 'leading' || good.you?.standing !== 'leading')
    return { tone: 'plain', text: `– ${sentence(event)}` }
  return { tone: 'good', text: `✓ You lead again, at ${pay(good.price)}: a bid above yours is gone.` }
}

/** The notice of the event that ended the sale. */
export function endNotice({ type, data }: FeedEvent, good: GoodView, me: Person | null): Notice {
  const outcome = outcomeOf(good, me)
  if (type !== 'cancelled') return outcome
  const by = data.by === 'house' ? 'the house' : 'the seller'
  return { ...outcome, text: `■ CANCELLED by ${by}${reasonWords(data)}: no longer for sale` }
}

/** An event as a line of the activity log. */
export function logRow(event: FeedEvent): LogRow {
  const moved = event.data.cause === 'outage' ? 'The house was away: the end moves.' : 'A late bid moves the end.'
  return { at: Date.parse(event.at), text: event.type === 'extended' ? moved : sentence(event) }
}

/** How it ended, for the one who watches. */
export function outcomeOf(good: GoodView, me: Person | null): Notice {
  const price = pay(good.price)
  switch (good.status) {
    case 'sold':
    case 'bought': {
      const bought = good.status === 'bought'
      if (me !== null && good.winner?.id === me.id)
        return { tone: 'good', text: `✓ ${bought ? 'BOUGHT' : 'WON'}: yours for ${price}` }
      const sold = `${bought ? 'BOUGHT by' : 'SOLD to'} ${good.winner?.nick ?? 'somebody'} for ${price}`
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
