import { decide } from '@auction/common/bidding'
import type { PlaceBid } from '@auction/common/contest'
import { evolve, type Good, type Increment, reserveMet } from '@auction/common/good'
import { minimumBid } from '@auction/common/increments'
import { holdFor } from '@auction/common/ledger'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'
import { A, B, bidBy, goodAfter, goodWith } from './given.ts'
import { play, type Sale, type Step, sales } from './random-sale.ts'

/** Every accepted bid of a sale, with the step it made. */
function eachBid(sale: Sale, see: (step: Step, bid: PlaceBid) => void): void {
  play(sale, (step) => {
    if (step.command.type === 'place_bid' && step.events.length > 0) see(step, step.command)
  })
}

const maxOf = ({ amount, max }: PlaceBid) => max ?? amount ?? 0

/** Tries `check` on many sales; it says what is wrong by an expectation. */
function inAnySale(check: (sale: Sale) => unknown): void {
  fc.assert(
    fc.property(sales, (sale) => void check(sale)),
    { numRuns: 300 },
  )
}

describe('in any sale', () => {
  it('the leader is who named the highest maximum that stands, the earliest of equals', () => {
    inAnySale((sale) =>
      play(sale, ({ after: good, stand }) => {
        if (good.status === 'bought') return
        const highest = stand.length > 0 ? Math.max(...stand.map(({ max }) => max)) : null
        expect(good.max).toBe(highest)
        expect(good.leader).toEqual(stand.find(({ max }) => max === highest)?.bidder ?? null)
        expect(good.bidCount).toBe(stand.length)
      }),
    )
  })

  it("the price is at least the start, at most the leader's maximum, and the minimum is above it", () => {
    inAnySale((sale) =>
      play(sale, ({ after: good }) => {
        expect(good.price === null).toBe(good.leader === null)
        if (good.price === null || good.status === 'bought') return
        expect(good.price).toBeGreaterThanOrEqual(good.startPrice)
        expect(good.price).toBeLessThanOrEqual(good.max ?? 0)
        expect(minimumBid(good)).toBeGreaterThan(good.price)
      }),
    )
  })

  it('the price falls by a removal alone, and rises by a bid or a purchase alone', () => {
    inAnySale((sale) =>
      play(
        sale,
        () => {},
        ({ before, event, after: good }) => {
          const removes = event.type === 'retracted' || event.type === 'bid_cancelled'
          if ((good.price ?? 0) < (before.price ?? 0)) expect(removes).toBe(true)
          if ((good.price ?? 0) > (before.price ?? 0)) expect(['bid', 'bought']).toContain(event.type)
        },
      ),
    )
  })

  it('a raise of one’s own maximum moves the price to the reserve or not at all', () => {
    inAnySale((sale) =>
      eachBid(sale, ({ before, after: good }, bid) => {
        if (before.leader?.id !== bid.bidder.id || good.price === before.price) return
        expect(good.price).toBe(good.reserve)
        expect(reserveMet(before)).toBe(false)
      }),
    )
  })

  it('the reserve is reached by the price exactly while a maximum that stands reaches it', () => {
    inAnySale((sale) =>
      play(sale, ({ after: good }) => {
        if (good.reserve !== null && good.max !== null) expect(reserveMet(good)).toBe(good.max >= good.reserve)
      }),
    )
  })

  it('it is told that the reserve is met whenever it comes to be, and never else', () => {
    inAnySale((sale) =>
      play(sale, ({ before, after: good, events }) => {
        const comes = reserveMet(before) === false && reserveMet(good) === true && good.status !== 'bought'
        expect(events.filter(({ type }) => type === 'reserve_met')).toHaveLength(comes ? 1 : 0)
      }),
    )
  })

  it('a refusal leaves no event and everything as it was', () => {
    inAnySale((sale) =>
      play(sale, ({ before, after: good, events, refusal, stood, stand }) => {
        if (!refusal) return
        expect(events).toEqual([])
        expect(good).toBe(before)
        expect(stand).toBe(stood)
      }),
    )
  })

  it('a bid is taken exactly when it is in time, high enough, of the state it was made for, and covered', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, refusal }) => {
        if (command.type !== 'place_bid') return
        const max = maxOf(command)
        const leads = before.leader?.id === command.bidder.id
        const high = leads
          ? max > (before.max ?? 0)
          : max >= minimumBid(before) && (command.amount ?? Number.MAX_SAFE_INTEGER) >= minimumBid(before)
        const open = before.status === 'open' && command.receivedAt < before.endsAt
        const current = command.ifSeq === null || command.ifSeq === before.seq
        const right = open && high && current && command.bidder.id !== before.owner.id
        if (!refusal) expect(right).toBe(true)
        else if (right) expect(refusal.code).toBe('INSUFFICIENT_FUNDS')
      }),
    )
  })

  it('it is bought only while no bid stands or the reserve is unmet, for exactly the buy-now price', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, after: good, refusal }) => {
        if (command.type !== 'purchase') return
        const open = before.status === 'open' && command.receivedAt < before.endsAt
        const offered = before.bidCount === 0 || (before.reserve !== null && (before.price ?? 0) < before.reserve)
        const right = open && before.buyNow !== null && offered && command.buyer.id !== before.owner.id
        if (refusal) expect(right && refusal.code !== 'INSUFFICIENT_FUNDS').toBe(false)
        else
          expect({ right, price: good.price, winner: good.winner }).toEqual({
            right: true,
            price: before.buyNow,
            winner: command.buyer,
          })
      }),
    )
  })

  it('a bid moves the end only forward, to W after it or the hard end, and only when price or leader changed', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, after: good, events }) => {
        if (command.type !== 'place_bid' || events.length === 0) return
        const moved = good.price !== before.price || good.leader?.id !== before.leader?.id
        const wanted = Math.max(before.endsAt, Math.min(good.hardEndsAt, command.receivedAt + good.softCloseMs))
        expect(good.endsAt).toBe(moved && good.softCloseMs > 0 ? wanted : before.endsAt)
        expect(good.hardEndsAt).toBe(before.hardEndsAt)
      }),
    )
  })

  it('the end moves by a bid, an outage or an edit alone, with bids only forward, and never past the hard end', () => {
    inAnySale((sale) =>
      play(
        sale,
        () => {},
        ({ before, event, after: good }) => {
          expect(good.endsAt).toBeLessThanOrEqual(good.hardEndsAt)
          if (good.endsAt === before.endsAt) return
          expect(['extended', 'note']).toContain(event.type)
          if (before.bidCount > 0) expect(good.endsAt).toBeGreaterThan(before.endsAt)
        },
      ),
    )
  })

  it('with bids it keeps its title, start, increment and buy-now price, and its reserve never rises', () => {
    inAnySale((sale) =>
      play(
        sale,
        () => {},
        ({ before, after: good }) => {
          if (before.bidCount === 0) return
          const { name, startPrice, increment, buyNow, softCloseMs } = before
          expect(good).toMatchObject({ name, startPrice, increment, buyNow, softCloseMs })
          expect(good.description.startsWith(before.description)).toBe(true)
          if (before.reserve === null) expect(good.reserve).toBeNull()
          else expect(good.reserve).toBeLessThanOrEqual(before.reserve)
          if (good.reserve !== before.reserve) expect(good.reserve).toBeLessThanOrEqual(before.price ?? 0)
        },
      ),
    )
  })

  it('who lapses could not pay, and has no bid left when the removal stands', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, events, stood, stand }) => {
        const lapsed = events.flatMap((event) => (event.type === 'lapsed' ? [event] : []))
        if (lapsed.length === 0) return
        if (command.type !== 'retract_bid' && command.type !== 'cancel_bid') throw new Error(`${command.type} lapses.`)
        expect(events.map(({ type }) => type)).toEqual([...lapsed.map(() => 'lapsed'), events.at(-1)?.type])
        for (const { bidder, bids } of lapsed) {
          const own = stood.filter((bid) => bid.bidder.id === bidder.id && bid.id !== command.bidId)
          expect(bids).toBe(own.length)
          const hold = holdFor(before, Math.max(...own.map(({ max }) => max)))
          expect(command.available.get(bidder.id)).toBeLessThan(hold)
          expect(stand.filter((bid) => bid.bidder.id === bidder.id)).toEqual([])
        }
      }),
    )
  })

  it('it ends once, sold at its end exactly when somebody leads and the reserve is met', () => {
    inAnySale((sale) => {
      const endings: string[] = []
      const { good } = play(sale, ({ command, before, events }) => {
        for (const { type } of events)
          if (['sold', 'unsold', 'bought', 'cancelled'].includes(type)) {
            endings.push(type)
            if (command.type === 'close_due')
              expect(type).toBe(before.leader && reserveMet(before) !== false ? 'sold' : 'unsold')
            if (type === 'sold') expect(reserveMet(before)).not.toBe(false)
          }
      })
      expect(endings).toEqual([good.status])
      expect(good.winner).toEqual(['sold', 'bought'].includes(good.status) ? good.leader : null)
    })
  })
})

describe('the sales at random', () => {
  it('come to every kind of event and refusal, so that what holds in any sale is tried on all of them', () => {
    const [types, refusals] = [new Set<string>(), new Set<string>()]
    for (const sale of fc.sample(sales, { numRuns: 1_500, seed: 5 }))
      play(sale, ({ command, events, refusal }) => {
        for (const event of events) types.add(event.type === 'extended' ? `extended by ${event.cause}` : event.type)
        if (refusal) refusals.add(`${command.type} ${refusal.code}`)
      })
    expect([...types].sort()).toEqual([
      'bid',
      'bid_cancelled',
      'bought',
      'cancelled',
      'extended by bid',
      'extended by outage',
      'lapsed',
      'note',
      'reserve_met',
      'retracted',
      'sold',
      'unsold',
    ])
    expect([...refusals].sort()).toEqual([
      'accept_bid CONFLICT',
      'accept_bid FORBIDDEN',
      'accept_bid NOT_OPEN',
      'cancel_bid NOT_FOUND',
      'cancel_bid NOT_OPEN',
      'cancel_good BAD_REQUEST',
      'cancel_good CONFLICT',
      'cancel_good NOT_OPEN',
      'edit_good BAD_REQUEST',
      'edit_good CONFLICT',
      'edit_good FORBIDDEN',
      'edit_good NOT_OPEN',
      'place_bid BID_TOO_LOW',
      'place_bid CONFLICT',
      'place_bid INSUFFICIENT_FUNDS',
      'place_bid MAX_NOT_RAISED',
      'place_bid NOT_OPEN',
      'place_bid OWN_GOOD',
      'purchase CONFLICT',
      'purchase INSUFFICIENT_FUNDS',
      'purchase NOT_OPEN',
      'purchase OWN_GOOD',
      'retract_bid CONFLICT',
      'retract_bid FORBIDDEN',
      'retract_bid NOT_FOUND',
      'retract_bid NOT_OPEN',
    ])
  })
})

/** The step above `price`, read off the table row by row. */
function stepAt(increment: Increment, price: number): number {
  if ('fixed' in increment) return increment.fixed
  if ('percentBp' in increment) return Math.max(1, Number((BigInt(price) * BigInt(increment.percentBp)) / 10_000n))
  let step = 0
  for (const [from, each] of increment.bands) if (price >= from) step = each
  return step
}

/** rules.md, section 2, line by line, with S R P L M X and A as there. */
function placeByTheText(good: Good, U: number, A: number | null, X: number): { L: number; M: number; P: number } {
  const [S, R, L, M] = [good.startPrice, good.reserve, good.leader?.id ?? null, good.max ?? 0]
  const P = good.price ?? 0
  const inc = (at: number) => stepAt(good.increment, at)
  if (L === null) return { L: U, M: X, P: Math.max(A ?? S, R !== null && X >= R ? R : S) }
  if (L === U) return { L, M: X, P: R !== null && P < R && X >= R ? R : P }
  if (X > M) {
    const price = Math.max(A ?? 0, Math.min(X, M + inc(M)))
    return { L: U, M: X, P: R !== null && X >= R ? Math.max(price, R) : price }
  }
  return { L, M, P: Math.min(M, X + inc(X)) }
}

/** Two maxima played out on a clock that rises cent by cent: who drops first has lost; the other is asked one step more. */
function playedOnAClock(increment: Increment, price: number, leaderMax: number, rivalMax: number) {
  let clock = price
  while (clock < leaderMax && clock < rivalMax) clock++
  const leaderWins = leaderMax >= rivalMax
  const ask = clock + stepAt(increment, clock)
  return { leaderWins, price: Math.min(ask, leaderWins ? leaderMax : rivalMax) }
}

/** The war of two proxies, each raising in turn by one step or to its maximum, as people used to do it by hand. */
function foughtInTurns(increment: Increment, price: number, leaderMax: number, rivalMax: number) {
  let [now, leaderLeads] = [price, true]
  for (;;) {
    const max = leaderLeads ? rivalMax : leaderMax
    if (max <= now) return { leaderWins: leaderLeads, price: now }
    now = Math.min(max, now + stepAt(increment, now))
    leaderLeads = !leaderLeads
  }
}

describe('the closed form of the proxy contest', () => {
  it('is what the text of the rules says', () => {
    inAnySale((sale) =>
      eachBid(sale, ({ before, events }, bid) => {
        const placed = events.slice(0, 1).reduce(evolve, before)
        const { L, M, P } = placeByTheText(before, bid.bidder.id, bid.amount, maxOf(bid))
        expect({ L: placed.leader?.id, M: placed.max, P: placed.price }).toEqual({ L, M, P })
      }),
    )
  })

  const increments: fc.Arbitrary<Increment> = fc.oneof(
    fc.constant(goodWith().increment),
    fc.integer({ min: 1, max: 300 }).map((fixed) => ({ fixed })),
    fc.integer({ min: 1, max: 3_000 }).map((percentBp) => ({ percentBp })),
  )
  const contests = fc.record({
    increment: increments,
    startPrice: fc.integer({ min: 1, max: 3_000 }),
    first: fc.integer({ min: 0, max: 3_000 }),
    over: fc.integer({ min: 0, max: 3_000 }),
  })

  function contested({
    increment,
    startPrice,
    first,
    over,
  }: {
    increment: Increment
    startPrice: number
    first: number
    over: number
  }) {
    const good = goodAfter(goodWith({ increment, startPrice }), bidBy(A, { max: startPrice + first }))
    const rivalMax = minimumBid(good) + over
    const result = decide(bidBy(B, { max: rivalMax }), good).reduce(evolve, good)
    return { good, rivalMax, result, leaderMax: startPrice + first }
  }

  it('agrees with two maxima played out cent by cent', () => {
    fc.assert(
      fc.property(contests, (contest) => {
        const { result, leaderMax, rivalMax } = contested(contest)
        const played = playedOnAClock(contest.increment, contest.startPrice, leaderMax, rivalMax)
        expect({ leaderWins: result.leader?.id === A.id, price: result.price }).toEqual(played)
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with a war in turns but for the last step, which it always asks in full', () => {
    fc.assert(
      fc.property(contests, (contest) => {
        const { result, leaderMax, rivalMax } = contested(contest)
        const war = foughtInTurns(contest.increment, contest.startPrice, leaderMax, rivalMax)
        const price = result.price ?? 0
        if (leaderMax !== rivalMax) expect(result.leader?.id === A.id).toBe(war.leaderWins)
        expect(war.price).toBeLessThanOrEqual(price)
        expect(price - war.price).toBeLessThanOrEqual(stepAt(contest.increment, Math.min(leaderMax, rivalMax)))
      }),
      { numRuns: 500 },
    )
  })
})
