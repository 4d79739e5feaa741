/** One moment of the database for what reads long: on SQLite over a connection of its own, so that nobody waits behind it. */
import type { SqlEntityManager } from '@mikro-orm/sqlite'
import SqliteFile from 'better-sqlite3'
import type { Database } from './database.ts'
import type { Row, Table } from './statements.ts'

/** Rows have the entities' property names; what an integer column holds is a number. */
export interface Snapshot {
  /** Rows of a table; `tail` is the rest of the statement, with a `?` for each of `values`. */
  rows<T extends Row>(table: Table, tail: string, values?: readonly (string | number)[]): Promise<T[]>
}

/** Answers what `read` makes of the database as it is at its first read. */
export async function inSnapshot<T>(database: Database, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const { native, reader } = database
  const selectionOf = selections(reader)
  if (native === null)
    return reader.fork().transactional(
      async (em) =>
        read({
          async rows<R extends Row>(table: Table, tail: string, values: readonly (string | number)[] = []) {
            const { sql, integers } = selectionOf(table)
            const rows = await em.execute<R[]>(`${sql} ${tail}`, [...values])
            // PostgreSQL's int8 arrives as text.
            for (const row of rows as Row[])
              for (const each of integers) if (typeof row[each] === 'string') row[each] = Number(row[each])
            return rows
          },
        }),
      { isolationLevel: 'repeatable read', readOnly: true },
    )
  const file = new SqliteFile(native.name, { readonly: true })
  try {
    file.exec('begin')
    return await read({
      rows: <R extends Row>(table: Table, tail: string, values: readonly (string | number)[] = []) =>
        Promise.resolve(file.prepare(`${selectionOf(table).sql} ${tail}`).all(...values) as R[]),
    })
  } finally {
    file.close()
  }
}

/** How each table is read: the statement's beginning, and which properties are integers. */
function selections(em: SqlEntityManager) {
  return (table: Table) => {
    const { props, tableName } = em.getMetadata().getByClassName(table)
    const columns = props.map(({ fieldNames, name }) => `${fieldNames[0]} as "${String(name)}"`)
    const integers = props.filter(({ columnTypes }) => columnTypes[0] === 'bigint').map(({ name }) => String(name))
    return { sql: `select ${columns.join(', ')} from ${tableName}`, integers }
  }
}
