/** The list of bids as the log tells it: with what the house bid for the leader, without what was taken away, and never against the price. */
import { type FeedEvent, toFeed } from '@auction/common/events'
import type { Good, Person } from '@auction/common/good'
import type { StandingBid } from '@auction/common/removal'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { type BidRow, type History, joined, noHistory } from '../../packages/cli/src/screen/bid-rows.ts'
import { pricesOf } from '../../packages/cli/src/screen/chart.ts'
import { panesOf } from '../../packages/cli/src/screen/geometry.ts'
import { initialModel, type Model } from '../../packages/cli/src/screen/model.ts'
import { bidLines } from '../../packages/cli/src/screen/panes.ts'
import { update } from '../../packages/cli/src/screen/update.ts'
import { A, B, C, house, LISTED_AT, PLENTY, standingAfter } from '../rules/given.ts'
import { type LoggedSale, openSale } from '../rules/logged-sale.ts'
import { play, sales } from '../rules/random-sale.ts'
import { fc } from '../support/chance.ts'
import { good, usd } from './stub-house.ts'

type Bid = readonly [Person, { amount?: number; max?: number; message?: string }]

function saleOf(...bids: readonly Bid[]): LoggedSale {
  const sale = openSale({ softCloseMs: 0 })
  for (const [bidder, bid] of bids) expect(sale.bid(bidder, bid)).toBeNull()
  return sale
}

/** The house cancels one of the bids that stand, counted from 0; `broke` have no money left. */
function cancel(sale: LoggedSale, index: number, broke: readonly Person[] = []): LoggedSale {
  const bids = sale.bids()
  const left = (id: number) => (broke.some((person) => person.id === id) ? 0 : PLENTY)
  const available = new Map(bids.map(({ bidder }) => [bidder.id, left(bidder.id)]))
  const taking = { by: house, bidId: bids[index]?.id ?? 0, receivedAt: sale.at, bids, available }
  expect(sale.play({ type: 'cancel_bid', reason: 'a shill', ...taking })).toBeNull()
  return sale
}

const rowsOf = (sale: LoggedSale) => joined(noHistory, sale.log()).bids
const inWords = ({ bidder, amount, proxy, removed }: BidRow) =>
  [bidder.nick, amount.amount, ...(proxy ? ['proxy'] : []), ...(removed ? [removed] : [])].join(' ')
const wordsOf = (sale: LoggedSale) => rowsOf(sale).map(inWords)
const logOf = (sale: LoggedSale): readonly FeedEvent[] => sale.log()
/** A leads in secret up to 20.00, B is beaten at once. */
const beaten = () => saleOf([A, { max: 2_000 }], [B, { amount: 1_500, message: 'for Ann' }])

describe('above a bid stands', () => {
  it.each<[string, Bid[], string[]]>([
    ['nothing where it leads at its own amount', [[A, { amount: 1_000 }]], ['ann 1000']],
    [
      'the leader at the price where a secret maximum beats it',
      [
        [A, { max: 2_000 }],
        [B, { amount: 1_500 }],
      ],
      ['ann 1550 proxy', 'bob 1500', 'ann 1000'],
    ],
    [
      'the leader at the price where it names no amount and is beaten',
      [
        [A, { max: 2_000 }],
        [B, { max: 1_500 }],
      ],
      ['ann 1550 proxy', 'bob 1050', 'ann 1000'],
    ],
    [
      'the leader at the same price where it only equals the maximum',
      [
        [A, { max: 2_000 }],
        [B, { amount: 2_000 }],
      ],
      ['ann 2000 proxy', 'bob 2000', 'ann 1000'],
    ],
    [
      'its own bidder at the price where its maximum had to beat another past its amount',
      [
        [A, { max: 2_000 }],
        [B, { amount: 1_500, max: 5_000 }],
      ],
      ['bob 2050 proxy', 'bob 1500', 'ann 1000'],
    ],
    [
      'nothing where the leader raises a maximum',
      [
        [A, { max: 2_000 }],
        [A, { max: 5_000 }],
      ],
      ['ann 1000', 'ann 1000'],
    ],
  ])('%s', (_, bids, rows) => {
    expect(wordsOf(saleOf(...bids))).toEqual(rows)
  })

  it('a row of the same time that says proxy, dim, counted as no bid and without the words of another', () => {
    const sale = beaten()
    const [counter, bid] = rowsOf(sale)
    expect([counter?.at, counter?.message, bid?.message]).toEqual([bid?.at, null, 'for Ann'])
    const model = { ...watching(sale), me: A }
    const [title, first = [], second = []] = bidLines(model, 60, 5)
    expect(title?.map(({ text }) => text).join('')).toMatch(/^BIDS 2 /)
    expect(first.map(({ text }) => text).join('')).toMatch(/^12:00:00 you +\$15\.50 {2}proxy$/)
    expect(first.every(({ text, tone, bold = false }) => text.trim() === '' || (tone === 'dim' && !bold))).toBe(true)
    expect(second.map(({ text }) => text).join('')).toMatch(/^12:00:00 bob +\$15\.00 {2}"for Ann"$/)
  })
})

describe('what the house bid for a leader is undone', () => {
  it('with the bid that it beat', () => {
    expect(wordsOf(cancel(beaten(), 1))).toEqual(['ann 1550 proxy undone', 'bob 1500 bid_cancelled', 'ann 1000'])
  })

  it('with the leader’s only bid', () => {
    expect(wordsOf(cancel(beaten(), 0))).toEqual([
      'bob 1000 proxy',
      'ann 1550 proxy undone',
      'bob 1500',
      'ann 1000 bid_cancelled',
    ])
  })

  it('with the leader’s only bid, also below the price there is then', () => {
    const sale = saleOf([A, { max: 2_000 }], [B, { amount: 1_500 }], [C, { max: 9_000 }])
    const rows = ['cat 1550 proxy', 'cat 2050', 'ann 1550 proxy undone', 'bob 1500', 'ann 1000 bid_cancelled']
    expect(wordsOf(cancel(sale, 0))).toEqual(rows)
  })

  it('with the one of the leader’s bids that reached so high, as the price then shows', () => {
    const sale = saleOf([A, { max: 1_200 }], [A, { max: 2_000 }], [B, { amount: 1_500 }])
    const rows = ['bob 1250 proxy', 'ann 1550 proxy undone', 'bob 1500', 'ann 1000 bid_cancelled', 'ann 1000']
    expect(wordsOf(cancel(sale, 1))).toEqual(rows)
  })

  it('not with another of the leader’s bids', () => {
    const sale = saleOf([A, { max: 1_200 }], [A, { max: 2_000 }], [B, { amount: 1_500 }])
    expect(wordsOf(cancel(sale, 0))).toEqual(['ann 1550 proxy', 'bob 1500', 'ann 1000', 'ann 1000 bid_cancelled'])
  })

  it('with all bids of who lapses', () => {
    const sale = saleOf([A, { max: 2_000 }], [B, { amount: 1_500 }], [C, { max: 9_000 }])
    expect(wordsOf(cancel(sale, 2, [A]))).toEqual([
      'bob 1000 proxy',
      'cat 2050 bid_cancelled',
      'ann 1550 proxy undone',
      'bob 1500',
      'ann 1000 lapsed',
    ])
  })

  it('in words, in place of what it was', () => {
    const lines = bidLines(watching(cancel(beaten(), 1)), 60, 5).map((line) => line.map(({ text }) => text).join(''))
    expect(lines[1]).toMatch(/ann +\$15\.50 {2}✗ undone$/)
    expect(lines[2]).toMatch(/bob +\$15\.00 {2}✗ cancelled {2}"for Ann"$/)
  })
})

describe('the history', () => {
  const log = () => cancel(saleOf([A, { max: 2_000 }], [B, { max: 1_500 }], [C, { max: 1_900 }]), 1).log()

  it('is the same however its events come: live, before the list of what was, and twice', () => {
    const events = log()
    const whole = joined(noHistory, events)
    expect(whole.bids.map(inWords)).toEqual([
      'ann 1950 proxy',
      'cat 1600',
      'ann 1550 proxy undone',
      'bob 1050 bid_cancelled',
      'ann 1000',
    ])
    for (let from = 0; from <= events.length; from++) {
      const live = events.slice(from).reduce<History>((known, event) => joined(known, [event]), noHistory)
      for (let to = from; to <= events.length; to++) expect(joined(live, events.slice(0, to))).toEqual(whole)
      expect(joined(joined(noHistory, events.slice(0, from)), events)).toEqual(whole)
    }
  })

  it('begins anew after a hole, in which anything may have been taken away', () => {
    const events = log()
    const rows = ['ann 1950 proxy', 'cat 1600']
    const holed = joined(joined(noHistory, events.slice(0, 2)), events.slice(3))
    expect([holed.events.map(({ seq }) => seq), holed.bids.map(inWords)]).toEqual([[4, 5], rows])
    expect(joined(holed, events.slice(0, 3)).bids).toHaveLength(5)
  })

  it('keeps the newest 500 events, and no row of an older one', () => {
    const [, ...two] = logOf(beaten())
    const many = Array.from({ length: 350 }, () => two).flatMap((pair, at) =>
      pair.map((event, odd) => ({ ...event, seq: at * 2 + odd + 1 })),
    )
    const { events, bids } = joined(noHistory, many)
    expect([events.length, events[0]?.seq, bids.length, bids.at(-1)?.seq]).toEqual([500, 201, 750, 201])
  })

  it.each<[string, Partial<Model>]>([
    ['loading…', { events: [], bids: [] }],
    ['none lately', { bids: [] }],
    ['none yet', { bids: [], good: good({ bidCount: 0 }) }],
  ])('without a row says %s', (words, changes) => {
    const lines = bidLines({ ...watching(beaten()), ...changes }, 60, 5)
    expect(lines[1]?.map(({ text }) => text).join('')).toBe(words)
  })

  it('shows the bid that the price comes of, however many taken away are newer', () => {
    const sale = saleOf([A, { amount: 1_000 }], [B, { amount: 1_500 }], [C, { amount: 2_000 }])
    const model = watching(cancel(cancel(sale, 2), 1))
    const drawn = (height: number) =>
      bidLines(model, 60, height)
        .slice(1)
        .map((line) => line.map(({ text }) => text).join(''))
    expect(drawn(2)).toEqual([expect.stringMatching(/ann +\$10\.00$/)])
    expect(drawn(3)).toEqual([expect.stringMatching(/ann +\$10\.00$/), expect.stringMatching(/✗ undone$/)])
    expect(drawn(5).filter((line) => /ann/.test(line))).toHaveLength(1)
  })

  it('shortens nicks rather than what became of a bid', () => {
    const long = (nick: string) => ({ id: nick.length, nick })
    const sale = saleOf([long('m'.repeat(23)), { amount: 1_000 }], [long('w'.repeat(24)), { amount: 1_500 }])
    const lines = bidLines(watching(cancel(sale, 1)), 36, 4).map((line) => line.map(({ text }) => text).join(''))
    expect(lines.some((line) => line.endsWith('✗ cancelled'))).toBe(true)
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(36)
  })

  it('scrolls no further than to its last row, and back at once', () => {
    const bids = Array.from({ length: 40 }, (_, at): Bid => [at % 2 ? A : B, { amount: 1_000 + at * 100 }])
    const [end] = update(watching(saleOf(...bids)), { type: 'scroll', by: 1_000 })
    const drawn = (model: Model) =>
      bidLines(model, 60, panesOf(model).bids).map((line) => line.map(({ text }) => text).join(''))
    expect(drawn(end).at(-1)).toContain('$10.00')
    expect(drawn(update(end, { type: 'scroll', by: -1 })[0])).not.toEqual(drawn(end))
  })

  it('of another log than the one that is watched is not taken', () => {
    const [before, events] = [watching(beaten()), log()]
    expect(update(before, { type: 'events', epoch: 'another', events })[0]).toBe(before)
  })

  it.each([
    ['bidder', ['ann 1550 proxy']],
    ['amount', ['ann 1550 proxy']],
    ['price', []],
    ['leader', []],
  ])('shows of a bid without its %s what is left to show', (fact, rows) => {
    const [, , bid] = logOf(beaten())
    const maimed = bid && { ...bid, data: { ...bid.data, [fact]: 'nonsense' } }
    expect(joined(noHistory, maimed ? [maimed] : []).bids.map(inWords)).toEqual(rows)
  })
})

/** What the screen knows of a sale. */
function watching(sale: LoggedSale): Model {
  const { price, bidCount, seq } = sale.good()
  const view = good({ seq, price: price === null ? null : usd(price), bidCount })
  const first = initialModel({ me: null, server: 'http://house', zone: 'UTC', size: { columns: 80, rows: 24 }, now: 0 })
  const [model] = update(first, { type: 'feed', message: { type: 'snapshot', good: view }, now: 0 })
  return update(model, { type: 'events', epoch: view.epoch, events: sale.log() })[0]
}

it('never contradicts price, leader and count, whatever is bid and taken back, in 500 sales', () => {
  const seen = { proxies: 0, undone: 0 }
  fc.assert(
    fc.property(sales, (sale) => {
      let [history, before, stand] = [noHistory, noHistory, [] as readonly StandingBid[]]
      play(sale, undefined, ({ event, after }) => {
        history = joined(history, [toFeed({ goodId: 42, seq: after.seq, at: LISTED_AT, event }, after)])
        stand = standingAfter(stand, event, after.seq)
        if (event.type === 'lapsed') return
        expectTrue(history, stand, after)
        expectNoneUndoneForNothing(before, history, stand)
        before = history
        seen.proxies += history.bids.filter(({ proxy }) => proxy).length
        seen.undone += history.bids.filter(({ removed }) => removed === 'undone').length
      })
    }),
    { numRuns: 500 },
  )
  expect(Math.min(seen.proxies, seen.undone)).toBeGreaterThan(100)
})

/** The newest row that stands is the leader at the price; as many stand as there are bids; what the house bid has its reason. */
function expectTrue({ bids }: History, stand: readonly StandingBid[], after: Good): void {
  const standing = bids.filter(({ removed }) => removed === null)
  expect(standing.filter(({ proxy }) => !proxy).map(({ id }) => id)).toEqual(stand.map(({ id }) => id).reverse())
  for (const { proxy, bidder, amount } of standing) {
    if (!proxy) continue
    expect(amount.amount).toBeLessThanOrEqual(after.price ?? 0)
    expect(stand.some((bid) => bid.bidder.id === bidder.id)).toBe(true)
  }
  if (after.status !== 'open') return
  expect([standing[0]?.amount.amount ?? null, standing[0]?.bidder]).toEqual([after.price, after.leader ?? undefined])
  const view = good({ price: after.price === null ? null : usd(after.price) })
  const prices = pricesOf({ bids, good: view } as Model)
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect([prices.length, prices.at(-1) ?? null]).toEqual([after.bidCount, after.price])
}

/** What was undone just now was bid against a bid, or by one, that is gone. */
function expectNoneUndoneForNothing(before: History, { bids }: History, stand: readonly StandingBid[]): void {
  const known = new Map(before.bids.map((row) => [`${row.seq} ${row.proxy}`, row]))
  for (const row of bids) {
    if (row.removed !== 'undone' || known.get(`${row.seq} true`)?.removed !== null) continue
    const cause = stand.find(({ id }) => id === row.id)
    if (cause === undefined || cause.bidder.id === row.bidder.id) continue
    const reach = stand.filter(({ bidder }) => bidder.id === row.bidder.id).map(({ max }) => max)
    expect(Math.max(0, ...reach)).toBeLessThan(row.amount.amount)
  }
}
