/** Given: people, goods and bids to begin with, and a tiny house in memory that plays commands and keeps the books. */
import { type Command, decide, defaultIncrement, type PlaceBid } from '@auction/common/bidding'
import { AuctionError, type FaultCode, type FaultData } from '@auction/common/errors'
import { evolve, type Good, type GoodEvent, listedGood, type Person, type Terms } from '@auction/common/good'
import { type Account, available, type Entry, entriesFor } from '@auction/common/ledger'

export const mila: Person = { id: 1, nick: 'mila' }
export const A: Person = { id: 11, nick: 'ann' }
export const B: Person = { id: 12, nick: 'bob' }
export const C: Person = { id: 13, nick: 'cat' }

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
  increment: defaultIncrement('USD'),
  softCloseMs: 120_000,
  endsAt: LISTED_AT + 24 * HOUR,
  hardEndsAt: LISTED_AT + 25 * HOUR,
  premiumBp: 0,
  commissionBp: 0,
}

/** A good just listed: start 10.00 USD, the house's increments, a day to run. */
export function goodWith(changes: Partial<Terms> = {}): Good {
  const all = { ...terms, ...changes }
  return evolve(listedGood(42, all), { type: 'listed', terms: all })
}

let lastBidId = 0

/** A bid in time, by somebody with plenty of money; `amount` exact, `max` proxy. */
export function bidBy(bidder: Person, bid: Partial<PlaceBid>): PlaceBid {
  lastBidId++
  return {
    type: 'place_bid',
    bidder,
    amount: null,
    max: null,
    message: null,
    bidId: lastBidId,
    receivedAt: LISTED_AT + HOUR,
    available: PLENTY,
    ...bid,
  }
}

/** The good after all of `commands`, each of which must be accepted. */
export function goodAfter(good: Good, ...commands: readonly Command[]): Good {
  return commands.reduce((state, command) => decide(command, state).reduce(evolve, state), good)
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
    /** Books what `event` moves; gives the good after it. */
    record(good: Good, event: GoodEvent): Good {
      const next = evolve(good, event)
      for (const entry of entriesFor(good, event, next)) book(entry)
      return next
    },
  }
}
export type Books = ReturnType<typeof openBooks>
