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

/** The rules by which a log is to be read; whoever changes a rule raises it. Logs of the first release name none. */
export const RULES = 1

/** Open, or how it ended. */
export type Status = 'open' | 'sold' | 'unsold' | 'bought' | 'cancelled'

/** What the seller and the house settle when a good is listed; amounts in minor units of `currency`, times epoch ms. */
export interface Terms {
  readonly owner: Person
  readonly name: string
  readonly description: string
  readonly image: string | null
  readonly currency: string
  readonly startPrice: number
  /** Secret least price; null for none. */
  readonly reserve: number | null
  /** Price at which the good may be bought at once while there is no bid, or until the reserve is met; null for none. */
  readonly buyNow: number | null
  readonly increment: Increment
  /** Length of the soft close; 0 for a hard end. */
  readonly softCloseMs: number
  readonly listedAt: number
  readonly endsAt: number
  readonly hardEndsAt: number
  /** Buyer's premium and seller's commission in basis points, copied from the house at listing. */
  readonly premiumBp: number
  readonly commissionBp: number
  /** Whether its room has a password. */
  readonly private: boolean
  /** Most watchers in its room; null for any number. */
  readonly capacity: number | null
  /** The unsold good that this one lists again, or offers a second time. */
  readonly relistOf: number | null
  /** The only person who may buy it, of a second chance; nobody bids on it then. */
  readonly offeredTo: Person | null
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
  /** Bids that stand: not taken back, cancelled or lapsed. */
  readonly bidCount: number
  readonly winner: Person | null
}

/** Where the contest stands. */
export type Contest = Pick<Good, 'price' | 'leader' | 'max' | 'bidCount'>

/** Why a bidder takes a bid back (rules.md, section 5). */
export const retractionReasons = ['typo', 'description_changed', 'seller_unreachable'] as const
/** One of `retractionReasons`. */
export type RetractionReason = (typeof retractionReasons)[number]
/** Why a seller cancels a good that has bids (rules.md, section 5). */
export const cancellationReasons = ['incorrect', 'lost_or_broken', 'not_available'] as const
/** One of `cancellationReasons`. */
export type CancellationReason = (typeof cancellationReasons)[number]

/** What an edit may change. */
export type Changes = Partial<
  Pick<
    Terms,
    | 'name'
    | 'description'
    | 'startPrice'
    | 'reserve'
    | 'buyNow'
    | 'increment'
    | 'softCloseMs'
    | 'endsAt'
    | 'hardEndsAt'
    | 'private'
    | 'capacity'
  >
>

/** A bid that no longer stands, and the contest without it. `bidsLeft`: how many of its bidder's stand. */
interface Removal {
  readonly bidId: number
  readonly bidder: Person
  readonly bidsLeft: number
  readonly receivedAt: number
  readonly after: Contest
}

/**
 * What happened to a good. `max` and `named` of a bid and every `reserve` are secret, as is the `salt` of their commitment
 * (events.ts keeps them from the public log until they may be opened).
 */
export type GoodEvent =
  | { readonly type: 'listed'; readonly terms: Terms; readonly salt: string }
  | {
      readonly type: 'bid'
      readonly bidId: number
      readonly bidder: Person
      /**
       * The visible offer: what was named; of a proxy bid the price it led at or, outbid at once, the least bid then
       * possible; of a leader's raise of his own maximum the price.
       */
      readonly amount: number
      /** The exact amount asked for; null for a proxy bid. */
      readonly named: number | null
      readonly max: number
      readonly salt: string
      readonly message: string | null
      readonly receivedAt: number
      /** Price and leader after this bid. */
      readonly price: number
      readonly leader: Person
    }
  | { readonly type: 'reserve_met' }
  | {
      readonly type: 'extended'
      readonly endsAt: number
      readonly hardEndsAt: number
      readonly cause: 'bid' | 'outage'
    }
  | ({ readonly type: 'retracted'; readonly reason: RetractionReason } & Removal)
  | ({ readonly type: 'bid_cancelled'; readonly reason: string } & Removal)
  /** Would lead now, but funds no longer cover it: none of the bidder's `bids` stands any more. */
  | { readonly type: 'lapsed'; readonly bidder: Person; readonly bids: number }
  | {
      readonly type: 'note'
      readonly text: string | null
      readonly changes: Changes
      readonly salt: string
      readonly receivedAt: number
    }
  /** `receivedAt` is the seller's word to sell before the end; null when the end came. */
  | { readonly type: 'sold'; readonly winner: Person; readonly price: number; readonly receivedAt: number | null }
  | { readonly type: 'bought'; readonly winner: Person; readonly price: number; readonly receivedAt: number }
  | { readonly type: 'unsold'; readonly reason: 'no_bids' | 'reserve_unmet' }
  | {
      readonly type: 'cancelled'
      readonly by: 'seller' | 'house'
      readonly reason: string | null
      readonly receivedAt: number
    }

/** Where an event stands: its good, its place in that good's log, its instant (epoch ms). */
export interface Recorded {
  readonly goodId: number
  readonly seq: number
  readonly at: number
  readonly event: GoodEvent
}

/** Whether the visible price has reached the reserve; null when there is none. */
export function reserveMet(good: Pick<Good, 'reserve' | 'price'>): boolean | null {
  return good.reserve === null ? null : (good.price ?? 0) >= good.reserve
}

/** Whether it may be bought at once: no bid stands, or its reserve is not met (rules.md, section 4). */
export function canBuyNow(good: Good): boolean {
  return good.status === 'open' && good.buyNow !== null && (good.bidCount === 0 || reserveMet(good) === false)
}

/** What is wrong with the prices of a listing, by the name of the price; null when nothing is (rules.md, section 4). */
export function priceFault({ startPrice, reserve, buyNow }: Pick<Terms, 'startPrice' | 'reserve' | 'buyNow'>): {
  readonly path: 'reserve' | 'buyNow'
  readonly message: string
} | null {
  if (reserve !== null && reserve <= startPrice) return { path: 'reserve', message: 'must be above startPrice' }
  if (buyNow !== null && buyNow * 10 < startPrice * 13)
    return { path: 'buyNow', message: 'must be at least 1.3 times startPrice' }
  if (buyNow !== null && reserve !== null && buyNow < reserve)
    return { path: 'buyNow', message: 'must not be below reserve' }
  return null
}

/** The description with a dated note at its end. */
export function withNote(description: string, text: string, at: number): string {
  const date = new Date(at).toISOString().slice(0, 16).replace('T', ' ')
  return `${description}${description === '' ? '' : '\n\n'}[${date} UTC] ${text}`
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
    // What is left without a lapsed bidder stands in the removal that follows.
    case 'lapsed':
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
      return { ...next, endsAt: event.endsAt, hardEndsAt: event.hardEndsAt }
    case 'retracted':
    case 'bid_cancelled':
      return { ...next, ...event.after }
    case 'note': {
      const edited = { ...next, ...event.changes }
      return event.text === null
        ? edited
        : { ...edited, description: withNote(edited.description, event.text, event.receivedAt) }
    }
    case 'sold':
      return { ...next, status: 'sold', winner: event.winner }
    case 'bought':
      return { ...next, status: 'bought', winner: event.winner, leader: event.winner, price: event.price, max: null }
    case 'unsold':
    case 'cancelled':
      return { ...next, status: event.type }
    default:
      return event satisfies never
  }
}
