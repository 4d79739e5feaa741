/** The only writer and the only transaction: loads and locks what a batch of orders needs, decides, writes, commits once. */
import { randomBytes } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { type Account, available, held } from '@auction/common/ledger'
import { skeletonOf } from '@auction/common/text'
import type { SqlEntityManager } from '@mikro-orm/sqlite'
import { type Batch, committedOf, keyName, type Loaded, openBatch, perform, type WorkingGood } from './batch.ts'
import type { Database } from './database.ts'
import { AccountRow, type GoodRow, House } from './entities.ts'
import { toGood, toRow } from './good-rows.ts'
import type { Committed, Order, Outcome } from './orders.ts'
import { type Row, type Statements, statementsOf, type Table } from './statements.ts'

/** Most orders in one transaction, and most goods closed by one. */
export const BATCH_SIZE = 256

export interface LedgerBook {
  readonly epoch: string
  readonly currency: string
  /** The one-time code that makes one account the house; null once it has. */
  readonly houseCode: string | null
  /** One transaction for all; throws when the database refuses the whole, and then nothing happened. */
  commit(
    orders: readonly Order[],
    now: number,
  ): Promise<{ readonly outcomes: readonly Outcome[]; readonly committed: readonly Committed[] }>
  /** Sum over all accounts, which is 0. */
  sum(): Promise<number>
}

/** Opens the book of a house, made at first boot. Throws CANNOT_START when the house keeps another currency. */
export async function openLedgerBook(database: Database, currency: string, now: number): Promise<LedgerBook> {
  const { epoch, houseCode } = await openHouse(database, currency, now)
  const statementsFor = statementsOf(database)
  return {
    epoch,
    currency,
    houseCode,
    commit: (orders, at) =>
      database.writer.fork().transactional(async (em) => {
        const statements = statementsFor(em)
        const batch = openBatch(await load(statements, orders, { epoch, currency, now: at }))
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
): Promise<{ epoch: string; houseCode: string | null }> {
  return database.writer.fork().transactional(async (em) => {
    const house = (await em.findOne(House, { id: 1 })) ?? (await foundHouse(em, currency, now))
    if (house.currency !== currency)
      throw new AuctionError(
        'CANNOT_START',
        `This house keeps its books in ${house.currency}; AUCTION_CURRENCY says ${currency}.`,
      )
    return { epoch: house.epoch, houseCode: house.code ?? null }
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

type Kind<T extends Order['type']> = Extract<Order, { type: T }>
const ofType = <T extends Order['type']>(orders: readonly Order[], type: T) =>
  orders.filter((order): order is Kind<T> => order.type === type)
const distinct = <T extends string | number>(values: readonly T[]) =>
  [...new Set(values)].sort((a, b) => (a < b ? -1 : 1))

/** Locks in one order everywhere, so that servers never wait for each other in a ring: users, goods by id, accounts by id, keys. */
async function load(
  statements: Statements,
  orders: readonly Order[],
  { epoch, currency, now }: Pick<Loaded, 'epoch' | 'currency' | 'now'>,
): Promise<Loaded> {
  const bids = ofType(orders, 'place_bid')
  const deposits = ofType(orders, 'deposit')
  const claims = ofType(orders, 'claim_house')
  const signUps = ofType(orders, 'sign_up')
  const lock = async <T extends Row>(table: Table, property: string, values: readonly (string | number)[]) =>
    values.length === 0 ? [] : statements.lock<T>(table, property, distinct(values))

  const house = claims.length > 0 ? await lock('House', 'id', [1]) : []
  const users: Loaded['users'] = new Map()
  for (const row of await lock(
    'User',
    'id',
    [...deposits, ...claims].map(({ userId }) => userId),
  ))
    users.set(Number(row.id), row)
  for (const row of await lock(
    'User',
    'skeleton',
    signUps.map(({ nick }) => skeletonOf(nick)),
  ))
    users.set(String(row.skeleton), row)

  const closing = ofType(orders, 'close_due')
  const due = closing.length > 0 ? await statements.due(Math.max(...closing.map((order) => order.now)), BATCH_SIZE) : []
  const goods: Loaded['goods'] = new Map()
  for (const row of await lock<GoodRow & Row>('GoodRow', 'id', [...bids.map(({ goodId }) => goodId), ...due]))
    goods.set(row.id, { good: toGood(row), head: row.head, listedAt: row.listedAt, fresh: false, events: [] })

  const people = [...bids.map(({ bidder }) => bidder.id), ...deposits.map(({ userId }) => userId)]
  for (const { good } of goods.values()) people.push(good.owner.id, ...(good.leader ? [good.leader.id] : []))
  const wanted: Account[] = people.flatMap((id) => [available(id), held(id)])
  if (due.length > 0) wanted.push('house')
  if (signUps.length + deposits.length > 0) wanted.push('world')
  const accounts: Loaded['accounts'] = new Map()
  for (const row of await lock('AccountRow', 'id', wanted)) accounts.set(row.id as Account, Number(row.balance))

  // Last: whoever holds a good or an account may be writing the answer to the same key, and has when they let go of it.
  const keys = orders.flatMap((order) => ('keyed' in order ? [order.keyed.key] : []))
  const answers: Loaded['answers'] = new Map()
  for (const row of await lock('KeyRow', 'key', keys))
    answers.set(keyName(Number(row.scope), String(row.key)), {
      fingerprint: String(row.fingerprint),
      answer: String(row.answer),
    })

  return {
    now,
    epoch,
    currency,
    goods,
    accounts,
    users,
    houseCode: house[0] ? (house[0].code as string | null) : null,
    answers,
    due,
    nextId: await ids(statements, orders),
  }
}

async function ids(statements: Statements, orders: readonly Order[]): Promise<Loaded['nextId']> {
  const wanted = {
    User: ofType(orders, 'sign_up').length,
    GoodRow: ofType(orders, 'list_good').length,
    BidRow: ofType(orders, 'place_bid').length,
  }
  const free: Record<keyof typeof wanted, number[]> = { User: [], GoodRow: [], BidRow: [] }
  for (const table of ['User', 'GoodRow', 'BidRow'] as const)
    if (wanted[table] > 0) free[table] = await statements.allocate(table, wanted[table])
  return (table) => {
    const id = free[table].shift()
    if (id === undefined) throw new AuctionError('INTERNAL')
    return id
  }
}

// Rows that others refer to come first.
const INSERT_ORDER: readonly Table[] = [
  'User',
  'Session',
  'AccountRow',
  'Picture',
  'BidRow',
  'EventRow',
  'EntryRow',
  'KeyRow',
]

async function save(statements: Statements, batch: Batch): Promise<void> {
  const rows = (table: Table) => batch.inserts.get(table) ?? []
  const goods = [...batch.touchedGoods].flatMap((id) => batch.goods.get(id) ?? [])
  const rowOf = ({ good, head, listedAt }: WorkingGood): Row => toRow(good, head, listedAt)
  const insert = async (table: Table, fresh: readonly Row[]) =>
    fresh.length > 0 ? statements.insert(table, fresh) : undefined
  const split = INSERT_ORDER.indexOf('BidRow')
  for (const table of INSERT_ORDER.slice(0, split)) await insert(table, rows(table))
  await insert('GoodRow', goods.filter(({ fresh }) => fresh).map(rowOf))
  const changed = goods.filter(({ fresh }) => !fresh).map(rowOf)
  if (changed.length > 0) await statements.update('GoodRow', changed)
  for (const table of INSERT_ORDER.slice(split)) await insert(table, rows(table))
  for (const [table, updates] of batch.updates) await statements.update(table, [...updates.values()])
  const balances = [...batch.touchedAccounts].sort().map((id) => ({ id, balance: batch.accounts.get(id) ?? 0 }))
  if (balances.length > 0) await statements.update('AccountRow', balances)
  for (const { table, property, value } of batch.removals) await statements.remove(table, property, value)
}
