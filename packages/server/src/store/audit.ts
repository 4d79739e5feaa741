/** The books recomputed: prices, leaders, holds and entries from the logs of goods, balances from entries. Never writes (decision 17). */
import type { Audit } from '@auction/common/answers'
import { type Account, available as availableOf, held as heldOf, userOf } from '@auction/common/ledger'
import { toDecimal } from '@auction/common/money'
import { checkGoods } from './audit-goods.ts'
import { differ, MOST_DIFFERENCES, pages, type Stored, type Work } from './audit-work.ts'
import type { Database } from './database.ts'
import type { EntryRow, EventRow } from './entities.ts'
import { inSnapshot } from './snapshot.ts'
import type { Row } from './statements.ts'

/** What a recomputation says; when it was made is for the caller to say. */
export type Findings = Omit<Audit, 'at'>

export interface Auditor {
  /**
   * Replays the logs of all goods or of those still open, and recomputes every account from its entries, in one snapshot.
   * No maximum and no reserve is ever told.
   */
  run(scope: { readonly goods: 'all' | 'open' }): Promise<Findings>
}

/** Opens the audit of a house that keeps its books in `currency`. */
export function openAudit(database: Database, currency: string): Auditor {
  return {
    run: ({ goods }) =>
      inSnapshot(database, async (snapshot) => {
        const work: Work = {
          snapshot,
          currency,
          checked: { goods: 0, events: 0, entries: 0, accounts: 0 },
          differences: [],
          sums: new Map(),
          entriesOf: new Map(),
          held: new Map(),
          nicks: new Map(),
          turn: performance.now(),
        }
        await learnNicks(work)
        await addUpEntries(work)
        await checkOrphans(work)
        await checkGoods(work, goods)
        await checkAccounts(work)
        return { ok: work.differences.length === 0, checked: work.checked, differences: work.differences }
      }),
  }
}

async function learnNicks(work: Work): Promise<void> {
  type Known = { id: number; nick: string } & Row
  for await (const rows of pages<Known>(work, 'User', 'where id > ? order by id', [0], ({ id }) => [id]))
    for (const { id, nick } of rows) work.nicks.set(id, nick)
}

/** Events and bids whose good has no row, by good; replays begin at rows, and would never come to them. */
async function checkOrphans(work: Work): Promise<void> {
  for (const [table, name, place] of [
    ['EventRow', 'events', 'seq'],
    ['BidRow', 'bids', 'id'],
  ] as const) {
    // The index leads from good to good: to look at every row would hold up the others.
    const orphaned = `with recursive each_good (id) as (select min(good_id) from ${name}
      union all select (select min(good_id) from ${name} where good_id > each_good.id) from each_good where each_good.id is not null)
      select id from each_good where id is not null and id not in (select id from goods)`
    const first = `${place} = (select min(${place}) from ${name} fellow where fellow.good_id = ${name}.good_id)`
    const tail = `where good_id in (${orphaned}) and ${first} order by good_id limit ${MOST_DIFFERENCES}`
    for (const { goodId } of await work.snapshot.rows<Stored<EventRow>>(table, tail))
      differ(work, `${name} of good ${goodId}`, 'a good that there is', 'none')
  }
}

async function addUpEntries(work: Work): Promise<void> {
  const { sums, entriesOf, checked } = work
  const add = (account: string, amount: number) => sums.set(account, (sums.get(account) ?? 0) + amount)
  const tail = 'where id > ? order by id'
  for await (const rows of pages<Stored<EntryRow>>(work, 'EntryRow', tail, [0], ({ id }) => [id])) {
    const span = [rows[0]?.id ?? 0, rows.at(-1)?.id ?? 0]
    const stray =
      'where id between ? and ? and good_id is not null and good_id not in (select id from goods) order by id'
    for (const { key, goodId } of await work.snapshot.rows<Stored<EntryRow>>('EntryRow', stray, span))
      differ(work, `entry ${key}`, 'one of a good that there is', `one of good ${goodId}`)
    for (const row of rows) {
      const { id, debit, credit, amount, kind } = row
      const goodId = row.goodId ?? null
      checked.entries++
      add(debit, -amount)
      add(credit, amount)
      const moved = kind === 'deposit' ? debit : kind === 'withdrawal' ? credit : null
      if ((goodId === null) !== (moved === 'world'))
        differ(work, `entry ${id}`, goodId === null ? 'a deposit or a withdrawal' : 'one of a good', kind)
      if (goodId !== null) entriesOf.set(goodId, (entriesOf.get(goodId) ?? 0) + 1)
      const [payer, payee] = [userOf(debit as Account), userOf(credit as Account)]
      const owner = payer ?? payee
      if (row.userId !== owner) differ(work, `entry ${id}: whose it is`, owner, row.userId)
      const other = payee === owner ? null : payee
      if (row.payeeId !== other) differ(work, `entry ${id}: who is paid`, other, row.payeeId)
    }
  }
}

/** Every account against its entries, those of held money against the goods led, and all of them together. */
async function checkAccounts(work: Work): Promise<void> {
  const { checked, currency, held, sums, nicks } = work
  let total = 0
  const users = [...nicks.keys()].flatMap((id) => [availableOf(id), heldOf(id)])
  const missing = new Set<string>(['house', 'world', ...users])
  // What a user's account lacks may be what a leader's maximum reserves, and so may the sum of all.
  const apart = (id: string, amount: number) =>
    userOf(id as Account) === null
      ? `${toDecimal(Math.abs(amount), currency)} ${currency} ${amount > 0 ? 'more' : 'less'}`
      : 'another amount'
  type Stored = { id: string; balance: number } & Row
  for await (const rows of pages<Stored>(work, 'AccountRow', 'where id > ? order by id', [''], ({ id }) => [id]))
    for (const { id, balance } of rows) {
      checked.accounts++
      total += balance
      if (!missing.delete(id)) differ(work, `account ${id}`, 'that of a user', 'one of nobody')
      const sum = sums.get(id) ?? 0
      sums.delete(id)
      if (balance !== sum) differ(work, `account ${id}`, 'what its entries come to', apart(id, balance - sum))
      const holds = id.endsWith('/held') ? (held.get(userOf(id as Account) ?? 0) ?? 0) : balance
      if (balance !== holds) differ(work, `account ${id}`, 'what the goods led reserve', 'another amount')
    }
  for (const id of new Set([...sums.keys(), ...missing])) differ(work, `account ${id}`, 'one that there is', 'none')
  if (total !== 0) differ(work, 'all accounts together', `${toDecimal(0, currency)} ${currency}`, 'another amount')
}
