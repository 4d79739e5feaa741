/** Several accounts at several houses, the file of an older program, and a keyring that works, refuses or never answers. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentials } from '../../packages/cli/src/credentials.ts'
import { type Keyring, openKeyring } from '../../packages/cli/src/keyring.ts'
import { environment, auction as program } from '../support/program.ts'
import { type Home, openHome } from './command-line.ts'
import { deadUrl, openStub, refusal, type StubHouse, user } from './stub-house.ts'

const expiresAt = '2027-01-01T00:00:00.000Z'
let home: Home
let house: StubHouse
let other: StubHouse

/** A house that takes any nick, and any token but those in `refused`. */
const open = (refused: string[] = []) =>
  openStub(({ path, body, headers }) => {
    const bearer = headers.authorization?.replace('Bearer auc_', '') ?? ''
    if (path === '/v1/sessions/current') return { status: 204, text: '' }
    if (path === '/v1/sessions') {
      const { nick } = JSON.parse(body)
      return { status: 201, json: { token: `auc_${nick}`, expiresAt, user: { ...user, nick } } }
    }
    return refused.includes(bearer) ? refusal(401, 'UNAUTHENTICATED') : { json: { ...user, nick: bearer } }
  })

beforeEach(async () => {
  home = openHome()
  house = await open()
  other = await open(['zoe'])
})
afterEach(async () => {
  await Promise.all([house.close(), other.close()])
  home.close()
})

const auction = (words: readonly string[], stdin = '', server = house.url) =>
  home.auction(words, { server, stdin, env: { AUCTION_TOKEN: '' } })
const login = (nick: string, server = house.url) =>
  auction(['login', nick, '--password-stdin'], 'correct horse\n', server)
const whoami = async () => (await auction(['whoami'])).out.trimEnd()

describe('several accounts at one house', () => {
  it('stay logged in beside each other; the last is used until another is chosen', async () => {
    await login('noor')
    await login('mila')
    expect(await whoami()).toBe('mila')
    expect(await auction(['auth', 'switch', 'noor'])).toEqual({ code: 0, err: '', out: `${house.url}\tnoor\n` })
    expect(await whoami()).toBe('noor')
    await auction(['auth', 'switch', 'mila'])
    expect(await whoami()).toBe('mila')
  })

  it('are not doubled by logging in again, or by choosing the one in use', async () => {
    for (const nick of ['noor', 'mila', 'noor']) await login(nick)
    await auction(['auth', 'switch', 'noor'])
    expect((await auction(['auth', 'status', '--all', '-q'])).out).toBe(`noor ${house.url}\nmila ${house.url}\n`)
  })

  it('logging out leaves nobody in use: the next bid is not somebody else’s by surprise', async () => {
    await login('noor')
    await login('mila')
    expect((await auction(['logout'])).code).toBe(0)
    expect((await auction(['whoami'])).code).toBe(4)
    await auction(['auth', 'switch', 'noor'])
    expect(await whoami()).toBe('noor')
  })

  it('one that is not logged in is 4 and says who is', async () => {
    await login('noor')
    const ran = await auction(['auth', 'switch', 'zoe'])
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(ran.err).toContain('noor is')
    expect(ran.err).toContain('auction login zoe')
    expect(await whoami()).toBe('noor')
  })
})

describe('several houses', () => {
  it('are each asked about every account by auth status --all', async () => {
    const gone = deadUrl
    await login('noor')
    await login('zoe', other.url)
    await createCredentials({ XDG_CONFIG_HOME: home.path }).write(gone, { token: 'auc_x', nick: 'mila', expiresAt })
    const { items } = JSON.parse((await auction(['auth', 'status', '--all', '--json'])).out)
    expect(items.map(({ server, nick, state }: Record<string, string>) => [server, nick, state])).toEqual([
      [house.url, 'noor', 'works'],
      [other.url, 'zoe', 'refused'],
      [gone, 'mila', 'away'],
    ])
    const pipe = await auction(['auth', 'status', '--all'])
    expect(pipe.out).not.toContain('auc_')
    expect(pipe.out.split('\n')[0]).toBe(`${house.url}\tnoor\tyes\tworks\t${expiresAt}\t${home.credentials}`)
  })

  it('are changed between by URL, where one is logged in', async () => {
    await login('zoe', other.url)
    const bare = (words: string[]) => home.auction(words, { env: { AUCTION_TOKEN: '' } })
    expect((await bare(['auth', 'switch', `${other.url}/`])).code).toBe(0)
    expect((await bare(['config', 'get', 'server'])).out).toBe(`${other.url}\n`)
    expect((await bare(['auth', 'switch', house.url])).code).toBe(4)
    expect((await bare(['auth', 'switch', 'ftp://x'])).code).toBe(2)
  })

  it('nobody logged in anywhere is 4', async () => {
    expect((await auction(['auth', 'status', '--all'])).code).toBe(4)
  })
})

it('the file of an older program is read, and keeps its shape for it', async () => {
  mkdirSync(dirname(home.credentials), { mode: 0o700 })
  const old = { [house.url]: { token: 'auc_noor', nick: 'noor', expiresAt } }
  writeFileSync(home.credentials, JSON.stringify(old), { mode: 0o600 })
  expect(await whoami()).toBe('noor')
  await login('mila')
  const stored = JSON.parse(readFileSync(home.credentials, 'utf8'))
  // What the older program takes: the login in use, at the server's own place.
  expect(stored[house.url]).toMatchObject({ token: 'auc_mila', nick: 'mila', expiresAt })
  await auction(['auth', 'switch', 'noor'])
  expect(await whoami()).toBe('noor')
})

describe('a keyring', () => {
  const server = 'http://house.example'
  const noor = { token: 'auc_secret', nick: 'noor', expiresAt }
  const memory = (): Keyring & { readonly secrets: Map<string, string> } => {
    const secrets = new Map<string, string>()
    return {
      secrets,
      get: async (name) => secrets.get(name) ?? null,
      set: async (name, secret) => void secrets.set(name, secret),
      delete: async (name) => void secrets.delete(name),
    }
  }
  const credentials = (keyring: Keyring | null) => createCredentials({ XDG_CONFIG_HOME: home.path }, keyring)

  it('that works has the token, which is in no file, until it is forgotten', async () => {
    const keyring = memory()
    const kept = credentials(keyring)
    await kept.write(server, noor)
    expect(readFileSync(home.credentials, 'utf8')).not.toContain('auc_secret')
    const active = kept.read(server)
    expect(active).toEqual({ nick: 'noor', expiresAt, token: null })
    expect(active && (await kept.tokenOf(server, active))).toBe('auc_secret')
    await kept.remove(server)
    expect(keyring.secrets.size).toBe(0)
    expect(kept.read(server)).toBeNull()
  })

  it('that refuses leaves the token to the file', async () => {
    const no = () => Promise.reject(new Error('locked'))
    const kept = credentials({ get: no, set: no, delete: no })
    await kept.write(server, noor)
    const active = kept.read(server)
    expect(active && (await kept.tokenOf(server, active))).toBe('auc_secret')
  })

  it('that had the token and has it no more, is shut, or is gone, is a failure that says what to do', async () => {
    const keyring = memory()
    await credentials(keyring).write(server, noor)
    keyring.secrets.clear()
    const shut = { ...keyring, get: () => Promise.reject(new Error('locked')) }
    for (const now of [keyring, shut, null]) {
      const active = credentials(now).read(server)
      if (!active) throw new Error('the login is gone')
      await expect(credentials(now).tokenOf(server, active)).rejects.toMatchObject({
        code: 'FAILED',
        hint: expect.stringContaining('AUCTION_KEYRING=off auction login'),
      })
    }
  })

  it('is not opened where AUCTION_KEYRING is off, nor on Linux without a session bus', () => {
    expect(openKeyring({ AUCTION_KEYRING: 'off', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' })).toBeNull()
    if (process.platform === 'linux') expect(openKeyring({})).toBeNull()
  })

  it('that never answers is given up after its limit, and the file has the token', async () => {
    // Elsewhere than on Linux the keyring has no address that a test could lead astray.
    if (process.platform !== 'linux') return
    const bus = createServer(() => {})
    const address = join(home.path, 'bus')
    await new Promise<void>((done) => void bus.listen(address, done))
    try {
      const env = environment(home.path, {
        AUCTION_KEYRING: 'on',
        DBUS_SESSION_BUS_ADDRESS: `unix:path=${address}`,
        AUCTION_SERVER: house.url,
      })
      const ran = await program(['login', 'noor', '--password-stdin'], { env, input: 'correct horse\n' })
      expect(ran).toMatchObject({ code: 0, err: '' })
      expect(readFileSync(home.credentials, 'utf8')).toContain('auc_noor')
    } finally {
      bus.close()
    }
  })
})
