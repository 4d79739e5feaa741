/** Everything that is only read: people, lists, histories, statements, the log. Never writes. */
import type { LedgerEntry, OwnBid, PublicBid, User, Wallet } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { type FeedEvent, type LoggedEvent, toInstant } from '@auction/common/events'
import type { Good } from '@auction/common/good'
import { available, held, heldOn } from '@auction/common/ledger'
import type { Opening } from '@auction/common/log'
import type { GoodsQuery } from '@auction/common/requests'
import { toYou, type You } from '@auction/common/view'
import { raw } from '@mikro-orm/core'
import type { SqlEntityManager } from '@mikro-orm/sqlite'
import type { Database } from './database.ts'
import { AccountRow, BidRow, EntryRow, EventRow, GoodRow, Picture, Session, User as UserRow } from './entities.ts'
import { toGood } from './good-rows.ts'
import type { StoredPicture } from './orders.ts'

/** A page and the cursor of the next; null at the end. */
export interface Page<T> {
  readonly items: T[]
  readonly next: string | null
}
export interface PageRequest {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

export type Queries = ReturnType<typeof openQueries>

const DEFAULT_PAGE = 30

const encodeCursor = (place: readonly number[]) => Buffer.from(JSON.stringify(place)).toString('base64url')

/** The place a cursor names, `size` numbers. Throws BAD_REQUEST on anything else. */
function decodeCursor(cursor: string, size: number): number[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (
      Array.isArray(place) &&
      place.length === size &&
      place.every((each): each is number => Number.isSafeInteger(each))
    )
      return place
  } catch {
    // Falls through to the same refusal.
  }
  throw new AuctionError('BAD_REQUEST', 'cursor: is not one this house gave.')
}

/** Newest-first page of rows by id. */
export async function pageById<R extends { id: number }>(
  { limit = DEFAULT_PAGE, cursor }: PageRequest,
  find: (before: number, limit: number) => Promise<R[]>,
): Promise<{ rows: R[]; next: string | null }> {
  const [before = Number.MAX_SAFE_INTEGER] = cursor === undefined ? [] : decodeCursor(cursor, 1)
  const rows = await find(before, limit + 1)
  const page = rows.slice(0, limit)
  return { rows: page, next: rows.length > limit ? encodeCursor([page.at(-1)?.id ?? 0]) : null }
}

const toUser = (row: { id: number; nick: string; role: 'member' | 'house'; createdAt: number }): User => ({
  id: row.id,
  nick: row.nick,
  role: row.role,
  createdAt: toInstant(row.createdAt),
})

const statuses = {
  live: ['open'],
  open: ['open'],
  ended: ['sold', 'unsold', 'bought', 'cancelled'],
  sold: ['sold'],
  unsold: ['unsold'],
  bought: ['bought'],
  cancelled: ['cancelled'],
  all: null,
} as const
const orders = {
  ending: { property: 'endsAt', column: 'ends_at', direction: 'asc' },
  new: { property: 'id', column: 'id', direction: 'desc' },
  price: { property: 'sortPrice', column: 'sort_price', direction: 'asc' },
  bids: { property: 'bidCount', column: 'bid_count', direction: 'desc' },
} as const

/** Opens the reading side of a house that keeps its books in `currency`. */
export function openQueries(database: Database, currency: string) {
  const open = () => database.reader.fork()
  const pay = (amount: number) => ({ amount, currency })
  const contains = database.kind === 'sqlite' ? 'instr(g.search, ?) > 0' : 'strpos(g.search, ?) > 0'

  /** Reads that must agree with each other, in one snapshot. */
  const snapshot = <T>(read: (em: SqlEntityManager) => Promise<T>) =>
    open().transactional(read, database.kind === 'postgresql' ? { isolationLevel: 'repeatable read' } : {})

  /** Of one seller, of one winner, or those that one bidder has bid on, however that ended. */
  type Whose = { ownerId: number } | { winnerId: number } | { bidderId: number }

  async function goods(request: GoodsQuery, whose: Whose | Record<string, never> = {}): Promise<Page<Good>> {
    const { limit = DEFAULT_PAGE, cursor } = request
    const status = statuses[request.status ?? 'all']
    const { property, column, direction } = orders[request.sort ?? (status?.[0] === 'open' ? 'ending' : 'new')]
    const beyond = direction === 'asc' ? '>' : '<'
    const query = open().createQueryBuilder(GoodRow, 'g').select('*')
    if ('bidderId' in whose)
      query.where('g.id in (select b.good_id from bids b where b.bidder_id = ?)', [whose.bidderId])
    else query.where(whose)
    if (status) query.andWhere({ status: { $in: [...status] } })
    for (const word of (request.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)) query.andWhere(contains, [word])
    if (cursor !== undefined) {
      const [value = 0, id = 0] = decodeCursor(cursor, 2)
      query.andWhere(`(g.${column} ${beyond} ? or (g.${column} = ? and g.id ${beyond} ?))`, [value, value, id])
    }
    const rows = await query
      .orderBy({ [property]: direction, id: direction })
      .limit(limit + 1)
      .getResultList()
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    return {
      items: page.map(toGood),
      next: rows.length > limit && last ? encodeCursor([last[property], last.id]) : null,
    }
  }

  /** The user's best maximum that stands, on each of the goods they bid on. */
  async function ownMaxima(userId: number, goodIds: readonly number[]): Promise<Map<number, number>> {
    if (goodIds.length === 0) return new Map()
    const rows = await open()
      .createQueryBuilder(BidRow, 'b')
      .select(['goodId', raw('max(b.max) as best')])
      .where({ bidderId: userId, removed: null, goodId: { $in: [...goodIds] } })
      .groupBy('goodId')
      .execute<{ goodId: number; best: number }[]>()
    return new Map(rows.map(({ goodId, best }) => [Number(goodId), Number(best)]))
  }

  const toFeedEvent = (row: { goodId: number; seq: number; type: string; at: number; data: string }): FeedEvent => ({
    seq: row.seq,
    type: row.type as FeedEvent['type'],
    at: toInstant(row.at),
    goodId: row.goodId,
    data: JSON.parse(row.data) as FeedEvent['data'],
  })
  const eventRows = (goodId: number, since: number, limit: number) =>
    open().find(EventRow, { goodId, seq: { $gt: since } }, { orderBy: { seq: 'asc' }, limit })

  /** Seqs of the events that set a reserve which was met; one that was given up unmet stays secret. */
  async function metReserves(goodId: number): Promise<Set<number>> {
    const where = { goodId, type: { $in: ['listed', 'note', 'reserve_met'] } }
    const met = new Set<number>()
    let inForce = 0
    for (const { seq, type, secret } of await open().find(EventRow, where, { orderBy: { seq: 'asc' } }))
      if (type === 'reserve_met') met.add(inForce)
      else if (secret != null) inForce = seq
    return met
  }

  return {
    async good(id: number): Promise<Good> {
      const row = await open().findOne(GoodRow, { id })
      if (!row) throw new AuctionError('NOT_FOUND', `There is no good ${id}.`)
      return toGood(row)
    },
    goods,
    /** How a user stands on each of `goods`. */
    async standings(userId: number, of: readonly Good[]): Promise<Map<number, You>> {
      const maxima = await ownMaxima(
        userId,
        of.map(({ id }) => id),
      )
      return new Map(of.map((good) => [good.id, toYou(good, userId, maxima.get(good.id) ?? null)]))
    },
    async bids(goodId: number, page: PageRequest): Promise<Page<PublicBid>> {
      const { rows, next } = await pageById(page, (before, limit) =>
        open().find(BidRow, { goodId, id: { $lt: before } }, { orderBy: { id: 'desc' }, limit }),
      )
      const items = rows.map(({ id, bidderId, bidderNick, amount, seq, at, message, removed }) => ({
        id,
        bidder: { id: bidderId, nick: bidderNick },
        amount: pay(amount),
        seq,
        at: toInstant(at),
        message: message ?? null,
        ...(removed != null && { removed }),
      }))
      return { items, next }
    },
    async bidsOf(userId: number, page: PageRequest): Promise<Page<OwnBid>> {
      const { rows, next } = await pageById(page, (before, limit) =>
        open().find(BidRow, { bidderId: userId, id: { $lt: before } }, { orderBy: { id: 'desc' }, limit }),
      )
      const goodIds = rows.map(({ goodId }) => goodId)
      const found = await open().find(GoodRow, { id: { $in: goodIds } })
      const maxima = await ownMaxima(userId, goodIds)
      const byId = new Map(found.map((row) => [row.id, toGood(row)]))
      const items = rows.flatMap(({ id, goodId, amount, max, seq, at, message, removed }) => {
        const good = byId.get(goodId)
        if (!good) return []
        return [
          {
            id,
            goodId,
            name: good.name,
            amount: pay(amount),
            max: pay(max),
            seq,
            at: toInstant(at),
            message: message ?? null,
            standing: toYou(good, userId, maxima.get(goodId) ?? null).standing,
            ...(removed != null && { removed }),
          },
        ]
      })
      return { items, next }
    },
    wallet: (userId: number): Promise<Wallet> =>
      snapshot(async (em) => {
        const accounts = await em.find(AccountRow, { id: { $in: [available(userId), held(userId)] } })
        const led = await em.find(GoodRow, { leaderId: userId, status: 'open' }, { orderBy: { endsAt: 'asc' } })
        const balanceOf = (id: string) => accounts.find((account) => account.id === id)?.balance ?? 0
        const [free, reserved] = [balanceOf(available(userId)), balanceOf(held(userId))]
        const holds = led.map(toGood).map((good) => ({ goodId: good.id, amount: pay(heldOn(good)) }))
        return { balance: pay(free + reserved), available: pay(free), held: pay(reserved), holds }
      }),
    async ledger(userId: number, page: PageRequest): Promise<{ entries: LedgerEntry[]; next: string | null }> {
      const { rows, next } = await pageById(page, (before, limit) =>
        open().find(
          EntryRow,
          { $or: [{ userId }, { payeeId: userId }], id: { $lt: before } },
          { orderBy: { id: 'desc' }, limit },
        ),
      )
      const entries = rows.map(({ id, at, debit, credit, amount, kind, goodId }) => ({
        id,
        at: toInstant(at),
        debit,
        credit,
        amount: pay(amount),
        kind,
        goodId: goodId ?? null,
      }))
      return { entries, next }
    },
    /** The entry a deposit made. */
    async entryId(key: string): Promise<number> {
      return (await open().findOneOrFail(EntryRow, { key })).id
    },
    async users(page: PageRequest): Promise<Page<User>> {
      const { rows, next } = await pageById(page, (before, limit) =>
        open().find(UserRow, { id: { $lt: before } }, { orderBy: { id: 'desc' }, limit }),
      )
      return { items: rows.map(toUser), next }
    },
    /** Who has a nick that looks like this one, with the password's hash. */
    async userBySkeleton(skeleton: string): Promise<{ user: User; passwordHash: string } | null> {
      const row = await open().findOne(UserRow, { skeleton })
      return row && { user: toUser(row), passwordHash: row.passwordHash }
    },
    async session(tokenHash: string): Promise<{ user: User; usedAt: number; expiresAt: number } | null> {
      const em = open()
      const session = await em.findOne(Session, { tokenHash })
      const user = session && (await em.findOne(UserRow, { id: session.userId }))
      return session && user && { user: toUser(user), usedAt: session.usedAt, expiresAt: session.expiresAt }
    },
    /** Those of these sessions that have not ended by `now` and were used after `usedAfter`. */
    async liveSessions(tokenHashes: readonly string[], now: number, usedAfter: number): Promise<Set<string>> {
      const rows = await open()
        .createQueryBuilder(Session, 's')
        .select('tokenHash')
        .where({ tokenHash: { $in: [...tokenHashes] }, expiresAt: { $gt: now }, usedAt: { $gt: usedAfter } })
        .execute<{ tokenHash: string }[]>()
      return new Set(rows.map(({ tokenHash }) => tokenHash))
    },
    async events(goodId: number, since: number, limit: number): Promise<FeedEvent[]> {
      return (await eventRows(goodId, since, limit)).map(toFeedEvent)
    },
    /** Events of these types committed at or after `at` (epoch ms), a bounded number, oldest first. */
    async eventsSince(at: number, types: readonly FeedEvent['type'][], limit: number): Promise<FeedEvent[]> {
      const where = { type: { $in: [...types] }, at: { $gte: at } }
      return (await open().find(EventRow, where, { orderBy: { at: 'asc', goodId: 'asc', seq: 'asc' }, limit })).map(
        toFeedEvent,
      )
    },
    /** The log with its links; of a good that changed hands with its secrets opened, of its reserves those that were met. */
    async log(good: Good, since: number, limit: number): Promise<LoggedEvent[]> {
      // Maxima of a good that nobody bought would be its seller's to read, and to list it again by.
      const told = good.status === 'sold' || good.status === 'bought'
      const met = told ? await metReserves(good.id) : new Set()
      const openingOf = ({ type, seq, secret }: EventRow): { opened?: Opening } =>
        secret != null && (type === 'bid' ? told : met.has(seq)) ? { opened: JSON.parse(secret) as Opening } : {}
      const rows = await eventRows(good.id, since, limit)
      return rows.map((row) => ({ ...toFeedEvent(row), hash: row.hash, ...openingOf(row) }))
    },
    /** The good that a bid was placed on. */
    async goodOfBid(bidId: number): Promise<number> {
      const row = await open().findOne(BidRow, { id: bidId })
      if (!row)
        throw new AuctionError('NOT_FOUND', `There is no bid ${bidId}.`, { hint: "See a good's: auction bids <id>" })
      return row.goodId
    },
    async heads(goodIds: readonly number[]): Promise<Map<number, number>> {
      const rows =
        goodIds.length === 0 ? [] : await open().find(GoodRow, { id: { $in: [...goodIds] } }, { fields: ['id', 'seq'] })
      return new Map(rows.map(({ id, seq }) => [id, seq]))
    },
    /** Distinct ends of open goods, soonest first. */
    async openEnds(): Promise<number[]> {
      const rows = await open().find(GoodRow, { status: 'open' }, { fields: ['endsAt'], orderBy: { endsAt: 'asc' } })
      return [...new Set(rows.map(({ endsAt }) => endsAt))]
    },
    async picture(id: string): Promise<StoredPicture | null> {
      const row = await open().findOne(Picture, { id })
      return row && { id: row.id, type: row.type, width: row.width, height: row.height, bytes: Buffer.from(row.bytes) }
    },
  }
}
