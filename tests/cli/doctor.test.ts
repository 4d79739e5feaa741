/** `auction doctor`: each thing that can be wrong is named, with the command that mends it. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isNewer } from '../../packages/cli/src/house-version.ts'
import { environment, auction as program, serve } from '../support/program.ts'
import { type Home, now, openHome } from './command-line.ts'
import { type Answer, deadUrl, openStub, refusal, type StubHouse, user } from './stub-house.ts'

const ready = {
  status: 'ok',
  database: 'sqlite',
  books: 'right',
  alarms: { store: 'embedded', ok: true, detail: null },
}
let home: Home
let house: StubHouse
let answers: Record<string, Answer>
let clockOff: number
/** The wall clock, which goes on: the time between a tick and a look at it is no fault. */
const wall = () => now + performance.now()

beforeEach(async () => {
  home = openHome()
  clockOff = 0
  answers = {}
  house = await openStub(({ path }) => {
    if (answers[path]) return answers[path]
    if (path === '/sse') return tick(wall() + clockOff)
    if (path === '/readyz') return { json: ready, headers: { 'x-auction-version': '9.0.0' } }
    return { json: path === '/livez' ? { status: 'ok' } : user }
  })
})
afterEach(async () => {
  await house.close()
  home.close()
})

const tick = (at: number): Answer => ({
  text: `retry: 400\ndata: ${Math.round(at)}\n\n`,
  headers: { 'content-type': 'text/event-stream' },
})

interface Found {
  readonly name: string
  readonly state: string
  readonly found: string
  readonly mend: string | null
}
const doctor = async (setting: Parameters<Home['auction']>[1] = {}) => {
  const ran = await home.auction(['doctor', '--json'], { server: house.url, wall, ...setting })
  expect(ran.err).toBe('')
  const { ok, items } = JSON.parse(ran.out) as { ok: boolean; items: Found[] }
  expect(ran.code).toBe(ok ? 0 : 1)
  // A check that fails, and only that, says how to mend it.
  for (const { state, mend } of items) expect(mend !== null).toBe(state === 'failed')
  return { ok, check: (name: string) => items.find((item) => item.name === name) }
}

describe('the house', () => {
  it('that is well, with its version, its clock and the login, is 0', async () => {
    const { ok, check } = await doctor()
    expect(ok).toBe(true)
    expect(check('server')?.found).toContain('version 9.0.0, sqlite, newer than this program')
    expect(check('clock')?.state).toBe('ok')
    expect(check('login')).toMatchObject({ state: 'ok', found: 'noor' })
  })

  it('that is away is 1: start one, and what hangs on it is not blamed', async () => {
    const { check } = await doctor({ server: deadUrl })
    expect(check('server')).toMatchObject({ state: 'failed', mend: 'auction serve' })
    for (const name of ['clock', 'login']) expect(check(name)?.state).toBe('skipped')
  })

  it.each([
    [{ text: '<html>' }, /not an auction house/],
    [{ json: { ...ready, books: 'wrong', status: 'degraded' } }, /books are wrong/],
    [
      { json: { ...ready, status: 'degraded', alarms: { store: 'mongodb', ok: false, detail: 'gone\u001b[2J' } } },
      /mongodb job store is away: gone$/,
    ],
  ] as const)('%j is told', async (answer, told) => {
    answers['/readyz'] = answer
    const server = (await doctor()).check('server')
    expect(server).toMatchObject({ state: 'failed', mend: expect.stringMatching(/^auction /) })
    expect(server?.found).toMatch(told)
  })

  it('whose clock is another is told', async () => {
    clockOff = 3_600_000
    const clock = (await doctor()).check('clock')
    expect(clock).toMatchObject({ state: 'failed', mend: 'sudo timedatectl set-ntp true' })
    expect(clock?.found).toMatch(/^(1h|59m 5\ds) behind the house/)
  })

  it('whose tick came late once has the right clock all the same', async () => {
    answers['/sse'] = tick(wall() - 5_000)
    const found = doctor()
    await expect.poll(() => house.asked.some(({ path }) => path === '/sse')).toBe(true)
    delete answers['/sse']
    expect((await found).check('clock')?.state).toBe('ok')
  })

  it('that takes the token no more is told, by where the token came from', async () => {
    answers['/v1/me'] = refusal(401, 'UNAUTHENTICATED')
    expect((await doctor()).check('login')?.mend).toBe('unset AUCTION_TOKEN')
  })
})

describe('what is kept here', () => {
  it('nobody logged in is no fault', async () => {
    const { ok, check } = await doctor({ env: { AUCTION_TOKEN: '' } })
    expect(ok).toBe(true)
    expect(check('login')).toMatchObject({ state: 'skipped' })
    expect(check('credentials')).toMatchObject({ state: 'skipped' })
  })

  it('logins that others can read are told, and mended by what is printed', async () => {
    mkdirSync(join(home.path, 'auction'), { mode: 0o700 })
    writeFileSync(home.credentials, '{}')
    chmodSync(home.credentials, 0o644)
    expect((await doctor()).check('credentials')?.mend).toBe(`chmod 600 ${home.credentials}`)
    chmodSync(home.credentials, 0o600)
    expect((await doctor()).check('credentials')?.state).toBe('ok')
  })

  it('a damaged file of logins, and one that is none, are told', async () => {
    mkdirSync(join(home.path, 'auction'), { mode: 0o700 })
    writeFileSync(home.credentials, 'nonsense', { mode: 0o600 })
    expect((await doctor()).check('credentials')?.mend).toBe(`mv ${home.credentials} ${home.credentials}.old`)
  })

  it('a state directory that is a file, or open to others, is told', async () => {
    writeFileSync(join(home.path, 'file'), '')
    const state = join(home.path, 'file')
    expect((await doctor({ env: { XDG_STATE_HOME: state } })).check('state')?.mend).toBe(`mv ${state} ${state}.old`)
    mkdirSync(join(home.path, 'auction'))
    chmodSync(join(home.path, 'auction'), 0o777)
    expect((await doctor()).check('state')?.mend).toBe(`chmod 700 ${join(home.path, 'auction')}`)
  })

  it('a data directory is looked at where there is one', async () => {
    expect((await doctor({ env: { AUCTION_DATA: join(home.path, 'none') } })).check('data')?.state).toBe('skipped')
    expect((await doctor({ env: { AUCTION_DATA: home.path } })).check('data')?.found).toContain('no database yet')
    writeFileSync(join(home.path, 'file'), '')
    expect((await doctor({ env: { AUCTION_DATA: join(home.path, 'file') } })).check('data')?.state).toBe('failed')
  })
})

describe('the terminal', () => {
  const env = { LANG: 'C.UTF-8', TERM: 'xterm' }

  it('is told by size, colours and alphabet; elsewhere it is left out', async () => {
    expect((await doctor()).check('terminal')?.state).toBe('skipped')
    const small = await doctor({ terminal: true, columns: 40, env: { TERM: 'dumb', LANG: 'C' } })
    expect(small.check('terminal')?.mend).toContain('printf')
    expect(small.check('colour')?.mend).toBe('export TERM=xterm-256color')
    expect(small.check('unicode')?.mend).toBe('export LC_ALL=C.UTF-8')
    const plain = await doctor({ terminal: true, env: { ...env, NO_COLOR: '1' } })
    expect(plain.check('colour')).toMatchObject({ state: 'ok', found: 'no colours, as asked' })
    expect(plain.check('unicode')?.state).toBe('ok')
  })

  it('shows a sign before each check, and the mend whole under what failed', async () => {
    const server = deadUrl
    const ran = await home.auction(['doctor'], { server, terminal: true, columns: 30, env })
    expect(ran.out).toContain('mend it: auction serve\n')
    expect(ran.out).toMatch(/✗.* server: http/)
  })
})

it('in a pipe is a line for each check; -q names what failed', async () => {
  const server = deadUrl
  expect((await home.auction(['doctor'], { server })).out).toMatch(/^server\tfailed\t.*\tauction serve$/m)
  expect(await home.auction(['doctor', '-q'], { server })).toEqual({ code: 1, out: 'server\n', err: '' })
})

it('finds nothing wrong with a real house', async () => {
  const env = environment(home.path, { AUCTION_PORT: '0', AUCTION_DATA: join(home.path, 'data') })
  const running = await serve(env)
  try {
    const ran = await program(['doctor', '--server', running.url], { env })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(/^server\tok\t.*version \d+\.\d+\.\d+, sqlite/m)
    expect(ran.out).toMatch(/^clock\tok\t/m)
    expect(ran.out).toMatch(/^data\tok\t.*auction\.db/m)
  } finally {
    await running.kill()
  }
})

it.each([
  ['0.3.0', '0.2.9', true],
  ['0.10.0', '0.9.9', true],
  ['0.2.0', '0.2.0', false],
  ['0.2.0', '0.10.0', false],
  ['9.9.9-evil', '0.2.0', false],
  ['', '0.2.0', false],
])('version %s is newer than %s: %s', (one, other, newer) => expect(isNewer(one, other)).toBe(newer))
