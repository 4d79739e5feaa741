import { decide } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { evolve, type Good, type GoodEvent, listedGood, type Person, type Terms } from '@auction/common/good'
import { CHAIN_START, chainHash } from '@auction/common/log'
import { safeJson } from '@auction/common/text'
import {
  evolveView,
  type FeedEvent,
  feedEvent,
  type GoodView,
  goodView,
  toFeed,
  toView,
  toYou,
  you,
} from '@auction/common/view'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { A, B, bidBy, C, goodAfter, goodWith, LISTED_AT, mila, terms, usd } from './given.ts'
import { crowd, play, sales } from './random-sale.ts'

const surroundings = { epoch: 'e1', watchers: 3 }

/** The feed's line for each of `events`, the first of which makes the good that follows `before`. */
function feedOf(before: Good, events: readonly GoodEvent[], at = LISTED_AT): FeedEvent[] {
  let good = before
  return events.map((event) => {
    good = evolve(good, event)
    return toFeed({ goodId: good.id, seq: good.seq, at, event }, good)
  })
}

const listed = (changes: Partial<Terms> = {}): { good: Good; event: GoodEvent } => ({
  good: listedGood(42, { ...terms, ...changes }),
  event: { type: 'listed', terms: { ...terms, ...changes } },
})

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
    const all = [...feedOf(good, events), toView(closed, surroundings), ...feedOf(closed, [sold(bidder as Person)])]
    expect(JSON.stringify(all)).not.toContain('canary')
  })
})

const sold = (winner: Person): GoodEvent => ({ type: 'sold', winner, price: 1_000 })

describe('how one stands on a good', () => {
  const good = goodAfter(goodWith({ premiumBp: 1_000 }), bidBy(A, { max: 5_000 }), bidBy(B, { max: 3_000 }))
  const over = goodAfter(good, { type: 'close_due', now: terms.endsAt })
  const unsold = goodAfter(goodWith({ reserve: 9_000 }), bidBy(A, { max: 5_000 }), {
    type: 'close_due',
    now: terms.endsAt,
  })

  it.each([
    ['a stranger', good, C, null, { standing: 'none', max: null, hold: null }],
    ['the leader', good, A, 5_000, { standing: 'leading', max: usd(5_000), hold: usd(5_500) }],
    ['who is outbid', good, B, 3_000, { standing: 'outbid', max: usd(3_000), hold: null }],
    ['the winner', over, A, 5_000, { standing: 'won', max: usd(5_000), hold: null }],
    ['who lost', over, B, 3_000, { standing: 'lost', max: usd(3_000), hold: null }],
    ['a stranger, afterwards', over, C, null, { standing: 'none', max: null, hold: null }],
    ['who led below the reserve', unsold, A, 5_000, { standing: 'lost', max: usd(5_000), hold: null }],
  ] as const)('%s', (_, on, person, ownMax, expected) => {
    expect(toYou(on, person.id, ownMax)).toEqual(expected)
  })
})

describe('the feed', () => {
  it('says of each event what is public', () => {
    const { good, event } = listed({ reserve: 4_000, endsAt: terms.endsAt, increment: { fixed: 500 } })
    const bid = bidBy(A, { amount: 1_200, max: 4_000, message: 'for Ann', receivedAt: terms.endsAt - 1 })
    const open = evolve(good, event)
    const events = [event, ...decide(bid, open)]
    const close = decide({ type: 'close_due', now: terms.endsAt + 120_000 }, goodAfter(open, bid))
    expect(feedOf(good, [...events, ...close]).map(({ seq, type, data }) => ({ seq, type, data }))).toEqual([
      {
        seq: 1,
        type: 'listed',
        data: {
          name: 'Leica M3',
          owner: mila,
          startPrice: usd(1_000),
          increment: { fixed: 500 },
          softCloseMs: 120_000,
          endsAt: '2026-11-23T12:00:00.000Z',
          hardEndsAt: '2026-11-23T13:00:00.000Z',
          premiumBp: 0,
          commissionBp: 0,
          image: null,
          reserve: 'unmet',
        },
      },
      {
        seq: 2,
        type: 'bid',
        data: {
          bidId: bid.bidId,
          bidder: A,
          amount: usd(1_200),
          message: 'for Ann',
          receivedAt: '2026-11-23T11:59:59.999Z',
          price: usd(4_000),
          leader: A,
          minimumBid: usd(4_500),
          bidCount: 1,
        },
      },
      { seq: 3, type: 'reserve_met', data: {} },
      { seq: 4, type: 'extended', data: { endsAt: '2026-11-23T12:01:59.999Z', cause: 'bid' } },
      { seq: 5, type: 'sold', data: { name: 'Leica M3', winner: A, price: usd(4_000) } },
    ])
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

describe('the fold of a view over the feed', () => {
  it('comes to the view of the good, event by event, in any sale', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        let view: GoodView | null = null
        play(sale, ({ before, after: good, events, now }) => {
          view ??= toView(before, surroundings)
          for (const event of feedOf(before, events, now)) view = evolveView(view, event)
          expect(view).toEqual(toView(good, surroundings))
        })
      }),
      { numRuns: 200 },
    )
  })

  it("keeps the caller's own standing, as the house would say it, in any sale", () => {
    fc.assert(
      fc.property(sales, fc.integer({ min: 0, max: crowd.length - 1 }), (sale, who) => {
        const userId = crowd[who]?.id ?? 0
        let ownMax: number | null = null
        let view: GoodView | null = null
        play(sale, ({ command, before, after: good, events, now }) => {
          view ??= { ...toView(before, surroundings), you: toYou(before, userId, null) }
          for (const event of feedOf(before, events, now)) view = evolveView(view, event, userId)
          const own = command.type === 'place_bid' && command.bidder.id === userId && events.length > 0
          if (own) ownMax = Math.max(ownMax ?? 0, command.max ?? command.amount ?? 0)
          const said = toYou(good, userId, ownMax)
          // The answer to one's own bid brings `max` and `hold`; the feed cannot, for they are secret.
          if (own) view = { ...view, you: said }
          expect(view.you).toEqual(said)
        })
      }),
      { numRuns: 200 },
    )
  })

  it('takes an event of a later release as news without effect on what it knows', () => {
    const view = toView(goodWith(), surroundings)
    const note: FeedEvent = { seq: 2, type: 'note', at: view.endsAt, goodId: 42, data: { text: 'new', more: [1] } }
    expect(evolveView(view, note)).toEqual({ ...view, seq: 2 })
  })

  it('refuses a bid that lacks its facts', () => {
    const view = toView(goodWith(), surroundings)
    expect(() => evolveView(view, { seq: 2, type: 'bid', at: view.endsAt, goodId: 42, data: { price: 7 } })).toThrow()
  })
})

describe('no secret', () => {
  /** All that others can get to know of a sale: feed, hashes, views, standings and refusals. */
  function seenByOthers(
    reserve: number,
    leaderMax: number,
    others: readonly { exact: boolean; amount: number }[],
  ): string {
    const seen: unknown[] = []
    const { good: unlisted, event } = listed({ reserve })
    let good = unlisted
    let head = CHAIN_START
    const tell = (events: readonly GoodEvent[]) => {
      for (const line of feedOf(good, events)) {
        head = chainHash(head, line)
        seen.push(line, head)
      }
      good = events.reduce(evolve, good)
      seen.push(toView(good, surroundings), toYou(good, B.id, 1_234))
    }
    tell([event])
    tell(decide({ ...bidBy(A, { max: leaderMax }), bidId: 1 }, good))
    for (const [index, { exact, amount }] of others.entries()) {
      const bid = { ...bidBy(index % 2 ? B : C, exact ? { amount } : { max: amount }), bidId: index + 2 }
      try {
        tell(decide(bid, good))
      } catch (error) {
        if (!(error instanceof AuctionError)) throw error
        seen.push(error.code, error.message, error.hint, error.data, String(error))
      }
    }
    const raise = { ...bidBy(A, { amount: leaderMax + 1 }), bidId: 999 }
    tell(decide(raise, good))
    tell(decide({ type: 'close_due', now: good.endsAt }, good))
    return safeJson(seen)
  }

  const others = fc.array(fc.record({ exact: fc.boolean(), amount: fc.integer({ min: 900, max: 40_000 }) }), {
    maxLength: 12,
  })

  it('of a maximum or a reserve changes a byte of what others see, as long as nobody reaches it', () => {
    const secrets = fc.record({
      max: fc.integer({ min: 50_000, max: 700_000 }),
      aboveMax: fc.integer({ min: 2, max: 300_000 }),
    })
    fc.assert(
      fc.property(secrets, secrets, others, (one, other, bids) => {
        expect(seenByOthers(one.max + one.aboveMax, one.max, bids)).toBe(
          seenByOthers(other.max + other.aboveMax, other.max, bids),
        )
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['a maximum', 98_765_432, 123_454_321, ['98765432', '987654.32', '98765433', '987654.33']],
    ['a reserve', 98_765_432, 123_454_321, ['123454321', '1234543.21']],
  ])('canary of %s appears in what others see', (_, max, reserve, canaries) => {
    const bids = [1_000, 5_000, 2, 40_000, 40_001, 500_000].map((amount, index) => ({ exact: index % 2 === 0, amount }))
    const seen = seenByOthers(reserve, max, bids)
    for (const canary of canaries) expect(seen).not.toContain(canary)
    // The net has no hole: what is public is caught in it.
    expect(seen).toContain('510000')
  })
})
