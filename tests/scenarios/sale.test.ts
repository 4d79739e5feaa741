/** A whole sale in scripts: the real program against a real server, on each store, with the job store lost in between. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { freePort } from '../support/postgres-setup.ts'
import { ASSETS, auction, environment, type RunningServer, serve } from '../support/program.ts'

const PASSWORD = 'correct horse battery\n'
const mongoStart = fileURLToPath(new URL('../../../shared/mongodb/start', import.meta.url))

let directory: string
let port: number
let server: RunningServer | null

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'auction-sale-'))
  port = await freePort()
  server = null
})
afterEach(async () => {
  await server?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const serverEnvironment = (extra: Record<string, string> = {}) =>
  environment(join(directory, 'server'), {
    AUCTION_DATA: join(directory, 'data'),
    AUCTION_PORT: String(port),
    ...extra,
  })

function person(nick: string) {
  const env = environment(join(directory, nick), { AUCTION_SERVER: `http://127.0.0.1:${port}` })
  const run = (...words: string[]) => auction(words, { env })
  return { env, run, signUp: () => auction(['signup', nick, '--password-stdin'], { env, input: PASSWORD }) }
}

async function people() {
  const [mila, ann, bob] = [person('mila'), person('ann'), person('bob')]
  for (const each of [mila, ann, bob]) expect(await each.signUp()).toMatchObject({ code: 0, err: '' })
  return { mila, ann, bob }
}

/** The sale of the issue: sell with a picture, bid, every exit code, the feed in a pipe, who won, the wallet. */
async function wholeSale(meanwhile: (goodId: string) => Promise<void> = async () => {}): Promise<void> {
  const { mila, ann, bob } = await people()
  const sold = await mila.run(
    'sell',
    'Leica M3',
    '--start',
    '400',
    '--ends-in',
    '30s',
    '--image',
    join(ASSETS, 'camera.png'),
    '-q',
  )
  expect(sold).toMatchObject({ code: 0, err: '' })
  const id = sold.out.trim()
  const watching = bob.run('watch', id)
  expect((await ann.run('bid', id, '--max', '900')).code).toBe(0)
  expect((await bob.run('bid', id, '620')).code).toBe(12)
  // Side by side, to be done long before the end on a slow machine, too.
  const tooLow = async () => {
    expect((await bob.run('bid', id, '500')).code).toBe(10)
    expect((await bob.run('bid', id, '20000', '-y')).code).toBe(13)
  }
  const own = async () => expect((await mila.run('bid', id, '1000', '-y')).code).toBe(13)
  const wallet = async () => expect((await ann.run('wallet', '--json')).out).toContain(`"goodId": ${id}`)
  await Promise.all([tooLow(), own(), wallet()])
  await meanwhile(id)
  const lines = (await watching).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines[0]).toMatchObject({
    v: 1,
    type: 'snapshot',
    goodId: Number(id),
    good: { status: 'open', image: `/v1/goods/${id}/image` },
  })
  expect(lines.at(-1)).toMatchObject({ v: 1, type: 'end', outcome: 'sold', you: 'lost' })
  const seqs = lines
    .filter(({ type }) => !['snapshot', 'connection', 'gap', 'end'].includes(type))
    .map(({ seq }) => seq)
  expect(seqs).toEqual(seqs.map((_: number, index: number) => seqs[0] + index))
  expect((await ann.run('watch', id, '--exit-status')).code).toBe(0)
  expect((await bob.run('watch', id, '--exit-status')).code).toBe(20)
  expect((await ann.run('bid', id, '900')).code).toBe(11)
  expect(JSON.parse((await ann.run('wallet', '--json')).out)).toMatchObject({
    balance: { amount: 937_000 },
    held: { amount: 0 },
    holds: [],
  })
  expect(JSON.parse((await mila.run('wallet', '--json')).out)).toMatchObject({ balance: { amount: 1_063_000 } })
  expect((await ann.run('won')).out).toContain('Leica M3')
}

it('goes from sign-up to settlement on SQLite and the embedded job store', async () => {
  server = await serve(serverEnvironment())
  await wholeSale()
})

it('keeps every acknowledged bid over kill -9, and settles an overdue good at once, exactly once', async () => {
  // However long it is away.
  const env = serverEnvironment({ AUCTION_OUTAGE_GRACE: 'off' })
  server = await serve(env)
  const { mila, ann, bob } = await people()
  const open = (await mila.run('sell', 'A chair', '--start', '10', '--ends-in', '1h', '-q')).out.trim()
  const short = (await mila.run('sell', 'A table', '--start', '10', '--ends-in', '20s', '-q')).out.trim()
  expect((await ann.run('bid', short, '10')).code).toBe(0)
  const end = Date.parse(JSON.parse((await readEvents(short))[0]?.data ?? '{}').endsAt)
  await waitUntil(end - 6_000)
  const acknowledged: number[] = []
  let killed = false
  const bidding = [ann, bob].map(async (who) => {
    for (let step = 0; !killed && step < 200; step++) {
      const { code, out } = await who.run('bid', open, 'min', '--json')
      if (code === 0) acknowledged.push(JSON.parse(out).bid.id)
    }
  })
  await expect.poll(() => acknowledged.length).toBeGreaterThan(5)
  await server.kill()
  killed = true
  // The bidders' programs go on trying with the same key; the server comes back meanwhile, after the table's end.
  await waitUntil(end)
  server = await serve(env)
  await Promise.all(bidding)
  const bids = JSON.parse((await ann.run('api', 'GET', `/v1/goods/${open}/bids?limit=100`)).out)
  const kept = bids.items.map(({ id }: { id: number }) => id)
  expect(acknowledged.filter((id) => !kept.includes(id))).toEqual([])
  expect(JSON.parse((await ann.run('show', open, '--json')).out).status).toBe('open')
  expect(JSON.parse((await ann.run('show', short, '--json')).out)).toMatchObject({
    status: 'sold',
    winner: { nick: 'ann' },
  })
  const log = JSON.parse((await ann.run('api', 'GET', `/v1/goods/${short}/log`)).out)
  expect(log.items.filter(({ type }: { type: string }) => type === 'sold')).toHaveLength(1)
})

async function waitUntil(time: number): Promise<void> {
  while (Date.now() <= time) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function readEvents(goodId: string): Promise<{ data: string }[]> {
  const { default: SqliteFile } = await import('better-sqlite3')
  const file = new SqliteFile(join(directory, 'data', 'auction.db'), { readonly: true })
  try {
    return file.prepare('select data from events where good_id = ? order by seq').all(Number(goodId)) as {
      data: string
    }[]
  } finally {
    file.close()
  }
}

it('refuses a second server on the same data directory, and says so', async () => {
  server = await serve(serverEnvironment())
  const second = await auction(['serve', '--port', '0'], { env: serverEnvironment() })
  expect(second).toMatchObject({ code: 1, out: '' })
  expect(second.err).toMatch(
    /^error: Another server uses the data directory .*\.\nhint: Stop it, or name another with --data\.\n/,
  )
})

it('says before it starts what would keep it from starting', async () => {
  const env = serverEnvironment()
  expect(await auction(['serve', '--check'], { env })).toMatchObject({ code: 0, err: '' })
  const checked = await auction(['serve', '--check', '--json'], { env })
  expect([JSON.parse(checked.out), checked.err]).toEqual([{ ok: true }, ''])
  const inTheWay = join(ASSETS, 'camera.png')
  for (const words of [['--check'], []])
    expect(await auction(['serve', '--data', inTheWay, ...words], { env })).toMatchObject({
      code: 1,
      out: '',
      err: `error: The data directory ${inTheWay} cannot be used: ${inTheWay} is not a directory.\nhint: Name another with --data.\n`,
    })
  const faulty = await auction(['serve', '--json', '--port', 'abc', '--data', ''], { env })
  expect(faulty.code).toBe(2)
  expect(JSON.parse(faulty.err).error).toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/AUCTION_DATA: must not be empty.*AUCTION_PORT: must be a whole number/),
  })
  expect(await auction(['demo', '--keep', inTheWay], { env })).toMatchObject({ code: 2, out: '' })
})

it('ends cleanly on SIGTERM in mid sale and goes on where it was', async () => {
  server = await serve(serverEnvironment())
  const { mila, ann } = await people()
  const id = (await mila.run('sell', 'A lamp', '--start', '10', '--ends-in', '1h', '-q')).out.trim()
  await ann.run('bid', id, '25')
  expect(await server.stop()).toBe(0)
  expect((await ann.run('show', id)).code).toBe(7)
  server = await serve(serverEnvironment())
  expect(JSON.parse((await ann.run('show', id, '--json')).out)).toMatchObject({
    status: 'open',
    price: { amount: 2500 },
    you: { standing: 'leading' },
  })
})

describe.skipIf(!existsSync(mongoStart))('with PostgreSQL and MongoDB', () => {
  it('sells the same, and losing MongoDB in between changes nothing for the bidders', async () => {
    const mongoPort = await freePort()
    let mongo = await startMongo(mongoPort)
    const database = `sale_${randomUUID().replaceAll('-', '')}`
    const base = inject('postgresUrl')
    await postgres(`${base}/postgres`, `create database ${database}`)
    const uri = `mongodb://127.0.0.1:${mongoPort}/auction`
    try {
      server = await serve(serverEnvironment({ AUCTION_DATABASE_URL: `${base}/${database}`, AUCTION_MONGODB_URI: uri }))
      expect(readdirSync(join(directory, 'data'))).not.toContain('auction.db')
      await wholeSale(async () => {
        const jobs = await jobsIn(uri)
        expect(jobs).toMatchObject([{ name: 'close-goods' }])
        await mongo.stop()
        await expect.poll(readiness, { timeout: 60_000 }).toBe('degraded')
        mongo = await startMongo(mongoPort)
      })
      await expect.poll(readiness, { timeout: 60_000 }).toBe('ok')
      await server.stop()
      server = null
    } finally {
      await mongo.stop()
      await postgres(`${base}/postgres`, `drop database if exists ${database} with (force)`)
    }
  })
})

async function readiness(): Promise<unknown> {
  const answer = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { status: unknown }
  return answer.status
}

async function jobsIn(uri: string): Promise<unknown[]> {
  const client = await MongoClient.connect(uri)
  try {
    return await client.db().collection('jobs').find({}).toArray()
  } finally {
    await client.close()
  }
}

async function postgres(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(sql)
  await client.end()
}

async function startMongo(onPort: number): Promise<{ stop(): Promise<void> }> {
  const child = spawn(mongoStart, [String(onPort)], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  return {
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await gone
    },
  }
}
