/** Bids: placing one, and the history of a good. */
import type { Handlers } from '../app.ts'
import { keyedBy, type Parts } from './parts.ts'

export function bidRoutes({ clerk, queries, present }: Parts) {
  return {
    async placeBid({ params, body, caller, key, receivedAt }) {
      const { amount = null, max = null, message = null } = body
      const answer = await clerk.submit<'place_bid'>({
        type: 'place_bid',
        keyed: keyedBy(caller, key, ['place_bid', params.id, amount, max, message]),
        goodId: params.id,
        bidder: { id: caller.user.id, nick: caller.user.nick },
        amount,
        max,
        message,
        receivedAt,
      })
      return { ...answer, good: present.watched(answer.good) }
    },
    async bids({ params, query }) {
      await queries.good(params.id)
      return queries.bids(params.id, query)
    },
  } satisfies Partial<Handlers>
}
