/** The one desk: orders wait in a queue, go to the ledger book in batches, and are answered once they are on disk. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import type { Clock } from './clock.ts'
import { BATCH_SIZE, type LedgerBook } from './store/ledger-book.ts'
import type { Committed, Order, Outcome, Result, Results } from './store/orders.ts'

export interface Clerk {
  /** Answers when the order is durable, in the order of submission. Throws AuctionError: a refusal, FORBIDDEN while it is read-only, BUSY, STORAGE_FULL or INTERNAL. */
  submit<T extends Order['type']>(order: Extract<Order, { type: T }>): Promise<Results[T]>
  /** Orders that wait. */
  waiting(): number
  /** Refuses new orders and resolves when the queue is empty. */
  close(): Promise<void>
}

interface Waiting {
  readonly order: Order
  readonly since: number
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

interface ClerkOptions {
  readonly book: Pick<LedgerBook, 'commit'>
  readonly clock: Clock
  /** Told of every commit, before anyone is answered: what it did, of how many orders, in how many seconds. */
  readonly onCommit: (committed: readonly Committed[], orders: number, seconds: number) => void
  readonly log: { error(facts: object, message: string): void }
  /** Orders in one transaction; benchmarks set 1. */
  readonly batchSize?: number
  /** Whether the books are wrong: then nothing that they keep may change. */
  readonly readOnly?: boolean
}

/** How long a locked or deadlocked database is asked again before the batch is given up. */
const RETRY_FOR_MS = 5_000
const RETRY_EVERY_MS = 5

/** What the house itself orders is never refused for a full queue. */
const own: ReadonlySet<Order['type']> = new Set([
  'lease_webhook',
  'record_deliveries',
  'close_due',
  'extend_for_outage',
  'be_alive',
  'touch_session',
  'close_session',
])

/** What touches neither goods nor money: who is signed in, that the house runs, how far its webhooks are. */
const harmless: ReadonlySet<Order['type']> = new Set([
  'open_session',
  'touch_session',
  'close_session',
  'be_alive',
  'lease_webhook',
  'record_deliveries',
])

export function createClerk(options: ClerkOptions): Clerk {
  const { book, clock, onCommit, log, batchSize = BATCH_SIZE, readOnly = false } = options
  const queue: Waiting[] = []
  let working: Promise<void> | null = null
  let closed = false

  async function work(): Promise<void> {
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      await settle(queue.splice(0, batchSize))
    }
    working = null
  }

  /** Commits a batch; when the database refuses it whole, each order alone, so that one cannot take the others down. */
  async function settle(batch: readonly Waiting[]): Promise<void> {
    const began = performance.now()
    let settled: Awaited<ReturnType<typeof commit>>
    try {
      settled = await commit(batch.map(({ order }) => order))
    } catch (cause) {
      const [only] = batch
      if (isDiskFull(cause))
        for (const { reject } of batch) reject(new AuctionError('STORAGE_FULL', undefined, { cause }))
      else if (isBusy(cause)) for (const { reject } of batch) reject(new AuctionError('BUSY', undefined, { cause }))
      else if (batch.length > 1) for (const waiting of batch) await settle([waiting])
      else {
        log.error({ err: cause, order: only?.order.type }, 'order failed')
        only?.reject(new AuctionError('INTERNAL', undefined, { cause }))
      }
      return
    }
    onCommit(settled.committed, batch.length, (performance.now() - began) / 1000)
    for (const [index, waiting] of batch.entries()) answer(waiting, settled.outcomes[index])
  }

  async function commit(orders: readonly Order[]) {
    const deadline = performance.now() + RETRY_FOR_MS
    for (;;) {
      try {
        return await book.commit(orders, clock.now())
      } catch (error) {
        if (!(isBusy(error) || isRace(error)) || performance.now() > deadline) throw error
        await sleep(RETRY_EVERY_MS + Math.floor(performance.now() % RETRY_EVERY_MS))
      }
    }
  }

  return {
    submit<T extends Order['type']>(order: Extract<Order, { type: T }>) {
      const [oldest] = queue
      if (closed) return Promise.reject(new AuctionError('BUSY', 'The house is closing down.'))
      if (readOnly && !harmless.has(order.type))
        return Promise.reject(
          new AuctionError('FORBIDDEN', 'The house is read-only: its books disagree with its log.', {
            hint: 'See: auction admin audit',
          }),
        )
      if (oldest && performance.now() - oldest.since > limits.queueWaitMs && !own.has(order.type))
        return Promise.reject(new AuctionError('BUSY'))
      return new Promise<Results[T]>((resolve, reject) => {
        queue.push({ order, since: performance.now(), resolve: resolve as (result: Result) => void, reject })
        working ??= work()
      })
    },
    waiting: () => queue.length,
    async close() {
      closed = true
      await working
    },
  }
}

function answer({ resolve, reject }: Waiting, outcome: Outcome | undefined): void {
  if (!outcome) reject(new AuctionError('INTERNAL'))
  else if ('result' in outcome) resolve(outcome.result)
  else reject(outcome.refusal)
}

/** The error itself and what it wraps: MikroORM wraps the driver's error. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    if ('code' in each) codes.push(String(each.code))
  return codes
}

// SQLite's lock held elsewhere; PostgreSQL's lost connections, restarts and too many clients.
const busy = /^(SQLITE_BUSY|08|57P0|53300|ECONN|EPIPE|ETIMEDOUT)/
// Another server won a race: serialization failure, deadlock, unique violation. Asked again, the batch sees what the other wrote.
const race = /^(40001|40P01|23505|SQLITE_CONSTRAINT_UNIQUE)/
const full = /^(SQLITE_FULL|SQLITE_IOERR|53100|ENOSPC)/

/** Whether the database is away or locked for the moment, so that the same may simply be asked again. */
export const isBusy = (error: unknown) =>
  codesOf(error).some((code) => busy.test(code)) ||
  (error instanceof Error &&
    /Connection terminated|not queryable|timeout exceeded when trying to connect/.test(error.message))
const isRace = (error: unknown) => codesOf(error).some((code) => race.test(code))
const isDiskFull = (error: unknown) => codesOf(error).some((code) => full.test(code))
