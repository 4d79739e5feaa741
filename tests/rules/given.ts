/** Given: people, goods and bids to begin with, and a tiny house in memory that plays commands and keeps the books. */
import { type Command, decide } from '@auction/common/bidding'
import type { PlaceBid, Purchase } from '@auction/common/contest'
import { AuctionError, type FaultCode, type FaultData } from '@auction/common/errors'
import { type FeedEvent, toFeed } from '@auction/common/events'
import { evolve, type Good, type GoodEvent, listedGood, type Person, type Terms } from '@auction/common/good'
import { defaultIncrement } from '@auction/common/increments'
import { type Account, available, type Entry, entriesFor } from '@auction/common/ledger'
import type { CancelBid, RetractBid, StandingBid } from '@auction/common/removal'

export const mila: Person = { id: 1, nick: 'mila' }
export const house: Person = { id: 2, nick: 'olga' }
export const A: Person = { id: 11, nick: 'ann' }
export const B: Person = { id: 12, nick: 'bob' }
export const C: Person = { id: 13, nick: 'cat' }
export const D: Person = { id: 14, nick: 'dan' }

/** When every good of these tests is listed; nothing here depends on today. */
export const LISTED_AT = Date.UTC(2026, 10, 22, 12)
export const HOUR = 60 * 60_000
export const PLENTY = 1_000_000_000

export const terms: Terms = {
  owner: mila,
  name: 'Leica M3',
  description: 'boxed, first owner',
  image: null,
  currency: 'USD',
  startPrice: 1_000,
  reserve: null,
  buyNow: null,
  increment: defaultIncrement('USD'),
  softCloseMs: 120_000,
  listedAt: LISTED_AT,
  endsAt: LISTED_AT + 24 * HOUR,
  hardEndsAt: LISTED_AT + 25 * HOUR,
  premiumBp: 0,
  commissionBp: 0,
  private: false,
  capacity: null,
  relistOf: null,
  offeredTo: null,
}

/** A good just listed: start 10.00 USD, the house's increments, a day to run. */
export function goodWith(changes: Partial<Terms> = {}): Good {
  const all = { ...terms, ...changes }
  return evolve(listedGood(42, all), { type: 'listed', terms: all, salt: 'salt' })
}

let lastBidId = 0

/** The feed's line for each of `events`, the first of which makes the good that follows `before`. */
export function feedOf(before: Good, events: readonly GoodEvent[], at = LISTED_AT): FeedEvent[] {
  let good = before
  return events.map((event) => {
    good = evolve(good, event)
    return toFeed({ goodId: good.id, seq: good.seq, at, event }, good)
  })
}

/** A good not yet listed, and the event that lists it. */
export function listed(changes: Partial<Terms> = {}): { good: Good; event: GoodEvent } {
  const all = { ...terms, ...changes }
  return { good: listedGood(42, all), event: { type: 'listed', terms: all, salt: 'salt of the reserve' } }
}

/** A bid in time, by somebody with plenty of money; `amount` exact, `max` proxy. */
export function bidBy(bidder: Person, bid: Partial<PlaceBid>): PlaceBid {
  lastBidId++
  return {
    type: 'place_bid',
    bidder,
    amount: null,
    max: null,
    message: null,
    ifSeq: null,
    bidId: lastBidId,
    salt: `salt ${lastBidId}`,
    receivedAt: LISTED_AT + HOUR,
    available: PLENTY,
    ...bid,
  }
}

/** A purchase in time, by somebody with plenty of money. */
export function purchaseBy(buyer: Person, changes: Partial<Purchase>): Purchase {
  return { type: 'purchase', buyer, receivedAt: LISTED_AT + HOUR, available: PLENTY, ...changes }
}

/** The good after all of `commands`, each of which must be accepted. */
export function goodAfter(good: Good, ...commands: readonly Command[]): Good {
  return commands.reduce((state, command) => decide(command, state).reduce(evolve, state), good)
}

/** A good, and the bids on it that stand. */
export interface Stage {
  readonly good: Good
  readonly bids: readonly StandingBid[]
}

/** The bids that stand once `event`, at `seq`, has happened. */
export function standingAfter(bids: readonly StandingBid[], event: GoodEvent, seq: number): readonly StandingBid[] {
  if (event.type === 'bid')
    return [...bids, { id: event.bidId, seq, bidder: event.bidder, max: event.max, at: event.receivedAt }]
  if (event.type === 'lapsed') return bids.filter(({ bidder }) => bidder.id !== event.bidder.id)
  if (event.type === 'retracted' || event.type === 'bid_cancelled') return bids.filter(({ id }) => id !== event.bidId)
  return bids
}

/** The stage once `events` have happened. */
export function stageAfter({ good, bids }: Stage, events: readonly GoodEvent[]): Stage {
  return events.reduce<Stage>(
    (stage, event) => {
      const next = evolve(stage.good, event)
      return { good: next, bids: standingAfter(stage.bids, event, next.seq) }
    },
    { good, bids },
  )
}

/** The stage after all of these bids, each of which must be accepted. */
export function stageOf(good: Good, ...commands: readonly PlaceBid[]): Stage {
  return commands.reduce<Stage>((stage, bid) => stageAfter(stage, decide(bid, stage.good)), { good, bids: [] })
}

/** What everybody of the stage has available: plenty, but for those named. */
export function fundsOf({ bids }: Stage, but: readonly (readonly [Person, number])[] = []): Map<number, number> {
  const all = new Map(bids.map(({ bidder }) => [bidder.id, PLENTY]))
  for (const [{ id }, amount] of but) all.set(id, amount)
  return all
}

/** The newest bid of that maximum that stands, or what stands in for it when there is none. */
const idOf = ({ bids }: Stage, { id }: Person, max: number): number =>
  bids.findLast((bid) => bid.bidder.id === id && bid.max === max)?.id ?? 999_999

/** `by` takes his bid of `max` back, an hour after the listing, with everybody in funds, where the house allows it. */
export function retractionBy(by: Person, max: number, stage: Stage, changes: Partial<RetractBid> = {}): RetractBid {
  return {
    type: 'retract_bid',
    by,
    bidId: idOf(stage, by, max),
    reason: 'typo',
    allowed: true,
    receivedAt: LISTED_AT + HOUR,
    bids: stage.bids,
    available: fundsOf(stage),
    ...changes,
  }
}

/** The house cancels the bid of `max` of `bidder`. */
export function cancellationOf(bidder: Person, max: number, stage: Stage, changes: Partial<CancelBid> = {}): CancelBid {
  const { bidId, receivedAt, bids, available } = retractionBy(bidder, max, stage)
  return { type: 'cancel_bid', by: house, bidId, reason: 'shill', receivedAt, bids, available, ...changes }
}

/** The code and data of the refusal that `run` throws. */
export function refusalOf(run: () => unknown): { code: FaultCode; data: FaultData } {
  try {
    run()
  } catch (error) {
    if (error instanceof AuctionError) return { code: error.code, data: error.data }
    throw error
  }
  throw new Error('Nothing was refused.')
}

export const usd = (amount: number) => ({ amount, currency: 'USD' })

/** Accounts as the ledger moves them. Throws on a key seen before and on an account below 0. */
export function openBooks(balances: ReadonlyMap<number, number>) {
  const accounts = new Map<Account, number>([['world', 0]])
  const entries: Entry[] = []
  const balanceOf = (account: Account) => accounts.get(account) ?? 0
  function book(entry: Entry): void {
    if (entries.some(({ key }) => key === entry.key)) throw new Error(`${entry.key} is booked already.`)
    if (!Number.isSafeInteger(entry.amount) || entry.amount <= 0) throw new Error(`${entry.key} moves ${entry.amount}.`)
    accounts.set(entry.debit, balanceOf(entry.debit) - entry.amount)
    accounts.set(entry.credit, balanceOf(entry.credit) + entry.amount)
    if (entry.debit !== 'world' && balanceOf(entry.debit) < 0) throw new Error(`${entry.debit} falls below 0.`)
    entries.push(entry)
  }
  for (const [userId, amount] of balances)
    if (amount > 0)
      book({ key: `start:${userId}`, debit: 'world', credit: available(userId), amount, kind: 'deposit', goodId: null })
  return {
    entries,
    balanceOf,
    total: () => [...accounts.values()].reduce((sum, balance) => sum + balance, 0),
    /** A user pays `percent` of what is available elsewhere. */
    spend(userId: number, percent: number): void {
      const amount = Math.floor((balanceOf(available(userId)) * percent) / 100)
      const key = `spend:${entries.length}`
      if (amount > 0) book({ key, debit: available(userId), credit: 'world', amount, kind: 'withdrawal', goodId: null })
    },
    /** What a user has paid elsewhere. */
    spentBy: (userId: number) =>
      entries
        .filter(({ key, debit }) => key.startsWith('spend:') && debit === available(userId))
        .reduce((sum, { amount }) => sum + amount, 0),
    /** Books what `event` moves; gives the good after it. */
    record(good: Good, event: GoodEvent): Good {
      const next = evolve(good, event)
      for (const entry of entriesFor(good, event, next)) book(entry)
      return next
    },
  }
}
export type Books = ReturnType<typeof openBooks>
