/** One moment of the database for what reads long: on SQLite over a connection of its own, so that nobody waits behind it. */
import SqliteFile from 'better-sqlite3'
import type { Database } from './database.ts'
import { type Row, selection, shapeReader, type Table, withNumbers } from './statements.ts'

/** Rows have the entities' property names; what an integer column holds is a number. */
export interface Snapshot {
  /** Rows of a table; `tail` is the rest of the statement, with a `?` for each of `values`. */
  rows<T extends Row>(table: Table, tail: string, values?: readonly (string | number)[]): Promise<T[]>
}

/** Answers what `read` makes of the database as it is at its first read. */
export async function inSnapshot<T>(database: Database, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const { native, reader } = database
  const shapeOf = shapeReader(reader)
  const select = (table: Table, tail: string) => {
    const shape = shapeOf(table)
    return `select ${selection(shape)} from ${shape.name} ${tail}`
  }
  if (native === null)
    return reader.fork().transactional(
      async (em) =>
        read({
          async rows<R extends Row>(table: Table, tail: string, values: readonly (string | number)[] = []) {
            return withNumbers(shapeOf(table), await em.execute<R[]>(select(table, tail), [...values]))
          },
        }),
      { isolationLevel: 'repeatable read', readOnly: true },
    )
  const file = new SqliteFile(native.name, { readonly: true })
  try {
    file.exec('begin')
    return await read({
      rows: <R extends Row>(table: Table, tail: string, values: readonly (string | number)[] = []) =>
        Promise.resolve(file.prepare(select(table, tail)).all(...values) as R[]),
    })
  } finally {
    file.close()
  }
}
