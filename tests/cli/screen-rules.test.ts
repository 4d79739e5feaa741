/** The screen where bids go again, a good can be bought at once, or is offered to one person alone. */
import type { FeedEvent } from '@auction/common/events'
import { evolveView, type GoodView } from '@auction/common/view'
import { describe, expect, it } from 'vitest'
import { bidBar, type Effect, initialModel, type Model } from '../../packages/cli/src/screen/model.ts'
import { bidLines, headerLines, statusLines } from '../../packages/cli/src/screen/panes.ts'
import { update } from '../../packages/cli/src/screen/update.ts'
import type { Line } from '../../packages/cli/src/screen/words.ts'
import { now } from './command-line.ts'
import { good, usd } from './stub-house.ts'

const [ada, zoe] = [
  { id: 5, nick: 'ada' },
  { id: 3, nick: 'zoë' },
]
const at = new Date(now).toISOString()
/** A bid of its id times a dollar, which is its seq too, and which leads. */
function bid(id: number, bidder: typeof ada): FeedEvent {
  const amount = usd(id * 100)
  const data = { bidId: id, bidder, amount, message: null, receivedAt: at, price: amount, leader: bidder }
  return { seq: id, type: 'bid', at, goodId: 42, data: { ...data, minimumBid: amount, bidCount: id - 7 } }
}
const history = [bid(8, ada), bid(9, ada), bid(10, zoe)]
const told = (model: Model, events: readonly FeedEvent[]): Model =>
  update(model, { type: 'events', epoch: good().epoch, events })[0]

/** Ada watches good 42, on which she and zoë have bid. */
function watching(changes: Partial<GoodView> = {}): Model {
  const view = good({ seq: 10, bidCount: 3, you: { standing: 'outbid', max: usd(900), hold: null }, ...changes })
  const first = initialModel({ me: ada, server: 'http://house', zone: 'UTC', size: { columns: 80, rows: 24 }, now })
  const [model] = update(first, { type: 'feed', message: { type: 'snapshot', good: view }, now })
  return told(model, history)
}

function hear(
  model: Model,
  type: FeedEvent['type'],
  data: FeedEvent['data'],
): { model: Model; effects: readonly Effect[] } {
  const before = model.good ?? good()
  const event = { seq: before.seq + 1, type, at, goodId: 42, data }
  const told = { type: 'event', event, good: evolveView(before, event, ada.id) } as const
  const [next, effects] = update(model, { type: 'feed', message: told, now })
  return { model: next, effects }
}

const removal = (bidId: number, bidder: typeof ada, bidsLeft: number, rest: object = {}): FeedEvent['data'] => ({
  ...{ bidId, bidder, bidsLeft, reason: 'typo', receivedAt: at },
  ...{ price: usd(800), leader: ada, minimumBid: usd(850), bidCount: 2, reserve: 'none', buyNow: null },
  ...rest,
})
const wordsOf = (lines: readonly Line[]) =>
  lines.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
const removed = ({ bids }: Model) => bids.flatMap(({ id, proxy, removed: word }) => (proxy ? [] : [[id, word]]))

describe('a bid that goes', () => {
  it('stays in the list, with the word for it', () => {
    const { model } = hear(watching(), 'retracted', removal(10, zoe, 0))
    expect(removed(model)).toEqual([
      [10, 'retracted'],
      [9, null],
      [8, null],
    ])
    const [title, first, second] = wordsOf(bidLines(model, 60, 10))
    expect(title).toMatch(/^BIDS 2 /)
    expect(first).toMatch(/you +\$8\.00 {2}proxy$/)
    expect(second).toMatch(/zoë +\$10\.00 {2}✗ taken back$/)
  })

  it('stays gone when an older list of bids comes late', () => {
    const { model } = hear(watching(), 'bid_cancelled', removal(10, zoe, 0))
    expect(removed(told(model, history))[0]).toEqual([10, 'bid_cancelled'])
  })

  it('is gone too when the list that holds it was on its way before it went', () => {
    const empty = { ...watching(), events: [], bids: [] }
    const retracted = hear(empty, 'retracted', removal(10, zoe, 0)).model
    const { model } = hear(retracted, 'lapsed', { bidder: ada, bids: 2 })
    const again = hear(model, 'bid', bid(13, ada).data).model
    // A bid after the lapse is another matter.
    expect(removed(told(again, history))).toEqual([
      [13, null],
      [10, 'retracted'],
      [9, 'lapsed'],
      [8, 'lapsed'],
    ])
  })

  it('makes who was outbid lead again, and says so; the hold is asked for', () => {
    const { model, effects } = hear(watching(), 'retracted', removal(10, zoe, 0))
    expect(model.good?.you?.standing).toBe('leading')
    expect(model.notice).toEqual({ tone: 'good', text: '✓ You lead again, at $8.00: a bid above yours is gone.' })
    expect(effects).toContainEqual({ type: 'fetchGood' })
  })

  it('was one’s own: says by whose word, and forgets the maximum with the last of them', () => {
    const leading = watching({ leader: ada, you: { standing: 'leading', max: usd(900), hold: usd(900) } })
    const back = hear(leading, 'retracted', removal(9, ada, 0, { leader: zoe }))
    expect(back.model.notice?.text).toBe('– Your bid is taken back.')
    expect(back.model.good?.you).toEqual({ standing: 'none', max: null, hold: null })
    const cancelled = hear(leading, 'bid_cancelled', removal(9, ada, 1, { leader: zoe, reason: 'Late.' }))
    expect(cancelled.model.notice).toEqual({
      tone: 'bad',
      text: '✗ The house cancels a bid of ada (Late.); zoë leads at $8.00.',
    })
    expect(cancelled.model.good?.you?.standing).toBe('outbid')
  })

  it('lapses with all of its bidder', () => {
    const { model } = hear(watching(), 'lapsed', { bidder: ada, bids: 2 })
    expect(removed(model)).toEqual([
      [10, null],
      [9, 'lapsed'],
      [8, 'lapsed'],
    ])
    expect(model.notice?.text).toBe('✗ Your bids lapsed: the funds for them are gone.')
    expect(model.good?.you).toEqual({ standing: 'none', max: null, hold: null })
  })

  it('of others is told to who stands as before, and to who never bid', () => {
    const left = removal(10, zoe, 1, { leader: zoe })
    const text = '– zoë takes a bid back (a typing mistake); zoë leads at $8.00.'
    expect(hear(watching(), 'retracted', left).model.notice).toEqual({ tone: 'plain', text })
    const stranger = watching({ you: { standing: 'none', max: null, hold: null } })
    expect(hear(stranger, 'retracted', left)).toMatchObject({ model: { notice: { text } }, effects: [] })
  })

  it('changes what is held for the leader without a word of it in the event: it is asked for', () => {
    const leading = watching({ leader: ada, you: { standing: 'leading', max: usd(900), hold: usd(900) } })
    const { effects } = hear(leading, 'retracted', removal(10, zoe, 0))
    expect(effects).toEqual([{ type: 'fetchGood' }])
  })

  it('that was not the highest rings no bell', () => {
    const leading = watching({ leader: ada, you: { standing: 'leading', max: usd(900), hold: usd(900) } })
    const { effects } = hear(leading, 'retracted', removal(8, zoe, 0))
    expect(effects.map(({ type }) => type)).not.toContain('bell')
  })
})

describe('a good', () => {
  it('that can be bought at once says so, until it cannot', () => {
    const open = watching({ buyNow: usd(2_000) })
    expect(wordsOf(statusLines(open, 30, false))).toEqual(
      expect.arrayContaining(['or $20.00 at once:', '  auction buy 42']),
    )
    const { model } = hear(open, 'bought', {
      name: 'Leica M3',
      winner: zoe,
      price: usd(2_000),
      minimumBid: usd(2_100),
      receivedAt: at,
    })
    expect(wordsOf(statusLines(model, 30, false)).join('\n')).not.toContain('at once')
    expect(model.notice?.text).toBe('✗ LOST: BOUGHT by zoë for $20.00')
  })

  it('of a private room says so', () => {
    expect(wordsOf(headerLines(watching({ private: true }), 80))[1]).toContain('by mila · private · 3 watching')
  })

  it.each([
    [ada, '▲ yours to buy: auction buy 42', '▲ offered to you: auction buy 42'],
    [zoe, '– a second chance', '– not offered to you'],
  ])('offered to $nick alone takes no bid: %s', (offeredTo, bar, standing) => {
    const model = watching({ offeredTo, leader: null, price: null, you: { standing: 'none', max: null, hold: null } })
    expect(bidBar(model)).toBe(bar)
    expect(wordsOf(statusLines(model, 40, false))).toEqual(
      expect.arrayContaining([`for ${offeredTo.nick} alone`, standing]),
    )
  })

  it('that I buy is mine at once, and the title says so', () => {
    const bought = { name: 'Leica M3', winner: ada, price: usd(2_000), minimumBid: usd(2_100), receivedAt: at }
    const { model, effects } = hear(watching({ buyNow: usd(2_000) }), 'bought', bought)
    expect(model.notice?.text).toBe('✓ BOUGHT: yours for $20.00')
    expect(wordsOf(statusLines(model, 30, false))).toEqual(expect.arrayContaining(['BOUGHT FOR', '✓ BOUGHT']))
    expect(effects).toContainEqual({ type: 'title', text: '✓ BOUGHT: yours for $20.00 #42' })
  })

  it.each([
    ['seller', 'lost_or_broken', '■ CANCELLED by the seller (it is lost or broken): no longer for sale'],
    ['house', null, '■ CANCELLED by the house: no longer for sale'],
  ])('cancelled by the %s says so', (by, reason, text) => {
    const { model } = hear(watching(), 'cancelled', { name: 'Leica M3', by, reason, receivedAt: at })
    expect([model.notice?.text, bidBar(model)]).toEqual([text, '■ CANCELLED: no longer for sale'])
    expect(wordsOf(statusLines(model, 30, false))).toContain('■ CANCELLED')
  })

  it('whose end moves because the house was away says why in its log', () => {
    const data = { endsAt: at, hardEndsAt: at, cause: 'outage' }
    const endsAt = new Date(Date.parse(good().endsAt) + 600_000).toISOString()
    const { model } = hear(watching(), 'extended', { ...data, endsAt, hardEndsAt: endsAt })
    expect(model.activity.at(-1)?.text).toBe('The house was away: the end moves.')
    expect(model.notice).toMatchObject({ tone: 'warning', text: /^▲ The house was away: the end moves to / })
    expect(wordsOf(statusLines(model, 30, false))).toContain('▲ +10:00: the house was away')
  })
})
