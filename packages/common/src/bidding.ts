/** What the house decides about a good: `decide(command, good)` gives the events that follow, or throws the one refusal. */
import { type PlaceBid, type Purchase, placeBid, purchase } from './contest.ts'
import type { Good, GoodEvent } from './good.ts'
import { type CancelBid, cancelBid, type RetractBid, retractBid } from './removal.ts'
import {
  type AcceptBid,
  acceptBid,
  type CancelGood,
  type CloseDue,
  cancelGood,
  closeDue,
  type EditGood,
  type ExtendForOutage,
  editGood,
  extendForOutage,
} from './sale.ts'

/** What `decide` decides about. */
export type Command =
  | PlaceBid
  | Purchase
  | RetractBid
  | CancelBid
  | EditGood
  | CancelGood
  | AcceptBid
  | ExtendForOutage
  | CloseDue

/**
 * The events that follow from `command`, none when there is nothing to do. Throws AuctionError: each command says in its own
 * file which codes.
 */
export function decide(command: Command, good: Good): GoodEvent[] {
  switch (command.type) {
    case 'place_bid':
      return placeBid(command, good)
    case 'purchase':
      return purchase(command, good)
    case 'retract_bid':
      return retractBid(command, good)
    case 'cancel_bid':
      return cancelBid(command, good)
    case 'edit_good':
      return editGood(command, good)
    case 'cancel_good':
      return cancelGood(command, good)
    case 'accept_bid':
      return acceptBid(command, good)
    case 'extend_for_outage':
      return extendForOutage(command, good)
    case 'close_due':
      return closeDue(command, good)
    default:
      return command satisfies never
  }
}
