/** Every part of a house, wired in dependency order. */
import { join } from 'node:path'
import { houseEvents } from '@auction/common/frames'
import { OUTAGE_LEAST_MS } from '@auction/common/sale'
import type { Logger } from 'pino'
import { type Alarms, createAlarms } from './alarms.ts'
import type { Handlers } from './app.ts'
import { createAuth } from './auth.ts'
import { type Clerk, createClerk } from './clerk.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { createFeed, type Feed } from './feed.ts'
import { createMetrics } from './metrics.ts'
import { createRates } from './rates.ts'
import { createGate } from './rooms.ts'
import { accountRoutes } from './routes/accounts.ts'
import { bidRoutes } from './routes/bids.ts'
import { eventRoutes } from './routes/events.ts'
import { goodRoutes } from './routes/goods.ts'
import { houseRoutes } from './routes/house.ts'
import { operationRoutes } from './routes/operations.ts'
import { createPresenter, type Parts } from './routes/parts.ts'
import { roomRoutes } from './routes/rooms.ts'
import { sellingRoutes } from './routes/selling.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'
import { createSockets } from './sockets.ts'
import type { Auditor } from './store/audit.ts'
import { openCalendarQueries } from './store/calendar-queries.ts'
import type { Database } from './store/database.ts'
import { BATCH_SIZE, type LedgerBook } from './store/ledger-book.ts'
import type { Committed } from './store/orders.ts'
import { openQueries } from './store/queries.ts'
import { openRoomQueries } from './store/room-queries.ts'
import { openWebhookQueries } from './store/webhook-queries.ts'
import { createStreams } from './streams.ts'
import { createWebhooks } from './webhooks.ts'

/** What a house is made from. */
export interface Opened {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly batchSize: number
  readonly directory: string
  readonly database: Database
  readonly book: LedgerBook
  readonly auditor: Auditor
  /** What the audit at boot found: wrong, the house is read-only. */
  readonly books: 'right' | 'wrong'
}

/** The parts, and what each route does with them. */
export function wire(opened: Opened) {
  const { config, clock, log, database, book, auditor, books } = opened
  const { epoch } = book
  const core = wireCore(opened)
  const { alarms, clerk, feed, metrics, queries, webhooks } = core
  const rates = createRates(config.AUCTION_RATE_LIMITS === 'on')
  const auth = createAuth({
    queries,
    clerk,
    clock,
    startingBalance: config.AUCTION_STARTING_BALANCE,
    registration: config.AUCTION_REGISTRATION,
    onRevoked: (tokenHash) => sockets.revoke(tokenHash),
  })
  const rooms = openRoomQueries(database)
  const gate = createGate({ auth, rates, rooms })
  const sockets = createSockets({
    epoch,
    auth,
    clerk,
    clock,
    feed,
    gate,
    queries,
    rooms,
    rates,
    origins: config.AUCTION_CORS_ORIGINS,
    trustProxy: config.AUCTION_TRUST_PROXY === 'on',
    log,
    present: () => present,
  })
  const present = createPresenter(queries, epoch, sockets.watchersOf)
  const streams = createStreams({ clock, feed, queries, rates })
  const parts: Parts = {
    config,
    database: database.kind,
    clock,
    auth,
    clerk,
    queries,
    rooms,
    gate,
    feed,
    streams,
    alarms,
    rates,
    metrics,
    present,
    auditor,
    books,
    calendars: openCalendarQueries(database),
    webhooks,
  }
  metrics.watch({ watching: sockets.watching, waiting: clerk.waiting })
  return { ...parts, sockets, handlers: handlersOf(parts, epoch) }
}

/** Every route's handler. */
function handlersOf(parts: Parts, epoch: string): Handlers {
  return {
    ...accountRoutes(parts),
    ...goodRoutes(parts),
    ...sellingRoutes(parts),
    ...bidRoutes(parts),
    ...eventRoutes(parts, epoch),
    ...roomRoutes(parts),
    ...subscriptionRoutes(parts, epoch),
    ...houseRoutes(parts),
    ...operationRoutes(parts),
  }
}

/** What commits, tells and closes, whoever asks. */
function wireCore({ config, clock, log, batchSize, directory, database, book, books }: Opened) {
  const { epoch, currency } = book
  const readOnly = books === 'wrong'
  const queries = openQueries(database, currency)
  const feed = createFeed({
    epoch,
    log,
    read: (goodId, since) => queries.events(goodId, since, BATCH_SIZE),
    headsOf: queries.heads,
    houseSince: (at) => queries.eventsSince(at, houseEvents, BATCH_SIZE),
    clock,
  })
  const metrics = createMetrics()
  const told = (committed: readonly Committed[], orders: number, seconds: number) => {
    feed.publish(committed)
    metrics.committed(orders, seconds, committed)
  }
  const clerk = createClerk({ book, clock, batchSize, onCommit: told, log, readOnly })
  const alarms = createAlarms({
    store:
      config.AUCTION_MONGODB_URI === undefined
        ? { kind: 'embedded', file: join(directory, 'jobs.db') }
        : { kind: 'mongodb', uri: config.AUCTION_MONGODB_URI },
    clock,
    openEnds: queries.openEnds,
    closeDue: readOnly ? () => Promise.resolve() : () => closeDue(clerk, clock),
    log,
  })
  armFrom(feed, alarms)
  const webhooks = createWebhooks({
    clock,
    log,
    epoch,
    clerk,
    feed,
    queries: openWebhookQueries(database),
    events: queries.events,
    shared: database.kind === 'postgresql',
  })
  return { alarms, clerk, feed, metrics, queries, webhooks }
}

/** Closes every good whose end has passed, batch after batch; bids queued before stand before it in the queue. */
async function closeDue(clerk: Clerk, clock: Clock): Promise<void> {
  for (;;) {
    const { found } = await clerk.submit<'close_due'>({ type: 'close_due', now: clock.now() })
    if (found < BATCH_SIZE) return
  }
}

/** Gives more time to what ended while no server of the house was there, or ends just after (rules.md, section 3). */
export async function makeUpForOutage(clerk: Clerk, aliveAt: number | null, now: number): Promise<void> {
  if (aliveAt === null || now - aliveAt < OUTAGE_LEAST_MS) return
  for (;;) {
    const order = { type: 'extend_for_outage', downSince: aliveAt, now } as const
    const { found } = await clerk.submit<'extend_for_outage'>(order)
    if (found < BATCH_SIZE) return
  }
}

/** Events after which a good may have another end. */
const moving: readonly string[] = ['listed', 'extended', 'note']

/** A good that is listed, or whose end moved, arms an alarm for its end. */
function armFrom(feed: Feed, alarms: Alarms): void {
  feed.onCommit((committed) => {
    for (const { good, events } of committed)
      if (good.status === 'open' && events.some(({ type }) => moving.includes(type))) alarms.arm(good.endsAt)
  })
}
