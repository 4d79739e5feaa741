/**
 * Requests that were sent, or were about to be, and whose outcome is not known: one file each, of the user's own, with the key
 * and the very body (of one that may hold a secret: the key alone), so that a later run asks about the same request instead of
 * making a second one (docs/decisions/0012).
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { stateDirectory } from './directories.ts'
import { codeOf, makeDirectory, reasonOf } from './disk.ts'
import type { Io } from './io.ts'

/** How long a request is asked about; whoever types it again later means a new one. */
const KEPT_MS = 24 * 60 * 60 * 1000
/** Longest file that is read. */
const FILE_BYTES = 64 * 1024

/** A command line as it was typed, by whom and to whom: who types the same again asks about the same request. */
export interface Asked {
  readonly server: string
  readonly account: number
  readonly words: readonly string[]
}

/** What a request says. */
export interface Call {
  readonly params: Readonly<Record<string, string | number>>
  readonly body?: object
}

/** A request as it is sent, empty where only its key is kept; `line` is the command line that says the same with everything resolved, without its key. */
export interface Pending {
  readonly key: string
  readonly call: Call
  readonly line: readonly string[]
  /** When it was first asked, epoch ms. */
  readonly at: number
}

export interface PendingRequests {
  /** What an earlier run, which is no more, left about the same command line; the oldest. Throws FAILED when it cannot be trusted. */
  find(asked: Asked): Pending | null
  /** Whether something was left about the request with this key. */
  has(key: string): boolean
  /** Keeps it, on the disk when this returns. Throws FAILED when it cannot be kept. */
  keep(asked: Asked, pending: Pending): void
  /** Forgets the request with this key; what stood in the way of it, or null. */
  forget(key: string): string | null
  /** Forgets what is older than a day; when each of them was asked, epoch ms. */
  dropOld(): readonly number[]
}

/** The pending requests under XDG_STATE_HOME, or ~/.local/state. */
export function createPending({ env, uid, now }: Pick<Io, 'env' | 'uid' | 'now'>): PendingRequests {
  const directory = stateDirectory(env)
  const names = (): readonly Name[] => namesIn(directory)
  const remove = ({ file }: Name): void => rmSync(join(directory, file), { force: true })
  return {
    find: (asked) => {
      checkDirectory(directory, uid)
      for (const name of names()) {
        if (!name.whole || name.asked !== digest(asked)) continue
        const path = join(directory, name.file)
        const entry = readEntry(path, { uid, asked, name })
        // Who ended just now knew its outcome and removed it, and whoever was killed did not.
        if (entry && isLeft(entry.owner) && lstatSync(path, { throwIfNoEntry: false })) return entry.pending
      }
      return null
    },
    has: (key) => {
      try {
        return names().some(({ whole, key: kept }) => whole && kept === digest(key))
      } catch {
        // What cannot be read was not kept by us either.
        return false
      }
    },
    keep: (asked, pending) => {
      try {
        makeDirectory(directory)
        checkDirectory(directory, uid)
        write(directory, asked, pending)
      } catch (cause) {
        if (cause instanceof AuctionError) throw cause
        throw new AuctionError(
          'FAILED',
          `Nothing was sent, as its key cannot be kept in ${directory}: ${reasonOf(cause)}.`,
          {
            hint: 'Name a directory of yours in XDG_STATE_HOME, or keep a key yourself: --idempotency-key KEY',
            cause,
          },
        )
      }
    },
    forget: (key) => {
      try {
        names()
          .filter((name) => name.key === digest(key))
          .forEach(remove)
        return null
      } catch (cause) {
        return `It is still kept in ${directory}, and the same command line will only ask about it: ${reasonOf(cause)}.`
      }
    },
    dropOld: () => {
      const old = names().filter(({ at }) => now() - at > KEPT_MS)
      old.forEach(remove)
      return old.filter(({ whole }) => whole).map(({ at }) => at)
    },
  }
}

/** A file's name: what was asked, with which key, when; not `whole` while it is being written. */
interface Name {
  readonly file: string
  readonly asked: string
  readonly key: string
  readonly at: number
  readonly whole: boolean
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
const nameOf = (asked: Asked, { key, at }: Pending): string => `${at}-${digest(asked)}-${digest(key)}.json`

/** The files that are ours by their names, the oldest first. */
function namesIn(directory: string): readonly Name[] {
  let files: string[]
  try {
    files = readdirSync(directory)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return []
    throw new AuctionError('FAILED', `The pending requests in ${directory} cannot be read: ${reasonOf(cause)}.`, {
      hint: 'Name a directory of yours in XDG_STATE_HOME.',
      cause,
    })
  }
  return files
    .flatMap((file) => {
      const [, at, asked, key, rest] = /^(\d{1,15})-([0-9a-f]{32})-([0-9a-f]{32})\.json(\.new)?$/.exec(file) ?? []
      return at && asked && key ? [{ file, asked, key, at: Number(at), whole: rest === undefined }] : []
    })
    .sort((a, b) => a.at - b.at)
}

/** Writes the file whole or not at all, and returns when it would outlast a power cut. */
function write(directory: string, asked: Asked, pending: Pending): void {
  const path = join(directory, nameOf(asked, pending))
  const { key, call, line, at } = pending
  const content = { asked, key, call, line, at, owner: identityOf('self') }
  const file = openSync(`${path}.new`, 'wx', 0o600)
  try {
    writeFileSync(file, `${JSON.stringify({ ...content, digest: digest(content) })}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  const around = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(around)
  } finally {
    closeSync(around)
  }
}

/** Throws FAILED where others could put a request that we would send. */
function checkDirectory(directory: string, uid: number | null): void {
  const about = lstatSync(directory, { throwIfNoEntry: false })
  if (!about) return
  const refuse = (what: string, hint: string): never => {
    throw new AuctionError('FAILED', `${directory} ${what}, so nothing is sent from there.`, { hint })
  }
  if (!about.isDirectory()) refuse('is not a directory', 'Move it away.')
  if (uid !== null && about.uid !== uid)
    refuse('belongs to somebody else', 'Name a directory of yours in XDG_STATE_HOME.')
  if ((about.mode & 0o022) !== 0)
    refuse('can be written by other people', `Make it yours alone: chmod 700 ${directory}`)
}

interface Expected {
  readonly uid: number | null
  readonly asked: Asked
  readonly name: Name
}

/** What the file says; null when it went just now. */
function readEntry(path: string, { uid, asked, name }: Expected): { owner: string | null; pending: Pending } | null {
  const distrust = (what: string, hint: string, cause?: unknown): AuctionError =>
    new AuctionError('FAILED', `Whether this was done before is unknown, as ${path} ${what}.`, { hint, cause })
  const deletion = 'Look whether it was done (auction bids, auction wallet log), delete that file, then ask again.'
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null
    throw distrust(`cannot be read: ${reasonOf(cause)}`, deletion, cause)
  }
  try {
    const about = fstatSync(file)
    if (!about.isFile() || about.size > FILE_BYTES) throw distrust('is not a file of this program', deletion)
    if (uid !== null && about.uid !== uid) throw distrust('belongs to somebody else', deletion)
    if ((about.mode & 0o077) !== 0) throw distrust('can be read or written by other people', deletion)
    const entry = parse(readFileSync(file, 'utf8'))
    if (!entry || digest(entry.asked) !== digest(asked) || digest(entry.pending.key) !== name.key)
      throw distrust('is damaged', deletion)
    return entry
  } finally {
    closeSync(file)
  }
}

/** What a file says; null when it is not what was written. */
function parse(text: string): { asked: unknown; owner: string | null; pending: Pending } | null {
  try {
    const { digest: sum, ...content } = JSON.parse(text) as Record<string, unknown>
    if (sum !== digest(content)) return null
    const { asked, key, call, line, at, owner } = content as unknown as Pending & {
      asked: unknown
      owner: string | null
    }
    return { asked, owner, pending: { key, call, line, at } }
  } catch {
    return null
  }
}

/**
 * Which process that is: its number and when it began, as numbers come round again. Null when it is no more, and where that
 * cannot be told: then a request is asked about rather than made twice.
 */
function identityOf(number: string): string | null {
  try {
    const text = readFileSync(`/proc/${number}/stat`, 'utf8')
    // The name in the middle may hold anything, a parenthesis too.
    const [state, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? null : `${text.split(' ')[0]} ${rest[18]}`
  } catch {
    return null
  }
}

/** Whether the process that kept a request is no more, or is this one. */
const isLeft = (owner: string | null): boolean =>
  owner === null || owner === identityOf('self') || owner !== identityOf(owner.split(' ')[0] ?? '')
