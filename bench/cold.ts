/** How fast the program starts: `auction --version` beside Node doing nothing, `auction bid` beside a bare script that bids. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AUCTION, environment, serve } from '../tests/support/program.ts'
import { post, signUp } from './calls.ts'
import { median, type Section } from './section.ts'

const ROUNDS = 31
/** Rounds before those that count: the disk's cache, and what V8 keeps of the bundle, are then as in daily use. */
const WARM_UPS = 3
const MOST_VERSION = 1.3
const MOST_BID = 1.5
const UNBUNDLED = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))

/** Plain JavaScript: Node would take longer to read TypeScript. */
const BARE = `const { AUCTION_SERVER, AUCTION_TOKEN, GOOD, AMOUNT } = process.env
const response = await fetch(AUCTION_SERVER + '/v1/goods/' + GOOD + '/bids', {
  method: 'POST',
  headers: {
    authorization: 'Bearer ' + AUCTION_TOKEN,
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
  },
  body: JSON.stringify({ amount: Number(AMOUNT) }),
})
console.log(await response.text())
`

/** One of the commands that are compared. */
interface Runner {
  readonly name: string
  readonly ms: number[]
  /** Runs it once, as the so manieth time; throws unless it does what it should. */
  run(round: number): void
}

function runner(
  name: string,
  program: string,
  words: readonly string[],
  { wanted, env }: { wanted: RegExp; env: (round: number) => Record<string, string> },
): Runner {
  const ms: number[] = []
  return {
    name,
    ms,
    run(round) {
      const options = { env: env(round), encoding: 'utf8' } as const
      const began = performance.now()
      const { status, stdout, stderr } = spawnSync(program, words, options)
      ms.push(performance.now() - began)
      if (status !== 0 || !wanted.test(stdout)) throw new Error(`${name} ended with ${status}: ${stdout}${stderr}`)
    },
  }
}

/** Each of them once a round, in turns from the front and from the back, so that what comes before whom evens out. */
function race(runners: readonly Runner[]): void {
  for (let round = 0; round < WARM_UPS + ROUNDS; round++)
    for (const each of round % 2 === 0 ? runners : [...runners].reverse()) each.run(round)
  for (const { ms } of runners) ms.splice(0, WARM_UPS)
}

/** The median of the ratios within each round. */
const ratio = (a: Runner, b: Runner): number => median(a.ms.map((value, round) => value / (b.ms[round] ?? Number.NaN)))

/** The program's start, as ratios to what Node cannot do without. */
export async function cold(): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-bench-'))
  const home = join(directory, 'home')
  const bare = join(directory, 'bid.mjs')
  writeFileSync(bare, BARE)
  const server = await serve(
    environment(join(directory, 'house'), {
      AUCTION_DATA: join(directory, 'data'),
      AUCTION_PORT: '0',
      AUCTION_RATE_LIMITS: 'off',
      AUCTION_LOG_LEVEL: 'warn',
      AUCTION_STARTING_BALANCE: '1000000000',
    }),
  )
  try {
    const tokens = await Promise.all(['mila', 'ann', 'bob'].map((nick) => signUp(server.url, nick)))
    const terms = { name: 'Bench', startPrice: 1, endsInMs: 3_600_000, softCloseMs: 0, increment: { fixed: 1 } }
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map(async () => post(`${server.url}/v1/goods`, tokens[0] ?? '', terms)),
    )
    const idle = { wanted: /^/, env: () => environment(home) }
    const version = { wanted: /^\d+\.\d+\.\d+\n$/, env: () => environment(home) }
    // Two people in turn, each by one step above the other.
    const bid = (good: { id?: unknown } | undefined) => ({
      wanted: /leading/,
      env: (round: number) =>
        environment(home, {
          XDG_STATE_HOME: home,
          AUCTION_SERVER: server.url,
          AUCTION_TOKEN: tokens[1 + (round % 2)] ?? '',
          GOOD: String(good?.id),
          AMOUNT: String(round + 1),
        }),
    })
    const words = (good: { id?: unknown } | undefined) => ['bid', String(good?.id), 'min']
    const versions = [
      runner('`node -e 0`', process.execPath, ['-e', '0'], idle),
      runner('`auction --version`', AUCTION, ['--version'], version),
      runner('the same without the bundle', process.execPath, [UNBUNDLED, '--version'], version),
    ] as const
    const bids = [
      runner('a bare script that bids', process.execPath, [bare], bid(first)),
      runner('`auction bid <id> min`', AUCTION, words(second), bid(second)),
      runner('the same without the bundle', process.execPath, [UNBUNDLED, ...words(third)], bid(third)),
    ] as const
    race(versions)
    race(bids)
    return report(versions, bids)
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

type Trio = readonly [base: Runner, program: Runner, unbundled: Runner]

function report(versions: Trio, bids: Trio): Section {
  const rows = ([base, program, unbundled]: Trio, most: number) => [
    `| ${base.name} | 1 | | ${median(base.ms).toFixed(0)} |`,
    `| ${program.name} | ${ratio(program, base).toFixed(2)} | at most ${most} | ${median(program.ms).toFixed(0)} |`,
    `| ${unbundled.name} | ${ratio(unbundled, base).toFixed(2)} | | ${median(unbundled.ms).toFixed(0)} |`,
  ]
  const text = `## The start of the program

The time from starting a process to its end; medians of ${ROUNDS} interleaved rounds, ratios within each round. All run on the Node that
the project pins, started directly; \`auction\` by its launcher, a shell script, whose time is in its figures. The bare script is one file of
plain JavaScript that posts a known amount with an Idempotency-Key by one \`fetch\` and prints the answer; \`auction bid\` also looks the good
and the account up, and keeps its key on disk. Both bid at one house, a process of its own on the same machine. Three rounds before those
that count leave the disk's cache, and what V8 keeps of the bundle, as in daily use.

| | ratio | wanted | milliseconds |
|---|---|---|---|
${[...rows(versions, MOST_VERSION), ...rows(bids, MOST_BID)].join('\n')}`
  const failed = [
    ...(ratio(versions[1], versions[0]) > MOST_VERSION ? ['the start of auction --version'] : []),
    ...(ratio(bids[1], bids[0]) > MOST_BID ? ['the time of auction bid'] : []),
  ]
  return { text, failed }
}
