/** What is read of webhooks: the list, and which goods have events that one has not taken. Never writes. */
import type { Database } from './database.ts'
import { WebhookRow } from './entities.ts'
import type { StoredWebhook } from './orders.ts'

/** A good with events after `cursor`. */
export interface Behind {
  readonly goodId: number
  readonly cursor: number
}

/** Which goods to look at: these, or those after an id, all of them or those that can have changed since `changedSince`. */
export type Where =
  | { readonly ids: readonly number[] }
  | { readonly after: number; readonly only: number | null; readonly changedSince: number | null }

export type WebhookQueries = ReturnType<typeof openWebhookQueries>

/** Opens the reading side of a house's webhooks. */
export function openWebhookQueries(database: Database) {
  const open = () => database.reader.fork()
  return {
    /** Oldest first, with their secrets. */
    async webhooks(): Promise<StoredWebhook[]> {
      const rows = await open().findAll(WebhookRow, { orderBy: { id: 'asc' } })
      return rows.map(({ goodId = null, failingSince = null, fault = null, ...rest }) => ({
        ...rest,
        goodId,
        failingSince,
        fault,
      }))
    },
    /** By id, `most` at most. */
    async behind(webhookId: number, where: Where, most: number): Promise<Behind[]> {
      const { sql, values } = conditionOf(where)
      const rows = await open()
        .getConnection()
        .execute<{ id: number | string; cursor: number | string }[]>(
          `select g.id, coalesce(c.seq, 0) as cursor from webhooks w cross join goods g
           left join webhook_cursors c on c.webhook_id = w.id and c.good_id = g.id
           where w.id = ? and g.seq > coalesce(c.seq, 0) and ${sql} order by g.id limit ?`,
          [webhookId, ...values, most],
        )
      return rows.map(({ id, cursor }) => ({ goodId: Number(id), cursor: Number(cursor) }))
    },
  }
}

function conditionOf(where: Where): { sql: string; values: number[] } {
  if ('ids' in where) return { sql: `g.id in (${where.ids.map(() => '?').join(', ')})`, values: [...where.ids] }
  const { after, only, changedSince } = where
  return {
    // A good that ends before its time keeps the end it had, so that this finds it all the same.
    sql: `g.id > ?${only === null ? '' : ' and g.id = ?'}${changedSince === null ? '' : " and (g.status = 'open' or g.ends_at > ?)"}`,
    values: [after, ...[only, changedSince].filter((each) => each !== null)],
  }
}
