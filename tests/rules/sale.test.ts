import { decide } from '@auction/common/bidding'
import { canBuyNow, cancellationReasons, evolve, type Good, type Person, reserveMet } from '@auction/common/good'
import { HARD_END_MS } from '@auction/common/increments'
import {
  type AcceptBid,
  type CancelGood,
  type EditGood,
  OUTAGE_GRACE_MS,
  OUTAGE_LEAST_MS,
  refuseRelisting,
} from '@auction/common/sale'
import { describe, expect, it } from 'vitest'
import {
  A,
  B,
  bidBy,
  cancellationOf,
  goodAfter,
  goodWith,
  HOUR,
  house,
  LISTED_AT,
  mila,
  PLENTY,
  purchaseBy,
  refusalOf,
  stageOf,
  terms,
} from './given.ts'

const Q = 12 * HOUR
const { endsAt } = terms
const now = endsAt
const bid = bidBy(A, { max: 5_000 })
const secondChance = goodWith({ buyNow: 1_000, offeredTo: A })
/** Price 20.50, the reserve of 40.00 unmet. */
const unmet = goodAfter(goodWith({ reserve: 4_000, buyNow: 5_000 }), bidBy(A, { max: 3_000 }), bidBy(B, { max: 2_000 }))
const met = goodAfter(goodWith({ reserve: 4_000 }), bidBy(A, { max: 6_000 }))
const led = goodAfter(goodWith(), bid)
const ended: readonly [string, Good][] = [
  ['sold', goodAfter(led, { type: 'close_due', now })],
  ['unsold', goodAfter(goodWith(), { type: 'close_due', now })],
  ['bought', goodAfter(goodWith({ buyNow: 1_300 }), purchaseBy(A, {}))],
  ['cancelled', goodAfter(goodWith(), cancelBy({}))],
]

function editBy(changes: EditGood['changes'], more: Partial<EditGood> = {}): EditGood {
  return {
    type: 'edit_good',
    by: mila,
    changes,
    note: null,
    salt: 'salt of an edit',
    receivedAt: LISTED_AT + HOUR,
    ...more,
  }
}
function cancelBy(more: Partial<CancelGood>): CancelGood {
  return { type: 'cancel_good', by: mila, as: 'seller', reason: null, receivedAt: LISTED_AT + HOUR, ...more }
}
const acceptBy = (by: Person, receivedAt = LISTED_AT + 2 * HOUR): AcceptBid => ({ type: 'accept_bid', by, receivedAt })
const left = (ms: number) => ({ receivedAt: endsAt - ms })

describe('an edit is refused', () => {
  it.each<[string, Good, EditGood, string]>([
    ['by anybody else', goodWith(), editBy({ name: 'x' }, { by: A }), 'FORBIDDEN'],
    ['by the house', goodWith(), editBy({ name: 'x' }, { by: house }), 'FORBIDDEN'],
    ['at the very end', goodWith(), editBy({ name: 'x' }, left(0)), 'NOT_OPEN'],
    ...ended.map(([how, good]): [string, Good, EditGood, string] => [
      `when ${how}`,
      good,
      editBy({ name: 'x' }),
      'NOT_OPEN',
    ]),
    ['of a second chance', secondChance, editBy({ startPrice: 1 }), 'CONFLICT'],
    ['of a second chance, even a note', secondChance, editBy({}, { note: 'x' }), 'CONFLICT'],
    ['of the reserve to the start', goodWith(), editBy({ reserve: 1_000 }), 'BAD_REQUEST'],
    ['of the start to the reserve', goodWith({ reserve: 4_000 }), editBy({ startPrice: 4_000 }), 'BAD_REQUEST'],
    ['of the buy-now price below 1.3 times the start', goodWith(), editBy({ buyNow: 1_299 }), 'BAD_REQUEST'],
    [
      'of the start, with a buy-now price then too low',
      goodWith({ buyNow: 1_300 }),
      editBy({ startPrice: 1_001 }),
      'BAD_REQUEST',
    ],
    ['of the reserve above the buy-now price', goodWith({ buyNow: 5_000 }), editBy({ reserve: 5_001 }), 'BAD_REQUEST'],
    ['of the end to this instant', goodWith(), editBy({ endsAt: LISTED_AT + HOUR }), 'BAD_REQUEST'],
    ['of the end to the past', goodWith(), editBy({ endsAt: LISTED_AT }), 'BAD_REQUEST'],
    ...Object.entries<EditGood['changes']>({
      title: { name: 'Leica M4' },
      description: { description: 'better' },
      start: { startPrice: 900 },
      'start to what it is': { startPrice: 1_000 },
      'buy-now price': { buyNow: 9_000 },
      'buy-now price away': { buyNow: null },
      increment: { increment: { fixed: 1 } },
      'soft close': { softCloseMs: 0 },
      'end to earlier': { endsAt: endsAt - 1 },
    }).map(([what, changes]): [string, Good, EditGood, string] => [
      `of the ${what}, with bids`,
      led,
      editBy(changes),
      'CONFLICT',
    ]),
    // The last part of a sale, in which the seller is bound, cannot be put off.
    ['of the end to later, with bids and exactly Q left', led, editBy({ endsAt: endsAt + HOUR }, left(Q)), 'CONFLICT'],
    ['of a reserve where there was none, with bids', led, editBy({ reserve: 1 }), 'CONFLICT'],
    ['of the reserve upward, with bids', unmet, editBy({ reserve: 4_001 }), 'CONFLICT'],
    [
      'of the reserve upward, with bids, though below the price',
      goodAfter(met, bidBy(B, { max: 5_500 })),
      editBy({ reserve: 4_001 }),
      'CONFLICT',
    ],
    ['of the reserve to above the price, with bids', unmet, editBy({ reserve: 2_051 }), 'CONFLICT'],
    ['of the reserve away, with bids', unmet, editBy({ reserve: null }), 'CONFLICT'],
    ['of all when one part is refused', unmet, editBy({ reserve: 2_050, name: 'x' }, { note: 'x' }), 'CONFLICT'],
  ])('%s', (_, good, command, code) => {
    expect(refusalOf(() => decide(command, good))).toEqual({ code, data: {} })
  })

  it('in words that never name the reserve or the maximum', () => {
    const good = goodAfter(goodWith({ reserve: 765_432 }), bidBy(A, { max: 543_210 }))
    for (const changes of [{ reserve: 800_000 }, { reserve: null }, { buyNow: 1 }])
      expect(() => decide(editBy(changes), good)).toThrow(/^(?!.*(7654|5432))/)
  })
})

describe('an edit', () => {
  it('without bids changes anything, in one event', () => {
    const changes = {
      name: 'Leica M4',
      description: 'rare',
      startPrice: 2_000,
      reserve: 3_000,
      buyNow: 4_000,
      increment: { fixed: 100 },
      softCloseMs: 0,
      private: true,
      capacity: 5,
      endsAt: endsAt - HOUR,
    }
    const command = editBy(changes)
    const events = decide(command, goodWith())
    const moved = { hardEndsAt: endsAt - HOUR + HARD_END_MS }
    const { salt, receivedAt } = command
    expect(events).toEqual([{ type: 'note', text: null, changes: { ...changes, ...moved }, salt, receivedAt }])
    expect(events.reduce(evolve, goodWith())).toEqual({ ...goodWith(), ...changes, ...moved, seq: 2 })
  })

  it.each<[string, Good, EditGood['changes'], Partial<Good>]>([
    ['takes a reserve away before the first bid', goodWith({ reserve: 4_000 }), { reserve: null }, { reserve: null }],
    ['raises a reserve before the first bid', goodWith({ reserve: 4_000 }), { reserve: 9_000 }, { reserve: 9_000 }],
    [
      'takes the buy-now price away before the first bid',
      goodWith({ buyNow: 5_000 }),
      { buyNow: null },
      { buyNow: null },
    ],
    [
      'moves the end, and the hard end with it, before the first bid',
      goodWith(),
      { endsAt: endsAt - Q },
      { hardEndsAt: endsAt - Q + HOUR },
    ],
    [
      'moves the end on with bids',
      led,
      { endsAt: endsAt + 1 },
      { endsAt: endsAt + 1, hardEndsAt: endsAt + 1 + HARD_END_MS },
    ],
    ['lowers the reserve with bids to the price', unmet, { reserve: 2_050 }, { reserve: 2_050 }],
    ['lowers the reserve with bids to below the price', unmet, { reserve: 1 }, { reserve: 1 }],
    ['lowers a reserve that is met', met, { reserve: 3_999 }, { reserve: 3_999, price: 4_000 }],
    ['opens or closes the room with bids', led, { private: true, capacity: 1 }, { private: true, capacity: 1 }],
  ])('%s', (_, good, changes, expected) => {
    expect(goodAfter(good, editBy(changes))).toMatchObject(expected)
  })

  it('changes all again once every bid is taken back', () => {
    const stage = stageOf(goodWith({ reserve: 4_000 }), bid)
    const free = goodAfter(stage.good, cancellationOf(A, 5_000, stage))
    expect(goodAfter(free, editBy({ name: 'x', reserve: 9_000, startPrice: 1 }))).toMatchObject({
      name: 'x',
      reserve: 9_000,
    })
  })

  it('tells that the reserve is met when it is lowered to the price, which ends buying at once', () => {
    const command = editBy({ reserve: 2_050 })
    const events = decide(command, unmet)
    expect(events.map(({ type }) => type)).toEqual(['note', 'reserve_met'])
    const after = events.reduce(evolve, unmet)
    expect([canBuyNow(unmet), canBuyNow(after), reserveMet(after)]).toEqual([true, false, true])
    expect(after).toMatchObject({ price: 2_050, leader: A, max: 3_000 })
    expect(decide({ type: 'close_due', now }, after)).toMatchObject([{ type: 'sold', winner: A, price: 2_050 }])
  })

  it('does not tell again of a reserve that was met', () => {
    expect(decide(editBy({ reserve: 3_000 }), met).map(({ type }) => type)).toEqual(['note'])
  })

  it.each([
    ['with bids', led],
    ['without', goodWith()],
  ])('adds a dated note to the description, %s, until the last millisecond', (_, good) => {
    const after = goodAfter(good, editBy({}, { note: 'a scratch', ...left(1) }))
    expect(after.description).toBe('boxed, first owner\n\n[2026-11-23 11:59 UTC] a scratch')
    const twice = goodAfter(after, editBy({}, { note: 'and another', ...left(1) }))
    expect(twice.description).toBe(`${after.description}\n\n[2026-11-23 11:59 UTC] and another`)
  })

  it('begins an empty description with its note', () => {
    expect(goodAfter(goodWith({ description: '' }), editBy({}, { note: 'boxed' })).description).toBe(
      '[2026-11-22 13:00 UTC] boxed',
    )
  })
})

describe('a cancellation is refused', () => {
  it.each<[string, Good, CancelGood, string]>([
    ['to anybody else', goodWith(), cancelBy({ by: A }), 'FORBIDDEN'],
    ['to the house as a seller', goodWith(), cancelBy({ by: house }), 'FORBIDDEN'],
    ['at the very end', goodWith(), cancelBy(left(0)), 'NOT_OPEN'],
    [
      'to the house at the very end',
      goodWith(),
      cancelBy({ by: house, as: 'house', reason: 'x', ...left(0) }),
      'NOT_OPEN',
    ],
    ...ended.flatMap(([how, good]): [string, Good, CancelGood, string][] => [
      [`when ${how}`, good, cancelBy({ reason: 'incorrect' }), 'NOT_OPEN'],
      [`to the house when ${how}`, good, cancelBy({ by: house, as: 'house', reason: 'x' }), 'NOT_OPEN'],
    ]),
    ['with bids, without a reason', led, cancelBy({}), 'BAD_REQUEST'],
    ['with bids, for a reason of its own', led, cancelBy({ reason: 'I want more' }), 'BAD_REQUEST'],
    ['with bids and exactly Q left', led, cancelBy({ reason: 'incorrect', ...left(Q) }), 'CONFLICT'],
    ['with bids a millisecond before the end', led, cancelBy({ reason: 'incorrect', ...left(1) }), 'CONFLICT'],
    [
      'with bids and Q left of a short sale',
      goodAfter(goodWith({ endsAt: LISTED_AT + HOUR, hardEndsAt: LISTED_AT + 2 * HOUR }), {
        ...bid,
        receivedAt: LISTED_AT,
      }),
      cancelBy({ reason: 'incorrect', receivedAt: LISTED_AT + HOUR / 2 }),
      'CONFLICT',
    ],
  ])('%s', (_, good, command, code) => {
    expect(refusalOf(() => decide(command, good))).toEqual({ code, data: {} })
  })
})

describe('a cancellation', () => {
  const every: [string, Good, CancelGood][] = [
    ['without bids needs no reason', goodWith(), cancelBy({})],
    ['without bids is taken in the last millisecond', goodWith(), cancelBy(left(1))],
    ['of a second chance needs no reason', secondChance, cancelBy({})],
    ...cancellationReasons.map((reason): [string, Good, CancelGood] => [
      `with bids is taken with Q and 1 ms left because ${reason}`,
      led,
      cancelBy({ reason, ...left(Q + 1) }),
    ]),
    [
      'by the house is taken with bids in the last millisecond',
      led,
      cancelBy({ by: house, as: 'house', reason: 'stolen', ...left(1) }),
    ],
  ]
  it.each(every)('%s', (_, good, command) => {
    const { as, reason, receivedAt } = command
    const events = decide(command, good)
    expect(events).toEqual([{ type: 'cancelled', by: as, reason, receivedAt }])
    expect(events.reduce(evolve, good)).toMatchObject({ status: 'cancelled', winner: null })
  })

  it('needs no reason once every bid is taken back', () => {
    const stage = stageOf(goodWith(), bid)
    const free = goodAfter(stage.good, cancellationOf(A, 5_000, stage))
    expect(decide(cancelBy(left(1)), free)).toHaveLength(1)
  })
})

describe('selling before the end', () => {
  it.each<[string, Good, AcceptBid, string]>([
    ['is refused to anybody else', led, acceptBy(B), 'FORBIDDEN'],
    ['is refused to the house', led, acceptBy(house), 'FORBIDDEN'],
    ['is refused at the very end', led, acceptBy(mila, endsAt), 'NOT_OPEN'],
    ...ended.map(([how, good]): [string, Good, AcceptBid, string] => [
      `is refused when ${how}`,
      good,
      acceptBy(mila),
      'NOT_OPEN',
    ]),
    ['is refused without bids', goodWith(), acceptBy(mila), 'CONFLICT'],
    ['is refused while the reserve is unmet', unmet, acceptBy(mila), 'CONFLICT'],
    ['is refused with exactly Q left', led, acceptBy(mila, endsAt - Q), 'CONFLICT'],
    ['is refused a millisecond before the end', led, acceptBy(mila, endsAt - 1), 'CONFLICT'],
  ])('%s', (_, good, command, code) => {
    expect(refusalOf(() => decide(command, good))).toEqual({ code, data: {} })
  })

  it.each<[string, Good, number, Person, number]>([
    ['goes to the leader at the price', goodAfter(led, bidBy(B, { max: 2_000 })), LISTED_AT + 2 * HOUR, A, 2_050],
    ['goes with Q and 1 ms left', led, endsAt - Q - 1, A, 1_000],
    ['goes once the reserve is met', met, LISTED_AT + 2 * HOUR, A, 4_000],
    [
      'goes once the reserve is lowered to the price',
      goodAfter(unmet, editBy({ reserve: 2_050 })),
      LISTED_AT + 2 * HOUR,
      A,
      2_050,
    ],
  ])('%s', (_, good, receivedAt, winner, price) => {
    const events = decide(acceptBy(mila, receivedAt), good)
    expect(events).toEqual([{ type: 'sold', winner, price, receivedAt }])
    const sold = events.reduce(evolve, good)
    expect(sold).toMatchObject({ status: 'sold', winner, price })
    expect(decide({ type: 'close_due', now }, sold)).toEqual([])
  })
})

describe('listing an unsold good again, or offering it a second time', () => {
  const unsold = goodAfter(goodWith(), { type: 'close_due', now })
  const again = goodWith({ relistOf: 42 })
  it.each<[string, Good, Person, readonly Good[], string]>([
    ['by anybody else', unsold, A, [], 'FORBIDDEN'],
    ['by the house', unsold, house, [], 'FORBIDDEN'],
    ['while it is open', goodWith(), mila, [], 'CONFLICT'],
    ...ended
      .filter(([how]) => how !== 'unsold')
      .map(([how, good]): [string, Good, Person, readonly Good[], string] => [
        `when ${how}`,
        good,
        mila,
        [],
        'CONFLICT',
      ]),
    ['while it is open again', unsold, mila, [again], 'CONFLICT'],
    ['once it was sold after all', unsold, mila, [goodAfter(again, bid, { type: 'close_due', now })], 'CONFLICT'],
    [
      'once its second chance was taken',
      unsold,
      mila,
      [goodAfter(goodWith({ relistOf: 42, buyNow: 1_000, offeredTo: A }), purchaseBy(A, {}))],
      'CONFLICT',
    ],
    [
      'once its second listing was unsold, too',
      unsold,
      mila,
      [goodAfter(again, { type: 'close_due', now })],
      'CONFLICT',
    ],
    ['of a second chance', goodAfter(secondChance, { type: 'close_due', now }), mila, [], 'CONFLICT'],
  ])('is refused %s', (_, good, by, goods, code) => {
    expect(refusalOf(() => refuseRelisting(good, by, goods))).toEqual({ code, data: {} })
  })

  it.each<[string, readonly Good[]]>([
    ['the first time', []],
    ['after nobody took the second chance', [goodAfter({ ...again, offeredTo: A }, { type: 'close_due', now })]],
    ['after the second time was cancelled', [goodAfter(again, cancelBy({}))]],
  ])('is the right of its seller %s', (_, goods) => {
    expect(() => refuseRelisting(unsold, mila, goods)).not.toThrow()
  })
})

describe('after an outage', () => {
  const outage = (downMs: number, at = endsAt) =>
    ({ type: 'extend_for_outage', downSince: at - downMs, now: at }) as const
  const at = LISTED_AT + 10 * HOUR

  it.each<[string, Good, ReturnType<typeof outage>]>([
    ['of 29,999 ms nothing moves', led, outage(OUTAGE_LEAST_MS - 1)],
    ['of no time nothing moves', led, outage(0)],
    ['a good that ended before it keeps its end', led, outage(HOUR, endsAt + HOUR + 1)],
    ['a good that ends in exactly 10 min keeps its end', led, outage(HOUR, endsAt - OUTAGE_GRACE_MS)],
    ['a good that ends much later keeps its end', led, outage(HOUR, at)],
    ...ended.map(([how, good]): [string, Good, ReturnType<typeof outage>] => [
      `a good that is ${how} stays so`,
      good,
      outage(HOUR),
    ]),
  ])('%s', (_, good, command) => {
    expect(decide(command, good)).toEqual([])
  })

  it.each<[string, Good, ReturnType<typeof outage>]>([
    ['of exactly 30 s', led, outage(30_000)],
    ['of hours, of a good that ended in it', led, outage(9 * HOUR, endsAt + HOUR)],
    ['of a good that ended in its first millisecond', led, outage(HOUR, endsAt + HOUR)],
    ['of a good that ends as the house comes back', led, outage(HOUR, endsAt)],
    ['of a good that ends 1 ms later', led, outage(HOUR, endsAt - 1)],
    ['of a good that ends 1 ms before the 10 min are over', led, outage(HOUR, endsAt - OUTAGE_GRACE_MS + 1)],
    ['of a good without bids', goodWith(), outage(HOUR)],
    ['of a second chance', secondChance, outage(HOUR)],
    ['of a good with a hard end', goodWith({ softCloseMs: 0 }), outage(HOUR)],
  ])('it ends 10 min from now: %s', (_, good, command) => {
    const later = command.now + 10 * 60_000
    const hardEndsAt = good.hardEndsAt + later - good.endsAt
    const events = decide(command, good)
    expect(events).toEqual([{ type: 'extended', endsAt: later, hardEndsAt, cause: 'outage' }])
    const after = events.reduce(evolve, good)
    expect(after.hardEndsAt - after.endsAt).toBe(good.hardEndsAt - good.endsAt)
  })

  it('the soft close stops at the hard end as it moved', () => {
    const short = goodWith({ hardEndsAt: endsAt + 1_000 })
    const after = goodAfter(short, outage(HOUR))
    const later = endsAt + OUTAGE_GRACE_MS
    expect(goodAfter(after, bidBy(A, { max: 1_000, receivedAt: later - 1 })).endsAt).toBe(later + 1_000)
  })

  it('takes bids until its new end', () => {
    const after = goodAfter(led, outage(HOUR))
    const later = endsAt + OUTAGE_GRACE_MS
    expect(goodAfter(after, bidBy(B, { max: 9_000, receivedAt: later - 1 })).leader).toEqual(B)
    expect(refusalOf(() => decide(bidBy(B, { max: 9_000, receivedAt: later }), after)).code).toBe('NOT_OPEN')
  })

  it('a second look moves nothing, but for a second outage', () => {
    const after = goodAfter(led, outage(HOUR))
    expect(decide(outage(HOUR), after)).toEqual([])
    expect(decide(outage(HOUR, endsAt + HOUR), after)).toHaveLength(1)
  })
})

describe('closing', () => {
  it.each([
    ['does nothing before the end', goodWith(), now - 1, []],
    ...ended.map(([how, good]) => [`does nothing on a good that is ${how}`, good, now + 1, []] as const),
    [
      'does nothing at the old end after an outage',
      goodAfter(goodWith(), { type: 'extend_for_outage', downSince: now - HOUR, now }),
      now,
      [],
    ],
    ['finds nobody who took a second chance', secondChance, now, [{ type: 'unsold', reason: 'no_bids' }]],
    [
      'does nothing at the old end of an extended good',
      goodAfter(goodWith(), { ...bid, receivedAt: now - 1 }),
      now,
      [],
    ],
    ['finds no bids', goodWith(), now, [{ type: 'unsold', reason: 'no_bids' }]],
    [
      'finds the reserve unmet',
      goodAfter(goodWith({ reserve: 5_001 }), bid),
      now,
      [{ type: 'unsold', reason: 'reserve_unmet' }],
    ],
    [
      'sells at the price',
      goodAfter(goodWith(), bid),
      now,
      [{ type: 'sold', winner: A, price: 1_000, receivedAt: null }],
    ],
    [
      'sells at the reserve just met',
      goodAfter(goodWith({ reserve: 5_000 }), bid),
      now,
      [{ type: 'sold', winner: A, price: 5_000, receivedAt: null }],
    ],
    [
      'sells, however late it comes',
      goodAfter(goodWith(), bid, bidBy(B, { max: 3_000 })),
      now + 1_000 * HOUR,
      [{ type: 'sold', winner: A, price: 3_100, receivedAt: null }],
    ],
  ] as const)('%s', (_, good, at, events) => {
    expect(decide({ type: 'close_due', now: at }, good)).toEqual(events)
  })

  it('keeps price and leader of a sold good, and names no winner of an unsold one', () => {
    expect(goodAfter(goodWith(), bid, { type: 'close_due', now })).toMatchObject({
      status: 'sold',
      winner: A,
      price: 1_000,
    })
    const unmet = goodAfter(goodWith({ reserve: 9_000 }), bid, { type: 'close_due', now })
    expect(unmet).toMatchObject({ status: 'unsold', winner: null, leader: A })
  })

  it('counts every event of the good, one by one', () => {
    const good = goodAfter(goodWith({ reserve: 4_000 }), { ...bid, receivedAt: now - 1, available: PLENTY })
    expect(good.seq).toBe(4)
  })
})
