/** The seller's and the house's part of a sale: editing, cancelling, selling early, moving the end, closing (rules.md, 3 to 7). */
import { refuseUnlessOpen } from './contest.ts'
import { AuctionError } from './errors.ts'
import {
  type CancellationReason,
  type Changes,
  cancellationReasons,
  type Good,
  type GoodEvent,
  type Person,
  priceFault,
  reserveMet,
  withNote,
} from './good.ts'
import { HARD_END_MS } from './increments.ts'
import { inWords } from './money.ts'
import { lateMs } from './removal.ts'

/** The seller changes the good, or adds a dated note to its description; `salt` for a reserve's commitment. */
export interface EditGood {
  readonly type: 'edit_good'
  readonly by: Person
  readonly changes: Omit<Changes, 'hardEndsAt'>
  readonly note: string | null
  readonly salt: string
  readonly receivedAt: number
}

/** Ends the good without a sale, by its seller or by the house. */
export interface CancelGood {
  readonly type: 'cancel_good'
  readonly by: Person
  readonly as: 'seller' | 'house'
  readonly reason: string | null
  readonly receivedAt: number
}

/** The seller sells to the highest bidder before the end. */
export interface AcceptBid {
  readonly type: 'accept_bid'
  readonly by: Person
  readonly receivedAt: number
}

/** The house was away from `downSince` to `now` (epoch ms): goods that ended meanwhile, or are about to, get more time. */
export interface ExtendForOutage {
  readonly type: 'extend_for_outage'
  readonly downSince: number
  readonly now: number
}

/** Closes a good whose end has passed by `now` (epoch ms); before it, or when closed already, nothing happens. */
export interface CloseDue {
  readonly type: 'close_due'
  readonly now: number
}

/** Most characters of a description with all its notes: it goes with every answer about the good. */
const LONGEST_DESCRIPTION = 20_000
/** How long the house must have been away for the outage rule (rules.md, section 3). */
export const OUTAGE_LEAST_MS = 30_000
/** The time it then gives. */
export const OUTAGE_GRACE_MS = 10 * 60_000

function refuseUnlessOwner(good: Good, { id }: Person): void {
  if (good.owner.id !== id) throw new AuctionError('FORBIDDEN', `Good ${good.id} is not yours.`)
}

/** Throws CONFLICT in the last part of a sale, where bidders rely on it. */
function refuseLate(good: Good, receivedAt: number): void {
  if (good.endsAt - receivedAt <= lateMs(good))
    throw new AuctionError('CONFLICT', `Good ${good.id} has bids and ends soon: it is sold when it ends.`, {
      hint: 'Ask the house to cancel it, with a reason.',
    })
}

/** The edit. Throws FORBIDDEN, NOT_OPEN, BAD_REQUEST, and CONFLICT for what must not change once there are bids. */
export function editGood({ by, changes, note, salt, receivedAt }: EditGood, good: Good): GoodEvent[] {
  refuseUnlessOwner(good, by)
  refuseUnlessOpen(good, receivedAt)
  if (good.offeredTo) throw new AuctionError('CONFLICT', 'A second chance is offered as it is.')
  if (good.bidCount > 0) refuseBroken(changes, good)
  // Else the last part of a sale, in which the seller is bound, could be put off for ever.
  if (good.bidCount > 0 && changes.endsAt !== undefined) refuseLate(good, receivedAt)
  const edited = { ...good, ...changes }
  const fault = good.bidCount > 0 ? null : priceFault(edited)
  if (fault) throw new AuctionError('BAD_REQUEST', `${fault.path}: ${fault.message}.`)
  if (changes.endsAt !== undefined && changes.endsAt <= receivedAt)
    throw new AuctionError('BAD_REQUEST', 'endsAt: must lie ahead.')
  if (note !== null && withNote(edited.description, note, receivedAt).length > LONGEST_DESCRIPTION)
    throw new AuctionError('CONFLICT', `The description of good ${good.id} is full.`, {
      hint: 'Say the rest in its chat: auction chat',
    })
  const moved = changes.endsAt === undefined ? {} : { hardEndsAt: changes.endsAt + HARD_END_MS }
  const events: GoodEvent[] = [{ type: 'note', text: note, changes: { ...changes, ...moved }, salt, receivedAt }]
  if (reserveMet(edited) && reserveMet(good) === false) events.push({ type: 'reserve_met' })
  return events
}

/** With bids no edit of title, start, reserve upward, buy-now or an earlier end; the description grows by notes. */
function refuseBroken({ reserve, endsAt, private: _, capacity: __, ...fixed }: EditGood['changes'], good: Good): void {
  const refuse = (what: string, hint: string) => {
    throw new AuctionError('CONFLICT', `Good ${good.id} has bids: ${what}.`, { hint })
  }
  const [first] = Object.keys(fixed)
  if (first !== undefined) refuse(`its ${first} stays as it is`, 'Add to the description with a note.')
  if (endsAt !== undefined && endsAt < good.endsAt) refuse('its end may only move on', 'Name a later end.')
  if (reserve === undefined) return
  const price = good.price ?? 0
  if (good.reserve === null || reserve === null || reserve > price || reserve > good.reserve)
    refuse(
      'its reserve may only be lowered, to the price or less',
      `The price is ${inWords({ amount: price, currency: good.currency })}.`,
    )
}

/** The good cancelled. Throws FORBIDDEN, NOT_OPEN, BAD_REQUEST without a reason, and CONFLICT for a seller who is too late. */
export function cancelGood({ by, as, reason, receivedAt }: CancelGood, good: Good): GoodEvent[] {
  if (as === 'seller') refuseUnlessOwner(good, by)
  refuseUnlessOpen(good, receivedAt)
  if (as === 'seller' && good.bidCount > 0) {
    if (!cancellationReasons.includes(reason as CancellationReason))
      throw new AuctionError('BAD_REQUEST', `reason: a good with bids needs one of ${cancellationReasons.join(', ')}.`)
    refuseLate(good, receivedAt)
  }
  return [{ type: 'cancelled', by: as, reason, receivedAt }]
}

/** The good sold to its leader now. Throws FORBIDDEN, NOT_OPEN, and CONFLICT: no bids, reserve unmet, too late. */
export function acceptBid({ by, receivedAt }: AcceptBid, good: Good): GoodEvent[] {
  refuseUnlessOwner(good, by)
  refuseUnlessOpen(good, receivedAt)
  const { leader, price } = good
  if (leader === null || price === null)
    throw new AuctionError('CONFLICT', `Nobody has bid on good ${good.id}.`, {
      hint: `End it: auction cancel ${good.id}`,
    })
  if (reserveMet(good) === false)
    throw new AuctionError('CONFLICT', `The reserve of good ${good.id} is not met.`, {
      hint: `Lower it first: auction edit ${good.id} --reserve AMOUNT`,
    })
  refuseLate(good, receivedAt)
  return [{ type: 'sold', winner: leader, price, receivedAt }]
}

/**
 * Whether an unsold good may be listed again, or offered a second time; `again`: the goods that do so already.
 * Throws FORBIDDEN and CONFLICT (rules.md, section 7).
 */
export function refuseRelisting(good: Good, by: Person, again: readonly Good[]): void {
  refuseUnlessOwner(good, by)
  if (good.offeredTo)
    throw new AuctionError('CONFLICT', `Good ${good.id} is a second chance for another: list that one again.`, {
      hint: `See it: auction show ${good.relistOf ?? good.id}`,
    })
  if (good.status !== 'unsold')
    throw new AuctionError('CONFLICT', `Good ${good.id} is not unsold: it is ${good.status}.`)
  // A second time that was cancelled, or a second chance that nobody took, leaves the good as it was; any other stands for it.
  const other = again.find(({ status, offeredTo }) => status !== 'cancelled' && !(status === 'unsold' && offeredTo))
  if (other)
    throw new AuctionError('CONFLICT', `Good ${good.id} is listed again already, as good ${other.id}.`, {
      hint: `See it: auction show ${other.id}`,
    })
}

/**
 * The terms on which an unsold good is offered to its highest bidder: the price at which that bid stood, as what it was
 * secretly willing to pay stays secret. Throws CONFLICT when nobody bid (rules.md, section 7).
 */
export function secondChanceOf({
  id,
  leader,
  price,
}: Good): Pick<Good, 'startPrice' | 'reserve' | 'buyNow' | 'offeredTo'> {
  if (leader === null || price === null)
    throw new AuctionError('CONFLICT', `Nobody bid on good ${id}: there is no second chance to give.`, {
      hint: `List it again: auction relist ${id} --ends-in 7d`,
    })
  return { startPrice: price, reserve: null, buyNow: price, offeredTo: leader }
}

/** More time for a good whose bidders could not reach the house: it ends no earlier than ten minutes from now. */
export function extendForOutage({ downSince, now }: ExtendForOutage, good: Good): GoodEvent[] {
  const endsAt = now + OUTAGE_GRACE_MS
  const touched = good.endsAt >= downSince && good.endsAt < endsAt
  if (good.status !== 'open' || now - downSince < OUTAGE_LEAST_MS || !touched) return []
  return [{ type: 'extended', endsAt, hardEndsAt: good.hardEndsAt + endsAt - good.endsAt, cause: 'outage' }]
}

/** How the good ends, once its end has passed. */
export function closeDue({ now }: CloseDue, good: Good): GoodEvent[] {
  if (good.status !== 'open' || now < good.endsAt) return []
  if (good.leader === null || good.price === null) return [{ type: 'unsold', reason: 'no_bids' }]
  if (reserveMet(good) === false) return [{ type: 'unsold', reason: 'reserve_unmet' }]
  return [{ type: 'sold', winner: good.leader, price: good.price, receivedAt: null }]
}
