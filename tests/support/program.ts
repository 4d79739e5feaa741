/** The real `auction` program as processes: one person's commands, and a server that can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const AUCTION = join(ROOT, 'packages/cli/bin/auction')
export const ASSETS = join(ROOT, 'packages/cli/assets')

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The environment of a person whose configuration is in `home`; nothing of the tester's own. */
export function environment(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  mkdirSync(home, { recursive: true })
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    XDG_CONFIG_HOME: home,
    AUCTION_KEYRING: 'off',
    TZ: 'UTC',
    ...extra,
  }
}

/** Runs the program to its end, with `input` on a pipe as its standard input. */
export function auction(
  words: readonly string[],
  { env, input = '' }: { env: Record<string, string>; input?: string },
): Promise<Ended> {
  const child = spawn(AUCTION, words, { env, stdio: 'pipe' })
  return ended(child, input)
}

/** What a process wrote, and how it ended: its exit code, or 128 and more. */
export function ended(child: ChildProcess, input: string): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    out += part
  })
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    err += part
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return new Promise((resolve) =>
    child.on('close', (code, signal) =>
      resolve({ code: code ?? (signal ? 128 + constants.signals[signal] : 1), out, err }),
    ),
  )
}

export interface RunningServer {
  readonly url: string
  /** The house code, while it is printed. */
  readonly houseCode: string | null
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>
  /** Ends it, as after a power cut. */
  kill(): Promise<void>
  /** Asks it to end; its exit code. */
  stop(): Promise<number>
}

/** `auction serve` with `flags`, once it says that the house is open. Rejects with what it said when it ends before. */
export async function serve(env: Record<string, string>, flags: readonly string[] = []): Promise<RunningServer> {
  const child = spawn(AUCTION, ['serve', ...flags], { env, stdio: 'pipe' })
  const gone = ended(child, '')
  let out = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString()
      const match = /open at (\S+)\nData in .+\n/.exec(out)
      if (match?.[1]) resolve(match[1])
    })
    void gone.then(({ code, err }) => reject(new Error(`the server ended with ${code}: ${err}`)))
  })
  // It says all there is to say before it answers anybody; the last of that may wait in the pipe for us to read it.
  await (await fetch(`${url}/livez`)).text()
  await new Promise((resolve) => setImmediate(resolve))
  return {
    url,
    houseCode: /House code.*: (\S+)/.exec(out)?.[1] ?? null,
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    ended: gone.then(({ code }) => code),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async stop() {
      child.kill('SIGTERM')
      return (await gone).code
    },
  }
}
