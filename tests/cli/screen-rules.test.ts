/** The screen where bids go again, a good can be bought at once, or is offered to one person alone. */
import type { FeedEvent } from '@auction/common/events'
import { evolveView, type GoodView } from '@auction/common/view'
import { describe, expect, it } from 'vitest'
import { bidBar, type Effect, initialModel, type Model, update } from '../../packages/cli/src/screen/model.ts'
import { bidLines, headerLines, statusLines } from '../../packages/cli/src/screen/panes.ts'
import type { Line } from '../../packages/cli/src/screen/words.ts'
import { now } from './command-line.ts'
import { good, usd } from './stub-house.ts'

const [ada, zoe] = [
  { id: 5, nick: 'ada' },
  { id: 3, nick: 'zoë' },
]
const at = new Date(now).toISOString()
const bid = (id: number, bidder: typeof ada) => ({ id, bidder, amount: usd(id * 100), seq: id, at, message: null })

/** Ada watches good 42, on which she and zoë have bid. */
function watching(changes: Partial<GoodView> = {}): Model {
  const view = good({ seq: 12, bidCount: 3, you: { standing: 'outbid', max: usd(900), hold: null }, ...changes })
  const first = initialModel({ me: ada, server: 'http://house', zone: 'UTC', size: { columns: 80, rows: 24 }, now })
  const [model] = update(first, { type: 'feed', message: { type: 'snapshot', good: view }, now })
  return update(model, { type: 'bids', bids: [bid(10, zoe), bid(9, ada), bid(8, ada)] })[0]
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
const removed = ({ bids }: Model) => bids.map(({ id, removed: word }) => [id, word])

describe('a bid that goes', () => {
  it('stays in the list, with the word for it', () => {
    const { model } = hear(watching(), 'retracted', removal(10, zoe, 0))
    expect(removed(model)).toEqual([
      [10, 'retracted'],
      [9, null],
      [8, null],
    ])
    expect(wordsOf(bidLines(model, 60, 10))[1]).toMatch(/zoë +\$10\.00 {2}taken back$/)
    expect(wordsOf(bidLines(model, 60, 10))[0]).toMatch(/^BIDS 2 /)
  })

  it('stays gone when an older list of bids comes late', () => {
    const { model } = hear(watching(), 'bid_cancelled', removal(10, zoe, 0))
    expect(removed(update(model, { type: 'bids', bids: [bid(10, zoe), bid(9, ada)] })[0])[0]).toEqual([10, 'cancelled'])
  })

  it('comes already gone in the list of the house', () => {
    const [model] = update(watching(), { type: 'bids', bids: [{ ...bid(11, zoe), removed: 'lapsed' }] })
    expect(removed(model)[0]).toEqual([11, 'lapsed'])
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

  it('of others is no news for who stands as before', () => {
    const { model, effects } = hear(watching(), 'retracted', removal(10, zoe, 1, { leader: zoe }))
    expect(model.notice).toBeNull()
    expect(effects).toEqual([])
  })
})

describe('a good', () => {
  it('that can be bought at once says so, until it cannot', () => {
    const open = watching({ buyNow: usd(2_000) })
    expect(wordsOf(statusLines(open, 30, false))).toContain('or $20.00 at once')
    const { model } = hear(open, 'bought', {
      name: 'Leica M3',
      winner: zoe,
      price: usd(2_000),
      minimumBid: usd(2_100),
      receivedAt: at,
    })
    expect(wordsOf(statusLines(model, 30, false)).join('\n')).not.toContain('at once')
    expect(model.notice?.text).toBe('✗ LOST: SOLD to zoë for $20.00')
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

  it('whose end moves because the house was away says why in its log', () => {
    const data = { endsAt: at, hardEndsAt: at, cause: 'outage' }
    expect(hear(watching(), 'extended', data).model.activity.at(-1)?.text).toBe('The house was away: the end moves.')
  })
})
