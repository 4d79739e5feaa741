/** The program in this process, with streams, terminal and directories of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { run } from '../../packages/cli/src/cli.ts'
import { createIo } from '../../packages/cli/src/io.ts'

/** When these tests happen. */
export const now = Date.UTC(2026, 10, 22, 12)

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Setting {
  readonly server?: string
  /** What stdin holds; null: it is held open and says nothing. */
  readonly stdin?: string | null
  /** Whether stdout is a terminal (of `columns`); stdin is none. */
  readonly terminal?: boolean
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  /** The wall clock; it stands at `now` where nobody says otherwise. */
  readonly wall?: () => number
  /** Told of what is written to stdout, for commands that do not end. */
  readonly onOut?: (text: string) => void
}

/** A person's own directory of logins. */
export interface Home {
  readonly path: string
  readonly credentials: string
  auction(words: readonly string[], setting?: Setting): Promise<Ran>
  close(): void
}

/** Opens a home; AUCTION_TOKEN is set unless `env` says otherwise, so that most tests need no login. */
export function openHome(): Home {
  const path = mkdtempSync(join(tmpdir(), 'auction-cli-'))
  return {
    path,
    credentials: join(path, 'auction', 'credentials.json'),
    auction: (words, setting = {}) => runIn(path, words, setting),
    close: () => rmSync(path, { recursive: true, force: true }),
  }
}

async function runIn(path: string, words: readonly string[], setting: Setting): Promise<Ran> {
  const { stdin = '', terminal = false, columns = 80, server } = setting
  const written = { out: '', err: '' }
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  stdout.on('data', (chunk: Buffer) => {
    written.out += chunk.toString('utf8')
    setting.onOut?.(chunk.toString('utf8'))
  })
  stderr.on('data', (chunk: Buffer) => {
    written.err += chunk.toString('utf8')
  })
  const env = {
    XDG_CONFIG_HOME: path,
    XDG_STATE_HOME: path,
    AUCTION_TOKEN: 'auc_test',
    AUCTION_KEYRING: 'off',
    ...(server && { AUCTION_SERVER: server }),
    ...setting.env,
  }
  const input = stdin === null ? new PassThrough() : Readable.from(stdin === '' ? [] : [Buffer.from(stdin)])
  const parts = {
    stdin: () => input,
    stdout: Object.assign(stdout, { isTTY: terminal, columns }),
    stderr: Object.assign(stderr, { isTTY: terminal }),
    env,
    now: setting.wall ?? (() => now),
  }
  const code = await run(words, createIo(parts, words))
  await new Promise((resolve) => setImmediate(resolve))
  return { code, ...written }
}
