/** What the house may do, and whether the server is well. */
import { AuctionError } from '@auction/common/errors'
import { toInstant } from '@auction/common/events'
import type { Call, Handlers } from '../app.ts'
import { keyedBy, onGood, type Parts } from './parts.ts'

export function houseRoutes(parts: Parts) {
  const { alarms, auditor, auth, books, clerk, clock, database, present, queries } = parts

  async function move(
    type: 'deposit' | 'withdraw',
    { params, body, caller, key }: Pick<Call<'deposit'>, 'params' | 'body' | 'caller' | 'key'>,
  ) {
    const moved = {
      keyed: keyedBy(caller, key, [type, params.id, body.amount]),
      userId: params.id,
      amount: body.amount,
    }
    const { entry, wallet, replayed } = await clerk.submit<typeof type>({ type, ...moved })
    const { holds } = await queries.wallet(params.id)
    return { entry: { ...entry, id: await queries.entryId(entry.key) }, wallet: { ...wallet, holds }, replayed }
  }

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
    deposit: (call) => move('deposit', call),
    withdraw: (call) => move('withdraw', call),
    async cancelBid({ params, body, caller, key, receivedAt }) {
      const goodId = await queries.goodOfBid(params.id)
      await clerk.submit<'cancel_bid'>({
        ...onGood('cancel_bid', { params: { id: goodId }, caller, key, receivedAt }, [params.id, body.reason]),
        bidId: params.id,
        reason: body.reason,
      })
      return present.one(await queries.good(goodId), caller)
    },
    async cancelByHouse({ params, body, caller, key, receivedAt }) {
      await clerk.submit<'cancel_good'>({
        ...onGood('cancel_good', { params, caller, key, receivedAt }, ['house', body.reason]),
        as: 'house',
        reason: body.reason,
      })
      return present.one(await queries.good(params.id), caller)
    },
    async invite() {
      const { code, expiresAt } = await auth.invite()
      return { code, expiresAt: toInstant(expiresAt) }
    },
    audit: async () => ({ at: toInstant(clock.now()), ...(await auditor.run({ goods: 'all' })) }),
    async jobs() {
      const items = await alarms.jobs()
      return {
        items: items.map(({ dueAt, ...job }) => ({
          ...job,
          dueAt: dueAt === null ? null : toInstant(dueAt),
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
      const status = ok && books === 'right' ? ('ok' as const) : ('degraded' as const)
      return { status, database, books, alarms: { store, ok, detail } }
    },
  } satisfies Partial<Handlers>
}
