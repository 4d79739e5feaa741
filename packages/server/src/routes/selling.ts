/** What a seller does with a good of their own, and buying one at once. */
import type { EditGood } from '@auction/common/sale'
import type { Call, Handlers } from '../app.ts'
import { endOf } from './goods.ts'
import { keyedBody, onGood, type Parts } from './parts.ts'

export function sellingRoutes({ auth, clerk, present, queries }: Parts) {
  const shown = async (id: number, caller: Call<'purchase'>['caller']) => present.one(await queries.good(id), caller)
  return {
    async purchase({ params, caller, key, receivedAt }) {
      await clerk.submit<'purchase'>(onGood('purchase', { params, caller, key, receivedAt }, []))
      return shown(params.id, caller)
    },
    async editGood({ params, body, caller, key, receivedAt }) {
      const { note = null, password, endsAt, endsInMs, ...rest } = body
      const end = (endsAt ?? endsInMs) ? { endsAt: endOf({ endsAt, endsInMs }, receivedAt).endsAt } : {}
      const room = password === undefined ? {} : { roomPassword: password && (await auth.hashSecret(password)) }
      const locked = password === undefined ? {} : { private: password !== null }
      await clerk.submit<'edit_good'>({
        ...onGood('edit_good', { params, caller, key, receivedAt }, [keyedBody(body)]),
        changes: { ...rest, ...end, ...locked } as EditGood['changes'],
        note,
        ...room,
      })
      return shown(params.id, caller)
    },
    async cancelGood({ params, body, caller, key, receivedAt }) {
      const reason = body.reason ?? null
      await clerk.submit<'cancel_good'>({
        ...onGood('cancel_good', { params, caller, key, receivedAt }, ['seller', reason]),
        as: 'seller',
        reason,
      })
      return shown(params.id, caller)
    },
    async acceptBid({ params, caller, key, receivedAt }) {
      await clerk.submit<'accept_bid'>(onGood('accept_bid', { params, caller, key, receivedAt }, []))
      return shown(params.id, caller)
    },
  } satisfies Partial<Handlers>
}
