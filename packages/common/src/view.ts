/** What anyone may see: a good's view, its public events, and the fold that keeps a view current. Secrets end here. */
import { z } from 'zod'
import { minimumBid } from './bidding.ts'
import type { Good, Person, Recorded } from './good.ts'
import { reserveMet } from './good.ts'
import { heldOn } from './ledger.ts'
import type { Money } from './money.ts'

/** `{amount, currency}`; amount in minor units. */
export const money = z.object({ amount: z.int(), currency: z.string().length(3) })
/** Ids of goods, people, bids and entries. */
export const id = z.int().min(1)
/** A person as everyone may see them. */
export const person = z.object({ id, nick: z.string() })
/** RFC 3339, UTC, milliseconds. */
export const instant = z.iso.datetime({ precision: 3 })

/** How the caller stands on a good. */
export const standing = z.enum(['none', 'leading', 'outbid', 'won', 'lost'])
export type Standing = z.infer<typeof standing>

/** What only the signed-in caller sees of a good: their standing, their own maximum, what is held for it. */
export const you = z.object({ standing, max: money.nullable(), hold: money.nullable() })
export type You = z.infer<typeof you>

/** A good as anyone may see it (contract.md, section 3). */
export const goodView = z.object({
  id,
  name: z.string(),
  description: z.string(),
  owner: person,
  status: z.enum(['open', 'sold', 'unsold', 'bought', 'cancelled']),
  price: money.nullable(),
  startPrice: money,
  minimumBid: money,
  bidCount: z.int(),
  leader: person.nullable(),
  reserve: z.enum(['none', 'unmet', 'met']),
  buyNow: money.nullable(),
  endsAt: instant,
  hardEndsAt: instant,
  softCloseMs: z.int(),
  seq: z.int(),
  epoch: z.string(),
  image: z.string().nullable(),
  watchers: z.int(),
  private: z.boolean(),
  capacity: z.int().nullable(),
  winner: person.nullable(),
  you: you.optional(),
})
export type GoodView = z.infer<typeof goodView>

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

/** Epoch milliseconds as the wire writes them. */
export const toInstant = (ms: number): string => new Date(ms).toISOString()

const imagePath = (goodId: number, image: string | null) => (image === null ? null : `/v1/goods/${goodId}/image`)

const publicPerson = ({ id, nick }: Person): Person => ({ id, nick })

/** An event without its secrets: by allow-list, field by field. `after` is the good once the event happened. */
export function toFeed({ goodId, seq, at, event }: Recorded, after: Good): FeedEvent {
  const pay = (amount: number): Money => ({ amount, currency: after.currency })
  const data = (): FeedEvent['data'] => {
    switch (event.type) {
      case 'listed': {
        const {
          name,
          owner,
          startPrice,
          increment,
          softCloseMs,
          endsAt,
          hardEndsAt,
          premiumBp,
          commissionBp,
          image,
          reserve,
        } = event.terms
        return {
          name,
          owner: { ...publicPerson(owner) },
          startPrice: { ...pay(startPrice) },
          increment: structuredClone(increment) as FeedEvent['data'][string],
          softCloseMs,
          endsAt: toInstant(endsAt),
          hardEndsAt: toInstant(hardEndsAt),
          premiumBp,
          commissionBp,
          image: imagePath(goodId, image),
          reserve: reserve === null ? 'none' : 'unmet',
        }
      }
      case 'bid':
        return {
          bidId: event.bidId,
          bidder: { ...publicPerson(event.bidder) },
          amount: { ...pay(event.amount) },
          message: event.message,
          receivedAt: toInstant(event.receivedAt),
          price: { ...pay(event.price) },
          leader: { ...publicPerson(event.leader) },
          minimumBid: { ...pay(minimumBid(after)) },
          bidCount: after.bidCount,
        }
      case 'extended':
        return { endsAt: toInstant(event.endsAt), cause: event.cause }
      case 'reserve_met':
        return {}
      case 'sold':
        return { name: after.name, winner: { ...publicPerson(event.winner) }, price: { ...pay(event.price) } }
      case 'unsold':
        return { name: after.name, reason: event.reason }
      default:
        return event satisfies never
    }
  }
  return { seq, type: event.type, at: toInstant(at), goodId, data: data() }
}

/** What a view needs from beside the good's row. */
export interface Surroundings {
  readonly epoch: string
  readonly watchers: number
}

/** The good as anyone may see it. */
export function toView(good: Good, { epoch, watchers }: Surroundings): GoodView {
  const pay = (amount: number): Money => ({ amount, currency: good.currency })
  const met = reserveMet(good)
  return {
    id: good.id,
    name: good.name,
    description: good.description,
    owner: publicPerson(good.owner),
    status: good.status,
    price: good.price === null ? null : pay(good.price),
    startPrice: pay(good.startPrice),
    minimumBid: pay(minimumBid(good)),
    bidCount: good.bidCount,
    leader: good.leader && publicPerson(good.leader),
    reserve: met === null ? 'none' : met ? 'met' : 'unmet',
    buyNow: null,
    endsAt: toInstant(good.endsAt),
    hardEndsAt: toInstant(good.hardEndsAt),
    softCloseMs: good.softCloseMs,
    seq: good.seq,
    epoch,
    image: imagePath(good.id, good.image),
    watchers,
    private: false,
    capacity: null,
    winner: good.winner && publicPerson(good.winner),
  }
}

/** What `userId` sees of their own part: `ownMax` is the best maximum they ever named here, null when they never bid. */
export function toYou(good: Good, userId: number, ownMax: number | null): You {
  const pay = (amount: number): Money => ({ amount, currency: good.currency })
  const leads = good.leader?.id === userId
  return {
    standing: standingOf(good.status, good.winner, leads, userId, ownMax !== null),
    max: ownMax === null ? null : pay(ownMax),
    hold: leads && good.status === 'open' ? pay(heldOn(good)) : null,
  }
}

function standingOf(
  status: GoodView['status'],
  winner: Person | null,
  leads: boolean,
  userId: number,
  hasBid: boolean,
): Standing {
  if (winner?.id === userId) return 'won'
  if (!hasBid) return 'none'
  if (status !== 'open') return 'lost'
  return leads ? 'leading' : 'outbid'
}

// What the events that change a view carry; read leniently, so that a newer house may say more.
const bidData = z.object({ price: money, leader: person, bidder: person, minimumBid: money, bidCount: z.int() })
const extendedData = z.object({ endsAt: instant })
const soldData = z.object({ winner: person, price: money })

/**
 * The view after `event`: the same fold the house used. `userId` is whose `you` the view holds.
 * Throws ZodError when a known event lacks its facts.
 */
export function evolveView(view: GoodView, event: FeedEvent, userId: number | null = null): GoodView {
  const next = { ...view, seq: event.seq }
  const seen = (changed: GoodView, bidder?: Person): GoodView => {
    if (!view.you || userId === null) return changed
    const leads = changed.leader?.id === userId
    const hasBid = view.you.standing !== 'none' || bidder?.id === userId
    const own = { ...view.you, standing: standingOf(changed.status, changed.winner, leads, userId, hasBid) }
    return { ...changed, you: changed.status === 'open' && leads ? own : { ...own, hold: null } }
  }
  switch (event.type) {
    case 'bid': {
      const { price, leader, minimumBid, bidCount, bidder } = bidData.parse(event.data)
      return seen({ ...next, price, leader, minimumBid, bidCount }, bidder)
    }
    case 'extended':
      return { ...next, endsAt: extendedData.parse(event.data).endsAt }
    case 'reserve_met':
      return { ...next, reserve: 'met' }
    case 'sold':
    case 'bought': {
      const { winner, price } = soldData.parse(event.data)
      return seen({ ...next, status: event.type, winner, price })
    }
    case 'unsold':
    case 'cancelled':
      return seen({ ...next, status: event.type })
    case 'listed':
    case 'retracted':
    case 'lapsed':
    case 'bid_cancelled':
    case 'note':
      return next
    default:
      return event.type satisfies never
  }
}
