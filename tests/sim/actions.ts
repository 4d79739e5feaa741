/** What may happen in a house: one action at random, aimed at where the rules change their mind. */
import {
  type CancellationReason,
  cancellationReasons,
  type RetractionReason,
  retractionReasons,
} from '@auction/common/good'
import type { Edit, NaiveHouse, NaiveTerms } from './naive-house.ts'
import type { Random } from './random.ts'

/** Bids are named as the naive house names them. `lagMs`: how long the request waited before the clerk saw it. */
export type Action =
  | {
      readonly type: 'place'
      readonly goodId: number
      readonly user: number
      readonly bid: number
      readonly amount: number | null
      readonly max: number | null
      readonly lagMs: number
      readonly ifSeq: 'none' | 'current' | 'stale'
    }
  | { readonly type: 'purchase'; readonly goodId: number; readonly user: number }
  | {
      readonly type: 'retract'
      readonly goodId: number
      readonly user: number
      readonly bid: number
      readonly reason: RetractionReason
    }
  | { readonly type: 'cancel_bid'; readonly goodId: number; readonly bid: number }
  | {
      readonly type: 'cancel_good'
      readonly goodId: number
      readonly as: 'seller' | 'house'
      readonly user: number
      readonly reason: CancellationReason | null
    }
  | { readonly type: 'accept'; readonly goodId: number; readonly user: number }
  | { readonly type: 'edit'; readonly goodId: number; readonly user: number; readonly edit: Edit }
  | { readonly type: 'deposit' | 'withdraw'; readonly user: number; readonly amount: number }
  | { readonly type: 'close_due' }

/** The house as a random action sees it. */
export interface Scene {
  readonly random: Random
  readonly naive: NaiveHouse
  readonly users: readonly number[]
  readonly goods: readonly number[]
  readonly now: number
  /** A new name for a bid. */
  readonly nextBid: () => number
  /** Whether the real house has told its own name of a bid yet. */
  readonly isKnown: (bid: number) => boolean
}

const HOUR_MS = 3_600_000

/** What a seller lists, with the odd price that no house would take left out. */
export function someTerms(random: Random, owner: number, listedAt: number): NaiveTerms {
  const startPrice = random.pick([
    random.int(1, 30),
    random.int(90, 120),
    random.int(400, 3_000),
    random.int(9_000, 30_000),
  ])
  const reserve = random.chance(0.45)
    ? startPrice + random.int(1, Math.max(20, startPrice * random.pick([1, 2, 12])))
    : null
  const least = Math.max(Math.ceil(startPrice * 1.3), reserve ?? 0)
  const duration = random.pick([20_000, 60_000, 600_000, 1_500_000, HOUR_MS, 5 * HOUR_MS, 30 * HOUR_MS])
  return {
    owner,
    name: `good ${random.int(1, 1_000_000)}`,
    startPrice,
    reserve,
    buyNow: random.chance(0.4) ? least + random.int(0, least) : null,
    increment: random.pick(['house', 'house', { fixed: random.int(1, 700) }, { percentBp: random.int(1, 3_000) }]),
    softCloseMs: random.pick([0, 5_000, Math.min(HOUR_MS, Math.floor(duration / 10)), 120_000, HOUR_MS]),
    listedAt,
    endsAt: listedAt + duration + random.int(0, 3),
    premiumBp: random.pick([0, 0, 1, 333, 2_500]),
    commissionBp: random.pick([0, 0, 1, 777, 10_000]),
    offeredTo: null,
    relistOf: null,
  }
}

/** An unsold good, or by mistake another, listed again as it may be, or offered to its highest bidder; null when there is none. */
export function termsAgain({ random, naive, goods, users, now }: Scene): NaiveTerms | null {
  const unsold = goods.filter((id) => naive.see(id).status === 'unsold')
  const offerable = unsold.filter((id) => naive.see(id).leader !== null)
  const relistOf =
    (random.chance(0.7) ? random.any(offerable) : null) ?? random.any(random.chance(0.9) ? unsold : goods)
  if (relistOf === null) return null
  const { terms } = naive.secrets(relistOf)
  const owner = random.chance(0.9) ? terms.owner : (random.any(users) ?? 0)
  const { leader, price } = naive.see(relistOf)
  if (leader === null || price === null || random.chance(0.25)) return { ...someTerms(random, owner, now), relistOf }
  const at = { listedAt: now, endsAt: now + random.int(24, 7 * 24) * HOUR_MS }
  const offer = { startPrice: price, reserve: null, buyNow: price, offeredTo: leader }
  return { ...terms, ...at, ...offer, owner, relistOf }
}

/** An amount near one of those at which the answer changes. */
function someAmount({ random, naive }: Scene, goodId: number, user: number): number {
  const { terms, max } = naive.secrets(goodId)
  const { minimumBid, price } = naive.see(goodId)
  const affordable = Math.floor((naive.fundsFor(goodId, user) * 10_000) / (10_000 + terms.premiumBp))
  const near = random.pick([
    minimumBid,
    minimumBid,
    minimumBid,
    minimumBid + random.int(0, 50),
    minimumBid + random.int(0, minimumBid),
    max ?? terms.startPrice,
    (max ?? minimumBid) + random.int(0, 100),
    Math.max(minimumBid, terms.reserve ?? price ?? 1),
    terms.buyNow ?? minimumBid,
    affordable,
  ])
  return Math.max(1, near + random.pick([0, 0, 1, random.int(-2, 2), random.int(0, 300)]))
}

function someBid(scene: Scene, goodId: number): Action {
  const { random, users, naive } = scene
  const leader = naive.see(goodId).leader
  const others = users.filter(
    (id) =>
      id !== naive.secrets(goodId).terms.owner &&
      id !== leader &&
      (random.chance(0.15) || naive.fundsFor(goodId, id) > 2 * naive.see(goodId).minimumBid),
  )
  const user = random.chance(0.85) ? random.any(others) : random.chance(0.8) ? leader : random.any(users)
  return bidOf(scene, goodId, user ?? random.any(users) ?? 0)
}

function bidOf(scene: Scene, goodId: number, user: number): Action {
  const { random, nextBid } = scene
  const one = someAmount(scene, goodId, user)
  const other = someAmount(scene, goodId, user)
  const [amount, max] = random.pick<readonly [number | null, number | null]>([
    [one, null],
    [null, one],
    [null, Math.max(one, other)],
    [Math.min(one, other), Math.max(one, other)],
  ])
  const lagMs = random.chance(0.8) ? 0 : random.int(0, 900)
  const ifSeq = random.chance(0.8) ? 'none' : random.chance(0.8) ? 'current' : 'stale'
  return { type: 'place', goodId, user, bid: nextBid(), amount, max, lagMs, ifSeq }
}

/** An edit of one thing, to a value it does not have. */
function someEdit({ random, naive, now }: Scene, goodId: number): Edit {
  const { terms, endsAt, max } = naive.secrets(goodId)
  const price = naive.see(goodId).price ?? terms.startPrice
  const start = Math.max(1, terms.startPrice + random.int(1, 40) * random.pick([1, -1]))
  const reserve = random.pick([price, price + 1, price - 1, max ?? price, price + random.int(0, 500), null])
  const all: Edit[] = [
    { name: `${terms.name}, improved` },
    { note: 'The left ear is missing.' },
    ...(start === terms.startPrice ? [] : [{ startPrice: start }]),
    ...(reserve === terms.reserve || reserve === 0 ? [] : [{ reserve }, { reserve }]),
    { buyNow: (terms.buyNow ?? price) + random.int(1, 2_000) },
    ...(terms.buyNow === null ? [] : [{ buyNow: null }]),
    { endsAt: endsAt + random.int(1, 100_000) },
    { endsAt: random.pick([endsAt - 1, now, now + random.int(1, 100_000) + (endsAt <= now ? 1 : 0)]) },
  ]
  return all.filter((edit) => edit.endsAt !== endsAt)[random.int(0, 6)] ?? { note: 'As seen.' }
}

/** A bid that may be taken back late in the sale until about now: its hour is over to the millisecond. */
const ripeBid = ({ naive, isKnown, now }: Scene, goodId: number) =>
  naive.secrets(goodId).bids.findLast(({ id, at }) => isKnown(id) && Math.abs(now - at - HOUR_MS) <= 1)

/** A bid of the good, standing or not, that the real house has a name for. */
const knownBid = ({ random, naive, isKnown }: Scene, goodId: number) => {
  const bids = naive.secrets(goodId).bids.filter(({ id }) => isKnown(id))
  const { leader } = naive.see(goodId)
  return random.any(random.chance(0.6) ? bids.filter(({ user }) => user === leader) : bids) ?? random.any(bids)
}

/** A withdrawal, often of all that somebody has who was outbid: should he lead again, he lapses. */
function someWithdrawal({ random, naive, users }: Scene, goodId: number): Action {
  const { leader } = naive.see(goodId)
  const outbid = naive.secrets(goodId).bids.filter(({ user }) => user !== leader)
  const user = (random.chance(0.7) ? random.any(outbid)?.user : null) ?? random.any(users) ?? 0
  const free = naive.balanceOf(user) - naive.holdsOf(user)
  return { type: 'withdraw', user, amount: Math.max(1, random.pick([free, free, free + 1, random.int(1, free + 1)])) }
}

function somePurchase({ random, naive, goods, users }: Scene, otherwise: number): Action {
  const forSale = goods.filter((id) => naive.see(id).buyNow !== null)
  const goodId = (random.chance(0.7) ? random.any(forSale) : null) ?? otherwise
  const { owner, offeredTo } = naive.secrets(goodId).terms
  const others = users.filter((id) => id !== owner)
  const user = (random.chance(0.7) ? offeredTo : null) ?? random.any(random.chance(0.9) ? others : users) ?? 0
  return { type: 'purchase', goodId, user }
}

export function someAction(scene: Scene): Action {
  const { random, users, naive } = scene
  const open = scene.goods.filter((id) => naive.see(id).status === 'open')
  const bidding = open.filter((id) => naive.see(id).endsAt > scene.now)
  const goodId =
    (random.chance(0.93) ? random.any(bidding) : null) ??
    (random.chance(0.93) ? random.any(open) : null) ??
    random.any(scene.goods) ??
    0
  const user = random.any(users) ?? 0
  const owner = naive.secrets(goodId).terms.owner
  const seller = random.chance(0.93) ? owner : user
  const ripe = ripeBid(scene, goodId)
  if (ripe && random.chance(0.5))
    return { type: 'retract', goodId, user: ripe.user, bid: ripe.id, reason: random.pick(retractionReasons) }
  const dice = random.int(1, 100)
  if (dice <= 60) return someBid(scene, goodId)
  if (dice <= 77) {
    const bid = knownBid(scene, goodId)
    if (!bid) return someBid(scene, goodId)
    const reason = random.pick(retractionReasons)
    return random.chance(0.7)
      ? { type: 'retract', goodId, user: random.chance(0.95) ? bid.user : user, bid: bid.id, reason }
      : { type: 'cancel_bid', goodId, bid: bid.id }
  }
  if (dice <= 80) return somePurchase(scene, goodId)
  if (dice <= 81) {
    const reason = random.chance(0.7) ? random.pick(cancellationReasons) : null
    return { type: 'cancel_good', goodId, as: random.chance(0.7) ? 'seller' : 'house', user: seller, reason }
  }
  if (dice <= 82) return { type: 'accept', goodId, user: seller }
  if (dice <= 87) return { type: 'edit', goodId, user: seller, edit: someEdit(scene, goodId) }
  if (dice <= 89) return { type: 'deposit', user, amount: random.int(1, 20_000) }
  if (dice <= 96) return someWithdrawal(scene, goodId)
  return { type: 'close_due' }
}

/** Some time later: a moment, or up to one of the next instants at which a rule changes, to the millisecond. */
export function someJump({ random, naive, goods, now }: Scene): number {
  const instants = goods
    .filter((id) => naive.see(id).status === 'open')
    .flatMap((id) => {
      const { terms, bids, endsAt, firmAt, hardEndsAt } = naive.secrets(id)
      const hours = bids.map(({ at }) => at + HOUR_MS).filter((at) => at >= firmAt && at < endsAt - terms.softCloseMs)
      return [endsAt, endsAt - terms.softCloseMs, Math.ceil(firmAt), hardEndsAt, ...hours]
    })
    .filter((at) => at > now + 1)
    .sort((a, b) => a - b)
  const instant = instants[random.int(0, 3)]
  if (instant === undefined || random.chance(0.5)) return random.int(0, 3_000)
  return instant - now + random.int(-1, 1)
}

/** The naive house's verdict on `action`, and the action done there. */
export function doNaively(naive: NaiveHouse, action: Action, now: number) {
  switch (action.type) {
    case 'place': {
      const { goodId, bid: id, user, amount, max, lagMs, ifSeq } = action
      return naive.place(goodId, { id, user, amount, max, receivedAt: now - lagMs, stale: ifSeq === 'stale' }, now)
    }
    case 'purchase':
      return naive.purchase(action.goodId, action.user, now)
    case 'retract':
      return naive.retract(action.goodId, action.bid, action.user, now)
    case 'cancel_bid':
      return naive.cancelBidByHouse(action.goodId, action.bid, now)
    case 'cancel_good':
      return action.as === 'house'
        ? naive.cancelByHouse(action.goodId, now)
        : naive.cancelBySeller(action.goodId, action.user, action.reason, now)
    case 'accept':
      return naive.accept(action.goodId, action.user, now)
    case 'edit':
      return naive.edit(action.goodId, action.user, action.edit, now)
    case 'deposit':
      return naive.deposit(action.user, action.amount)
    case 'withdraw':
      return naive.withdraw(action.user, action.amount)
    case 'close_due':
      return naive.closeDue(now)
    default:
      return action satisfies never
  }
}
