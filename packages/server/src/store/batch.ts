/** One batch in memory: the rows it loaded, what its orders did to them, and what is to be written. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { type FeedEvent, secretOf, toFeed } from '@auction/common/events'
import { evolve, type Good, type GoodEvent } from '@auction/common/good'
import { type Account, type Entry, entriesFor, userOf } from '@auction/common/ledger'
import { chainHash } from '@auction/common/log'
import type { StandingBid } from '@auction/common/removal'
import type { Kept } from './good-rows.ts'
import type { Committed, StoredWebhook } from './orders.ts'
import type { Numbered, Row, Statements, Table } from './statements.ts'

/** A good at work; `fresh` when the batch lists it. */
export interface WorkingGood extends Kept {
  good: Good
  head: string
  roomPassword: string | null
  readonly fresh: boolean
  readonly events: FeedEvent[]
  readonly lines: ChatLine[]
}

/** What the batch's transaction loaded and locked. */
export interface Loaded {
  readonly now: number
  readonly epoch: string
  readonly currency: string
  readonly goods: Map<number, WorkingGood>
  /** Of a good that is to be listed again, those that do so already. */
  readonly again: Map<number, readonly Good[]>
  /** Every bid that stands on the goods from which one is to be removed. */
  readonly bids: Map<number, StandingBid[]>
  readonly accounts: Map<Account, number>
  /** Users by id and by skeleton, as rows. */
  readonly users: Map<number | string, Row>
  readonly houseCode: string | null
  /** Invites by the hash of their code, and chat lines by id, as rows. */
  readonly invites: Map<string, Row>
  readonly lines: Map<number, Row>
  readonly webhooks: Map<number, StoredWebhook>
  readonly answers: Map<string, { readonly fingerprint: string; readonly answer: string }>
  /** Ids of goods that a close_due or an extend_for_outage of this batch is to look at. */
  readonly due: readonly number[]
  readonly nextId: (table: Numbered) => number
}

/** The batch at work: what was loaded, and what is to be written. */
export interface Batch extends Loaded {
  readonly inserts: Map<Table, Row[]>
  readonly updates: Map<Table, Map<number | string, Row>>
  readonly removals: { readonly table: Table; readonly property: string; readonly value: string }[]
  /** Goods and accounts that changed, as the book writes them last. */
  readonly touchedGoods: Set<number>
  readonly touchedAccounts: Set<Account>
  /** What is written last, in this order. */
  readonly afterwards: ((statements: Statements) => Promise<void>)[]
  houseCode: string | null
}

export function openBatch(loaded: Loaded): Batch {
  return {
    ...loaded,
    inserts: new Map(),
    updates: new Map(),
    removals: [],
    touchedGoods: new Set(),
    touchedAccounts: new Set(),
    afterwards: [],
  }
}

/** What the batch did to each good, for those who follow the log. */
export function committedOf(batch: Batch): Committed[] {
  return [...batch.goods.values()].flatMap(({ good, events, lines }) =>
    events.length + lines.length > 0 ? [{ epoch: batch.epoch, good, events, lines }] : [],
  )
}

export function insert(batch: Batch, table: Table, row: Row): void {
  const rows = batch.inserts.get(table) ?? []
  rows.push(row)
  batch.inserts.set(table, rows)
}

/** Rows of one table are written together, so all updates of a table in a batch name the same properties. */
export function update(batch: Batch, table: Table, id: number | string, row: Row): void {
  const rows = batch.updates.get(table) ?? new Map<number | string, Row>()
  batch.updates.set(table, rows.set(id, row))
}

/** All money that ever came in is the debt of `world`: within this, every balance and every sum of them is exact. */
const MOST_MONEY = Number.MAX_SAFE_INTEGER

export const balanceOf = (batch: Batch, account: Account) => batch.accounts.get(account) ?? 0

/** Throws CONFLICT when so much more money could not be counted to the cent. */
export function refuseMoreMoney(batch: Batch, amount: number): void {
  if (amount - balanceOf(batch, 'world') > MOST_MONEY)
    throw new AuctionError('CONFLICT', 'The house has as much money in its books as it can count to the cent.', {
      hint: 'Pay money out first.',
    })
}

/** Moves money; a movement that would leave an account below 0 is a fault of ours, and fails the order. */
export function book(batch: Batch, entry: Entry): void {
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

/** What the rules decided becomes the good's state, its log, its ledger entries. */
export function record(batch: Batch, working: WorkingGood, events: readonly GoodEvent[]): void {
  for (const event of events) {
    const after = evolve(working.good, event)
    for (const entry of entriesFor(working.good, event, after)) book(batch, entry)
    const feed = toFeed({ goodId: after.id, seq: after.seq, at: batch.now, event }, after)
    const head = chainHash(working.head, feed)
    const secret = secretOf(event)
    insert(batch, 'EventRow', {
      goodId: after.id,
      seq: after.seq,
      type: event.type,
      at: batch.now,
      data: JSON.stringify(feed.data),
      secret: secret && JSON.stringify(secret),
      hash: head,
    })
    working.good = after
    working.head = head
    working.events.push(feed)
    batch.touchedGoods.add(after.id)
  }
}
