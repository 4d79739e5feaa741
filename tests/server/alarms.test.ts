/** Goods are closed at their ends, by their job where the store works and without it where it does not. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { JobRepository } from 'agenda'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { type Alarms, createAlarms } from '../../packages/server/src/alarms.ts'
import { type Clock, systemClock } from '../../packages/server/src/clock.ts'
import { type JobStore, type JobStoreConfig, openJobStore } from '../../packages/server/src/jobs/job-store.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { findMongo, type TcpProxy, tcpProxy } from '../support/mongodb.ts'
import { stopwatch } from '../support/stopwatch.ts'

const mongo = await findMongo()
const directory = mkdtempSync(join(tmpdir(), 'auction-alarms-'))
let files = 0
const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const part of opened.splice(0).reverse()) await part.close()
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await mongo?.stop()
})

const embedded = (): JobStoreConfig => ({ kind: 'embedded', file: join(directory, `jobs-${++files}.db`) })
const mongodb = (port?: number): JobStoreConfig => ({ kind: 'mongodb', uri: mongo?.database(port) ?? '' })
const stores = [
  { kind: 'embedded', config: embedded, present: true },
  { kind: 'mongodb', config: mongodb, present: mongo !== null },
]

/** Goods as SQL would know them: open until closed, closed once, only after their end. */
function house(config: JobStoreConfig, { clock = systemClock(), ends = [] as number[], closeMs = 1, readMs = 0 } = {}) {
  const open = new Set(ends)
  const closedAt = new Map<number, number>()
  const warnings: string[] = []
  let closes = 0
  let closing = 0
  let mostClosing = 0
  let [stall, stallsAfter]: [Promise<unknown> | undefined, number] = [undefined, 0]
  let failures = 0
  const alarms = createAlarms({
    store: config,
    clock,
    openEnds: async () => {
      if (readMs > 0) await setTimeout(readMs)
      return [...open].sort((a, b) => a - b)
    },
    async closeDue() {
      closes++
      mostClosing = Math.max(mostClosing, ++closing)
      try {
        const now = clock.now()
        if (closes > stallsAfter) await stall
        if (closeMs > 0) await setTimeout(closeMs)
        if (failures-- > 0) throw new Error('the database is locked')
        for (const end of open) {
          if (end > now) continue
          open.delete(end)
          closedAt.set(end, now)
        }
      } finally {
        closing--
      }
    },
    log: { info: () => undefined, warn: (_, message) => warnings.push(message), error: () => undefined },
  })
  opened.push(alarms)
  return {
    alarms,
    open,
    closedAt,
    warnings,
    closes: () => closes,
    closing: () => closing,
    mostClosing: () => mostClosing,
    lateness: () => [...closedAt].map(([end, time]) => time - end).sort((a, b) => a - b),
    list: (end: number) => {
      open.add(end)
      alarms.arm(end)
      return end
    },
    /** Holds every close up but the first `after` of all. */
    stallUntil: (until: Promise<unknown>, after = 0) => {
      ;[stall, stallsAfter] = [until, after]
    },
    fail: (times: number) => {
      failures = times
    },
  }
}

/** The intervals set from now on, such as Agenda's scan. */
function intervals() {
  const set = vi.spyOn(globalThis, 'setInterval')
  const cleared = vi.spyOn(globalThis, 'clearInterval')
  opened.push({ close: () => vi.restoreAllMocks() })
  const handles = () => set.mock.results.map(({ value }) => value)
  return {
    set: () => handles().length,
    left: () => handles().filter((handle) => !cleared.mock.calls.some(([each]) => each === handle)).length,
  }
}

/** The store as another server would see it. */
async function peer(config: JobStoreConfig): Promise<JobStore & { jobs: JobRepository }> {
  const store = await openJobStore({ config, report: () => undefined, track: (work) => work })
  await store.backend.connect()
  opened.push(store)
  return { ...store, jobs: store.backend.repository }
}

/** Real time, in which only those timers run that the test lets: without the sweep, only what is left can have closed. */
function onlyTimersAt(isAllowed: (at: number) => boolean): Clock {
  const clock = systemClock()
  return { now: () => clock.now(), schedule: (at, run) => clock.schedule(at, () => isAllowed(at) && run()) }
}

/** As `GRACE_MS` of alarms.ts. */
const GRACE_MS = 25

/** Real time in which nothing sweeps from the first of `ends` on: what closes then does so by its own end's timers. */
const notSweptFrom = (ends: ReadonlySet<number>): Clock =>
  onlyTimersAt((at) => at < Math.min(...ends) || ends.has(at) || ends.has(at - GRACE_MS))

/** A gate that is shut until it is opened. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, opened: promise }
}

const isWell = (alarms: Alarms) =>
  vi.waitFor(() => expect(alarms.status()).toMatchObject({ ok: true, detail: null }), { timeout: 60_000 })
const isAway = (alarms: Alarms) => vi.waitFor(() => expect(alarms.status().ok).toBe(false), { timeout: 60_000 })
const until = (fact: () => void | Promise<void>) => vi.waitFor(fact, { timeout: 60_000, interval: 10 })
const seconds = async (jobs: JobRepository) =>
  (await jobs.queryJobs()).jobs.map(({ data }) => (data as { second: number }).second).sort((a, b) => a - b)
const secondOf = (time: number) => Math.floor(time / 1000)
const HOUR = 3_600_000

describe.each(stores)('alarms on the $kind store', ({ config, present }) => {
  const fact = it.skipIf(!present)

  fact('closes each good by its job at its end, several of one second too', async () => {
    const ends = new Set<number>()
    const clock = onlyTimersAt((at) => ends.has(at))
    const { alarms, open, list, lateness } = house(config(), { clock })
    await alarms.start()
    await isWell(alarms)
    const first = clock.now() + 250
    for (let n = 0; n < 8; n++) ends.add(first + n * 137)
    for (const end of [...ends].reverse()) list(end)
    await until(() => expect(open.size).toBe(0))
    expect(alarms.status().ok).toBe(true)
    expect(lateness()[0]).toBeGreaterThanOrEqual(0)
    await until(async () => expect(await alarms.jobs()).toEqual([]))
  })

  fact('is woken at the end, and waits for no scan', async () => {
    // Time stands still in this second: no sweep comes, and by the wall the job is ready.
    const clock = fakeClock(secondOf(Date.now()) * 1000)
    const scans = vi.spyOn(globalThis, 'setInterval').mockReturnValue(globalThis.setTimeout(() => undefined))
    opened.push({ close: () => vi.restoreAllMocks() })
    const where = config()
    const { alarms, open, list } = house(where, { clock })
    const { jobs } = await peer(where)
    await alarms.start()
    expect(scans).toHaveBeenCalled()
    await isWell(alarms)
    const end = list(clock.now() + 999)
    // Saved, it is tried at once, in vain, and then waits.
    const waits = async () =>
      (await jobs.queryJobs()).jobs.some(({ lockedAt, lastFinishedAt }) => lastFinishedAt && !lockedAt)
    await until(async () => expect(await waits()).toBe(true))
    expect(open.size).toBe(1)
    await clock.advance(end - clock.now())
    await until(() => expect(open.size).toBe(0))
  })

  fact('closes a good whose job never comes, without a sweep', async () => {
    const ends = new Set<number>()
    const where = config()
    const { alarms, open, list, lateness } = house(where, { clock: notSweptFrom(ends) })
    const { jobs } = await peer(where)
    await alarms.start()
    await isWell(alarms)
    const end = (secondOf(Date.now()) + 2) * 1000 - 300
    const job = { name: 'close-goods', type: 'normal', priority: 0, data: { second: secondOf(end) } } as const
    // As good as locked by a server that died: it is there, and nobody runs it.
    await jobs.saveJob({ ...job, nextRunAt: new Date(end - 1_000), disabled: true }, undefined)
    for (const ms of [0, 100, 200]) ends.add(end + ms)
    for (const each of ends) list(each)
    await until(() => expect(open.size).toBe(0))
    expect(lateness()[0]).toBeGreaterThanOrEqual(0)
    expect(await seconds(jobs)).toEqual([secondOf(end)])
  })

  fact('has one job per second, arms an extension anew and leaves the old alarm', async () => {
    const where = config()
    const end = (secondOf(Date.now()) + 3600) * 1000
    const { alarms, list } = house(where, { ends: [end + 1, end + 999] })
    await alarms.start()
    await isWell(alarms)
    list(end + 1)
    list(end + 500)
    list(end + 30_000)
    await until(async () =>
      expect(await alarms.jobs()).toMatchObject([
        { name: 'close-goods', state: 'scheduled', dueAt: end - 250 },
        { name: 'close-goods', state: 'scheduled', dueAt: end + 29_750 },
      ]),
    )
    alarms.arm(Number.NaN)
    alarms.arm(Number.POSITIVE_INFINITY)
    const { jobs } = await peer(where)
    expect(await seconds(jobs)).toEqual([secondOf(end), secondOf(end) + 30])
  })

  fact('closes once where alarms are doubled, and no two closes overlap', async () => {
    const where = config()
    const { alarms, open, list, mostClosing } = house(where)
    const { jobs } = await peer(where)
    await alarms.start()
    await isWell(alarms)
    const end = list(Date.now() + 900)
    const twin = { name: 'close-goods', type: 'normal', priority: 0, data: { second: secondOf(end) } } as const
    for (let n = 0; n < 5; n++) await jobs.saveJob({ ...twin, nextRunAt: new Date(end - n) }, undefined)
    await until(() => expect(open.size).toBe(0))
    await until(async () => expect(await seconds(jobs)).toEqual([]))
    expect(mostClosing()).toBe(1)
  })

  fact('arms again what the store has lost, and once, when it has lost some or all', async () => {
    const where = config()
    const { alarms, list } = house(where)
    await alarms.start()
    await isWell(alarms)
    const ends = [list(Date.now() + HOUR), list(Date.now() + 2 * HOUR)]
    const { jobs } = await peer(where)
    await until(async () => expect(await seconds(jobs)).toHaveLength(2))
    await jobs.removeJobs({ data: { second: secondOf(ends[0] ?? 0) } })
    await until(async () => expect(await seconds(jobs)).toEqual(ends.map(secondOf)))
    await jobs.purgeAllJobs()
    await until(async () => expect(await seconds(jobs)).toEqual(ends.map(secondOf)))
  })

  fact('tries again when the goods cannot be closed', async () => {
    const clock = onlyTimersAt(() => false)
    const where = config()
    const { alarms, open, fail, closes } = house(where, { clock })
    const { jobs } = await peer(where)
    await alarms.start()
    await isWell(alarms)
    fail(2)
    open.add(clock.now() - 1)
    alarms.arm(clock.now() - 1)
    await until(() => expect(open.size).toBe(0))
    expect(closes()).toBeGreaterThanOrEqual(4)
    await until(async () => expect(await seconds(jobs)).toEqual([]))
  })

  fact('leaves nothing locked when it stops, neither what waits nor what runs', async () => {
    const where = config()
    const { alarms, list, stallUntil, closes, closing } = house(where, { clock: onlyTimersAt(() => false) })
    await alarms.start()
    await isWell(alarms)
    const { jobs } = await peer(where)
    const now = Date.now()
    for (const ms of [0, 1_000, 2_000]) list((secondOf(now) + 1) * 1000 + ms)
    // Agenda locks what is due within a second; the first of it runs, stalled.
    const { open, opened: isOpen } = gate()
    stallUntil(isOpen)
    const before = closes()
    const locked = async () => (await jobs.queryJobs()).jobs.filter(({ lockedAt }) => lockedAt).length
    await until(() => expect(closes()).toBeGreaterThan(before))
    await until(async () => expect(await locked()).toBeGreaterThan(1))
    const closed = alarms.close()
    await setTimeout(100)
    open()
    await closed
    expect(closing()).toBe(0)
    expect(await locked()).toBe(0)
    await setTimeout(1_200)
    expect(await locked()).toBe(0)
  })

  fact('leaves nothing locked when it stops in the midst of locking', async () => {
    const where = config()
    const { jobs } = await peer(where)
    for (let second = 1; second <= 30; second++) {
      const overdue = { name: 'close-goods', type: 'normal', priority: 0, nextRunAt: new Date(second * 1000) } as const
      await jobs.saveJob({ ...overdue, data: { second } }, undefined)
    }
    const { alarms, stallUntil } = house(where, { clock: onlyTimersAt(() => false) })
    const left = async () => (await jobs.queryJobs()).jobs
    // All but the close at the start, or the jobs might be done before anyone looks.
    const { open, opened: isOpen } = gate()
    stallUntil(isOpen, 1)
    await alarms.start()
    await until(async () => expect((await left()).some(({ lockedAt }) => lockedAt)).toBe(true))
    const closed = alarms.close()
    open()
    await closed
    expect((await left()).filter(({ lockedAt }) => lockedAt)).toEqual([])
  })

  fact('stops within five seconds where closing never ends, and scans no more', async () => {
    const scans = intervals()
    const { alarms, stallUntil, closes } = house(config())
    await alarms.start()
    await isWell(alarms)
    stallUntil(new Promise(() => undefined))
    const counted = closes()
    await until(() => expect(closes()).toBeGreaterThan(counted))
    const took = stopwatch()
    await alarms.close()
    expect(took()).toBeLessThan(5_000)
    expect(scans.set()).toBeGreaterThan(0)
    expect(scans.left()).toBe(0)
  })

  fact('arms ten thousand ends without waiting', async () => {
    const where = config()
    const { alarms } = house(where)
    await alarms.start()
    await isWell(alarms)
    const first = secondOf(Date.now() + HOUR) * 1000
    let turns = 0
    const counting = setInterval(() => turns++, 1)
    for (let n = 0; n < 10_000; n++) alarms.arm(first + n * 250)
    const { jobs } = await peer(where)
    const saved = async () => expect((await jobs.queryJobs({ limit: 1 })).total).toBe(2_500)
    await vi.waitFor(saved, { timeout: 150_000, interval: 100 })
    clearInterval(counting)
    // Others had their turn again and again while the jobs were saved, sixteen at once.
    expect(turns).toBeGreaterThan(50)
  })
})

describe('alarms by a clock that stands still', () => {
  it('sweeps before it has started, and each second', async () => {
    const clock = fakeClock()
    const { alarms, open, closedAt } = house(embedded(), { clock, ends: [clock.now() - 5] })
    await alarms.start()
    expect(closedAt.size).toBe(1)
    const unarmed = clock.now() + 1_500
    open.add(unarmed)
    await clock.advance(1_400)
    await setTimeout(20)
    expect(open.size).toBe(1)
    await clock.advance(600)
    await until(() => expect(closedAt.get(unarmed)).toBe(clock.now()))
  })

  it('sets its timers as ends come near, and closes at the end rather than at the next sweep', async () => {
    const clock = fakeClock()
    const { alarms, closedAt, list } = house({ kind: 'embedded', file: join(directory, 'no', 'jobs.db') }, { clock })
    await alarms.start()
    const end = list(clock.now() + 10_500)
    await clock.advance(10_400)
    await setTimeout(50)
    await clock.advance(100)
    await until(() => expect(closedAt.get(end)).toBe(end))
  })

  it('stops while it starts, at whatever point', async () => {
    const clears = intervals()
    for (const store of [embedded(), { kind: 'mongodb', uri: 'mongodb://127.0.0.1:1' }] as const) {
      for (let turns = 0; turns < 4; turns++) {
        const { alarms, closing } = house(store, { closeMs: 0 })
        const starting = alarms.start()
        for (let turn = 0; turn < turns; turn++) await setImmediate()
        await alarms.close()
        await starting
        expect(closing()).toBe(0)
      }
    }
    expect(clears.left()).toBe(0)
  })

  it('closes no good and sweeps no more once it has stopped', async () => {
    const clock = fakeClock()
    const started = house(embedded(), { clock })
    await started.alarms.start()
    await isWell(started.alarms)
    started.list(clock.now() + 900)
    const starting = house(embedded(), { readMs: 100 })
    const start = starting.alarms.start()
    await setTimeout(50)
    const counts = async () => {
      await Promise.all([started.alarms.close(), starting.alarms.close()])
      return [started.closes(), starting.closes()]
    }
    const before = await counts()
    await start
    await clock.advance(1_200)
    await setTimeout(1_200)
    expect([started.closes(), starting.closes()]).toEqual(before)
    expect(started.open.size).toBe(1)
  })

  it('rejects its start where SQL does, and stops all the same', async () => {
    const { alarms, fail } = house(embedded(), { clock: fakeClock() })
    fail(1)
    await expect(alarms.start()).rejects.toThrow('locked')
    await alarms.close()
    expect(alarms.status()).toEqual({ store: 'embedded', ok: false, detail: 'closed' })
  })
})

describe('alarms without their store', () => {
  it('closes on time with a file that cannot be opened, and with an address that is none', async () => {
    for (const store of [
      { kind: 'embedded', file: join(directory, 'no', 'such', 'jobs.db') },
      { kind: 'mongodb', uri: 'mongodb://clerk:s3cr/et@nowhere' },
    ] as const) {
      const ends = new Set<number>()
      const { alarms, open, list, lateness, warnings } = house(store, { clock: notSweptFrom(ends) })
      await alarms.start()
      await isAway(alarms)
      ends.add(Date.now() + 100)
      for (const end of ends) list(end)
      await until(() => expect(open.size).toBe(0))
      expect(lateness()[0]).toBeGreaterThanOrEqual(0)
      await until(() => expect(warnings).toHaveLength(1))
      expect(alarms.status().detail).not.toMatch(/clerk|s3cr/)
      expect(await alarms.jobs()).toEqual([])
      await alarms.close()
    }
  })
})

describe.skipIf(!mongo)('alarms whose MongoDB comes and goes', () => {
  /** Five ends within a second, all put into `ends` before the first is near. */
  function endsSoon(ends: Set<number>): readonly number[] {
    const first = Date.now() + 500
    for (let n = 0; n < 5; n++) ends.add(first + n * 211)
    return [...ends]
  }
  const proxied = async (): Promise<{ proxy: TcpProxy; where: JobStoreConfig; direct: JobStoreConfig }> => {
    const proxy = await tcpProxy(mongo ?? { host: '', port: 0 })
    opened.push(proxy)
    const where = mongodb(proxy.port)
    const direct = {
      kind: 'mongodb',
      uri: (where as { uri: string }).uri.replace(String(proxy.port), String(mongo?.port)),
    }
    return { proxy, where, direct: direct as JobStoreConfig }
  }

  it('starts without it, closes on time, and arms when it arrives', async () => {
    const { proxy, where, direct } = await proxied()
    proxy.cut()
    const ends = new Set<number>()
    const clock = notSweptFrom(ends)
    const far = Date.now() + HOUR
    const { alarms, open, list, lateness, warnings } = house(where, { clock, ends: [far] })
    await alarms.start()
    expect(alarms.status()).toMatchObject({ store: 'mongodb', ok: false })
    const now = clock.now()
    for (const ms of [100, 200, 300]) ends.add(now + ms)
    for (const end of ends) list(end)
    await until(() => expect(open.size).toBe(1))
    expect(lateness()[0]).toBeGreaterThanOrEqual(0)
    await until(() => expect(warnings).toHaveLength(1))
    expect(alarms.status().ok).toBe(false)
    proxy.resume()
    await isWell(alarms)
    const { jobs } = await peer(direct)
    expect(await seconds(jobs)).toContain(secondOf(far))
  })

  it('closes on time while the connection is cut, and arms when it is back what was armed meanwhile', async () => {
    const { proxy, where, direct } = await proxied()
    const ends = new Set<number>()
    const { alarms, open, list, lateness, warnings } = house(where, { clock: notSweptFrom(ends) })
    await alarms.start()
    await isWell(alarms)
    proxy.cut()
    const before = warnings.length
    await isAway(alarms)
    const far = Date.now() + HOUR
    list(far)
    for (const each of endsSoon(ends)) list(each)
    await until(() => expect(open.size).toBe(1))
    expect(lateness()[0]).toBeGreaterThanOrEqual(0)
    expect(warnings).toHaveLength(before + 1)
    proxy.resume()
    await isWell(alarms)
    const { jobs } = await peer(direct)
    await until(async () => expect(await seconds(jobs)).toEqual([secondOf(far)]))
  })

  it('closes on time while it hangs, notices, and stops within five seconds', async () => {
    const { proxy, where } = await proxied()
    const ends = new Set<number>()
    const { alarms, open, list, lateness } = house(where, { clock: notSweptFrom(ends) })
    await alarms.start()
    await isWell(alarms)
    proxy.freeze()
    for (const each of endsSoon(ends)) list(each)
    await until(() => expect(open.size).toBe(0))
    expect(lateness()[0]).toBeGreaterThanOrEqual(0)
    await isAway(alarms)
    const took = stopwatch()
    await alarms.close()
    expect(took()).toBeLessThan(5_000)
  })
})
