/** The only writer and the only transaction: loads and locks what a batch of orders needs, decides, writes, commits once. */
import { randomBytes } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import type { SqlEntityManager } from '@mikro-orm/sqlite'
import { type Batch, committedOf, openBatch } from './batch.ts'
import type { Database } from './database.ts'
import { AccountRow, House } from './entities.ts'
import { toRow } from './good-rows.ts'
import { load } from './loading.ts'
import type { Committed, Order, Outcome } from './orders.ts'
import { perform } from './perform.ts'
import { type Row, type Statements, statementsOf, type Table } from './statements.ts'

/** Most orders in one transaction, and most goods closed by one. */
export const BATCH_SIZE = 256

export interface LedgerBook {
  readonly epoch: string
  readonly currency: string
  /** The one-time code that makes one account the house; null once it has. */
  readonly houseCode: string | null
  /** When a server of this house last said that it runs, epoch ms; null before the first. */
  readonly aliveAt: number | null
  /**
   * One transaction for all; throws when the database refuses the whole. Then nothing happened, unless PostgreSQL was lost
   * while it committed: that keyed orders happened is found when they are tried again.
   */
  commit(
    orders: readonly Order[],
    now: number,
  ): Promise<{ readonly outcomes: readonly Outcome[]; readonly committed: readonly Committed[] }>
  /** Sum over all accounts, which is 0. */
  sum(): Promise<number>
}

/** Opens the book of a house, made at first boot. Throws CANNOT_START when the house keeps another currency. */
export async function openLedgerBook(database: Database, currency: string, now: number): Promise<LedgerBook> {
  const { epoch, houseCode, aliveAt } = await openHouse(database, currency, now)
  const statementsFor = statementsOf(database)
  return {
    epoch,
    currency,
    houseCode,
    aliveAt,
    commit: (orders, at) =>
      database.writer.fork().transactional(async (em) => {
        const statements = statementsFor(em)
        const batch = openBatch(await load(statements, orders, { epoch, currency, now: at, batchSize: BATCH_SIZE }))
        const outcomes = orders.map((order) => perform(batch, order))
        await save(statements, batch)
        return { outcomes, committed: committedOf(batch) }
      }),
    async sum() {
      const [row] = await database.reader
        .fork()
        .getConnection()
        .execute<{ total: number | string }[]>('select sum(balance) as total from accounts')
      return Number(row?.total ?? 0)
    },
  }
}

async function openHouse(
  database: Database,
  currency: string,
  now: number,
): Promise<{ epoch: string; houseCode: string | null; aliveAt: number | null }> {
  return database.writer.fork().transactional(async (em) => {
    const house = (await em.findOne(House, { id: 1 })) ?? (await foundHouse(em, currency, now))
    if (house.currency !== currency)
      throw new AuctionError(
        'CANNOT_START',
        `This house keeps its books in ${house.currency}; AUCTION_CURRENCY says ${currency}.`,
      )
    return { epoch: house.epoch, houseCode: house.code ?? null, aliveAt: house.aliveAt ?? null }
  })
}

/** Makes the house, unless another server that starts beside this one has just made it. */
async function foundHouse(em: SqlEntityManager, currency: string, createdAt: number) {
  const code = randomBytes(10)
    .toString('hex')
    .replace(/(.{5})(?=.)/g, '$1-')
  const epoch = randomBytes(6).toString('hex')
  const unlessThere = { onConflictAction: 'ignore' } as const
  await em.upsert(House, { id: 1, currency, epoch, code, createdAt }, unlessThere)
  for (const id of ['house', 'world']) await em.upsert(AccountRow, { id, balance: 0 }, unlessThere)
  return em.findOneOrFail(House, { id: 1 }, { refresh: true })
}

// Rows that others refer to come first.
const INSERT_ORDER: readonly Table[] = [
  'User',
  'Invite',
  'Session',
  'AccountRow',
  'Picture',
  'BidRow',
  'ChatRow',
  'EventRow',
  'EntryRow',
  'KeyRow',
  'WebhookRow',
]

async function save(statements: Statements, batch: Batch): Promise<void> {
  const rows = (table: Table) => batch.inserts.get(table) ?? []
  const goods = [...batch.touchedGoods].flatMap((id) => batch.goods.get(id) ?? [])
  const insert = async (table: Table, fresh: readonly Row[]) =>
    fresh.length > 0 ? statements.insert(table, fresh) : undefined
  const split = INSERT_ORDER.indexOf('BidRow')
  for (const table of INSERT_ORDER.slice(0, split)) await insert(table, rows(table))
  await insert('GoodRow', goods.filter(({ fresh }) => fresh).map(toRow))
  const changed = goods.filter(({ fresh }) => !fresh).map(toRow)
  if (changed.length > 0) await statements.update('GoodRow', changed)
  for (const table of INSERT_ORDER.slice(split)) await insert(table, rows(table))
  for (const [table, updates] of batch.updates) await statements.update(table, [...updates.values()])
  const balances = [...batch.touchedAccounts].sort().map((id) => ({ id, balance: batch.accounts.get(id) ?? 0 }))
  if (balances.length > 0) await statements.update('AccountRow', balances)
  for (const { table, property, value } of batch.removals) await statements.remove(table, property, value)
  for (const write of batch.afterwards) await write(statements)
}
