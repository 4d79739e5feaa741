/**
 * Agenda's `close-goods` jobs, one for each second in which a good ends. They are saved while the store answers, and all
 * of them again when it answers after an outage or has lost some. A job is never moved while it waits: it stands ready from
 * just before its second and stays, through its own runs, until the second's last end has passed.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { Agenda, InMemoryNotificationChannel, type NotificationChannel, toJobId } from 'agenda'
import { faultOf, type JobStore, type JobStoreConfig, openJobStore } from './job-store.ts'

/** As much of pino as is used here. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A job as GET /v1/admin/jobs shows it; `dueAt` in epoch ms. */
export interface ListedJob {
  readonly id: string
  readonly name: string
  readonly dueAt: number | null
  readonly state: string
}

/** What the jobs need of the alarms. */
export interface CloseGoodsOptions {
  readonly store: JobStoreConfig
  readonly log: Log
  /** Sees the promise of everything that close() must wait for. */
  readonly track: <T>(work: Promise<T>) => Promise<T>
  /** Closes what is due; answers whether the second has a later end, for which its job must stay. */
  readonly fire: (second: number) => Promise<boolean>
  /** The seconds (epoch seconds) that should have a job. */
  readonly wanted: () => readonly number[]
}

/** The jobs of one server. */
export interface CloseGoodsJobs {
  start(): Promise<void>
  /** Saves the job of a second, at once or when the store answers again. */
  add(second: number): void
  /** Tells Agenda that a job is ready now. */
  wake(): void
  /** Saves all jobs again if the store holds fewer than the wanted ones after the second given. */
  count(after: number): void
  /** Null while the store answers and holds the jobs, else what is wrong, without credentials. */
  fault(): string | null
  list(): Promise<readonly ListedJob[]>
  /** Stops, waits for what is running by `settled`, unlocks and disconnects; within 4 s. */
  close(settled: () => Promise<void>): Promise<void>
}

const JOB = 'close-goods'
/** Ready this long before the second begins: Agenda goes by the wall, which may be a little behind our clock. */
const READY_LEAD_MS = 250
const RETRY_MS = 1_000
const SAVES_AT_ONCE = 16
const LISTED_JOBS = 1_000
const STOP_MS = 3_000
const DISCONNECT_MS = 1_000
/** Promises, trap 5: a shorter lock lifetime runs jobs twice, a longer scan runs them late, a lock limit holds them up. */
const SETTINGS = { processEvery: 1_000, defaultLockLifetime: 15_000, lockLimit: 0, removeOnComplete: true }
const CONCURRENCY = 20

/** Makes the jobs; nothing runs before `start`. */
export function closeGoodsJobs(options: CloseGoodsOptions): CloseGoodsJobs {
  const { store: config, log, wanted } = options
  const channel = new InMemoryNotificationChannel()
  let store: JobStore | undefined
  let agenda: Agenda | undefined
  let fault: string | null = 'not started'
  let hasWarned = false
  let closed = false
  let started = Promise.resolve()

  const report = (found: string | null) => {
    if (closed) return
    if (found !== null) {
      fault = found
      if (!hasWarned) log.warn({ fault }, 'the job store is away; goods close without it')
      hasWarned = true
    } else if (fault !== null) quietly(saveAll())
  }
  const saving = pendingSaves(() => (closed ? undefined : agenda))
  /** Only when every job is saved is the store well again. */
  const saveAll = single(async () => {
    await store?.prepare().catch((error: unknown) => log.warn({ fault: faultOf(error, config) }, 'jobs without index'))
    saving.replace(wanted())
    await saving.save()
    if (closed) return
    fault = null
    hasWarned = false
    log.info({ jobs: wanted().length }, 'the job store holds the alarms')
  })
  const count = single(async (after: number) => {
    if (!agenda || fault !== null) return
    await saving.save()
    const { total } = await agenda.queryJobs({ name: JOB, limit: 1 })
    if (total < wanted().filter((second) => second > after).length) await saveAll()
  })
  const wake = single(() =>
    channel.publish({ jobId: toJobId(''), jobName: JOB, nextRunAt: null, priority: 0, timestamp: new Date() }),
  )
  const begin = async () => {
    fault = 'connecting'
    store = await openJobStore({ config, report, track: options.track })
    agenda = closeGoodsAgenda(options, store, channel)
    agenda.on('error', (error) => {
      if (fault === null && !closed) log.warn({ fault: faultOf(error, config) }, 'Agenda reports an error')
    })
    await agenda.start()
  }
  return {
    async start() {
      // Only what does not mend by itself fails here, such as an address that is none.
      started = closed ? started : begin().catch((error: unknown) => report(faultOf(error, config)))
      await started
    },
    add(second) {
      saving.add(second)
      if (fault === null) quietly(saving.save())
    },
    wake: () => quietly(wake()),
    count: (after) => quietly(count(after)),
    fault: () => fault,
    list: async () => (agenda && fault === null ? await listJobs(agenda).catch(() => []) : []),
    async close(settled) {
      closed = true
      fault = 'closed'
      await started // it waits for no network
      await within(STOP_MS, stop(agenda, store, settled))
      if (store) await within(DISCONNECT_MS, store.close())
    },
  }
}

function closeGoodsAgenda(
  { track, fire }: CloseGoodsOptions,
  { backend }: JobStore,
  notificationChannel: NotificationChannel,
): Agenda {
  const agenda = new Agenda({ ...SETTINGS, name: randomUUID(), backend, notificationChannel })
  agenda.define<{ second: number }>(
    JOB,
    async ({ attrs }) => {
      // Agenda saves this time with the end of the run: the job waits, ready, for the next end of its second.
      if (await track(fire(attrs.data.second))) attrs.nextRunAt = readyAt(attrs.data.second)
    },
    { backoff: () => RETRY_MS, concurrency: CONCURRENCY },
  )
  return agenda
}

async function stop(agenda: Agenda | undefined, store: JobStore | undefined, settled: () => Promise<void>) {
  store?.stopLocking() // Agenda's own stop would go on
  await agenda?.stop(false).catch(() => undefined)
  await settled()
  await store?.unlockHeld()
}

/** The seconds whose jobs are to be saved; what fails stays for the next time. */
function pendingSaves(agendaIfAny: () => Agenda | undefined) {
  const unsaved = new Set<number>()
  const saveOne = async (agenda: Agenda, second: number) => {
    await saveJob(agenda, second)
    unsaved.delete(second)
  }
  return {
    add: (second: number) => void unsaved.add(second),
    replace(seconds: readonly number[]) {
      unsaved.clear()
      for (const second of seconds) unsaved.add(second)
    },
    save: single(async () => {
      for (let agenda = agendaIfAny(); agenda && unsaved.size > 0; agenda = agendaIfAny()) {
        const current = agenda
        const batch = firstOf(unsaved, SAVES_AT_ONCE).map((second) => saveOne(current, second))
        await Promise.allSettled(batch)
        await Promise.all(batch)
      }
    }),
  }
}

async function saveJob(agenda: Agenda, second: number): Promise<void> {
  // insertOnly: whatever the job is doing, an existing one is left as it is.
  const job = agenda.create(JOB, { second }).unique({ 'data.second': second }, { insertOnly: true })
  await job.schedule(readyAt(second)).save()
}

async function listJobs(agenda: Agenda): Promise<ListedJob[]> {
  const { jobs } = await agenda.queryJobs({ sort: { nextRunAt: 'asc' }, limit: LISTED_JOBS })
  return jobs.map(({ _id, name, nextRunAt, state }) => ({ id: _id, name, dueAt: nextRunAt?.getTime() ?? null, state }))
}

function readyAt(second: number): Date {
  return new Date(second * 1000 - READY_LEAD_MS)
}

function firstOf(set: ReadonlySet<number>, size: number): number[] {
  const found: number[] = []
  for (const member of set) {
    if (found.push(member) === size) break
  }
  return found
}

/** Lets one run of `work` go at a time; all who ask meanwhile share it. */
function single<A extends unknown[]>(work: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  let running: Promise<void> | undefined
  return (...args) => {
    running ??= work(...args).finally(() => {
      running = undefined
    })
    return running
  }
}

/** For work whose failures the store's guard has reported. */
function quietly(work: Promise<void>): void {
  work.catch(() => undefined)
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const limit = new AbortController()
  const done = work.catch(() => undefined).finally(() => limit.abort())
  await Promise.race([done, setTimeout(ms, undefined, { signal: limit.signal }).catch(() => undefined)])
}
