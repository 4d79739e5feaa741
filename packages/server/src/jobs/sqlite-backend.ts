/**
 * Agenda's jobs on SQLite, for a house without MongoDB. The file holds alarms only and nothing else: SQL's own sweep is the
 * truth, so a corrupt file is moved aside and begun anew. Every statement is synchronous, hence atomic in this process;
 * what takes several runs in one immediate transaction. Times are the wall's, as Agenda's own.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, closeSync, openSync, renameSync, rmSync } from 'node:fs'
import {
  type AgendaBackend,
  computeJobState,
  type DebounceOptions,
  type JobParameters,
  type JobRepository,
  type JobRepositoryOptions,
  type JobsOverview,
  type JobsQueryOptions,
  type RemoveJobsOptions,
} from 'agenda'
import Database from 'better-sqlite3'
import {
  ALL,
  assign,
  conditionsOf,
  dataAt,
  fieldIs,
  flat,
  matching,
  oneOf,
  type Row,
  SAVED,
  STATE,
  toJob,
  toRow,
} from './job-rows.ts'

const SORTABLE = ['nextRunAt', 'lastRunAt', 'lastFinishedAt', 'priority', 'name', 'data'] as const

const VERSION = 1
/** Columns have no type, so that a repeatInterval stays the number or the text it was. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, ${ALL.join(', ')}) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS jobs_next ON jobs (name, nextRunAt, priority DESC);
  CREATE INDEX IF NOT EXISTS jobs_locked ON jobs (lockedAt) WHERE lockedAt IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_second ON jobs (name, ${dataAt(['second'])});
  PRAGMA user_version = ${VERSION};`
/** Two short searches instead of one OR, which would walk every job of the name on each scan. */
const LOCK_NEXT = `
  UPDATE jobs SET lockedAt = @lockedAt, lastModifiedBy = @lastModifiedBy WHERE id = (
    SELECT id FROM (
      SELECT * FROM (SELECT id, nextRunAt, priority FROM jobs WHERE name = @name AND disabled IS NOT 1
        AND lockedAt IS NULL AND nextRunAt <= @nextScanAt ORDER BY nextRunAt, priority DESC LIMIT 1)
      UNION ALL
      SELECT * FROM (SELECT id, nextRunAt, priority FROM jobs WHERE name = @name AND disabled IS NOT 1
        AND lockedAt <= @lockDeadline ORDER BY nextRunAt, priority DESC LIMIT 1)
    ) ORDER BY nextRunAt, priority DESC LIMIT 1
  ) RETURNING *`

/** An Agenda backend on the SQLite file `file`, which holds nothing but jobs; opened at connect, or later by the next use. */
export function sqliteBackend(file: string): AgendaBackend {
  const store = jobFile(file)
  return {
    name: 'SQLite',
    ownsConnection: true,
    repository: sqliteRepository(store),
    connect: () => store.open(),
    async disconnect() {
      store.close()
    },
  }
}

type JobFile = ReturnType<typeof jobFile>

/** The file: opened when used, let go of and moved aside when it turns out to be corrupt. */
function jobFile(file: string) {
  let db: Database.Database | undefined
  let wanted = false
  const statements = new Map<string, Database.Statement<unknown[], Row>>()
  const release = () => {
    statements.clear()
    db?.close()
    db = undefined
  }
  const prepare = (sql: string) => {
    if (!db) throw new Error('the job file is closed')
    const statement = statements.get(sql) ?? db.prepare<unknown[], Row>(sql)
    statements.set(sql, statement)
    return statement
  }
  /** Runs `work` on the open file; a corrupt one is replaced by an empty one for the next use. */
  const use = async <T>(work: () => T): Promise<T> => {
    if (!wanted) throw new Error('the job file is closed')
    try {
      db ??= openFile(file)
      return work()
    } catch (error) {
      if (isCorrupt(error)) {
        release()
        moveAside(file)
      }
      throw error
    }
  }
  return {
    use,
    async open() {
      wanted = true
      // Agenda lets a rejected connect end the process; whoever uses the file next opens it, or is told why not.
      await use(() => undefined).catch(() => undefined)
    },
    close() {
      wanted = false
      release()
    },
    all: (sql: string, ...values: readonly unknown[]): Row[] => prepare(sql).all(...values),
    run: (sql: string, ...values: readonly unknown[]): number => prepare(sql).run(...values).changes,
    atomically<T>(work: () => T): T {
      if (!db) throw new Error('the job file is closed')
      return db.transaction(work).immediate()
    },
  }
}

function openFile(file: string): Database.Database {
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const db = new Database(file, { timeout: 0 }) // a busy file fails the call; waiting would hold the event loop
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    if (db.pragma('quick_check', { simple: true }) !== 'ok') {
      throw new Database.SqliteError('the job file is damaged', 'SQLITE_CORRUPT')
    }
    if (db.pragma('user_version', { simple: true }) !== VERSION) db.exec('DROP TABLE IF EXISTS jobs')
    db.exec(SCHEMA)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)
}

function moveAside(file: string): void {
  renameSync(file, `${file}.corrupt`)
  for (const tail of ['-wal', '-shm']) rmSync(file + tail, { force: true })
}

function sqliteRepository(store: JobFile): JobRepository {
  return { connect: () => store.open(), ...reading(store), ...saving(store), ...locking(store) }
}

function reading(store: JobFile) {
  const names = () => store.all('SELECT DISTINCT name FROM jobs').map((row) => String(row.name))
  const named = (name: string) => store.all('SELECT * FROM jobs WHERE name = ?', name).map(toJob)
  return {
    queryJobs: (options: JobsQueryOptions = {}) => store.use(() => queryJobs(store, options)),
    getJobsOverview: () => store.use(() => names().map((name) => overview(name, named(name)))),
    getDistinctJobNames: () => store.use(names),
    getJobById: (id: string) => store.use(() => store.all('SELECT * FROM jobs WHERE id = ?', id).map(toJob)[0] ?? null),
    getQueueSize: () =>
      store.use(() =>
        Number(store.all("SELECT count(*) AS size FROM jobs WHERE nextRunAt < unixepoch('subsec') * 1000")[0]?.size),
      ),
  } satisfies Partial<JobRepository>
}

function saving(store: JobFile) {
  const setDisabled = (options: RemoveJobsOptions, flag: 0 | 1) =>
    store.use(() => {
      const which = matching(options)
      if (!which) return 0
      const sql = `UPDATE jobs SET disabled = ${flag} WHERE ${which.sql} AND disabled IS NOT ${flag}`
      return store.run(sql, ...which.values)
    })
  return {
    saveJob: <DATA>(job: JobParameters<DATA>, options: JobRepositoryOptions | undefined) =>
      store.use(() => store.atomically(() => saveJob(store, job, options?.lastModifiedBy) as JobParameters<DATA>)),
    saveJobState: (job: JobParameters, options: JobRepositoryOptions | undefined) =>
      store.use(() => {
        const row = toRow({ ...job, lastModifiedBy: options?.lastModifiedBy }, STATE)
        const changed = store.run(`UPDATE jobs SET ${assign(STATE)} WHERE id = @id AND name = @name`, {
          ...row,
          id: job._id,
          name: job.name,
        })
        if (changed !== 1) throw new Error(`job ${job._id} (name: ${job.name}) is not there to be updated`)
      }),
    removeJobs: (options: RemoveJobsOptions) =>
      store.use(() => {
        const which = matching(options)
        return which ? store.run(`DELETE FROM jobs WHERE ${which.sql}`, ...which.values) : 0
      }),
    purgeAllJobs: () => store.use(() => store.run('DELETE FROM jobs')),
    disableJobs: (options: RemoveJobsOptions) => setDisabled(options, 1),
    enableJobs: (options: RemoveJobsOptions) => setDisabled(options, 0),
  } satisfies Partial<JobRepository>
}

function locking(store: JobFile) {
  return {
    getNextJobToRun: (
      name: string,
      nextScanAt: Date,
      lockDeadline: Date,
      now: Date | undefined,
      options: JobRepositoryOptions | undefined,
    ) =>
      store.use(() => {
        const given = {
          name,
          nextScanAt: nextScanAt.getTime(),
          lockDeadline: lockDeadline.getTime(),
          lockedAt: (now ?? new Date()).getTime(),
          lastModifiedBy: options?.lastModifiedBy ?? null,
        }
        return store.all(LOCK_NEXT, given).map(toJob)[0]
      }),
    lockJob: (job: JobParameters, options: JobRepositoryOptions | undefined) =>
      store.use(() => {
        const row = toRow({ ...job, lockedAt: new Date(), lastModifiedBy: options?.lastModifiedBy }, ALL)
        const sql = `UPDATE jobs SET ${assign(['lockedAt', 'lastModifiedBy'])} WHERE id = @id AND name = @name
          AND lockedAt IS NULL AND nextRunAt IS @nextRunAt AND disabled IS NOT 1 RETURNING *`
        return store.all(sql, { ...row, id: job._id }).map(toJob)[0]
      }),
    unlockJob: (job: JobParameters) =>
      store.use(() => {
        // A job without nextRunAt is running: its own end unlocks it.
        store.run('UPDATE jobs SET lockedAt = NULL WHERE id = ? AND nextRunAt IS NOT NULL', job._id)
      }),
    unlockJobs: (ids: readonly string[]) =>
      store.use(() => {
        const which = oneOf('id', ids)
        store.run(`UPDATE jobs SET lockedAt = NULL WHERE ${which.sql}`, ...which.values)
      }),
  } satisfies Partial<JobRepository>
}

function saveJob(store: JobFile, job: JobParameters, lastModifiedBy: string | undefined): JobParameters {
  const now = new Date()
  const wanted = { ...job, lastModifiedBy }
  const first = (sql: string, ...values: readonly unknown[]) =>
    store.all(`SELECT * FROM jobs WHERE ${sql} LIMIT 1`, ...values).map(toJob)[0]
  const insert = (values: Row): JobParameters => {
    const sql = `INSERT INTO jobs (id, ${ALL.join(', ')}) VALUES (@id, ${ALL.map((name) => `@${name}`).join(', ')})`
    return store.all(`${sql} RETURNING *`, { ...toRow(values, ALL), id: randomUUID() }).map(toJob)[0] ?? job
  }
  const update = (existing: JobParameters, values: Row, fields = SAVED): JobParameters => {
    const sql = `UPDATE jobs SET ${assign(fields)} WHERE id = @id RETURNING *`
    return store.all(sql, { ...toRow(values, fields), id: existing._id }).map(toJob)[0] ?? job
  }
  if (job._id) {
    const existing = first('id = ? AND name = ?', job._id, job.name)
    return existing ? update(existing, wanted) : job // removed meanwhile: given back as it came
  }
  if (job.type === 'single') {
    const existing = first("name = ? AND type = 'single'", job.name)
    if (!existing) return insert(wanted)
    const isPast = job.nextRunAt && job.nextRunAt <= now // a past time does not pull an existing job forward
    return update(existing, wanted, isPast ? SAVED.filter((field) => field !== 'nextRunAt') : SAVED)
  }
  if (!job.unique) return insert(wanted)
  const same = Object.entries(job.unique).map(([path, value]) => fieldIs(path, value))
  const existing = first(...flat([{ sql: 'name = ?', values: [job.name] }, ...same]))
  const debounce = job.uniqueOpts?.debounce
  if (debounce) Object.assign(wanted, debounced(debounce, existing, now))
  else if (existing && job.uniqueOpts?.insertOnly) return existing
  return existing ? update(existing, wanted) : insert(wanted)
}

function debounced(debounce: DebounceOptions, existing: JobParameters | undefined, now: Date): Row {
  const debounceStartedAt = existing?.debounceStartedAt ?? now
  if (debounce.strategy === 'leading') {
    return existing ? { nextRunAt: existing.nextRunAt, debounceStartedAt } : { debounceStartedAt }
  }
  const waited = now.getTime() - debounceStartedAt.getTime()
  if (existing && debounce.maxWait && waited >= debounce.maxWait) return { nextRunAt: now, debounceStartedAt: null }
  return { nextRunAt: new Date(now.getTime() + debounce.delay), debounceStartedAt }
}

function queryJobs(store: JobFile, options: JobsQueryOptions) {
  const { search, state, sort = {}, skip = 0, limit = 0 } = options
  const conditions = conditionsOf(search ? { ...options, name: '', names: [] } : options)
  if (search) conditions.push({ sql: 'instr(lower(name), lower(?)) > 0', values: [search] })
  if (options.includeDisabled === false) conditions.push({ sql: 'disabled IS NOT 1', values: [] })
  const [sql, ...values] = flat(conditions)
  const order = SORTABLE.filter((field) => sort[field]).map(
    (field) => `${field} ${sort[field] === 'asc' ? '' : 'DESC'}`,
  )
  const ordered = `SELECT * FROM jobs WHERE ${sql} ORDER BY ${order.join(', ') || 'nextRunAt DESC, lastRunAt DESC'}`
  const now = new Date()
  const read = (rows: readonly Row[]) => rows.map(toJob).map((job) => ({ ...job, state: computeJobState(job, now) }))
  if (!state) {
    const total = Number(store.all(`SELECT count(*) AS total FROM jobs WHERE ${sql}`, ...values)[0]?.total)
    return { jobs: read(store.all(`${ordered} LIMIT ? OFFSET ?`, ...values, limit || -1, skip)), total }
  }
  const jobs = read(store.all(ordered, ...values)).filter((job) =>
    state === 'paused' ? job.disabled === true : job.state === state,
  )
  return { jobs: jobs.slice(skip, limit > 0 ? skip + limit : undefined), total: jobs.length }
}

function overview(name: string, jobs: readonly JobParameters[]): JobsOverview {
  const now = new Date()
  const counts = { running: 0, scheduled: 0, queued: 0, completed: 0, failed: 0, repeating: 0, paused: 0 }
  for (const job of jobs) {
    counts[computeJobState(job, now)]++
    if (job.disabled) counts.paused++
  }
  return { name, total: jobs.length, ...counts }
}
