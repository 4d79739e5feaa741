/** Wires the parts in dependency order and gives the whole a life: listen, then close. */

import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { houseEvents } from '@auction/common/frames'
import { OUTAGE_LEAST_MS } from '@auction/common/sale'
import type { Logger } from 'pino'
import { type Alarms, createAlarms } from './alarms.ts'
import { createApp } from './app.ts'
import { createAuth } from './auth.ts'
import { createClerk } from './clerk.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { createFeed, type Feed } from './feed.ts'
import { createRates } from './rates.ts'
import { createGate } from './rooms.ts'
import { accountRoutes } from './routes/accounts.ts'
import { bidRoutes } from './routes/bids.ts'
import { eventRoutes } from './routes/events.ts'
import { goodRoutes } from './routes/goods.ts'
import { houseRoutes } from './routes/house.ts'
import { createPresenter, type Parts } from './routes/parts.ts'
import { roomRoutes } from './routes/rooms.ts'
import { sellingRoutes } from './routes/selling.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'
import { createSockets } from './sockets.ts'
import { openCalendarQueries } from './store/calendar-queries.ts'
import { type Database, lockDirectory, openDatabase } from './store/database.ts'
import { BATCH_SIZE, type LedgerBook, openLedgerBook } from './store/ledger-book.ts'
import { openQueries } from './store/queries.ts'
import { openRoomQueries } from './store/room-queries.ts'
import { openWebhookQueries } from './store/webhook-queries.ts'
import { createStreams } from './streams.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'

export interface AuctionServer {
  /** The house code until somebody has claimed it. */
  readonly houseCode: string | null
  /** Settles what is overdue, then takes calls; answers the address. Throws CANNOT_START. */
  listen(): Promise<{ readonly url: string }>
  /** Sum over all accounts of the ledger, minor units: 0. */
  sum(): Promise<number>
  /** Takes no more, finishes what was taken, says goodbye; within 5 s. */
  close(): Promise<void>
}

export interface ServerOptions {
  readonly clock?: Clock
  readonly log: Logger
  /** Orders in one transaction; benchmarks set 1. */
  readonly batchSize?: number
}

const CATCH_UP_EVERY_MS = 1_000
const CHECK_EVERY_MS = 60_000
const LOOK_EVERY_MS = 1_000
const ALIVE_EVERY_MS = 5_000
const DRAIN_MS = 5_000

const uploadsIn = (directory: string) => join(directory, 'uploads')

/** A server of this configuration, its database open and its books checked. Throws CANNOT_START when it cannot be. */
export async function createServer(
  config: Config,
  { clock = systemClock(), log, batchSize = BATCH_SIZE }: ServerOptions,
): Promise<AuctionServer> {
  const directory = openDirectory(config.AUCTION_DATA)
  const unlock = lockDirectory(directory)
  let database: Database | undefined
  try {
    // Uploads that a killed server was taking.
    rmSync(uploadsIn(directory), { recursive: true, force: true })
    database = await openDatabase(directory, config.AUCTION_DATABASE_URL ?? null)
    const book = await openLedgerBook(database, config.AUCTION_CURRENCY, clock.now())
    const sum = await book.sum()
    if (sum !== 0)
      throw new AuctionError(
        'CANNOT_START',
        `The books do not balance: all accounts sum to ${sum} instead of 0. Restore a backup.`,
      )
    return serve({ config, clock, log, batchSize, directory, database, book, unlock })
  } catch (error) {
    await database?.close()
    unlock()
    throw error
  }
}

function openDirectory(directory: string): string {
  checkDirectory(directory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return directory
}

/** Whether the data directory can be used or made, without making it. Throws CANNOT_START. */
export function checkDirectory(directory: string): void {
  let there = directory
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a directory`)
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AuctionError('CANNOT_START', `The data directory ${directory} cannot be used: ${reason}.`, {
      hint: 'Name another with --data.',
      cause,
    })
  }
}

interface Opened extends Required<ServerOptions> {
  readonly config: Config
  readonly directory: string
  readonly database: Database
  readonly book: LedgerBook
  readonly unlock: () => void
}

/** Every part of the house, wired in dependency order. */
function wire({ config, clock, log, batchSize, directory, database, book }: Opened) {
  const { epoch, currency } = book
  const queries = openQueries(database, currency)
  const feed = createFeed({
    epoch,
    log,
    read: (goodId, since) => queries.events(goodId, since, BATCH_SIZE),
    headsOf: queries.heads,
    houseSince: (at) => queries.eventsSince(at, houseEvents, BATCH_SIZE),
    clock,
  })
  const clerk = createClerk({ book, clock, batchSize, onCommit: feed.publish, log })
  const alarms = createAlarms({
    store:
      config.AUCTION_MONGODB_URI === undefined
        ? { kind: 'embedded', file: join(directory, 'jobs.db') }
        : { kind: 'mongodb', uri: config.AUCTION_MONGODB_URI },
    clock,
    openEnds: queries.openEnds,
    closeDue: () => closeDue(clerk, clock),
    log,
  })
  armFrom(feed, alarms)
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
  const streams = createStreams({ clock, feed, queries })
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
    present,
    calendars: openCalendarQueries(database),
    webhooks: wireWebhooks({ clock, log, database, epoch }, { clerk, feed, queries }),
  }
  return { ...parts, sockets }
}

function wireWebhooks(
  { clock, log, database, epoch }: Pick<Opened, 'clock' | 'log' | 'database'> & { epoch: string },
  { clerk, feed, queries }: Pick<Parts, 'clerk' | 'feed' | 'queries'>,
): Webhooks {
  return createWebhooks({
    clock,
    log,
    epoch,
    clerk,
    feed,
    queries: openWebhookQueries(database),
    events: queries.events,
    shared: database.kind === 'postgresql',
  })
}

/** The parts as a server that listens and closes. */
function serve(opened: Opened): AuctionServer {
  const { config, clock, log, directory, database, book, unlock } = opened
  const parts = wire(opened)
  const { alarms, auth, clerk, feed, rates, sockets, streams, webhooks } = parts
  let draining = false
  const app = createApp({
    handlers: {
      ...accountRoutes(parts),
      ...goodRoutes(parts),
      ...sellingRoutes(parts),
      ...bidRoutes(parts),
      ...eventRoutes(parts, book.epoch),
      ...roomRoutes(parts),
      ...subscriptionRoutes(parts, book.epoch),
      ...houseRoutes(parts),
    },
    auth,
    rates,
    clock,
    uploads: uploadsIn(directory),
    corsOrigins: config.AUCTION_CORS_ORIGINS,
    trustProxy: config.AUCTION_TRUST_PROXY === 'on',
    log,
    draining: () => draining,
  })
  const http = createHttpServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 },
    app.callback(),
  )
  const closeUnused = unusedConnections(http)
  sockets.attach(http)
  const catchUp = () => Promise.all([feed.catchUp(), sockets.catchUp()])
  const stopCatchingUp = database.kind === 'postgresql' ? repeat(clock, CATCH_UP_EVERY_MS, catchUp, log) : () => {}
  const beAlive = async () => void (await clerk.submit<'be_alive'>({ type: 'be_alive' }))
  const stopBeingAlive = repeat(clock, ALIVE_EVERY_MS, beAlive, log)
  const stopLooking = repeat(clock, LOOK_EVERY_MS, () => webhooks.look(), log)
  const stopChecking = repeat(clock, CHECK_EVERY_MS, () => checkBooks(book, log), log)

  return {
    houseCode: book.houseCode,
    sum: book.sum,
    async listen() {
      if (config.AUCTION_OUTAGE_GRACE === 'on') await makeUpForOutage(clerk, book.aliveAt, clock.now())
      await beAlive()
      await alarms.start()
      await new Promise<void>((resolve, reject) => {
        http.once('error', (cause) =>
          reject(
            new AuctionError(
              'CANNOT_START',
              `Cannot listen on ${config.AUCTION_HOST}:${config.AUCTION_PORT}: ${cause.message}`,
              {
                cause,
              },
            ),
          ),
        )
        http.listen(config.AUCTION_PORT, config.AUCTION_HOST, resolve)
      })
      const { port } = http.address() as AddressInfo
      const host = config.AUCTION_HOST.includes(':') ? `[${config.AUCTION_HOST}]` : config.AUCTION_HOST
      return { url: config.AUCTION_PUBLIC_URL ?? `http://${host}:${port}` }
    },
    async close() {
      draining = true
      const webhooksClosed = webhooks.close()
      stopLooking()
      const dropIdle = setTimeout(() => http.closeAllConnections(), DRAIN_MS)
      const ended = new Promise((resolve) => http.close(resolve))
      closeUnused()
      stopCatchingUp()
      stopChecking()
      stopBeingAlive()
      streams.close()
      await sockets.close()
      http.closeIdleConnections()
      await ended
      clearTimeout(dropIdle)
      await alarms.close()
      await webhooksClosed
      await clerk.close()
      await database.close()
      unlock()
    },
  }
}

/** Answers what closes the connections that have asked nothing yet: Node takes them for busy ones. */
function unusedConnections(http: HttpServer): () => void {
  const unused = new Set<Socket>()
  http.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  http.on('request', ({ socket }) => unused.delete(socket))
  http.on('upgrade', ({ socket }) => unused.delete(socket))
  return () => {
    for (const socket of unused) socket.destroy()
  }
}

/** Closes every good whose end has passed, batch after batch; bids queued before stand before it in the queue. */
async function closeDue(clerk: ReturnType<typeof createClerk>, clock: Clock): Promise<void> {
  for (;;) {
    const { found } = await clerk.submit<'close_due'>({ type: 'close_due', now: clock.now() })
    if (found < BATCH_SIZE) return
  }
}

/** Gives more time to what ended while no server of the house was there, or ends just after (rules.md, section 3). */
async function makeUpForOutage(
  clerk: ReturnType<typeof createClerk>,
  aliveAt: number | null,
  now: number,
): Promise<void> {
  if (aliveAt === null || now - aliveAt < OUTAGE_LEAST_MS) return
  for (;;) {
    const order = { type: 'extend_for_outage', downSince: aliveAt, now } as const
    const { found } = await clerk.submit<'extend_for_outage'>(order)
    if (found < BATCH_SIZE) return
  }
}

/** Money is conserved: anything else is for whoever runs the house to know at once. */
async function checkBooks(book: LedgerBook, log: Logger): Promise<void> {
  const sum = await book.sum()
  if (sum !== 0) log.fatal({ sum }, 'the books do not balance')
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

function repeat(clock: Clock, everyMs: number, run: () => Promise<unknown>, log: Logger): () => void {
  let cancel = () => {}
  let stopped = false
  const again = () => {
    if (!stopped)
      cancel = clock.schedule(
        clock.now() + everyMs,
        () =>
          void run()
            .catch((err: unknown) => log.error({ err }, 'periodic work failed'))
            .finally(again),
      )
  }
  again()
  return () => {
    stopped = true
    cancel()
  }
}
