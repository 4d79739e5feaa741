/** What happened, in words: the activity, what is news of it, and how it ended. */
import type { FeedEvent } from '@auction/common/events'
import type { Person } from '@auction/common/good'
import type { GoodView } from '@auction/common/view'
import { pay, reasonWords, sentence } from '../wording.ts'
import { personIn } from './bid-rows.ts'
import type { Notice } from './notices.ts'

export interface LogRow {
  readonly at: number
  readonly text: string
}

/** Whose bid an event took away; null when it took none. */
export function loserOf({ type, data }: FeedEvent): number | null {
  return type === 'retracted' || type === 'bid_cancelled' || type === 'lapsed'
    ? (personIn(data, 'bidder')?.id ?? null)
    : null
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
