/** What anyone may see of a good: its view, the caller's own part of it, and the fold that keeps a view current. */
import { z } from 'zod'
import {
  buyNowOf,
  eventData,
  type FeedEvent,
  id,
  imagePath,
  instant,
  money,
  person,
  publicPerson,
  reserveOf,
  reserveState,
  toInstant,
} from './events.ts'
import { type Good, type Person, withNote } from './good.ts'
import { minimumBid } from './increments.ts'
import { heldOn } from './ledger.ts'
import type { Money } from './money.ts'

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
  reserve: reserveState,
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
  /** Of a good listed again, or offered a second time: the unsold one. */
  relistOf: id.optional(),
  /** Of a second chance: the only one who may buy it. */
  offeredTo: person.optional(),
  you: you.optional(),
})
export type GoodView = z.infer<typeof goodView>

/** What a view needs from beside the good's row. */
export interface Surroundings {
  readonly epoch: string
  readonly watchers: number
}

/** The good as anyone may see it. */
export function toView(good: Good, { epoch, watchers }: Surroundings): GoodView {
  const pay = (amount: number): Money => ({ amount, currency: good.currency })
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
    reserve: reserveOf(good),
    buyNow: buyNowOf(good),
    endsAt: toInstant(good.endsAt),
    hardEndsAt: toInstant(good.hardEndsAt),
    softCloseMs: good.softCloseMs,
    seq: good.seq,
    epoch,
    image: imagePath(good.id, good.image),
    watchers,
    private: good.private,
    capacity: good.capacity,
    winner: good.winner && publicPerson(good.winner),
    ...(good.relistOf !== null && { relistOf: good.relistOf }),
    ...(good.offeredTo && { offeredTo: publicPerson(good.offeredTo) }),
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

// What the fold needs of events that houses before 0.2 wrote with less.
const folded = {
  bid: eventData.bid.omit({ commitment: true }),
  extended: eventData.extended.partial({ hardEndsAt: true }),
  sold: eventData.sold.pick({ winner: true, price: true }),
}

/**
 * The view after `event`: the same fold the house used. `userId` is whose `you` the view holds; a bid of theirs that no
 * longer stands leaves `you.max` as it was while others of theirs do. Throws ZodError when a known event lacks its facts.
 */
export function evolveView(view: GoodView, event: FeedEvent, userId: number | null = null): GoodView {
  const next = { ...view, seq: event.seq }
  switch (event.type) {
    case 'bid': {
      const { price, leader, minimumBid, bidCount, bidder } = folded.bid.parse(event.data)
      const buyNow = view.reserve === 'unmet' ? view.buyNow : null
      return seenBy(userId, { ...next, price, leader, minimumBid, bidCount, buyNow }, bidder.id === userId || null)
    }
    case 'reserve_met':
      return { ...next, reserve: 'met', buyNow: null }
    case 'extended': {
      const { endsAt, hardEndsAt = view.hardEndsAt } = folded.extended.parse(event.data)
      return { ...next, endsAt, hardEndsAt }
    }
    case 'lapsed': {
      const { bidder } = eventData.lapsed.parse(event.data)
      return seenBy(userId, next, bidder.id === userId ? false : null)
    }
    case 'retracted':
    case 'bid_cancelled': {
      const { bidder, bidsLeft, ...data } = eventData[event.type].parse(event.data)
      const { price, leader, minimumBid, bidCount, reserve, buyNow } = data
      const changed = { ...next, price, leader, minimumBid, bidCount, reserve, buyNow }
      return seenBy(userId, changed, bidder.id === userId ? bidsLeft > 0 : null)
    }
    case 'note': {
      const { text, changed, minimumBid, receivedAt } = eventData.note.parse(event.data)
      const { increment: _, ...edited } = { ...next, ...changed, minimumBid } as GoodView & { increment?: unknown }
      if (text === null) return edited
      return { ...edited, description: withNote(edited.description, text, Date.parse(receivedAt)) }
    }
    case 'sold': {
      const { winner, price } = folded.sold.parse(event.data)
      return seenBy(userId, { ...next, status: event.type, winner, price, buyNow: null }, null)
    }
    case 'bought': {
      const { winner, price, minimumBid } = eventData.bought.parse(event.data)
      // No buy-now price is below the reserve.
      const reserve = view.reserve === 'none' ? 'none' : 'met'
      const bought = { status: event.type, winner, leader: winner, price, minimumBid, reserve, buyNow: null } as const
      return seenBy(userId, { ...next, ...bought }, null)
    }
    case 'unsold':
    case 'cancelled':
      return seenBy(userId, { ...next, status: event.type, buyNow: null }, null)
    case 'listed':
      return next
    default:
      return event.type satisfies never
  }
}

/** The view with the caller's own part brought up to date; `stands`: whether a bid of theirs does, null: as before. */
function seenBy(userId: number | null, changed: GoodView, stands: boolean | null): GoodView {
  if (!changed.you || userId === null) return changed
  const leads = changed.leader?.id === userId
  const hasBid = stands ?? changed.you.standing !== 'none'
  const own = { ...changed.you, standing: standingOf(changed.status, changed.winner, leads, userId, hasBid) }
  const kept = hasBid ? own : { ...own, max: null }
  return { ...changed, you: changed.status === 'open' && leads ? kept : { ...kept, hold: null } }
}
