import { decide } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { eventData, type FeedEvent, secretOf, toFeed } from '@auction/common/events'
import { evolve, type Good, type GoodEvent, RULES, reserveMet } from '@auction/common/good'
import { CHAIN_START, chainHash, commitmentOf } from '@auction/common/log'
import { safeJson } from '@auction/common/text'
import { toView, toYou } from '@auction/common/view'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { fc } from '../support/chance.ts'
import {
  A,
  B,
  bidBy,
  C,
  cancellationOf,
  feedOf,
  fundsOf,
  goodAfter,
  goodWith,
  LISTED_AT,
  listed,
  mila,
  purchaseBy,
  retractionBy,
  stageOf,
  terms,
  usd,
} from './given.ts'
import { play, sales } from './random-sale.ts'

const surroundings = { epoch: 'e1', watchers: 3 }
const factsOf = (before: Good, events: readonly GoodEvent[]) =>
  feedOf(before, events).map(({ seq, type, data }) => ({ seq, type, data }))

describe('the feed says what is public', () => {
  it('of a listing, a bid, the reserve met, the end moved, the sale', () => {
    const { good, event } = listed({ reserve: 4_000, buyNow: 9_000, increment: { fixed: 500 } })
    const bid = bidBy(A, { amount: 1_200, max: 4_000, message: 'for Ann', receivedAt: terms.endsAt - 1 })
    const open = evolve(good, event)
    const events = [event, ...decide(bid, open)]
    const close = decide({ type: 'close_due', now: terms.endsAt + 120_000 }, goodAfter(open, bid))
    expect(factsOf(good, [...events, ...close])).toEqual([
      {
        seq: 1,
        type: 'listed',
        data: {
          rules: RULES,
          name: 'Leica M3',
          description: 'boxed, first owner',
          owner: mila,
          startPrice: usd(1_000),
          buyNow: usd(9_000),
          increment: { fixed: 500 },
          softCloseMs: 120_000,
          listedAt: '2026-11-22T12:00:00.000Z',
          endsAt: '2026-11-23T12:00:00.000Z',
          hardEndsAt: '2026-11-23T13:00:00.000Z',
          premiumBp: 0,
          commissionBp: 0,
          image: null,
          reserve: 'unmet',
          private: false,
          capacity: null,
          relistOf: null,
          offeredTo: null,
          commitment: commitmentOf({ reserve: 4_000, salt: 'salt of the reserve' }),
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
          commitment: commitmentOf({ max: 4_000, named: 1_200, salt: bid.salt }),
        },
      },
      { seq: 3, type: 'reserve_met', data: {} },
      {
        seq: 4,
        type: 'extended',
        data: { endsAt: '2026-11-23T12:01:59.999Z', hardEndsAt: '2026-11-23T13:00:00.000Z', cause: 'bid' },
      },
      { seq: 5, type: 'sold', data: { name: 'Leica M3', winner: A, price: usd(4_000), receivedAt: null } },
    ])
  })

  it('of a listing without a reserve no seal', () => {
    const { good, event } = listed({ relistOf: 41, offeredTo: A, image: 'f00d' })
    const [line] = feedOf(good, [event])
    expect(line?.data).toMatchObject({ reserve: 'none', relistOf: 41, offeredTo: A, image: '/v1/goods/42/image' })
    expect(line?.data).not.toHaveProperty('commitment')
  })

  it('of a retraction for which the next in line lapses', () => {
    const good = goodWith({ reserve: 4_000, buyNow: 9_000 })
    const stage = stageOf(good, bidBy(A, { max: 3_000 }), bidBy(B, { max: 3_500 }), bidBy(C, { max: 6_000 }))
    const command = retractionBy(C, 6_000, stage, { available: fundsOf(stage, [[B, 0]]) })
    expect(factsOf(stage.good, decide(command, stage.good))).toEqual([
      { seq: 6, type: 'lapsed', data: { bidder: B, bids: 1 } },
      {
        seq: 7,
        type: 'retracted',
        data: {
          bidId: command.bidId,
          bidder: C,
          bidsLeft: 0,
          reason: 'typo',
          receivedAt: '2026-11-22T13:00:00.000Z',
          price: usd(1_000),
          leader: A,
          minimumBid: usd(1_050),
          bidCount: 1,
          reserve: 'unmet',
          buyNow: usd(9_000),
        },
      },
    ])
  })

  it('of the last bid that the house cancels, nobody and the start', () => {
    const stage = stageOf(goodWith(), bidBy(A, { max: 3_000 }))
    const [line] = factsOf(stage.good, decide(cancellationOf(A, 3_000, stage), stage.good))
    expect(line).toMatchObject({
      type: 'bid_cancelled',
      data: {
        reason: 'shill',
        price: null,
        leader: null,
        minimumBid: usd(1_000),
        bidCount: 0,
        reserve: 'none',
        buyNow: null,
      },
    })
  })

  it('of an edit only what it changed, the reserve as a word and a seal', () => {
    const edit = { type: 'edit_good', by: mila, note: 'a scratch', salt: 's', receivedAt: LISTED_AT } as const
    const changes = { startPrice: 2_000, reserve: 3_000, buyNow: null, endsAt: LISTED_AT + 1, capacity: 3 }
    expect(factsOf(goodWith(), decide({ ...edit, changes }, goodWith()))).toEqual([
      {
        seq: 2,
        type: 'note',
        data: {
          text: 'a scratch',
          changed: {
            startPrice: usd(2_000),
            reserve: 'unmet',
            buyNow: null,
            endsAt: '2026-11-22T12:00:00.001Z',
            hardEndsAt: '2026-11-22T13:00:00.001Z',
            capacity: 3,
          },
          minimumBid: usd(2_000),
          receivedAt: '2026-11-22T12:00:00.000Z',
          commitment: commitmentOf({ reserve: 3_000, salt: 's' }),
        },
      },
    ])
    const away = decide({ ...edit, changes: { reserve: null } }, goodWith({ reserve: 4_000 }))
    expect(feedOf(goodWith({ reserve: 4_000 }), away)[0]?.data).toMatchObject({ changed: { reserve: 'none' } })
    expect(feedOf(goodWith({ reserve: 4_000 }), away)[0]?.data).not.toHaveProperty('commitment')
  })

  it.each<[string, Good, Parameters<typeof decide>[0], Record<string, unknown>]>([
    [
      'a purchase',
      goodWith({ buyNow: 5_000 }),
      purchaseBy(A, {}),
      {
        name: 'Leica M3',
        winner: A,
        price: usd(5_000),
        minimumBid: usd(5_100),
        receivedAt: '2026-11-22T13:00:00.000Z',
      },
    ],
    [
      'a sale before the end',
      goodAfter(goodWith(), bidBy(A, { max: 3_000 })),
      { type: 'accept_bid', by: mila, receivedAt: LISTED_AT },
      { name: 'Leica M3', winner: A, price: usd(1_000), receivedAt: '2026-11-22T12:00:00.000Z' },
    ],
    [
      'an end without bids',
      goodWith(),
      { type: 'close_due', now: terms.endsAt },
      { name: 'Leica M3', reason: 'no_bids' },
    ],
    [
      'a cancellation by the house',
      goodWith(),
      { type: 'cancel_good', by: B, as: 'house', reason: 'stolen', receivedAt: LISTED_AT },
      { name: 'Leica M3', by: 'house', reason: 'stolen', receivedAt: '2026-11-22T12:00:00.000Z' },
    ],
    [
      'an outage',
      goodWith(),
      { type: 'extend_for_outage', downSince: LISTED_AT, now: terms.endsAt },
      { endsAt: '2026-11-23T12:10:00.000Z', hardEndsAt: '2026-11-23T13:10:00.000Z', cause: 'outage' },
    ],
  ])('of %s', (_, good, command, data) => {
    expect(feedOf(good, decide(command, good)).map((line) => line.data)).toEqual([data])
  })
})

describe('a sealed secret', () => {
  it('is the maximum and the amount named of a bid, or the reserve of a listing or an edit, and of nothing else', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(
          sale,
          () => {},
          ({ event }) => {
            const {
              max,
              named,
              terms: listing,
              changes,
              salt,
            } = { max: 0, named: null, terms: null, changes: null, salt: '', ...event }
            const reserve = listing?.reserve ?? changes?.reserve ?? null
            const expected = event.type === 'bid' ? { max, named, salt } : reserve === null ? null : { reserve, salt }
            expect(secretOf(event)).toEqual(expected)
          },
        )
      }),
      { numRuns: 100 },
    )
  })

  it('is told as its commitment, whose opening is all that it takes to check it', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(
          sale,
          () => {},
          ({ before, event }) => {
            const secret = secretOf(event)
            const [line] = feedOf(before, [event])
            expect(line?.data.commitment).toBe(secret ? commitmentOf(secret) : undefined)
          },
        )
      }),
      { numRuns: 100 },
    )
  })

  /** The event and the good with other secrets, of which the public facts are the same. */
  function disguised(event: GoodEvent, good: Good): { event: GoodEvent; good: Good } {
    const other = (reserve: number) => (reserveMet(good) ? 1 : reserve + 1_000_003)
    const hidden: Good = {
      ...good,
      max: good.max && good.max + 1_000_003,
      reserve: good.reserve === null ? null : other(good.reserve),
    }
    if (event.type === 'bid')
      return { event: { ...event, max: event.max + 1_000_003, named: 1_000_003, salt: 'x' }, good: hidden }
    if (event.type === 'listed' && event.terms.reserve !== null)
      return {
        event: { ...event, terms: { ...event.terms, reserve: other(event.terms.reserve) }, salt: 'x' },
        good: hidden,
      }
    if (event.type === 'note' && event.changes.reserve)
      return {
        event: { ...event, changes: { ...event.changes, reserve: other(event.changes.reserve) }, salt: 'x' },
        good: hidden,
      }
    if (event.type === 'retracted' || event.type === 'bid_cancelled')
      return { event: { ...event, after: { ...event.after, max: hidden.max } }, good: hidden }
    return { event: event.type === 'note' ? { ...event, salt: 'x' } : event, good: hidden }
  }

  it('has no part in the public facts but for its commitment, nor in the view, in any sale', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(
          sale,
          () => {},
          ({ event, after: good }) => {
            const at = { goodId: good.id, seq: good.seq, at: LISTED_AT }
            const other = disguised(event, good)
            const line = toFeed({ ...at, event }, good)
            const masked = toFeed({ ...at, event: other.event }, other.good)
            const { commitment: _, ...facts } = line.data
            const { commitment: __, ...same } = masked.data
            expect(same).toEqual(facts)
            expect(toView(other.good, surroundings)).toEqual(toView(good, surroundings))
            if ('salt' in event) expect(safeJson(line)).not.toContain(event.salt)
          },
        )
      }),
      { numRuns: 200 },
    )
  })

  it('leaves by no key: the facts of an event are those of its schema', () => {
    fc.assert(
      fc.property(sales, (sale) => {
        play(sale, ({ before, events, now }) => {
          for (const { type, data } of feedOf(before, events, now))
            expect((eventData[type] as z.ZodType).parse(data)).toEqual(data)
        })
      }),
      { numRuns: 100 },
    )
  })
})

describe('no secret', () => {
  const unsealed = ({ data: { commitment, ...data }, ...line }: FeedEvent): FeedEvent => ({
    ...line,
    data: commitment === undefined ? data : { ...data, commitment: 'sealed' },
  })

  /**
   * All that others can get to know of a sale: feed, hashes, views, standings and refusals. A seal is one of many that its
   * salt makes possible, and says nothing: `sealed` stands for it where two sales are compared.
   */
  function seenByOthers(
    reserve: number,
    leaderMax: number,
    others: readonly { exact: boolean; amount: number }[],
    told: (line: FeedEvent) => FeedEvent,
  ): string {
    const seen: unknown[] = []
    const { good: unlisted, event } = listed({ reserve })
    let good = unlisted
    let head = CHAIN_START
    const tell = (events: readonly GoodEvent[]) => {
      for (const line of feedOf(good, events).map(told)) {
        head = chainHash(head, line)
        seen.push(line, head)
      }
      good = events.reduce(evolve, good)
      seen.push(toView(good, surroundings), toYou(good, B.id, 1_234))
    }
    tell([event])
    const attempt = (command: Parameters<typeof decide>[0]) => {
      try {
        tell(decide(command, good))
      } catch (error) {
        if (!(error instanceof AuctionError)) throw error
        seen.push(error.code, error.message, error.hint, error.data, String(error))
      }
    }
    tell(decide({ ...bidBy(A, { max: leaderMax }), bidId: 1 }, good))
    for (const [index, { exact, amount }] of others.entries()) {
      const bidder = index % 2 ? B : C
      attempt({ ...bidBy(bidder, exact ? { amount } : { max: amount }), bidId: index + 2 })
      attempt(purchaseBy(bidder, { available: 0 }))
      attempt({ type: 'edit_good', by: bidder, changes: { reserve: 1 }, note: null, salt: 's', receivedAt: LISTED_AT })
    }
    attempt({ type: 'accept_bid', by: mila, receivedAt: LISTED_AT })
    attempt({ type: 'edit_good', by: mila, changes: { reserve: null }, note: null, salt: 's', receivedAt: LISTED_AT })
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
        expect(seenByOthers(one.max + one.aboveMax, one.max, bids, unsealed)).toBe(
          seenByOthers(other.max + other.aboveMax, other.max, bids, unsealed),
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
    const seen = seenByOthers(reserve, max, bids, (line) => line)
    for (const canary of canaries) expect(seen).not.toContain(canary)
    // The net has no hole: what is public is caught in it.
    expect(seen).toContain('510000')
  })
})
