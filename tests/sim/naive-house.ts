/**
 * rules.md a second time, for the model test: as naive and as literal as it can be, and written from the rules alone. Every bid
 * of every good stays in a list, and leader, price, holds and balances are worked out from the beginning whenever they are asked.
 */
import type { FaultCode } from '@auction/common/errors'

/** Section 1, in minor units of a two-decimal currency. */
const houseBands: readonly (readonly [from: number, step: number])[] = [
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
]
const HOUR_MS = 3_600_000
const HARD_END_MS = HOUR_MS
/** No end is named nearer than this. */
const NEAREST_END_MS = 1_000
const OUTAGE_MS = 30_000
const OUTAGE_GRACE_MS = 600_000

export interface NaiveTerms {
  readonly owner: number
  readonly name: string
  readonly startPrice: number
  readonly reserve: number | null
  readonly buyNow: number | null
  readonly increment: 'house' | { readonly fixed: number } | { readonly percentBp: number }
  readonly softCloseMs: number
  readonly listedAt: number
  readonly endsAt: number
  readonly premiumBp: number
  readonly commissionBp: number
  /** Of a second chance: the only one who may buy; nobody may bid. */
  readonly offeredTo: number | null
  /** The unsold good that this one lists again, or offers. */
  readonly relistOf: number | null
}

interface Bid {
  readonly id: number
  readonly user: number
  readonly amount: number | null
  readonly max: number
  /** When it was placed: taken by the house, a little after it was received. */
  readonly at: number
}

/** What moved the price of a good, in order. */
type Happening =
  | { readonly type: 'bid'; readonly bid: Bid }
  | { readonly type: 'removal'; readonly bidIds: readonly number[] }
  | { readonly type: 'terms'; readonly startPrice: number; readonly reserve: number | null }

interface NaiveGood {
  readonly id: number
  /** As it was listed, and as the seller has edited it since. */
  readonly listed: NaiveTerms
  terms: NaiveTerms
  readonly happenings: Happening[]
  /** Ids of bids that were taken out. */
  readonly removed: Set<number>
  status: 'open' | 'sold' | 'unsold' | 'bought' | 'cancelled'
  endsAt: number
  /** The end as the seller set it, moved by outages alone. */
  firstEnd: number
  winner: number | null
  boughtFor: number | null
}

/** What anyone may see of a good. */
export interface Seen {
  readonly status: NaiveGood['status']
  readonly price: number | null
  readonly leader: number | null
  readonly bidCount: number
  readonly reserve: 'none' | 'unmet' | 'met'
  readonly buyNow: number | null
  readonly minimumBid: number
  readonly endsAt: number
  readonly hardEndsAt: number
  readonly winner: number | null
}

/** What a user sees of his own part. */
export interface Own {
  readonly standing: 'none' | 'leading' | 'outbid' | 'won' | 'lost'
  readonly max: number | null
  readonly hold: number | null
}

/** Codes of which the real house may answer any; none: the action is done. */
export type Verdict = readonly FaultCode[]
const done: Verdict = []

const share = (amount: number, bp: number) => Number((BigInt(amount) * BigInt(bp)) / 10_000n)

function incrementAt(terms: NaiveTerms, price: number): number {
  const { increment } = terms
  if (increment === 'house') return houseBands.filter(([from]) => from <= price).at(-1)?.[1] ?? 0
  return 'fixed' in increment ? increment.fixed : Math.max(1, share(price, increment.percentBp))
}

/** Each user's best bid of these, the highest first, the earlier first among equals. */
function ranking(bids: readonly Bid[]): Bid[] {
  const users = [...new Set(bids.map(({ user }) => user))]
  const best = users.map((user) =>
    bids.filter((bid) => bid.user === user).reduce((one, other) => (other.max > one.max ? other : one)),
  )
  const order = (bid: Bid) => bids.indexOf(bid)
  return best.sort((a, b) => b.max - a.max || order(a) - order(b))
}

/** Section 2: the price once `bid` has been placed against those that stand. */
function priceAfterBid(terms: NaiveTerms, standing: readonly Bid[], price: number | null, bid: Bid): number {
  const { startPrice: S, reserve: R } = terms
  const { amount: A, max: X, user: U } = bid
  const [leading] = ranking(standing)
  if (!leading || price === null) return Math.max(A ?? S, R !== null && X >= R ? R : S)
  const { user: L, max: M } = leading
  if (U === L) return R !== null && price < R && X >= R ? R : price
  if (X > M) {
    const P = Math.max(A ?? 0, Math.min(X, M + incrementAt(terms, M)))
    return R !== null && X >= R ? Math.max(P, R) : P
  }
  return Math.min(M, X + incrementAt(terms, X))
}

/** Section 5: the price once only `standing` are left. */
function priceAfterRemoval(terms: NaiveTerms, standing: readonly Bid[], before: number | null): number | null {
  const { startPrice: S, reserve: R } = terms
  const [first, second] = ranking(standing)
  if (!first || before === null) return null
  const M = first.max
  const contested = second ? Math.min(M, second.max + incrementAt(terms, second.max)) : S
  return Math.min(before, R !== null && M >= R ? Math.max(contested, R) : contested)
}

/** Who stands and at what price: the whole history of the good, played again. */
function replay({ listed, happenings }: NaiveGood): { bids: Bid[]; price: number | null } {
  let bids: Bid[] = []
  let price: number | null = null
  let then = listed
  for (const happening of happenings) {
    if (happening.type === 'terms') then = { ...then, startPrice: happening.startPrice, reserve: happening.reserve }
    else if (happening.type === 'bid') {
      price = priceAfterBid(then, bids, price, happening.bid)
      bids = [...bids, happening.bid]
    } else {
      bids = bids.filter(({ id }) => !happening.bidIds.includes(id))
      price = priceAfterRemoval(then, bids, price)
    }
  }
  return { bids, price }
}

const standingBids = (good: NaiveGood) => replay(good).bids
const priceOf = (good: NaiveGood) => replay(good).price
const leadingBid = (good: NaiveGood) => ranking(standingBids(good))[0] ?? null
const holdOf = (terms: NaiveTerms, max: number) => max + share(max, terms.premiumBp)

function minimumBid(good: NaiveGood): number {
  const price = priceOf(good)
  return price === null ? good.terms.startPrice : price + incrementAt(good.terms, price)
}

function reserveFlag(good: NaiveGood): Seen['reserve'] {
  const { reserve } = good.terms
  if (reserve === null) return 'none'
  return (good.boughtFor ?? priceOf(good) ?? 0) >= reserve ? 'met' : 'unmet'
}

/** Section 4: open while there is no bid; with a reserve, until it is met. */
function openToBuy(good: NaiveGood): boolean {
  if (good.terms.buyNow === null || good.status !== 'open') return false
  return standingBids(good).length === 0 || reserveFlag(good) === 'unmet'
}

/** Section 3: soft closes move the end no further than this. */
const hardEndOf = ({ firstEnd }: NaiveGood) => firstEnd + HARD_END_MS

/** Section 5: Q, how long before its end a good with bids becomes firm. Soft closes do not lengthen the duration. */
const firmFor = ({ terms, firstEnd }: NaiveGood) => Math.min(12 * HOUR_MS, (firstEnd - terms.listedAt) / 2)
const moreThanQLeft = (good: NaiveGood, now: number) => good.endsAt - now > firmFor(good)

interface Movement {
  readonly from: number | 'world' | 'house'
  readonly to: number | 'world' | 'house'
  readonly amount: number
}

export interface Edit {
  readonly name?: string
  readonly startPrice?: number
  readonly reserve?: number | null
  readonly buyNow?: number | null
  readonly endsAt?: number
  readonly note?: string
}

export type NaiveHouse = ReturnType<typeof openNaiveHouse>

/** A house that lives in memory and never restarts. */
export function openNaiveHouse({ retraction }: { readonly retraction: 'allowed' | 'none' }) {
  const goods = new Map<number, NaiveGood>()
  const movements: Movement[] = []
  const lapsed: number[] = []

  const goodOf = (id: number): NaiveGood => {
    const good = goods.get(id)
    if (!good) throw new Error(`The naive house has no good ${id}.`)
    return good
  }
  const balanceOf = (who: Movement['from']) =>
    movements.reduce((sum, { from, to, amount }) => sum + (to === who ? amount : 0) - (from === who ? amount : 0), 0)
  const holdsOf = (user: number, except?: NaiveGood) =>
    [...goods.values()]
      .filter((good) => good !== except && good.status === 'open' && leadingBid(good)?.user === user)
      .reduce((sum, good) => sum + holdOf(good.terms, leadingBid(good)?.max ?? 0), 0)
  /** What `user` could hold on `good`: his balance less what his other goods hold. */
  const fundsFor = (good: NaiveGood, user: number) => balanceOf(user) - holdsOf(user, good)

  const isOpenAt = (good: NaiveGood, at: number) => good.status === 'open' && at < good.endsAt
  const allOf = (...faults: readonly (readonly [boolean, FaultCode])[]): Verdict =>
    faults.filter(([applies]) => applies).map(([, code]) => code)

  function settle(good: NaiveGood, buyer: number, price: number, status: 'sold' | 'bought'): void {
    const { owner, premiumBp, commissionBp } = good.terms
    movements.push(
      { from: buyer, to: owner, amount: price },
      { from: buyer, to: 'house', amount: share(price, premiumBp) },
      { from: owner, to: 'house', amount: share(price, commissionBp) },
    )
    good.status = status
    good.winner = buyer
    if (status === 'bought') good.boughtFor = price
  }

  /** Section 5: takes a bid out; then whoever would lead but cannot hold it is skipped, one after the other. */
  function remove(good: NaiveGood, bidId: number): void {
    const before = leadingBid(good)?.user
    const bidIds = [bidId]
    for (;;) {
      const left = standingBids(good).filter(({ id }) => !bidIds.includes(id))
      const [first] = ranking(left)
      if (!first || first.user === before || fundsFor(good, first.user) >= holdOf(good.terms, first.max)) break
      lapsed.push(first.user)
      bidIds.push(...left.filter(({ user }) => user === first.user).map(({ id }) => id))
    }
    for (const id of bidIds) good.removed.add(id)
    good.happenings.push({ type: 'removal', bidIds })
  }

  /** The bid, whether it stands or not, with what is wrong with its name. */
  function findBid(good: NaiveGood, bidId: number): { bid: Bid | null; faults: Verdict } {
    const found = good.happenings.flatMap((each) => (each.type === 'bid' && each.bid.id === bidId ? [each.bid] : []))[0]
    if (!found) return { bid: null, faults: ['NOT_FOUND'] }
    return { bid: found, faults: good.removed.has(bidId) ? ['NOT_FOUND', 'CONFLICT'] : done }
  }

  return {
    /** Section 7. What is there once is sold once: not while another listing of the same stands, or after one that sold. */
    mayList({ owner, relistOf }: NaiveTerms): Verdict {
      if (relistOf === null) return done
      const old = goodOf(relistOf)
      const others = [...goods.values()].filter((good) => good.terms.relistOf === relistOf)
      return allOf(
        [owner !== old.terms.owner, 'FORBIDDEN'],
        // A second chance that nobody took: it is the good behind it that may be listed again.
        [old.terms.offeredTo !== null, 'CONFLICT'],
        [old.status !== 'unsold', 'CONFLICT'],
        // Else one good could be sold twice: it is the newest of a row that is listed again.
        [
          others.some(
            ({ status, terms }) => status !== 'cancelled' && (status !== 'unsold' || terms.offeredTo === null),
          ),
          'CONFLICT',
        ],
      )
    },
    list(id: number, terms: NaiveTerms): void {
      goods.set(id, {
        id,
        listed: terms,
        terms,
        happenings: [],
        removed: new Set(),
        status: 'open',
        endsAt: terms.endsAt,
        firstEnd: terms.endsAt,
        winner: null,
        boughtFor: null,
      })
    },
    deposit(user: number, amount: number): Verdict {
      movements.push({ from: 'world', to: user, amount })
      return done
    },
    withdraw(user: number, amount: number): Verdict {
      if (balanceOf(user) - holdsOf(user) < amount) return ['INSUFFICIENT_FUNDS']
      movements.push({ from: user, to: 'world', amount })
      return done
    },

    /** The order of section 2; a stale `ifSeq` may be told before or after any of them. */
    place(
      goodId: number,
      bid: {
        id: number
        user: number
        amount: number | null
        max: number | null
        receivedAt: number
        stale: boolean
      },
      now: number,
    ): Verdict {
      const good = goodOf(goodId)
      const { user: U, amount: A } = bid
      const X = bid.max ?? A ?? 0
      const leading = leadingBid(good)
      const refusal = ((): FaultCode | null => {
        if (U === good.terms.owner) return 'OWN_GOOD'
        if (!isOpenAt(good, bid.receivedAt)) return 'NOT_OPEN'
        if (good.terms.offeredTo !== null) return 'FORBIDDEN'
        if (U === leading?.user) {
          if (X <= leading.max) return 'MAX_NOT_RAISED'
        } else if (X < minimumBid(good) || (A !== null && A < minimumBid(good))) return 'BID_TOO_LOW'
        return fundsFor(good, U) < holdOf(good.terms, X) ? 'INSUFFICIENT_FUNDS' : null
      })()
      if (bid.stale) return refusal ? ['CONFLICT', refusal] : ['CONFLICT']
      if (refusal) return [refusal]
      const price = priceOf(good)
      good.happenings.push({ type: 'bid', bid: { id: bid.id, user: U, amount: A, max: X, at: now } })
      if (priceOf(good) !== price || leadingBid(good)?.user !== leading?.user)
        good.endsAt = Math.min(Math.max(good.endsAt, bid.receivedAt + good.terms.softCloseMs), hardEndOf(good))
      return done
    },

    purchase(goodId: number, buyer: number, at: number): Verdict {
      const good = goodOf(goodId)
      const { owner, buyNow, premiumBp, offeredTo } = good.terms
      const faults = allOf(
        [buyer === owner, 'OWN_GOOD'],
        [!isOpenAt(good, at), 'NOT_OPEN'],
        [offeredTo !== null && buyer !== offeredTo, 'FORBIDDEN'],
        [good.status === 'open' && !openToBuy(good), 'CONFLICT'],
        [fundsFor(good, buyer) < (buyNow ?? 0) + share(buyNow ?? 0, premiumBp), 'INSUFFICIENT_FUNDS'],
      )
      if (faults.length > 0 || buyNow === null) return faults
      settle(good, buyer, buyNow, 'bought')
      return done
    },

    retract(goodId: number, bidId: number, user: number, now: number): Verdict {
      const good = goodOf(goodId)
      const { bid, faults } = findBid(good, bidId)
      const own = standingBids(good).filter((each) => each.user === user)
      const insideW = good.endsAt - now <= good.terms.softCloseMs
      const lastOfHis = own.at(-1)?.id === bidId && bid !== null && now - bid.at <= HOUR_MS
      const all = [
        ...faults,
        ...allOf(
          [retraction === 'none', 'FORBIDDEN'],
          [bid !== null && bid.user !== user, 'FORBIDDEN'],
          [!isOpenAt(good, now), 'NOT_OPEN'],
          [bid !== null && !moreThanQLeft(good, now) && (insideW || !lastOfHis), 'CONFLICT'],
        ),
      ]
      if (all.length === 0) remove(good, bidId)
      return all
    },

    cancelBidByHouse(goodId: number, bidId: number, now: number): Verdict {
      const good = goodOf(goodId)
      const all = [...findBid(good, bidId).faults, ...allOf([!isOpenAt(good, now), 'NOT_OPEN'])]
      if (all.length === 0) remove(good, bidId)
      return all
    },

    /** With bids: only while more than Q is left, and with a reason. */
    cancelBySeller(goodId: number, user: number, reason: string | null, now: number): Verdict {
      const good = goodOf(goodId)
      const hasBids = standingBids(good).length > 0
      const all = allOf(
        [user !== good.terms.owner, 'FORBIDDEN'],
        [!isOpenAt(good, now), 'NOT_OPEN'],
        [hasBids && !moreThanQLeft(good, now), 'CONFLICT'],
        [hasBids && reason === null, 'BAD_REQUEST'],
        [hasBids && reason === null, 'CONFLICT'],
      )
      if (all.length === 0) good.status = 'cancelled'
      return all
    },
    cancelByHouse(goodId: number, now: number): Verdict {
      const good = goodOf(goodId)
      if (!isOpenAt(good, now)) return ['NOT_OPEN']
      good.status = 'cancelled'
      return done
    },

    /** "Sell to the highest bidder now": with bids, more than Q left, the reserve met. */
    accept(goodId: number, user: number, now: number): Verdict {
      const good = goodOf(goodId)
      const leading = leadingBid(good)
      const all = allOf(
        [user !== good.terms.owner, 'FORBIDDEN'],
        [!isOpenAt(good, now), 'NOT_OPEN'],
        [leading === null || reserveFlag(good) === 'unmet' || !moreThanQLeft(good, now), 'CONFLICT'],
      )
      if (all.length === 0 && leading) settle(good, leading.user, priceOf(good) ?? 0, 'sold')
      return all
    },

    edit(goodId: number, user: number, edit: Edit, now: number): Verdict {
      const good = goodOf(goodId)
      const { terms } = good
      const price = priceOf(good)
      const after = { ...terms, endsAt: good.endsAt, ...edit }
      const hasBids = standingBids(good).length > 0
      const raised = after.reserve !== null && (terms.reserve === null || after.reserve > terms.reserve)
      const lowered = terms.reserve !== null && (after.reserve === null || after.reserve < terms.reserve)
      const changesBid =
        after.name !== terms.name ||
        after.startPrice !== terms.startPrice ||
        after.buyNow !== terms.buyNow ||
        after.endsAt < good.endsAt ||
        raised ||
        (lowered && (after.reserve ?? 0) > (price ?? 0))
      // With bids a reserve goes down to the price, wherever the start lies.
      const impossible =
        (!hasBids && after.reserve !== null && after.reserve <= after.startPrice) ||
        (after.buyNow !== null && (after.buyNow * 10 < after.startPrice * 13 || after.buyNow < (after.reserve ?? 0)))
      const all = allOf(
        [user !== terms.owner, 'FORBIDDEN'],
        [!isOpenAt(good, now), 'NOT_OPEN'],
        [terms.offeredTo !== null, 'CONFLICT'],
        [hasBids && changesBid, 'CONFLICT'],
        // Decision 18: the last part of a sale cannot be put off.
        [hasBids && after.endsAt !== good.endsAt && !moreThanQLeft(good, now), 'CONFLICT'],
        [impossible, 'CONFLICT'],
        [impossible, 'BAD_REQUEST'],
        [edit.endsAt !== undefined && edit.endsAt - now < NEAREST_END_MS, 'BAD_REQUEST'],
      )
      if (all.length > 0) return all
      good.terms = { ...terms, name: after.name, buyNow: after.buyNow }
      good.happenings.push({ type: 'terms', startPrice: after.startPrice, reserve: after.reserve })
      good.terms = { ...good.terms, startPrice: after.startPrice, reserve: after.reserve }
      if (after.endsAt !== good.endsAt) {
        good.endsAt = after.endsAt
        good.firstEnd = after.endsAt
      }
      return done
    },

    /** Section 3: whatever has reached its end is settled, or unsold. */
    closeDue(now: number): Verdict {
      for (const good of goods.values()) {
        if (good.status !== 'open' || good.endsAt > now) continue
        const leading = leadingBid(good)
        if (leading && reserveFlag(good) !== 'unmet') settle(good, leading.user, priceOf(good) ?? 0, 'sold')
        else good.status = 'unsold'
      }
      return done
    },

    /** Section 3: the server was away from `from` to `now`. Answers how many goods got more time. */
    outage(from: number, now: number): number {
      let extended = 0
      if (now - from < OUTAGE_MS) return extended
      for (const good of goods.values()) {
        const fellIn = good.endsAt >= from && good.endsAt <= now
        const soon = good.endsAt > now && good.endsAt <= now + OUTAGE_GRACE_MS
        if (good.status !== 'open' || !(fellIn || soon)) continue
        good.firstEnd += now + OUTAGE_GRACE_MS - good.endsAt
        good.endsAt = now + OUTAGE_GRACE_MS
        extended++
      }
      return extended
    },

    see(goodId: number): Seen {
      const good = goodOf(goodId)
      return {
        status: good.status,
        price: good.boughtFor ?? priceOf(good),
        leader: good.status === 'bought' ? good.winner : (leadingBid(good)?.user ?? null),
        bidCount: standingBids(good).length,
        reserve: reserveFlag(good),
        buyNow: openToBuy(good) ? good.terms.buyNow : null,
        minimumBid: minimumBid(good),
        endsAt: good.endsAt,
        hardEndsAt: hardEndOf(good),
        winner: good.winner,
      }
    },
    own(goodId: number, user: number): Own {
      const good = goodOf(goodId)
      const best = ranking(standingBids(good)).find((bid) => bid.user === user)
      const leads = good.status === 'open' && leadingBid(good)?.user === user
      const standing = () => {
        if (good.winner === user) return 'won'
        if (!best) return 'none'
        if (good.status !== 'open') return 'lost'
        return leads ? 'leading' : 'outbid'
      }
      return { standing: standing(), max: best?.max ?? null, hold: best && leads ? holdOf(good.terms, best.max) : null }
    },
    /** What random actions are aimed at. */
    secrets(goodId: number) {
      const good = goodOf(goodId)
      return {
        terms: good.terms,
        max: leadingBid(good)?.max ?? null,
        bids: good.happenings.flatMap((each) => (each.type === 'bid' ? [each.bid] : [])),
        firmAt: good.endsAt - firmFor(good),
        hardEndsAt: hardEndOf(good),
        endsAt: good.endsAt,
      }
    },
    fundsFor: (goodId: number, user: number) => fundsFor(goodOf(goodId), user),
    /** Who was skipped, in order. */
    lapsed: lapsed as readonly number[],
    balanceOf,
    holdsOf: (user: number) => holdsOf(user),
  }
}
