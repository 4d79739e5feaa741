/** Events as the public log tells them: `toFeed` leaves their secrets out. Secrets end here. */
import { z } from 'zod'
import {
  type Changes,
  canBuyNow,
  type Good,
  type GoodEvent,
  type Person,
  type Recorded,
  RULES,
  reserveMet,
  retractionReasons,
} from './good.ts'
import { minimumBid } from './increments.ts'
import { commitmentOf, type Opening } from './log.ts'
import type { Money } from './money.ts'

/** `{amount, currency}`; amount in minor units. */
export const money = z.object({ amount: z.int(), currency: z.string().length(3) })
/** Ids of goods, people, bids and entries. */
export const id = z.int().min(1)
/** A person as everyone may see them. */
export const person = z.object({ id, nick: z.string() })
/** RFC 3339, UTC, milliseconds. */
export const instant = z.iso.datetime({ precision: 3 })

const eventTypes = [
  'listed',
  'bid',
  'extended',
  'reserve_met',
  'retracted',
  'lapsed',
  'bid_cancelled',
  'sold',
  'bought',
  'unsold',
  'cancelled',
  'note',
] as const

/** An event of the feed: `data` holds public facts only, money as `{amount, currency}`. */
export const feedEvent = z.object({
  seq: z.int().min(1),
  type: z.enum(eventTypes),
  at: instant,
  goodId: id,
  data: z.record(z.string(), z.json()),
})
export type FeedEvent = z.infer<typeof feedEvent>

/** An event of the log with its link in the chain, lower-case hex, and, once the good has ended, its secret. */
export interface LoggedEvent extends FeedEvent {
  readonly hash: string
  readonly opened?: Opening
}

/** Epoch milliseconds as the wire writes them. */
export const toInstant = (ms: number): string => new Date(ms).toISOString()

/** Where a good's picture is; null when it has none. */
export const imagePath = (goodId: number, image: string | null) => (image === null ? null : `/v1/goods/${goodId}/image`)

/** A person by allow-list. */
export const publicPerson = ({ id, nick }: Person): Person => ({ id, nick })

/** What anyone may know of a reserve. */
export const reserveState = z.enum(['none', 'unmet', 'met'])
/** The public word for a good's reserve. */
export function reserveOf(good: Pick<Good, 'reserve' | 'price'>): z.infer<typeof reserveState> {
  const met = reserveMet(good)
  return met === null ? 'none' : met ? 'met' : 'unmet'
}

const increment = z.union([
  z.object({ bands: z.array(z.tuple([z.int(), z.int()])) }),
  z.object({ fixed: z.int() }),
  z.object({ percentBp: z.int() }),
])
const commitment = z.string().regex(/^[0-9a-f]{64}$/)
const terms = {
  name: z.string(),
  description: z.string(),
  startPrice: money,
  reserve: reserveState,
  buyNow: money.nullable(),
  increment,
  softCloseMs: z.int(),
  endsAt: instant,
  hardEndsAt: instant,
  private: z.boolean(),
  capacity: z.int().nullable(),
}
/** The contest as the public sees it. */
const contest = {
  price: money.nullable(),
  leader: person.nullable(),
  minimumBid: money,
  bidCount: z.int(),
  reserve: reserveState,
  buyNow: money.nullable(),
}
const removal = { bidId: id, bidder: person, bidsLeft: z.int(), receivedAt: instant, ...contest }

/** The public facts of each type of event, by which they are read back; lenient, so that a newer house may say more. */
export const eventData = {
  listed: z.object({
    ...terms,
    rules: z.int(),
    owner: person,
    image: z.string().nullable(),
    listedAt: instant,
    premiumBp: z.int(),
    commissionBp: z.int(),
    relistOf: id.nullable(),
    offeredTo: person.nullable(),
    commitment: commitment.optional(),
  }),
  bid: z.object({
    bidId: id,
    bidder: person,
    amount: money,
    message: z.string().nullable(),
    receivedAt: instant,
    price: money,
    leader: person,
    minimumBid: money,
    bidCount: z.int(),
    commitment,
  }),
  reserve_met: z.object({}),
  extended: z.object({ endsAt: instant, hardEndsAt: instant, cause: z.enum(['bid', 'outage']) }),
  retracted: z.object({ ...removal, reason: z.enum(retractionReasons) }),
  bid_cancelled: z.object({ ...removal, reason: z.string() }),
  lapsed: z.object({ bidder: person, bids: z.int() }),
  note: z.object({
    text: z.string().nullable(),
    changed: z.object(terms).partial(),
    minimumBid: money,
    receivedAt: instant,
    commitment: commitment.optional(),
  }),
  sold: z.object({ name: z.string(), winner: person, price: money, receivedAt: instant.nullable() }),
  bought: z.object({ name: z.string(), winner: person, price: money, minimumBid: money, receivedAt: instant }),
  unsold: z.object({ name: z.string(), reason: z.enum(['no_bids', 'reserve_unmet']) }),
  cancelled: z.object({
    name: z.string(),
    by: z.enum(['seller', 'house']),
    reason: z.string().nullable(),
    receivedAt: instant,
  }),
} as const satisfies Record<(typeof eventTypes)[number], z.ZodType>
type EventData = { readonly [T in GoodEvent['type']]: z.input<(typeof eventData)[T]> }

/** What an event keeps secret; null when it keeps nothing. */
export function secretOf(event: GoodEvent): Opening | null {
  if (event.type === 'bid') return { max: event.max, named: event.named, salt: event.salt }
  if (event.type !== 'listed' && event.type !== 'note') return null
  const { reserve } = event.type === 'listed' ? event.terms : event.changes
  return reserve == null ? null : { reserve, salt: event.salt }
}

/** An event without its secrets: by allow-list, field by field. `after` is the good once the event happened. */
export function toFeed({ goodId, seq, at, event }: Recorded, after: Good): FeedEvent {
  const data: EventData[GoodEvent['type']] = publicFacts(event, after)
  return { seq, type: event.type, at: toInstant(at), goodId, data: data as FeedEvent['data'] }
}

function publicFacts(event: GoodEvent, after: Good): EventData[GoodEvent['type']] {
  const pay = (amount: number): Money => ({ amount, currency: after.currency })
  switch (event.type) {
    case 'listed':
      return listedFacts(event, after)
    case 'bid':
      return {
        bidId: event.bidId,
        bidder: publicPerson(event.bidder),
        amount: pay(event.amount),
        message: event.message,
        receivedAt: toInstant(event.receivedAt),
        price: pay(event.price),
        leader: publicPerson(event.leader),
        minimumBid: pay(minimumBid(after)),
        bidCount: after.bidCount,
        commitment: sealOf(event).commitment ?? '',
      }
    case 'extended':
      return { endsAt: toInstant(event.endsAt), hardEndsAt: toInstant(event.hardEndsAt), cause: event.cause }
    case 'reserve_met':
      return {}
    case 'retracted':
    case 'bid_cancelled':
      return removalFacts(event, after)
    case 'lapsed':
      return { bidder: publicPerson(event.bidder), bids: event.bids }
    case 'note':
      return {
        text: event.text,
        changed: changedFacts(event.changes, after),
        minimumBid: pay(minimumBid(after)),
        receivedAt: toInstant(event.receivedAt),
        ...sealOf(event),
      }
    case 'sold':
      return {
        name: after.name,
        winner: publicPerson(event.winner),
        price: pay(event.price),
        receivedAt: event.receivedAt === null ? null : toInstant(event.receivedAt),
      }
    case 'bought':
      return {
        name: after.name,
        winner: publicPerson(event.winner),
        price: pay(event.price),
        minimumBid: pay(minimumBid(after)),
        receivedAt: toInstant(event.receivedAt),
      }
    case 'unsold':
      return { name: after.name, reason: event.reason }
    case 'cancelled':
      return { name: after.name, by: event.by, reason: event.reason, receivedAt: toInstant(event.receivedAt) }
    default:
      return event satisfies never
  }
}

function removalFacts(
  event: Extract<GoodEvent, { type: 'retracted' | 'bid_cancelled' }>,
  after: Good,
): EventData['retracted' | 'bid_cancelled'] {
  const pay = (amount: number): Money => ({ amount, currency: after.currency })
  return {
    bidId: event.bidId,
    bidder: publicPerson(event.bidder),
    bidsLeft: event.bidsLeft,
    reason: event.reason,
    receivedAt: toInstant(event.receivedAt),
    price: after.price === null ? null : pay(after.price),
    leader: after.leader && publicPerson(after.leader),
    minimumBid: pay(minimumBid(after)),
    bidCount: after.bidCount,
    reserve: reserveOf(after),
    buyNow: buyNowOf(after),
  }
}

function sealOf(event: GoodEvent): { commitment?: string } {
  const secret = secretOf(event)
  return secret ? { commitment: commitmentOf(secret) } : {}
}

/** The buy-now price while it is open to buy; null otherwise. */
export function buyNowOf(good: Good): Money | null {
  return canBuyNow(good) && good.buyNow !== null ? { amount: good.buyNow, currency: good.currency } : null
}

function listedFacts(event: Extract<GoodEvent, { type: 'listed' }>, after: Good): EventData['listed'] {
  const { owner, image, listedAt, premiumBp, commissionBp, relistOf, offeredTo, ...rest } = event.terms
  return {
    ...(changedFacts(rest, after) as EventData['listed']),
    rules: RULES,
    owner: publicPerson(owner),
    image: imagePath(after.id, image),
    listedAt: toInstant(listedAt),
    premiumBp,
    commissionBp,
    relistOf,
    offeredTo: offeredTo && publicPerson(offeredTo),
    ...sealOf(event),
  }
}

/** Those of a good's terms that an edit may change, as the public sees them. */
function changedFacts(changes: Changes, after: Good): EventData['note']['changed'] {
  const { name, description, startPrice, reserve, buyNow, increment: step, softCloseMs, endsAt, hardEndsAt } = changes
  const { private: locked, capacity } = changes
  const pay = (amount: number): Money => ({ amount, currency: after.currency })
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(startPrice !== undefined && { startPrice: pay(startPrice) }),
    ...(reserve !== undefined && { reserve: reserveOf(after) }),
    ...(buyNow !== undefined && { buyNow: buyNow === null ? null : pay(buyNow) }),
    ...(step !== undefined && { increment: structuredClone(step) as EventData['listed']['increment'] }),
    ...(softCloseMs !== undefined && { softCloseMs }),
    ...(endsAt !== undefined && { endsAt: toInstant(endsAt) }),
    ...(hardEndsAt !== undefined && { hardEndsAt: toInstant(hardEndsAt) }),
    ...(locked !== undefined && { private: locked }),
    ...(capacity !== undefined && { capacity }),
  }
}
