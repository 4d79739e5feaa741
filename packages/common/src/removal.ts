/** Bids that no longer stand: taken back by their bidder or cancelled by the house, and the contest without them (rules.md, 5). */
import { refuseUnlessOpen } from './contest.ts'
import { AuctionError } from './errors.ts'
import type { Contest, Good, GoodEvent, Person, RetractionReason } from './good.ts'
import { HARD_END_MS, incrementAt } from './increments.ts'
import { heldOn, holdFor } from './ledger.ts'

/** A bid that stands, with what the formula needs of it; `at` epoch ms. */
export interface StandingBid {
  readonly id: number
  readonly seq: number
  readonly bidder: Person
  readonly max: number
  readonly at: number
}

interface Taking {
  readonly bidId: number
  readonly by: Person
  readonly receivedAt: number
  /** Every bid on the good that stands. */
  readonly bids: readonly StandingBid[]
  /** Available funds of their bidders, minor units, by user id. */
  readonly available: ReadonlyMap<number, number>
}

/** A bidder takes one of his bids back. `allowed`: the house's setting. */
export interface RetractBid extends Taking {
  readonly type: 'retract_bid'
  readonly reason: RetractionReason
  readonly allowed: boolean
}

/** The house cancels a bid. */
export interface CancelBid extends Taking {
  readonly type: 'cancel_bid'
  readonly reason: string
}

const HOUR_MS = 60 * 60_000

/** The last part of a sale, in which less may be taken back: 12 h, of a short sale its second half (rules.md, section 5). */
export function lateMs({ listedAt, hardEndsAt }: Pick<Good, 'listedAt' | 'hardEndsAt'>): number {
  return Math.min(12 * HOUR_MS, Math.floor((hardEndsAt - HARD_END_MS - listedAt) / 2))
}

/** The bid taken back. Throws NOT_OPEN, NOT_FOUND, FORBIDDEN, and CONFLICT where it is too late. */
export function retractBid(command: RetractBid, good: Good): GoodEvent[] {
  const { by, receivedAt, reason } = command
  refuseUnlessOpen(good, receivedAt)
  const bid = bidOf(command)
  if (bid.bidder.id !== by.id) throw new AuctionError('FORBIDDEN', `Bid ${bid.id} is not yours.`)
  if (!command.allowed)
    throw new AuctionError('FORBIDDEN', 'In this house a bid stands.', { hint: 'Ask the house to cancel it.' })
  const left = good.endsAt - receivedAt
  if (left <= lateMs(good)) {
    const newest = command.bids.filter(({ bidder }) => bidder.id === by.id).every(({ seq }) => seq <= bid.seq)
    const obstacle = !newest
      ? 'so late in the sale only your last bid can be taken back'
      : receivedAt - bid.at > HOUR_MS
        ? 'so late in the sale a bid can be taken back for an hour only'
        : left <= good.softCloseMs
          ? 'nothing can be taken back in the soft close'
          : null
    if (obstacle)
      throw new AuctionError('CONFLICT', `Bid ${bid.id} stands: ${obstacle}.`, { hint: 'Ask the house to cancel it.' })
  }
  return removal(command, bid, good, (taken) => ({ type: 'retracted', reason, ...taken }))
}

/** The bid cancelled. Throws NOT_OPEN and NOT_FOUND. */
export function cancelBid(command: CancelBid, good: Good): GoodEvent[] {
  const { receivedAt, reason } = command
  refuseUnlessOpen(good, receivedAt)
  return removal(command, bidOf(command), good, (taken) => ({ type: 'bid_cancelled', reason, ...taken }))
}

function bidOf({ bids, bidId }: Taking): StandingBid {
  const bid = bids.find(({ id }) => id === bidId)
  if (!bid)
    throw new AuctionError('NOT_FOUND', `There is no bid ${bidId} that stands.`, {
      hint: 'See your bids: auction bids',
    })
  return bid
}

type Taken = Omit<Extract<GoodEvent, { type: 'retracted' }>, 'type' | 'reason'>

/** Who would lead but cannot pay lapses, one after the other; then the bid goes and the contest is what is left. */
function removal(command: Taking, bid: StandingBid, good: Good, done: (taken: Taken) => GoodEvent): GoodEvent[] {
  const { available, receivedAt } = command
  const lapsed: GoodEvent[] = []
  let rest = command.bids.filter(({ id }) => id !== bid.id)
  for (;;) {
    const best = leadingOf(rest)
    const own = good.leader && best?.bidder.id === good.leader.id ? heldOn(good) : 0
    if (!best || (available.get(best.bidder.id) ?? 0) + own >= holdFor(good, best.max)) break
    const others = rest.filter(({ bidder }) => bidder.id !== best.bidder.id)
    lapsed.push({ type: 'lapsed', bidder: best.bidder, bids: rest.length - others.length })
    rest = others
  }
  const bidsLeft = rest.filter(({ bidder }) => bidder.id === bid.bidder.id).length
  const after = contestOf(rest, good)
  return [...lapsed, done({ bidId: bid.id, bidder: bid.bidder, bidsLeft, receivedAt, after })]
}

/** The bid of the highest maximum, of equals the earliest. */
function leadingOf(bids: readonly StandingBid[]): StandingBid | undefined {
  const leads = (a: StandingBid, b: StandingBid) => a.max > b.max || (a.max === b.max && a.seq < b.seq)
  let best = bids[0]
  for (const bid of bids) if (best && leads(bid, best)) best = bid
  return best
}

/** `P = min(P_before, one user ? S : min(M, M2 + inc(M2)))`, with max(.., R) inside the min when M >= R. */
function contestOf(bids: readonly StandingBid[], good: Good): Contest {
  const best = leadingOf(bids)
  if (!best) return { price: null, leader: null, max: null, bidCount: 0 }
  const second = leadingOf(bids.filter(({ bidder }) => bidder.id !== best.bidder.id))
  const { reserve, startPrice, increment } = good
  const contested = second ? Math.min(best.max, second.max + incrementAt(increment, second.max)) : startPrice
  const fair = reserve !== null && best.max >= reserve ? Math.max(contested, reserve) : contested
  const price = Math.min(good.price ?? fair, fair)
  return { price, leader: best.bidder, max: best.max, bidCount: bids.length }
}
