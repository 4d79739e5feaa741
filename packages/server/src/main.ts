/** The server's process: configuration, start, signals, drain. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { pino } from 'pino'
import { type Config, readConfig, type Setting } from './config.ts'
import { checkDirectory } from './data-directory.ts'
import { type AuctionServer, createServer } from './server.ts'
import { checkPostgres } from './store/database.ts'

interface Flags {
  readonly port?: string
  readonly host?: string
  readonly data?: string
}

export interface ServeOptions {
  readonly flags: Flags
  /**
   * Fills the open house before anybody is told of it. Its data is in a temporary directory, unless a flag says where, and of
   * the environment only the port and the log level count.
   */
  readonly furnish?: (house: { readonly url: string; readonly houseCode: string | null }) => Promise<Furniture>
}

/** What a house was filled with: what is said of it in place of the house code, and what ends before the house does. */
export interface Furniture {
  readonly text: string
  close(): Promise<void>
}

/** Ctrl-C under `npm start` comes twice, from the terminal and from npm; within this time it is one word. */
const ONE_WORD_MS = 500

const redacted = [
  'password',
  'token',
  'authorization',
  'uri',
  '*.password',
  '*.token',
  '*.authorization',
  'req.headers.authorization',
]

/**
 * A house that the calling process holds open itself: listening on a free port, quiet, its data in `directory` or, when that
 * is null, in a temporary one that goes with it. The environment does not count. Throws CANNOT_START.
 */
export async function openHouse(directory: string | null): Promise<AuctionServer & { readonly url: string }> {
  const { data, remove } = directoryOf(directory)
  const server = await createServer(readConfig({ AUCTION_DATA: data, AUCTION_PORT: '0' }, {}), {
    log: pino({ level: 'silent' }),
  })
  const { url } = await server.listen()
  return {
    ...server,
    url,
    async close() {
      await server.close()
      remove()
    },
  }
}

function temporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'auction-'))
  } catch (cause) {
    const hint = 'Name a directory of yours in TMPDIR, or with --data.'
    throw new AuctionError('CANNOT_START', `No directory can be made in ${tmpdir()}.`, { hint, cause })
  }
}

/** The directory given, or a temporary one that is gone with `remove`, at the end of the process at the latest. */
function directoryOf(given: string | null): { readonly data: string; remove(): void } {
  if (given !== null) return { data: given, remove: () => {} }
  const data = temporary()
  const empty = () => rmSync(data, { recursive: true, force: true })
  process.once('exit', empty)
  return {
    data,
    remove() {
      empty()
      process.off('exit', empty)
    },
  }
}

/** What flags set, by the name of the setting. */
function settingsOf({ port, host, data }: Flags): Partial<Record<Setting, string>> {
  const names = { AUCTION_PORT: port, AUCTION_HOST: host, AUCTION_DATA: data }
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined))
}

/** Looks at the configuration, and where the data would be; changes nothing. Throws USAGE and CANNOT_START. */
export async function check(flags: Flags): Promise<void> {
  const config = readConfig(settingsOf(flags), process.env)
  checkDirectory(config.AUCTION_DATA)
  if (config.AUCTION_DATABASE_URL) await checkPostgres(config.AUCTION_DATABASE_URL)
}

/**
 * Runs a server until SIGTERM or SIGINT; answers the exit code, 0, after a clean end. Throws USAGE and CANNOT_START.
 * Says where it listens, and the house code until the house is claimed, on standard output; logs JSON on standard error.
 */
export async function serve({ flags, furnish }: ServeOptions): Promise<number> {
  const { AUCTION_PORT, AUCTION_LOG_LEVEL } = process.env
  const environment = furnish ? { AUCTION_PORT, AUCTION_LOG_LEVEL } : process.env
  const { data, remove } = furnish ? directoryOf(flags.data ?? null) : { data: flags.data, remove: () => {} }
  const config = readConfig(settingsOf({ ...flags, ...(data !== undefined && { data }) }), environment)
  const log = pino({ level: config.AUCTION_LOG_LEVEL, redact: redacted }, pino.destination({ fd: 2, sync: true }))
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught; stopping')
    process.exit(1)
  })
  // Whoever started it may read only the first lines (`auction serve | head -1`): people are bidding, so it goes on without a
  // reader, as nginx and PostgreSQL do.
  process.stdout.on('error', ({ message }) => log.warn(`standard output is lost: ${message}; going on without it`))
  const stopped = toldToStop()
  const server = await createServer(config, { log })
  try {
    const { url } = await server.listen()
    // Told to stop meanwhile, it does not wait to be filled.
    const furniture = await Promise.race([furnish?.({ url, houseCode: server.houseCode }), stopped])
    if (typeof furniture !== 'string') process.stdout.write(announcement(server, url, config, furniture))
    await stopped
    if (typeof furniture === 'object') await furniture.close()
  } finally {
    await server.close()
    remove()
  }
  return 0
}

/** The first signal drains; one that comes later finds no one here and ends the process at once. */
function toldToStop(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT'] as const
  return new Promise((resolve) => {
    const hear = (signal: NodeJS.Signals) => {
      resolve(signal)
      setTimeout(() => {
        for (const each of signals) process.off(each, hear)
      }, ONE_WORD_MS).unref()
    }
    for (const each of signals) process.on(each, hear)
  })
}

/** Where the house is, and what whoever started it needs to know: one text, of which a reader that goes loses nothing. */
function announcement(server: AuctionServer, url: string, config: Config, furniture: Furniture | undefined): string {
  const { AUCTION_DATABASE_URL, AUCTION_DATA } = config
  const { books, houseCode } = server
  const data = AUCTION_DATABASE_URL ? `PostgreSQL at ${new URL(AUCTION_DATABASE_URL).host}` : AUCTION_DATA
  const code = houseCode ? `House code, good for one account: ${houseCode}\n  auction admin claim ${houseCode}\n` : ''
  const wrong =
    books === 'wrong' ? 'The house is read-only: its books disagree with its log. See: auction admin audit\n' : ''
  return `The house is open at ${url}\nData in ${data}\n${furniture ? furniture.text : code}${wrong}`
}
