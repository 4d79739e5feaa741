/** Logging in and the file of logins: whose it is, who may read it, which token is used. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentials } from '../../packages/cli/src/credentials.ts'
import { type Home, openHome } from './command-line.ts'
import { openStub, refusal, type StubHouse, user } from './stub-house.ts'

const noToken = { AUCTION_TOKEN: '' }
const login = (token: string) => ({ token, nick: 'noor', expiresAt: '2027-01-01T00:00:00.000Z' })
let home: Home
let house: StubHouse

beforeEach(async () => {
  home = openHome()
  house = await openStub(({ method, path }) => {
    if (path === '/v1/sessions')
      return { status: 201, json: { token: 'auc_fresh', expiresAt: '2027-01-01T00:00:00.000Z', user } }
    if (method === 'DELETE') return { status: 204, text: '' }
    return { status: method === 'POST' ? 201 : 200, json: user }
  })
})
afterEach(async () => {
  home.close()
  await house.close()
})

const auction = (words: readonly string[], stdin = '', env: Record<string, string> = noToken) =>
  home.auction(words, { server: house.url, stdin, env })
const mode = (path: string): number => statSync(path).mode & 0o777

describe('signing up and logging in', () => {
  it('takes the password from the first line of stdin and keeps the token for its owner alone', async () => {
    const ran = await auction(['login', 'noor', '--password-stdin'], 'correct horse\r\nsecond line\n')
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(house.asked[0]?.body ?? '')).toEqual({ nick: 'noor', password: 'correct horse' })
    expect(mode(home.credentials)).toBe(0o600)
    expect(mode(dirname(home.credentials))).toBe(0o700)
    await auction(['whoami'])
    expect(house.asked.at(-1)?.headers.authorization).toBe('Bearer auc_fresh')
  })

  it('signing up logs in as well', async () => {
    const ran = await auction(['signup', 'noor', '--password-stdin', '--json'], 'correct horse\n')
    expect(JSON.parse(ran.out)).toEqual(user)
    expect(house.asked.map(({ path }) => path)).toEqual(['/v1/users', '/v1/sessions'])
    expect((await auction(['auth', 'token'])).out).toBe('auc_fresh\n')
  })

  it('does not wait for the end of a stdin that is held open', async () => {
    const { PassThrough } = await import('node:stream')
    const { readSecretLine } = await import('../../packages/cli/src/prompts.ts')
    const stdin = new PassThrough()
    stdin.write('correct ')
    stdin.write('horse\nmore')
    expect(await readSecretLine(stdin)).toBe('correct horse')
  })

  it.each(['signup', 'login'])(
    '%s without a terminal and without --password-stdin is 2 and names it; an empty stdin too',
    async (command) => {
      const ran = await auction([command, 'noor'], 'correct horse\n')
      expect(ran.code).toBe(2)
      expect(ran.err).toContain('--password-stdin')
      expect((await auction([command, 'noor', '--password-stdin'], '')).code).toBe(2)
      expect((await auction([command], 'x')).code).toBe(2)
      expect(house.asked).toEqual([])
    },
  )

  it('never takes a password as an argument', async () => {
    expect((await auction(['login', 'noor', 'correct horse'])).code).toBe(2)
    expect((await auction(['login', 'noor', '--password', 'correct horse'])).code).toBe(2)
  })
})

describe('the file of logins', () => {
  it.each([0o644, 0o640, 0o604, 0o660])(
    'that others may read (%o) is refused, and the token not used',
    async (bits) => {
      await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
      chmodSync(home.credentials, bits)
      house.asked.length = 0
      for (const words of [['whoami'], ['login', 'noor', '--password-stdin'], ['logout'], ['auth', 'token']]) {
        const ran = await auction(words, 'correct horse\n')
        expect(ran.code).toBe(1)
        expect(ran.err).toContain(`chmod 600 ${home.credentials}`)
      }
      expect(house.asked).toEqual([])
    },
  )

  it('is not followed when it is a symbolic link, nor read when it is a directory', async () => {
    mkdirSync(dirname(home.credentials), { mode: 0o700 })
    const target = join(home.path, 'target')
    writeFileSync(target, '{}', { mode: 0o600 })
    symlinkSync(target, home.credentials)
    expect((await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')).code).toBe(1)
    expect(readFileSync(target, 'utf8')).toBe('{}')
    rmSync(home.credentials)
    mkdirSync(home.credentials)
    expect((await auction(['whoami'])).code).toBe(1)
  })

  it.each(['not json', '[]', '"x"', 'null', '{"http://127.0.0.1:1":5}', '{"a":{"token":"x\\ny","nick":1}}'])(
    'holding %s is no login and no crash',
    async (text) => {
      mkdirSync(dirname(home.credentials), { mode: 0o700 })
      writeFileSync(home.credentials, text.replace('http://127.0.0.1:1', house.url), { mode: 0o600 })
      const ran = await auction(['whoami'])
      expect([1, 4]).toContain(ran.code)
      expect(ran.err).toMatch(/^error: .+\nhint: .+\n$/)
    },
  )

  it('keeps one login per server, dots and all', async () => {
    const credentials = createCredentials({ XDG_CONFIG_HOME: home.path })
    await credentials.write('http://a.example:1', login('auc_a'))
    await credentials.write('http://b.example', login('auc_b'))
    await credentials.remove('http://a.example:1')
    await credentials.remove('http://never.example')
    expect(credentials.read('http://a.example:1')).toBeNull()
    expect(credentials.read('http://b.example')?.token).toBe('auc_b')
    expect(credentials.read('__proto__')).toBeNull()
    expect(mode(home.credentials)).toBe(0o600)
  })

  it('ignores an XDG_CONFIG_HOME that is not absolute', () => {
    expect(createCredentials({ XDG_CONFIG_HOME: 'relative', HOME: '/home/x' }).path).toBe(
      '/home/x/.config/auction/credentials.json',
    )
  })

  it('that cannot be made is a clear failure', async () => {
    writeFileSync(join(home.path, 'auction'), 'a file where the directory goes')
    const ran = await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('AUCTION_TOKEN')
  })
})

describe('the token in use', () => {
  it('is AUCTION_TOKEN before the stored one; one that is none is refused', async () => {
    await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
    await auction(['whoami'], '', { AUCTION_TOKEN: 'auc_mine' })
    expect(house.asked.at(-1)?.headers.authorization).toBe('Bearer auc_mine')
    expect((await auction(['whoami'], '', { AUCTION_TOKEN: 'a\nb: c' })).code).toBe(2)
  })

  it('goes to no other server than its own', async () => {
    await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
    const other = await openStub(() => ({ json: { items: [], next: null } }))
    await home.auction(['list', '--server', other.url], { env: noToken })
    expect(other.asked[0]?.headers.authorization).toBeUndefined()
    await other.close()
  })

  it('is needed: 4 without one, before any request', async () => {
    for (const words of [
      ['whoami'],
      ['wallet'],
      ['won'],
      ['auth', 'status'],
      ['auth', 'token'],
      ['logout'],
      ['admin', 'users'],
    ])
      expect((await auction(words)).code).toBe(4)
    expect(house.asked).toEqual([])
    expect(existsSync(home.credentials)).toBe(false)
  })

  it('is revoked and forgotten by logout, also when it had expired', async () => {
    await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
    expect((await auction(['logout'])).code).toBe(0)
    expect(house.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/sessions/current' })
    expect((await auction(['whoami'])).code).toBe(4)
    const expired = await openStub(() => refusal(401, 'UNAUTHENTICATED'))
    await createCredentials({ XDG_CONFIG_HOME: home.path }).write(expired.url, login('auc_old'))
    expect((await home.auction(['logout'], { server: expired.url, env: noToken })).code).toBe(0)
    await expired.close()
  })

  it('is forgotten by logout when the house is away, which is told', async () => {
    await auction(['login', 'noor', '--password-stdin'], 'correct horse\n')
    await house.close()
    const ran = await auction(['logout'])
    expect(ran.code).toBe(7)
    expect(ran.err).toContain('did not revoke')
    expect((await auction(['auth', 'token'])).code).toBe(4)
  })
})
