/** What the house decides about a good: `decide(command, good)` gives the events that follow, or throws the one refusal. */
import { AuctionError } from './errors.ts'
import { evolve, type Good, type GoodEvent, type Increment, type Person, reserveMet } from './good.ts'
import { heldOn, holdFor } from './ledger.ts'
import { type Money, shareOf, toDecimal } from './money.ts'

/** A bid as it reached the house. Facts from outside ride in it as values: decide() has no clock and looks nothing up. */
export interface PlaceBid {
  readonly type: 'place_bid'
  readonly bidder: Person
  /** Exact amount; null leaves the visible amount to the house (a proxy bid). */
  readonly amount: number | null
  /** Secret maximum; null means `amount`. */
  readonly max: number | null
  readonly message: string | null
  readonly bidId: number
  /** When the request was complete at the server, epoch ms; alone decides whether the bid is on time. */
  readonly receivedAt: number
  /** The bidder's available funds, minor units. */
  readonly available: number
}

/** Closes a good whose end has passed by `now` (epoch ms); before it, or when closed already, nothing happens. */
export interface CloseDue {
  readonly type: 'close_due'
  readonly now: number
}

/** What `decide` decides about. */
export type Command = PlaceBid | CloseDue

// eBay's ten bands, minor units of a two-decimal currency (rules.md, section 1).
const BANDS = [
  [0, 5],
  [100, 25],
  [500, 50],
  [2_500, 100],
  [10_000, 250],
  [25_000, 500],
  [50_000, 1_000],
  [100_000, 2_500],
  [250_000, 5_000],
  [500_000, 10_000],
] as const

const SOFT_CLOSE_MS = 120_000
const SHORT_SALE_MS = 20 * 60_000
const LEAST_SOFT_CLOSE_MS = 5_000
/** How far soft closes may move the end altogether (rules.md, section 3). */
export const HARD_END_MS = 60 * 60_000

/** The increments a house of this currency copies into a good when it is listed. */
export function defaultIncrement(currency: string): Increment {
  const scale = currency === 'KRW' ? 10 : 1
  return { bands: BANDS.map(([from, step]) => [from * scale, step * scale] as const) }
}

/** Length of the soft close of a good listed for `durationMs` when the seller names none (rules.md, section 3). */
export function defaultSoftClose(durationMs: number): number {
  return durationMs < SHORT_SALE_MS ? Math.max(LEAST_SOFT_CLOSE_MS, Math.floor(durationMs / 10)) : SOFT_CLOSE_MS
}

/** The step above `price`, minor units: the last band that begins at or below it. */
export function incrementAt(increment: Increment, price: number): number {
  if ('fixed' in increment) return increment.fixed
  if ('percentBp' in increment) return Math.max(1, shareOf(price, increment.percentBp))
  return increment.bands.findLast(([from]) => from <= price)?.[1] ?? 1
}

/** The least next bid, minor units. */
export function minimumBid(good: Pick<Good, 'price' | 'startPrice' | 'increment'>): number {
  return good.price === null ? good.startPrice : good.price + incrementAt(good.increment, good.price)
}

/**
 * The events that follow from `command`, none when there is nothing to do.
 * Throws OWN_GOOD, NOT_OPEN, MAX_NOT_RAISED, BID_TOO_LOW {minimumBid}, INSUFFICIENT_FUNDS {available, needed} (rules.md, 2).
 */
export function decide(command: Command, good: Good): GoodEvent[] {
  switch (command.type) {
    case 'place_bid':
      return placeBid(command, good)
    case 'close_due':
      return closeDue(command, good)
    default:
      return command satisfies never
  }
}

function placeBid(bid: PlaceBid, good: Good): GoodEvent[] {
  const max = bid.max ?? bid.amount
  if (max === null || (bid.amount !== null && bid.amount > max))
    throw new AuctionError('BAD_REQUEST', 'A bid names an amount, or a maximum not below it.')
  refuseBid(bid, max, good)
  const placed = contest(bid, max, good)
  const events: GoodEvent[] = [placed]
  const after = evolve(good, placed)
  if (reserveMet(after) && !reserveMet(good)) events.push({ type: 'reserve_met' })
  const moved = after.price !== good.price || after.leader?.id !== good.leader?.id
  const endsAt = Math.min(good.hardEndsAt, bid.receivedAt + good.softCloseMs)
  if (moved && good.softCloseMs > 0 && endsAt > good.endsAt) events.push({ type: 'extended', endsAt, cause: 'bid' })
  return events
}

function refuseBid(bid: PlaceBid, max: number, good: Good): void {
  const money = (amount: number): Money => ({ amount, currency: good.currency })
  const inWords = (amount: number) => `${toDecimal(amount, good.currency)} ${good.currency}`
  if (bid.bidder.id === good.owner.id) throw new AuctionError('OWN_GOOD')
  if (good.status !== 'open' || bid.receivedAt >= good.endsAt)
    throw new AuctionError('NOT_OPEN', `Bidding on good ${good.id} has ended.`)
  const leads = good.leader?.id === bid.bidder.id
  if (leads && max <= (good.max ?? 0)) throw new AuctionError('MAX_NOT_RAISED')
  const minimum = minimumBid(good)
  if (!leads && (max < minimum || (bid.amount !== null && bid.amount < minimum)))
    throw new AuctionError('BID_TOO_LOW', `The least bid is now ${inWords(minimum)}.`, {
      data: { minimumBid: money(minimum) },
    })
  const needed = holdFor(good, max) - (leads ? heldOn(good) : 0)
  if (bid.available < needed)
    throw new AuctionError(
      'INSUFFICIENT_FUNDS',
      `This needs ${inWords(needed)}; you have ${inWords(bid.available)} available.`,
      {
        data: { available: money(bid.available), needed: money(needed) },
      },
    )
}

/** The contest of two maxima in closed form: who leads afterwards and at what price (rules.md, section 2). */
function contest(bid: PlaceBid, max: number, good: Good): GoodEvent {
  const { leader, reserve, startPrice } = good
  const price = good.price ?? startPrice
  const reached = reserve !== null && max >= reserve ? reserve : 0
  const step = (at: number) => at + incrementAt(good.increment, at)
  const rival = good.max ?? 0
  const outcome = () => {
    if (leader === null) return { leader: bid.bidder, price: Math.max(bid.amount ?? startPrice, reached) }
    if (leader.id === bid.bidder.id) return { leader, price: Math.max(price, reached) }
    if (max > rival)
      return { leader: bid.bidder, price: Math.max(bid.amount ?? 0, Math.min(max, step(rival)), reached) }
    return { leader, price: Math.min(rival, step(max)) }
  }
  const result = outcome()
  const { bidId, bidder, message, receivedAt } = bid
  // A leader who raises his own maximum shows the price alone, whatever he named: the rest of it is secret.
  const shown = leader?.id === bidder.id ? result.price : bid.amount
  const amount = shown ?? (result.leader.id === bidder.id ? result.price : minimumBid(good))
  return { type: 'bid', bidId, bidder, amount, max, message, receivedAt, ...result }
}

function closeDue(command: CloseDue, good: Good): GoodEvent[] {
  if (good.status !== 'open' || command.now < good.endsAt) return []
  if (good.leader === null || good.price === null) return [{ type: 'unsold', reason: 'no_bids' }]
  if (reserveMet(good) === false) return [{ type: 'unsold', reason: 'reserve_unmet' }]
  return [{ type: 'sold', winner: good.leader, price: good.price }]
}
