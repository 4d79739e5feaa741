/** What the routes are made of, and how a good is shown to a caller. */
import { hash } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import type { Good } from '@auction/common/good'
import { canonicalJson } from '@auction/common/log'
import { type GoodView, toView } from '@auction/common/view'
import type { Alarms } from '../alarms.ts'
import type { Auth, Caller } from '../auth.ts'
import type { Clerk } from '../clerk.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Feed } from '../feed.ts'
import type { Metrics } from '../metrics.ts'
import type { Rates } from '../rates.ts'
import type { Gate } from '../rooms.ts'
import type { Auditor } from '../store/audit.ts'
import type { CalendarQueries } from '../store/calendar-queries.ts'
import type { Keyed, Order } from '../store/orders.ts'
import type { Page, Queries } from '../store/queries.ts'
import type { RoomQueries } from '../store/room-queries.ts'
import type { Streams } from '../streams.ts'
import type { Webhooks } from '../webhooks.ts'

export interface Parts {
  readonly config: Config
  readonly database: 'sqlite' | 'postgresql'
  readonly clock: Clock
  readonly auth: Auth
  readonly clerk: Clerk
  readonly queries: Queries
  readonly rooms: RoomQueries
  readonly gate: Gate
  readonly feed: Feed
  readonly streams: Streams
  readonly alarms: Alarms
  readonly rates: Rates
  readonly metrics: Metrics
  readonly calendars: CalendarQueries
  readonly webhooks: Webhooks
  readonly present: Presenter
  readonly auditor: Auditor
  /** What the audit at boot found: wrong, the house is read-only. */
  readonly books: 'right' | 'wrong'
}

export interface Presenter {
  /** A good as `caller` may see it. */
  one(good: Good, caller: Caller | null): Promise<GoodView>
  page(page: Page<Good>, caller: Caller | null): Promise<{ items: GoodView[]; next: string | null }>
  /** A view from the ledger book, which does not know who looks on. */
  watched(view: GoodView): GoodView
}

/** Views of goods, with the number of watchers and the caller's own standing. */
export function createPresenter(queries: Queries, epoch: string, watchersOf: (goodId: number) => number): Presenter {
  async function all(goods: readonly Good[], caller: Caller | null): Promise<GoodView[]> {
    const standings = caller ? await queries.standings(caller.user.id, goods) : null
    return goods.map((good) => {
      const view = toView(good, { epoch, watchers: watchersOf(good.id) })
      const you = standings?.get(good.id)
      return you ? { ...view, you } : view
    })
  }
  return {
    async one(good, caller) {
      const [view] = await all([good], caller)
      if (!view) throw new AuctionError('NOT_FOUND')
      return view
    },
    page: async ({ items, next }, caller) => ({ items: await all(items, caller), next }),
    watched: (view) => ({ ...view, watchers: watchersOf(view.id) }),
  }
}

/** What makes a call happen once: its key, for this caller, for exactly this request. */
export function keyedBy(caller: Caller, key: string, what: readonly unknown[]): Keyed {
  return { scope: caller.user.id, key, fingerprint: hash('sha256', canonicalJson(what)) }
}

/** What a key stands for of a body with a room's password: that there is one, not which, as a fingerprint would help to guess it. */
export function keyedBody<T extends { readonly password?: string | null | undefined }>({ password, ...rest }: T) {
  return { ...rest, password: typeof password }
}

/** What an order of a caller about one good has, whatever its kind. */
export function onGood<T extends Order['type']>(
  type: T,
  call: {
    readonly params: { readonly id: number }
    readonly caller: Caller
    readonly key: string
    readonly receivedAt: number
  },
  what: readonly unknown[],
) {
  const { params, caller, key, receivedAt } = call
  const { id, nick } = caller.user
  return {
    type,
    keyed: keyedBy(caller, key, [type, params.id, ...what]),
    goodId: params.id,
    by: { id, nick },
    receivedAt,
  }
}
