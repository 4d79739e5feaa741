/** How a job of Agenda stands in a row of SQLite, and which rows an Agenda query means; pure, for sqlite-backend.ts alone. */
import { type JobId, type JobParameters, type RemoveJobsOptions, toJobId } from 'agenda'

/** A row of the table of jobs, or values on their way into one. */
export type Row = Record<string, unknown>
/** What of a job is stored beside its id; what makes it unique is asked for and not kept. */
export type Field = Exclude<keyof JobParameters, '_id' | 'unique' | 'uniqueOpts'>
/** A piece of WHERE with its values. */
export interface Condition {
  readonly sql: string
  readonly values: readonly unknown[]
}

/** How each field of a job is stored: dates as epoch milliseconds, flags as 0 and 1, json as text. */
const FIELDS: Readonly<Record<Field, 'plain' | 'date' | 'flag' | 'json'>> = {
  name: 'plain',
  type: 'plain',
  priority: 'plain',
  nextRunAt: 'date',
  data: 'json',
  disabled: 'flag',
  fork: 'flag',
  repeatInterval: 'plain',
  repeatAt: 'plain',
  repeatTimezone: 'plain',
  startDate: 'date',
  endDate: 'date',
  skipDays: 'json',
  debounceStartedAt: 'date',
  lastModifiedBy: 'plain',
  lockedAt: 'date',
  lastRunAt: 'date',
  lastFinishedAt: 'date',
  failedAt: 'date',
  failCount: 'plain',
  failReason: 'plain',
  progress: 'plain',
}
/** Every field. */
export const ALL = Object.keys(FIELDS) as Field[]
/** What the processor alone writes, once a job exists: a save by anyone else must not wipe the lock of a running job. */
const PROCESSOR: readonly Field[] = [
  'lockedAt',
  'lastRunAt',
  'lastFinishedAt',
  'failedAt',
  'failCount',
  'failReason',
  'progress',
]
/** What saving an existing job writes. */
export const SAVED = ALL.filter((field) => !PROCESSOR.includes(field))
/** What the processor writes of a job it holds. */
export const STATE: readonly Field[] = [...PROCESSOR, 'nextRunAt', 'lastModifiedBy']

/** Undefined when nothing is asked for: then no job is meant, rather than every job. */
export function matching(options: RemoveJobsOptions): Condition | undefined {
  const conditions = conditionsOf(options)
  const [sql, ...values] = flat(conditions)
  return conditions.length > 0 ? { sql, values } : undefined
}

/** What an Agenda query by id, name and data asks of a row. */
export function conditionsOf(options: RemoveJobsOptions): Condition[] {
  const { id, ids, name, names, notNames, data } = options
  const found: Condition[] = []
  if (id) found.push(oneOf('id', [id]))
  else if (ids?.length) found.push(oneOf('id', ids))
  if (name) found.push(oneOf('name', [name]))
  else if (names?.length) found.push(oneOf('name', names))
  else if (notNames?.length)
    found.push({ sql: 'name NOT IN (SELECT value FROM json_each(?))', values: [json(notNames)] })
  if (data !== undefined) found.push(...dataIs([], data))
  return found
}

/** All of `conditions` as one piece of WHERE, followed by its values. */
export function flat(conditions: readonly Condition[]): [string, ...unknown[]] {
  return [conditions.map(({ sql }) => sql).join(' AND ') || 'TRUE', ...conditions.flatMap(({ values }) => values)]
}

/** The column is among `values`. */
export function oneOf(column: 'id' | 'name', values: readonly string[]): Condition {
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [json(values)] }
}

/** A field, or a path such as `data.second`, equals `value`; throws where Mongo's operators or deeper paths are asked for. */
export function fieldIs(path: string, value: unknown): Condition {
  const [field = '', ...inside] = path.split('.')
  if (field === 'data') return { sql: `${dataAt(inside)} = ?`, values: [json(value)] }
  if (!isField(field) || inside.length > 0) throw new Error(`a job cannot be unique by ${path}`)
  return { sql: `${field} IS ?`, values: [toRow({ [field]: value }, [field])[field]] }
}

/** A plain object asks for the parts it names, anything else for equality. */
function dataIs(path: readonly string[], value: unknown): Condition[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return [{ sql: `${dataAt(path)} = ?`, values: [json(value)] }]
  }
  return Object.entries(value).flatMap(([key, inner]) => dataIs([...path, key], inner))
}

/** The JSON text at a path of a job's data; absent reads as null. Literal, so that an index can serve it. */
export function dataAt(path: readonly string[]): string {
  if (path.some((key) => /["\\]/.test(key))) throw new Error('a path into data holds no quotes or backslashes')
  const literal = ['$', ...path.map((key) => `"${key.replaceAll("'", "''")}"`)].join('.')
  return `coalesce(data -> '${literal}', 'null')`
}

/** The SET list of `fields`, each from the value named like it. */
export function assign(fields: readonly Field[]): string {
  return fields.map((field) => `${field} = @${field}`).join(', ')
}

function isField(name: string): name is Field {
  return Object.hasOwn(FIELDS, name)
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

/** The named fields of a job as SQLite stores them; what is absent becomes null. */
export function toRow(job: Row, fields: readonly Field[]): Row {
  return Object.fromEntries(
    fields.map((field) => {
      const value = job[field]
      if (value === undefined || value === null) return [field, null]
      if (FIELDS[field] === 'date') return [field, value instanceof Date ? value.getTime() : value]
      if (FIELDS[field] === 'flag') return [field, value ? 1 : 0]
      return [field, FIELDS[field] === 'json' ? json(value) : value]
    }),
  )
}

/** A stored row as the job Agenda knows, with real dates. */
export function toJob(row: Row): JobParameters & { _id: JobId } {
  const job: Row = { _id: toJobId(String(row.id)), nextRunAt: null }
  for (const field of ALL) {
    const value = row[field]
    if (value === null || value === undefined) continue
    if (FIELDS[field] === 'date') job[field] = new Date(Number(value))
    else if (FIELDS[field] === 'flag') job[field] = value === 1
    else job[field] = FIELDS[field] === 'json' && typeof value === 'string' ? JSON.parse(value) : value
  }
  return job as unknown as JobParameters & { _id: JobId }
}
