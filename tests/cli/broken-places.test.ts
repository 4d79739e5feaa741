/** Places that are gone or may not be written, and a server that nobody reads: the program as a process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/postgres-setup.ts'
import { AUCTION, type Ended, ended, environment } from '../support/program.ts'
import { type Home, openHome } from './command-line.ts'

let home: Home
beforeEach(() => {
  home = openHome()
})
afterEach(() => home.close())

const env = (extra: Record<string, string> = {}) => environment(home.path, extra)

describe('in a directory that was deleted', () => {
  /** The program in a directory that its shell has deleted. */
  const gone = (line: string): Promise<Ended> => {
    const script = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$AUCTION_BIN" $LINE'
    const child = spawn('bash', ['-c', script], { env: env({ AUCTION_BIN: AUCTION, LINE: line }), stdio: 'pipe' })
    return ended(child, '')
  }

  it.each(['serve', 'serve --check', 'serve --demo', 'demo', 'doctor'])('%s is 1, and says so', async (line) => {
    const { code, out, err } = await gone(line)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/error: The directory you are in is no more\.\nhint: Go to one that is there, as: cd\n$/)
  })

  it.each(['version', 'help list', 'config get utc'])('%s, which needs no directory, is 0', async (line) => {
    expect((await gone(line)).code).toBe(0)
  })
})

it.runIf(process.platform === 'linux')('serve where there can be no directory is 1, and ends', async () => {
  const args = ['serve', '--port', '0', '--data', '/proc/nowhere/house']
  const { code, out, err } = await ended(spawn(AUCTION, args, { env: env(), stdio: 'pipe' }), '')
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(
    /^error: The data directory \/proc\/nowhere\/house cannot be used: .*\nhint: Name another with --data\.\n$/,
  )
})

describe('config set where the file may not be written', () => {
  const set = (config: string): Promise<Ended> => {
    const child = spawn(AUCTION, ['config', 'set', 'utc', 'on'], {
      env: env({ XDG_CONFIG_HOME: config }),
      stdio: 'pipe',
    })
    return ended(child, '')
  }
  const kept = (reason: string, config: string) =>
    `error: The setting cannot be kept in ${config}/auction/config.json: ${reason}.\nhint: Name a directory of yours in XDG_CONFIG_HOME.\n`

  it.skipIf(process.getuid?.() === 0)('is 1, and says that one may not; what was kept stays', async () => {
    const file = join(home.path, 'auction', 'config.json')
    mkdirSync(join(home.path, 'auction'))
    writeFileSync(file, '{"utc":"off"}')
    chmodSync(join(home.path, 'auction'), 0o555)
    expect(await set(home.path)).toEqual({ code: 1, out: '', err: kept('you may not', home.path) })
    expect(readFileSync(file, 'utf8')).toBe('{"utc":"off"}')
  })

  it('is 1, and says what stands where a directory should be', async () => {
    writeFileSync(join(home.path, 'auction'), '')
    expect(await set(home.path)).toEqual({
      code: 1,
      out: '',
      err: kept('there is a file in its place', home.path),
    })
  })

  it('is 1, and says that the file is a directory', async () => {
    const path = join(home.path, 'auction', 'config.json')
    mkdirSync(path, { recursive: true })
    expect(await set(home.path)).toEqual({
      code: 1,
      out: '',
      err: `error: The settings in ${path} cannot be read: it is a directory.\nhint: Look at it: ls -ld ${path}\n`,
    })
  })

  // What root may not write either.
  it.runIf(process.platform === 'linux')('is 1, and says why not even root may write there', async () => {
    const { code, err } = await set('/sys')
    expect(code).toBe(1)
    expect([kept('you may not', '/sys'), kept('the disk is read-only', '/sys')]).toContain(err)
  })

  it.runIf(process.platform === 'linux')('is 1 where there can be no directory, and ends', async () => {
    expect(await set('/proc/nowhere')).toMatchObject({ code: 1, out: '' })
  })
})

describe('a server whose reader has gone', () => {
  let server: ChildProcess
  afterEach(() => void server.kill('SIGKILL'))

  it('goes on, and drains when it is told to end', async () => {
    const data = join(home.path, 'data')
    const port = await freePort()
    server = spawn(AUCTION, ['serve', '--port', String(port), '--data', data], { env: env(), stdio: 'pipe' })
    server.stdout?.destroy()
    let said = ''
    server.stderr?.on('data', (part: Buffer) => {
      said += part.toString()
    })
    const end = ended(server, '')
    await expect.poll(() => said).toContain('standard output is lost: write EPIPE; going on without it')
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
    server.kill('SIGTERM')
    expect((await end).code).toBe(0)
    // A server that was cut short leaves its write-ahead log.
    expect(() => readFileSync(join(data, 'auction.db-wal'))).toThrow('ENOENT')
    rmSync(data, { recursive: true })
  })
})
