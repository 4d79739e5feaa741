/** Bidding and buying: who may, who leads afterwards, and at what price (rules.md, sections 2 to 4). */
import { AuctionError } from './errors.ts'
import { canBuyNow, evolve, type Good, type GoodEvent, type Person, reserveMet } from './good.ts'
import { incrementAt, minimumBid } from './increments.ts'
import { heldOn, holdFor } from './ledger.ts'
import { inWords, type Money } from './money.ts'

/** A bid as it reached the house. Facts from outside ride in it as values: decide() has no clock and looks nothing up. */
export interface PlaceBid {
  readonly type: 'place_bid'
  readonly bidder: Person
  /** Exact amount; null leaves the visible amount to the house (a proxy bid). */
  readonly amount: number | null
  /** Secret maximum; null means `amount`. */
  readonly max: number | null
  readonly message: string | null
  /** The bid counts only while the good's log ends here; null: wherever it ends. */
  readonly ifSeq: number | null
  readonly bidId: number
  /** Chance, for the commitment in the public log. */
  readonly salt: string
  /** When the request was complete at the server, epoch ms; alone decides whether the bid is on time. */
  readonly receivedAt: number
  /** The bidder's available funds, minor units. */
  readonly available: number
}

/** Buys the good at once, at its buy-now price. */
export interface Purchase {
  readonly type: 'purchase'
  readonly buyer: Person
  readonly receivedAt: number
  /** The buyer's available funds, minor units. */
  readonly available: number
}

/** Throws NOT_OPEN unless the good is open at `receivedAt`. */
export function refuseUnlessOpen(good: Good, receivedAt: number): void {
  if (good.status !== 'open' || receivedAt >= good.endsAt)
    throw new AuctionError('NOT_OPEN', `Bidding on good ${good.id} has ended.`)
}

/** The bid, and what follows from it: the reserve met, the end moved. Throws what rules.md, section 2, says, in its order. */
export function placeBid(bid: PlaceBid, good: Good): GoodEvent[] {
  const max = bid.max ?? bid.amount
  if (max === null || (bid.amount !== null && bid.amount > max))
    throw new AuctionError('BAD_REQUEST', 'A bid names an amount, or a maximum not below it.')
  refuseBid(bid, max, good)
  const placed = contest(bid, max, good)
  return [placed, ...consequencesOf(placed, good)]
}

/** What follows from a bid on `good`, in its order: the reserve met, the end moved. */
export function consequencesOf(placed: Extract<GoodEvent, { type: 'bid' }>, good: Good): GoodEvent[] {
  const events: GoodEvent[] = []
  const after = evolve(good, placed)
  if (reserveMet(after) && !reserveMet(good)) events.push({ type: 'reserve_met' })
  const moved = after.price !== good.price || after.leader?.id !== good.leader?.id
  const { hardEndsAt, softCloseMs } = good
  const endsAt = Math.min(hardEndsAt, placed.receivedAt + softCloseMs)
  if (moved && softCloseMs > 0 && endsAt > good.endsAt)
    events.push({ type: 'extended', endsAt, hardEndsAt, cause: 'bid' })
  return events
}

/** The purchase. Throws OWN_GOOD, NOT_OPEN, FORBIDDEN, CONFLICT, INSUFFICIENT_FUNDS {available, needed}. */
export function purchase({ buyer, receivedAt, available }: Purchase, good: Good): GoodEvent[] {
  if (buyer.id === good.owner.id) throw new AuctionError('OWN_GOOD')
  refuseUnlessOpen(good, receivedAt)
  if (good.offeredTo && good.offeredTo.id !== buyer.id)
    throw new AuctionError('FORBIDDEN', `Good ${good.id} is offered to ${good.offeredTo.nick} alone.`)
  if (good.buyNow === null)
    throw new AuctionError('CONFLICT', `Good ${good.id} has no buy-now price.`, { hint: bidHint(good) })
  if (!canBuyNow(good))
    throw new AuctionError('CONFLICT', `Good ${good.id} can no longer be bought at once: bidding has begun.`, {
      hint: bidHint(good),
    })
  const own = good.leader?.id === buyer.id ? heldOn(good) : 0
  refuseUnlessCovered(good, holdFor(good, good.buyNow) - own, available)
  return [{ type: 'bought', winner: buyer, price: good.buyNow, receivedAt }]
}

const bidHint = ({ id }: Good) => `Bid instead: auction bid ${id} min`

function refuseUnlessCovered(good: Good, needed: number, available: number): void {
  const money = (amount: number): Money => ({ amount, currency: good.currency })
  if (available < needed)
    throw new AuctionError(
      'INSUFFICIENT_FUNDS',
      `This needs ${inWords(money(needed))}; you have ${inWords(money(available))} available.`,
      { data: { available: money(available), needed: money(needed) } },
    )
}

function refuseBid(bid: PlaceBid, max: number, good: Good): void {
  if (bid.bidder.id === good.owner.id) throw new AuctionError('OWN_GOOD')
  refuseUnlessOpen(good, bid.receivedAt)
  if (good.offeredTo)
    throw new AuctionError('FORBIDDEN', `Good ${good.id} is a second chance for ${good.offeredTo.nick} alone.`, {
      hint: `It takes no bids; ${good.offeredTo.nick} may buy it: auction buy ${good.id}`,
    })
  if (bid.ifSeq !== null && bid.ifSeq !== good.seq)
    throw new AuctionError('CONFLICT', `Good ${good.id} has moved on: its log is at ${good.seq}, not ${bid.ifSeq}.`, {
      hint: `Look again: auction show ${good.id}`,
      data: { seq: good.seq },
    })
  const leads = good.leader?.id === bid.bidder.id
  if (leads && max <= (good.max ?? 0)) throw new AuctionError('MAX_NOT_RAISED')
  const minimum: Money = { amount: minimumBid(good), currency: good.currency }
  if (!leads && (max < minimum.amount || (bid.amount !== null && bid.amount < minimum.amount)))
    throw new AuctionError('BID_TOO_LOW', `The least bid is now ${inWords(minimum)}.`, {
      data: { minimumBid: minimum },
    })
  refuseUnlessCovered(good, holdFor(good, max) - (leads ? heldOn(good) : 0), bid.available)
}

/** The contest of two maxima in closed form: who leads afterwards and at what price (rules.md, section 2). */
function contest(bid: PlaceBid, max: number, good: Good): Extract<GoodEvent, { type: 'bid' }> {
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
  const { bidId, bidder, message, receivedAt, salt, amount: named } = bid
  // A leader who raises his own maximum shows the price alone, whatever he named: the rest of it is secret.
  const shown = leader?.id === bidder.id ? result.price : named
  const amount = shown ?? (result.leader.id === bidder.id ? result.price : minimumBid(good))
  return { type: 'bid', bidId, bidder, amount, named, max, salt, message, receivedAt, ...result }
}
