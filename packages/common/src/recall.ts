/** The public log read back: what an entry says happened, and the command that it came from. */
import type { Command } from './bidding.ts'
import { eventData, type FeedEvent, type LoggedEvent } from './events.ts'
import { type Changes, type Good, type GoodEvent, type Person, RULES, type Terms } from './good.ts'
import type { Money } from './money.ts'
import type { StandingBid } from './removal.ts'
import { OUTAGE_GRACE_MS, OUTAGE_LEAST_MS } from './sale.ts'

type Schemas = typeof eventData
type DataOf<T extends GoodEvent['type']> = ReturnType<Schemas[T]['parse']>

/** The facts of an entry by its type, as `eventData` reads them. */
export type Facts = {
  readonly [T in GoodEvent['type']]: { readonly type: T; readonly data: DataOf<T> }
}[GoodEvent['type']]
/** The facts of one type. */
export type FactsOf<T extends GoodEvent['type']> = Extract<Facts, { type: T }>

/** An entry with its facts. */
export interface Reading {
  readonly entry: LoggedEvent
  readonly facts: Facts
}

/** What of an event is not in its facts: as opened, or what stands in for it. */
export interface Secrets {
  readonly max: number
  readonly named: number | null
  /** The reserve of a listing or a note, where there is one. */
  readonly reserve: number
  readonly salt: string
}

/** Whether a log that begins with this entry was made by the rules of today. */
export const isOfTheseRules = ({ type, data }: FeedEvent): boolean => type !== 'listed' || data.rules === RULES

/** The facts of an entry. Throws ZodError when they are not those of its type. */
export function factsOf({ type, data }: FeedEvent): Facts {
  return { type, data: eventData[type].parse(data) } as Facts
}

const ms = (instant: string): number => Date.parse(instant)
const amountOf = (pay: Money | null): number | null => pay?.amount ?? null

/** The event that an entry tells of: the inverse of `toFeed`, its secrets given. A picture is known to be there, not which. */
export function eventOf({ type, data }: Facts, { max, named, reserve, salt }: Secrets): GoodEvent {
  switch (type) {
    case 'listed':
      return { type, terms: termsOf(data, reserve), salt }
    case 'bid': {
      const { bidId, bidder, amount, message, receivedAt, price, leader } = data
      const said = { bidId, bidder, amount: amount.amount, message, receivedAt: ms(receivedAt) }
      return { type, ...said, price: price.amount, leader, max, named, salt }
    }
    case 'reserve_met':
      return { type }
    case 'extended':
      return { type, endsAt: ms(data.endsAt), hardEndsAt: ms(data.hardEndsAt), cause: data.cause }
    case 'retracted':
      return { type, reason: data.reason, ...removalOf(data, max) }
    case 'bid_cancelled':
      return { type, reason: data.reason, ...removalOf(data, max) }
    case 'lapsed':
      return { type, ...data }
    case 'note':
      return {
        type,
        text: data.text,
        changes: changesOf(data.changed, reserve),
        salt,
        receivedAt: ms(data.receivedAt),
      }
    case 'sold':
      return {
        type,
        winner: data.winner,
        price: data.price.amount,
        receivedAt: data.receivedAt === null ? null : ms(data.receivedAt),
      }
    case 'bought':
      return { type, winner: data.winner, price: data.price.amount, receivedAt: ms(data.receivedAt) }
    case 'unsold':
      return { type, reason: data.reason }
    case 'cancelled':
      return { type, by: data.by, reason: data.reason, receivedAt: ms(data.receivedAt) }
    default:
      return type satisfies never
  }
}

function removalOf(data: DataOf<'retracted' | 'bid_cancelled'>, max: number) {
  const { bidId, bidder, bidsLeft, receivedAt, price, leader, bidCount } = data
  const after = { price: amountOf(price), leader, max: leader && max, bidCount }
  return { bidId, bidder, bidsLeft, receivedAt: ms(receivedAt), after }
}

function termsOf(data: DataOf<'listed'>, reserve: number): Terms {
  const {
    owner,
    image,
    listedAt,
    premiumBp,
    commissionBp,
    relistOf,
    offeredTo,
    commitment: _,
    rules: __,
    ...rest
  } = data
  const fixed = { owner, image, listedAt: ms(listedAt), premiumBp, commissionBp, relistOf, offeredTo }
  return { ...(changesOf(rest, reserve) as Required<Changes>), ...fixed, currency: rest.startPrice.currency }
}

function changesOf(changed: DataOf<'note'>['changed'], secret: number): Changes {
  const { startPrice, reserve, buyNow, endsAt, hardEndsAt, ...rest } = changed
  return {
    ...(rest as Changes),
    ...(startPrice && { startPrice: startPrice.amount }),
    ...(reserve && { reserve: reserve === 'none' ? null : secret }),
    ...(buyNow !== undefined && { buyNow: amountOf(buyNow) }),
    ...(endsAt && { endsAt: ms(endsAt) }),
    ...(hardEndsAt && { hardEndsAt: ms(hardEndsAt) }),
  }
}

/** What the command of an entry is played against. */
export interface Scene {
  readonly good: Good
  readonly secrets: Secrets
  /** Every bid that stands. */
  readonly bids: readonly StandingBid[]
  /** The bidders who lapse: their funds count as none, those of others as enough for anything. */
  readonly lapsing: ReadonlySet<number>
}

/** The command from which the rules make this entry; null for what only follows from another. `at` is when it was recorded. */
export function commandOf({ entry, facts }: Reading, { good, secrets, bids, lapsing }: Scene): Command | null {
  const { type, data } = facts
  const { owner: by } = good
  switch (type) {
    case 'bid': {
      const { bidId, bidder, message } = data
      const { named: amount, max, salt } = secrets
      const bid = { bidId, bidder, message, amount, max, salt, ifSeq: null }
      return { type: 'place_bid', ...bid, receivedAt: ms(data.receivedAt), available: Number.POSITIVE_INFINITY }
    }
    case 'retracted':
    case 'bid_cancelled': {
      const fundsOf = ({ id }: Person) => (lapsing.has(id) ? 0 : Number.POSITIVE_INFINITY)
      const available = new Map(bids.map(({ bidder }) => [bidder.id, fundsOf(bidder)]))
      const taking = { bidId: data.bidId, by: data.bidder, receivedAt: ms(data.receivedAt), bids, available }
      return type === 'retracted'
        ? { type: 'retract_bid', reason: data.reason as DataOf<'retracted'>['reason'], allowed: true, ...taking }
        : { type: 'cancel_bid', reason: data.reason, ...taking }
    }
    case 'note': {
      const { hardEndsAt: _, ...changes } = changesOf(data.changed, secrets.reserve)
      const { text: note, receivedAt } = data
      return { type: 'edit_good', by, changes, note, salt: secrets.salt, receivedAt: ms(receivedAt) }
    }
    case 'extended': {
      if (data.cause === 'bid') return null
      const now = ms(data.endsAt) - OUTAGE_GRACE_MS
      return { type: 'extend_for_outage', downSince: Math.min(now - OUTAGE_LEAST_MS, good.endsAt), now }
    }
    case 'sold':
      return data.receivedAt === null
        ? { type: 'close_due', now: ms(entry.at) }
        : { type: 'accept_bid', by, receivedAt: ms(data.receivedAt) }
    case 'unsold':
      return { type: 'close_due', now: ms(entry.at) }
    case 'bought': {
      const { winner: buyer, receivedAt } = data
      return { type: 'purchase', buyer, receivedAt: ms(receivedAt), available: Number.POSITIVE_INFINITY }
    }
    case 'cancelled':
      return { type: 'cancel_good', by, as: data.by, reason: data.reason, receivedAt: ms(data.receivedAt) }
    case 'listed':
    case 'reserve_met':
    case 'lapsed':
      return null
    default:
      return type satisfies never
  }
}
