/** Retries that cannot hurt: the real program, killed between sending and knowing, and run again against a real house. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HoldingProxy, openHoldingProxy } from '../support/holding-proxy.ts'
import { AUCTION, auction, type Ended, environment, type RunningServer, serve } from '../support/program.ts'

const ASKING = /^Asking again about the bid of \d\d:\d\d:\d\d, whose outcome is unknown\.\n/
let directory: string
let server: RunningServer
let proxy: HoldingProxy
/** A good of this test's own, at 10.00. */
let good: string
let state: string
const children: ChildProcess[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'auction-keys-'))
  const place = { AUCTION_DATA: join(directory, 'data'), AUCTION_PORT: '0', AUCTION_RATE_LIMITS: 'off' }
  server = await serve(environment(join(directory, 'server'), place))
  proxy = await openHoldingProxy(server.url)
  for (const nick of ['mila', 'ann', 'bob'])
    await auction(['signup', nick, '--password-stdin'], { env: envOf(nick), input: 'correct horse battery\n' })
  expect(await as('mila', 'admin', 'claim', server.houseCode ?? '')).toMatchObject({ code: 0 })
})
afterAll(async () => {
  await proxy.close()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  proxy.weather = 'fair'
  state = mkdtempSync(join(directory, 'state-'))
  good = await list()
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function envOf(nick: string): Record<string, string> {
  return environment(join(directory, nick), { AUCTION_SERVER: proxy.url, ...(state && { XDG_STATE_HOME: state }) })
}
const as = (nick: string, ...words: string[]): Promise<Ended> => auction(words, { env: envOf(nick) })
const list = async () => (await as('mila', 'sell', 'Leica', '--start', '10', '--ends-in', '1h', '-q')).out.trim()
const kept = () => readdirSync(join(state, 'auction'))
const theFile = () => join(state, 'auction', kept()[0] ?? '')
const json = ({ out }: Ended) => JSON.parse(out) as { replayed: boolean; bid: { id: number } }
/** Bids on a good: bidder and amount, oldest first. */
const books = async (id = good) => {
  const { out } = await as('mila', 'bids', id, '--json')
  const { items } = JSON.parse(out) as { items: { bidder: { nick: string }; amount: { amount: number } }[] }
  return items.map(({ bidder, amount }) => [bidder.nick, amount.amount]).reverse()
}

/** Starts a program for each command line, and kills them when the write of each is held. */
async function killed(lines: readonly string[][], nick = 'ann', signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (proxy.weather === 'fair') proxy.weather = 'answers held'
  const held = proxy.held(lines.length)
  const started = lines.map((words) => spawn(AUCTION, words, { env: envOf(nick), stdio: 'ignore' }))
  children.push(...started)
  const gone = started.map((child) => new Promise((resolve) => child.on('close', resolve)))
  await held
  for (const child of started) child.kill(signal)
  await Promise.all(gone)
  proxy.weather = 'fair'
}

describe('a program killed between sending and knowing', () => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
    'by %s left its bid; the same command line asks about it, and it counts once',
    async (signal) => {
      await killed([['bid', good, 'min', '--message', 'for Ann']], 'ann', signal)
      expect(await books()).toEqual([['ann', 1_000]])
      const again = await as('ann', 'bid', good, 'min', '--message', 'for Ann')
      expect(again).toMatchObject({ code: 0, err: expect.stringMatching(ASKING) })
      expect(await books()).toEqual([['ann', 1_000]])
      const [first, second] = proxy.writes.slice(-2)
      expect(second).toEqual(first)
      expect(kept()).toEqual([])
    },
  )

  it('is told so by `replayed` with --json, which says nothing on stderr; flags of the output make no difference', async () => {
    await killed([['bid', good, 'min', '--max', '15', '--debug']])
    const again = await as('ann', '--json', 'bid', good, '--max=15', 'min')
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(json(again).replayed).toBe(true)
    expect(await books()).toHaveLength(1)
  })

  it('asks with the amount of then, not with the minimum of now', async () => {
    await killed([['bid', good, 'min', '--max', '20']])
    await as('bob', 'bid', good, '15')
    const again = await as('ann', 'bid', good, 'min', '--max', '20', '--json')
    expect(json(again).replayed).toBe(true)
    expect(proxy.writes.at(-1)?.body).toBe('{"amount":1000,"max":2000}')
  })

  it('makes the bid when the request had never arrived', async () => {
    proxy.weather = 'requests held'
    await killed([['bid', good, '+2']])
    expect(await books()).toEqual([])
    const again = await as('ann', 'bid', good, '+2', '--json')
    expect(json(again).replayed).toBe(false)
    const [first, second] = proxy.writes.slice(-2)
    expect(second).toEqual(first)
    expect(await books()).toHaveLength(1)
  })

  it('is dead also while nobody has noticed that it is (a zombie)', async () => {
    proxy.weather = 'answers held'
    const held = proxy.held(1)
    // After `exec` the parent is a program that never asks how its child ended.
    const parent = spawn('sh', ['-c', `${AUCTION} bid ${good} min & echo $!; exec sleep 60`], { env: envOf('ann') })
    children.push(parent)
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (line) => resolve(Number(line))))
    await held
    process.kill(pid, 'SIGKILL')
    proxy.weather = 'fair'
    expect(json(await as('ann', 'bid', good, 'min', '--json')).replayed).toBe(true)
  })

  it('left a deposit, which comes in once', async () => {
    const before = await as('bob', 'wallet', '-q')
    await killed([['admin', 'deposit', 'bob', '5']], 'mila')
    const again = await as('mila', 'admin', 'deposit', 'bob', '5')
    expect(again).toMatchObject({ code: 0, err: expect.stringMatching(/^Asking again about the deposit of /) })
    expect(Number((await as('bob', 'wallet', '-q')).out) - Number(before.out)).toBe(5)
  })

  it('left nothing for another account, another good, or other words', async () => {
    await killed([['bid', good, '12']])
    for (const [nick, ...words] of [
      ['bob', 'bid', good, '13'],
      ['ann', 'bid', await list(), '12'],
      ['ann', 'bid', good, '12', '--max', '14'],
    ] as const) {
      const { err } = await as(nick, ...words)
      expect(err).not.toContain('Asking again')
    }
    expect(kept()).toHaveLength(1)
    const elsewhere = await auction(['bid', good, '12'], { env: { ...envOf('ann'), AUCTION_SERVER: server.url } })
    expect(elsewhere).toMatchObject({ code: 4 })
    expect(kept()).toHaveLength(1)
  })

  it('loses none of five, whose outcomes are all told afterwards', async () => {
    const goods = await Promise.all(Array.from({ length: 5 }, list))
    await killed(goods.map((id, index) => ['bid', id, String(20 + index)]))
    expect(kept()).toHaveLength(5)
    const again = await Promise.all(goods.map((id, index) => as('ann', 'bid', id, String(20 + index), '--json')))
    expect(again.map((each) => json(each).replayed)).toEqual(Array(5).fill(true))
    for (const [index, id] of goods.entries()) expect(await books(id)).toEqual([['ann', 2_000 + 100 * index]])
    expect(kept()).toEqual([])
  })
})

describe('several programs at once', () => {
  it('keep their keys apart, and leave nothing behind', async () => {
    const goods = await Promise.all(Array.from({ length: 5 }, list))
    const before = proxy.writes.length
    const ran = await Promise.all(goods.map((id, index) => as('ann', 'bid', id, String(20 + index), '--json')))
    expect(ran.map((each) => [each.code, each.err, json(each).replayed])).toEqual(Array(5).fill([0, '', false]))
    expect(new Set(proxy.writes.slice(before).map(({ key }) => key)).size).toBe(5)
    expect(kept()).toEqual([])
  })

  it('each make a request of their own of the same command line, while the other still runs', async () => {
    proxy.weather = 'answers held'
    const held = proxy.held(1)
    const first = spawn(AUCTION, ['admin', 'deposit', 'bob', '7'], { env: envOf('mila'), stdio: 'ignore' })
    children.push(first)
    await held
    // It is there, but asks no more: in fair weather it would soon know.
    first.kill('SIGSTOP')
    proxy.weather = 'fair'
    const second = await as('mila', 'admin', 'deposit', 'bob', '7', '--json')
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(json(second).replayed).toBe(false)
    expect(kept()).toHaveLength(1)
  })
})

describe('a write that may hold a secret', () => {
  const sales = async () => {
    const { items } = JSON.parse((await as('mila', 'sales', '--json')).out) as { items: { id: number; name: string }[] }
    return items.map(({ name }) => name)
  }
  const named = async (name: string) => (await sales()).filter((each) => each === name).length

  it('counts once when its answer was lost and the same line is run again', async () => {
    const unsold = (await as('mila', 'sell', 'Old', '--start', '10', '--ends-in', '1s', '-q')).out.trim()
    const status = async () => JSON.parse((await as('mila', 'show', unsold, '--json')).out).status as string
    await expect.poll(status).toBe('unsold')
    const lines = [
      ['mila', 'sell', 'New', '--start', '10', '--ends-in', '1h'],
      ['mila', 'relist', unsold, '--ends-in', '1h', '--name', 'Again', '--reserve', '90'],
      ['mila', 'edit', good, '--note', 'Serviced in 2023'],
      ['mila', 'chat', good, 'Welcome'],
      ['ann', 'bid', good, '12', '--message', 'for Ann'],
    ] as const
    const before = proxy.writes.length
    proxy.weather = 'answers lost'
    const lost = await Promise.all(lines.map(([nick, ...words]) => as(nick, ...words)))
    proxy.weather = 'fair'
    expect(lost.map(({ code }) => code)).toEqual([14, 14, 14, 14, 14])
    for (const { err } of lost)
      expect(err).toMatch(/^hint: Ask again, it counts once: auction .+ --idempotency-key \S+ --server \S+$/m)
    const keysSince = (from: number) => Object.fromEntries(proxy.writes.slice(from).map(({ path, key }) => [path, key]))
    const first = keysSince(before)
    const after = proxy.writes.length
    for (const [nick, ...words] of lines) {
      const again = await as(nick, ...words)
      expect(again).toMatchObject({
        code: 0,
        err: expect.stringMatching(/^Asking again about the (sale|change|line|bid) of /),
      })
    }
    expect(Object.keys(first)).toHaveLength(5)
    expect(keysSince(after)).toEqual(first)
    expect(kept()).toEqual([])
    expect(await books()).toEqual([['ann', 1_200]])
    expect([await named('New'), await named('Again')]).toEqual([1, 1])
    const { out: shown } = await as('mila', 'show', good)
    expect(shown.match(/Serviced in 2023/g)).toHaveLength(1)
    expect((await as('mila', 'chat', good)).out.match(/Welcome/g)).toHaveLength(1)
    // What is known is over: the same words say it again.
    expect(await as('mila', 'chat', good, 'Welcome')).toMatchObject({ code: 0, err: '' })
    expect((await as('mila', 'chat', good)).out.match(/Welcome/g)).toHaveLength(2)
  })

  it('is found by what its files and its stdin hold, none of which is on disk', async () => {
    const notes = join(directory, 'notes.txt')
    writeFileSync(notes, 'Seven keys')
    const terms = [
      '--start',
      '10',
      '--ends-in',
      '1h',
      '--reserve',
      '97',
      '--description',
      `@${notes}`,
      '--password-stdin',
    ]
    const line = ['sell', 'Vault', ...terms]
    const sell = (input: string) => auction(line, { env: envOf('mila'), input })
    proxy.weather = 'answers garbled'
    const lost = await sell('opensesame\n')
    proxy.weather = 'fair'
    expect(lost.code).toBe(14)
    expect(kept()).toHaveLength(1)
    const { asked, call, line: printed } = JSON.parse(readFileSync(theFile(), 'utf8')) as Record<string, unknown>
    expect([asked, call, printed]).toEqual([
      { server: proxy.url, account: expect.any(Number), words: ['sell', expect.stringMatching(/^[0-9a-f]{32}$/)] },
      { params: {} },
      [],
    ])
    expect((await sell('another\n')).err).not.toContain('Asking again')
    writeFileSync(notes, 'Eight keys')
    expect((await sell('opensesame\n')).err).not.toContain('Asking again')
    writeFileSync(notes, 'Seven keys')
    expect(await named('Vault')).toBe(3)
    expect(await sell('opensesame\n')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^Asking again about the sale/),
    })
    expect(await named('Vault')).toBe(3)
  })

  it('counts once with a key given by hand, which another content is refused with', async () => {
    const say = (text: string) => as('mila', 'chat', good, text, '--idempotency-key', 'mine-3')
    const [first, second] = [await say('Hello'), await say('Hello')]
    expect([first.code, second.code]).toEqual([0, 0])
    expect(second.out).toBe(first.out)
    expect(await say('Goodbye')).toMatchObject({ code: 6, err: expect.stringContaining('came with another request') })
    const change = (note: string) => as('mila', 'edit', good, '--note', note, '--idempotency-key', 'mine-4')
    expect([(await change('one')).code, (await change('one')).code, (await change('two')).code]).toEqual([0, 0, 6])
    const six = await Promise.all(Array.from({ length: 6 }, list))
    expect(new Set(six).size).toBe(6)
    expect(kept()).toEqual([])
  })

  it('is asked about with the printed line too', async () => {
    proxy.weather = 'answers garbled'
    const { err } = await as('mila', 'sell', 'Printed', '--start', '10', '--ends-in', '1h')
    proxy.weather = 'fair'
    const printed = /once: auction (.+)\n/.exec(err)?.[1]?.split(' ') ?? []
    expect(printed.slice(0, 2)).toEqual(['sell', 'Printed'])
    expect(await as('mila', ...printed)).toMatchObject({ code: 0 })
    expect(await named('Printed')).toBe(1)
    expect(kept()).toEqual([])
  })
})

describe('what is kept', () => {
  it('is one file that only its owner can read, in a directory of the same kind', async () => {
    await killed([['bid', good, 'min']])
    expect(kept()).toHaveLength(1)
    expect(statSync(theFile()).mode & 0o777).toBe(0o600)
    expect(statSync(join(state, 'auction')).mode & 0o777).toBe(0o700)
    expect(readFileSync(theFile(), 'utf8')).not.toContain('auc_')
  })

  it('is under ~/.local/state where XDG_STATE_HOME is not set', async () => {
    const { XDG_STATE_HOME: _state, ...env } = envOf('ann')
    proxy.weather = 'answers held'
    const held = proxy.held(1)
    children.push(spawn(AUCTION, ['bid', good, 'min'], { env, stdio: 'ignore' }))
    await held
    expect(readdirSync(join(directory, 'ann/.local/state/auction'))).toHaveLength(1)
  })

  it('goes with a refusal, which is an outcome', async () => {
    await as('bob', 'bid', good, '12')
    expect(await as('ann', 'bid', good, '11')).toMatchObject({ code: 10 })
    expect(kept()).toEqual([])
  })

  it('stays while the outcome is unknown; the plain line and the printed line ask about the same bid', async () => {
    const goods = [good, await list()]
    proxy.weather = 'answers garbled'
    const lost = await Promise.all(goods.map((id) => as('ann', 'bid', id, 'min')))
    proxy.weather = 'fair'
    expect(lost.map(({ code }) => code)).toEqual([14, 14])
    expect(kept()).toHaveLength(2)
    const printed = /auction (bid .+)\n/.exec(lost[1]?.err ?? '')?.[1]?.split(' ') ?? []
    for (const words of [['bid', good, 'min'], printed])
      expect(json(await as('ann', ...words, '--json')).replayed).toBe(true)
    for (const id of goods) expect(await books(id)).toHaveLength(1)
    expect(kept()).toEqual([])
  })

  it('is not looked up for a key given by hand', async () => {
    await killed([['bid', good, 'min']])
    const { key } = proxy.writes.at(-1) ?? {}
    const own = await as('ann', 'bid', good, 'min', '--max', '30', '--idempotency-key', 'mine-1')
    expect(own).toMatchObject({ code: 0, err: '' })
    expect(proxy.writes.at(-1)?.key).toBe('mine-1')
    expect(kept()).toHaveLength(1)
    const again = await as('ann', 'bid', good, '10', '--idempotency-key', String(key), '--json')
    expect(json(again).replayed).toBe(true)
    expect(kept()).toEqual([])
  })

  it('stays when the house cannot be reached, or does not know the caller any more', async () => {
    await killed([['bid', good, 'min']])
    const nobody = { ...envOf('ann'), AUCTION_TOKEN: 'auc_of_nobody' }
    expect(await auction(['bid', good, 'min'], { env: nobody })).toMatchObject({ code: 4 })
    expect(kept()).toHaveLength(1)
    expect(json(await as('ann', 'bid', good, 'min', '--json')).replayed).toBe(true)
  })

  it('is forgotten after a day, which is said; the next is a new request', async () => {
    await killed([['admin', 'deposit', 'bob', '3']], 'mila')
    const aged = theFile().replace(/\d+(?=-[^/]*$)/, (at) => String(Number(at) - 25 * 60 * 60 * 1000))
    renameSync(theFile(), aged)
    const old = proxy.writes.at(-1)
    const fresh = await as('mila', 'admin', 'deposit', 'bob', '3')
    expect(fresh).toMatchObject({ code: 0, err: expect.stringMatching(/^Forgotten after a day: .+\n$/) })
    expect(proxy.writes.at(-1)?.key).not.toBe(old?.key)
    expect(kept()).toEqual([])
  })

  it.each<[string, (path: string) => void]>([
    ['cut short', (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20))],
    ['empty', (path) => writeFileSync(path, '')],
    ['changed in one digit', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('1000', '1001'))],
    ['of another request', (path) => writeFileSync(path, '{}')],
    ['readable by others', (path) => chmodSync(path, 0o644)],
    ['somebody else’s', (path) => chownSync(path, 4242, 4242)],
    [
      'a directory',
      (path) => {
        rmSync(path)
        mkdirSync(path)
      },
    ],
    [
      'a symbolic link',
      (path) => {
        renameSync(path, `${path}.x`)
        symlinkSync(`${path}.x`, path)
      },
    ],
    ['in a directory that others can write', () => chmodSync(join(state, 'auction'), 0o777)],
  ])('is a failure, and no guess, when it is %s', async (what, spoil) => {
    // Only root can give a file away.
    if (what.startsWith('somebody') && process.getuid?.() !== 0) return
    await killed([['bid', good, 'min']])
    spoil(theFile())
    const before = proxy.writes.length
    const { code, out, err } = await as('ann', 'bid', good, 'min')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^error: .+\nhint: .+\n$/)
    expect(err).toContain(join(state, 'auction'))
    expect(proxy.writes).toHaveLength(before)
  })
})

describe('a key that cannot be kept', () => {
  it('is refused before anything is sent, unless it is given by hand', async () => {
    rmSync(join(state, 'auction'), { recursive: true })
    writeFileSync(join(state, 'auction'), '')
    const before = proxy.writes.length
    const { code, err } = await as('ann', 'bid', good, 'min')
    expect(code).toBe(1)
    expect(err).toMatch(/^error: .+\nhint: .*(XDG_STATE_HOME|Move it away).*\n$/)
    expect(proxy.writes).toHaveLength(before)
    expect(await as('ann', 'bid', good, 'min', '--idempotency-key', 'mine-2')).toMatchObject({ code: 0, err: '' })
  })

  it('is refused where the file system is read-only', async () => {
    state = '/proc/nowhere'
    const { code, err } = await as('ann', 'bid', good, 'min')
    state = join(directory, 'mila')
    expect(code).toBe(1)
    expect(err).toMatch(
      /^error: Nothing was sent, as its key cannot be kept in \/proc\/nowhere\/auction: .+\nhint: .+\n$/,
    )
    expect(await books()).toEqual([])
  })
})

describe('bid --if-seq', () => {
  const seqOf = async () => (JSON.parse((await as('ann', 'show', good, '--json')).out) as { seq: number }).seq

  it('bids while nothing has happened since, and is a conflict (6) once something has', async () => {
    const seen = String(await seqOf())
    await as('bob', 'bid', good, '12')
    const late = await as('ann', 'bid', good, '20', '--if-seq', seen)
    expect(late).toMatchObject({ code: 6, out: '', err: expect.stringMatching(/^error: .+\nhint: .+\n$/) })
    expect(await books()).toEqual([['bob', 1_200]])
    expect(await as('ann', 'bid', good, '20', '--if-seq', String(await seqOf()))).toMatchObject({ code: 0 })
  })
})
