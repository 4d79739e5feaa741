/** What the house may do, and whether the server is well. */
import { AuctionError } from '@auction/common/errors'
import type { Handlers } from '../app.ts'
import { keyedBy, type Parts } from './parts.ts'

export function houseRoutes({ alarms, auth, clerk, database, queries }: Parts) {
  return {
    async claimHouse({ body, caller }) {
      const user = await clerk.submit<'claim_house'>({
        type: 'claim_house',
        userId: caller.user.id,
        code: body.code.trim(),
      })
      auth.forget(user.id)
      return user
    },
    users: ({ query }) => queries.users(query),
    async deposit({ params, body, caller, key }) {
      const keyed = keyedBy(caller, key, ['deposit', params.id, body.amount])
      const { entry, wallet, replayed } = await clerk.submit<'deposit'>({
        type: 'deposit',
        keyed,
        userId: params.id,
        amount: body.amount,
      })
      const { holds } = await queries.wallet(params.id)
      return { entry: { ...entry, id: await queries.entryId(entry.key) }, wallet: { ...wallet, holds }, replayed }
    },
    async jobs() {
      const items = await alarms.jobs()
      return {
        items: items.map(({ dueAt, ...job }) => ({
          ...job,
          dueAt: dueAt === null ? null : new Date(dueAt).toISOString(),
        })),
        next: null,
      }
    },
    live: () => ({ status: 'ok' as const }),
    async ready() {
      const { store, ok, detail } = alarms.status()
      await queries.heads([0]).catch((cause: unknown) => {
        throw new AuctionError('BUSY', 'The database does not answer.', { cause })
      })
      return { status: ok ? ('ok' as const) : ('degraded' as const), database, alarms: { store, ok, detail } }
    },
  } satisfies Partial<Handlers>
}
