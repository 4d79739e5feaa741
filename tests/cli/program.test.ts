/** The built program as a process: streams that close or stay open, signals, colours, prompts in a real terminal. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environment as personal, type RunningServer, auction as run, serve } from '../support/program.ts'
import { start, type Terminal } from '../support/terminal.ts'
import { type Home, openHome } from './command-line.ts'
import { good, openStub, type StubHouse, usd, user } from './stub-house.ts'

const BIN = fileURLToPath(new URL('../../packages/cli/bin/auction', import.meta.url))
let home: Home
let house: StubHouse
const children: ChildProcess[] = []
const terminals: Terminal[] = []

beforeEach(async () => {
  home = openHome()
  house = await openStub(({ method, path }) => {
    if (path === '/v1/sessions') return { status: 201, json: { token: 'auc_fresh', expiresAt: good().endsAt, user } }
    if (path.startsWith('/v1/goods?'))
      return {
        json: {
          items: Array.from({ length: 100 }, (_, id) => good({ id: id + 1, name: 'x'.repeat(2_000) })),
          next: 'a',
        },
      }
    if (path.startsWith('/v1/goods')) return { json: good({ minimumBid: usd(1050) }) }
    return { status: method === 'POST' ? 201 : 200, json: user }
  })
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const terminal of terminals.splice(0)) terminal.close()
  await house.close()
  home.close()
})

const environment = () => ({
  PATH: process.env.PATH ?? '',
  XDG_CONFIG_HOME: home.path,
  XDG_STATE_HOME: home.path,
  AUCTION_SERVER: house.url,
  AUCTION_KEYRING: 'off',
  TZ: 'UTC',
})

type Stdin = 'pipe' | 'ignore' | number
interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

function auction(
  words: readonly string[],
  options: { stdin?: Stdin; stdout?: number; env?: Record<string, string> } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(BIN, words, {
    env: { ...environment(), ...options.env },
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'pipe', 'pipe'],
  })
  children.push(child)
  return { child, ended: endOf(child) }
}

function endOf(child: ChildProcess): Promise<Ended> {
  const written = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    written.out += chunk.toString('utf8')
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    written.err += chunk.toString('utf8')
  })
  return new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...written })))
}

function terminal(words: readonly string[], env: Record<string, string> = {}): Terminal {
  // By `env`, as the emulator sets TERM itself.
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const started = start(['env', ...settings, BIN, ...words], { env: { ...environment(), AUCTION_TOKEN: '', ...env } })
  terminals.push(started)
  return started
}

describe('streams', () => {
  it('a reader that goes away ends it quietly, with 0', async () => {
    const { child, ended } = auction(['list', '--limit', '1000'])
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended).toMatchObject({ code: 0, err: '' })
  })

  it('--password-stdin ends after the first line of a pipe that stays open', async () => {
    const { child, ended } = auction(['login', 'noor', '--password-stdin'], { stdin: 'pipe' })
    child.stdin?.write('correct horse\n')
    expect((await ended).code).toBe(0)
  })

  it.each(['list', 'list --json', 'show 42', 'version', 'help list'])(
    '%s whose result cannot be written is 1 and says so',
    async (line) => {
      const { ended } = auction(line.split(' '), { stdout: openSync('/dev/full', 'w') })
      const { code, err } = await ended
      expect(code).toBe(1)
      const said = 'The result could not be written: no space is left there.'
      if (line.includes('--json')) expect(JSON.parse(err)).toMatchObject({ error: { code: 'FAILED', message: said } })
      else expect(err).toMatch(new RegExp(`^error: ${said}\\nhint: .+\\n$`))
    },
  )

  it('an interrupt is 130', async () => {
    const hanging = await openStub(() => 'hang')
    const { child, ended } = auction(['list', '--server', hanging.url])
    while (hanging.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 130, err: '' })
    await hanging.close()
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s while a bid is on its way is 130, and says how to ask again',
    async (signal) => {
      const hanging = await openStub(({ method, path }) => {
        if (method === 'POST') return 'hang'
        return { json: path === '/v1/me' ? user : good({ minimumBid: usd(128_000) }) }
      })
      const bidsAsked = () => hanging.asked.filter(({ method }) => method === 'POST').length
      for (const json of [false, true]) {
        const words = ['bid', '42', 'min', '--server', hanging.url, ...(json ? ['--json'] : [])]
        const { child, ended } = auction(words, { env: { AUCTION_TOKEN: 'auc_x' } })
        const before = bidsAsked()
        while (bidsAsked() === before) await new Promise((resolve) => setTimeout(resolve, 20))
        child.kill(signal)
        const { code, out, err } = await ended
        expect([code, out]).toEqual([130, ''])
        const key = String(hanging.asked.at(-1)?.headers['idempotency-key'])
        const message = 'Interrupted: the outcome of this bid is unknown.'
        const hint = `Ask again with the same key: auction bid 42 1280.00 --idempotency-key ${key} --server ${hanging.url}`
        if (json) expect(JSON.parse(err)).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN', message, hint } })
        else expect(err).toBe(`error: ${message}\nhint: ${hint}\n`)
      }
      await hanging.close()
    },
  )

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('a demo ended by %s is %i, and takes its temporary directory along', async (signal, expected) => {
    const temporary = join(home.path, 'temporary')
    mkdirSync(temporary)
    const { child, ended } = auction(['demo'], { env: { TMPDIR: temporary } })
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    expect(readdirSync(temporary)).toHaveLength(1)
    child.kill(signal)
    expect((await ended).code).toBe(expected)
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('a reader that goes while nobody bids', () => {
  let server: RunningServer
  let env: Record<string, string>
  beforeEach(async () => {
    server = await serve(
      personal(join(home.path, 'house'), { AUCTION_DATA: join(home.path, 'data'), AUCTION_PORT: '0' }),
    )
    env = personal(join(home.path, 'mila'), { AUCTION_SERVER: server.url })
    await run(['signup', 'mila', '--password-stdin'], { env, input: 'correct horse battery\n' })
    expect(await run(['sell', 'Leica', '--start', '10', '--ends-in', '1h'], { env })).toMatchObject({ code: 0 })
  })
  afterEach(() => server.stop())

  /** Runs a line of the shell, in which `$auction` is the program. */
  const shell = (line: string) => {
    const child = spawn('sh', ['-c', line], { env: { ...env, auction: BIN }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    return endOf(child)
  }

  it.each(['watch 1', 'watch 1 --json --exit-status', 'watch 1 --plain', 'notifications --follow'])(
    'ends %s with 0, without an error',
    async (line) => {
      // The reader stays until all that is to be said now has been said, so that no write can tell.
      const ended = await shell(`{ "$auction" ${line}; echo "exit $?" >&2; } | sleep 2`)
      expect(ended).toMatchObject({ code: 0, out: '' })
      expect(ended.err).toMatch(/^(Connection: live\.\n)?exit 0\n$/)
    },
  )

  it('ends watch 1 | head -1 with its line', async () => {
    const { code, out, err } = await shell('"$auction" watch 1 | head -1')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({ type: 'snapshot', goodId: 1 })
  })

  it('ends it where stdout is a socket, as of a program that starts it', async () => {
    const { child, ended } = auction(['watch', '1'], { env })
    child.stdout?.once('data', () => setTimeout(() => child.stdout?.destroy(), 1_000))
    expect(await ended).toMatchObject({ code: 0, err: '' })
  })

  it('leaves alone a reader that stays, and a file', async () => {
    for (const target of ['| cat', `> ${join(home.path, 'written')}`]) {
      const { err } = await shell(`{ timeout 3 "$auction" watch 1; echo "exit $?" >&2; } ${target}`)
      expect(err).toBe('exit 124\n')
    }
  })
})

describe('on a terminal', () => {
  it('colours a table, unless told not to, and asks in plain then too', async () => {
    const coloured = terminal(['list', '--limit', '3'])
    expect(await coloured.ended).toBe(0)
    expect(coloured.output()).toContain('\u001b[2m')
    for (const [words, env] of [
      [['list'], { NO_COLOR: '1' }],
      [['list'], { TERM: 'dumb' }],
      [['list'], { CLICOLOR: '0' }],
      [['list', '--no-color'], {}],
    ] as const) {
      const plain = terminal(words, { ...env })
      expect(await plain.ended).toBe(0)
      expect(plain.output()).not.toContain('\u001b')
      expect(plain.output()).not.toContain('Warning')
    }
  })

  it('asks for nick and password, shows neither the password nor its end, and logs in', async () => {
    const asked = terminal(['login'])
    await asked.waitFor(/Nick/)
    asked.send('noor\r')
    await asked.waitFor(/Password/)
    asked.send('correct horse\r')
    expect(await asked.ended).toBe(0)
    expect(asked.output()).not.toContain('correct')
    expect(JSON.parse(house.asked[0]?.body ?? '')).toEqual({ nick: 'noor', password: 'correct horse' })
  })

  it('asks without colours where none are wanted', async () => {
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
      [{ CLICOLOR: '0', FORCE_COLOR: '3' }, false],
    ] as const) {
      const asked = terminal(['login'], { ...env })
      await asked.waitFor(/Nick/)
      // Select Graphic Rendition, other than a reset.
      expect(asked.output().includes('\u001b[1m') || asked.output().includes('\u001b[34m')).toBe(coloured)
      asked.close()
    }
  })

  it('a question left by Ctrl-C is 130, without a trace', async () => {
    const asked = terminal(['login', 'noor'])
    await asked.waitFor(/Password/)
    asked.send('\u0003')
    expect(await asked.ended).toBe(130)
    expect(asked.output()).not.toMatch(/error|ExitPrompt/i)
  })

  it('a question ended by a signal is 130, and leaves the terminal as it was', async () => {
    const asked = terminal(['login', 'noor'])
    await asked.waitFor(/Password/)
    asked.signal('SIGTERM')
    expect(await asked.ended).toBe(130)
    expect(asked.cursorShown()).toBe(true)
  })

  it('asks before a bid of three times the minimum; no sends nothing', async () => {
    const asked = terminal(['bid', '42', '100'], { AUCTION_TOKEN: 'auc_x' })
    await asked.waitFor(/9 times the minimum/)
    asked.send('n\r')
    expect(await asked.ended).toBe(1)
    expect(asked.output()).toContain('Nothing was sent')
    expect(house.asked.every(({ method }) => method === 'GET')).toBe(true)
  })

  it.each([
    [['cancel', '42', '--reason', 'incorrect'], /has bids: \$10\.00 by zoë\. Cancel it\?/],
    [['accept', '42'], /goes to zoë for \$10\.00\. Sell it now\?/],
    [['admin', 'cancel', '42', '--reason', 'Fake.'], /has bids: .+ Cancel it\?/],
  ])('asks before %j; no sends nothing', async (words, question) => {
    const asked = terminal(words, { AUCTION_TOKEN: 'auc_x' })
    await asked.waitFor(question)
    asked.send('n\r')
    expect(await asked.ended).toBe(1)
    expect(house.asked.every(({ method }) => method === 'GET')).toBe(true)
  })

  it('--no-input and CI ask nothing', async () => {
    for (const [words, env] of [
      [['login', 'noor', '--no-input'], {}],
      [['--no-input', 'login', 'noor'], {}],
      [['login', 'noor'], { CI: '1' }],
    ] as const)
      expect(await terminal(words, { ...env }).ended).toBe(2)
  })
})
