/** What may be wrong here, looked at one by one: each check says what it found and, where it failed, the command that mends it. */
import { accessSync, constants, existsSync, lstatSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AuctionError } from '@auction/common/errors'
import { VERSION } from '@auction/common/version'
import type { Context } from './context.ts'
import { stateDirectory } from './directories.ts'
import { askHouse, type HouseReport, isNewer } from './house-version.ts'
import { duration } from './wording.ts'

/** `skipped`: there is nothing to look at. `mend` is a command line, of a failed check alone. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'failed' | 'skipped'
  readonly found: string
  readonly mend: string | null
}

const PATIENCE_MS = 5_000
const TICK_MS = 3_000
/** A clock that is further off is told (terminal.md, section 4). */
const SKEW_MS = 2_000
const LEAST_NODE = 24
const LEAST_SIZE = { columns: 60, rows: 15 }

/** Every check, in the order in which one should mend them. */
export async function examine(context: Context): Promise<readonly Check[]> {
  const { io, globals } = context
  const house = await askHouse(globals.server, PATIENCE_MS)
  const [clock, login] = await Promise.all([checkClock(context, house), checkLogin(context, house)])
  return [
    checkNode(io.node),
    checkServer(globals.server, house),
    clock,
    await checkCredentials(context),
    login,
    checkDirectory('state', stateDirectory(io.env), 'XDG_STATE_HOME'),
    ...checkTerminal(context),
    checkData(io.env.AUCTION_DATA),
  ]
}

const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, mend: null })
const skipped = (name: string, found: string): Check => ({ name, state: 'skipped', found, mend: null })
const failed = (name: string, found: string, mend: string): Check => ({ name, state: 'failed', found, mend })

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

function checkNode(version: string): Check {
  const found = `Node ${version}, auction ${VERSION}`
  return Number.parseInt(version, 10) >= LEAST_NODE
    ? ok('node', found)
    : failed('node', found, `npx node@${LEAST_NODE} "$(command -v auction)" doctor`)
}

function checkServer(server: string, { state, version, reason }: HouseReport): Check {
  const local = /^http:\/\/(127\.|localhost\b|\[::1\])/.test(server)
  if (!state) return failed('server', `${server}: ${reason}`, local ? 'auction serve' : 'auction doctor --server URL')
  const found = `${server}, ${version === null ? 'version unknown' : `version ${version}`}, ${state.database}`
  if (state.books === 'wrong')
    return failed('server', `${found}: its books are wrong, it is read-only`, 'auction admin audit')
  if (!state.alarms.ok)
    return failed(
      'server',
      `${found}: its ${state.alarms.store} job store is away${state.alarms.detail === null ? '' : `: ${state.alarms.detail}`}`,
      'auction admin jobs',
    )
  if (version !== null && isNewer(version, VERSION)) return ok('server', `${found}, newer than this program`)
  return ok('server', found)
}

async function checkClock(context: Context, { state }: HouseReport): Promise<Check> {
  if (!state) return skipped('clock', 'there is no house to compare it with')
  const { createServerClock } = await import('./server-clock.ts')
  const client = await context.clientAs(null)
  const clock = createServerClock({ client, wall: context.io.now })
  try {
    // A tick that comes late looks like a clock that is wrong, until the next one comes.
    const isOff = (): boolean => Math.abs(clock.skewMs() ?? SKEW_MS) >= SKEW_MS
    for (let waited = 0; isOff() && waited < TICK_MS; waited += 50) await delay(50)
    const skew = clock.skewMs()
    if (skew === null) return failed('clock', 'the house told no time', `auction api GET /sse --debug`)
    const off = `${duration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the house`
    if (Math.abs(skew) >= SKEW_MS)
      return failed('clock', `${off}; countdowns are right all the same`, 'sudo timedatectl set-ntp true')
    return ok('clock', `within ${Math.max(1, Math.ceil(Math.abs(skew)))} ms of the house`)
  } finally {
    clock.close()
  }
}

async function checkLogin(context: Context, { state }: HouseReport): Promise<Check> {
  const { server } = context.globals
  const login = `auction login --server ${quoted(server)}`
  try {
    const held = await context.token()
    if (!held) return skipped('login', `nobody is logged in at ${server}; ${login}`)
    const stored = held.from === 'file' ? (await context.credentials()).read(server) : null
    const ends = stored ? `, until ${stored.expiresAt}` : ''
    if (!state)
      return skipped(
        'login',
        `a token from ${held.from === 'file' ? 'the file' : held.from}${ends}; there is no house to show it to`,
      )
    const user = await (await context.clientAs(held.token)).call('me')
    return ok('login', `${user.nick}${ends}`)
  } catch (error) {
    if (!(error instanceof AuctionError)) throw error
    const again = context.io.env.AUCTION_TOKEN ? 'unset AUCTION_TOKEN' : login
    return failed('login', error.message.replace(/\.$/, ''), again)
  }
}

async function checkCredentials(context: Context): Promise<Check> {
  const credentials = await context.credentials()
  const { path } = credentials
  try {
    credentials.read(context.globals.server)
    return existsSync(path)
      ? ok('credentials', `${path}, yours alone`)
      : skipped('credentials', `no logins are kept in ${path}`)
  } catch (error) {
    if (!(error instanceof AuctionError)) throw error
    const open = lstatSync(path).isFile() && (statSync(path).mode & 0o077) !== 0
    return failed(
      'credentials',
      error.message.replace(/\.$/, ''),
      open ? `chmod 600 ${quoted(path)}` : `mv ${quoted(path)} ${quoted(`${path}.old`)}`,
    )
  }
}

/** Whether files can be made in a directory, which need not be there yet. */
function checkDirectory(name: string, path: string, setting: string): Check {
  let there = path
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  if (!statSync(there).isDirectory())
    return failed(name, `${there} is not a directory`, `mv ${quoted(there)} ${quoted(`${there}.old`)}`)
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch {
    return failed(name, `${there} cannot be written; keys of bids are kept there`, `export ${setting}="$(mktemp -d)"`)
  }
  if (there === path && (statSync(there).mode & 0o022) !== 0)
    return failed(name, `${there} can be written by other people`, `chmod 700 ${quoted(there)}`)
  return ok(name, path)
}

function checkTerminal({ io }: Context): readonly Check[] {
  const { env, stdout } = io
  if (!io.terminal) return [skipped('terminal', 'stdout is none')]
  const [columns, rows] = [stdout.columns ?? 0, stdout.rows ?? 0]
  const size = `${columns}x${rows}`
  const small = columns < LEAST_SIZE.columns || rows < LEAST_SIZE.rows
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  const colour = io.colour ? 'colours' : env.TERM === 'dumb' ? 'TERM is dumb' : 'no colours, as asked'
  return [
    small
      ? failed(
          'terminal',
          `${size}; the screen needs ${LEAST_SIZE.columns}x${LEAST_SIZE.rows}`,
          "printf '\\033[8;24;80t'",
        )
      : ok('terminal', size),
    env.TERM === 'dumb' ? failed('colour', colour, 'export TERM=xterm-256color') : ok('colour', colour),
    /utf-?8/i.test(locale)
      ? ok('unicode', locale)
      : failed('unicode', `the locale is "${locale}": signs and wide characters may break`, 'export LC_ALL=C.UTF-8'),
  ]
}

function checkData(given: string | undefined): Check {
  const path = resolve(given || '.auction')
  if (!existsSync(path)) return skipped('data', 'no house is kept here')
  const checked = checkDirectory('data', path, 'AUCTION_DATA')
  if (checked.state !== 'ok') return checked
  const database = join(path, 'auction.db')
  if (!existsSync(database)) return ok('data', `${path}, no database yet`)
  try {
    accessSync(database, constants.R_OK | constants.W_OK)
    return ok('data', database)
  } catch {
    return failed('data', `${database} cannot be written`, `chmod u+rw ${quoted(database)}`)
  }
}
