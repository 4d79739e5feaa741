/** Opens the database: one writer and one reader on SQLite, one pool on PostgreSQL; schema brought up to date. */
import { chmodSync, closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import type { MikroORM } from '@mikro-orm/core'
import { Migrator } from '@mikro-orm/migrations'
import { MikroORM as PostgresORM } from '@mikro-orm/postgresql'
import { type SqlEntityManager, MikroORM as SqliteORM } from '@mikro-orm/sqlite'
import SqliteFile from 'better-sqlite3'
import { entities } from './entities.ts'
import { FirstSale } from './migrations/0001-first-sale.ts'
import { EveryRule } from './migrations/0002-every-rule.ts'
import { Webhooks } from './migrations/0003-webhooks.ts'

export interface Database {
  readonly kind: 'sqlite' | 'postgresql'
  /** For ledger-book.ts alone. */
  readonly writer: SqlEntityManager
  /** For queries.ts; on SQLite a connection of its own that cannot write. */
  readonly reader: SqlEntityManager
  /** The writer's native connection; null on PostgreSQL. */
  readonly native: SqliteFile.Database | null
  close(): Promise<void>
}

const options = {
  entities: [...entities],
  extensions: [Migrator],
  migrations: {
    migrationsList: [
      { name: '0001-first-sale', class: FirstSale },
      { name: '0002-every-rule', class: EveryRule },
      { name: '0003-webhooks', class: Webhooks },
    ],
    snapshot: false,
    silent: true,
  },
  debug: false as const,
}
const CONNECT_TIMEOUT_MS = 5_000
const POOL_SIZE = 10
/** A checkpoint holds the writer up: one in 32 MB rather than one in 4. */
const CHECKPOINT_PAGES = 8_000
/** PostgreSQL's code of it. */
const NO_SUCH_DATABASE = '3D000'
/** PostgreSQL's advisory locks have numbers; this one is ours. */
const SCHEMA_LOCK = 8010

/** Opens PostgreSQL at `url`, or SQLite in `directory` when `url` is null. Throws CANNOT_START when it cannot be used. */
export function openDatabase(directory: string, url: string | null): Promise<Database> {
  const file = join(directory, 'auction.db')
  return url === null
    ? orCannotStart(file, () => openSqlite(file))
    : orCannotStart(placeOf(url), () => openPostgres(url))
}

/** Whether there is a PostgreSQL database at `url`, which is left as it is. Throws CANNOT_START. */
export async function checkPostgres(url: string): Promise<void> {
  await orCannotStart(placeOf(url), async () => (await connectPostgres(url)).close())
}

const placeOf = (url: string) => `PostgreSQL at ${new URL(url).host}`

async function orCannotStart<T>(place: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof AuctionError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AuctionError('CANNOT_START', `The database cannot be opened (${place}): ${reason}`, { cause })
  }
}

async function openSqlite(file: string): Promise<Database> {
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const writer = await SqliteORM.init({ ...options, dbName: file })
  const native = await tune(writer)
  await writer.migrator.up()
  const reader = await SqliteORM.init({ ...options, dbName: file })
  const readerNative = await tune(reader)
  readerNative.pragma('query_only = on')
  return { kind: 'sqlite', writer: writer.em, reader: reader.em, native, close: () => closeAll([reader, writer]) }
}

/** An acknowledged write is on disk: WAL and synchronous=FULL, set on every open and read back (promises.md, P1, trap 2). */
async function tune(orm: SqliteORM): Promise<SqliteFile.Database> {
  const native = await orm.em.getConnection().getNativeClient()
  native.pragma('busy_timeout = 0')
  native.pragma('journal_mode = wal')
  native.pragma('synchronous = full')
  native.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  const mode = native.pragma('journal_mode', { simple: true })
  const sync = native.pragma('synchronous', { simple: true })
  if (mode !== 'wal' || sync !== 2)
    throw new AuctionError(
      'CANNOT_START',
      `SQLite refused durable settings (journal ${String(mode)}, synchronous ${String(sync)}).`,
    )
  return native
}

async function openPostgres(url: string): Promise<Database> {
  const orm = await connectPostgres(url)
  // Servers that start at the same moment bring the schema up to date one after the other.
  await orm.em.fork().transactional(async (em) => {
    await em.execute(`select pg_advisory_xact_lock(${SCHEMA_LOCK})`)
    await orm.migrator.up({ transaction: em.getTransactionContext() })
  })
  return { kind: 'postgresql', writer: orm.em, reader: orm.em, native: null, close: () => closeAll([orm]) }
}

async function connectPostgres(url: string): Promise<PostgresORM> {
  const orm = await PostgresORM.init({
    ...options,
    clientUrl: url,
    // A name mistyped would be a new house, empty, in which nobody has an account.
    ensureDatabase: false,
    pool: { min: 0, max: POOL_SIZE },
    // By itself MikroORM leaves out what follows the name, as ?sslmode=require.
    driverOptions: { connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS },
  })
  try {
    await orm.em.execute('select 1')
    return orm
  } catch (cause) {
    await orm.close()
    if (!(cause instanceof Error && 'code' in cause && cause.code === NO_SUCH_DATABASE)) throw cause
    const { hostname, port, username, pathname } = new URL(url)
    const server = [
      ['-h', hostname.replace(/^\[|\]$/g, '')],
      ['-p', port],
      ['-U', username],
    ]
      .filter(([, value]) => value)
      .flat()
      .map(decodeURIComponent)
    const name = decodeURIComponent(pathname.slice(1))
    throw new AuctionError('CANNOT_START', `There is no database ${name} in ${placeOf(url)}.`, {
      hint: `Correct AUCTION_DATABASE_URL, or make it: ${['createdb', ...server, name].join(' ')}`,
      cause,
    })
  }
}

async function closeAll(orms: readonly MikroORM[]): Promise<void> {
  for (const orm of orms) await orm.close()
}

/**
 * Takes the data directory for this process; the operating system gives it back when the process dies, however it dies.
 * Answers the release. Throws CANNOT_START while another server has it.
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, 'lock')
  let lock: SqliteFile.Database | undefined
  try {
    closeSync(openSync(file, 'a', 0o600))
    lock = new SqliteFile(file)
    lock.pragma('busy_timeout = 0')
    lock.exec('begin exclusive')
  } catch (cause) {
    lock?.close()
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY'))
      throw new AuctionError('CANNOT_START', `Another server uses the data directory ${directory}.`, {
        hint: 'Stop it, or name another with --data.',
        cause,
      })
    throw new AuctionError(
      'CANNOT_START',
      `The data directory ${directory} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  const held = lock
  return () => held.close()
}
