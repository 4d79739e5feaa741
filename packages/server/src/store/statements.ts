/** The few statements of a batch's transaction: prepared once on SQLite's native connection, parametrised on PostgreSQL. */
import type { SqlEntityManager } from '@mikro-orm/sqlite'
import type SqliteFile from 'better-sqlite3'
import { CompiledQuery, type Kysely } from 'kysely'
import type { Database } from './database.ts'

export type Row = Record<string, string | number | null | Buffer>
/** The tables a batch writes, by entity name. */
export type Table =
  | 'House'
  | 'User'
  | 'Session'
  | 'GoodRow'
  | 'BidRow'
  | 'EventRow'
  | 'AccountRow'
  | 'EntryRow'
  | 'KeyRow'
  | 'Picture'
  | 'Invite'
  | 'ChatRow'
  | 'WebhookRow'

/** Tables whose ids the book gives. */
export type Numbered = 'User' | 'GoodRow' | 'BidRow' | 'ChatRow' | 'WebhookRow'

/** Rows have the entities' property names. Everything runs inside the transaction it was made for. */
export interface Statements {
  /** Rows whose column `property` is one of `values`, in its order, locked until the commit. */
  lock<T extends Row>(table: Table, property: string, values: readonly (string | number)[]): Promise<T[]>
  /** Ids of open goods that end from `from` to `until`, soonest first. */
  ending(from: number, until: number, most: number): Promise<number[]>
  /** `most` fresh ids of a table, ascending. */
  allocate(table: Numbered, most: number): Promise<number[]>
  insert(table: Table, rows: readonly Row[]): Promise<void>
  /** Rewrites what the rows hold, by primary key; every row of a call holds the same properties. */
  update(table: Table, rows: readonly Row[]): Promise<void>
  remove(table: Table, property: string, value: string | number): Promise<void>
  /** What is too rare for a name of its own, with a `?` for each value. */
  run(sql: string, values: readonly (string | number)[]): Promise<void>
}

/** A table as SQL knows it; `integer` columns arrive from PostgreSQL as text. */
export interface Shape {
  readonly name: string
  readonly columns: readonly {
    readonly property: string
    readonly column: string
    readonly integer: boolean
    readonly key: boolean
  }[]
}

/** Answers the shapes of tables, each worked out once. */
export function shapeReader(em: SqlEntityManager): (table: Table) => Shape {
  const shapes = new Map<Table, Shape>()
  return (table) => {
    const known = shapes.get(table)
    if (known) return known
    const meta = em.getMetadata().getByClassName(table)
    const columns = meta.props.map((prop) => ({
      property: prop.name as string,
      column: prop.fieldNames[0] ?? '',
      integer: prop.columnTypes[0] === 'bigint' || prop.columnTypes[0] === 'integer',
      key: prop.primary === true,
    }))
    const shape = { name: meta.tableName, columns }
    shapes.set(table, shape)
    return shape
  }
}

/** Answers what makes the statements of one transaction. */
export function statementsOf(database: Database): (em: SqlEntityManager) => Statements {
  const shapeOf = shapeReader(database.writer)
  if (database.native) {
    const statements = sqliteStatements(database.native, shapeOf)
    return () => statements
  }
  return (em) => postgresStatements(em, shapeOf)
}

/** The columns of a SELECT, named like the properties. */
export const selection = ({ columns }: Shape) =>
  columns.map(({ property, column }) => `${column} as "${property}"`).join(', ')
/** The rows themselves, their integers no longer text. */
export function withNumbers<R extends Row>({ columns }: Shape, rows: R[]): R[] {
  const integers = columns.filter(({ integer }) => integer)
  for (const row of rows as Row[])
    for (const { property } of integers) if (typeof row[property] === 'string') row[property] = Number(row[property])
  return rows
}
const columnOf = ({ columns }: Shape, property: string) =>
  columns.find((each) => each.property === property)?.column ?? property

function sqliteStatements(native: SqliteFile.Database, shapeOf: (table: Table) => Shape): Statements {
  const prepared = new Map<string, SqliteFile.Statement>()
  const prepare = (sql: string) => {
    const statement = prepared.get(sql) ?? native.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
  // Values by position: better-sqlite3 binds names at several times the cost.
  const each = (sql: string, rows: readonly Row[], properties: readonly string[]) => {
    const statement = prepare(sql)
    for (const row of rows) statement.run(properties.map((property) => row[property]))
    return Promise.resolve()
  }
  return {
    lock<T extends Row>(table: Table, property: string, values: readonly (string | number)[]) {
      const shape = shapeOf(table)
      const column = columnOf(shape, property)
      const sql = `select ${selection(shape)} from ${shape.name} where ${column} in (select value from json_each(?)) order by ${column}`
      return Promise.resolve(prepare(sql).all(JSON.stringify(values)) as T[])
    },
    ending(from, until, most) {
      const sql = `select id from goods where status = 'open' and ends_at between ? and ? order by ends_at, id limit ?`
      return Promise.resolve((prepare(sql).all(from, until, most) as { id: number }[]).map(({ id }) => id))
    },
    allocate(table, most) {
      const { last } = prepare(`select coalesce(max(id), 0) as last from ${shapeOf(table).name}`).get() as {
        last: number
      }
      return Promise.resolve(Array.from({ length: most }, (_, index) => last + 1 + index))
    },
    insert(table, rows) {
      const { name, columns } = shapeOf(table)
      const used = columns.filter(({ property }) => rows[0] && property in rows[0])
      const names = used.map(({ column }) => column).join(', ')
      const sql = `insert into ${name} (${names}) values (${used.map(() => '?').join(', ')})`
      return each(
        sql,
        rows,
        used.map(({ property }) => property),
      )
    },
    update(table, rows) {
      const { name, columns } = shapeOf(table)
      const used = columns.filter(({ property }) => rows[0] && property in rows[0])
      const [keys, values] = [used.filter(({ key }) => key), used.filter(({ key }) => !key)]
      const equals = (parts: typeof used) => parts.map(({ column }) => `${column} = ?`)
      const sql = `update ${name} set ${equals(values).join(', ')} where ${equals(keys).join(' and ')}`
      return each(
        sql,
        rows,
        [...values, ...keys].map(({ property }) => property),
      )
    },
    remove(table, property, value) {
      const shape = shapeOf(table)
      prepare(`delete from ${shape.name} where ${columnOf(shape, property)} = ?`).run(value)
      return Promise.resolve()
    },
    run(sql, values) {
      prepare(sql).run(...values)
      return Promise.resolve()
    },
  }
}

function postgresStatements(em: SqlEntityManager, shapeOf: (table: Table) => Shape): Statements {
  const transaction = em.getTransactionContext<Kysely<unknown>>()
  if (!transaction) throw new Error('Statements belong to a transaction.')
  const run = async (sql: string, ...values: unknown[]) =>
    (await transaction.executeQuery<Row>(CompiledQuery.raw(sql, values))).rows
  const records = (shape: Shape, rows: readonly Row[]) =>
    JSON.stringify(
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([property, value]) => [
            columnOf(shape, property),
            Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value,
          ]),
        ),
      ),
    )
  return {
    async lock<T extends Row>(table: Table, property: string, values: readonly (string | number)[]) {
      const shape = shapeOf(table)
      const column = columnOf(shape, property)
      const type = typeof values[0] === 'number' ? 'bigint[]' : 'text[]'
      const rows = await run(
        `select ${selection(shape)} from ${shape.name} where ${column} = any($1::${type}) order by ${column} for update`,
        values,
      )
      return withNumbers(shape, rows as T[])
    },
    async ending(from, until, most) {
      const rows = await run(
        `select id from goods where status = 'open' and ends_at between $1 and $2 order by ends_at, id limit $3`,
        from,
        until,
        most,
      )
      return rows.map(({ id }) => Number(id))
    },
    async allocate(table, most) {
      const rows = await run(
        `select nextval('${shapeOf(table).name}_ids') as id from generate_series(1, $1::int)`,
        most,
      )
      return rows.map(({ id }) => Number(id))
    },
    async insert(table, rows) {
      const shape = shapeOf(table)
      const used = shape.columns
        .filter(({ property }) => rows[0] && property in rows[0])
        .map(({ column }) => column)
        .join(', ')
      await run(
        `insert into ${shape.name} (${used}) select ${used} from jsonb_populate_recordset(null::${shape.name}, $1::jsonb)`,
        records(shape, rows),
      )
    },
    async update(table, rows) {
      const shape = shapeOf(table)
      const values = shape.columns
        .filter(({ key, property }) => !key && rows[0] && property in rows[0])
        .map(({ column }) => column)
      const match = shape.columns.filter(({ key }) => key).map(({ column }) => `t.${column} = r.${column}`)
      const set = values.map((column) => `${column} = r.${column}`).join(', ')
      await run(
        `update ${shape.name} t set ${set} from jsonb_populate_recordset(null::${shape.name}, $1::jsonb) r where ${match.join(' and ')}`,
        records(shape, rows),
      )
    },
    async remove(table, property, value) {
      const shape = shapeOf(table)
      await run(`delete from ${shape.name} where ${columnOf(shape, property)} = $1`, value)
    },
    async run(sql, values) {
      let place = 0
      await run(
        sql.replace(/\?/g, () => `$${++place}`),
        ...values,
      )
    },
  }
}
