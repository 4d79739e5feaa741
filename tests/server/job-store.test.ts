/** The job stores do as Agenda asks, the embedded one as MongoDB's own. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobParameters, JobRepository } from 'agenda'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faultOf, type JobStore, type JobStoreConfig, openJobStore } from '../../packages/server/src/jobs/job-store.ts'
import { sqliteBackend } from '../../packages/server/src/jobs/sqlite-backend.ts'
import { findMongo } from '../support/mongodb.ts'

const mongo = await findMongo()
const directory = mkdtempSync(join(tmpdir(), 'auction-jobs-'))
let files = 0
const newFile = () => join(directory, `jobs-${++files}.db`)
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await mongo?.stop()
})

const START = new Date('2026-11-22T12:00:00.123Z')
const later = (ms: number) => new Date(START.getTime() + ms)
const job = (fields: Partial<JobParameters> = {}): JobParameters => ({
  name: 'close-goods',
  type: 'normal',
  priority: 0,
  nextRunAt: START,
  data: { second: 1 },
  ...fields,
})
const LONG_AGO = later(-60_000)

describe.each([
  { kind: 'embedded', config: (): JobStoreConfig => ({ kind: 'embedded', file: newFile() }), present: true },
  {
    kind: 'mongodb',
    config: (): JobStoreConfig => ({ kind: 'mongodb', uri: mongo?.database() ?? '' }),
    present: mongo !== null,
  },
])('the $kind job store', ({ kind, config, present }) => {
  let store: JobStore
  let jobs: JobRepository
  beforeEach(async (context) => {
    if (!present) return context.skip() // there is no MongoDB here, as findMongo has said
    const options = { config: config(), report: () => undefined, track: <T>(work: Promise<T>) => work }
    store = await openJobStore(options)
    jobs = store.backend.repository
    await store.backend.connect()
    await store.prepare()
  })
  afterEach(() => store?.close())
  const save = (fields: Partial<JobParameters> = {}) => jobs.saveJob(job(fields), { lastModifiedBy: 'test' })
  const lockNext = (now = START) => jobs.getNextJobToRun('close-goods', later(1_000), LONG_AGO, now, undefined)
  const stored = async (id: unknown) => await jobs.getJobById(String(id))

  it('locks distinct jobs for 600 that ask at once for 500', async () => {
    for (let second = 0; second < 500; second++) await save({ data: { second } })
    const locked = await Promise.all(Array.from({ length: 600 }, () => lockNext()))
    const ids = locked.flatMap((found) => (found?._id ? [String(found._id)] : []))
    expect(ids).toHaveLength(500)
    expect(new Set(ids).size).toBe(500)
  })

  it('locks the soonest, then the most urgent, with real dates to the millisecond', async () => {
    await save({ nextRunAt: later(7), data: { second: 3 } })
    await save({ nextRunAt: later(5), data: { second: 1 } })
    await save({ nextRunAt: later(5), priority: 10, data: { second: 2 } })
    const first = await lockNext(later(1))
    expect(first).toMatchObject({ data: { second: 2 }, nextRunAt: later(5), lockedAt: later(1) })
    expect(await lockNext()).toMatchObject({ data: { second: 1 } })
    expect(await lockNext()).toMatchObject({ data: { second: 3 } })
    expect(await lockNext()).toBeUndefined()
  })

  it('locks no job that is disabled, of another name, past the scan or without a time', async () => {
    await save({ disabled: true })
    await save({ name: 'other' })
    await save({ nextRunAt: later(1_001) })
    await save({ nextRunAt: null })
    expect(await lockNext()).toBeUndefined()
  })

  it('locks again what has been locked too long', async () => {
    const { _id } = await save()
    await lockNext(later(-90_000))
    expect(await jobs.getNextJobToRun('close-goods', later(1_000), later(-90_001), START, undefined)).toBeUndefined()
    await save({ nextRunAt: later(1) })
    expect(await lockNext()).toMatchObject({ _id, lockedAt: START })
  })

  it('leaves an existing job and its lock alone when it is inserted again by what makes it unique', async () => {
    const unique = { unique: { 'data.second': 1 }, uniqueOpts: { insertOnly: true } }
    const first = await save(unique)
    await lockNext()
    const again = await save({ ...unique, nextRunAt: later(50) })
    expect(again._id).toBe(first._id)
    expect(await stored(first._id)).toMatchObject({ nextRunAt: START, lockedAt: START })
    await save({ ...unique, unique: { 'data.second': 2 }, data: { second: 2 } })
    expect((await jobs.queryJobs()).total).toBe(2)
  })

  it('updates an existing job by its id or by what makes it unique, and gives a removed one back as it came', async () => {
    const first = await save()
    await save({ _id: first._id as never, nextRunAt: later(1) })
    expect(await stored(first._id)).toMatchObject({ nextRunAt: later(1) })
    await save({ unique: { 'data.second': 1 }, nextRunAt: later(2) })
    expect(await stored(first._id)).toMatchObject({ nextRunAt: later(2) })
    await jobs.removeJobs({ id: String(first._id) })
    const gone = job({ _id: first._id as never, nextRunAt: later(3) })
    expect(await jobs.saveJob(gone, undefined)).toEqual(gone)
    expect((await jobs.queryJobs()).total).toBe(0)
  })

  it('keeps one job of type single and does not pull it forward', async () => {
    const first = await save({ type: 'single', nextRunAt: new Date(Date.now() + 3_600_000) })
    const again = await save({ type: 'single', nextRunAt: new Date(1) })
    expect(again).toMatchObject({ _id: first._id, nextRunAt: first.nextRunAt })
    expect((await jobs.queryJobs()).total).toBe(1)
  })

  it('puts a debounced job off until its longest wait is over', async () => {
    const debounced = (maxWait?: number) =>
      save({
        unique: { 'data.second': 1 },
        uniqueOpts: { debounce: { delay: 60_000, ...(maxWait ? { maxWait } : {}) } },
      })
    const first = await debounced()
    expect(first.nextRunAt?.getTime()).toBeGreaterThan(Date.now() + 30_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const second = await debounced()
    expect(second.nextRunAt?.getTime()).toBeGreaterThan(first.nextRunAt?.getTime() ?? 0)
    expect(second.debounceStartedAt).toEqual(first.debounceStartedAt)
    expect((await debounced(1)).nextRunAt?.getTime()).toBeLessThanOrEqual(Date.now())
  })

  it('saves the state of a job, and refuses when the job is gone', async () => {
    const { _id } = await save()
    const locked = (await lockNext()) as JobParameters
    await jobs.saveJobState({ ...locked, nextRunAt: null, lastRunAt: later(1), failCount: 2 }, undefined)
    expect(await stored(_id)).toMatchObject({ lockedAt: START, lastRunAt: later(1), failCount: 2 })
    expect((await stored(_id))?.nextRunAt).toBeNull()
    await jobs.purgeAllJobs()
    await expect(jobs.saveJobState(locked, undefined)).rejects.toThrow(/close-goods/)
  })

  it('locks one job once, and unlocks one that runs only when told by its id', async () => {
    const saved = await save()
    expect(await jobs.lockJob(saved, undefined)).toMatchObject({ _id: saved._id })
    expect(await jobs.lockJob(saved, undefined)).toBeUndefined()
    await jobs.unlockJob(saved)
    const locked = (await lockNext()) as JobParameters
    await jobs.saveJobState({ ...locked, nextRunAt: null }, undefined)
    await jobs.unlockJob(locked)
    expect((await stored(saved._id))?.lockedAt).toEqual(START)
    await jobs.unlockJobs([saved._id as never])
    expect((await stored(saved._id))?.lockedAt).toBeUndefined()
  })

  it('answers queries by name, data, state and page, with totals', async () => {
    const hour = 3_600_000
    await save({ nextRunAt: new Date(Date.now() + hour), data: { second: 1, kind: { open: true } } })
    await save({ nextRunAt: new Date(Date.now() - hour), data: { second: 2 } })
    await save({ name: 'other', disabled: true, nextRunAt: null, data: "it's" })
    await lockNext(new Date())
    const seconds = async (options: object) => {
      const { jobs: found, total } = await jobs.queryJobs(options)
      return [total, ...found.map(({ data }) => (data as { second?: number }).second ?? data)]
    }
    expect(await seconds({ name: 'close-goods', sort: { nextRunAt: 'asc' } })).toEqual([2, 2, 1])
    expect(await seconds({ name: 'close-goods', sort: { nextRunAt: 'desc' }, limit: 1 })).toEqual([2, 1])
    expect(await seconds({ sort: { nextRunAt: 'desc' }, skip: 1, limit: 1 })).toEqual([3, 2])
    expect(await seconds({ data: { kind: { open: true } } })).toEqual([1, 1])
    expect(await seconds({ data: "it's" })).toEqual([1, "it's"])
    expect(await seconds({ search: 'OTH', name: 'close-goods' })).toEqual([1, "it's"])
    expect(await seconds({ includeDisabled: false, names: ['other'] })).toEqual([0])
    expect(await seconds({ state: 'scheduled' })).toEqual([1, 1])
    expect(await seconds({ state: 'paused' })).toEqual([1, "it's"])
    expect(await seconds({ id: 'no such id' })).toEqual([0])
    expect((await jobs.getDistinctJobNames()).sort()).toEqual(['close-goods', 'other'])
    expect(await jobs.getQueueSize()).toBe(1)
    const overviews = (await jobs.getJobsOverview()).sort((a, b) => a.name.localeCompare(b.name))
    expect(overviews).toMatchObject([
      { name: 'close-goods', total: 2, scheduled: 1, paused: 0 },
      { name: 'other', total: 1, completed: 1, paused: 1 },
    ])
  })

  it('removes, disables and enables what is asked for and tells how many; nothing when nothing is asked', async () => {
    const first = await save()
    await save({ name: 'other', data: { second: 2 } })
    expect(await jobs.disableJobs({ names: ['close-goods', 'other'] })).toBe(2)
    expect(await jobs.disableJobs({ name: 'other' })).toBe(0)
    expect(await jobs.enableJobs({ data: { second: 2 } })).toBe(1)
    expect(await jobs.removeJobs({})).toBe(0)
    expect(await jobs.removeJobs({ name: 'other', data: { second: 1 } })).toBe(0)
    expect(await jobs.removeJobs({ notNames: ['close-goods'] })).toBe(1)
    expect(await jobs.removeJobs({ ids: [String(first._id)] })).toBe(1)
    await save()
    expect(await jobs.purgeAllJobs()).toBe(1)
  })

  it('stops locking when told, and unlocks what it holds', async () => {
    const [first, second] = [await save(), await save({ data: { second: 2 } })]
    await lockNext()
    store.stopLocking()
    expect(await lockNext()).toBeUndefined()
    await store.unlockHeld()
    expect((await stored(first._id))?.lockedAt).toBeUndefined()
    expect((await stored(second._id))?.lockedAt).toBeUndefined()
  })

  it.runIf(kind === 'embedded')('keeps the lock of a running job that is saved in any way', async () => {
    const saved = await save({ type: 'single' })
    await lockNext()
    await save({ _id: saved._id as never, type: 'single' })
    await save({ type: 'single' })
    await save({ unique: { 'data.second': 1 } })
    expect((await stored(saved._id))?.lockedAt).toEqual(START)
  })
})

describe('the embedded job file', () => {
  it('is for its owner alone, and keeps its jobs', async () => {
    const file = newFile()
    for (const total of [1, 2]) {
      const backend = sqliteBackend(file)
      await backend.connect()
      await backend.repository.saveJob(job(), undefined)
      expect((await backend.repository.queryJobs()).total).toBe(total)
      expect(readdirSync(directory).some((name) => name.endsWith('-wal'))).toBe(true)
      for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
      await backend.disconnect()
      await expect(backend.repository.queryJobs()).rejects.toThrow('closed')
    }
  })

  it('is moved aside when corrupt, and begun anew', async () => {
    const file = newFile()
    writeFileSync(file, 'this is no database, though it is long enough to be one'.repeat(100))
    const backend = sqliteBackend(file)
    await backend.connect()
    const saved = await backend.repository.saveJob(job(), undefined)
    expect(await backend.repository.getJobById(String(saved._id))).toMatchObject({ name: 'close-goods' })
    expect(statSync(`${file}.corrupt`).size).toBeGreaterThan(1_000)
    await backend.disconnect()
  })

  it('is opened by a later use where connecting could not', async () => {
    const folder = join(directory, 'not-yet')
    const backend = sqliteBackend(join(folder, 'jobs.db'))
    await backend.connect()
    await expect(backend.repository.queryJobs()).rejects.toThrow('ENOENT')
    mkdirSync(folder)
    chmodSync(folder, 0o700)
    expect((await backend.repository.queryJobs()).total).toBe(0)
    await backend.disconnect()
    rmSync(folder, { recursive: true })
  })
})

describe('a fault', () => {
  it('is reported for each call that fails, and rejects no unlocking, for which Agenda does not wait', async () => {
    const config = { kind: 'embedded', file: join(directory, 'nowhere', 'jobs.db') } as const
    const reports: (string | null)[] = []
    const store = await openJobStore({ config, report: (found) => void reports.push(found), track: (work) => work })
    await store.backend.connect()
    const { repository } = store.backend
    await expect(repository.queryJobs()).rejects.toThrow('ENOENT')
    await repository.unlockJob(job({ _id: 'gone' as never }))
    expect(reports).toEqual([expect.stringContaining('ENOENT'), expect.stringContaining('ENOENT')])
    await store.close()
  })

  it('tells no credentials of the address', () => {
    for (const uri of ['mongodb://clerk:s3cret@10.0.0.1/x', 'mongodb://clerk:s3/cr et@10.0.0.1']) {
      const text = faultOf(new Error(`Invalid connection string "${uri}"`), { kind: 'mongodb', uri })
      expect(text).toContain('Invalid connection string')
      expect(text).not.toMatch(/clerk|s3/)
    }
    const other = faultOf(new Error('at mongodb://clerk:s3cret@10.0.0.1:1'), { kind: 'mongodb', uri: 'mongodb://x' })
    expect(other).toBe('at mongodb://***@10.0.0.1:1')
  })
})
