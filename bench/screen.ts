/** What `auction watch` costs the machine it runs on: bytes while nothing happens, processor and memory while much does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environment, serve } from '../tests/support/program.ts'
import { post, signUp } from './calls.ts'
import { median, type Section } from './section.ts'
import { openScreen, type Size } from './watched.ts'

const BIDDERS = 5
const small: Size = { cols: 80, rows: 24 }
const large: Size = { cols: 120, rows: 40 }
const SECOND = 1_000
const HOUR = 3_600 * SECOND
const KB = 1_024
const MB = KB * KB

/** Bytes a second that an idle screen of 80x24 may write. */
const MOST_BYTES = 3 * KB
/** For a screen to open and to draw its first frames. */
const STARTING_MS = 15 * SECOND
/** Share of a core that a screen of 80x24 may take under so many bids a second. */
const MOST_CPU = 0.25
const BIDS_PER_SECOND = 50
const CPU_ROUNDS = 3
const CPU_ROUND_MS = 10 * SECOND
/** All lists of the screen are full (500 rows) long before. */
const WARM_UP_MS = 12 * SECOND
const UPDATES_PER_SECOND = 30
/** AUCTION_BENCH_MINUTES is for trying the measurement itself. */
const MINUTES = Number(process.env.AUCTION_BENCH_MINUTES ?? 10)
/** From here on the heap has to be flat. */
const SETTLED_MINUTES = Math.min(2, MINUTES / 2)
const MEASURES_PER_MINUTE = 3
/** Megabytes a minute: 145 bytes an update, less than a row of the list of bids takes. */
const MOST_GROWTH = 0.25

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** A house in a process of its own, with its people. */
interface House {
  readonly url: string
  readonly directory: string
  readonly watcher: string
  readonly bidders: readonly string[]
  list(endsInMs: number): Promise<number>
  close(): Promise<void>
}

async function openHouse(): Promise<House> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-bench-'))
  const settings = {
    AUCTION_DATA: join(directory, 'data'),
    AUCTION_PORT: '0',
    AUCTION_RATE_LIMITS: 'off',
    AUCTION_LOG_LEVEL: 'warn',
    AUCTION_STARTING_BALANCE: '1000000000000',
  }
  const server = await serve(environment(join(directory, 'house'), settings))
  const { url } = server
  const [seller = '', watcher = '', ...bidders] = await Promise.all(
    ['mila', 'ada', ...Array.from({ length: BIDDERS }, (_, index) => `bidder${index}`)].map((nick) =>
      signUp(url, nick),
    ),
  )
  return {
    url,
    directory,
    watcher,
    bidders,
    async list(endsInMs) {
      const terms = { name: 'Leica M3 (1954), boxed, first owner', description: 'Serviced in 2023. '.repeat(20) }
      const sale = { startPrice: 100, increment: { fixed: 100 }, softCloseMs: 0, endsInMs }
      return Number((await post(`${url}/v1/goods`, seller, { ...terms, ...sale })).id)
    },
    async close() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Something that happens in the house again and again, until it is stopped. */
interface Traffic {
  /** How often it happened so far. */
  count(): number
  /** Waits while it goes on; rejects when it breaks. */
  during(ms: number): Promise<unknown>
  stop(): Promise<void>
}

/** Bids by all bidders in turn, each above the last, at an even rate; every thirtieth is a chat line where `chat` is set. */
function busy({ url, bidders }: House, goodId: number, perSecond: number, chat = false): Traffic {
  let count = 0
  let stopped = false
  const began = performance.now()
  const work = async () => {
    while (!stopped) {
      const due = began + (count * SECOND) / perSecond
      if (due > performance.now()) await pause(due - performance.now())
      const bidder = bidders[count % bidders.length] ?? ''
      count++
      if (chat && count % perSecond === 0)
        await post(`${url}/v1/goods/${goodId}/chat`, bidder, { text: `line ${count}` })
      else await post(`${url}/v1/goods/${goodId}/bids`, bidder, { amount: count * 100 })
    }
  }
  const working = work()
  // Told where it is waited for.
  working.catch(() => {})
  return {
    count: () => count,
    during: (ms) => Promise.race([pause(ms), working]),
    stop() {
      stopped = true
      return working
    },
  }
}

/** Bytes a second while nothing happens, over `ms` from when the good has `fromMs` left. */
async function idle(house: House, size: Size, { fromMs, ms }: { fromMs: number; ms: number }): Promise<number> {
  const listed = performance.now()
  const goodId = await house.list(fromMs + STARTING_MS)
  const screen = await openScreen(house, { goodId, token: house.watcher, size })
  await pause(listed + STARTING_MS - performance.now())
  const [began, before] = [performance.now(), screen.bytes()]
  await pause(ms)
  const rate = ((screen.bytes() - before) * SECOND) / (performance.now() - began)
  await screen.close()
  return rate
}

/** Share of a core, and bytes a second, under many bids. */
async function underBids(house: House, size: Size): Promise<{ cpu: number; bytes: number; bids: number }> {
  const goodId = await house.list(HOUR)
  const screen = await openScreen(house, { goodId, token: house.watcher, size })
  const traffic = busy(house, goodId, BIDS_PER_SECOND)
  await traffic.during(WARM_UP_MS)
  const rounds: { cpu: number; bytes: number; bids: number }[] = []
  for (let round = 0; round < CPU_ROUNDS; round++) {
    const before = { at: performance.now(), cpu: screen.cpu(), bytes: screen.bytes(), bids: traffic.count() }
    await traffic.during(CPU_ROUND_MS)
    const seconds = (performance.now() - before.at) / SECOND
    rounds.push({
      cpu: (screen.cpu() - before.cpu) / seconds,
      bytes: (screen.bytes() - before.bytes) / seconds,
      bids: (traffic.count() - before.bids) / seconds,
    })
  }
  await traffic.stop()
  await screen.close()
  const middle = (key: 'cpu' | 'bytes' | 'bids') => median(rounds.map((round) => round[key]))
  return { cpu: middle('cpu'), bytes: middle('bytes'), bids: middle('bids') }
}

interface Memory {
  readonly minute: number
  readonly heap: number
  readonly resident: number
}

/** The memory in use again and again, while news comes in all the time. */
async function underNews(house: House): Promise<{ measures: Memory[]; updates: number }> {
  const goodId = await house.list(HOUR)
  const screen = await openScreen(house, { goodId, token: house.watcher, size: small, hooked: true })
  const traffic = busy(house, goodId, UPDATES_PER_SECOND, true)
  const began = performance.now()
  const measures: Memory[] = []
  for (let measure = 1; measure <= MINUTES * MEASURES_PER_MINUTE; measure++) {
    const minute = measure / MEASURES_PER_MINUTE
    await traffic.during(began + minute * 60 * SECOND - performance.now())
    measures.push({ minute, ...(await screen.memory()) })
  }
  const updates = (traffic.count() * SECOND) / (performance.now() - began)
  await traffic.stop()
  await screen.close()
  return { measures, updates }
}

/** Megabytes a minute: the median of the slopes between all pairs, on which one moment bears little. */
function growthOf(measures: readonly Memory[]): number {
  const settled = measures.filter(({ minute }) => minute >= SETTLED_MINUTES)
  return median(
    settled.flatMap((one, index) =>
      settled.slice(index + 1).map((other) => (other.heap - one.heap) / MB / (other.minute - one.minute)),
    ),
  )
}

/** Bytes a second of an idle screen, processor time under bids, memory over ten minutes of news. */
export async function screen(): Promise<Section> {
  const house = await openHouse()
  try {
    const idles = [
      ['a good with an hour left', HOUR + 60 * SECOND, 20 * SECOND],
      ['a good in its last minute', 50 * SECOND, 20 * SECOND],
      ['a good in its last ten seconds', 10 * SECOND, 9 * SECOND],
    ] as const
    const idleRates = await Promise.all(
      idles.map(async ([name, fromMs, ms]) => {
        const [at80, at120] = await Promise.all([small, large].map((size) => idle(house, size, { fromMs, ms })))
        return { name, at80: at80 ?? 0, at120: at120 ?? 0 }
      }),
    )
    const [cpu80, cpu120] = [await underBids(house, small), await underBids(house, large)]
    const news = await underNews(house)
    return report(idleRates, cpu80, cpu120, news)
  } finally {
    await house.close()
  }
}

type Idle = { name: string; at80: number; at120: number }
type Busy = Awaited<ReturnType<typeof underBids>>

function report(
  idles: readonly Idle[],
  cpu80: Busy,
  cpu120: Busy,
  news: Awaited<ReturnType<typeof underNews>>,
): Section {
  const minutes = news.measures.filter(({ minute }) => Number.isInteger(minute))
  const growth = growthOf(news.measures)
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const mb = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`
  const busyRow = (name: string, { cpu, bytes, bids }: Busy, limit: string) =>
    `| ${name} | ${percent(cpu)} | ${limit} | ${Math.round(bytes)} | ${bids.toFixed(1)} |`
  const text = `## The watch screen

\`auction watch\` in a pseudo-terminal, the house in a process of its own on the same machine. Limits hold at 80x24; 120x40 is for information.

| bytes per second while nothing happens | 80x24 | wanted | 120x40 |
|---|---|---|---|
${idles.map(({ name, at80, at120 }) => `| ${name} | ${Math.round(at80)} | at most ${MOST_BYTES} | ${Math.round(at120)} |`).join('\n')}

| under ${BIDS_PER_SECOND} bids a second | processor time, of one core | wanted | bytes a second | bids a second |
|---|---|---|---|---|
${busyRow('80x24', cpu80, `at most ${percent(MOST_CPU)}`)}
${busyRow('120x40', cpu120, '')}

Memory in use after garbage collection (V8's heap and what it holds outside) over ${MINUTES} minutes, under ${news.updates.toFixed(1)} updates a second (one in ${UPDATES_PER_SECOND} a chat line) at 80x24:
${growth.toFixed(3)} MB more each minute; wanted: at most ${MOST_GROWTH}. It is the median of the slopes between all measures (${MEASURES_PER_MINUTE} a minute) from minute ${SETTLED_MINUTES} on.

| minute | ${minutes.map(({ minute }) => minute).join(' | ')} |
|---|${minutes.map(() => '---|').join('')}
| in use | ${minutes.map(({ heap }) => mb(heap)).join(' | ')} |
| resident | ${minutes.map(({ resident }) => mb(resident)).join(' | ')} |`
  const gates = [
    ...idles.map(({ name, at80 }) => [`bytes of an idle screen, ${name}`, at80 <= MOST_BYTES] as const),
    [`processor time under ${BIDS_PER_SECOND} bids a second`, cpu80.cpu <= MOST_CPU],
    ['the bids a second of that load', cpu80.bids >= BIDS_PER_SECOND * 0.95],
    ['the heap is flat', growth <= MOST_GROWTH],
    ['the updates a second of that load', news.updates >= UPDATES_PER_SECOND * 0.95],
  ] as const
  return { text, failed: gates.filter(([, good]) => !good).map(([name]) => name) }
}
