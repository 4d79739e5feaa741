/** A real pseudo-terminal with a program in it, its screen read cell by cell as a person would see it. */
import { spawn } from '@lydell/node-pty'
import xterm, { type Terminal as Emulator, type IBufferCell } from '@xterm/headless'
import { expect } from 'vitest'

export interface Terminal {
  readonly pid: number
  /** The window's rows as text, blanks at their ends cut. */
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
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string[]>
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

/** Not how long a program may take, but when nobody believes any more that it will end. */
const ENDS_MS = 45_000

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
  const seen = { title: '', bells: 0, output: '', cursor: true }
  emulator.onTitleChange((title) => {
    seen.title = title
  })
  emulator.onBell(() => seen.bells++)
  for (const [final, shown] of [
    ['h', true],
    ['l', false],
  ] as const)
    emulator.parser.registerCsiHandler({ prefix: '?', final }, (numbers) => {
      if (numbers.includes(25)) seen.cursor = shown
      return false
    })
  child.onData((data) => {
    seen.output += data
    emulator.write(data)
  })
  const ended = new Promise<number>((resolve) =>
    child.onExit(({ exitCode, signal }) => setTimeout(() => resolve(signal ? 128 + signal : exitCode), 50)),
  )
  const screen = () => rowsOf(emulator)
  let closed = false
  void ended.then(() => {
    closed = true
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
      child.resize(columns, height)
    },
    signal: (name) => child.kill(name),
    waitFor: (pattern, timeoutMs = 15_000) => waitFor(screen, pattern, timeoutMs),
    get ended() {
      const late = new Promise<never>((_resolve, reject) => {
        const told = () => reject(new Error(`It did not end within ${ENDS_MS} ms. The screen:\n${screen().join('\n')}`))
        setTimeout(told, ENDS_MS).unref()
      })
      return Promise.race([ended, late])
    },
    close() {
      if (!closed) child.kill('SIGKILL')
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

function rowsOf(emulator: Emulator): string[] {
  const { active } = emulator.buffer
  return Array.from(
    { length: emulator.rows },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
  )
}

async function waitFor(screen: () => string[], pattern: RegExp, timeoutMs: number): Promise<string[]> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const rows = screen()
    if (rows.some((row) => pattern.test(row))) return rows
    if (performance.now() > deadline) throw new Error(`${pattern} did not appear. The screen:\n${rows.join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
