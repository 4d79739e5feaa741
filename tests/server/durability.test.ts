import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SqliteFile from 'better-sqlite3'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readConfig } from '../../packages/server/src/config.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { openDatabase } from '../../packages/server/src/store/database.ts'
import { crowd, expectBalancedBooks, insist } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { callerAt, databases, type House, type Json, type Member, memberAt, openHouse } from '../support/house.ts'
import { tcpProxy } from '../support/mongodb.ts'

const log = pino({ level: 'silent' })
const start = (settings: Record<string, string>) =>
  createServer(readConfig({}, { AUCTION_PORT: '0', ...settings }), { log })

describe('the SQLite file', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'auction-durable-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('is opened with a write-ahead log and synchronous at full, first and again', async () => {
    for (let time = 0; time < 2; time++) {
      const database = await openDatabase(directory, null)
      expect(database.native?.pragma('journal_mode', { simple: true })).toBe('wal')
      expect(database.native?.pragma('synchronous', { simple: true })).toBe(2)
      expect(database.native?.pragma('busy_timeout', { simple: true })).toBe(0)
      await database.close()
    }
  })

  it('and all beside it are for the owner alone', async () => {
    const data = join(directory, 'made', 'for', 'it')
    const server = await start({ AUCTION_DATA: data })
    await server.listen()
    try {
      expect(statSync(data).mode & 0o777).toBe(0o700)
      const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      expect(files.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['auction.db', 'auction.db-wal', 'lock', 'jobs.db']),
      )
      for (const { name, parentPath } of files) expect(statSync(join(parentPath, name)).mode & 0o077, name).toBe(0)
    } finally {
      await server.close()
    }
  })
})

describe('a server that cannot start', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'auction-refused-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('says that another has the data directory, and leaves that one alone', async () => {
    const data = join(directory, 'shared')
    const first = await start({ AUCTION_DATA: data })
    const { url } = await first.listen()
    await expect(start({ AUCTION_DATA: data })).rejects.toMatchObject({
      code: 'CANNOT_START',
      message: expect.stringContaining(`Another server uses the data directory ${data}`),
    })
    expect((await fetch(`${url}/v1/goods`)).status).toBe(200)
    await first.close()
    await (await start({ AUCTION_DATA: data })).close()
  })

  it('says so when the directory cannot be made, or used', async () => {
    const file = join(directory, 'a-file')
    writeFileSync(file, '')
    for (const data of [file, join(file, 'below')])
      await expect(start({ AUCTION_DATA: data })).rejects.toMatchObject({
        code: 'CANNOT_START',
        message: expect.stringContaining(file),
      })
    const inTheWay = join(directory, 'in-the-way')
    mkdirSync(join(inTheWay, 'auction.db'), { recursive: true })
    await expect(start({ AUCTION_DATA: inTheWay })).rejects.toMatchObject({ code: 'CANNOT_START' })
    rmSync(join(inTheWay, 'auction.db'), { recursive: true })
    await (await start({ AUCTION_DATA: inTheWay })).close()
  })

  it.skipIf(process.getuid?.() === 0)('says so when it may not write there', async () => {
    const data = join(directory, 'read-only')
    mkdirSync(data)
    chmodSync(data, 0o500)
    await expect(start({ AUCTION_DATA: data })).rejects.toMatchObject({ code: 'CANNOT_START' })
  })

  it('says so when the file is no database, and does not touch it', async () => {
    const data = join(directory, 'garbage')
    mkdirSync(data)
    writeFileSync(join(data, 'auction.db'), 'this is a letter, not a database'.repeat(200))
    await expect(start({ AUCTION_DATA: data })).rejects.toMatchObject({
      code: 'CANNOT_START',
      message: expect.stringContaining('auction.db'),
    })
    expect(statSync(join(data, 'auction.db')).size).toBe(32 * 200)
  })

  it('says which address is taken, and can be closed', async () => {
    const taken = createTcpServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const server = await start({ AUCTION_DATA: join(directory, 'taken'), AUCTION_PORT: String(port) })
    await expect(server.listen()).rejects.toMatchObject({
      code: 'CANNOT_START',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    await server.close()
    taken.close()
    expect(existsSync(join(directory, 'taken', 'auction.db-wal'))).toBe(false)
  })

  it('says so when PostgreSQL is not there, or refuses, without the password', async () => {
    const base = new URL(inject('postgresUrl'))
    for (const url of [
      'postgres://auction:s3cret@127.0.0.1:1/house',
      `postgres://auction:s3cret@${base.host}/postgres`,
    ]) {
      const refusal = await start({ AUCTION_DATA: join(directory, 'pg'), AUCTION_DATABASE_URL: url }).catch(
        (error: Error) => error,
      )
      expect(refusal, url).toMatchObject({
        code: 'CANNOT_START',
        message: expect.stringContaining('PostgreSQL at 127.0.0.1'),
      })
      expect((refusal as Error).message).not.toContain('s3cret')
    }
  })

  it('says so when the house keeps another currency', async () => {
    const data = join(directory, 'books')
    await (await start({ AUCTION_DATA: data })).close()
    await expect(start({ AUCTION_DATA: data, AUCTION_CURRENCY: 'EUR' })).rejects.toMatchObject({
      code: 'CANNOT_START',
      message: expect.stringMatching(/USD.*EUR/),
    })
  })
})

describe.each(databases)('a server that is told to end on %s', (kind) => {
  it('answers all that it took, takes no more, and does not wait for callers to stop calling', async () => {
    const house = await openHouse(kind)
    const seller = await house.member('mila')
    const good = await seller.sell({ increment: { fixed: 1 } })
    const people = await Promise.all(['ann', 'bob', 'cleo'].map((nick) => house.member(nick)))
    const accepted: number[] = []
    let amount = 1000
    // Each calls on until refused: a keep-alive connection alone must not keep the server open.
    const calling = people.map(async (person) => {
      for (;;) {
        const answer = await person.bid(good.id, { amount: amount++ }).catch(() => null)
        if (answer === null || answer.body.code === 'BUSY') return answer
        if (answer.status === 201) accepted.push(answer.body.bid.id)
      }
    })
    await expect.poll(() => accepted.length).toBeGreaterThan(10)
    await house.stop()
    await Promise.all(calling)
    await house.start()
    // Nothing acknowledged is missing, and nothing was stored whose answer never came.
    const kept = (await house.query('select id from bids order by id')).map(({ id }) => id)
    expect(kept).toEqual(accepted.sort((a, b) => a - b))
    await house.close()
  })
})

describe.each(databases)('what was acknowledged on %s', (kind) => {
  it('is there after a restart, to the last event, and the house is the same', async () => {
    const house = await openHouse(kind)
    try {
      const seller = await house.member('mila')
      const people = await crowd(house, 10)
      const good = await seller.sell()
      await Promise.all(people.map((person, index) => person.bid(good.id, { amount: 1000 + 200 * index })))
      const read = async () => {
        const paths = [
          `/v1/goods/${good.id}`,
          `/v1/goods/${good.id}/log`,
          `/v1/goods/${good.id}/bids`,
          '/v1/me/wallet',
          '/v1/me/ledger',
        ]
        return Promise.all(paths.map(async (path) => (await seller.get(path)).body))
      }
      const [before, code] = [await read(), house.houseCode]
      await house.stop()
      await house.start()
      expect(await read()).toEqual(before)
      expect(house.houseCode).toBe(code)
      await expectBalancedBooks(house)
    } finally {
      await house.close()
    }
  })
})

describe('a SQLite file that another process has locked', () => {
  it('lets bids wait and succeed, reads go on, and the event loop run', async () => {
    // Its time stands still, years ahead: nothing but bids waits for the file.
    const clock = fakeClock(Date.UTC(2096, 10, 22, 12))
    let looks = 0
    const watched = {
      ...clock,
      now() {
        looks++
        return clock.now()
      },
    }
    const house = await openHouse('sqlite', { clock: watched })
    try {
      const seller = await house.member('mila')
      const [first, ...people] = (await crowd(house, 10)) as [Member, ...Member[]]
      const good = await seller.sell({ increment: { fixed: 1 } })
      const other = new SqliteFile(join(house.directory, 'auction.db'))
      other.exec('begin immediate')
      const once = memberAt(() => house.url, first, { patient: false })
      let answered = false
      const send = async (by: Member, amount: number) => {
        const answer = await by.bid(good.id, { amount })
        answered = true
        return answer
      }
      // The clerk tries again and again and looks at the clock each time; a driver that waited for the lock, and held the
      // loop meanwhile, would have tried a few times only when the first is told that the house is busy.
      const before = looks
      const bids = [send(once, 1000)]
      await expect.poll(() => looks, { interval: 10 }).toBeGreaterThan(before + 20)
      bids.push(...people.map((person, index) => send(person, 1001 + index)))
      for (let reads = 0; reads < 5; reads++)
        expect((await house.anyone.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(0)
      expect(answered).toBe(false)
      other.exec('rollback')
      other.close()
      for (const { status, body } of await Promise.all(bids)) expect([201, 409], JSON.stringify(body)).toContain(status)
      expect((await house.anyone.get(`/v1/goods/${good.id}`)).body.bidCount).toBeGreaterThanOrEqual(1)
      await expectBalancedBooks(house)
    } finally {
      await house.close()
    }
  })

  it('refuses whom it would keep waiting, before any effect, and takes the same bid later', async () => {
    const house = await openHouse('sqlite')
    try {
      const seller = await house.member('mila')
      const [ann, bob] = (await crowd(house, 2)) as [Member, Member]
      const [good, another] = [await seller.sell(), await seller.sell()]
      const other = new SqliteFile(join(house.directory, 'auction.db'))
      other.exec('begin immediate')
      const first = ann.bid(good.id, { amount: 1000 })
      await sleep(50)
      const second = ann.bid(another.id, { max: 3000 })
      const waiting = async () => /^auction_orders_waiting (\d+)$/m.exec((await house.anyone.get('/metrics')).body)?.[1]
      await expect.poll(waiting).not.toBe('0')
      await sleep(400)
      const once = memberAt(() => house.url, bob, { patient: false })
      const refused = await once.bid(good.id, { amount: 5000 }, 'bob-1')
      expect(refused).toMatchObject({ status: 503, body: { code: 'BUSY' } })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      other.exec('rollback')
      other.close()
      expect([(await first).status, (await second).status]).toEqual([201, 201])
      expect(await insist(() => bob.bid(good.id, { amount: 5000 }, 'bob-1'))).toMatchObject({
        status: 201,
        body: { replayed: false },
      })
    } finally {
      await house.close()
    }
  })
})

describe('a PostgreSQL that loses connections', () => {
  let house: House
  let seller: Member
  let people: Member[]
  beforeAll(async () => {
    house = await openHouse('postgresql')
    seller = await house.member('mila')
    people = await crowd(house, 20)
  })
  afterAll(() => house.close())
  const killAll = () =>
    house.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )

  it('loses and doubles nothing while backends are killed under load', async () => {
    const good = await seller.sell({ increment: { fixed: 1 } })
    let bidding = true
    const answers: Json[] = []
    const killing = (async () => {
      while (bidding) {
        await killAll()
        // Somebody gets through in between, however slow the machine.
        const before = answers.length
        do await sleep(120)
        while (bidding && answers.length === before)
      }
    })()
    await Promise.all(
      people.map(async (person, index) => {
        for (let round = 0; round < 12; round++) {
          const key = `kill-${round}`
          answers.push(await insist(() => person.bid(good.id, { amount: 1000 + round * 1000 + index * 10 }, key)))
        }
      }),
    )
    bidding = false
    await killing
    const bids = await house.query(`select id from bids where good_id = ${good.id}`)
    const accepted = answers.filter(({ status }) => status === 201).map(({ body }) => body.bid.id)
    expect(new Set(accepted).size).toBe(accepted.length)
    expect(bids.map(({ id }) => id).sort((a, b) => a - b)).toEqual(accepted.sort((a, b) => a - b))
    const log = (await house.anyone.get(`/v1/goods/${good.id}/events`)).body.items
    expect(log.map(({ seq }: Json) => seq)).toEqual(log.map((_: Json, index: number) => index + 1))
    await expectBalancedBooks(house)
  })

  it('recovers when it comes back, and says meanwhile that it is not ready', async () => {
    const good = await seller.sell({ endsInMs: 1500, softCloseMs: 0 })
    const direct = new URL(String(house.settings.AUCTION_DATABASE_URL))
    const proxy = await tcpProxy({ host: direct.hostname, port: Number(direct.port) })
    const proxied = new URL(direct)
    proxied.port = String(proxy.port)
    await house.stop()
    house.settings.AUCTION_DATABASE_URL = proxied.href
    await house.start()
    proxy.cut()
    const once = callerAt(() => house.url, null, { patient: false })
    await expect.poll(async () => (await once.get('/readyz')).body).toMatchObject({ status: 503, code: 'BUSY' })
    expect((await once.get('/livez')).status).toBe(200)
    expect((await once.get(`/v1/goods/${good.id}`)).body).toMatchObject({ status: 503, code: 'BUSY' })
    await sleep(1500)
    proxy.resume()
    await expect.poll(async () => (await house.anyone.get('/readyz')).body.status).toBe('ok')
    await expect.poll(async () => (await house.anyone.get(`/v1/goods/${good.id}`)).body.status).toBe('unsold')
    await house.stop()
    house.settings.AUCTION_DATABASE_URL = direct.href
    await house.start()
    await proxy.close()
  })
})
