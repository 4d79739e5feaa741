/** One batch in memory: the rows it loaded, what each order did to them, and what is to be written. */
import { type CloseDue, decide, type PlaceBid } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { evolve, type Good, type GoodEvent, listedGood } from '@auction/common/good'
import { type Account, available, type Entry, entriesFor, held, userOf } from '@auction/common/ledger'
import { CHAIN_START, chainHash } from '@auction/common/log'
import { skeletonOf } from '@auction/common/text'
import { type FeedEvent, toFeed, toInstant, toView, toYou } from '@auction/common/view'
import type { Committed, Order, Outcome, Result, Results } from './orders.ts'
import type { Row, Table } from './statements.ts'

export interface WorkingGood {
  good: Good
  head: string
  readonly listedAt: number
  readonly fresh: boolean
  readonly events: FeedEvent[]
}

/** What the batch's transaction loaded and locked. */
export interface Loaded {
  readonly now: number
  readonly epoch: string
  readonly currency: string
  readonly goods: Map<number, WorkingGood>
  readonly accounts: Map<Account, number>
  /** Users by id and by skeleton, as rows. */
  readonly users: Map<number | string, Row>
  readonly houseCode: string | null
  readonly answers: Map<string, { readonly fingerprint: string; readonly answer: string }>
  /** Ids of goods that a close_due of this batch is to look at. */
  readonly due: readonly number[]
  readonly nextId: (table: 'User' | 'GoodRow' | 'BidRow') => number
}

/** The batch at work: what was loaded, and what is to be written. */
export interface Batch extends Loaded {
  readonly inserts: Map<Table, Row[]>
  readonly updates: Map<Table, Map<number | string, Row>>
  readonly removals: { readonly table: Table; readonly property: string; readonly value: string }[]
  /** Goods and accounts that changed, as the book writes them last. */
  readonly touchedGoods: Set<number>
  readonly touchedAccounts: Set<Account>
  houseCode: string | null
}

export const keyName = (scope: number, key: string) => `${scope}/${key}`

export function openBatch(loaded: Loaded): Batch {
  return {
    ...loaded,
    inserts: new Map(),
    updates: new Map(),
    removals: [],
    touchedGoods: new Set(),
    touchedAccounts: new Set(),
  }
}

/** Does one order to the rows in memory; a refusal leaves them as they were. */
export function perform(batch: Batch, order: Order): Outcome {
  const keyed = 'keyed' in order ? order.keyed : null
  const name = keyed && keyName(keyed.scope, keyed.key)
  const known = name === null ? undefined : batch.answers.get(name)
  if (keyed && known) {
    if (known.fingerprint !== keyed.fingerprint) return { refusal: new AuctionError('KEY_REUSED') }
    const answer = JSON.parse(known.answer) as Result
    return { result: answer && 'replayed' in answer ? { ...answer, replayed: true } : answer }
  }
  try {
    const result = act(batch, order)
    if (keyed && name !== null) {
      const answer = JSON.stringify(result)
      batch.answers.set(name, { fingerprint: keyed.fingerprint, answer })
      insert(batch, 'KeyRow', { ...keyed, answer, at: batch.now })
    }
    return { result }
  } catch (refusal) {
    if (refusal instanceof AuctionError) return { refusal }
    throw refusal
  }
}

/** What the batch did to each good, for those who follow the log. */
export function committedOf(batch: Batch): Committed[] {
  return [...batch.touchedGoods].flatMap((id) => {
    const working = batch.goods.get(id)
    return working ? [{ epoch: batch.epoch, good: working.good, events: working.events }] : []
  })
}

function act(batch: Batch, order: Order): Result {
  switch (order.type) {
    case 'place_bid':
      return placeBid(batch, order)
    case 'close_due':
      return closeDue(batch, order)
    case 'list_good':
      return listGood(batch, order)
    case 'deposit':
      return deposit(batch, order)
    case 'sign_up':
      return signUp(batch, order)
    case 'claim_house':
      return claimHouse(batch, order)
    case 'open_session':
      insert(batch, 'Session', {
        tokenHash: order.tokenHash,
        userId: order.userId,
        createdAt: batch.now,
        usedAt: batch.now,
        expiresAt: order.expiresAt,
      })
      return null
    case 'touch_session':
      update(batch, 'Session', order.tokenHash, { tokenHash: order.tokenHash, usedAt: batch.now })
      return null
    case 'close_session':
      batch.removals.push({ table: 'Session', property: 'tokenHash', value: order.tokenHash })
      return null
    default:
      return order satisfies never
  }
}

function insert(batch: Batch, table: Table, row: Row): void {
  const rows = batch.inserts.get(table) ?? []
  rows.push(row)
  batch.inserts.set(table, rows)
}

function update(batch: Batch, table: Table, id: number | string, row: Row): void {
  const rows = batch.updates.get(table) ?? new Map<number | string, Row>()
  batch.updates.set(table, rows.set(id, row))
}

const balanceOf = (batch: Batch, account: Account) => batch.accounts.get(account) ?? 0

function book(batch: Batch, entry: Entry): void {
  const { key, debit, credit, amount, kind, goodId } = entry
  for (const [account, change] of [
    [debit, -amount],
    [credit, amount],
  ] as const) {
    const after = balanceOf(batch, account) + change
    if (after < 0 && account !== 'world') throw new Error(`${account} would fall below 0 by ${key}.`)
    batch.accounts.set(account, after)
    batch.touchedAccounts.add(account)
  }
  const [payer, payee] = [userOf(debit), userOf(credit)]
  const userId = payer ?? payee
  insert(batch, 'EntryRow', {
    key,
    debit,
    credit,
    userId,
    payeeId: payee === userId ? null : payee,
    amount,
    kind,
    goodId,
    at: batch.now,
  })
}

function record(batch: Batch, working: WorkingGood, events: readonly GoodEvent[]): void {
  for (const event of events) {
    const after = evolve(working.good, event)
    for (const entry of entriesFor(working.good, event, after)) book(batch, entry)
    const feed = toFeed({ goodId: after.id, seq: after.seq, at: batch.now, event }, after)
    const head = chainHash(working.head, feed)
    insert(batch, 'EventRow', {
      goodId: after.id,
      seq: after.seq,
      type: event.type,
      at: batch.now,
      data: JSON.stringify(feed.data),
      secret: secretOf(event),
      hash: head,
    })
    working.good = after
    working.head = head
    working.events.push(feed)
    batch.touchedGoods.add(after.id)
  }
}

function placeBid(batch: Batch, order: Extract<Order, { type: 'place_bid' }>): Results['place_bid'] {
  const working = batch.goods.get(order.goodId)
  if (!working) throw new AuctionError('NOT_FOUND', `There is no good ${order.goodId}.`)
  const command: PlaceBid = {
    ...order,
    bidId: batch.nextId('BidRow'),
    available: balanceOf(batch, available(order.bidder.id)),
  }
  const events = decide(command, working.good)
  record(batch, working, events)
  const [bid] = events
  if (bid?.type !== 'bid') throw new Error('A bid makes a bid event.')
  const seq = working.good.seq - events.length + 1
  const { bidId, bidder, amount, max, message } = bid
  insert(batch, 'BidRow', {
    id: bidId,
    goodId: order.goodId,
    seq,
    bidderId: bidder.id,
    bidderNick: bidder.nick,
    amount,
    max,
    message,
    at: batch.now,
  })
  const pay = (value: number) => ({ amount: value, currency: working.good.currency })
  return {
    bid: { id: bidId, amount: pay(amount), max: pay(max), seq, at: toInstant(batch.now) },
    standing: bid.leader.id === bidder.id ? 'leading' : 'outbid',
    good: { ...toView(working.good, { epoch: batch.epoch, watchers: 0 }), you: toYou(working.good, bidder.id, max) },
    replayed: false,
  }
}

function closeDue(batch: Batch, order: CloseDue): Results['close_due'] {
  for (const id of batch.due) {
    const working = batch.goods.get(id)
    if (working) record(batch, working, decide(order, working.good))
  }
  return { found: batch.due.length }
}

function listGood(batch: Batch, { terms, picture }: Extract<Order, { type: 'list_good' }>): Results['list_good'] {
  const id = batch.nextId('GoodRow')
  const working: WorkingGood = {
    good: listedGood(id, terms),
    head: CHAIN_START,
    listedAt: batch.now,
    fresh: true,
    events: [],
  }
  batch.goods.set(id, working)
  if (picture) insert(batch, 'Picture', { ...picture })
  record(batch, working, [{ type: 'listed', terms }])
  return {
    ...toView(working.good, { epoch: batch.epoch, watchers: 0 }),
    you: toYou(working.good, terms.owner.id, null),
  }
}

function deposit(batch: Batch, order: Extract<Order, { type: 'deposit' }>): Results['deposit'] {
  if (!batch.users.has(order.userId))
    throw new AuctionError('NOT_FOUND', `There is no user ${order.userId}.`, {
      hint: 'See who there is: auction admin users',
    })
  const key = `deposit:${keyName(order.keyed.scope, order.keyed.key)}`
  const entry: Entry = {
    key,
    debit: 'world',
    credit: available(order.userId),
    amount: order.amount,
    kind: 'deposit',
    goodId: null,
  }
  book(batch, entry)
  const pay = (amount: number) => ({ amount, currency: batch.currency })
  const [free, reserved] = [balanceOf(batch, available(order.userId)), balanceOf(batch, held(order.userId))]
  return {
    entry: { ...entry, amount: pay(entry.amount), at: toInstant(batch.now) },
    wallet: { balance: pay(free + reserved), available: pay(free), held: pay(reserved) },
    replayed: false,
  }
}

function signUp(
  batch: Batch,
  { nick, passwordHash, startingBalance }: Extract<Order, { type: 'sign_up' }>,
): Results['sign_up'] {
  const skeleton = skeletonOf(nick)
  if (batch.users.has(skeleton))
    throw new AuctionError('CONFLICT', `The nick "${nick}" is taken, or looks like one that is.`, {
      hint: 'Choose another nick.',
    })
  const id = batch.nextId('User')
  const user: Row = { id, nick, skeleton, passwordHash, role: 'member', createdAt: batch.now }
  batch.users.set(skeleton, user).set(id, user)
  insert(batch, 'User', user)
  for (const account of [available(id), held(id)]) {
    batch.accounts.set(account, 0)
    insert(batch, 'AccountRow', { id: account, balance: 0 })
  }
  if (startingBalance > 0)
    book(batch, {
      key: `start:${id}`,
      debit: 'world',
      credit: available(id),
      amount: startingBalance,
      kind: 'deposit',
      goodId: null,
    })
  return { id, nick, role: 'member', createdAt: toInstant(batch.now) }
}

function claimHouse(batch: Batch, { userId, code }: Extract<Order, { type: 'claim_house' }>): Results['claim_house'] {
  const user = batch.users.get(userId)
  if (!user) throw new AuctionError('UNAUTHENTICATED')
  if (batch.houseCode === null) throw new AuctionError('CONFLICT', 'The house has been claimed already.')
  if (code !== batch.houseCode)
    throw new AuctionError('FORBIDDEN', 'That is not the house code.', {
      hint: 'It was printed when the server first started.',
    })
  batch.houseCode = null
  const claimed: Row = { ...user, role: 'house' }
  batch.users.set(userId, claimed)
  update(batch, 'User', userId, claimed)
  update(batch, 'House', 1, { id: 1, code: null })
  return { id: userId, nick: String(user.nick), role: 'house', createdAt: toInstant(Number(user.createdAt)) }
}

function secretOf(event: GoodEvent): string | null {
  if (event.type === 'bid') return JSON.stringify({ max: event.max })
  if (event.type === 'listed' && event.terms.reserve !== null) return JSON.stringify({ reserve: event.terms.reserve })
  return null
}
