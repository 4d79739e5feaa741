/**
 * Where Agenda keeps its jobs: MongoDB or the embedded file, behind one guard that every call passes. The guard connects
 * when needed (Agenda would end the process on a failed connect), tells how each call went, knows what is locked by us
 * and stops locking when asked: what Agenda does not do itself.
 */
import { setImmediate } from 'node:timers/promises'
import type { AgendaBackend, JobId, JobParameters, JobRepository } from 'agenda'
import type { MongoClientOptions } from 'mongodb'
import { sqliteBackend } from './sqlite-backend.ts'

/** Where the jobs are kept: a database (named in the URI, or `auction`) on MongoDB, or a file that holds nothing else. */
export type JobStoreConfig =
  | { readonly kind: 'mongodb'; readonly uri: string }
  | { readonly kind: 'embedded'; readonly file: string }

/** What the guard is told: `report` hears after each call null or what went wrong, `track` sees each call's promise. */
export interface JobStoreOptions {
  readonly config: JobStoreConfig
  readonly report: (fault: string | null) => void
  readonly track: <T>(work: Promise<T>) => Promise<T>
}

/** An open store; nothing of it waits for the network but its calls. */
export interface JobStore {
  readonly backend: AgendaBackend
  /** Makes the indexes; safe to repeat, and done again after every outage. */
  prepare(): Promise<void>
  /** From now on no job is locked. */
  stopLocking(): void
  /** Unlocks what this process still holds. */
  unlockHeld(): Promise<void>
  close(): Promise<void>
}

interface Parts {
  readonly backend: AgendaBackend
  readonly ready: () => Promise<unknown>
  readonly prepare: () => Promise<unknown>
}

const COLLECTION = 'jobs'
/** A server that is gone or hangs must cost a call a few seconds, not minutes. */
const MONGO_LIMITS: MongoClientOptions = {
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 3_000,
  waitQueueTimeoutMS: 10_000,
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 8,
}

/** Opens the store without touching the network; throws only what will not mend by itself (an address that is none). */
export async function openJobStore({ config, report, track }: JobStoreOptions): Promise<JobStore> {
  const { backend, ready, prepare } =
    config.kind === 'mongodb' ? await mongoParts(config.uri) : embeddedParts(config.file)
  const held = new Set<JobId>()
  let locking = true
  let closed = false

  const call = async (name: string | symbol, method: CallableFunction, args: readonly unknown[]) => {
    if (closed) throw new Error('the job store is closed')
    if (name === 'getNextJobToRun' && !locking) return undefined
    try {
      await ready()
      const answer: unknown = await Reflect.apply(method, backend.repository, args)
      if (name === 'getNextJobToRun' && isJob(answer)) held.add(answer._id)
      if (name === 'saveJobState' && isJob(args[0]) && !args[0].lockedAt) held.delete(args[0]._id)
      report(null)
      return answer
    } catch (error) {
      report(faultOf(error, config))
      if (name === 'unlockJob') return undefined // Agenda does not wait for this one: a rejection would end the process
      throw error
    }
  }
  const repository = new Proxy(backend.repository, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => track(call(name, member, args))
    },
  }) satisfies JobRepository

  return {
    backend: {
      name: backend.name,
      repository,
      ownsConnection: false, // closed by us, when nothing uses it any more
      connect: () => backend.connect(),
      disconnect: async () => undefined,
    },
    async prepare() {
      await prepare()
    },
    stopLocking() {
      locking = false
    },
    async unlockHeld() {
      if (held.size > 0) await repository.unlockJobs([...held])
    },
    async close() {
      closed = true
      await backend.disconnect()
    },
  }
}

/** What went wrong, in a line fit for an operator: no credentials of the address, no stack. */
export function faultOf(error: unknown, config: JobStoreConfig): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  const hidden = config.kind === 'mongodb' ? text.replaceAll(config.uri, 'mongodb://***') : text
  return hidden.replace(/\/\/\S*@/g, '//***@').slice(0, 200)
}

function embeddedParts(file: string): Parts {
  // Its calls are synchronous: a long chain of them lets the event loop turn before each.
  return { backend: sqliteBackend(file), ready: () => setImmediate(), prepare: async () => undefined }
}

async function mongoParts(uri: string): Promise<Parts> {
  const [{ MongoClient }, { MongoJobRepository }] = await Promise.all([
    import('mongodb'),
    import('@agendajs/mongo-backend'),
  ])
  const client = new MongoClient(uri, MONGO_LIMITS)
  const path = /^[^/]*\/\/[^/?]*\/([^?]+)/.exec(uri)?.[1]
  const db = client.db(path ? decodeURIComponent(path) : 'auction')
  // Not Agenda's MongoBackend: its connect makes indexes of a log we do not keep, and rejects when the server is away.
  const repository = new MongoJobRepository({ mongo: db, db: { collection: COLLECTION }, ensureIndex: false })
  return {
    backend: {
      name: 'MongoDB',
      repository,
      connect: () => repository.connect(),
      disconnect: () => client.close(true),
    },
    // A client that never got through does not try again by itself; connect() is free once it is connected.
    ready: () => client.connect(),
    prepare: () =>
      db.collection(COLLECTION).createIndexes([
        { name: 'auction_next', key: { name: 1, nextRunAt: 1, priority: -1, lockedAt: 1, disabled: 1 } },
        { name: 'auction_second', key: { name: 1, 'data.second': 1 } },
      ]),
  }
}

function isJob(value: unknown): value is JobParameters & { _id: JobId } {
  return typeof value === 'object' && value !== null && '_id' in value
}
