/**
 * Closes goods on time. Agenda's `close-goods` jobs are the alarms, one for each second in which a good ends; SQL is the
 * truth. Nothing here decides anything: whatever fires calls `closeDue`, which is right by SQL state alone.
 *
 * Three things fire. At each end a timer tells Agenda that the second's job is ready, and its handler closes. A moment
 * later, or at once while the job store is known to be away, the timer closes itself unless a close has begun since the
 * end: a job that is lost, late, locked by a dead server or held up by a stepped wall clock costs milliseconds. And a
 * sweep closes each second.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from './clock.ts'
import { closeGoodsJobs, type ListedJob, type Log } from './jobs/close-goods.ts'
import type { JobStoreConfig } from './jobs/job-store.ts'

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

const SWEEP_MS = 1_000
/** Timers are set for ends up to this many seconds ahead; the sweep sets the next. */
const TIMED_SECONDS = 2
/** How long after an end the job may take to begin closing before we do it ourselves. */
const GRACE_MS = 25
/** Sweeps between two counts of the jobs, by which an emptied or restored store is noticed. */
const SWEEPS_PER_COUNT = 5

/** Makes the alarms of one server; nothing runs before `start`. */
export function createAlarms(options: AlarmsOptions): Alarms {
  const { clock, log } = options
  const timers = cancellableTimers(clock)
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
    track(close()).catch((error: unknown) => log.error({ err: error }, 'goods could not be closed; trying again'))
  }
  /** The job's handler: closes what is due; answers whether the second has a later end, for which the job must stay. */
  const fire = async (second: number) => {
    const began = clock.now()
    await close()
    return ends.releaseUntil(second, began)
  }
  const jobs = closeGoodsJobs({ ...options, track, fire, wanted: () => ends.seconds() })
  const ends = knownEnds((end) =>
    timers.at(end, () => {
      if (jobs.fault() !== null) return closeOrLog()
      jobs.wake()
      timers.at(end + GRACE_MS, () => {
        if (closingSince < end) closeOrLog()
      })
    }),
  )
  const sweep = (round: number) => {
    timers.at(clock.now() + SWEEP_MS, () => sweep(round + 1))
    closeOrLog()
    ends.setTimers(secondOf(clock.now()) + TIMED_SECONDS, closingSince)
    if (round % SWEEPS_PER_COUNT === 0) jobs.count(secondOf(clock.now()) + TIMED_SECONDS)
  }
  const arm = (endsAt: number) => {
    if (closed) return
    if (Number.isNaN(new Date(endsAt).getTime())) return log.error({ endsAt }, 'an end that is no date has no alarm')
    if (ends.add(endsAt)) jobs.add(secondOf(endsAt))
  }
  return {
    arm,
    async start() {
      await track(close())
      for (const end of await options.openEnds()) arm(end)
      if (closed) return
      sweep(1)
      await jobs.start()
    },
    status: () => ({ store: options.store.kind, ok: jobs.fault() === null, detail: jobs.fault() }),
    jobs: () => jobs.list(),
    async close() {
      closed = true
      timers.cancelAll()
      await jobs.close(() => emptied(underway))
    },
  }
}

/** The ends not yet closed, by the second they fall in; `setTimer` is called once for each, when its time is near. */
function knownEnds(setTimer: (end: number) => void) {
  const ends = new Map<number, Set<number>>()
  let timedUntil = Number.NEGATIVE_INFINITY
  return {
    seconds: () => [...ends.keys()],
    /** Answers whether the end is the first of its second. */
    add(end: number): boolean {
      const second = secondOf(end)
      const known = ends.get(second)
      if (known?.has(end)) return false
      if (known) known.add(end)
      else ends.set(second, new Set([end]))
      if (second <= timedUntil) setTimer(end)
      return !known
    },
    /** Sets the timers up to a second, and forgets the seconds over before `closedUntil` (epoch ms). */
    setTimers(until: number, closedUntil: number) {
      for (const [second, inSecond] of ends) {
        if (second > timedUntil && second <= until) for (const end of inSecond) setTimer(end)
        if ((second + 1) * 1000 <= closedUntil) ends.delete(second)
      }
      timedUntil = until
    },
    /** Answers whether a second has an end after `time`; if not, the next end in it is a first one again. */
    releaseUntil(second: number, time: number): boolean {
      const hasLater = [...(ends.get(second) ?? [])].some((end) => end > time)
      if (!hasLater) ends.delete(second)
      return hasLater
    },
  }
}

function cancellableTimers(clock: Clock) {
  const waiting = new Set<() => void>()
  let cancelled = false
  return {
    at(time: number, run: () => void) {
      if (cancelled) return
      const cancel = clock.schedule(time, () => {
        waiting.delete(cancel)
        run()
      })
      waiting.add(cancel)
    },
    cancelAll() {
      cancelled = true
      for (const cancel of waiting) cancel()
    },
  }
}

/** Lets one run of `work` go at a time; all who ask meanwhile share the one run that starts after it. */
function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const run = () => {
    next = undefined
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (!running && !next) return run()
    next ??= running?.then(run, run) ?? run()
    return next
  }
}

async function emptied(underway: ReadonlySet<Promise<unknown>>): Promise<void> {
  // A handler's end is followed by Agenda's saving and removing its job, each underway a few microtasks later.
  while (underway.size > 0) {
    await Promise.allSettled(underway)
    await setImmediate()
  }
}

function secondOf(time: number): number {
  return Math.floor(time / 1000)
}
