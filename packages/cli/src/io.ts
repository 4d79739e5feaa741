/** The program's edge: streams, terminal, environment, clock. Everything else is given an Io and touches no `process`. */
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { createInterruption, type Interruption } from './interruption.ts'
import { heedReader } from './reader.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Style = Parameters<typeof styleText>[0]

/** What a command reads from and writes to. Tests give their own. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  readonly stderr: Writable & { isTTY?: boolean }
  readonly env: Environment
  /** Whether a person can be asked: see `canAsk`. */
  readonly interactive: boolean
  /** Whether stdout is read by a person rather than by a program. */
  readonly terminal: boolean
  /** Whether stdout takes colours. */
  readonly colour: boolean
  /** Whether terminals are written to in ASCII alone (ascii.ts). */
  readonly ascii: boolean
  /** Columns of the terminal, 80 where there is none. */
  readonly width: number
  /** Ctrl-C and the like, for work that has a last word. */
  readonly interruption: Interruption
  /**
   * Ends the program when the reader of stdout goes, as the next write would; for work that may be silent for long. Call what
   * it returns when that work is done.
   */
  heedReader(): () => void
  /** The user whose files are ours; null where users have no number. */
  readonly uid: number | null
  /** Node's version: `24.21.0`. */
  readonly node: string
  /** The wall clock, epoch ms. */
  now(): number
  out(text: string): void
  err(text: string): void
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ''

/** Whether raw arguments have a flag of every command, which may stand anywhere before `--`. */
export function hasFlag(words: readonly string[], flag: string): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).includes(flag)
}

/** Whether somebody has the terminal read aloud, so that nothing shown may be rewritten. */
export function isSpoken({ ACCESSIBLE, INK_SCREEN_READER }: Environment): boolean {
  return [ACCESSIBLE, INK_SCREEN_READER].some((value) => isSet(value) && value !== '0' && value !== 'false')
}

/** Whether colours may be written to a stream: a terminal that has them, and nobody who said no. */
export function coloursWanted(env: Environment, words: readonly string[], terminal: boolean): boolean {
  const refused = hasFlag(words, '--no-color')
  return terminal && !refused && !isSet(env.NO_COLOR) && env.TERM !== 'dumb' && env.CLICOLOR !== '0'
}

/** What an Io is made of. stdin is a function: the stream is opened only by what reads it. */
interface Parts extends Pick<Io, 'stdout' | 'stderr' | 'env' | 'now'> {
  stdin(): Io['stdin']
  /** Where stdout goes, when it can be asked about its reader. */
  stdoutFd?: number
  uid?: number | null
}

/** Whether a person can be asked: stdin and stdout are terminals that can redraw, and this is no CI (terminal.md, 8). */
function canAsk({ env, stdin, stdout }: Parts): boolean {
  const ci = isSet(env.CI) && env.CI !== '0' && env.CI !== 'false'
  return stdout.isTTY === true && !ci && env.TERM !== 'dumb' && stdin().isTTY === true
}

/** An Io over three streams. `words` are the arguments, read for --no-color alone. */
export function createIo(parts: Parts, words: readonly string[]): Io {
  const { stdout, stderr, env, now } = parts
  const terminal = stdout.isTTY === true
  return {
    get stdin() {
      return parts.stdin()
    },
    stdout,
    stderr,
    env,
    interactive: canAsk(parts),
    terminal,
    colour: coloursWanted(env, words, terminal),
    ascii: false,
    get width() {
      return stdout.columns && stdout.columns > 0 ? stdout.columns : 80
    },
    interruption: createInterruption(),
    heedReader: () => {
      if (terminal || parts.stdoutFd === undefined) return () => {}
      const gone = Object.assign(new Error('nobody reads it any more'), { code: 'EPIPE' })
      return heedReader(parts.stdoutFd, () => void stdout.destroy(gone))
    },
    uid: parts.uid ?? null,
    node: process.versions.node,
    now,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  }
}

/** The Io of this process. */
export function processIo(): Io {
  const { stdout, stderr, env } = process
  const uid = process.geteuid?.() ?? null
  const parts = { stdin: () => process.stdin, stdout, stdoutFd: 1, stderr, env, uid, now: Date.now }
  return createIo(parts, process.argv.slice(2))
}

/** Text in a style where stdout takes colours, as it is elsewhere. */
export function paint(io: Pick<Io, 'colour'>, style: Style, text: string): string {
  return io.colour ? styleText(style, text, { validateStream: false }) : text
}

/** Node's own HTTP modules; an `import` of them would load all of fetch as well (promises.md, section 5). */
export function httpModules() {
  return { http: process.getBuiltinModule('node:http'), https: process.getBuiltinModule('node:https') }
}
