/** The real clerk, ledger book and database for the model test, with a clock that the test moves. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AuctionError, type FaultCode, faults } from '@auction/common/errors'
import type { Good } from '@auction/common/good'
import { OUTAGE_LEAST_MS } from '@auction/common/sale'
import { headLine, logLine, verifyLog } from '@auction/common/verify'
import { toView, type You } from '@auction/common/view'
import pg from 'pg'
import { inject } from 'vitest'
import { type Clerk, createClerk } from '../../packages/server/src/clerk.ts'
import { openAudit } from '../../packages/server/src/store/audit.ts'
import { type Database, openDatabase } from '../../packages/server/src/store/database.ts'
import { type LedgerBook, openLedgerBook } from '../../packages/server/src/store/ledger-book.ts'
import type { Keyed, Order, Result } from '../../packages/server/src/store/orders.ts'
import { openQueries, type Queries } from '../../packages/server/src/store/queries.ts'
import type { Action } from './actions.ts'
import type { Own, Seen } from './naive-house.ts'
import { CURRENCY, type KeyedOrder, listingOf, orderOf, signUpOf } from './orders.ts'
import type { RealHouse, Retraction } from './sale.ts'

const MOST_EVENTS = 1_000
const START = Date.UTC(2026, 10, 22, 12)

export interface TestHouse {
  /** The house for one more sale, of people and goods of its own. */
  newSale(): RealHouse
  close(): Promise<void>
}

/** What a restart makes anew. */
interface Running {
  readonly database: Database
  readonly book: LedgerBook
  readonly clerk: Clerk
  readonly queries: Queries
}

/** An accepted order and what it answered. */
interface Done {
  readonly order: KeyedOrder
  readonly result: Result
}

/** A house of its own: on SQLite in a temporary directory, or in a database of the tests' PostgreSQL. */
export async function openTestHouse(kind: Database['kind']): Promise<TestHouse> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-sim-'))
  const name = `sim_${randomUUID().replaceAll('-', '')}`
  const url = kind === 'sqlite' ? null : `${inject('postgresUrl')}/${name}`
  if (url) await onPostgres(`create database ${name}`)
  const clock = { time: START, now: () => clock.time, schedule: () => () => {} }
  let lastKey = 0
  let people = 0

  async function start(): Promise<Running> {
    const database = await openDatabase(directory, url)
    // What a power cut would lose is not the question here, and waiting for the disk takes most of the time.
    database.native?.pragma('synchronous = off')
    const book = await openLedgerBook(database, CURRENCY, clock.now())
    const clerk = createClerk({ book, clock, onCommit: () => {}, log: { error: () => {} } })
    return { database, book, clerk, queries: openQueries(database, CURRENCY) }
  }
  async function stop({ clerk, database }: Running): Promise<void> {
    await clerk.close()
    await database.close()
  }
  let running = await start()
  const keyFor = (scope: number, what: unknown): Keyed => ({
    scope,
    key: `key-${++lastKey}`,
    fingerprint: JSON.stringify(what),
  })
  const send = (order: Order) => running.clerk.submit(order as never) as Promise<Result>
  /** Closes what has reached its end, as the alarms and the sweep do. */
  const closeDue = () => send({ type: 'close_due', now: clock.now() })

  const keeper = (await send(signUpOf('keeper', 0))) as { readonly id: number }

  function newSale(): RealHouse {
    const names = new Map<number, number>()
    const done: Done[] = []
    const nameOf = (bid: number) => names.get(bid) ?? 0
    const seqOf = async (goodId: number) => (await running.queries.good(goodId)).seq
    const remember = (order: Order, result: Result) => {
      if ('keyed' in order) done.push({ order, result })
      return result
    }

    /** What becomes of `orders`; those that a process which stood still for a moment was too busy for are sent again, in order. */
    async function settle(orders: readonly Order[]): Promise<PromiseSettledResult<Result>[]> {
      const outcomes = await Promise.allSettled(orders.map(send))
      const busy = outcomes.findIndex(
        (each) => each.status === 'rejected' && each.reason instanceof AuctionError && each.reason.code === 'BUSY',
      )
      return busy < 0 ? outcomes : [...outcomes.slice(0, busy), ...(await settle(orders.slice(busy)))]
    }

    /** All of `actions` in one batch of the clerk. */
    async function sendAll(actions: readonly Action[], retraction: Retraction): Promise<(FaultCode | null)[]> {
      const around = { now: clock.now(), keeper: keeper.id, retraction, nameOf, seqOf }
      const orders = await Promise.all(
        actions.map((action) => orderOf(action, { ...around, keyed: (scope) => keyFor(scope, action) })),
      )
      const outcomes = await settle(orders)
      return outcomes.map((outcome, index) => {
        const [action, order] = [actions[index], orders[index]]
        if (outcome.status === 'rejected') return refusalIn(outcome.reason)
        const result = order ? remember(order, outcome.value) : null
        if (action?.type === 'place' && result && 'bid' in result) names.set(action.bid, result.bid.id)
        return null
      })
    }

    return {
      now: clock.now,
      advance(ms) {
        clock.time += ms
      },
      async signUp(balance) {
        const { id } = (await send(signUpOf(`p${keeper.id + ++people}`, balance))) as { readonly id: number }
        return id
      },
      async list(terms) {
        const order = listingOf(terms, keyFor(terms.owner, terms))
        try {
          return (remember(order, await send(order)) as { readonly id: number }).id
        } catch (error) {
          return refusalIn(error)
        }
      },
      async submit(actions, retraction) {
        // What names the newest seq must have seen what comes before it.
        const parts: Action[][] = [[]]
        for (const action of actions) {
          if (action.type === 'place' && action.ifSeq === 'current') parts.push([])
          parts.at(-1)?.push(action)
        }
        const codes: (FaultCode | null)[] = []
        for (const part of parts) codes.push(...(await sendAll(part, retraction)))
        return codes
      },
      isKnown: (bid) => names.has(bid),
      async repeat(random) {
        const earlier = random.any(done)
        return earlier && repeatOf(earlier, send)
      },
      async restart(gapMs, grace) {
        await send({ type: 'be_alive' })
        await stop(running)
        clock.time += gapMs
        running = await start()
        const downSince = running.book.aliveAt ?? clock.now()
        const outage = { type: 'extend_for_outage', downSince, now: clock.now() } as const
        if (grace && outage.now - downSince >= OUTAGE_LEAST_MS) await send(outage)
        await send({ type: 'be_alive' })
        await closeDue()
        return { downSince }
      },
      async see(goodIds) {
        // The newest of all: those before them are of sales that are over.
        const { items } = await running.queries.goods({ sort: 'new', limit: goodIds.length })
        return goodIds.map((id) => seenOf(items.find((good) => good.id === id)))
      },
      async own(user, goodIds) {
        const { items } = await running.queries.goods({ sort: 'new', limit: goodIds.length })
        const standings = await running.queries.standings(user, items)
        return goodIds.map((id) => ownOf(standings.get(id)))
      },
      async accounts(names) {
        const rows = await running.database.reader
          .fork()
          .getConnection()
          .execute<{ id: string; balance: number | string }[]>('select id, balance from accounts')
        const balances = new Map(rows.map(({ id, balance }) => [id, Number(balance)]))
        const sum = rows.reduce((total, { balance }) => total + Number(balance), 0)
        return { balances: names.map((name) => balances.get(name) ?? Number.NaN), sum }
      },
      async audit(ended) {
        const goods = ended.length > 0 ? 'all' : 'open'
        const { differences } = await openAudit(running.database, CURRENCY).run({ goods })
        const logs = await Promise.all(ended.map(async (id) => faultsInLog(running, id)))
        return [...differences.map((each) => JSON.stringify(each)), ...logs.flat()]
      },
    }
  }
  return {
    newSale,
    async close() {
      await stop(running)
      if (url) await onPostgres(`drop database ${name} with (force)`)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function onPostgres(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${inject('postgresUrl')}/postgres` })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The code of a refusal; a failure of the house is thrown on. */
function refusalIn(error: unknown): FaultCode {
  if (error instanceof AuctionError && faults[error.code].status < 500) return error.code
  throw error instanceof AuctionError ? (error.cause ?? error) : error
}

/** The same key again answers the same, and another request under it is refused. */
async function repeatOf({ order, result }: Done, send: (order: Order) => Promise<Result>): Promise<string | null> {
  const again = await send(order)
  const plain = (each: Result) => (each && 'replayed' in each ? { ...each, replayed: null } : each)
  if (!isDeepStrictEqual(plain(again), plain(JSON.parse(JSON.stringify(result)) as Result)))
    return `${JSON.stringify(order)} answered ${JSON.stringify(result)}, then ${JSON.stringify(again)}.`
  const other = { ...order, keyed: { ...order.keyed, fingerprint: 'another' } }
  const code = await send(other).then(
    () => 'done',
    (error: unknown) => (error instanceof AuctionError ? error.code : String(error)),
  )
  return code === 'KEY_REUSED' ? null : `${order.keyed.key} with another request: ${code}.`
}

/** What the verifier has against the good's exported log, and against the good that it comes to. */
async function faultsInLog({ queries }: Running, goodId: number): Promise<string[]> {
  const good = await queries.good(goodId)
  const log = await queries.log(good, 0, MOST_EVENTS)
  const head = { goodId, events: log.length, hash: log.at(-1)?.hash ?? '' }
  const { ok, goods, differences } = verifyLog([...log.map(logLine), headLine(head)].join('\n'))
  const derived = goods[0]
  const comesTo = [derived?.status, derived?.price?.amount, derived?.leader?.id, derived?.winner?.id].map(String)
  const stands = [good.status, good.price ?? undefined, good.leader?.id, good.winner?.id].map(String)
  return [
    ...(ok ? [] : differences.map(({ seq, what }) => `good ${goodId}, seq ${seq}: ${what}`)),
    ...(isDeepStrictEqual(comesTo, stands)
      ? []
      : [`good ${goodId} is ${stands.join()}, its log says ${comesTo.join()}`]),
  ]
}

function ownOf(you: You | undefined): Own {
  if (!you) throw new Error('A standing is gone.')
  return { standing: you.standing, max: you.max?.amount ?? null, hold: you.hold?.amount ?? null }
}

function seenOf(good: Good | undefined): Seen {
  if (!good) throw new Error('A good is gone.')
  const view = toView(good, { epoch: '', watchers: 0 })
  return {
    status: view.status,
    price: view.price?.amount ?? null,
    leader: view.leader?.id ?? null,
    bidCount: view.bidCount,
    reserve: view.reserve,
    buyNow: view.buyNow?.amount ?? null,
    minimumBid: view.minimumBid.amount,
    endsAt: Date.parse(view.endsAt),
    hardEndsAt: Date.parse(view.hardEndsAt),
    winner: view.winner?.id ?? null,
  }
}
