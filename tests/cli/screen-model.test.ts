/** `update` as data: what the screen refuses first, then the way of a bid, the connection's states and the end. */
import type { BidAnswer } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import { evolveView } from '@auction/common/view'
import { describe, expect, it } from 'vitest'
import type { FeedMessage } from '../../packages/cli/src/follow.ts'
import { REVIEW_MS } from '../../packages/cli/src/screen/bid-line.ts'
import { footerKeys, keyNames, messageFor } from '../../packages/cli/src/screen/keyboard.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { bidBar, type Effect, initialModel, type Model, type Msg } from '../../packages/cli/src/screen/model.ts'
import { update } from '../../packages/cli/src/screen/update.ts'

const now = Date.UTC(2026, 10, 22, 14)
const usd = (amount: number) => ({ amount, currency: 'USD' })
const iso = (ms: number) => new Date(ms).toISOString()
const ada = { id: 5, nick: 'ada' }
const kestrel = { id: 6, nick: 'kestrel' }
const zoe = { id: 7, nick: 'zoë' }

function view(changes: Partial<GoodView> = {}): GoodView {
  return {
    id: 7,
    name: 'Leica M3',
    description: 'boxed',
    owner: { id: 1, nick: 'mila' },
    status: 'open',
    price: usd(124_000),
    startPrice: usd(80_000),
    minimumBid: usd(128_000),
    bidCount: 23,
    leader: kestrel,
    reserve: 'met',
    buyNow: null,
    endsAt: iso(now + 277_000),
    hardEndsAt: iso(now + 3_600_000),
    softCloseMs: 120_000,
    seq: 30,
    epoch: 'first',
    image: null,
    watchers: 31,
    private: false,
    capacity: null,
    winner: null,
    you: { standing: 'outbid', max: usd(120_000), hold: null },
    ...changes,
  }
}

const start = (me: Model['me'] = ada) =>
  initialModel({ me, server: 'http://house', zone: 'UTC', size: { columns: 80, rows: 24 }, now })

/** The screen after the messages, and the effects of the last. */
function play(model: Model, ...messages: Msg[]): { model: Model; effects: readonly Effect[] } {
  let effects: readonly Effect[] = []
  for (const msg of messages) [model, effects] = update(model, msg)
  return { model, effects }
}

const feed = (message: FeedMessage): Msg => ({ type: 'feed', message, now })
const watching = (changes: Partial<GoodView> = {}, me: Model['me'] = ada) =>
  play(start(me), feed({ type: 'snapshot', good: view(changes) }), feed({ type: 'connection', ...live })).model
const live = { state: 'live', attempt: 0, retryAt: null } as const
const at = (ms: number, key = 'key-1'): Msg => ({ type: 'enter', at: ms, key })
const amount = (text: string): Msg[] => [
  { type: 'open_bid', kind: 'exact' },
  { type: 'typed', text },
]

function bidEvent(good: GoodView, bidder: typeof ada, price: number, leader = bidder): FeedEvent {
  const data = {
    bidId: good.seq + 1,
    bidder,
    amount: usd(price),
    message: null,
    receivedAt: iso(now),
    price: usd(price),
    leader,
    minimumBid: usd(price + 4_000),
    bidCount: good.bidCount + 1,
    commitment: '0'.repeat(64),
  }
  return { seq: good.seq + 1, type: 'bid', at: iso(now), goodId: 7, data }
}

/** The message of an event, with the view as the feed folds it. */
function told(good: GoodView, event: FeedEvent, me: Model['me'] = ada): Msg {
  return feed({ type: 'event', event, good: evolveView(good, event, me?.id ?? null) })
}

const answer = (standing: 'leading' | 'outbid', changes: Partial<GoodView> = {}): BidAnswer => ({
  bid: { id: 31, amount: usd(128_000), max: usd(128_000), seq: 31, at: iso(now) },
  standing,
  good: view({
    seq: 31,
    price: usd(128_000),
    leader: standing === 'leading' ? ada : kestrel,
    minimumBid: usd(132_000),
    you: { standing, max: usd(128_000), hold: standing === 'leading' ? usd(128_000) : null },
    ...changes,
  }),
  replayed: false,
})

describe('the bid line refuses', () => {
  it.each([
    ['', /Type an amount/],
    ['1,280', /without grouping/],
    ['12.345', /2 decimals/],
    ['.5', /is not an amount/],
    ['0', /more than nothing/],
    ['99999999999999', /more than the house handles/],
    ['1279.99', /the minimum is \$1,280\.00/],
  ])('to review %o', (text, reason) => {
    const { model, effects } = play(watching(), ...amount(text), at(0))
    expect(model.line).toEqual({ kind: 'exact', step: 'amount', text })
    expect(model.notice).toMatchObject({ tone: 'bad', text: expect.stringMatching(reason) })
    expect(effects).toEqual([])
  })

  it('an Enter that comes within 400 ms of the review', () => {
    const { model, effects } = play(watching(), ...amount('1280'), at(1_000), at(1_000 + REVIEW_MS - 1))
    expect([model.line.step, effects]).toEqual(['review', []])
  })

  it('a review whose minimum rose meanwhile, keeping the draft', () => {
    const before = watching()
    const { model, effects } = play(
      before,
      ...amount('5000'),
      at(0),
      told(view(), bidEvent(view(), kestrel, 128_000)),
      at(900),
    )
    expect(model.line).toMatchObject({ step: 'review', text: '5000' })
    expect(effects).toEqual([])
    const withdrawn = play(before, ...amount('5000'), at(0), told(view(), bidEvent(view(), kestrel, 128_000))).model
    expect(withdrawn.line).toEqual({ kind: 'exact', step: 'amount', text: '5000' })
    expect(withdrawn.notice?.text).toContain('the minimum rose to $1,320.00')
  })

  it('to be submitted by a paste, and takes its first line only', () => {
    const pasted: Msg = { type: 'pasted', text: '\n 1280.50 \r\n9999\r\n' }
    const { model, effects } = play(watching(), { type: 'open_bid', kind: 'exact' }, pasted)
    expect([model.line, effects]).toEqual([{ kind: 'exact', step: 'amount', text: '1280.50' }, []])
  })

  it('a paste while there is no field', () => {
    const model = watching()
    expect(update(model, { type: 'pasted', text: '1280' })[0]).toBe(model)
  })

  it('to swallow what a paste holds: 1e3 stays 1e3 and is no amount', () => {
    const { model } = play(
      watching(),
      { type: 'open_bid', kind: 'exact' },
      { type: 'pasted', text: '1e3\u001b[2J' },
      at(0),
    )
    expect([model.line.text, model.line.step, model.notice?.tone]).toEqual(['1e3', 'amount', 'bad'])
  })

  it.each([
    ['a watcher who is not signed in', {}, null, /not signed in/],
    ['the seller', { owner: ada }, ada, /your own good/],
    ['a good that is sold', { status: 'sold', winner: kestrel } as const, ada, /SOLD to kestrel for \$1,240\.00/],
    ['a good whose end has come', { endsAt: iso(now) }, ada, /waiting for the result/],
  ])('%s, with the reason and without its keys', (_who, changes, me, reason) => {
    const model = watching(changes, me)
    expect(bidBar(model)).toMatch(reason)
    for (const name of ['b', 'm', 'x', '+', '1'])
      expect(messageFor(keymap, model, name, { at: 0, key: 'k' })).toBeNull()
  })

  it.each([
    ['BID_TOO_LOW', { minimumBid: usd(132_000) }, /Refused: The bid is too low\. The minimum is \$1,320\.00/],
    ['INSUFFICIENT_FUNDS', { available: usd(5_000), needed: usd(128_000) }, /1,280\.00.*\$50\.00/],
    ['MAX_NOT_RAISED', {}, /You lead already/],
    ['UNREACHABLE', {}, /cannot be reached/],
  ] as const)('what the house refused with %s, with the reason, keeping the draft', (code, data, reason) => {
    const error = new AuctionError(code, undefined, { data })
    const refused: Msg = { type: 'bid_refused', key: 'key-1', error }
    const { model, effects } = play(watching(), ...amount('1280'), at(0), at(900), refused)
    expect(model.line).toEqual({ kind: 'exact', step: 'amount', text: '1280' })
    expect(model.notice).toMatchObject({ tone: 'bad', text: expect.stringMatching(reason) })
    expect(effects).toEqual([{ type: 'fetchGood' }])
  })

  it('bidding once the session has expired', () => {
    const error = new AuctionError('UNAUTHENTICATED')
    const { model } = play(watching(), ...amount('1280'), at(0), at(900), { type: 'bid_refused', key: 'key-1', error })
    expect([model.line.step, bidBar(model)]).toEqual(['closed', expect.stringContaining('session has expired')])
  })

  it('an answer to another bid than the one under way', () => {
    const { model } = play(watching(), ...amount('1280'), at(0), at(900))
    expect(update(model, { type: 'bid_answered', key: 'other', answer: answer('leading') })[0]).toBe(model)
  })
})

describe('a bid', () => {
  it('goes amount, Enter, review, Enter, and is sent once with its key', () => {
    const { model, effects } = play(watching(), ...amount('1280.00'), at(0), at(REVIEW_MS, 'key-2'))
    expect(effects).toEqual([{ type: 'placeBid', key: 'key-2', kind: 'exact', amount: 128_000, afterMs: 0 }])
    expect(play(model, at(2_000, 'key-3')).effects).toEqual([])
  })

  it('that leads says so and closes the line', () => {
    const { model } = play(watching(), ...amount('1280'), at(0), at(900), {
      type: 'bid_answered',
      key: 'key-1',
      answer: answer('leading'),
    })
    expect([model.line, model.notice]).toEqual([
      { step: 'closed', kind: 'exact', text: '' },
      { tone: 'good', text: '✓ Bid accepted: you lead at $1,280.00.' },
    ])
    expect(model.good?.you).toEqual({ standing: 'leading', max: usd(128_000), hold: usd(128_000) })
  })

  it('that is outbid at once says who leads', () => {
    const { model } = play(watching(), ...amount('1280'), at(0), at(900), {
      type: 'bid_answered',
      key: 'key-1',
      answer: answer('outbid'),
    })
    expect(model.notice?.text).toBe('▼ Bid accepted, but outbid at once: kestrel leads at $1,280.00.')
  })

  it('whose outcome is unknown is asked for again with the same key until there is a decision', () => {
    const unknown: Msg = { type: 'bid_refused', key: 'key-1', error: new AuctionError('OUTCOME_UNKNOWN') }
    const first = play(watching(), ...amount('1280'), at(0), at(900), unknown)
    expect(first.model.line).toMatchObject({ step: 'unknown', key: 'key-1', tries: 1 })
    expect(first.effects).toEqual([
      { type: 'placeBid', key: 'key-1', kind: 'exact', amount: 128_000, afterMs: expect.any(Number) },
    ])
    for (const code of ['UNREACHABLE', 'BUSY', 'RATE_LIMITED', 'OUTCOME_UNKNOWN'] as const) {
      const again = play(first.model, { type: 'bid_refused', key: 'key-1', error: new AuctionError(code) })
      expect([code, again.model.line.step, again.effects.length]).toEqual([code, 'unknown', 1])
    }
    const resolved = play(first.model, { type: 'bid_answered', key: 'key-1', answer: answer('leading') })
    expect([resolved.model.line.step, resolved.model.notice?.tone]).toEqual(['closed', 'good'])
  })

  it('of three times the minimum says so before it is placed', () => {
    expect(play(watching(), ...amount('3839.99'), at(0)).model.notice).toBeNull()
    expect(play(watching(), ...amount('3840'), at(0)).model.notice).toMatchObject({ tone: 'warning', text: /3 times/ })
  })

  it('up to three times the minimum says so too, whoever leads', () => {
    const [kind, leading] = ['max', { standing: 'leading', max: usd(130_000), hold: usd(130_000) }] as const
    for (const you of [view().you, leading]) {
      const typed: Msg[] = [
        { type: 'open_bid', kind },
        { type: 'typed', text: '3840' },
      ]
      const { notice } = play(watching({ ...(you && { you }) }), ...typed, at(0)).model
      expect(notice?.text).toMatch(/3 times the minimum or more/)
    }
  })

  it('as a maximum is sent as one', () => {
    const { effects } = play(
      watching(),
      { type: 'open_bid', kind: 'max' },
      { type: 'typed', text: '1500' },
      at(0),
      at(900),
    )
    expect(effects).toMatchObject([{ kind: 'max', amount: 150_000 }])
  })

  it('of the leader may be below the minimum: the house knows their maximum', () => {
    const model = watching({ leader: ada, you: { standing: 'leading', max: usd(124_000), hold: usd(124_000) } })
    expect(play(model, ...amount('1250'), at(0)).model.line.step).toBe('review')
  })

  it('takes the minimum from m and steps from + and -, never below the minimum', () => {
    const terms: Msg = { type: 'terms', terms: { listedAt: now - 60_000, increment: { fixed: 4_000 } } }
    const texts = [
      ['fill_minimum', { type: 'fill_minimum' }],
      ['up', { type: 'step', by: 1 }],
      ['up', { type: 'step', by: 1 }],
      ['down', { type: 'step', by: -1 }],
      ['down', { type: 'step', by: -1 }],
      ['down', { type: 'step', by: -1 }],
    ] as const
    let model = play(watching(), terms).model
    const seen = texts.map(([, msg]) => {
      model = update(model, msg)[0]
      return model.line.text
    })
    expect(seen).toEqual(['1280.00', '1320.00', '1360.00', '1320.00', '1280.00', '1280.00'])
  })

  it('is taken back step by step with Esc', () => {
    const review = play(watching(), ...amount('1280'), at(0))
    const back = play(review.model, { type: 'escape' })
    expect(back.model.line).toEqual({ kind: 'exact', step: 'amount', text: '1280' })
    expect(play(back.model, { type: 'escape' }).model.line.step).toBe('closed')
  })
})

describe('news', () => {
  it('of being outbid rings, titles and says by whom, once', () => {
    const good = view({ leader: ada, you: { standing: 'leading', max: usd(124_000), hold: usd(124_000) } })
    const first = play(watching(good), told(good, bidEvent(good, kestrel, 128_000)))
    expect(first.effects).toEqual([{ type: 'title', text: '✗ outbid: #7 Leica M3' }, { type: 'bell' }])
    expect(first.model.notice?.text).toBe('✗ Outbid by kestrel at $1,280.00.')
    expect(first.model.good?.you).toEqual({ standing: 'outbid', max: usd(124_000), hold: null })
    const good2 = first.model.good as GoodView
    expect(play(first.model, told(good2, bidEvent(good2, kestrel, 132_000))).effects).toEqual([])
  })

  it('of being outbid rings no bell once it is muted', () => {
    const good = view({ leader: ada, you: { standing: 'leading', max: usd(124_000), hold: usd(124_000) } })
    const { effects } = play(watching(good), { type: 'mute' }, told(good, bidEvent(good, kestrel, 128_000)))
    expect(effects.map(({ type }) => type)).toEqual(['title'])
  })

  it('keeps what only the house told of me while it can be true', () => {
    const good = view({ leader: ada, you: { standing: 'leading', max: usd(200_000), hold: usd(200_000) } })
    const stale = { ...good, you: { standing: 'leading', max: usd(124_000), hold: usd(124_000) } } as GoodView
    const { model } = play(watching(good), told(stale, bidEvent(stale, kestrel, 128_000, ada)))
    expect(model.good?.you).toEqual({ standing: 'leading', max: usd(200_000), hold: usd(200_000) })
  })

  it('of an extension says by how much', () => {
    const event: FeedEvent = {
      seq: 31,
      type: 'extended',
      at: iso(now),
      goodId: 7,
      data: { endsAt: iso(now + 397_000), hardEndsAt: iso(now + 4_000_000), cause: 'bid' },
    }
    expect(play(watching(), told(view(), event)).model.extended).toEqual({ byMs: 120_000, at: now, outage: false })
  })

  /** A window with room for one bid: any can be scrolled to. */
  const narrow = (): Model => ({ ...watching(), size: { columns: 60, rows: 15 } })

  it('keeps bids newest first, each once, and what is read in sight though one event may bring two rows', () => {
    const events = [28, 29, 30].map((seq) => bidEvent(view({ seq: seq - 1 }), kestrel, seq))
    const history: Msg = { type: 'events', epoch: 'first', events }
    const beaten = bidEvent(view({ seq: 31 }), zoe, 132_000, kestrel)
    const read = play(narrow(), history, { type: 'scroll', by: 1 }).model
    const one = play(read, told(view(), bidEvent(view(), kestrel, 128_000)), history).model
    expect([one.bids.map(({ seq }) => seq), one.scroll]).toEqual([[31, 30, 29, 28], 2])
    const two = play(one, told(view({ seq: 31 }), beaten)).model
    expect([two.bids.map(({ seq }) => seq), two.scroll]).toEqual([[32, 32, 31, 30, 29, 28], 4])
    expect(play(watching(), told(view(), bidEvent(view(), kestrel, 128_000)), history).model.scroll).toBe(0)
  })

  it('keeps the row that is read, a bid or what beat it, whatever comes above and below it', () => {
    const history = (events: FeedEvent[]): Msg => ({ type: 'events', epoch: 'first', events })
    const events = [28, 29, 30, 31].map((seq) => bidEvent(view({ seq: seq - 1 }), zoe, seq, kestrel))
    const beaten = play(narrow(), history(events.slice(1, 3)), { type: 'scroll', by: 2 }).model
    for (const by of [0, 1]) {
      const { model } = play(beaten, { type: 'scroll', by }, history(events))
      expect([model.bids.length, model.bids[model.scroll]]).toEqual([8, beaten.bids[2 + by]])
    }
  })

  it('scrolls no further than there are bids', () => {
    const { model } = play(watching(), { type: 'scroll', by: Number.POSITIVE_INFINITY })
    expect(model.scroll).toBe(0)
  })

  it('does not go back when the feed is behind an answer', () => {
    const ahead = play(watching(), ...amount('1280'), at(0), at(900), {
      type: 'bid_answered',
      key: 'key-1',
      answer: answer('leading'),
    })
    const late = bidEvent(view({ seq: 29 }), kestrel, 124_000)
    expect(play(ahead.model, told(view({ seq: 29 }), late)).model.good?.seq).toBe(31)
  })

  it.each([
    ['won', ada, 'outbid', { tone: 'good', text: '✓ WON: yours for $1,240.00' }],
    ['lost', kestrel, 'outbid', { tone: 'bad', text: '✗ LOST: SOLD to kestrel for $1,240.00' }],
    ['sold to somebody else', kestrel, 'none', { tone: 'plain', text: '■ SOLD to kestrel for $1,240.00' }],
  ] as const)('of the end says %s', (_how, winner, standing, notice) => {
    const good = view({ you: { standing, max: null, hold: null } })
    const event: FeedEvent = {
      seq: 31,
      type: 'sold',
      at: iso(now),
      goodId: 7,
      data: { name: 'Leica', winner, price: usd(124_000), receivedAt: null },
    }
    const { model, effects } = play(watching(good), ...amount('1280'), told(good, event))
    expect([model.notice, model.line.step]).toEqual([notice, 'closed'])
    expect(effects.map(({ type }) => type)).toEqual(['title', 'bell'])
  })

  it('of an unsold good says why', () => {
    const event: FeedEvent = {
      seq: 31,
      type: 'unsold',
      at: iso(now),
      goodId: 7,
      data: { name: 'Leica', reason: 'reserve_unmet' },
    }
    expect(play(watching(), told(view(), event)).model.notice?.text).toBe('■ UNSOLD: the reserve was not met')
  })
})

describe('the connection', () => {
  it('keeps the draft while it is lost, and since when', () => {
    const lost = feed({ type: 'connection', state: 'reconnecting', attempt: 1, retryAt: now + 2_000 })
    const again = feed({ type: 'connection', state: 'reconnecting', attempt: 2, retryAt: now + 4_000 })
    const { model } = play(watching(), ...amount('1280'), lost, again)
    expect([model.line.text, model.connection]).toEqual([
      '1280',
      { state: 'reconnecting', attempt: 2, retryAt: now + 4_000, since: now },
    ])
  })

  it('that is back asks how I stand, and says what was missed', () => {
    const lost = feed({ type: 'connection', state: 'reconnecting', attempt: 1, retryAt: null })
    const back = play(watching(), lost, feed({ type: 'connection', ...live }))
    expect([back.effects, back.model.connection.since]).toEqual([[{ type: 'fetchGood' }], null])
    const gap = play(back.model, feed({ type: 'gap', from: 31, to: 34, repaired: 4 }))
    expect([gap.model.notice?.text, gap.effects]).toEqual([
      '↻ Resynced: 4 missed events loaded.',
      [{ type: 'fetchGood' }],
    ])
  })

  it('that is back lets the news it brought stand before saying that it was missed', () => {
    const good = view({ leader: ada, you: { standing: 'leading', max: usd(124_000), hold: usd(124_000) } })
    const outbid = play(watching(good), told(good, bidEvent(good, kestrel, 128_000))).model
    const gap: FeedMessage = { type: 'gap', from: 31, to: 31, repaired: 1 }
    expect(play(outbid, feed(gap)).model.notice?.text).toMatch(/^✗ Outbid by kestrel/)
    expect(play(outbid, feed(gap)).model.activity.at(-1)?.text).toMatch(/^↻ Resynced: 1 missed bid loaded/)
    const later: Msg = { type: 'feed', message: gap, now: now + 6_000 }
    expect(play(outbid, later).model.notice?.text).toMatch(/^↻ Resynced/)
  })

  it('that the house takes down says so beyond the moment', () => {
    const bye = feed({ type: 'connection', state: 'draining', attempt: 0, retryAt: null })
    const gone = feed({ type: 'connection', state: 'reconnecting', attempt: 1, retryAt: now + 2_000 })
    expect(play(watching(), bye, gone).model.notice?.text).toMatch(/^▽ The server is going/)
    const back = feed({ type: 'connection', state: 'live', attempt: 0, retryAt: null })
    expect(play(watching(), bye, gone, back).model.notice?.text).toBe('● The server is back.')
  })

  it('says what is lost, and loads the bids anew with the snapshot that goes before', () => {
    const resnapped = play(watching(), feed({ type: 'snapshot', good: view({ seq: 34 }) }))
    expect(resnapped.effects).toContainEqual({ type: 'fetchEvents', upTo: 34 })
    const { model, effects } = play(resnapped.model, feed({ type: 'gap', from: 31, to: 34, repaired: 1 }))
    expect(model.notice).toMatchObject({ tone: 'warning', text: expect.stringContaining('3 events') })
    expect(effects).toEqual([{ type: 'fetchGood' }])
  })

  it('counts as missed the bids, not what the house bid against them', () => {
    const beaten = told(view(), bidEvent(view(), zoe, 128_000, kestrel))
    const { model } = play(watching(), beaten, feed({ type: 'gap', from: 31, to: 31, repaired: 1 }))
    expect([model.bids.length, model.notice?.text]).toEqual([2, '↻ Resynced: 1 missed bid loaded.'])
  })

  it('starts over with the log of another epoch', () => {
    const first = play(watching(), told(view(), bidEvent(view(), kestrel, 128_000))).model
    const { model } = play(first, feed({ type: 'snapshot', good: view({ epoch: 'second', seq: 3 }) }))
    expect([model.events, model.bids, model.activity, model.good?.seq]).toEqual([[], [], [], 3])
  })

  it('that ends for good says why', () => {
    const { model } = play(watching(), {
      type: 'feed_ended',
      error: new AuctionError('NOT_FOUND', 'There is no good 7.'),
    })
    expect([bidBar(model), model.notice?.text]).toEqual(['■ There is no good 7.', '■ Offline: There is no good 7.'])
  })
})

describe('the keymap', () => {
  const stamp = { at: 0, key: 'k' }
  const press = (model: Model, name: string) => messageFor(keymap, model, name, stamp)

  it('never quits from inside a field', () => {
    const { model } = play(watching(), ...amount('1'))
    expect([press(model, 'q'), press(watching(), 'q')]).toEqual([null, { type: 'leave', code: 0 }])
  })

  it('leaves with 130 on Ctrl-C from anywhere', () => {
    const models = [
      start(),
      watching(),
      play(watching(), ...amount('1')).model,
      play(watching(), ...amount('1280'), at(0)).model,
    ]
    for (const model of models) expect(press(model, 'ctrl-c')).toEqual({ type: 'leave', code: 130 })
  })

  it('works in a window too small to show what it does only to leave it', () => {
    const small: Msg = { type: 'resized', size: { columns: 52, rows: 12 } }
    const leaving = { q: 'leave', 'ctrl-c': 'leave', 'ctrl-z': 'suspend' }
    const before = [
      start(),
      watching(),
      ...[[], [at(0)]].map((more) => play(watching(), ...amount('1280'), ...more).model),
    ]
    for (const model of before) {
      const shrunk = play(model, small).model
      for (const name of keymap.flatMap(({ keys }) => keys))
        expect([name, press(shrunk, name)?.type]).toEqual([name, leaving[name as keyof typeof leaving]])
      expect(play(shrunk, { type: 'pasted', text: '9999' }).model.line).toEqual(model.line)
    }
    for (const size of [
      { columns: 59, rows: 40 },
      { columns: 200, rows: 14 },
    ])
      expect(press(play(watching(), { type: 'resized', size }).model, 'm')).toBeNull()
  })

  it('has no single letter that bids', () => {
    for (const { keys } of keymap)
      for (const name of keys.filter((key) => key.length === 1)) {
        const msg = press(watching(), name)
        expect(msg?.type).not.toBe('enter')
        if (msg) expect(update(watching(), msg)[1].map(({ type }) => type)).not.toContain('placeBid')
      }
  })

  it('shows in the footer only keys that work', () => {
    for (const model of [
      start(),
      watching(),
      play(watching(), ...amount('1280')).model,
      watching({ status: 'unsold' }),
    ])
      for (const { keys } of footerKeys(keymap, model)) expect(press(model, keys[0] as string)).not.toBeNull()
  })

  it('types no letters into an amount', () => {
    const { model } = play(watching(), ...amount('1'))
    expect([press(model, 'e'), press(model, '2'), press(model, '.')]).toEqual([
      null,
      { type: 'typed', text: '2' },
      { type: 'typed', text: '.' },
    ])
  })

  it('reads a chunk of fast typing key by key', () => {
    const none = Object.fromEntries(['return', 'escape', 'ctrl', 'meta', 'tab'].map((flag) => [flag, false]))
    const key = none as unknown as Parameters<typeof keyNames>[1]
    expect([
      keyNames('b12\r', key),
      keyNames('\t\tj\u001a\u001a', key),
      keyNames('c', { ...key, ctrl: true }),
      keyNames('', { ...key, return: true }),
    ]).toEqual([['b', '1', '2', 'enter'], ['tab', 'tab', 'j', 'ctrl-z', 'ctrl-z'], ['ctrl-c'], ['enter']])
  })
})
