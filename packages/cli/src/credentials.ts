/** The token of each server: one file of the user's own, which nobody else may read. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import type { Io } from './io.ts'

/** A login that is kept. `expiresAt` as the house said. */
export interface Login {
  readonly token: string
  readonly nick: string
  readonly expiresAt: string
}

export interface Credentials {
  readonly path: string
  /** Throws FAILED when the file can be read by others, or is not ours. */
  read(server: string): Login | null
  write(server: string, login: Login): Promise<void>
  remove(server: string): Promise<void>
}

const FILE = 'credentials.json'

/** The credentials under XDG_CONFIG_HOME, or ~/.config. */
export function createCredentials(env: Io['env']): Credentials {
  const home = env.XDG_CONFIG_HOME
  const config = home !== undefined && isAbsolute(home) ? home : join(env.HOME || homedir(), '.config')
  const directory = join(config, 'auction')
  const path = join(directory, FILE)
  const change = async (apply: (store: Store) => void): Promise<void> => {
    try {
      createExclusively(directory, path)
      // Left empty by a start that was cut short; conf takes only JSON.
      if (readPrivately(path).trim() === '') writeFileSync(path, '{}')
      apply(await openStore(directory))
    } catch (cause) {
      if (cause instanceof AuctionError) throw cause
      throw new AuctionError('FAILED', `The login cannot be kept in ${path}: ${reasonOf(cause)}.`, {
        hint: 'Pass the token in AUCTION_TOKEN instead.',
        cause,
      })
    }
  }
  return {
    path,
    read: (server) => loginIn(readPrivately(path), server),
    write: (server, login) => change((store) => store.set(server, { ...login })),
    remove: async (server) => {
      if (loginIn(readPrivately(path), server)) await change((store) => store.delete(server))
    },
  }
}

interface Store {
  set(server: string, login: Login): void
  delete(server: string): void
}

/** conf writes atomically; it is loaded only by what writes, as reading needs none of it. */
async function openStore(cwd: string): Promise<Store> {
  const { default: Conf } = await import('conf')
  return new Conf<Record<string, Login>>({
    cwd,
    configName: 'credentials',
    fileExtension: 'json',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
  })
}

/** Makes the file, its directory too, readable by its owner alone; leaves one that is there as it is. */
function createExclusively(directory: string, path: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, '{}', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
}

/** The file's text, '' when there is none. Looks at the file it has opened, so that nobody can put another in its place. */
function readPrivately(path: string): string {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (cause) {
    if (isCode(cause, 'ENOENT') || isCode(cause, 'ENOTDIR')) return ''
    throw new AuctionError('FAILED', `The logins in ${path} cannot be read: ${reasonOf(cause)}.`, {
      cause,
      hint: 'Pass the token in AUCTION_TOKEN instead.',
    })
  }
  try {
    const { mode } = fstatSync(file)
    if ((mode & 0o170000) !== 0o100000)
      throw new AuctionError('FAILED', `${path} is not a file.`, { hint: 'Move it away, then: auction login' })
    if ((mode & 0o077) !== 0)
      throw new AuctionError('FAILED', `Other people can read your logins in ${path}, so they are not used.`, {
        hint: `Make them yours alone: chmod 600 ${path}`,
      })
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function loginIn(text: string, server: string): Login | null {
  if (text.trim() === '') return null
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch (cause) {
    throw new AuctionError('FAILED', 'The file of your logins is damaged.', {
      cause,
      hint: 'Delete it, then: auction login',
    })
  }
  const login =
    stored !== null && typeof stored === 'object' && Object.hasOwn(stored, server)
      ? (stored as Record<string, unknown>)[server]
      : null
  return isLogin(login) ? login : null
}

function isLogin(value: unknown): value is Login {
  if (value === null || typeof value !== 'object') return false
  const { token, nick, expiresAt } = value as Record<string, unknown>
  return (
    typeof token === 'string' &&
    /^[\x21-\x7e]+$/.test(token) &&
    typeof nick === 'string' &&
    typeof expiresAt === 'string'
  )
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

function reasonOf(error: unknown): string {
  if (isCode(error, 'EACCES') || isCode(error, 'EPERM')) return 'you may not'
  if (isCode(error, 'EROFS')) return 'the disk is read-only'
  if (isCode(error, 'ENOSPC')) return 'the disk is full'
  if (isCode(error, 'ELOOP')) return 'it is a symbolic link'
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
