/** What anyone can check of an exported log: nothing wrong with honest ones, something with every other. */

import type { LoggedEvent } from '@auction/common/events'
import type { Changes, Person } from '@auction/common/good'
import { canonicalJson, commitmentOf } from '@auction/common/log'
import { logLimits, verifyLog } from '@auction/common/verify'
import { describe, expect, it } from 'vitest'
import { type Random, randomBy } from '../sim/random.ts'
import { fc } from '../support/chance.ts'
import { A, B, C, HOUR, house, LISTED_AT, mila, PLENTY, usd } from './given.ts'
import { exported, openSale, randomSale, rechained, richSale, saltOf } from './logged-sale.ts'

/** Of each log what was told, in one text; empty when nothing was wrong. */
const faultsOf = (log: readonly LoggedEvent[]) =>
  verifyLog(exported(log))
    .differences.map(({ seq, what }) => `${seq} ${what}`)
    .join('\n')

/** An open good with bids, a reserve met, and a retraction. */
function openLog() {
  const sale = openSale({ reserve: 4_000 })
  sale.bid(A, { max: 3_000 })
  sale.bid(B, { max: 6_000 })
  sale.bid(C, { amount: 7_000 })
  const [first] = sale.bids()
  const taking = { receivedAt: sale.at, bids: sale.bids(), available: new Map([A, B, C].map(({ id }) => [id, PLENTY])) }
  sale.play({ type: 'retract_bid', by: A, bidId: first?.id ?? 0, reason: 'typo', allowed: true, ...taking })
  sale.at = sale.good().endsAt - 1_000
  sale.bid(A, { max: 8_000 })
  return sale
}

/** An open good with a leader's raise, a bid cancelled with which another lapses, and one taken back by who does not lead. */
function removalLog() {
  const sale = openSale()
  for (const [person, max] of [
    [A, 3_000],
    [A, 4_000],
    [B, 6_000],
    [C, 9_000],
  ] as const)
    sale.bid(person, { max })
  const take = (bidder: Person, funds: readonly Person[]) => {
    const bidId = sale.bids().find((bid) => bid.bidder.id === bidder.id)?.id ?? 0
    const available = new Map(funds.map(({ id }) => [id, PLENTY]))
    const taking = { by: house, bidId, receivedAt: sale.at, bids: sale.bids(), available, reason: 'a shill' }
    expect(sale.play({ type: 'cancel_bid', ...taking })).toBeNull()
  }
  take(C, [A])
  sale.bid(B, { max: 8_000 })
  take(A, [A, B])
  return sale
}

/** A good that nobody bid enough for: its reserve stays sealed. */
function unsoldLog() {
  const sale = openSale({ reserve: 4_000, buyNow: 9_000 })
  sale.bid(A, { max: 3_000 })
  sale.bid(B, { amount: 2_000, max: 3_999 })
  sale.at = sale.good().endsAt
  sale.play({ type: 'close_due', now: sale.at })
  return sale
}

describe('an untouched log', () => {
  it('holds together, whatever can happen in a sale happens in it', () => {
    const log = richSale().log()
    const kinds = ['listed', 'bid', 'extended', 'reserve_met', 'retracted', 'lapsed', 'bid_cancelled', 'note', 'sold']
    expect(new Set(log.map(({ type }) => type))).toEqual(new Set(kinds))
    const { ok, goods, differences } = verifyLog(exported(log))
    expect(differences).toEqual([])
    expect(ok).toBe(true)
    expect(goods).toEqual([
      {
        goodId: 42,
        events: log.length,
        head: log.at(-1)?.hash,
        status: 'sold',
        price: usd(8_500),
        leader: { id: 14, nick: 'dan' },
        winner: { id: 14, nick: 'dan' },
        sealed: 0,
        reserve: 'opened',
      },
    ])
  })

  it('of an open good says how many maxima it could not look into', () => {
    expect(verifyLog(exported(openLog().log()))).toMatchObject({
      ok: true,
      goods: [{ status: 'open', sealed: 4, reserve: 'sealed', price: usd(7_100), leader: A }],
    })
  })

  it('of a good that nobody bought leaves the reserve and the maxima sealed, and is checked for what everyone can see', () => {
    const report = verifyLog(exported(unsoldLog().log()))
    expect(report).toMatchObject({
      ok: true,
      goods: [{ status: 'unsold', sealed: 2, reserve: 'sealed', winner: null }],
    })
  })

  it('is right when its buy-now price came, or fell, while its reserve was sealed', () => {
    for (const [buyNow, later] of [
      [null, 9_000],
      [9_000, 8_000],
      [8_000, null],
    ] as const) {
      const sale = openSale({ reserve: 4_000, buyNow })
      const edit = { by: mila, changes: { buyNow: later }, note: null, salt: 'x', receivedAt: sale.at }
      expect(sale.play({ type: 'edit_good', ...edit })).toBeNull()
      expect(faultsOf(sale.log())).toBe('')
    }
    expect(faultsOf(removalLog().log())).toBe('')
  })

  it('of a second chance, with its price as start and as buy-now price, is right', () => {
    const sale = openSale({ buyNow: 1_000, offeredTo: A, relistOf: 7 })
    sale.play({ type: 'purchase', buyer: A, receivedAt: sale.at, available: PLENTY })
    expect(verifyLog(exported(sale.log()))).toMatchObject({ ok: true, goods: [{ status: 'bought', winner: A }] })
  })

  it('of a house that was slow, or whose clocks are a little apart, is right', () => {
    for (const log of [slowLog(60_000), outageLog(60_000), outageLog(-10_000)]) {
      expect(log).toHaveLength(2)
      expect(faultsOf(log)).toBe('')
    }
    expect(faultsOf(saltedLog(saltOf('any')))).toBe('')
    expect(faultsOf(noted({ softCloseMs: HOUR }))).toBe('')
    for (const margin of [0, 10_000])
      expect(faultsOf(openSale({ premiumBp: margin, commissionBp: margin }).log())).toBe('')
  })

  it('of any of 400 random sales is right, sealed or opened', () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 400; seed++) {
      const log = randomSale(randomBy(seed), seed % 2 === 0).log()
      for (const { type } of log) kinds.add(type)
      expect(faultsOf(log), `seed ${seed}`).toBe('')
    }
    expect(kinds.size).toBe(12)
  })

  it('may follow another in the same file, but not itself', () => {
    const [one, other] = [exported(richSale().log()), exported(openSale({}, 43).log())]
    expect(verifyLog(one + other).goods.map(({ goodId }) => goodId)).toEqual([42, 43])
    expect(verifyLog(one + other).ok).toBe(true)
    expect(verifyLog(one + one).ok).toBe(false)
  })
})

/** Every place of a value in a JSON document. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, member]) =>
    placesIn(member, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

function replaced(value: unknown, [key, ...path]: (string | number)[], change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value)
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], path, change)
  return copy
}

function other(random: Random, old: unknown): unknown {
  if (typeof old === 'number') return old + random.pick([1, -1, random.int(2, 900), -random.int(2, 900)])
  if (typeof old === 'boolean') return !old
  if (old === null) return random.pick<unknown>([0, '', false, 'x', 1])
  const text = String(old)
  const at = random.int(0, text.length)
  return random.chance(0.2) ? null : `${text.slice(0, at)}${random.pick(['1', 'a', 'f'])}${text.slice(at)}`
}

const characters = [...'0123456789abcdefxyz"{}[],:. -\\u\t\u00e9'] as [string, ...string[]]

/** One thing done to the lines of a log, at random. */
function tampered(random: Random, lines: readonly string[]): { what: string; lines: string[] } {
  const [at, to] = [random.int(0, lines.length - 1), random.int(0, lines.length - 1)]
  const line = lines[at] ?? ''
  const what = random.pick(['character', 'value', 'value', 'deletion', 'last', 'swap', 'copy', 'forgery'])
  switch (what) {
    case 'character': {
      const place = random.int(0, line.length - 1)
      const changed = line.slice(0, place) + random.pick(characters) + line.slice(place + 1)
      return { what, lines: lines.with(at, changed) }
    }
    case 'value': {
      const document: unknown = JSON.parse(line)
      const place = random.any(placesIn(document)) ?? []
      return { what, lines: lines.with(at, canonicalJson(replaced(document, place, (old) => other(random, old)))) }
    }
    case 'deletion':
      return { what, lines: lines.toSpliced(at, 1) }
    case 'last':
      return { what, lines: lines.toSpliced(lines.length - random.int(1, 2), 1) }
    case 'swap':
      return { what, lines: lines.with(at, lines[to] ?? '').with(to, line) }
    case 'copy':
      return { what, lines: lines.toSpliced(to, 0, line) }
    default: {
      const document = JSON.parse(line) as { seq?: number }
      return { what, lines: lines.toSpliced(to, 0, canonicalJson({ ...document, seq: to + 1 })) }
    }
  }
}

describe('a log that was touched', () => {
  it('is found out: 1,000 random edits, deletions, swaps, copies and forgeries, every one', () => {
    const random = randomBy(8010)
    const logs = [richSale(), richSale(), openLog(), unsoldLog()].map((sale) => exported(sale.log()))
    const missed: string[] = []
    for (let count = 0; count < 1_000; ) {
      const text = random.any(logs) ?? ''
      const lines = text.split('\n').slice(0, -1)
      const { what, lines: touched } = tampered(random, lines)
      if (touched.join('\n') === lines.join('\n')) continue
      count++
      if (verifyLog(`${touched.join('\n')}\n`).ok) missed.push(`${count} ${what}`)
    }
    expect(missed).toEqual([])
  })

  it('is found out in a secret that was opened, which no hash of the chain covers', () => {
    const log = richSale().log()
    const sealed = log.filter(({ opened }) => opened)
    expect(sealed.length).toBeGreaterThan(8)
    for (const entry of sealed) {
      const at = log.indexOf(entry)
      for (const place of placesIn(entry.opened)) {
        const opened = replaced(entry.opened, place, (old) =>
          old === null ? 1 : typeof old === 'number' ? old + 1 : `${old}!`,
        )
        expect(faultsOf(log.with(at, { ...entry, opened } as LoggedEvent)), `${entry.seq} ${place}`).not.toBe('')
      }
      const { opened: _, ...kept } = entry
      expect(faultsOf(log.with(at, kept)), `${entry.seq} left sealed`).toMatch(/still sealed/)
    }
  })

  it('is found out when it opens the maxima of a good that nobody bought', () => {
    const cancelled = openLog()
    cancelled.play({ type: 'cancel_good', by: house, as: 'house', reason: 'stolen', receivedAt: cancelled.at })
    for (const log of [unsoldLog().log(), cancelled.log()]) {
      expect(faultsOf(log)).toBe('')
      const at = log.findIndex(({ type }) => type === 'bid')
      const opened = { max: 3_000, named: null, salt: saltOf('salt of 1') }
      const entry = { ...(log[at] as LoggedEvent), opened }
      expect(entry.data.commitment).toBe(commitmentOf(opened))
      expect(faultsOf(log.with(at, entry))).toMatch(/It is opened, and nobody bought the good/)
    }
  })

  it('is found out when it opens what was never sealed', () => {
    const log = richSale().log()
    const at = log.findIndex(({ type }) => type === 'reserve_met')
    const opened = { reserve: 1, salt: 'x' }
    expect(faultsOf(log.with(at, { ...(log[at] as LoggedEvent), opened }))).toMatch(/opens what is not sealed/)
  })

  it('names the line and the event', () => {
    const lines = exported(richSale().log()).split('\n')
    const { differences } = verifyLog(lines.with(5, (lines[5] ?? '').replace('7000', '7001')).join('\n'))
    expect(differences[0]).toMatchObject({ line: 6, seq: 6, goodId: 42, what: expect.stringMatching(/hash/) })
    expect(differences.every(({ line }) => line >= 6)).toBe(true)
  })

  it('is found out when its end is cut off, with its head line or without', () => {
    const lines = exported(richSale().log()).split('\n').slice(0, -1)
    for (const cut of [lines.slice(0, -1), lines.slice(0, -2), lines.toSpliced(-2, 1), []])
      expect(verifyLog(cut.join('\n')).ok).toBe(false)
  })
})

type Data = LoggedEvent['data']
/** The log with the facts of the first entry of this type, from `from` on, changed, and every hash made anew. */
function forged(
  log: readonly LoggedEvent[],
  type: string,
  change: Record<string, unknown> | ((data: Data) => Data),
  from = 0,
) {
  const at = log.findIndex((entry, index) => index >= from && entry.type === type)
  const entry = log[at]
  if (!entry) throw new Error(`There is no ${type}.`)
  const data = typeof change === 'function' ? change(entry.data) : ({ ...entry.data, ...change } as Data)
  return rechained(log.with(at, { ...entry, data }))
}
const without = (log: readonly LoggedEvent[], type: string) =>
  rechained(
    log.toSpliced(
      log.findIndex((entry) => entry.type === type),
      1,
    ),
  )

/** The lapse of a log once more, with nothing to lapse. */
const lapseOf = (log: readonly LoggedEvent[]) => log.find(({ type }) => type === 'lapsed') as LoggedEvent
const later = (instant: string, ms: number) => new Date(Date.parse(instant) + ms).toISOString()
/** Every entry of this type later. */
const reTimed = (log: readonly LoggedEvent[], type: string, ms = 1_000) =>
  rechained(log.map((entry) => (entry.type === type ? { ...entry, at: later(entry.at, ms) } : entry)))
/** The log with its first bid said to be received at `instant`. */
const receivedAt = (log: readonly LoggedEvent[], type: string, change: (instant: string) => string) =>
  forged(log, type, (data) => ({ ...data, receivedAt: change(String(data.receivedAt)) }) as Data)

/** A good given more time after an outage `ms` before now, as the house records it. */
function outageLog(ms: number) {
  const sale = openSale()
  sale.at = sale.good().endsAt + 120_000
  sale.play({ type: 'extend_for_outage', downSince: sale.good().endsAt - 1, now: sale.at - ms })
  return sale.log()
}

/** More time given to a good that ends tomorrow. */
const earlyGrace: LoggedEvent = {
  goodId: 42,
  seq: 2,
  type: 'extended',
  at: '2026-11-22T12:01:00.000Z',
  data: { cause: 'outage', endsAt: '2026-11-22T12:11:00.000Z', hardEndsAt: '2026-11-22T13:11:00.000Z' },
  hash: '',
}

/** A bid that waited `ms` for the house to record it. */
function slowLog(ms: number) {
  const sale = openSale()
  sale.at += ms
  const bid = { bidder: A, amount: null, max: 3_000, message: null, ifSeq: null, bidId: 101, salt: saltOf('x') }
  sale.play({ type: 'place_bid', ...bid, receivedAt: sale.at - ms, available: PLENTY })
  return sale.log()
}

/** A good bought at once, its only bid sealed with this salt. */
function saltedLog(salt: string) {
  const sale = openSale()
  const bid = { bidder: A, amount: null, max: 3_000, message: null, ifSeq: null, bidId: 101, salt }
  sale.play({ type: 'place_bid', ...bid, receivedAt: sale.at, available: PLENTY })
  sale.at = sale.good().endsAt
  sale.play({ type: 'close_due', now: sale.at })
  return sale.log()
}

/** A log of a good edited before any bid. */
function noted(changes: Changes) {
  const sale = openSale()
  sale.play({ type: 'edit_good', by: mila, changes, note: null, salt: saltOf('note'), receivedAt: sale.at })
  return sale.log()
}

describe('a log forged by who can make every hash anew', () => {
  const sold = richSale().log()
  const open = openLog().log()
  const removals = removalLog().log()

  it.each<[string, LoggedEvent[], RegExp]>([
    ['another leader', forged(sold, 'bid', { leader: B }), /^3 leader/],
    ['another price', forged(sold, 'bid', { price: usd(1_001) }), /^3 price/],
    ['another currency', forged(sold, 'bid', { price: { amount: 1_000, currency: 'EUR' } }), /^3 price/],
    ['another bidder', forged(sold, 'bid', { bidder: C }), /^3 /],
    ['the seller as bidder', forged(sold, 'bid', { bidder: mila, leader: mila }), /refuse it/],
    ['a bid too low', forged(sold, 'bid', { amount: usd(900) }), /^3 amount/],
    ['a fact more', forged(sold, 'bid', { extra: 1 }), /^3 extra/],
    ['a fact less', forged(sold, 'bid', ({ bidCount: _, ...rest }) => rest), /^3 "bid"/],
    ['a bid dropped', without(sold, 'bid'), /bidCount/],
    ['no word of the reserve met', without(sold, 'reserve_met'), /what comes next: the rules say reserve_met/],
    ['no lapse', without(sold, 'lapsed'), /^12 leader: the rules say ann \(11\); the log says bob \(12\)/m],
    ['a removal dropped', without(sold, 'retracted'), /bidCount/],
    ['no extension', without(sold.slice(15), 'extended'), /./],
    ['a longer extension', forged(sold, 'extended', { endsAt: '2026-11-23T12:30:00.000Z' }, 14), /^16 endsAt/],
    ['another winner', forged(sold, 'sold', { winner: A }), /^20 winner/],
    ['a price that was not bid', forged(sold, 'sold', { price: usd(8_499) }), /^20 price/],
    ['another end', forged(sold, 'listed', { hardEndsAt: '2026-11-29T12:00:00.000Z' }), /hardEndsAt/],
    ['another name for the winner', forged(sold, 'sold', { name: 'A fake' }), /^20 name/],
    ['a bid after the end', rechained([...sold, ...sold.slice(2, 3)]), /refuse it: Bidding on good 42 has ended/],
    ['the end left out', rechained(sold.slice(0, -1)), /It is opened, and the good is still open/],
    ['a start price above the reserve', forged(sold, 'listed', { startPrice: usd(4_000) }), /minimumBid|reserve/],
    ['sealed: another leader', forged(open, 'bid', { leader: C }, 2), /leader/],
    ['sealed: a price that falls', forged(open, 'bid', { price: usd(900) }, 2), /price/],
    ['sealed: a bid below the least', forged(open, 'bid', { amount: usd(1_000) }, 2), /^3 amount/],
    [
      'sealed: a price below what was bid',
      forged(open, 'bid', { amount: usd(9_000) }, 2),
      /^3 price: .* 90\.00 USD or more/,
    ],
    [
      'sealed: an extension left out at the end',
      rechained(open.slice(0, -1)),
      /what comes next: the rules say extended/,
    ],
    [
      'sealed: a raise of the leader that lowers the price',
      forged(removals, 'bid', { price: usd(900) }, 2),
      /^3 price/,
    ],
    ['sealed: a raise that shows more than the price', forged(removals, 'bid', { amount: usd(1_100) }, 2), /^3 amount/],
    ['sealed: fewer bids that lapse', forged(removals, 'lapsed', { bids: 2 }), /bids that lapse: the rules say 1;/],
    ['sealed: another count of bids left', forged(removals, 'bid_cancelled', { bidsLeft: 1 }), /bidsLeft/],
    ['sealed: another count of bids', forged(removals, 'bid_cancelled', { bidCount: 3 }), /bidCount/],
    ['sealed: a leader without a bid', forged(removals, 'bid_cancelled', { leader: B }), /leader: .* whose bid stands/],
    [
      'sealed: a lapse though the leader stays',
      rechained(removals.toSpliced(8, 0, lapseOf(removals))),
      /the leader stays/,
    ],
    ['a seq left out', rechained(sold, (index) => (index < 6 ? index + 1 : index + 2)), /^8 seq/],
    ['another instant for what follows at once', reTimed(sold, 'reserve_met'), /^5 at/],
    [
      'a listing that is older than it says',
      forged(sold, 'listed', { listedAt: '2026-11-22T11:58:59.000Z' }),
      /^1 listedAt/,
    ],
    ['a listing said to come', forged(sold, 'listed', { listedAt: '2026-11-22T12:00:11.000Z' }), /^1 listedAt/],
    ['a premium of more than the price', openSale({ premiumBp: 10_001 }).log(), /^1 premiumBp: .* 0 to 10000;/],
    ['a premium below nothing', openSale({ premiumBp: -1 }).log(), /^1 premiumBp/],
    ['a commission of more than the price', openSale({ commissionBp: 10_001 }).log(), /^1 commissionBp/],
    ['a soft close of hours', openSale({ softCloseMs: HOUR + 1 }).log(), /^1 softCloseMs: .* 0 to 3600000;/],
    ['a soft close below nothing', openSale({ softCloseMs: -1 }).log(), /^1 softCloseMs/],
    ['a soft close edited to hours', noted({ softCloseMs: HOUR + 1 }), /^2 softCloseMs/],
    ['a bid recorded a minute late', slowLog(60_001), /^2 receivedAt/],
    [
      'a bid from before the listing',
      receivedAt(sold, 'bid', () => '2026-11-22T11:59:49.000Z'),
      /^3 receivedAt.* later than the listing/m,
    ],
    ['a retraction recorded late', receivedAt(sold, 'retracted', (at) => later(at, -60_001)), /^9 receivedAt/m],
    ['an outage long ago', outageLog(60_001), /^2 endsAt/],
    [
      'an outage of a good that has long to go',
      rechained([...openSale().log(), earlyGrace]),
      /^2 "extended": .* nothing to happen/,
    ],
    ['an outage to come', outageLog(-10_001), /^2 endsAt/],
    ['no salt', saltedLog(''), /^2 the salt/],
    ['half a salt', saltedLog('0123456789abcdef'), /^2 the salt/],
    ['the number of another bid', forged(sold, 'bid', { bidId: 103 }, 17), /^18 bidId/],
    ['sealed: another minimum', forged(open, 'bid', { minimumBid: usd(1_000) }, 2), /^3 minimumBid/],
    ['sealed: another count', forged(open, 'bid', { bidCount: 7 }, 2), /^3 bidCount/],
    ['sealed: a removal that raises the price', forged(open, 'retracted', { price: usd(7_001) }), /price/],
    ['sealed: a removal of a bid that is not there', forged(open, 'retracted', { bidId: 9_999 }), /no bid 9999/],
    ["sealed: another's bid taken back", forged(open, 'retracted', { bidder: B }), /is not yours/],
    ['sealed: a removal that makes another lead', forged(open, 'retracted', { leader: B }), /leader/],
    ['sealed: a longer extension', forged(open, 'extended', { endsAt: '2026-11-23T12:30:00.000Z' }), /endsAt/],
    ['sealed: an end that nobody came to', rechained([...open, { ...sold.at(-1), data: {} } as LoggedEvent]), /"sold"/],
  ])('is found out: %s', (_, log, fault) => {
    expect(faultsOf(log)).toMatch(fault)
    expect(faultsOf(log)).not.toMatch(/hash/)
  })

  it('is found out by the prices when a maximum and its seal are made up', () => {
    const at = sold.findIndex(({ type }) => type === 'bid') + 1
    const entry = sold[at] as LoggedEvent
    const opened = { max: 9_500, named: null, salt: 'made up' }
    const data = { ...entry.data, commitment: commitmentOf(opened) }
    expect(faultsOf(rechained(sold.with(at, { ...entry, data, opened })))).toMatch(/leader|price/)
  })

  it('is found out when it ends before its end, or counts what came too late', () => {
    const early = sold.with(-1, { ...(sold.at(-1) as LoggedEvent), at: sold.at(-2)?.at ?? '' })
    expect(faultsOf(rechained(early))).toMatch(/^20 "sold": the rules say nothing to happen yet/)
    const late = { receivedAt: '2026-11-25T12:00:00.000Z' }
    expect(faultsOf(forged(sold, 'bid', late))).toMatch(/receivedAt[\s\S]*refuse it|refuse it[\s\S]*receivedAt/)
  })

  it('is found out when its instants run backwards', () => {
    const at = new Date(LISTED_AT + 21 * HOUR).toISOString()
    const log = rechained(sold.with(2, { ...(sold[2] as LoggedEvent), at }))
    expect(faultsOf(log)).toMatch(/before the event before it/)
  })

  it('is right by itself when the whole sale is made up by the rules: the head known from elsewhere tells', () => {
    const sale = openSale()
    sale.bid(A, { max: 3_000 })
    const madeUp = openSale()
    madeUp.bid(B, { max: 3_000 })
    const [honest, forgery] = [sale, madeUp].map((each) => verifyLog(exported(each.log())))
    expect(forgery?.ok).toBe(true)
    expect(forgery?.goods[0]?.head).not.toBe(honest?.goods[0]?.head)
  })
})

describe('what is no log', () => {
  const listed = exported(openSale().log()).split('\n')[0] ?? ''
  it.each([
    ['nothing', ''],
    ['an empty line', '\n'],
    ['text', 'hello\n'],
    ['another document', '{"a":1}\n'],
    ['numbers', '1\n2\nnull\n'],
    ['a list', `[${'['.repeat(5_000)}${']'.repeat(5_000)}]\n`],
    ['deep objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}\n`],
    ['a head alone', `{"events":0,"goodId":1,"hash":"${'0'.repeat(64)}","type":"head"}\n`],
    ['a log that begins with a bid', exported(rechained(richSale().log().slice(2)))],
    ['prototypes', listed.replace('"data":{', '"data":{"__proto__":{"a":1},"constructor":1,')],
    ['huge numbers', listed.replace('"amount":1000', '"amount":1e400')],
    ['an instant that is none', listed.replaceAll('2026-11-22', '2026-13-45')],
    ['a currency that is none', exported(rechained(openSale({ currency: 'XYZ' }).log()))],
    ['a line without end', `${listed.slice(0, 40)}${'x'.repeat(logLimits.lineLength)}`],
    ['Windows line ends', exported(richSale().log()).replaceAll('\n', '\r\n')],
  ])('is refused, not thrown at: %s', (_, text) => {
    const report = verifyLog(text)
    expect(report.ok).toBe(false)
    expect(report.differences.length).toBeGreaterThan(0)
  })

  it('is refused, not thrown at, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.json())), (lines) => {
        expect(verifyLog(lines.join('\n')).ok).toBe(false)
      }),
    )
  })

  it('is told of in bounds: a hundred differences, and how many more', () => {
    const { differences, more } = verifyLog('x\n'.repeat(1_000))
    expect([differences.length, more]).toEqual([100, 900])
  })

  it('is not taken for right with facts of any JSON, every hash and the head made to fit', () => {
    const log = richSale().log()
    fc.assert(
      fc.property(fc.nat(log.length - 1), fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), (at, data) => {
        const entry = { ...(log[at] as LoggedEvent), data: data as LoggedEvent['data'] }
        fc.pre(canonicalJson(data) !== canonicalJson(log[at]?.data))
        expect(verifyLog(exported(rechained(log.with(at, entry)))).ok).toBe(false)
      }),
    )
  })
})

describe('a log checked while its maxima are sealed', () => {
  it('is right when its good has ended and every maximum is opened again', () => {
    const sale = openLog()
    const before = verifyLog(exported(sale.log()))
    sale.at = sale.good().endsAt
    sale.play({ type: 'close_due', now: sale.at })
    const after = verifyLog(exported(sale.log()))
    expect([before.ok, after.ok]).toEqual([true, true])
    expect([before.goods[0]?.sealed, after.goods[0]?.sealed]).toEqual([4, 0])
  })

  it('takes a house that cancels a bid before all others, and the price that falls with it', () => {
    const sale = openLog()
    const available = new Map([A, B, C].map(({ id }) => [id, PLENTY]))
    const [first] = sale.bids().filter(({ bidder }) => bidder.id === A.id)
    const taking = { bidId: first?.id ?? 0, receivedAt: sale.at, bids: sale.bids(), available }
    expect(sale.play({ type: 'cancel_bid', by: house, reason: 'a shill', ...taking })).toBeNull()
    expect(faultsOf(sale.log())).toBe('')
  })
})
