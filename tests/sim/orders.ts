/** What the naive house calls an action, as an order to the real clerk. */
import { defaultIncrement, HARD_END_MS } from '@auction/common/increments'
import type { Keyed, Order } from '../../packages/server/src/store/orders.ts'
import type { Action } from './actions.ts'
import type { NaiveTerms } from './naive-house.ts'

export const CURRENCY = 'USD'

export type KeyedOrder = Extract<Order, { readonly keyed: Keyed }>

const personOf = (id: number) => ({ id, nick: `p${id}` })

/** What an order has that its action has not. */
export interface Circumstances {
  readonly now: number
  readonly keyed: (scope: number) => Keyed
  /** Who acts for the house. */
  readonly keeper: number
  readonly retraction: 'allowed' | 'none'
  /** The real name of a bid; 0 where it has none. */
  readonly nameOf: (bid: number) => number
  /** Where the good's log ends; asked where the action names it. */
  readonly seqOf: (goodId: number) => Promise<number>
}

export async function orderOf(action: Action, around: Circumstances): Promise<Order> {
  const { now, keyed, keeper, retraction, nameOf, seqOf } = around
  const on = (user: number, goodId: number) => ({ keyed: keyed(user), goodId, by: personOf(user), receivedAt: now })
  switch (action.type) {
    case 'place': {
      const { goodId, user, amount, max, lagMs } = action
      const ifSeq = action.ifSeq === 'none' ? null : (await seqOf(goodId)) - (action.ifSeq === 'stale' ? 1 : 0)
      const bid = { ...on(user, goodId), amount, max, message: null, ifSeq }
      return { type: 'place_bid', ...bid, receivedAt: now - lagMs }
    }
    case 'purchase':
      return { type: 'purchase', ...on(action.user, action.goodId) }
    case 'retract': {
      const { goodId, user, bid, reason } = action
      return { type: 'retract_bid', ...on(user, goodId), bidId: nameOf(bid), reason, allowed: retraction === 'allowed' }
    }
    case 'cancel_bid':
      return { type: 'cancel_bid', ...on(keeper, action.goodId), bidId: nameOf(action.bid), reason: 'a mistake' }
    case 'cancel_good': {
      const { as, user, goodId, reason } = action
      return { type: 'cancel_good', ...on(as === 'house' ? keeper : user, goodId), as, reason }
    }
    case 'accept':
      return { type: 'accept_bid', ...on(action.user, action.goodId) }
    case 'edit': {
      const { note = null, ...changes } = action.edit
      return { type: 'edit_good', ...on(action.user, action.goodId), changes, note }
    }
    case 'deposit':
    case 'withdraw':
      return { type: action.type, keyed: keyed(keeper), userId: action.user, amount: action.amount }
    case 'close_due':
      return { type: 'close_due', now }
    default:
      return action satisfies never
  }
}

export function signUpOf(nick: string, startingBalance: number): Order {
  return { type: 'sign_up', nick, passwordHash: 'none', startingBalance, registration: 'open', invite: null }
}

export function listingOf({ owner, increment, offeredTo, ...terms }: NaiveTerms, keyed: Keyed): KeyedOrder {
  const rest = { description: '', image: null, currency: CURRENCY, private: false, capacity: null }
  return {
    type: 'list_good',
    keyed,
    terms: {
      ...terms,
      ...rest,
      owner: personOf(owner),
      increment: increment === 'house' ? defaultIncrement(CURRENCY) : increment,
      hardEndsAt: terms.endsAt + HARD_END_MS,
      offeredTo: offeredTo === null ? null : personOf(offeredTo),
    },
    picture: null,
    roomPassword: null,
  }
}
