import { decide } from '@auction/common/bidding'
import { evolve, type Good, type GoodEvent, type Person, reserveMet, retractionReasons } from '@auction/common/good'
import { HARD_END_MS, minimumBid } from '@auction/common/increments'
import { available, held, heldOn, holdFor } from '@auction/common/ledger'
import { lateMs, type RetractBid, type StandingBid } from '@auction/common/removal'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'
import {
  A,
  B,
  bidBy,
  C,
  cancellationOf,
  D,
  fundsOf,
  goodWith,
  HOUR,
  LISTED_AT,
  openBooks,
  refusalOf,
  retractionBy,
  type Stage,
  stageAfter,
  stageOf,
  terms,
} from './given.ts'

/** Half of the day that these goods run. */
const Q = 12 * HOUR
const W = terms.softCloseMs
const { endsAt } = terms
/** A placed 30 and, at `lastAt`, 40, which as a raise of his own moves no end; B placed 50. */
const contested = (lastAt = LISTED_AT) =>
  stageOf(goodWith(), bidBy(A, { max: 3_000 }), bidBy(A, { max: 4_000, receivedAt: lastAt }), bidBy(B, { max: 5_000 }))
const left = (ms: number): Partial<RetractBid> => ({ receivedAt: endsAt - ms })

describe('the last part of a sale', () => {
  it.each([
    ['a day', 24 * HOUR, 12 * HOUR],
    ['a day less a millisecond', 24 * HOUR - 1, 12 * HOUR - 1],
    ['a week', 7 * 24 * HOUR, 12 * HOUR],
    ['an hour', HOUR, HOUR / 2],
    ['a second', 1_000, 500],
  ])('of %s is its second half, at most 12 h', (_, duration, late) => {
    const good = goodWith({ endsAt: LISTED_AT + duration, hardEndsAt: LISTED_AT + duration + HARD_END_MS })
    expect(lateMs(good)).toBe(late)
  })

  it('is no longer when late bids move the end', () => {
    const good = goodWith({ endsAt: LISTED_AT + HOUR, hardEndsAt: LISTED_AT + HOUR + HARD_END_MS })
    const moved = stageOf(good, bidBy(A, { max: 1_000, receivedAt: LISTED_AT + HOUR - 1 })).good
    expect(moved.endsAt).toBe(LISTED_AT + HOUR - 1 + W)
    expect(lateMs(moved)).toBe(HOUR / 2)
  })
})

describe('a retraction is refused', () => {
  const early = contested()
  const close: GoodEvent = { type: 'sold', winner: B, price: 4_100, receivedAt: null }
  it.each<[string, Good, RetractBid, string]>([
    ["of another's bid", early.good, retractionBy(A, 0, early, { bidId: early.bids[2]?.id ?? 0 }), 'FORBIDDEN'],
    ["of one's own bid by somebody else", early.good, { ...retractionBy(A, 4_000, early), by: C }, 'FORBIDDEN'],
    ['of a bid that never was', early.good, retractionBy(A, 1, early), 'NOT_FOUND'],
    [
      'of a bid taken back before',
      stageAfter(early, decide(retractionBy(A, 4_000, early), early.good)).good,
      retractionBy(A, 4_000, early, { bids: early.bids.filter(({ max }) => max !== 4_000) }),
      'NOT_FOUND',
    ],
    ['where the house lets bids stand', early.good, retractionBy(A, 4_000, early, { allowed: false }), 'FORBIDDEN'],
    ['at the very end', early.good, retractionBy(A, 4_000, early, left(0)), 'NOT_OPEN'],
    ['after the end', early.good, retractionBy(A, 4_000, early, left(-1)), 'NOT_OPEN'],
    ['when it is sold', evolve(early.good, close), retractionBy(A, 4_000, early), 'NOT_OPEN'],
    ['of other than the last bid with Q left', early.good, retractionBy(A, 3_000, early, left(Q)), 'CONFLICT'],
    [
      'of the last bid with Q left, hours after it',
      early.good,
      retractionBy(B, 5_000, contested(), left(Q)),
      'CONFLICT',
    ],
  ])('%s', (_, good, command, code) => {
    expect(refusalOf(() => decide(command, good))).toEqual({ code, data: {} })
  })

  it.each<[string, number, number, string]>([
    ['an hour and 1 ms after the bid, with Q left', Q, HOUR + 1, 'taken back for an hour only'],
    ['an hour and 1 ms after the bid, later', 2 * HOUR, HOUR + 1, 'taken back for an hour only'],
    ['in the soft close, at its first instant', W, 1_000, 'nothing can be taken back in the soft close'],
    ['in the soft close, right after the bid', W - 1, 0, 'nothing can be taken back in the soft close'],
    ['a millisecond before the end', 1, 1, 'nothing can be taken back in the soft close'],
  ])('%s', (_, ms, ago, why) => {
    const stage = contested(endsAt - ms - ago)
    const command = retractionBy(A, 4_000, stage, left(ms))
    expect(refusalOf(() => decide(command, stage.good))).toEqual({ code: 'CONFLICT', data: {} })
    expect(() => decide(command, stage.good)).toThrow(why)
  })

  it.each<[string, number]>([
    ['Q left', Q],
    ['less left', HOUR],
  ])('of other than the last bid that stands, with %s, however new', (_, ms) => {
    const bids = [4, 3, 2].map((ago, index) => bidBy(A, { max: 2_000 + index, receivedAt: endsAt - ms - ago }))
    const stage = stageOf(goodWith(), ...bids)
    for (const max of [2_000, 2_001])
      expect(() => decide(retractionBy(A, max, stage, left(ms)), stage.good)).toThrow('only your last bid')
    const without = stageAfter(stage, decide(retractionBy(A, 2_002, stage, left(ms)), stage.good))
    expect(decide(retractionBy(A, 2_001, without, left(ms)), without.good)).toHaveLength(1)
  })

  it('for the first of several reasons: not open, unknown, not yours, not in this house, too late', () => {
    const stage = contested()
    const codes = [
      retractionBy(A, 1, stage, { ...left(0), allowed: false }),
      retractionBy(A, 1, stage, { ...left(1), allowed: false }),
      { ...retractionBy(B, 5_000, stage, { ...left(1), allowed: false }), by: A },
      retractionBy(A, 3_000, stage, { ...left(1), allowed: false }),
      retractionBy(A, 3_000, stage, left(1)),
    ].map((command) => refusalOf(() => decide(command, stage.good)).code)
    expect(codes).toEqual(['NOT_OPEN', 'NOT_FOUND', 'FORBIDDEN', 'FORBIDDEN', 'CONFLICT'])
  })
})

describe('a retraction is taken', () => {
  const early = contested()
  it.each<[string, Stage, RetractBid]>([
    ['of an earlier bid with Q and 1 ms left', early, retractionBy(A, 3_000, early, left(Q + 1))],
    ['of the last bid with Q and 1 ms left, hours after it', early, retractionBy(A, 4_000, early, left(Q + 1))],
    ...[
      ['with Q left, right after it', Q, 0],
      ['with Q left, an hour after it', Q, HOUR],
      ['with less left, an hour after it', 2 * HOUR, HOUR],
      ['a millisecond before the soft close', W + 1, 1],
    ].map(([when, ms, ago]): [string, Stage, RetractBid] => {
      const stage = contested(endsAt - Number(ms) - Number(ago))
      return [`of the last bid ${when}`, stage, retractionBy(A, 4_000, stage, left(Number(ms)))]
    }),
  ])('%s', (_, { good, bids }, command) => {
    expect(bids.some(({ id }) => id === command.bidId)).toBe(true)
    expect(decide(command, good)).toMatchObject([{ type: 'retracted', bidId: command.bidId, bidder: A, bidsLeft: 1 }])
  })

  it.each(retractionReasons)('for the reason %s, and says how the good stands without the bid', (reason) => {
    const stage = contested()
    const command = retractionBy(B, 5_000, stage, { reason })
    expect(decide(command, stage.good)).toEqual([
      {
        type: 'retracted',
        reason,
        bidId: command.bidId,
        bidder: B,
        bidsLeft: 0,
        receivedAt: command.receivedAt,
        after: { price: 1_000, leader: A, max: 4_000, bidCount: 2 },
      },
    ])
  })

  it('in the last millisecond of a hard end, of a bid just placed', () => {
    const stage = stageOf(goodWith({ softCloseMs: 0 }), bidBy(A, { max: 3_000, receivedAt: endsAt - 1 }))
    expect(decide(retractionBy(A, 3_000, stage, left(1)), stage.good)).toHaveLength(1)
  })
})

describe('the house', () => {
  it.each<[string, Parameters<typeof cancellationOf>[3], string]>([
    ['cannot cancel a bid that does not stand', { bidId: 123_456 }, 'NOT_FOUND'],
    ['cannot cancel a bid at the end', { receivedAt: endsAt }, 'NOT_OPEN'],
  ])('%s', (_, changes, code) => {
    const stage = contested()
    expect(refusalOf(() => decide(cancellationOf(B, 5_000, stage, changes), stage.good))).toEqual({ code, data: {} })
  })

  it('cancels any bid until the last millisecond, with its reason', () => {
    const stage = contested()
    const command = cancellationOf(A, 3_000, stage, { receivedAt: endsAt - 1, reason: 'a child had the keyboard' })
    const { price, leader, max } = stage.good
    expect(decide(command, stage.good)).toEqual([
      {
        type: 'bid_cancelled',
        reason: 'a child had the keyboard',
        bidId: command.bidId,
        bidder: A,
        bidsLeft: 1,
        receivedAt: endsAt - 1,
        after: { price, leader, max, bidCount: 2 },
      },
    ])
  })
})

const people: Record<string, Person> = { A, B, C, D }
const nameOf = (person: Person | null) =>
  Object.keys(people).find((name) => people[name]?.id === person?.id) ?? 'nobody'

/** `A 50, B =52` placed on the good, in major units; = is exact. */
function placed(sequence: string, changes: Parameters<typeof goodWith>[0] = {}): Stage {
  const bids = sequence.split(', ').map((bid) => {
    const [who = '', sum = ''] = bid.split(' ')
    const amount = Math.round(Number(sum.replace('=', '')) * 100)
    return bidBy(people[who] ?? D, sum.startsWith('=') ? { amount } : { max: amount })
  })
  return stageOf(goodWith(changes), ...bids)
}
/** Cancels `B 50`; says who lapsed, who leads then at which price, their maximum, and how many bids stand. */
function without(stage: Stage, bid: string, poor: readonly (readonly [Person, number])[] = []): string {
  const [who = '', max = ''] = bid.split(' ')
  const person = people[who] ?? D
  const command = cancellationOf(person, Math.round(Number(max) * 100), stage, { available: fundsOf(stage, poor) })
  const events = decide(command, stage.good)
  const { good } = stageAfter(stage, events)
  const lapsed = events.flatMap((event) => (event.type === 'lapsed' ? [`${nameOf(event.bidder)} lapses, `] : []))
  return `${lapsed.join('')}${nameOf(good.leader)} ${good.price}/${good.max} of ${good.bidCount}`
}

describe('after a removal', () => {
  it.each([
    ['nobody is left: no price, no leader', 'A 50', 'A 50', null, 'nobody null/null of 0'],
    ['one user is left: the start', 'A 50, B 100', 'B 100', null, 'A 1000/5000 of 1'],
    ['one user with several bids is left: the start', 'A 20, A 50, B 100', 'B 100', null, 'A 1000/5000 of 2'],
    ['one user is left, exact: the start', 'A =50, B =52', 'A 50', null, 'B 1000/5200 of 1'],
    ['two are left: one step above the second', 'A 50, B 100, C 200', 'C 200', null, 'B 5100/10000 of 2'],
    [
      'two are left, close together: the maximum of the leader',
      'A 50, B 50.50, C 99',
      'C 99',
      null,
      'B 5050/5050 of 2',
    ],
    ['of two equal maxima the earlier leads, at it', 'A 60, B 60, C 99', 'C 99', null, 'A 6000/6000 of 2'],
    ['of two equal maxima one goes', 'A 60, B 60', 'A 60', null, 'B 1000/6000 of 1'],
    [
      'the price stays that a removal could only raise (vector 15)',
      'A 50, B 50.01, B 100',
      'B 50.01',
      null,
      'B 5001/10000 of 2',
    ],
    [
      'the price stays when a bid below goes that did not make it',
      'A 20, B 50, C 100',
      'A 20',
      null,
      'C 5100/10000 of 2',
    ],
    ['the price falls when the second goes', 'A 20, B 50, C 100', 'B 50', null, 'C 2050/10000 of 2'],
    ["the second's earlier bid takes his place", 'A 20, A 30, B 100', 'A 30', null, 'B 2050/10000 of 2'],
    ['the old leader leads on with an earlier bid', 'A 50, B 20, A 80', 'A 80', null, 'A 2050/5000 of 2'],
    [
      'the old leader with an earlier bid of the same maximum as another: who was first',
      'A 50, B 60, A 60.60, A 99',
      'A 99',
      null,
      'A 6060/6060 of 3',
    ],
    ['the reserve is inside the minimum: one left who reaches it', 'A 45, B 100', 'B 100', 4_000, 'A 4000/4500 of 1'],
    [
      'the reserve is inside the minimum: two left below it, and one above',
      'A 20, B 45, C 99',
      'C 99',
      4_000,
      'B 4000/4500 of 2',
    ],
    [
      'the reserve is inside the minimum: one left who just reaches it',
      'A 40, B 100',
      'B 100',
      4_000,
      'A 4000/4000 of 1',
    ],
    ['the reserve lifts nothing that was lower', 'A 30, B 20', 'B 20', 4_000, 'A 1000/3000 of 1'],
    ['the reserve is unmet again', 'A 30, B 60', 'B 60', 4_000, 'A 1000/3000 of 1'],
    ['the reserve is unmet again, two left', 'A 20, B 30, C 60', 'C 60', 4_000, 'B 2050/3000 of 2'],
    ['the contest above the reserve stands', 'A 50, B 60, C 99', 'C 99', 4_000, 'B 5100/6000 of 2'],
  ])('%s', (_, sequence, removed, reserve, expected) => {
    expect(without(placed(sequence, { reserve }), removed)).toBe(expected)
  })

  it('says whether the reserve is met', () => {
    const stage = placed('A 30, B 60', { reserve: 4_000 })
    expect(reserveMet(stage.good)).toBe(true)
    expect(reserveMet(decide(cancellationOf(B, 6_000, stage), stage.good).reduce(evolve, stage.good))).toBe(false)
  })

  it('bidding goes on from the price it left, and begins at the start when nobody is left', () => {
    const stage = placed('A 50, B 100')
    const one = stageAfter(stage, decide(cancellationOf(B, 10_000, stage), stage.good))
    expect(minimumBid(one.good)).toBe(1_050)
    expect(stageAfter(one, decide(bidBy(C, { max: 2_000 }), one.good)).good).toMatchObject({ price: 2_050, leader: A })
    const none = stageAfter(one, decide(cancellationOf(A, 5_000, one), one.good))
    expect(minimumBid(none.good)).toBe(1_000)
    expect(decide({ type: 'close_due', now: endsAt }, none.good)).toEqual([{ type: 'unsold', reason: 'no_bids' }])
    expect(stageAfter(none, decide(bidBy(C, { max: 2_000 }), none.good)).good).toMatchObject({
      price: 1_000,
      leader: C,
    })
  })

  it('leaves the end where it is', () => {
    const stage = placed('A 50, B 100')
    const command = cancellationOf(B, 10_000, stage, { receivedAt: endsAt - 1 })
    expect(stageAfter(stage, decide(command, stage.good)).good.endsAt).toBe(endsAt)
  })
})

describe('a new leader whose funds no longer cover it', () => {
  it.each<[string, string, string, [Person, number][], string]>([
    ['is not skipped when they do, exactly', 'A 50, B 100', 'B 100', [[A, 5_000]], 'A 1000/5000 of 1'],
    ['lapses when a cent is missing', 'A 50, B 100', 'B 100', [[A, 4_999]], 'A lapses, nobody null/null of 0'],
    ['lapses with all his bids', 'A 20, A 50, B 100', 'B 100', [[A, 2_000]], 'A lapses, nobody null/null of 0'],
    ['lapses, and the next leads', 'A 50, B 60, C 99', 'C 99', [[B, 0]], 'B lapses, A 1000/5000 of 1'],
    [
      'lapses, and so does the next: the third leads',
      'D 20, A 50, B 60, C 99',
      'C 99',
      [
        [B, 5_999],
        [A, 4_999],
      ],
      'B lapses, A lapses, D 1000/2000 of 1',
    ],
    [
      'lapses, and nobody is left',
      'A 50, B 60, C 99',
      'C 99',
      [
        [B, 0],
        [A, 0],
      ],
      'B lapses, A lapses, nobody null/null of 0',
    ],
    ['who would only be second does not lapse', 'A 50, B 60, C 99', 'C 99', [[A, 0]], 'B 5100/6000 of 2'],
    [
      'of equals the earlier lapses, and the later leads',
      'A 60, B 60, C 99',
      'C 99',
      [[A, 0]],
      'A lapses, B 1000/6000 of 1',
    ],
    ['is not asked when the leader stays', 'A 50, B 100', 'A 50', [[B, 0]], 'B 1000/10000 of 1'],
    [
      'is not asked when an earlier bid keeps the lead: its hold is there',
      'A 50, B 20, A 80',
      'A 80',
      [[A, 0]],
      'A 2050/5000 of 2',
    ],
    [
      'lapses, and the old leader leads again with what he holds',
      'A 50, B 60, A 99',
      'A 99',
      [
        [B, 0],
        [A, 0],
      ],
      'B lapses, A 1000/5000 of 1',
    ],
  ])('%s', (_, sequence, removed, poor, expected) => {
    expect(without(placed(sequence), removed, poor)).toBe(expected)
  })

  it('needs the premium too', () => {
    const stage = placed('A 50, B 100', { premiumBp: 2_500 })
    expect(without(stage, 'B 100', [[A, 6_250]])).toBe('A 1000/5000 of 1')
    expect(without(stage, 'B 100', [[A, 6_249]])).toBe('A lapses, nobody null/null of 0')
  })

  it('is told of before the removal, with how many of his bids go', () => {
    const stage = placed('A 20, A 50, B 100')
    const command = retractionBy(B, 10_000, stage, { available: fundsOf(stage, [[A, 0]]) })
    expect(decide(command, stage.good)).toMatchObject([
      { type: 'lapsed', bidder: A, bids: 2 },
      { type: 'retracted', bidder: B, bidsLeft: 0, after: { price: null, leader: null, max: null, bidCount: 0 } },
    ])
  })

  it('may bid again, from the start when nobody is left', () => {
    const stage = placed('A 50, B 100')
    const after = stageAfter(
      stage,
      decide(cancellationOf(B, 10_000, stage, { available: fundsOf(stage, [[A, 0]]) }), stage.good),
    )
    expect(after.bids).toEqual([])
    expect(stageAfter(after, decide(bidBy(A, { max: 1_000 }), after.good)).good).toMatchObject({
      leader: A,
      bidCount: 1,
    })
  })
})

describe('the holds after a removal', () => {
  /** Plays the bids with these funds, cancels one, and gives who holds and has what. */
  function booked(sequence: string, funds: readonly [Person, number][], removed: [Person, number], changes = {}) {
    const books = openBooks(new Map(funds.map(([{ id }, amount]) => [id, amount])))
    const events = placed(sequence, changes)
    let stage: Stage = { good: goodWith(changes), bids: [] }
    const take = (happened: readonly GoodEvent[]) => {
      happened.reduce(books.record, stage.good)
      stage = stageAfter(stage, happened)
    }
    for (const { bidder, max } of events.bids)
      take(decide(bidBy(bidder, { max, available: books.balanceOf(available(bidder.id)) }), stage.good))
    const now = new Map(funds.map(([{ id }]) => [id, books.balanceOf(available(id))]))
    take(decide(cancellationOf(...removed, stage, { available: now }), stage.good))
    expect(books.total()).toBe(0)
    expect(books.entries.map(({ key }) => key)).toHaveLength(new Set(books.entries.map(({ key }) => key)).size)
    return funds.map(([{ id }]) => `${books.balanceOf(available(id))}+${books.balanceOf(held(id))}`)
  }

  it.each<[string, string, [Person, number][], [Person, number], object, string[]]>([
    ['go back when nobody is left', 'A 50', [[A, 5_000]], [A, 5_000], {}, ['5000+0']],
    [
      'pass to the new leader',
      'A 50, B 60',
      [
        [A, 5_000],
        [B, 6_000],
      ],
      [B, 6_000],
      {},
      ['0+5000', '6000+0'],
    ],
    [
      'pass with the premium',
      'A 50, B 60',
      [
        [A, 5_500],
        [B, 6_600],
      ],
      [B, 6_000],
      { premiumBp: 1_000 },
      ['0+5500', '6600+0'],
    ],
    [
      'of the old leader go back in part when an earlier bid leads',
      'A 50, B 20, A 80',
      [[A, 8_000]],
      [A, 8_000],
      {},
      ['3000+5000'],
    ],
    [
      'of the old leader go back in part, with the premium on it',
      'A 50, A 80',
      [[A, 8_800]],
      [A, 8_000],
      { premiumBp: 1_000 },
      ['3300+5500'],
    ],
    [
      'stay when the second goes',
      'A 50, B 60',
      [
        [A, 5_000],
        [B, 6_000],
      ],
      [A, 5_000],
      {},
      ['5000+0', '0+6000'],
    ],
    ['stay when an earlier bid of the leader goes', 'A 50, A 60', [[A, 6_000]], [A, 5_000], {}, ['0+6000']],
  ])('%s', (_, sequence, funds, removed, changes, expected) => {
    const rich = sequence.includes('B') && funds.length === 1 ? [...funds, [B, 2_000] as [Person, number]] : funds
    expect(booked(sequence, rich, removed, changes).slice(0, expected.length)).toEqual(expected)
  })
})

/** Section 5 as it is written, worked out from the list of the bids that stand: no sorting, no state but the price before. */
function byTheText(
  bids: readonly StandingBid[],
  good: Good,
): { leader: number | null; max: number | null; price: number | null } {
  const maxes = new Map<number, { max: number; seq: number }>()
  for (const { bidder, max, seq } of bids) {
    const own = maxes.get(bidder.id)
    if (!own || max > own.max) maxes.set(bidder.id, { max, seq })
  }
  let leader: number | null = null
  for (const [userId, { max, seq }] of maxes) {
    const best = leader === null ? null : maxes.get(leader)
    if (!best || max > best.max || (max === best.max && seq < best.seq)) leader = userId
  }
  if (leader === null) return { leader: null, max: null, price: null }
  const M = maxes.get(leader)?.max ?? 0
  const others = [...maxes].filter(([userId]) => userId !== leader).map(([, { max }]) => max)
  const M2 = Math.max(...others)
  const fair = others.length === 0 ? good.startPrice : Math.min(M, M2 + stepFrom(good, M2))
  const lifted = good.reserve !== null && M >= good.reserve ? Math.max(fair, good.reserve) : fair
  return { leader, max: M, price: Math.min(good.price ?? Number.NaN, lifted) }
}
const stepFrom = ({ increment }: Good, price: number) => {
  if (!('bands' in increment)) throw new Error('These goods have bands.')
  let step = Number.NaN
  for (const [from, each] of increment.bands) if (price >= from) step = each
  return step
}

describe('the formula of removals', () => {
  const crowd = [A, B, C, D]
  const sales = fc.record({
    reserve: fc.option(fc.integer({ min: 1_001, max: 6_000 })),
    premiumBp: fc.constantFrom(0, 500),
    bids: fc.array(
      fc.record({
        who: fc.nat({ max: 3 }),
        exact: fc.boolean(),
        over: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 1_500 })),
      }),
      { minLength: 1, maxLength: 14, size: 'max' },
    ),
    removals: fc.array(
      fc.record({ which: fc.nat(), funds: fc.array(fc.nat({ max: 20_000 }), { minLength: 4, maxLength: 4 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
  })

  it('agrees with a naive recomputation from the list of the bids that stand, in 1,000 sales', () => {
    let lapses = 0
    fc.assert(
      fc.property(sales, ({ reserve, premiumBp, bids, removals }) => {
        let stage: Stage = { good: goodWith({ reserve, premiumBp }), bids: [] }
        for (const { who, exact, over } of bids) {
          const bidder = crowd[who] ?? A
          const leads = stage.good.leader?.id === bidder.id
          const amount = (leads ? (stage.good.max ?? 0) + 1 : minimumBid(stage.good)) + over
          stage = stageAfter(stage, decide(bidBy(bidder, exact ? { amount } : { max: amount }), stage.good))
        }
        for (const { which, funds } of removals) {
          const bid = stage.bids[which % stage.bids.length]
          if (!bid) return
          const spare = new Map(crowd.map(({ id }, index) => [id, funds[index] ?? 0]))
          const before = stage
          const events = decide(
            cancellationOf(bid.bidder, bid.max, stage, { bidId: bid.id, available: spare }),
            stage.good,
          )
          stage = stageAfter(stage, events)
          const covers = (userId: number, max: number) =>
            (spare.get(userId) ?? 0) + (before.good.leader?.id === userId ? heldOn(before.good) : 0) >=
            holdFor(before.good, max)
          let rest = before.bids.filter(({ id }) => id !== bid.id)
          let expected = byTheText(rest, before.good)
          while (expected.leader !== null && !covers(expected.leader, expected.max ?? 0)) {
            const skipped = expected.leader
            rest = rest.filter(({ bidder }) => bidder.id !== skipped)
            expected = byTheText(rest, before.good)
            lapses++
          }
          const { leader, max, price, bidCount } = stage.good
          expect({ leader: leader?.id ?? null, max, price, bidCount }).toEqual({ ...expected, bidCount: rest.length })
          expect(stage.bids).toEqual(rest)
          expect(price ?? 0).toBeLessThanOrEqual(before.good.price ?? 0)
        }
      }),
      { numRuns: 1_000 },
    )
    expect(lapses).toBeGreaterThan(0)
  })
})
