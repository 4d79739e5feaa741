/** Sign-up, sessions, and what is one's own. */
import { skeletonOf } from '@auction/common/text'
import type { Handlers } from '../app.ts'
import type { Parts } from './parts.ts'

export function accountRoutes({ auth, queries, rates, present }: Parts) {
  return {
    signUp: ({ body }) => auth.signUp(body.nick, body.password, body.invite?.trim() ?? null),
    async logIn({ body, context }) {
      // Guesses at one account are slowed down per address, so that nobody can lock another out; counted before the
      // password is looked at, or the right guess among many would come through.
      const guesser = `${context.ip}/${skeletonOf(body.nick)}`
      await rates.take('failedLogin', guesser)
      const session = await auth.logIn(body.nick, body.password)
      await rates.giveBack('failedLogin', guesser)
      return session
    },
    async logOut({ caller }) {
      await auth.logOut(caller)
      return undefined
    },
    me: ({ caller }) => caller.user,
    wallet: ({ caller }) => queries.wallet(caller.user.id),
    ledger: ({ caller, query }) => queries.ledger(caller.user.id, query),
    myBids: ({ caller, query }) => queries.bidsOf(caller.user.id, query),
    async mySales({ caller, query }) {
      return present.page(await queries.goods(query, { ownerId: caller.user.id }), caller)
    },
    async myWon({ caller, query }) {
      return present.page(await queries.goods(query, { winnerId: caller.user.id }), caller)
    },
  } satisfies Partial<Handlers>
}
