/** The life of a house: opened, checked, listening, closed. */
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { AuctionError } from '@auction/common/errors'
import type { Logger } from 'pino'
import { createApp } from './app.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { openDirectory, sweepDirectory, uploadsIn } from './data-directory.ts'
import { answerUnparsed } from './problems.ts'
import { openAudit } from './store/audit.ts'
import { type Database, lockDirectory, openDatabase } from './store/database.ts'
import { BATCH_SIZE, type LedgerBook, openLedgerBook } from './store/ledger-book.ts'
import { makeUpForOutage, type Opened, wire } from './wiring.ts'

export interface AuctionServer {
  /** The house code until somebody has claimed it. */
  readonly houseCode: string | null
  /** Settles what is overdue, then takes calls; answers the address. Throws CANNOT_START. */
  listen(): Promise<{ readonly url: string }>
  /** What the audit at boot found: wrong, the house is read-only. */
  readonly books: 'right' | 'wrong'
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
const httpLimits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  // A stream that has nothing to tell finds out in no other way that nobody listens any more.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  // Java and curl offer to go on in HTTP/2; who is not answered in HTTP/1.1 then is not answered at all.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
}

/** A server of this configuration, its database open and its books checked. Throws CANNOT_START when it cannot be. */
export async function createServer(
  config: Config,
  { clock = systemClock(), log, batchSize = BATCH_SIZE }: ServerOptions,
): Promise<AuctionServer> {
  const directory = openDirectory(config.AUCTION_DATA)
  const unlock = lockDirectory(directory)
  let database: Database | undefined
  try {
    sweepDirectory(directory)
    database = await openDatabase(directory, config.AUCTION_DATABASE_URL ?? null)
    const book = await openLedgerBook(database, config.AUCTION_CURRENCY, clock.now())
    const auditor = openAudit(database, config.AUCTION_CURRENCY)
    const { ok, differences } = await auditor.run({ goods: 'open' })
    for (const difference of differences) log.fatal(difference, 'the books disagree with the log')
    const books = ok ? 'right' : 'wrong'
    return serve({ config, clock, log, batchSize, directory, database, book, auditor, books }, unlock)
  } catch (error) {
    await database?.close()
    unlock()
    throw error
  }
}

/** The parts as a server that listens and closes. */
function serve(opened: Opened, unlock: () => void): AuctionServer {
  const { config, clock, log, directory, database, book, books } = opened
  const parts = wire(opened)
  const { alarms, auth, clerk, feed, rates, sockets, streams, webhooks } = parts
  let draining = false
  const app = createApp({
    handlers: parts.handlers,
    auth,
    rates,
    metrics: parts.metrics,
    clock,
    uploads: uploadsIn(directory),
    corsOrigins: config.AUCTION_CORS_ORIGINS,
    trustProxy: config.AUCTION_TRUST_PROXY === 'on',
    log,
    draining: () => draining,
  })
  const http = createHttpServer(httpLimits, app.callback())
  answerUnparsed(http)
  const closeUnused = unusedConnections(http)
  sockets.attach(http)
  const catchUp = () => Promise.all([feed.catchUp(), sockets.catchUp()])
  const stopCatchingUp = database.kind === 'postgresql' ? repeat(clock, CATCH_UP_EVERY_MS, catchUp, log) : () => {}
  // A read-only house closes nothing: to its bidders it is away, and they are given their time back once it is mended.
  const beAlive = async () => void (books === 'right' && (await clerk.submit<'be_alive'>({ type: 'be_alive' })))
  const stopBeingAlive = repeat(clock, ALIVE_EVERY_MS, beAlive, log)
  const stopLooking = repeat(clock, LOOK_EVERY_MS, () => webhooks.look(), log)
  const stopChecking = repeat(clock, CHECK_EVERY_MS, () => checkBooks(book, log), log)

  return {
    houseCode: book.houseCode,
    books,
    sum: book.sum,
    async listen() {
      if (config.AUCTION_OUTAGE_GRACE === 'on' && books === 'right')
        await makeUpForOutage(clerk, book.aliveAt, clock.now())
      await beAlive()
      await alarms.start()
      // Before anyone is in a room: a line said elsewhere between their coming and the first look would be taken for known.
      if (database.kind === 'postgresql') await sockets.catchUp()
      await new Promise<void>((resolve, reject) => {
        http.once('error', (cause: NodeJS.ErrnoException) => {
          const taken = cause.code === 'EADDRINUSE'
          const why = taken ? 'another program listens there' : cause.message
          const message = `Cannot listen on ${config.AUCTION_HOST}:${config.AUCTION_PORT}: ${why}.`
          reject(
            new AuctionError('CANNOT_START', message, { ...(taken && { hint: 'Name another with --port.' }), cause }),
          )
        })
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
      // The time away begins here, for the outage rule.
      await beAlive().catch(() => {})
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

/** Money is conserved: anything else is for whoever runs the house to know at once. */
async function checkBooks(book: LedgerBook, log: Logger): Promise<void> {
  const sum = await book.sum()
  if (sum !== 0) log.fatal({ sum }, 'the books do not balance')
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
