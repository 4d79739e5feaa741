/** The program with its streams chosen one by one: a terminal, a pipe, /dev/null, a pipe that nobody writes to or closes. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants as files, openSync, writeSync } from 'node:fs'
import { constants as system } from 'node:os'
import { AUCTION } from './program.ts'
import { start, type Terminal } from './terminal.ts'

export const stdins = ['terminal', 'pipe', '/dev/null', 'held pipe'] as const
export const stdouts = ['terminal', 'pipe'] as const
export type Stdin = (typeof stdins)[number]
export type Stdout = (typeof stdouts)[number]

/** How long a process may take that is not told to end; more is a hang, however slow the machine. */
export const HANG_MS = 150_000
/** How long a test of such processes may take: whoever hangs is told of by it, not by the test runner. */
export const TEST_MS = HANG_MS + 60_000
export const HUNG = -1

export interface Streams {
  readonly stdin: Stdin
  readonly stdout: Stdout
  readonly env: Readonly<Record<string, string>>
  /** A FIFO that somebody holds open for writing. */
  readonly held: string
}

export interface Started {
  /** What it reads from, or writes to, where either is one. Standard error is there too. */
  readonly terminal: Terminal | null
  /** What it wrote: to a pipe; to the terminal, or the pipe that stands for it. */
  out(): string
  err(): string
  signal(name: NodeJS.Signals): void
  /** Its exit code once all it wrote has arrived; 128 and more after a signal, HUNG when it had to be killed. */
  readonly ended: Promise<number>
  /** The terminal's settings as they are now: echo, lines, signals. */
  settings(): string
  close(): void
}

// Real pipes, where Node would make sockets.
const from: Readonly<Record<Stdin, string>> = {
  terminal: '',
  pipe: '< <(:)',
  '/dev/null': '</dev/null',
  'held pipe': '<"$held"',
}
const to: Readonly<Record<Stdout, string>> = { terminal: '', pipe: '> >(exec cat)' }

/** Starts `auction` with `words`. Whoever starts it closes it. */
export async function startWith(words: readonly string[], { stdin, stdout, env, held }: Streams): Promise<Started> {
  const pseudo = stdin === 'terminal' || stdout === 'terminal' ? await openPseudo() : null
  const script = `held=$1; shift; exec "$@" ${from[stdin]} ${to[stdout]}`
  const fd = pseudo?.fd ?? 'pipe'
  const child = spawn('bash', ['-c', script, 'streams', held, AUCTION, ...words], {
    env,
    stdio: [stdin === 'terminal' ? fd : 'ignore', stdout === 'terminal' ? fd : 'pipe', fd],
  })
  const written = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    written.out += part
  })
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    written.err += part
  })
  const state = { hung: false }
  const timer = setTimeout(() => {
    state.hung = true
    child.kill('SIGKILL')
  }, HANG_MS)
  const ended = new Promise<number>((resolve) =>
    child.on('close', async (code, signal) => {
      clearTimeout(timer)
      await pseudo?.drained()
      resolve(state.hung ? HUNG : (code ?? 128 + system.signals[signal ?? 'SIGKILL']))
    }),
  )
  return {
    terminal: pseudo?.terminal ?? null,
    out: () => (stdout === 'terminal' ? (pseudo?.output() ?? '') : written.out),
    err: () => (pseudo ? (stdout === 'terminal' ? '' : pseudo.output()) : written.err),
    signal: (name) => void child.kill(name),
    ended,
    settings: () => pseudo?.settings() ?? '',
    close() {
      clearTimeout(timer)
      child.kill('SIGKILL')
      pseudo?.close()
    },
  }
}

/** A pseudo-terminal that lasts, whatever runs in it: held by a process that does nothing else. */
async function openPseudo() {
  const terminal = start(['sh', '-c', 'tty && exec sleep 600'])
  const path = await new Promise<string>((resolve) => {
    const look = () => {
      const name = /^(\S+)\r\n/.exec(terminal.output())?.[1]
      if (name) resolve(name)
      else setTimeout(look, 2)
    }
    look()
  })
  // Without NOCTTY it might become the terminal of the tests themselves.
  const fd = openSync(path, files.O_RDWR | files.O_NOCTTY)
  const preface = `${path}\r\n`.length
  const last = '<all-has-arrived>'
  // On the screen, that is, wherever a line broke there: what arrived may not be drawn yet.
  const isDrawn = () => terminal.screen().join('').includes(last)
  let closed = false
  return {
    terminal,
    fd,
    output: () => terminal.output().slice(preface).replace(last, ''),
    settings: () => execFileSync('stty', ['-F', path, '-g'], { encoding: 'utf8' }),
    /** Until all that was written has been seen by the terminal. */
    async drained() {
      if (!closed) writeSync(fd, last)
      while (!closed && !isDrawn()) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    close() {
      closed = true
      closeSync(fd)
      terminal.close()
    },
  }
}
