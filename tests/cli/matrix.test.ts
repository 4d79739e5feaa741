/**
 * Every command with every pair of streams, in CI and out of it (terminal.md, section 8): it ends, asks only where somebody can
 * answer, and leaves pipes and terminals as they should be. `vitest run tests/cli/matrix.test.ts --mode deep` runs every cell.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { table } from '../../packages/cli/src/command-table.ts'
import { HUNG, type Started, type Stdin, type Stdout, startWith, stdins, stdouts } from '../support/streams.ts'
import { environmentOf, type Line, lines, openStage, type Stage } from './every-command.ts'

interface Cell {
  readonly stdin: Stdin
  readonly stdout: Stdout
  readonly ci: boolean
  /** More words: flags that take the person away. */
  readonly flags?: readonly string[]
}

const deep = process.env.MODE === 'deep'
const cells: readonly Cell[] = stdouts.flatMap((stdout) =>
  stdins.flatMap((stdin) => [false, true].map((ci) => ({ stdin, stdout, ci }))),
)
const nameOf = ({ stdin, stdout, ci, flags = [] }: Cell) =>
  `stdin ${stdin}, stdout ${stdout}${ci ? ', CI' : ''} ${flags.join(' ')}`.trimEnd()

/** Whether a person can be asked. */
const interactive = ({ stdin, stdout, ci, flags }: Cell) =>
  stdin === 'terminal' && stdout === 'terminal' && !ci && flags === undefined
/** Whether what it does hangs on its streams. */
const heedsStreams = ({ asks, runs }: Line) => asks !== undefined || runs !== undefined

/**
 * The cells of the nth line. One that asks or goes on meets every pair of stdin, stdout and CI, and --no-input; another
 * meets every stdin, and with the three lines after it every cell.
 */
function cellsOf(line: Line, nth: number): readonly Cell[] {
  if (deep) return [...cells, { stdin: 'terminal', stdout: 'terminal', ci: false, flags: ['--no-input'] }]
  const place = ({ stdin, stdout, ci }: Cell) => [stdins.indexOf(stdin), stdouts.indexOf(stdout), Number(ci)] as const
  if (heedsStreams(line))
    return [
      ...cells.filter((cell) => place(cell).reduce<number>((sum, each) => sum + each, 0) % 2 === 0),
      { stdin: 'terminal', stdout: 'terminal', ci: false, flags: ['--no-input'] },
    ]
  return cells.filter((cell) => {
    const [stdin, stdout, ci] = place(cell)
    return stdout === (stdin + nth) % 2 && ci === ((stdin >> 1) + (nth >> 1)) % 2
  })
}

let stage: Stage
const times: { what: string; ms: number }[] = []
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  await stage.close()
  const slowest = times.toSorted((a, b) => b.ms - a.ms).slice(0, 3)
  console.log(`${times.length} processes; slowest: ${slowest.map(({ what, ms }) => `${what} ${ms} ms`).join('; ')}`)
})

/** Until what it wrote matches, or it ended. */
async function waitFor({ out, err, ended }: Started, pattern: RegExp): Promise<void> {
  let over = false
  void ended.then(() => {
    over = true
  })
  while (!over && !pattern.test(out() + err())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Runs the line in a cell as somebody there would, and expects what must hold in every cell. */
async function meet(line: Line, cell: Cell): Promise<void> {
  const words = [...(await line.words(stage)), ...(cell.flags ?? [])]
  const env = { ...(await environmentOf(line, stage)), ...(cell.ci && { CI: '1' }) }
  const began = performance.now()
  const started = await startWith(words, { ...cell, env, held: stage.held })
  try {
    const expected = await attend(started, line, interactive(cell))
    const code = await started.ended
    const what = `auction ${words.join(' ')} (${nameOf(cell)})`
    times.push({ what, ms: Math.round(performance.now() - began) })
    const { terminal } = started
    const [out, err] = [started.out(), started.err()]
    const [before, after] = started.settings()
    expect(code === HUNG ? 'it hung' : code, `${what}\n${out}\n${err}`).toBe(expected)
    expect(out + err, what).not.toMatch(/^\s+at .+[:(]|node:internal/m)
    if (cell.stdout === 'pipe') expect(out, what).not.toMatch(/(?![\n\t])\p{Cc}/u)
    if (!interactive(cell)) for (const [asked] of line.asks?.questions ?? []) expect(out + err, what).not.toMatch(asked)
    expect(terminal === null || (terminal.cursorShown() && !terminal.alternate()), what).toBe(true)
    expect(after, what).toBe(before)
  } finally {
    started.close()
  }
}

/** Answers what is asked, and ends what goes on; the exit code to expect. */
async function attend(started: Started, { asks, runs, code = 0 }: Line, somebody: boolean): Promise<number> {
  if (asks && somebody) {
    for (const [asked, typed] of asks.questions) {
      await waitFor(started, asked)
      started.terminal?.send(typed)
    }
    return asks.code
  }
  if (!runs) return code
  if (somebody && runs.screen) {
    await waitFor(started, runs.screen)
    started.terminal?.send('q')
    return 0
  }
  await waitFor(started, runs.lines)
  started.signal('SIGTERM')
  return runs.code
}

describe('every command', () => {
  it('has a line here, and every cell a share of them', () => {
    const missing = table.map(([name]) => name).filter((name) => !lines.some(({ command }) => command === name))
    expect(missing).toEqual([])
    const met = lines.flatMap((line, nth) => cellsOf(line, nth).map(nameOf))
    for (const cell of cells)
      expect(met.filter((name) => name === nameOf(cell)).length).toBeGreaterThan(lines.length / 5)
  })

  it.each(lines.map((line, nth) => ({ line, nth, name: line.command })))(
    'auction $name ends in every cell, asks only where somebody is, and leaves all as it was ($nth)',
    { timeout: 120_000 },
    async ({ line, nth }) => {
      await Promise.all(cellsOf(line, nth).map((cell) => meet(line, cell)))
    },
  )
})
