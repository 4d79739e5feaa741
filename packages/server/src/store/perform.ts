/** One order done to a batch: answered as before when its key is known, else by what its kind does. */
import { LATE_MS } from '@auction/common/doubts'
import { AuctionError } from '@auction/common/errors'
import { type Batch, insert } from './batch.ts'
import * as goods from './good-orders.ts'
import * as house from './house-orders.ts'
import type { Order, Outcome, Result, Results } from './orders.ts'
import * as rooms from './room-orders.ts'
import * as webhooks from './webhook-orders.ts'

export const keyName = (scope: number, key: string) => `${scope}/${key}`

/** Does one order to the rows in memory; a refusal leaves them as they were. */
export function perform(batch: Batch, order: Order): Outcome {
  const keyed = 'keyed' in order ? order.keyed : null
  const name = keyed && keyName(keyed.scope, keyed.key)
  const known = name === null ? undefined : batch.answers.get(name)
  if (keyed && known) {
    if (known.fingerprint !== keyed.fingerprint) return { refusal: new AuctionError('KEY_REUSED') }
    return { result: sameAgain(order, JSON.parse(known.answer) as Result) }
  }
  try {
    refuseLate(order, batch.now)
    const result = act(batch, order)
    if (keyed && name !== null) {
      const answer = JSON.stringify(toKeep(order, result))
      batch.answers.set(name, { fingerprint: keyed.fingerprint, answer })
      insert(batch, 'KeyRow', { ...keyed, answer, at: batch.now })
    }
    return { result }
  } catch (refusal) {
    if (refusal instanceof AuctionError) return { refusal }
    throw refusal
  }
}

/** What is kept of an answer: what was said can be removed, so it stands in the chat alone. */
const toKeep = (order: Order, result: Result): object | null =>
  order.type === 'say' ? { ...result, text: null } : result

/** The answer to an order that was done before, from what was kept: what was said comes with the order again. */
function sameAgain(order: Order, kept: Result): Result {
  if (order.type === 'say') return { ...(kept as Results['say']), text: order.text }
  return kept && 'replayed' in kept ? { ...kept, replayed: true } : kept
}

/** Throws BUSY for what a house that stood still would write into a log with a time that nobody could believe. */
function refuseLate(order: Order, now: number): void {
  const decidedAt = order.type === 'list_good' ? order.terms.listedAt : 'receivedAt' in order ? order.receivedAt : now
  if (now - decidedAt > LATE_MS) throw new AuctionError('BUSY', 'The house stood still for a while.')
}

function act(batch: Batch, order: Order): Result {
  switch (order.type) {
    case 'place_bid':
      return goods.placeBid(batch, order)
    case 'retract_bid':
    case 'cancel_bid':
      return goods.removeBid(batch, order)
    case 'purchase':
    case 'edit_good':
    case 'cancel_good':
    case 'accept_bid':
      return goods.changeGood(batch, order)
    case 'close_due':
    case 'extend_for_outage':
      return goods.sweep(batch, order)
    case 'list_good':
      return goods.listGood(batch, order)
    case 'deposit':
    case 'withdraw':
      return house.moveMoney(batch, order)
    case 'sign_up':
      return house.signUp(batch, order)
    case 'invite':
      return house.invite(batch, order)
    case 'claim_house':
      return house.claimHouse(batch, order)
    case 'be_alive':
      return house.beAlive(batch)
    case 'open_session':
    case 'touch_session':
    case 'close_session':
      return house.keepSession(batch, order)
    case 'say':
      return rooms.say(batch, order)
    case 'remove_line':
      return rooms.removeLine(batch, order)
    case 'add_webhook':
      return webhooks.addWebhook(batch, order)
    case 'remove_webhook':
      return webhooks.removeWebhook(batch, order)
    case 'redeliver':
      return webhooks.redeliver(batch, order)
    case 'lease_webhook':
      return webhooks.leaseWebhook(batch, order)
    case 'record_deliveries':
      return webhooks.recordDeliveries(batch, order)
    default:
      return order satisfies never
  }
}
