/** The logins of each server: one file of the user's own, which nobody else may read; tokens in the keyring where there is one. */
import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { configDirectory } from './directories.ts'
import { codeOf, makeDirectory, reasonOf } from './disk.ts'
import type { Io } from './io.ts'
import { type Keyring, openKeyring } from './keyring.ts'

/** A login. `expiresAt` as the house said. */
export interface Login {
  readonly token: string
  readonly nick: string
  readonly expiresAt: string
}

/** A login as it is kept here; its token is null where the keyring has it. */
export type Kept = Omit<Login, 'token'> & { readonly token: string | null }

export interface Credentials {
  readonly path: string
  /** The login in use at a server. Throws FAILED when the file can be read by others, or is not ours. */
  read(server: string): Kept | null
  /** Every login of every server; of each server one at most is `active`. Throws as `read`. */
  all(): readonly { readonly server: string; readonly login: Kept; readonly active: boolean }[]
  /** The token of a login. Throws FAILED when the keyring does not give it. */
  tokenOf(server: string, login: Kept): Promise<string>
  /** Keeps a login and uses it from now on; others at that server stay. */
  write(server: string, login: Login): Promise<void>
  /** Forgets the login in use at a server; nobody is logged in there then. */
  remove(server: string): Promise<void>
  /** Uses the login of `nick` from now on; false when there is none. */
  choose(server: string, nick: string): Promise<boolean>
}

const FILE = 'credentials.json'

/** The credentials under XDG_CONFIG_HOME, or ~/.config; `keyring` keeps the tokens where there is one. */
export function createCredentials(env: Io['env'], keyring: Keyring | null = openKeyring(env)): Credentials {
  const directory = configDirectory(env)
  const path = join(directory, FILE)
  const change = async (server: string, apply: (held: Held) => Held): Promise<void> => {
    try {
      createExclusively(directory, path)
      // Left empty by a start that was cut short; conf takes only JSON.
      if (readPrivately(path).trim() === '') writeFileSync(path, '{}')
      const held = apply(heldAt(storedIn(readPrivately(path)), server))
      const store = await openStore(directory)
      if (held.active || held.others.length > 0) store.set(server, entryOf(held))
      else store.delete(server)
    } catch (cause) {
      if (cause instanceof AuctionError) throw cause
      throw new AuctionError('FAILED', `The login cannot be kept in ${path}: ${reasonOf(cause)}.`, {
        hint: 'Pass the token in AUCTION_TOKEN instead.',
        cause,
      })
    }
  }
  const read: Credentials['read'] = (server) => heldAt(storedIn(readPrivately(path)), server).active
  return {
    path,
    read,
    all: () => {
      const stored = storedIn(readPrivately(path))
      return Object.keys(stored).flatMap((server) => {
        const { active, others } = heldAt(stored, server)
        const one = (login: Kept) => ({ server, login, active: login === active })
        return [...(active ? [active] : []), ...others].map(one)
      })
    },
    tokenOf: async (server, { nick, token }) => token ?? secretOf(keyring, nameOf(server, nick), path),
    write: async (server, { token, nick, expiresAt }) => {
      // Whether the file may be trusted is known before a secret leaves for anywhere.
      readPrivately(path)
      const inKeyring = keyring !== null && (await succeeds(keyring.set(nameOf(server, nick), token)))
      const active = { nick, expiresAt, token: inKeyring ? null : token }
      await change(server, (held) => ({ active, others: logins(held).filter((each) => each.nick !== nick) }))
    },
    remove: async (server) => {
      const login = read(server)
      if (!login) return
      if (login.token === null && keyring) await succeeds(keyring.delete(nameOf(server, login.nick)))
      await change(server, ({ others }) => ({ active: null, others }))
    },
    choose: async (server, nick) => {
      const found = logins(heldAt(storedIn(readPrivately(path)), server)).find((each) => each.nick === nick)
      if (!found) return false
      await change(server, (held) => ({ active: found, others: logins(held).filter((each) => each.nick !== nick) }))
      return true
    },
  }
}

const nameOf = (server: string, nick: string): string => `${nick} at ${server}`

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

async function secretOf(keyring: Keyring | null, name: string, path: string): Promise<string> {
  const hint = 'Log in again: AUCTION_KEYRING=off auction login; or pass a token in AUCTION_TOKEN.'
  if (!keyring)
    throw new AuctionError('FAILED', `The token of ${name} is in the keyring, as ${path} says; there is none now.`, {
      hint,
    })
  const token = await keyring.get(name).catch((cause: unknown) => {
    throw new AuctionError('FAILED', `The keyring does not give the token of ${name}: ${reasonOf(cause)}.`, {
      hint,
      cause,
    })
  })
  if (token === null || !isToken(token))
    throw new AuctionError('FAILED', `The keyring has no token of ${name} any more.`, { hint })
  return token
}

/** What is kept of one server. */
interface Held {
  readonly active: Kept | null
  readonly others: readonly Kept[]
}

const logins = ({ active, others }: Held): readonly Kept[] => [...(active ? [active] : []), ...others]

/** As it stands in the file: the login in use as it always stood there, so that older programs go on; others beside it. */
function entryOf({ active, others }: Held): Entry {
  return { ...(active && loginEntry(active)), ...(others.length > 0 && { others: others.map(loginEntry) }) }
}

const loginEntry = ({ token, nick, expiresAt }: Kept): Entry =>
  token === null ? { nick, expiresAt, kept: 'keyring' } : { token, nick, expiresAt }

type Entry = Readonly<Record<string, unknown>>

interface Store {
  set(server: string, entry: Entry): void
  delete(server: string): void
}

/** conf writes atomically; it is loaded only by what writes, as reading needs none of it. */
async function openStore(cwd: string): Promise<Store> {
  const { default: Conf } = await import('conf')
  return new Conf<Record<string, Entry>>({
    cwd,
    configName: 'credentials',
    fileExtension: 'json',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
  })
}

/** Makes the file, its directory too, readable by its owner alone; leaves one that is there as it is. */
function createExclusively(directory: string, path: string): void {
  makeDirectory(directory)
  try {
    writeFileSync(path, '{}', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** The file's text, '' when there is none. Looks at the file it has opened, so that nobody can put another in its place. */
function readPrivately(path: string): string {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return ''
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

function storedIn(text: string): Entry {
  if (text.trim() === '') return {}
  try {
    const stored: unknown = JSON.parse(text)
    return isEntry(stored) ? stored : {}
  } catch (cause) {
    throw new AuctionError('FAILED', 'The file of your logins is damaged.', {
      cause,
      hint: 'Delete it, then: auction login',
    })
  }
}

function heldAt(stored: Entry, server: string): Held {
  const entry = Object.hasOwn(stored, server) ? stored[server] : null
  if (!isEntry(entry)) return { active: null, others: [] }
  const others = Array.isArray(entry.others) ? entry.others.map(keptIn).filter((each) => each !== null) : []
  return { active: keptIn(entry), others }
}

function keptIn(value: unknown): Kept | null {
  if (!isEntry(value)) return null
  const { token, nick, expiresAt, kept } = value
  if (typeof nick !== 'string' || typeof expiresAt !== 'string') return null
  if (kept === 'keyring') return { nick, expiresAt, token: null }
  return isToken(token) ? { nick, expiresAt, token } : null
}

const isEntry = (value: unknown): value is Entry => value !== null && typeof value === 'object'
const isToken = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
