/** Secrets that are still sealed: what stands in for them, and what everyone sees that must hold together all the same. */
import { type Command, decide } from './bidding.ts'
import type { Doubt } from './doubts.ts'
import { AuctionError } from './errors.ts'
import type { LoggedEvent } from './events.ts'
import { type Good, type GoodEvent, type Person, reserveMet } from './good.ts'
import { minimumBid } from './increments.ts'
import { inWords } from './money.ts'
import type { Reading, Secrets } from './recall.ts'

type EventOf<T extends GoodEvent['type']> = Extract<GoodEvent, { type: T }>

/** A bid that stands, its maximum unknown. */
interface Standing {
  readonly id: number
  readonly bidder: Person
}

/** Whether an entry's seal is opened, by what opens a seal of its kind. */
export function isOpened({ type, opened }: LoggedEvent): boolean {
  return opened !== undefined && (type === 'bid' ? 'max' in opened : 'reserve' in opened)
}

/** The secrets of an entry: as opened, else what stands in for them. `bids`: those that stand. */
export function secretsOf(
  { entry, facts }: Reading,
  good: Good | null,
  bids: readonly { readonly id: number; readonly bidder: Person; readonly max: number | null }[],
): Secrets {
  const opened = entry.opened ?? { salt: '' }
  const { salt } = opened
  if (facts.type === 'bid') {
    const max = Math.max(facts.data.price.amount, 1)
    return { named: null, ...('max' in opened ? opened : { max }), reserve: 0, salt }
  }
  if (facts.type === 'retracted' || facts.type === 'bid_cancelled') {
    const { leader, price, bidId } = facts.data
    const own = bids.filter(({ id, bidder }) => id !== bidId && bidder.id === leader?.id)
    return { max: Math.max(price?.amount ?? 0, ...own.map(({ max }) => max ?? 0)), named: null, reserve: 0, salt }
  }
  const changed = facts.type === 'note' || facts.type === 'listed' ? termsIn(facts) : null
  const most = (changed?.buyNow === undefined ? good?.buyNow : changed.buyNow?.amount) ?? Number.POSITIVE_INFINITY
  const standIn = good && good.bidCount > 0 ? Math.min(good.reserve ?? most, good.price ?? most) : most
  return { max: 0, named: null, reserve: 'reserve' in opened ? opened.reserve : standIn, salt }
}

const termsIn = (facts: Extract<Reading['facts'], { type: 'note' | 'listed' }>) =>
  facts.type === 'note' ? facts.data.changed : facts.data

/**
 * The good with the most that its sealed reserve may be, given its next entry and whether `reserve_met` follows that. A
 * reserve lies above every price at which it was unmet, so the most it may be decides as it does.
 */
export function withReserveFor(good: Good, { facts }: Reading, met: boolean): Good {
  const { reserve, bidCount } = good
  const most = (amount: number | null | undefined) => ({ ...good, reserve: amount ?? Number.POSITIVE_INFINITY })
  if (reserve === null) return good
  if (facts.type === 'note' && facts.data.changed.buyNow !== undefined && bidCount === 0)
    return most(facts.data.changed.buyNow?.amount)
  if (facts.type === 'bid' && met) return most(Math.min(reserve, facts.data.price.amount))
  if ((facts.type !== 'retracted' && facts.type !== 'bid_cancelled') || !reserveMet(good)) return good
  // It was met, and still is at the lower price.
  const still = facts.data.reserve === 'met' ? facts.data.price : null
  return still ? most(Math.min(reserve, still.amount)) : good
}

/** Why the rules refuse `command` whatever the maxima are; null when they may take it. */
export function refusalOf(command: Command, good: Good): string | null {
  try {
    decide(command, good)
    return null
  } catch (error) {
    if (error instanceof AuctionError) return error.message
    throw error
  }
}

/** What cannot be about a bid on `good`. */
export function doubtsOfBid({ amount, price, bidder, leader }: EventOf<'bid'>, good: Good): Doubt[] {
  const doubts: Doubt[] = []
  const pay = (value: number) => inWords({ amount: value, currency: good.currency })
  const doubt = (fine: boolean, ...what: Doubt) => fine || doubts.push(what)
  const before = good.price ?? 0
  const [takes, led] = [leader.id === bidder.id, good.leader?.id === bidder.id]
  const heirs = good.leader && !takes ? [good.leader] : [bidder]
  doubt(
    heirs.some(({ id }) => id === leader.id),
    'leader',
    'the bidder, or who led before',
    leader.nick,
  )
  if (led) {
    doubt(price >= before, 'price', `${pay(before)} or more`, pay(price))
    doubt(amount === price, 'amount', pay(price), pay(amount))
    return doubts
  }
  const least = minimumBid(good)
  doubt(amount >= least, 'amount', `${pay(least)} or more`, pay(amount))
  doubt(price >= amount, 'price', `${pay(amount)} or more`, pay(price))
  return doubts
}

/** What cannot be about a removal from a good on which `bids` stand; `lapsed`: the bidders who lapse with it, in order. */
export function doubtsOfRemoval(
  event: EventOf<'retracted' | 'bid_cancelled'>,
  good: Good,
  bids: readonly Standing[],
  lapsed: readonly EventOf<'lapsed'>[],
): Doubt[] {
  const doubts: Doubt[] = []
  const doubt = (fine: boolean, ...what: Doubt) => fine || doubts.push(what)
  const { price, leader, bidCount } = event.after
  let rest = bids.filter(({ id }) => id !== event.bidId)
  for (const { bidder, bids: count } of lapsed) {
    const others = rest.filter((bid) => bid.bidder.id !== bidder.id)
    const gone = rest.length - others.length
    doubt(gone > 0 && gone === count, 'bids that lapse', String(gone), String(count))
    rest = others
  }
  const left = rest.filter(({ bidder }) => bidder.id === event.bidder.id).length
  doubt(event.bidsLeft === left, 'bidsLeft', String(left), String(event.bidsLeft))
  doubt(bidCount === rest.length, 'bidCount', String(rest.length), String(bidCount))
  const kept = good.leader !== null && good.leader.id !== event.bidder.id
  if (kept) {
    doubt(leader?.id === good.leader?.id, 'leader', good.leader?.nick ?? 'nobody', leader?.nick ?? 'nobody')
    doubt(lapsed.length === 0, 'bids that lapse', 'none: the leader stays', String(lapsed.length))
  }
  const heir = leader === null ? rest.length === 0 : rest.some(({ bidder }) => bidder.id === leader.id)
  doubt(heir, 'leader', rest.length === 0 ? 'nobody' : 'one whose bid stands', leader?.nick ?? 'nobody')
  const [least, most] = [good.startPrice, good.price ?? good.startPrice]
  const fair = price === null ? leader === null : leader !== null && price >= Math.min(least, most) && price <= most
  const span = rest.length === 0 ? 'none' : `${least} to ${most} minor units`
  doubt(fair, 'price', span, price === null ? 'none' : `${price} minor units`)
  return doubts
}
