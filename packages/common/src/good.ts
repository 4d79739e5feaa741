/** A good for sale: its terms and state, the facts that change it, and the fold of one over the other. */

/** A person as everyone may see them. */
export interface Person {
  readonly id: number
  readonly nick: string
}

/** How far apart bids stand: the house's bands (lowest price first), one amount, or a share of the price. */
export type Increment =
  | { readonly bands: readonly (readonly [from: number, step: number])[] }
  | { readonly fixed: number }
  | { readonly percentBp: number }

/** Open, or how it ended. */
export type Status = 'open' | 'sold' | 'unsold' | 'bought' | 'cancelled'

/** What the seller and the house settle when a good is listed; amounts in minor units of `currency`. */
export interface Terms {
  readonly owner: Person
  readonly name: string
  readonly description: string
  readonly image: string | null
  readonly currency: string
  readonly startPrice: number
  /** Secret least price; null for none. */
  readonly reserve: number | null
  readonly increment: Increment
  /** Length of the soft close; 0 for a hard end. */
  readonly softCloseMs: number
  readonly endsAt: number
  readonly hardEndsAt: number
  /** Buyer's premium and seller's commission in basis points, copied from the house at listing. */
  readonly premiumBp: number
  readonly commissionBp: number
}

/** A good's whole state, secrets included: what the next decision needs, however many bids there were. */
export interface Good extends Terms {
  readonly id: number
  readonly status: Status
  /** Place of the newest event in this good's log. */
  readonly seq: number
  readonly price: number | null
  readonly leader: Person | null
  /** The leader's secret maximum. */
  readonly max: number | null
  readonly bidCount: number
  readonly winner: Person | null
}

/** What happened to a good. `max` of a bid and `reserve` of a listing are secret (view.ts leaves them out). */
export type GoodEvent =
  | { readonly type: 'listed'; readonly terms: Terms }
  | {
      readonly type: 'bid'
      readonly bidId: number
      readonly bidder: Person
      /**
       * The visible offer: what was named; of a proxy bid the price it led at or, outbid at once, the least bid then
       * possible; of a leader's raise of his own maximum the price.
       */
      readonly amount: number
      readonly max: number
      readonly message: string | null
      readonly receivedAt: number
      /** Price and leader after this bid. */
      readonly price: number
      readonly leader: Person
    }
  | { readonly type: 'reserve_met' }
  | { readonly type: 'extended'; readonly endsAt: number; readonly cause: 'bid' }
  | { readonly type: 'sold'; readonly winner: Person; readonly price: number }
  | { readonly type: 'unsold'; readonly reason: 'no_bids' | 'reserve_unmet' }

/** Where an event stands: its good, its place in that good's log, its instant (epoch ms). */
export interface Recorded {
  readonly goodId: number
  readonly seq: number
  readonly at: number
  readonly event: GoodEvent
}

/** Whether the visible price has reached the reserve; null when there is none. */
export function reserveMet(good: Good): boolean | null {
  return good.reserve === null ? null : (good.price ?? 0) >= good.reserve
}

/** The good as the `listed` event makes it, before anything else happened. */
export function listedGood(id: number, terms: Terms): Good {
  return { ...terms, id, status: 'open', seq: 0, price: null, leader: null, max: null, bidCount: 0, winner: null }
}

/** The good after `event`, with the next seq. */
export function evolve(good: Good, event: GoodEvent): Good {
  const next = { ...good, seq: good.seq + 1 }
  switch (event.type) {
    case 'listed':
    case 'reserve_met':
      return next
    case 'bid':
      return {
        ...next,
        price: event.price,
        leader: event.leader,
        max: event.leader.id === event.bidder.id ? event.max : good.max,
        bidCount: good.bidCount + 1,
      }
    case 'extended':
      return { ...next, endsAt: event.endsAt }
    case 'sold':
      return { ...next, status: 'sold', winner: event.winner }
    case 'unsold':
      return { ...next, status: 'unsold' }
    default:
      return event satisfies never
  }
}
