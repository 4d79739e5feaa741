/** A real pseudo-terminal with a program in it, its screen read cell by cell as a person would see it. */
import { spawn } from '@lydell/node-pty'
import xterm, { type Terminal as Emulator, type IBufferCell } from '@xterm/headless'
import { expect } from 'vitest'

export interface Terminal {
  readonly pid: number
  /** The window's rows as text, blanks at their ends cut, as they were when last something was drawn whole, or cut off. */
  screen(): string[]
  /** One cell; column and row from 0. */
  cell(column: number, row: number): IBufferCell | undefined
  /** Whether the program has the alternate screen. */
  alternate(): boolean
  cursorShown(): boolean
  modes(): Emulator['modes']
  /** Window title as last set; bells so far; every byte so far. */
  title(): string
  bells(): number
  output(): string
  send(keys: string): void
  resize(columns: number, rows: number): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Until a row matches; answers the screen. Fails with the screen it saw last. */
  waitFor(pattern: RegExp): Promise<string[]>
  /** Until `find` finds what it looks for on the screen. Every frame is looked at, also one that is gone in no time. */
  until<T>(what: string, find: () => T | null | undefined | false): Promise<T>
  /** How the program ended: its exit code, or 128 and the signal's number. */
  readonly ended: Promise<number>
  close(): void
}

interface Options {
  readonly cols?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A terminal that has no more than cells, and is not asked for more. */
const plain = {
  TERM: 'xterm-256color',
  COLORTERM: '',
  TZ: 'UTC',
  LANG: 'C.UTF-8',
  LC_ALL: '',
  AUCTION_PAGER: 'off',
  AUCTION_PICTURES: 'blocks',
}

/** Not how long a program may take, but when nobody believes any more that it will come to that, or end. */
const PATIENCE_MS = 60_000

/** Starts `command` (program and arguments) in a terminal of its own. Whoever starts it closes it. */
export function start(command: readonly [string, ...string[]], options: Options = {}): Terminal {
  const { cols = 80, rows = 24, env = {}, cwd = process.cwd() } = options
  const [program, ...words] = command
  const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, NODE_ENV: _tests, ...usual } = process.env
  const child = spawn(program, words, {
    name: env.TERM ?? plain.TERM,
    cols,
    rows,
    cwd,
    env: { ...usual, ...plain, ...env },
  })
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 1_000 })
  const seen = { title: '', bells: 0, output: '', cursor: true, rows: rowsOf(emulator) }
  const looks = new Set<() => void>()
  // Between the marks of a synchronized update the screen is half the old frame, half the new one.
  let drawing = false
  const look = () => {
    if (drawing) return
    seen.rows = rowsOf(emulator)
    for (const each of looks) each()
  }
  emulator.onTitleChange((title) => {
    seen.title = title
  })
  emulator.onBell(() => seen.bells++)
  for (const [final, set] of [
    ['h', true],
    ['l', false],
  ] as const)
    emulator.parser.registerCsiHandler({ prefix: '?', final }, (numbers) => {
      if (numbers.includes(25)) seen.cursor = set
      if (numbers.includes(2026)) {
        drawing = set
        look()
      }
      return false
    })
  child.onData((data) => {
    seen.output += data
    emulator.write(data, look)
  })
  let gone = false
  const ended = new Promise<number>((resolve) =>
    child.onExit(({ exitCode, signal }) => {
      gone = true
      // Once its last words are on the screen.
      emulator.write('', () => {
        drawing = false
        look()
        resolve(signal ? 128 + signal : exitCode)
      })
    }),
  )
  const screen = () => seen.rows
  const until = <T>(what: string, find: () => T | null | undefined | false) =>
    new Promise<T>((resolve, reject) => {
      const each = () => {
        const found = find()
        if (found === null || found === undefined || found === false) return
        stop()
        resolve(found)
      }
      const late = setTimeout(() => {
        stop()
        reject(new Error(`${what} did not appear. The screen:\n${screen().join('\n')}`))
      }, PATIENCE_MS)
      const stop = () => {
        clearTimeout(late)
        looks.delete(each)
      }
      looks.add(each)
      if (!drawing) each()
    })
  return {
    pid: child.pid,
    screen,
    cell: (column, row) => emulator.buffer.active.getLine(emulator.buffer.active.baseY + row)?.getCell(column),
    alternate: () => emulator.buffer.active.type === 'alternate',
    cursorShown: () => seen.cursor,
    modes: () => emulator.modes,
    title: () => seen.title,
    bells: () => seen.bells,
    output: () => seen.output,
    send: (keys) => child.write(keys),
    async resize(columns, height) {
      emulator.resize(columns, height)
      look()
      child.resize(columns, height)
    },
    signal: (name) => child.kill(name),
    waitFor: (pattern) => until(String(pattern), () => screen().some((row) => pattern.test(row)) && screen()),
    until,
    get ended() {
      const late = new Promise<never>((_resolve, reject) => {
        const told = () =>
          reject(new Error(`It did not end within ${PATIENCE_MS} ms. The screen:\n${screen().join('\n')}`))
        setTimeout(told, PATIENCE_MS).unref()
      })
      return Promise.race([ended, late])
    },
    close() {
      if (!gone) child.kill('SIGKILL')
      emulator.dispose()
    },
  }
}

/** The terminal as a shell expects it back. */
export function expectWhole(terminal: Terminal): void {
  expect([terminal.alternate(), terminal.cursorShown()]).toEqual([false, true])
  const { modes } = terminal
  expect([modes().bracketedPasteMode, modes().mouseTrackingMode, modes().synchronizedOutputMode]).toEqual([
    false,
    'none',
    false,
  ])
}

/** What is drawn while nothing happens is less than 3 KB a second, once all that is new has been drawn; but it is something. */
export async function expectQuiet(terminal: Terminal): Promise<void> {
  const bytesPerSecond = async () => {
    const [before, from] = [terminal.output().length, performance.now()]
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    return ((terminal.output().length - before) * 1000) / (performance.now() - from)
  }
  let rate = await bytesPerSecond()
  for (let tries = 1; rate >= 3_000 && tries < 5; tries++) rate = await bytesPerSecond()
  expect(rate).toBeGreaterThan(0)
  expect(rate).toBeLessThan(3_000)
}

function rowsOf(emulator: Emulator): string[] {
  const { active } = emulator.buffer
  return Array.from(
    { length: emulator.rows },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
  )
}
