/** Durable bids per second, as ratios within one run. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createApp, type Handlers } from '../packages/server/src/app.ts'
import { systemClock } from '../packages/server/src/clock.ts'
import { readConfig } from '../packages/server/src/config.ts'
import { createRates } from '../packages/server/src/rates.ts'
import { createServer } from '../packages/server/src/server.ts'
import { post, signUp } from './calls.ts'
import type { Score, Task } from './load.ts'
import { median, type Section } from './section.ts'

const CONNECTIONS = 64
const ROUND_MS = 4_000
const ROUNDS = 3
const CROWDED = 10_000
const log = pino({ level: 'silent' })

/** Something that takes bids on a port. */
interface Stand {
  readonly port: number
  readonly tokens: readonly string[]
  list(): Promise<number>
  close(): Promise<void>
}

async function house(batchSize: number): Promise<Stand> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-bench-'))
  const settings = {
    AUCTION_DATA: directory,
    AUCTION_PORT: '0',
    AUCTION_RATE_LIMITS: 'off',
    AUCTION_STARTING_BALANCE: '1000000000000',
  } as const
  const server = await createServer(readConfig(settings, {}), { log, batchSize })
  const { url } = await server.listen()
  const tokens: string[] = []
  for (let index = 0; index <= CONNECTIONS; index++) tokens.push(await signUp(url, `bidder${index}`))
  const [seller = '', ...bidders] = tokens
  return {
    port: Number(new URL(url).port),
    tokens: bidders,
    list: async () =>
      Number(
        (
          await post(`${url}/v1/goods`, seller, {
            name: 'Bench',
            startPrice: 1,
            endsInMs: 3_600_000,
            softCloseMs: 0,
            increment: { fixed: 1 },
          })
        ).id,
      ),
    async close() {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The same HTTP stack (sign-in, schemas, answer) that stores nothing: what a bid costs before the clerk. */
async function nothing(): Promise<Stand> {
  const user = { id: 1, nick: 'nobody', role: 'member', createdAt: new Date().toISOString() } as const
  const money = { amount: 1, currency: 'USD' }
  const at = new Date().toISOString()
  const person = { id: 2, nick: 'mila' }
  const good = {
    id: 1,
    name: 'Bench',
    description: '',
    owner: person,
    status: 'open' as const,
    price: money,
    startPrice: money,
    minimumBid: money,
    bidCount: 1,
    leader: person,
    reserve: 'none' as const,
    buyNow: null,
    endsAt: at,
    hardEndsAt: at,
    softCloseMs: 0,
    seq: 1,
    epoch: 'bench',
    image: null,
    watchers: 0,
    private: false,
    capacity: null,
    winner: null,
    you: { standing: 'leading' as const, max: money, hold: money },
  }
  const handlers = new Proxy({} as Handlers, {
    get: () => () => ({
      bid: { id: 1, amount: money, max: money, seq: 1, at },
      standing: 'leading',
      good,
      replayed: false,
    }),
  })
  const app = createApp({
    handlers,
    rates: createRates(false),
    metrics: { called() {} },
    clock: systemClock(),
    uploads: tmpdir(),
    corsOrigins: [],
    trustProxy: false,
    draining: () => false,
    log,
    auth: { authenticate: () => Promise.resolve({ user, tokenHash: '' }) },
  })
  const http = createHttpServer(app.callback()).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    tokens: Array.from({ length: CONNECTIONS }, () => 'auc_bench'),
    list: () => Promise.resolve(1),
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

async function measure(task: Task): Promise<Score> {
  const child = fork(new URL('./load.ts', import.meta.url), { execArgv: ['--disable-warning=ExperimentalWarning'] })
  child.send(task)
  const [score] = (await once(child, 'message')) as [Score]
  child.kill()
  return score
}

const round = async (stand: Stand, goodId: number, firstAmount: number) =>
  measure({ port: stand.port, goodId, tokens: stand.tokens, firstAmount, ms: ROUND_MS })

/** Bids until `most` are on the good; answers the next free amount. */
async function crowd(stand: Stand, goodId: number, most: number): Promise<number> {
  let amount = 1
  for (let count = 0; count < most; ) {
    const { nextAmount } = await measure({
      port: stand.port,
      goodId,
      tokens: stand.tokens,
      firstAmount: amount,
      ms: 1_000,
    })
    amount = nextAmount
    const page = (await (await fetch(`http://127.0.0.1:${stand.port}/v1/goods/${goodId}`)).json()) as {
      bidCount: number
    }
    count = page.bidCount
  }
  return amount
}

/** What a durable bid costs: against storing nothing, against one commit per bid, and on a good with many bids. */
export async function bids(): Promise<Section> {
  const bare = await nothing()
  const durable = await house(256)
  const single = await house(1)
  const rows = { nothing: [] as Score[], durable: [] as Score[], single: [] as Score[], crowded: [] as Score[] }
  try {
    const crowdedGood = await durable.list()
    let amount = await crowd(durable, crowdedGood, CROWDED)
    for (let index = 0; index < ROUNDS; index++) {
      rows.nothing.push(await round(bare, 1, 1))
      rows.durable.push(await round(durable, await durable.list(), 1))
      const crowded = await round(durable, crowdedGood, amount)
      amount = crowded.nextAmount
      rows.crowded.push(crowded)
      rows.single.push(await round(single, await single.list(), 1))
    }
  } finally {
    for (const stand of [bare, durable, single]) await stand.close()
  }

  const measured = [
    ['against the same stack storing nothing', ratio(rows.durable, rows.nothing), 0.5],
    ['against one commit per bid', ratio(rows.durable, rows.single), 3],
    [`with ${CROWDED} bids already on the good, against fresh`, ratio(rows.crowded, rows.durable), 0.95],
  ] as const
  const text = `## Durable bids

Durable bids (SQLite, WAL, synchronous=FULL) over HTTP at ${CONNECTIONS} connections on one good; the load runs in a
process of its own on the same machine. Only the ratios mean something: they come from one run, median of ${ROUNDS} interleaved rounds.

| durable bids per second | ratio | wanted |
|---|---|---|
${measured.map(([name, value, least]) => `| ${name} | ${value.toFixed(2)} | at least ${least} |`).join('\n')}

| | accepted per second | refused |
|---|---|---|
${Object.entries(rows)
  .map(
    ([name, scores]) =>
      `| ${name} | ${Math.round(rate(scores))} | ${(100 * median(scores.map(({ refused }) => refused))).toFixed(1)} % |`,
  )
  .join('\n')}`
  return {
    text,
    failed: measured.filter(([, value, least]) => value < least).map(([name]) => name),
  }
}

const rate = (scores: readonly Score[]) => median(scores.map(({ perSecond }) => perSecond))
const ratio = (a: readonly Score[], b: readonly Score[]) =>
  median(a.map(({ perSecond }, index) => perSecond / (b[index]?.perSecond ?? Number.NaN)))
