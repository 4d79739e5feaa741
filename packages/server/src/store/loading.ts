/** What a batch of orders needs from the database, loaded and locked in one order everywhere. */
import { hash } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { type Account, available, held } from '@auction/common/ledger'
import type { StandingBid } from '@auction/common/removal'
import { OUTAGE_GRACE_MS } from '@auction/common/sale'
import { skeletonOf } from '@auction/common/text'
import type { Loaded, WorkingGood } from './batch.ts'
import type { BidRow, GoodRow } from './entities.ts'
import { toGood } from './good-rows.ts'
import type { Order, OrderOf, StoredWebhook } from './orders.ts'
import { keyName } from './perform.ts'
import type { Numbered, Row, Statements, Table } from './statements.ts'

interface Surroundings extends Pick<Loaded, 'epoch' | 'currency' | 'now'> {
  /** Most goods that one order of the house looks at. */
  readonly batchSize: number
}

const ofType = <T extends Order['type']>(orders: readonly Order[], ...types: readonly T[]) =>
  orders.filter((order): order is OrderOf<T> => (types as readonly string[]).includes(order.type))
const distinct = <T extends string | number>(values: readonly T[]) =>
  [...new Set(values)].sort((a, b) => (a < b ? -1 : 1))

/**
 * Loads and locks, in the same order everywhere, so that servers never wait for each other in a ring: the house, users,
 * invites, goods by id with their bids and lines, accounts by id, keys, webhooks.
 */
export async function load(statements: Statements, orders: readonly Order[], around: Surroundings): Promise<Loaded> {
  const lock: Lock = async (table, property, values) =>
    values.length === 0 ? [] : statements.lock(table, property, distinct(values))
  const people = await loadPeople(lock, orders)
  const due = await dueOf(statements, orders, around.batchSize)
  const goods = await loadGoods(lock, orders, due)
  const accounts = await loadAccounts(lock, orders, goods, due)
  // Last: whoever holds a good or an account may be writing the answer to the same key, and has when they let go of it.
  const answers = await loadAnswers(lock, orders)
  const webhooks = await webhooksOf(statements, orders)
  const nextId = await ids(statements, orders)
  const { now, epoch, currency } = around
  return { now, epoch, currency, ...people, ...goods, accounts, answers, webhooks, due, nextId }
}

type Lock = <T extends Row>(table: Table, property: string, values: readonly (string | number)[]) => Promise<T[]>

async function loadPeople(
  lock: Lock,
  orders: readonly Order[],
): Promise<Pick<Loaded, 'houseCode' | 'users' | 'invites'>> {
  const signUps = ofType(orders, 'sign_up')
  const guarded = signUps.filter(({ registration }) => registration !== 'open')
  const claims = ofType(orders, 'claim_house')
  const asking = [...claims, ...guarded, ...ofType(orders, 'be_alive')]
  const [house] = await lock(
    'House',
    'id',
    asking.map(() => 1),
  )
  const byId = [...ofType(orders, 'deposit', 'withdraw'), ...claims].map(({ userId }) => userId)
  const users: Loaded['users'] = new Map()
  for (const row of await lock('User', 'id', byId)) users.set(Number(row.id), row)
  const skeletons = signUps.map(({ nick }) => skeletonOf(nick))
  for (const row of await lock('User', 'skeleton', skeletons)) users.set(String(row.skeleton), row)
  const codes = guarded.flatMap(({ invite }) => (invite === null ? [] : [hash('sha256', invite)]))
  const invites = new Map((await lock('Invite', 'codeHash', codes)).map((row) => [String(row.codeHash), row]))
  return { houseCode: house ? (house.code as string | null) : null, users, invites }
}

/** Goods that orders name, are due or are listed again, with what orders need of their bids and lines. */
async function loadGoods(
  lock: Lock,
  orders: readonly Order[],
  due: readonly number[],
): Promise<Pick<Loaded, 'goods' | 'again' | 'bids' | 'lines'>> {
  const named = orders.flatMap((order) => ('goodId' in order ? [order.goodId] : []))
  const relisted = ofType(orders, 'list_good').flatMap(({ terms }) => terms.relistOf ?? [])
  const goods: Loaded['goods'] = new Map()
  for (const row of await lock<GoodRow & Row>('GoodRow', 'id', [...named, ...due, ...relisted]))
    goods.set(row.id, toWorking(row))
  const again: Loaded['again'] = new Map()
  for (const row of await lock<GoodRow & Row>('GoodRow', 'relistOf', relisted))
    again.set(Number(row.relistOf), [...(again.get(Number(row.relistOf)) ?? []), toGood(row)])
  const removals = ofType(orders, 'retract_bid', 'cancel_bid').map(({ goodId }) => goodId)
  const bids: Loaded['bids'] = new Map(removals.filter((id) => goods.has(id)).map((id) => [id, []]))
  for (const row of await lock<BidRow & Row>('BidRow', 'goodId', [...bids.keys()]))
    if (row.removed == null) bids.get(row.goodId)?.push(toStanding(row))
  const lineIds = ofType(orders, 'remove_line').map(({ lineId }) => lineId)
  const lines = new Map((await lock('ChatRow', 'id', lineIds)).map((row) => [Number(row.id), row]))
  return { goods, again, bids, lines }
}

async function loadAccounts(
  lock: Lock,
  orders: readonly Order[],
  { goods, bids }: Pick<Loaded, 'goods' | 'bids'>,
  due: readonly number[],
): Promise<Loaded['accounts']> {
  const moves = ofType(orders, 'deposit', 'withdraw')
  const people = orders.flatMap((order) => ('receivedAt' in order ? [order.by.id] : []))
  people.push(...moves.map(({ userId }) => userId))
  // What is said about a good moves no money.
  const named = orders.flatMap((order) => ('receivedAt' in order ? [order.goodId] : []))
  for (const id of new Set([...named, ...due])) {
    const good = goods.get(id)?.good
    if (good) people.push(good.owner.id, ...(good.leader ? [good.leader.id] : []))
  }
  for (const standing of bids.values()) people.push(...standing.map(({ bidder }) => bidder.id))
  const wanted: Account[] = people.flatMap((id) => [available(id), held(id)])
  if (due.length > 0 || ofType(orders, 'purchase', 'accept_bid').length > 0) wanted.push('house')
  if (ofType(orders, 'sign_up').length + moves.length > 0) wanted.push('world')
  const rows = await lock('AccountRow', 'id', wanted)
  return new Map(rows.map((row) => [row.id as Account, Number(row.balance)]))
}

async function loadAnswers(lock: Lock, orders: readonly Order[]): Promise<Loaded['answers']> {
  const keys = orders.flatMap((order) => ('keyed' in order ? [order.keyed.key] : []))
  const rows = await lock('KeyRow', 'key', keys)
  return new Map(
    rows.map(({ scope, key, fingerprint, answer }) => [
      keyName(Number(scope), String(key)),
      { fingerprint: String(fingerprint), answer: String(answer) },
    ]),
  )
}

/** Goods that an order of the house is to look at: those whose end has passed, and those that an outage touched. */
async function dueOf(statements: Statements, orders: readonly Order[], most: number): Promise<number[]> {
  const closing = ofType(orders, 'close_due').map(({ now }) => now)
  const [outage] = ofType(orders, 'extend_for_outage')
  if (outage) return statements.ending(outage.downSince, outage.now + OUTAGE_GRACE_MS - 1, most)
  return closing.length > 0 ? statements.ending(0, Math.max(...closing), most) : []
}

/** Webhooks that orders name; all of them where one is to be added, so that they can be counted. */
async function webhooksOf(statements: Statements, orders: readonly Order[]): Promise<Loaded['webhooks']> {
  const ids = orders.flatMap((order) => ('webhookId' in order ? [order.webhookId] : []))
  const all = ofType(orders, 'add_webhook').length > 0
  if (!all && ids.length === 0) return new Map()
  const rows = await (all
    ? statements.lock<StoredWebhook>('WebhookRow', 'enabled', [0, 1])
    : statements.lock<StoredWebhook>('WebhookRow', 'id', distinct(ids)))
  return new Map(rows.map((row) => [row.id, row]))
}

function toWorking(row: GoodRow): WorkingGood {
  const { head, roomPassword = null } = row
  return { good: toGood(row), head, roomPassword, fresh: false, events: [], lines: [] }
}

function toStanding({ id, seq, bidderId, bidderNick, max, at }: BidRow): StandingBid {
  return { id, seq, bidder: { id: bidderId, nick: bidderNick }, max, at }
}

async function ids(statements: Statements, orders: readonly Order[]): Promise<Loaded['nextId']> {
  const wanted: Record<Numbered, Order['type']> = {
    User: 'sign_up',
    GoodRow: 'list_good',
    BidRow: 'place_bid',
    ChatRow: 'say',
    WebhookRow: 'add_webhook',
  }
  const free = new Map<Numbered, number[]>()
  for (const table of Object.keys(wanted) as Numbered[]) {
    const count = ofType(orders, wanted[table]).length
    if (count > 0) free.set(table, await statements.allocate(table, count))
  }
  return (table) => {
    const id = free.get(table)?.shift()
    if (id === undefined) throw new AuctionError('INTERNAL')
    return id
  }
}
