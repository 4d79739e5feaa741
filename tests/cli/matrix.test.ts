/**
 * Every command with every pair of streams, in CI and out of it (terminal.md, section 8): it ends, asks only where somebody can
 * answer, and leaves pipes and terminals as they should be. `npm run test:deep` runs every cell.
 */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { table } from '../../packages/cli/src/command-table.ts'
import { AUCTION } from '../support/program.ts'
import { HANG_MS, HUNG, type Stdin, type Stdout, startWith, stdins, stdouts, TEST_MS } from '../support/streams.ts'
import { attend, environmentOf, type Line, lines, openStage, type Stage } from './every-command.ts'

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
const isFirst = (line: Line) => lines.find(({ command }) => command === line.command) === line

const person: Cell = { stdin: 'terminal', stdout: 'terminal', ci: false }
/** The person taken away in one way at a time, stdin being what it is for the nth line. */
const without = (nth: number): readonly Cell[] => [
  { ...person, stdin: stdins[1 + (nth % 3)] ?? 'held pipe' },
  { ...person, stdout: 'pipe' },
  { ...person, ci: true },
  { ...person, flags: ['--no-input'] },
]

/**
 * The cells of the nth line. One that goes on, or asks, has a person, and then none for one reason alone; of the others eight
 * in a row meet every cell.
 */
function cellsOf({ asks, runs }: Line, nth: number): readonly Cell[] {
  if (deep) return [...cells, { ...person, flags: ['--no-input'] }]
  if (runs) return [person, ...without(nth)]
  if (asks) return [person, ...without(nth).filter((_, place) => place % 2 === nth % 2)]
  return cells.filter(({ stdin, stdout, ci }) => {
    const place = stdins.indexOf(stdin)
    const turn = stdouts.indexOf(stdout) === (place + nth) % 2 && Number(ci) === ((place >> 1) + (nth >> 1)) % 2
    return turn && place % 2 === (nth >> 2) % 2
  })
}

let stage: Stage
/** The settings of a terminal in which nothing happened. */
let usual: string
const times: { what: string; ms: number }[] = []
beforeAll(async () => {
  stage = await openStage()
  const env = await environmentOf({ ...(lines[0] as Line), as: null }, stage)
  const quiet = await startWith(['version'], { ...person, env, held: stage.held })
  await quiet.ended
  usual = quiet.settings()
  quiet.close()
})
afterAll(async () => {
  await stage.close()
  const slowest = times.toSorted((a, b) => b.ms - a.ms).slice(0, 3)
  console.log(`${times.length} processes; slowest: ${slowest.map(({ what, ms }) => `${what} ${ms} ms`).join('; ')}`)
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const colours = /\u001b\[[0-9;]*m/g

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
    expect(code === HUNG ? 'it hung' : code, `${what}\n${out}\n${err}`).toBe(expected)
    expect(out + err, what).not.toMatch(/^\s+at .+[:(]|node:internal/m)
    if (cell.stdout === 'pipe') expect(out, what).not.toMatch(/(?!\r?\n|\t)\p{Cc}/u)
    if (!interactive(cell)) {
      // Nothing is drawn where nobody is: neither a screen nor a question.
      expect((out + err).replaceAll(colours, ''), what).not.toContain('\u001b')
      for (const [asked] of line.asks?.questions ?? []) expect(out + err, what).not.toMatch(asked)
    }
    expect(terminal === null || (terminal.cursorShown() && !terminal.alternate()), what).toBe(true)
    if (terminal && heedsStreams(line)) expect(started.settings(), what).toBe(usual)
  } finally {
    started.close()
  }
}

describe('every command', () => {
  it('has a line here, and every cell a share of them', () => {
    const missing = table.map(([name]) => name).filter((name) => !lines.some(({ command }) => command === name))
    expect(missing).toEqual([])
    const met = lines.flatMap((line, nth) => cellsOf(line, nth).map(nameOf))
    for (const cell of cells) expect(met.filter((name) => name === nameOf(cell)).length).toBeGreaterThanOrEqual(5)
  })

  it.each(lines.map((line, nth) => ({ line, nth, name: line.command })))(
    'auction $name ends in every cell, asks only where somebody is, and leaves all as it was ($nth)',
    { timeout: TEST_MS },
    async ({ line, nth }) => {
      await Promise.all(cellsOf(line, nth).map((cell) => meet(line, cell)))
    },
  )
})

describe('a reader that goes', () => {
  // A house has said all it has to say before its reader goes, and is open still.
  const writing = lines.filter(({ command, code = 0, asks }) => command !== 'serve' && code === 0 && asks === undefined)
  const readers = (line: Line) => (deep ? ['head -1', 'true'] : isFirst(line) ? ['head -1'] : ['true'])
  const each = writing.flatMap((line) => readers(line).map((reader) => ({ line, reader, name: line.command })))

  it.each(each)('ends auction $name | $reader quietly, with 0', { timeout: TEST_MS }, async ({ line, reader }) => {
    const words = await line.words(stage)
    // The house-wide feed has nothing to say before something happens.
    const happening = setInterval(() => void (line.runs && stage.mila.sell()), 1_000)
    const script = `"$@" </dev/null | ${reader}; exit "\${PIPESTATUS[0]}"`
    const child = spawn('bash', ['-c', script, 'bash', AUCTION, ...words], {
      env: await environmentOf(line, stage),
      detached: true,
    })
    const hung = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), HANG_MS)
    let err = ''
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString()
    })
    child.stdout.resume()
    const code = await new Promise((resolve) => child.on('close', resolve))
    clearInterval(happening)
    clearTimeout(hung)
    expect(code, err).toBe(0)
    expect(err.split('\n').filter((text) => text !== '' && !line.notes?.test(text))).toEqual([])
  })
})
