/**
 * Closes goods on time. Agenda's `close-goods` jobs are the alarms, one for each second in which a good ends; SQL is the
 * truth. Nothing here decides anything: whatever fires calls `closeDue`, which is right by SQL state alone.
 *
 * Three things fire. At each end a timer tells Agenda that the second's job is ready, and its handler closes. A moment
 * later, or at once while the job store is known to be away, the timer closes itself unless a close has begun since the
 * end: a job that is lost, late, locked by a dead server or held up by a stepped wall clock costs milliseconds. And a
 * sweep closes each second.
 */
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Agenda, InMemoryNotificationChannel, type Job, toJobId } from 'agenda'
import type { Clock } from './clock.ts'
import { faultOf, type JobStore, type JobStoreConfig, openJobStore } from './jobs/job-store.ts'

/** What alarms need. */
export interface AlarmsOptions {
  readonly store: JobStoreConfig
  readonly clock: Clock
  /** Distinct ends (epoch ms) of open goods, soonest first, from SQL. */
  readonly openEnds: () => Promise<readonly number[]>
  /** Closes every good whose end has passed; the SQL truth; safe to call at any time, concurrently, and doubled. */
  readonly closeDue: () => Promise<void>
  readonly log: Log
}

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

/** The running alarms of one server. */
export interface Alarms {
  /** Arms the end (epoch ms) of a good; never throws, never waits. Ends in the same second share one job. */
  arm(endsAt: number): void
  /** Sweeps, arms what is open, starts Agenda; rejects only where SQL does, never because of the job store. */
  start(): Promise<void>
  /** Whether the job store answers and holds our jobs; `detail` says what is wrong, without credentials. */
  status(): { readonly store: 'mongodb' | 'embedded'; readonly ok: boolean; readonly detail: string | null }
  /** The first thousand jobs in the store, soonest first; none while it does not answer (see `status`). */
  jobs(): Promise<readonly ListedJob[]>
  /** Stops within 5 s whatever the store does; a store that answers is left with nothing locked. */
  close(): Promise<void>
}

const JOB = 'close-goods'
const SWEEP_MS = 1_000
/** Timers are set for ends up to this many seconds ahead; the sweep sets the next. */
const TIMED_SECONDS = 2
/** A job is ready this long before its second begins: our clock and the wall, by which Agenda goes, may differ a little. */
const READY_LEAD_MS = 250
/** How long after an end the job may take to begin closing before we do it ourselves. */
const GRACE_MS = 25
/** Sweeps between two counts of the jobs, by which an emptied or restored store is noticed. */
const SWEEPS_PER_COUNT = 5
const SAVES_AT_ONCE = 16
const LISTED_JOBS = 1_000
const STOP_MS = 3_000
const DISCONNECT_MS = 1_000
/** Trap 5 of the design: a shorter lock lifetime runs jobs twice, a longer scan runs them late. */
const AGENDA_SETTINGS = { processEvery: 1_000, defaultLockLifetime: 15_000, lockLimit: 0, removeOnComplete: true }

/** Makes the alarms of one server; nothing runs before `start`. */
export function createAlarms(options: AlarmsOptions): Alarms {
  const { clock, log } = options
  const timers = new Set<() => void>()
  const underway = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>): Promise<T> => {
    const done = () => void underway.delete(work)
    underway.add(work)
    work.then(done, done)
    return work
  }
  let closed = false
  let closingSince = Number.NEGATIVE_INFINITY
  const close = coalesced(async () => {
    closingSince = clock.now()
    await options.closeDue()
  })
  const closeOrLog = () => {
    if (closed) return
    track(close()).catch((error: unknown) => log.error({ err: error }, 'goods could not be closed; trying again'))
  }
  const at = (time: number, run: () => void) => {
    if (closed) return
    const cancel = clock.schedule(time, () => {
      timers.delete(cancel)
      run()
    })
    timers.add(cancel)
  }

  const ends = new Map<number, Set<number>>()
  let timedUntil = Number.NEGATIVE_INFINITY
  const setTimer = (end: number) =>
    at(end, () => {
      if (!jobs.ok()) return closeOrLog()
      jobs.wake()
      at(end + GRACE_MS, () => {
        if (closingSince < end) closeOrLog()
      })
    })
  const setTimers = () => {
    const until = secondOf(clock.now()) + TIMED_SECONDS
    for (const [second, inSecond] of ends) {
      if ((second + 1) * 1000 <= closingSince) ends.delete(second)
      else if (second > timedUntil && second <= until) for (const end of inSecond) setTimer(end)
    }
    timedUntil = until
  }
  /** The job's handler; answers whether the second has a later end, for which the job must stay. */
  const fire = async (second: number) => {
    const began = clock.now()
    await track(close())
    const isNeeded = [...(ends.get(second) ?? [])].some((end) => end > began)
    if (!isNeeded) ends.delete(second) // an end armed from here on needs a new job
    return isNeeded
  }
  const jobs = closeGoodsJobs({ ...options, track, fire, wanted: () => [...ends.keys()] })

  const sweep = (round: number) => {
    at(clock.now() + SWEEP_MS, () => sweep(round + 1))
    setTimers()
    closeOrLog()
    if (round % SWEEPS_PER_COUNT === 0) jobs.count(timedUntil)
  }
  const arm = (endsAt: number) => {
    if (closed) return
    if (Number.isNaN(new Date(endsAt).getTime())) return log.error({ endsAt }, 'no alarm for an end that is no date')
    const second = secondOf(endsAt)
    const known = ends.get(second)
    if (known?.has(endsAt)) return
    if (known) known.add(endsAt)
    else {
      ends.set(second, new Set([endsAt]))
      jobs.add(second)
    }
    if (second <= timedUntil) setTimer(endsAt)
  }
  return {
    arm,
    async start() {
      await track(close())
      for (const end of await options.openEnds()) arm(end)
      sweep(1)
      await jobs.start()
    },
    status: () => ({ store: options.store.kind, ok: jobs.ok(), detail: jobs.fault() }),
    jobs: jobs.list,
    async close() {
      closed = true
      for (const cancel of timers) cancel()
      await jobs.close(async () => {
        // A handler's end is followed by Agenda's saving and removing its job, each a call of its own.
        while (underway.size > 0) {
          await Promise.allSettled(underway)
          await setImmediate()
        }
      })
    },
  }
}

interface CloseGoodsOptions extends AlarmsOptions {
  readonly track: <T>(work: Promise<T>) => Promise<T>
  readonly fire: (second: number) => Promise<boolean>
  /** The seconds that should have a job. */
  readonly wanted: () => readonly number[]
}

/** The jobs in the store: saved while it answers, saved again all of them when it answers again or has lost some. */
function closeGoodsJobs({ store: config, clock, log, track, fire, wanted }: CloseGoodsOptions) {
  let store: JobStore | undefined
  let agenda: Agenda | undefined
  let fault: string | null = 'not started'
  let hasWarned = false
  const closed = false
  const unsaved = new Set<number>()
  const channel = new InMemoryNotificationChannel()

  const report = (found: string | null) => {
    if (closed) return
    if (found === null) {
      if (fault !== null) saveAll()
      return
    }
    fault = found
    if (!hasWarned) log.warn({ store: config.kind, fault }, 'the job store is away; goods are closed without it')
    hasWarned = true
  }
  const saveUnsaved = single(async () => {
    while (agenda && unsaved.size > 0 && !closed) {
      const batch = firstOf(unsaved, SAVES_AT_ONCE)
      await allOrNone(batch.map((second) => saveJob(agenda as Agenda, second)))
      for (const second of batch) unsaved.delete(second)
    }
  })
  const saveAll = single(async () => {
    await store
      ?.prepare()
      .catch((error: unknown) => log.warn({ fault: faultOf(error, config) }, 'no index on the jobs'))
    for (const second of wanted()) unsaved.add(second)
    await saveUnsaved()
    if (closed || fault === null) return
    log.info({ store: config.kind, jobs: wanted().length }, 'the job store answers and holds the alarms')
    fault = null
    hasWarned = false
  })
  return { saveUnsaved, saveAll, report, channel, unsaved, clock, track, fire, store, agenda }
}
