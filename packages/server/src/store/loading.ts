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
  const lock = async <T extends Row>(table: Table, property: string, values: readonly (string | number)[]) =>
    values.length === 0 ? [] : statements.lock<T>(table, property, distinct(values))

  const signUps = ofType(orders, 'sign_up')
  const moves = ofType(orders, 'deposit', 'withdraw')
  const claims = ofType(orders, 'claim_house')
  const guarded = signUps.filter(({ registration }) => registration !== 'open')
  const [house] = await lock(
    'House',
    'id',
    [...claims, ...guarded, ...ofType(orders, 'be_alive')].map(() => 1),
  )
  const users: Loaded['users'] = new Map()
  for (const row of await lock(
    'User',
    'id',
    [...moves, ...claims].map(({ userId }) => userId),
  ))
    users.set(Number(row.id), row)
  for (const row of await lock(
    'User',
    'skeleton',
    signUps.map(({ nick }) => skeletonOf(nick)),
  ))
    users.set(String(row.skeleton), row)
  const codes = guarded.flatMap(({ invite }) => (invite === null ? [] : [hash('sha256', invite)]))
  const invites = new Map((await lock('Invite', 'codeHash', codes)).map((row) => [String(row.codeHash), row]))

  const due = await dueOf(statements, orders, around.batchSize)
  const onGoods = orders.flatMap((order) => ('goodId' in order ? [order] : []))
  const goods: Loaded['goods'] = new Map()
  const relisted = ofType(orders, 'list_good').flatMap(({ terms }) => terms.relistOf ?? [])
  const named = onGoods.map(({ goodId }) => goodId)
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

  const people = onGoods.flatMap((order) => ('by' in order ? [order.by.id] : []))
  people.push(...moves.map(({ userId }) => userId))
  for (const { good } of goods.values()) people.push(good.owner.id, ...(good.leader ? [good.leader.id] : []))
  for (const standing of bids.values()) people.push(...standing.map(({ bidder }) => bidder.id))
  const wanted: Account[] = people.flatMap((id) => [available(id), held(id)])
  if (due.length > 0 || ofType(orders, 'purchase', 'accept_bid').length > 0) wanted.push('house')
  if (signUps.length + moves.length > 0) wanted.push('world')
  const accounts: Loaded['accounts'] = new Map()
  for (const row of await lock('AccountRow', 'id', wanted)) accounts.set(row.id as Account, Number(row.balance))

  // Last: whoever holds a good or an account may be writing the answer to the same key, and has when they let go of it.
  const keys = orders.flatMap((order) => ('keyed' in order ? [order.keyed.key] : []))
  const answers: Loaded['answers'] = new Map()
  for (const row of await lock('KeyRow', 'key', keys))
    answers.set(keyName(Number(row.scope), String(row.key)), {
      fingerprint: String(row.fingerprint),
      answer: String(row.answer),
    })

  const webhooks = await webhooksOf(statements, orders)
  const { now, epoch, currency } = around
  const houseCode = house ? (house.code as string | null) : null
  const nextId = await ids(statements, orders)
  return {
    now,
    epoch,
    currency,
    houseCode,
    users,
    invites,
    goods,
    again,
    bids,
    lines,
    accounts,
    answers,
    webhooks,
    due,
    nextId,
  }
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
