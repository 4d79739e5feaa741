import { decide } from '@auction/common/bidding'
import { type FeedEvent, feedEvent } from '@auction/common/events'
import { type Contest, evolve, type GoodEvent, type Person } from '@auction/common/good'
import { evolveView, type GoodView, goodView, toView, toYou, you } from '@auction/common/view'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'
import {
  A,
  B,
  bidBy,
  C,
  cancellationOf,
  feedOf,
  goodAfter,
  goodWith,
  listed,
  mila,
  purchaseBy,
  stageOf,
  terms,
  usd,
} from './given.ts'
import { crowd, play, sales } from './random-sale.ts'

const surroundings = { epoch: 'e1', watchers: 3 }

describe('the view of a good', () => {
  it('says what anyone may see, and nothing else', () => {
    const good = goodAfter(
      goodWith({ reserve: 4_000, image: 'f00d' }),
      bidBy(A, { max: 3_000 }),
      bidBy(B, { amount: 2_000 }),
    )
    expect(toView(good, surroundings)).toEqual({
      id: 42,
      name: 'Leica M3',
      description: 'boxed, first owner',
      owner: mila,
      status: 'open',
      price: usd(2_050),
      startPrice: usd(1_000),
      minimumBid: usd(2_100),
      bidCount: 2,
      leader: A,
      reserve: 'unmet',
      buyNow: null,
      endsAt: '2026-11-23T12:00:00.000Z',
      hardEndsAt: '2026-11-23T13:00:00.000Z',
      softCloseMs: 120_000,
      seq: 3,
      epoch: 'e1',
      image: '/v1/goods/42/image',
      watchers: 3,
      private: false,
      capacity: null,
      winner: null,
    })
  })

  it.each([
    ['none', goodWith(), 'none'],
    ['unmet before any bid', goodWith({ reserve: 4_000 }), 'unmet'],
    ['unmet below it', goodAfter(goodWith({ reserve: 4_000 }), bidBy(A, { max: 3_999 })), 'unmet'],
    ['met at it', goodAfter(goodWith({ reserve: 4_000 }), bidBy(A, { max: 4_000 })), 'met'],
  ])('tells of a reserve that is %s', (_, good, flag) => {
    expect(toView(good, surroundings).reserve).toBe(flag)
  })

  const stage = stageOf(goodWith({ buyNow: 5_000 }), bidBy(A, { max: 3_000 }))
  it.each([
    ['while there is no bid', goodWith({ buyNow: 5_000 }), usd(5_000)],
    [
      'while the reserve is unmet',
      goodAfter(goodWith({ buyNow: 5_000, reserve: 4_000 }), bidBy(A, { max: 3_000 })),
      usd(5_000),
    ],
    ['again, when no bid stands', goodAfter(stage.good, cancellationOf(A, 3_000, stage)), usd(5_000)],
    ['never, without one', goodWith(), null],
    ['no more, with a bid', stage.good, null],
    [
      'no more, with the reserve met',
      goodAfter(goodWith({ buyNow: 5_000, reserve: 4_000 }), bidBy(A, { max: 4_000 })),
      null,
    ],
    ['no more, when bought', goodAfter(goodWith({ buyNow: 5_000 }), purchaseBy(A, {})), null],
    ['no more, when unsold', goodAfter(goodWith({ buyNow: 5_000 }), { type: 'close_due', now: terms.endsAt }), null],
  ])('names the buy-now price %s', (_, good, price) => {
    expect(toView(good, surroundings).buyNow).toEqual(price)
  })

  it('says of a second chance whose it is, and of what', () => {
    expect(toView(goodWith({ relistOf: 41, offeredTo: A }), surroundings)).toMatchObject({ relistOf: 41, offeredTo: A })
    expect(toView(goodWith(), surroundings)).not.toHaveProperty('relistOf')
    expect(toView(goodWith(), surroundings)).not.toHaveProperty('offeredTo')
  })

  it('shows of people the id and the nick, whatever else comes with them', () => {
    const more = { email: 'canary@example.org', passwordHash: 'canary' }
    const [seller, bidder]: Person[] = [
      { ...mila, ...more },
      { ...A, ...more },
    ]
    const { good, event } = listed({ owner: seller as Person })
    const bid = bidBy(bidder as Person, { max: 3_000 })
    const events = [event, ...decide(bid, evolve(good, event))]
    const closed = goodAfter(evolve(good, event), bid, { type: 'close_due', now: terms.endsAt })
    const removed = removal(bidder as Person, { price: 1_000, leader: bidder as Person, max: 3_000, bidCount: 1 })
    const offered = listed({ offeredTo: bidder as Person, relistOf: 41 })
    const all = [
      ...feedOf(good, [...events, ...removed]),
      toView(closed, surroundings),
      ...feedOf(closed, [
        sold(bidder as Person),
        { type: 'bought', winner: bidder as Person, price: 1_000, receivedAt: 1 },
      ]),
      ...feedOf(offered.good, [offered.event]),
      toView(offered.good, surroundings),
    ]
    expect(JSON.stringify(all)).not.toContain('canary')
  })
})

const removal = (bidder: Person, after: Contest): GoodEvent[] => {
  const gone = { bidId: 1, bidder, bidsLeft: 1, receivedAt: 1, after }
  return [
    { type: 'lapsed', bidder, bids: 1 },
    { type: 'retracted', reason: 'typo', ...gone },
    { type: 'bid_cancelled', reason: 'shill', ...gone },
  ]
}
const sold = (winner: Person): GoodEvent => ({ type: 'sold', winner, price: 1_000, receivedAt: null })

describe('how one stands on a good', () => {
  const good = goodAfter(goodWith({ premiumBp: 1_000 }), bidBy(A, { max: 5_000 }), bidBy(B, { max: 3_000 }))
  const over = goodAfter(good, { type: 'close_due', now: terms.endsAt })
  const unsold = goodAfter(goodWith({ reserve: 9_000 }), bidBy(A, { max: 5_000 }), {
    type: 'close_due',
    now: terms.endsAt,
  })

  const bought = goodAfter(goodWith({ reserve: 9_000, buyNow: 9_000 }), bidBy(A, { max: 3_000 }), purchaseBy(C, {}))

  it.each([
    ['a stranger', good, C, null, { standing: 'none', max: null, hold: null }],
    ['the leader', good, A, 5_000, { standing: 'leading', max: usd(5_000), hold: usd(5_500) }],
    ['who is outbid', good, B, 3_000, { standing: 'outbid', max: usd(3_000), hold: null }],
    ['the winner', over, A, 5_000, { standing: 'won', max: usd(5_000), hold: null }],
    ['who lost', over, B, 3_000, { standing: 'lost', max: usd(3_000), hold: null }],
    ['a stranger, afterwards', over, C, null, { standing: 'none', max: null, hold: null }],
    ['who bought it', bought, C, null, { standing: 'won', max: null, hold: null }],
    ['who led when another bought it', bought, A, 3_000, { standing: 'lost', max: usd(3_000), hold: null }],
    ['who led below the reserve', unsold, A, 5_000, { standing: 'lost', max: usd(5_000), hold: null }],
  ] as const)('%s', (_, on, person, ownMax, expected) => {
    expect(toYou(on, person.id, ownMax)).toEqual(expected)
  })
})

describe('the fold of a view over the feed', () => {
  it('comes to the view of the good, event by event, in any sale', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        let view: GoodView | null = null
        play(
          sale,
          () => {},
          ({ before, event, after: good, next }) => {
            const expected = toView(good, surroundings)
            for (const line of feedOf(before, [event])) view = evolveView(view ?? toView(before, surroundings), line)
            // That the reserve is met is an event of its own, the next one.
            const { reserve, buyNow } = next?.type === 'reserve_met' ? (view ?? expected) : expected
            expect(view).toEqual({ ...expected, reserve, buyNow })
          },
        )
      }),
      { numRuns: 300 },
    )
  })

  it("keeps the caller's own standing, as the house would say it, in any sale", () => {
    fc.assert(
      fc.property(sales, fc.integer({ min: 0, max: crowd.length - 1 }), (sale, who) => {
        const userId = crowd[who]?.id ?? 0
        let view: GoodView | null = null
        play(sale, ({ command, before, after: good, events, stand, now }) => {
          view ??= { ...toView(before, surroundings), you: toYou(before, userId, null) }
          for (const event of feedOf(before, events, now)) view = evolveView(view, event, userId)
          const maxima = stand.filter(({ bidder }) => bidder.id === userId).map(({ max }) => max)
          const said = toYou(good, userId, maxima.length > 0 ? Math.max(...maxima) : null)
          expect(view.you?.standing).toBe(
            command.type === 'place_bid' && command.bidder.id === userId ? view.you?.standing : said.standing,
          )
          if (said.max === null) expect(view.you?.max).toBeNull()
          // One's own bid, and what is left after a removal, bring `max` and `hold` anew; the feed cannot, for they are secret.
          const own = command.type === 'place_bid' && command.bidder.id === userId && events.length > 0
          const removed = command.type === 'retract_bid' || command.type === 'cancel_bid'
          if (own || removed) view = { ...view, you: said }
          expect(view.you).toEqual(said)
        })
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, FeedEvent['type'], FeedEvent['data']]>([
    ['a bid', 'bid', { price: 7 }],
    ['a removal', 'retracted', { bidId: 7 }],
    ['a note', 'note', { text: 7 }],
    ['a sale', 'sold', { winner: null }],
    ['an end that moves', 'extended', { endsAt: 'soon' }],
  ])('refuses %s that lacks its facts', (_, type, data) => {
    const view = toView(goodWith(), surroundings)
    expect(() => evolveView(view, { seq: 2, type, at: view.endsAt, goodId: 42, data })).toThrow()
  })

  it('passes over facts of a newer house', () => {
    const [listing, ...rest] = feedOf(goodWith(), decide(bidBy(A, { max: 2_000 }), goodWith()))
    if (!listing) throw new Error('Nothing happened.')
    const view = toView(goodWith(), surroundings)
    const newer = { ...listing, data: { ...listing.data, weather: 'fine', price: { ...usd(1_000), pennies: 1 } } }
    expect(rest).toEqual([])
    expect(evolveView(view, newer)).toEqual(evolveView(view, listing))
  })

  it('is, like the views, what the schemas of the wire say', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(sale, ({ before, after: good, events, now }) => {
          for (const event of feedOf(before, events, now)) expect(feedEvent.parse(event)).toEqual(event)
          const view = toView(good, surroundings)
          expect(goodView.parse(view)).toEqual(view)
          for (const { id } of crowd) you.parse(toYou(good, id, null))
        })
      }),
      { numRuns: 100 },
    )
  })
})
