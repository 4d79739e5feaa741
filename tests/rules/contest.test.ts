import { decide, minimumBid, type PlaceBid } from '@auction/common/bidding'
import { evolve, type Good, type Increment, reserveMet } from '@auction/common/good'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
  it('the leader is who named the highest maximum, the earliest of equals', () => {
    inAnySale((sale) => {
      const bids: PlaceBid[] = []
      eachBid(sale, ({ after: good }, bid) => {
        bids.push(bid)
        const highest = Math.max(...bids.map(maxOf))
        expect(good.max).toBe(highest)
        expect(good.leader).toEqual(bids.find((each) => maxOf(each) === highest)?.bidder)
        expect(good.bidCount).toBe(bids.length)
      })
    })
  })

  it("the price is at least the start, at most the leader's maximum, never falls, and the minimum is above it", () => {
    inAnySale((sale) =>
      play(sale, ({ before, after: good }) => {
        if (good.price === null) return
        expect(good.price).toBeGreaterThanOrEqual(Math.max(good.startPrice, before.price ?? 0))
        expect(good.price).toBeLessThanOrEqual(good.max ?? 0)
        expect(minimumBid(good)).toBeGreaterThan(good.price)
      }),
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

  it('the reserve is reached by the price as soon as a maximum reaches it', () => {
    inAnySale((sale) =>
      play(sale, ({ after: good }) => {
        if (good.reserve !== null && good.max !== null) expect(reserveMet(good)).toBe(good.max >= good.reserve)
      }),
    )
  })

  it('a refusal leaves no event and everything as it was', () => {
    inAnySale((sale) =>
      play(sale, ({ before, after: good, events, refusal }) => {
        if (!refusal) return
        expect(events).toEqual([])
        expect(good).toBe(before)
      }),
    )
  })

  it('a bid is taken exactly when it is in time, high enough and covered', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, refusal }) => {
        if (command.type !== 'place_bid') return
        const max = maxOf(command)
        const leads = before.leader?.id === command.bidder.id
        const high = leads
          ? max > (before.max ?? 0)
          : max >= minimumBid(before) && (command.amount ?? Number.MAX_SAFE_INTEGER) >= minimumBid(before)
        const open = before.status === 'open' && command.receivedAt < before.endsAt
        if (!refusal) expect({ open, high }).toEqual({ open: true, high: true })
        else if (open && high && command.bidder.id !== before.owner.id) expect(refusal.code).toBe('INSUFFICIENT_FUNDS')
      }),
    )
  })

  it('the end moves only forward, to W after the bid or the hard end, and only when price or leader changed', () => {
    inAnySale((sale) =>
      play(sale, ({ command, before, after: good, events }) => {
        expect(good.endsAt).toBeLessThanOrEqual(good.hardEndsAt)
        expect(events.some(({ type }) => type === 'extended')).toBe(good.endsAt !== before.endsAt)
        if (command.type !== 'place_bid' || events.length === 0) return
        const moved = good.price !== before.price || good.leader?.id !== before.leader?.id
        const wanted = Math.max(before.endsAt, Math.min(good.hardEndsAt, command.receivedAt + good.softCloseMs))
        expect(good.endsAt).toBe(moved && good.softCloseMs > 0 ? wanted : before.endsAt)
      }),
    )
  })

  it('it ends once, sold to the leader at the price exactly when there is one and the reserve is met', () => {
    inAnySale((sale) => {
      const endings: string[] = []
      const { good } = play(sale, ({ events }) => {
        for (const { type } of events) if (type === 'sold' || type === 'unsold') endings.push(type)
      })
      expect(endings).toEqual([good.status])
      expect(good.status).toBe(good.leader && reserveMet(good) !== false ? 'sold' : 'unsold')
      expect(good.winner).toEqual(good.status === 'sold' ? good.leader : null)
    })
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
