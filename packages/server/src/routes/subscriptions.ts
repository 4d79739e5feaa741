/** What other programs subscribe to: a calendar of ends, and webhooks. */
import { hash, randomBytes } from 'node:crypto'
import type { Webhook } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { toInstant } from '@auction/common/events'
import type { Handlers } from '../app.ts'
import { calendarOf } from '../calendar.ts'
import type { StoredWebhook } from '../store/orders.ts'
import type { Parts } from './parts.ts'

export function subscriptionRoutes({ calendars, clerk, config, queries, webhooks }: Parts, epoch: string) {
  return {
    async calendar({ query, context }) {
      const goods = await calendars.datedGoods(query.ids)
      if (goods.length === 0) throw new AuctionError('NOT_FOUND', 'None of these goods exists.')
      const text = calendarOf(goods, epoch, config.AUCTION_PUBLIC_URL ?? null)
      context.set('Cache-Control', 'public, max-age=60')
      context.set('ETag', `"${hash('sha256', text).slice(0, 32)}"`)
      context.type = 'text/calendar; charset=utf-8'
      context.body = text
      return undefined
    },
    async addWebhook({ body }) {
      const only = body.goodId ?? null
      if (only !== null) await queries.good(only)
      const secret = `whsec_${randomBytes(32).toString('base64url')}`
      const fromStart = body.since === 0
      const hook = await clerk.submit<'add_webhook'>({ type: 'add_webhook', url: body.url, secret, only, fromStart })
      await webhooks.look()
      return { ...toWebhook(hook), secret }
    },
    async webhooks() {
      return { items: (await webhooks.list()).map(toWebhook), next: null }
    },
    async removeWebhook({ params }) {
      await clerk.submit<'remove_webhook'>({ type: 'remove_webhook', webhookId: params.id })
      await webhooks.look()
      return undefined
    },
    async redeliver({ params, body }) {
      await queries.good(body.goodId)
      const order = { type: 'redeliver', webhookId: params.id, of: body.goodId, since: body.since } as const
      const hook = await clerk.submit<'redeliver'>(order)
      await webhooks.look(body.goodId)
      return toWebhook(hook)
    },
  } satisfies Partial<Handlers>
}

/** A webhook without its secret: by allow-list. */
function toWebhook(hook: StoredWebhook): Webhook {
  const { id, url, goodId, failures, fault } = hook
  return {
    id,
    url,
    goodId,
    createdAt: toInstant(hook.createdAt),
    enabled: hook.enabled === 1,
    failures,
    failingSince: hook.failingSince === null ? null : toInstant(hook.failingSince),
    fault,
    nextTryAt: hook.enabled === 1 && hook.nextTryAt > 0 ? toInstant(hook.nextTryAt) : null,
  }
}
