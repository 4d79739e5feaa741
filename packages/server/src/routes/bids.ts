/** Bids: placing one, taking one back, and the history of a good. */
import type { Handlers } from '../app.ts'
import { onGood, type Parts } from './parts.ts'

export function bidRoutes({ clerk, config, queries, present }: Parts) {
  return {
    async placeBid({ params, body, caller, key, receivedAt }) {
      const { amount = null, max = null, message = null, ifSeq = null } = body
      const answer = await clerk.submit<'place_bid'>({
        ...onGood('place_bid', { params, caller, key, receivedAt }, [
          amount,
          max,
          message,
          ...(ifSeq === null ? [] : [ifSeq]),
        ]),
        amount,
        max,
        message,
        ifSeq,
      })
      return { ...answer, good: present.watched(answer.good) }
    },
    async retractBid({ params, body, caller, key, receivedAt }) {
      const { id, bidId } = params
      await clerk.submit<'retract_bid'>({
        ...onGood('retract_bid', { params, caller, key, receivedAt }, [bidId, body.reason]),
        bidId,
        reason: body.reason,
        allowed: config.AUCTION_RETRACTION === 'allowed',
      })
      return present.one(await queries.good(id), caller)
    },
    async bids({ params, query }) {
      await queries.good(params.id)
      return queries.bids(params.id, query)
    },
  } satisfies Partial<Handlers>
}
