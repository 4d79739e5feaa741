/** The feed of a good as JSON, NDJSON and SSE, its hash-chained log, and the server's clock. */
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import type { Handlers } from '../app.ts'
import type { Parts } from './parts.ts'
import { visitorOf } from './rooms.ts'

export function eventRoutes({ gate, queries, streams }: Parts, epoch: string) {
  return {
    async events({ params, query }) {
      await queries.good(params.id)
      const limit = Math.min(query.limit ?? limits.eventPage, limits.eventPage)
      const items = await queries.events(params.id, query.since ?? 0, limit)
      return { items, next: items.length === limit ? (items.at(-1)?.seq ?? null) : null, epoch }
    },
    async eventsNdjson({ params, query, caller, context }) {
      const good = await queries.good(params.id)
      // What happened is public; that it is told as it happens is what a private room is for.
      if (query.poll !== '1') await gate(good, visitorOf(context, caller))
      streams.ndjson(context, params.id, query.since ?? 0, query.poll === '1')
      return undefined
    },
    async eventsSse({ params, query, caller, context }) {
      const good = await queries.good(params.id)
      await gate(good, visitorOf(context, caller))
      const resumed = context.get('Last-Event-ID')
      if (resumed !== '' && !/^[0-9]{1,15}$/.test(resumed))
        throw new AuctionError('BAD_REQUEST', 'Last-Event-ID: must be a seq.')
      const since = resumed === '' ? (query.since ?? 0) : Number(resumed)
      streams.sse(context, params.id, since, good.status !== 'open' && since >= good.seq)
      return undefined
    },
    async log({ params, query }) {
      const good = await queries.good(params.id)
      const items = await queries.log(good, query.since ?? 0, limits.eventPage)
      return { items, next: items.length === limits.eventPage ? (items.at(-1)?.seq ?? null) : null }
    },
    clock({ context }) {
      streams.clock(context)
      return undefined
    },
  } satisfies Partial<Handlers>
}
