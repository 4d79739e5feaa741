/** The audit of goods: each log replayed, its links checked, and held against the rows of the good, its bids and its entries. */
import { type FeedEvent, type LoggedEvent, toInstant } from '@auction/common/events'
import type { Good } from '@auction/common/good'
import { type Entry, entriesFor, heldOn } from '@auction/common/ledger'
import { CHAIN_START, chainHash, type Opening } from '@auction/common/log'
import { isOfTheseRules } from '@auction/common/recall'
import { createReplay, type Replay, type ReplayedBid, type Step } from '@auction/common/replay'
import { differ, PAGE, pages, type Stored, type Work } from './audit-work.ts'
import type { BidRow, EntryRow, EventRow, GoodRow } from './entities.ts'
import { toGood, toRow } from './good-rows.ts'
import type { Row } from './statements.ts'

/** Goods whose logs are replayed side by side. */
const GOODS = 20

/** A good whose log is being replayed, beside what its row says. */
interface Audited {
  readonly row: Stored<GoodRow>
  readonly replay: Replay
  /** Keys of the entries that its events made. */
  readonly keys: Set<string>
  found: number
  head: string
  whole: boolean
  /** Made by rules that are not these: its links are checked, and its money with all other money. */
  foreign: boolean
}

export async function checkGoods(work: Work, scope: 'all' | 'open'): Promise<void> {
  const tail = `where id > ? ${scope === 'open' ? "and status = 'open' " : ''}order by id`
  for await (const rows of pages<Stored<GoodRow>>(work, 'GoodRow', tail, [0], ({ id }) => [id]))
    for (let from = 0; from < rows.length; from += GOODS) {
      const some = rows.slice(from, from + GOODS).map((row): Audited => {
        const start = { keys: new Set<string>(), found: 0, head: CHAIN_START, whole: true, foreign: false }
        return { row, replay: createReplay(row.id), ...start }
      })
      const goods = new Map(some.map((good) => [good.row.id, good]))
      work.checked.goods += some.length
      await replayEvents(work, goods)
      await checkBids(work, goods)
      for (const good of some) {
        checkRow(work, good)
        await checkStrangers(work, good)
      }
    }
}

const within = (goods: ReadonlyMap<number, Audited>) => `where good_id in (${[...goods.keys()].join(', ')})`

async function replayEvents(work: Work, goods: ReadonlyMap<number, Audited>): Promise<void> {
  const tail = `${within(goods)} and (good_id, seq) > (?, ?) order by good_id, seq`
  const next = ({ goodId, seq }: EventRow) => [goodId, seq]
  for await (const rows of pages<Stored<EventRow>>(work, 'EventRow', tail, [0, 0], next)) {
    const entries: [Entry, Audited, number][] = []
    const keep = (good: Audited, steps: readonly Step[]) => {
      for (const { before, event, after, entry } of steps)
        for (const each of entriesFor(before, event, after)) entries.push([each, good, Date.parse(entry.at)])
    }
    const last = rows.length < PAGE
    for (const row of rows) {
      const good = goods.get(row.goodId)
      work.checked.events++
      const entry = good && entryOf(work, row, good)
      if (good && entry && !isOfTheseRules(entry)) good.foreign = true
      if (good && entry && !good.foreign) keep(good, good.replay.take(entry))
    }
    // The log of a good has ended where that of the next begins.
    const open = last ? Number.POSITIVE_INFINITY : (rows.at(-1)?.goodId ?? 0)
    for (const good of goods.values()) if (good.row.id < open) keep(good, good.replay.end())
    await checkEntries(work, entries)
  }
}

/** A row of the log as an entry, its link checked; null when it cannot be read. */
function entryOf(work: Work, row: Stored<EventRow>, good: Audited): LoggedEvent | null {
  const { goodId, seq, type, at, hash } = row
  const place = `good ${goodId}, event ${seq}`
  try {
    const opened = row.secret == null ? undefined : (JSON.parse(row.secret) as Opening)
    const data = JSON.parse(row.data) as FeedEvent['data']
    const entry = { goodId, seq, type: type as FeedEvent['type'], at: toInstant(at), data, hash }
    if (chainHash(good.head, entry) !== hash)
      differ(work, `${place}: hash`, 'that of the event and the hash before it', 'another')
    if (isOfTheseRules(entry) && !good.foreign && 'commitment' in data !== (opened !== undefined))
      differ(work, `${place}: secret`, opened ? 'none' : 'what its seal hides', opened ? 'one' : 'none')
    good.head = hash
    return { ...entry, ...(opened && { opened }) }
  } catch {
    good.whole = false
    differ(work, place, 'an event', 'what cannot be read')
    return null
  }
}

/** Entries that events made, against those that there are. Amounts of holds would tell maxima. */
async function checkEntries(work: Work, made: readonly (readonly [Entry, Audited, number])[]): Promise<void> {
  for (let from = 0; from < made.length; from += PAGE) {
    const some = made.slice(from, from + PAGE)
    const marks = some.map(() => '?').join(', ')
    const rows = await work.snapshot.rows<Stored<EntryRow>>(
      'EntryRow',
      `where key in (${marks})`,
      some.map(([{ key }]) => key),
    )
    const byKey = new Map(rows.map((row) => [row.key, row]))
    for (const [entry, good, at] of some) {
      const row = byKey.get(entry.key)
      const place = `entry ${entry.key}`
      good.keys.add(entry.key)
      if (!row) {
        differ(work, place, `a ${entry.kind}`, 'none')
        continue
      }
      good.found++
      for (const name of ['debit', 'credit', 'kind', 'goodId'] as const)
        if (row[name] !== entry[name]) differ(work, `${place}: ${name}`, entry[name], row[name])
      if (row.amount !== entry.amount) differ(work, `${place}: amount`, 'what its event moves', 'another amount')
      if (row.at !== at) differ(work, `${place}: at`, toInstant(at), toInstant(row.at))
    }
  }
}

/** Entries of a good that no event of it made. */
async function checkStrangers(work: Work, { row, keys, found, foreign }: Audited): Promise<void> {
  if (foreign || (work.entriesOf.get(row.id) ?? 0) === found) return
  const tail = 'where good_id = ? and id > ? order by id'
  for await (const rows of pages<Stored<EntryRow>>(work, 'EntryRow', tail, [row.id, 0], ({ id }) => [row.id, id]))
    for (const { key, kind } of rows)
      if (!keys.has(key)) differ(work, `entry ${key}`, `none: no event of good ${row.id} made it`, `a ${kind}`)
}

async function checkBids(work: Work, goods: ReadonlyMap<number, Audited>): Promise<void> {
  const seen = new Set<ReplayedBid>()
  const tail = `${within(goods)} and (good_id, id) > (?, ?) order by good_id, id`
  const next = ({ goodId, id }: BidRow) => [goodId, id]
  for await (const rows of pages<Stored<BidRow>>(work, 'BidRow', tail, [0, 0], next))
    for (const row of rows.filter(({ goodId }) => !goods.get(goodId)?.foreign)) {
      const bid = goods.get(row.goodId)?.replay.bids.get(row.id)
      if (bid) checkBid(work, row, bid)
      else differ(work, `bid ${row.id} on good ${row.goodId}`, 'one of its log', 'one that is not in it')
      if (bid) seen.add(bid)
    }
  for (const { row, replay } of goods.values())
    for (const bid of replay.bids.values())
      if (!seen.has(bid)) differ(work, `bid ${bid.id} on good ${row.id}`, 'one with a row', 'none')
}

function checkBid(work: Work, row: Stored<BidRow>, bid: ReplayedBid): void {
  const { bidder, seq, at, amount, message, removed } = bid
  checkNick(work, `bid ${bid.id} on good ${row.goodId}: its bidder's nick`, row.bidderId, row.bidderNick)
  const expected = { seq, at, amount, message, removed, bidderId: bidder.id, bidderNick: bidder.nick }
  for (const [name, value] of Object.entries(expected))
    if ((row[name] ?? null) !== value) differ(work, `bid ${bid.id} on good ${row.goodId}: ${name}`, value, row[name])
  if (bid.max !== row.max) differ(work, `bid ${bid.id} on good ${row.goodId}: max`, 'that of the log', 'another amount')
}

function checkNick(work: Work, what: string, userId: number | null, nick: string | null): void {
  const known = userId === null ? null : (work.nicks.get(userId) ?? 'that of a user')
  if (known !== nick) differ(work, what, known, nick)
}

const secret: ReadonlySet<string> = new Set(['max', 'reserve'])
const derived: ReadonlySet<string> = new Set(['amount', 'price', 'minimumBid'])

/** The row of a good against what its log comes to. */
function checkRow(work: Work, { row, replay, head, whole, foreign }: Audited): void {
  for (const who of ['owner', 'leader', 'winner', 'offeredTo'] as const)
    checkNick(work, `good ${row.id}: its ${who}'s nick`, row[`${who}Id`] ?? null, row[`${who}Nick`] ?? null)
  if (foreign) {
    if (row.head !== head) differ(work, `good ${row.id}: head`, head, row.head)
    reserve(work, toGood(row))
    return
  }
  // What a price should be, maxima and the reserve decide: it would tell them.
  for (const { seq, what, expected, found } of replay.differences)
    differ(work, `good ${row.id}, event ${seq}: ${what}`, derived.has(what) ? 'another amount' : expected, found)
  const good = replay.good()
  const place = `good ${row.id}`
  if (!good) differ(work, place, 'a log that begins with its listing', 'none')
  if (!good || !whole) return
  reserve(work, good)
  if (good.private !== (row.roomPassword != null))
    differ(work, `${place}: room`, good.private ? 'a password' : 'no password', good.private ? 'none' : 'one')
  // The log says that there is a picture, the row which.
  const image = good.image === null ? null : (row.image ?? 'a picture')
  const expected = toRow({ good: { ...good, image }, head, roomPassword: row.roomPassword ?? null })
  for (const [name, value] of Object.entries(expected)) {
    const found = row[name] ?? null
    if (found === value) continue
    if (secret.has(name)) differ(work, `${place}: ${name}`, 'that of the log', 'another amount')
    else differ(work, `${place}: ${name}`, readable(name, value, work), readable(name, found, work))
  }
}

function reserve({ held }: Work, good: Good): void {
  if (good.leader && heldOn(good) > 0) held.set(good.leader.id, (held.get(good.leader.id) ?? 0) + heldOn(good))
}

const amounts: ReadonlySet<string> = new Set(['price', 'sortPrice', 'startPrice', 'buyNow'])
const instants: ReadonlySet<string> = new Set(['listedAt', 'endsAt', 'hardEndsAt'])

/** A value of a good's row as people write it. */
function readable(name: string, value: Row[string] | undefined, { currency }: Work): unknown {
  if (typeof value !== 'number') return value
  if (amounts.has(name)) return { amount: value, currency }
  return instants.has(name) ? toInstant(value) : value
}
