/** Orders about webhooks: the list of them, who delivers for each, and how far each has come with each good. */
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import { type Batch, insert, update } from './batch.ts'
import type { OrderOf, Results, StoredWebhook } from './orders.ts'

/** Failing for so long, a webhook is switched off. */
const GIVE_UP_AFTER_MS = 3 * 24 * 60 * 60 * 1000

/** A webhook that has seen what there is, or nothing yet. Throws CONFLICT when there are too many. */
export function addWebhook(batch: Batch, order: OrderOf<'add_webhook'>): Results['add_webhook'] {
  const { url, secret, only, fromStart } = order
  if (batch.webhooks.size >= limits.webhooks)
    throw new AuctionError('CONFLICT', `There are ${limits.webhooks} webhooks already.`, {
      hint: 'Remove one first: auction admin webhook-remove ID',
    })
  const hook: StoredWebhook = {
    id: batch.nextId('WebhookRow'),
    url,
    secret,
    goodId: only,
    createdAt: batch.now,
    enabled: 1,
    failures: 0,
    failingSince: null,
    fault: null,
    nextTryAt: 0,
    holder: '',
    leaseUntil: 0,
  }
  batch.webhooks.set(hook.id, hook)
  insert(batch, 'WebhookRow', hook)
  if (!fromStart)
    batch.afterwards.push((statements) =>
      statements.run(
        `insert into webhook_cursors (webhook_id, good_id, seq) select cast(? as bigint), id, seq from goods${only === null ? '' : ' where id = ?'}`,
        only === null ? [hook.id] : [hook.id, only],
      ),
    )
  return hook
}

/** No more of a webhook. Throws NOT_FOUND. */
export function removeWebhook(batch: Batch, { webhookId }: OrderOf<'remove_webhook'>): null {
  find(batch, webhookId)
  batch.webhooks.delete(webhookId)
  batch.afterwards.push(async (statements) => {
    await statements.run('delete from webhook_cursors where webhook_id = ?', [webhookId])
    await statements.run('delete from webhooks where id = ?', [webhookId])
  })
  return null
}

/**
 * Sets one good back, never on, so that nothing is left out; and takes the lease away, so that a delivery under way cannot
 * move the good on again. Throws NOT_FOUND, and CONFLICT for a good that the webhook does not follow.
 */
export function redeliver(batch: Batch, { webhookId, of, since }: OrderOf<'redeliver'>): Results['redeliver'] {
  const hook = find(batch, webhookId)
  if (hook.goodId !== null && hook.goodId !== of)
    throw new AuctionError('CONFLICT', `Webhook ${webhookId} follows good ${hook.goodId} alone.`)
  batch.afterwards.push((statements) =>
    statements.run('update webhook_cursors set seq = ? where webhook_id = ? and good_id = ? and seq > ?', [
      since,
      webhookId,
      of,
      since,
    ]),
  )
  return write(batch, { ...hook, ...well, enabled: 1, holder: '', leaseUntil: 0 })
}

/** The lease, to whoever asks while it is free or theirs; for 0 ms it is given back. Null when the webhook is gone. */
export function leaseWebhook(batch: Batch, order: OrderOf<'lease_webhook'>): Results['lease_webhook'] {
  const hook = batch.webhooks.get(order.webhookId) ?? null
  if (!hook || (hook.holder !== order.holder && hook.leaseUntil > batch.now)) return hook
  return write(batch, { ...hook, holder: order.holder, leaseUntil: batch.now + order.leaseMs })
}

/** What a webhook has taken; counts for whoever holds the lease alone. Null when the webhook is gone. */
export function recordDeliveries(batch: Batch, order: OrderOf<'record_deliveries'>): Results['record_deliveries'] {
  const { webhookId, holder, leaseMs, taken, failure } = order
  const hook = batch.webhooks.get(webhookId) ?? null
  if (!hook || hook.holder !== holder) return hook
  batch.afterwards.push(async (statements) => {
    for (const { goodId, seq } of taken)
      await statements.run(
        `insert into webhook_cursors (webhook_id, good_id, seq) values (?, ?, ?)
         on conflict (webhook_id, good_id) do update set seq = excluded.seq`,
        [webhookId, goodId, seq],
      )
  })
  const leased = { ...hook, leaseUntil: batch.now + leaseMs }
  if (!failure) return write(batch, { ...leased, ...well })
  const failingSince = hook.failingSince ?? batch.now
  return write(batch, {
    ...leased,
    failures: hook.failures + 1,
    failingSince,
    fault: failure.fault,
    nextTryAt: batch.now + failure.retryInMs,
    enabled: batch.now - failingSince >= GIVE_UP_AFTER_MS ? 0 : 1,
  })
}

const well = { failures: 0, failingSince: null, fault: null, nextTryAt: 0 } as const

function find(batch: Batch, id: number): StoredWebhook {
  const hook = batch.webhooks.get(id)
  if (!hook)
    throw new AuctionError('NOT_FOUND', `There is no webhook ${id}.`, {
      hint: 'See which there are: auction admin webhooks',
    })
  return hook
}

function write(batch: Batch, hook: StoredWebhook): StoredWebhook {
  batch.webhooks.set(hook.id, hook)
  update(batch, 'WebhookRow', hook.id, hook)
  return hook
}
