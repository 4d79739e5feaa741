/** Who is calling: passwords, tokens and sessions. */
import { hash, randomBytes } from 'node:crypto'
import type { User } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { toInstant } from '@auction/common/events'
import { skeletonOf } from '@auction/common/text'
import { hash as hashPassword, verify } from '@node-rs/argon2'
import type { Clerk } from './clerk.ts'
import type { Clock } from './clock.ts'
import type { Queries } from './store/queries.ts'

/** A signed-in caller. */
export interface Caller {
  readonly user: User
  readonly tokenHash: string
}

export interface Auth {
  /** Throws CONFLICT for a nick that is taken, FORBIDDEN where the house does not let this person in. */
  signUp(nick: string, password: string, invite: string | null): Promise<User>
  /** A code that lets one person sign up, and when it runs out (epoch ms). */
  invite(): Promise<{ code: string; expiresAt: number }>
  /** A room's password, hashed. */
  hashSecret(secret: string): Promise<string>
  /** Whether `secret` is what was hashed. */
  checkSecret(hashed: string, secret: string): Promise<boolean>
  /** Throws UNAUTHENTICATED, alike and after like time for an unknown nick and a wrong password. */
  logIn(nick: string, password: string): Promise<{ token: string; expiresAt: string; user: User }>
  logOut(caller: Caller): Promise<void>
  /** The caller of a token. Throws UNAUTHENTICATED when it is unknown, expired or revoked. */
  authenticate(token: string): Promise<Caller>
  /** Those of these token hashes whose sessions have ended, by whatever server. */
  endedOf(tokenHashes: readonly string[]): Promise<string[]>
  /** Forgets what is remembered of a user, whose role changed. */
  forget(userId: number): void
}

interface AuthOptions {
  readonly queries: Pick<Queries, 'userBySkeleton' | 'session' | 'liveSessions'>
  readonly clerk: Clerk
  readonly clock: Clock
  readonly startingBalance: number
  readonly registration: 'open' | 'invite' | 'closed'
  /** Told when a token is revoked. */
  readonly onRevoked: (tokenHash: string) => void
}

const DAY_MS = 24 * 60 * 60 * 1000
const IDLE_MS = 30 * DAY_MS
const LIFETIME_MS = 90 * DAY_MS
const INVITE_MS = 7 * DAY_MS
const TOUCH_EVERY_MS = 60 * 60 * 1000
/** How long a session is believed without asking the database: a token revoked elsewhere works no longer than this. */
const REMEMBER_MS = 1_000
const REMEMBER_MOST = 10_000
// argon2id, the library's default algorithm (promises.md, section 4).
const argon2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const HASHES_AT_ONCE = 2
const HASHES_WAITING = 512

const hashToken = (token: string) => hash('sha256', token)

export function createAuth(options: AuthOptions): Auth {
  const { queries, clerk, clock, startingBalance, registration, onRevoked } = options
  const inTurn = turns(HASHES_AT_ONCE, HASHES_WAITING)
  const remembered = new Map<string, { caller: Caller; askAgainAt: number }>()
  let revocations = 0
  // Verified against when there is no such user, so that the answer takes as long.
  const decoy = hashPassword(randomBytes(16).toString('hex'), argon2)

  async function lookUp(tokenHash: string): Promise<Caller> {
    const session = await queries.session(tokenHash)
    const now = clock.now()
    if (!session || now >= session.expiresAt || now >= session.usedAt + IDLE_MS)
      throw new AuctionError('UNAUTHENTICATED', 'The session has ended, or never was.')
    if (now >= session.usedAt + TOUCH_EVERY_MS)
      clerk.submit<'touch_session'>({ type: 'touch_session', tokenHash }).catch(() => {})
    return { user: session.user, tokenHash }
  }

  async function recall(tokenHash: string): Promise<Caller> {
    const before = revocations
    const caller = await lookUp(tokenHash)
    // What was revoked while the database answered must not be remembered.
    if (revocations !== before) return caller
    if (remembered.size >= REMEMBER_MOST) remembered.clear()
    remembered.set(tokenHash, { caller, askAgainAt: clock.now() + REMEMBER_MS / 2 })
    return caller
  }

  return {
    async signUp(nick, password, invite) {
      const passwordHash = await inTurn(() => hashPassword(password, argon2))
      return clerk.submit<'sign_up'>({ type: 'sign_up', nick, passwordHash, startingBalance, registration, invite })
    },
    async invite() {
      const code = randomBytes(16).toString('base64url')
      const expiresAt = clock.now() + INVITE_MS
      await clerk.submit<'invite'>({ type: 'invite', codeHash: hash('sha256', code), expiresAt })
      return { code, expiresAt }
    },
    hashSecret: (secret) => inTurn(() => hashPassword(secret, argon2)),
    checkSecret: (hashed, secret) => inTurn(() => verify(hashed, secret, argon2)),
    async logIn(nick, password) {
      const found = await queries.userBySkeleton(skeletonOf(nick.normalize('NFKC')))
      const known = found?.user.nick.toLowerCase() === nick.normalize('NFKC').toLowerCase() ? found : null
      const right = await inTurn(async () => verify(known?.passwordHash ?? (await decoy), password, argon2))
      if (!known || !right)
        throw new AuctionError('UNAUTHENTICATED', 'Wrong nick or password.', { hint: 'New here? Run: auction signup' })
      const token = `auc_${randomBytes(32).toString('base64url')}`
      const expiresAt = clock.now() + LIFETIME_MS
      await clerk.submit<'open_session'>({
        type: 'open_session',
        userId: known.user.id,
        tokenHash: hashToken(token),
        expiresAt,
      })
      return { token, expiresAt: toInstant(expiresAt), user: known.user }
    },
    async logOut({ tokenHash }) {
      await clerk.submit<'close_session'>({ type: 'close_session', tokenHash })
      revocations++
      remembered.delete(tokenHash)
      onRevoked(tokenHash)
    },
    async authenticate(token) {
      const tokenHash = hashToken(token)
      const known = remembered.get(tokenHash)
      const now = clock.now()
      if (!known || now >= known.askAgainAt + REMEMBER_MS / 2) return recall(tokenHash)
      // Asked again while it is still believed, so that a busy caller never waits for the answer.
      if (now >= known.askAgainAt) {
        remembered.set(tokenHash, { ...known, askAgainAt: now })
        recall(tokenHash).catch(() => remembered.delete(tokenHash))
      }
      return known.caller
    },
    async endedOf(tokenHashes) {
      if (tokenHashes.length === 0) return []
      const now = clock.now()
      const live = await queries.liveSessions(tokenHashes, now, now - IDLE_MS)
      return tokenHashes.filter((tokenHash) => !live.has(tokenHash))
    },
    forget(userId) {
      for (const [tokenHash, { caller }] of remembered) if (caller.user.id === userId) remembered.delete(tokenHash)
    },
  }
}

/** Runs at most `most` tasks at once and lets `waiting` more wait; beyond that throws BUSY. */
function turns(most: number, waiting: number): <T>(task: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= most) {
      if (line.length >= waiting) throw new AuctionError('BUSY')
      await new Promise<void>((resolve) => line.push(resolve))
    } else running++
    try {
      return await task()
    } finally {
      const next = line.shift()
      if (next) next()
      else running--
    }
  }
}
