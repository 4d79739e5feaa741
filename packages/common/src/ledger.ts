/** Double entry: every movement is one amount from one account to one other, so that all accounts always sum to 0. */
import type { Good, GoodEvent } from './good.ts'
import { shareOf } from './money.ts'

/** `user:7/available`, `user:7/held`, `house`, or `world` (outside: deposits come from it, withdrawals go to it). */
export type Account = `user:${number}/${'available' | 'held'}` | 'house' | 'world'

/** Why an amount moved. */
export type EntryKind = 'deposit' | 'withdrawal' | 'hold' | 'release' | 'sale' | 'premium' | 'commission'

/** `amount` (> 0, minor units) leaves `debit` and arrives at `credit`. Never edited. `key` is unique: the movement happens once. */
export interface Entry {
  readonly key: string
  readonly debit: Account
  readonly credit: Account
  readonly amount: number
  readonly kind: EntryKind
  readonly goodId: number | null
}

/** The account of what a user may spend. */
export const available = (userId: number): Account => `user:${userId}/available`
/** The account of what is reserved for the goods a user leads. */
export const held = (userId: number): Account => `user:${userId}/held`

/** The user an account belongs to; null for `house` and `world`. */
export function userOf(account: Account): number | null {
  const match = /^user:([0-9]+)\//.exec(account)
  return match ? Number(match[1]) : null
}

/** What a maximum of `max` reserves: the whole of it, and the premium on it (rules.md, section 6). */
export function holdFor(good: Pick<Good, 'premiumBp'>, max: number): number {
  return max + shareOf(max, good.premiumBp)
}

/** What the good's leader has reserved for it now. */
export function heldOn(good: Good): number {
  return good.status === 'open' && good.max !== null ? holdFor(good, good.max) : 0
}

/** The movements that `event` causes, from the good before and after it. Settlement's keys exist once per good. */
export function entriesFor(before: Good, event: GoodEvent, after: Good): Entry[] {
  const goodId = after.id
  const move = (key: string, kind: EntryKind, debit: Account, credit: Account, amount: number): Entry => ({
    key: `good:${goodId}/${key}`,
    debit,
    credit,
    amount,
    kind,
    goodId,
  })
  const settle = (payer: Account, price: number) => {
    const seller = available(before.owner.id)
    return [
      move('sale', 'sale', payer, seller, price),
      move('premium', 'premium', payer, 'house', shareOf(price, before.premiumBp)),
      move('commission', 'commission', seller, 'house', shareOf(price, before.commissionBp)),
    ]
  }
  const entries = (): Entry[] => {
    const { leader } = before
    const release = (key: string, amount = heldOn(before)) =>
      leader ? [move(key, 'release', held(leader.id), available(leader.id), amount)] : []
    switch (event.type) {
      case 'bid':
      case 'retracted':
      case 'bid_cancelled': {
        const kept = leader && after.leader?.id === leader.id ? heldOn(before) : 0
        const more = heldOn(after) - kept
        if (kept > 0 && more <= 0) return release(`${after.seq}/release`, -more)
        return [
          ...(kept > 0 ? [] : release(`${after.seq}/release`)),
          ...(after.leader
            ? [move(`${after.seq}/hold`, 'hold', available(after.leader.id), held(after.leader.id), more)]
            : []),
        ]
      }
      case 'sold': {
        const cost = holdFor(before, event.price)
        return [...settle(held(event.winner.id), event.price), ...release('release', heldOn(before) - cost)]
      }
      case 'bought':
        return [...release('release'), ...settle(available(event.winner.id), event.price)]
      case 'unsold':
      case 'cancelled':
        return release('release')
      case 'listed':
      case 'extended':
      case 'reserve_met':
      case 'lapsed':
      case 'note':
        return []
      default:
        return event satisfies never
    }
  }
  return entries().filter((entry) => entry.amount > 0)
}
