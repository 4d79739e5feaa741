/** Sales at random: terms, funds and whatever a crowd, the seller and the house do, played through decide() with the books kept. */

import { type Command, decide } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import {
  type Changes,
  cancellationReasons,
  type Good,
  type GoodEvent,
  type Person,
  retractionReasons,
  type Terms,
} from '@auction/common/good'
import { defaultIncrement, HARD_END_MS, minimumBid } from '@auction/common/increments'
import { available } from '@auction/common/ledger'
import type { StandingBid } from '@auction/common/removal'
import { OUTAGE_LEAST_MS } from '@auction/common/sale'
import { fc } from '../support/chance.ts'
import { type Books, bidBy, goodWith, house, LISTED_AT, mila, openBooks, standingAfter } from './given.ts'

export const crowd: readonly Person[] = ['ann', 'bob', 'cat', 'dan', 'eva'].map((nick, index) => ({
  id: index + 11,
  nick,
}))

/** One of the bids that stand. */
type Which = 'leading' | number

/** What somebody tries; who is a place in the crowd, -1 the seller; amounts are offsets from how the good then stands. */
type Act =
  | {
      readonly do: 'bid'
      readonly who: number
      readonly form: 'exact' | 'proxy' | 'both'
      readonly from: 'minimum' | 'max'
      readonly off: number
      readonly more: number
      /** How many events the bidder is behind; null when the bid does not say. */
      readonly behind: number | null
    }
  | { readonly do: 'buy'; readonly who: number }
  /** Money of somebody outbid, if there is one, goes elsewhere: they may lapse later. */
  | { readonly do: 'spend'; readonly who: number; readonly percent: number }
  | {
      readonly do: 'retract'
      readonly which: Which
      readonly who: number | null
      readonly reason: (typeof retractionReasons)[number]
      readonly allowed: boolean
    }
  | { readonly do: 'cancel_bid'; readonly which: Which }
  | { readonly do: 'edit'; readonly by: Person; readonly edit: Edit }
  | { readonly do: 'cancel'; readonly as: 'seller' | 'house'; readonly reason: string | null }
  | { readonly do: 'accept'; readonly by: Person }
  | { readonly do: 'outage'; readonly downMs: number }

interface Edit {
  readonly plain: Changes
  readonly reserve?: { readonly from: 'price' | 'start'; readonly off: number } | null | undefined
  readonly buyNow?: number | null | undefined
  readonly endOff?: number | undefined
  readonly note: string | null
}

export interface Sale {
  readonly terms: Partial<Terms>
  readonly funds: readonly number[]
  /** `wait` is a share of the sale's length. */
  readonly acts: readonly { readonly act: Act; readonly wait: number }[]
}

const increments = fc.oneof(
  fc.constant(defaultIncrement('USD')),
  fc.integer({ min: 1, max: 700 }).map((fixed) => ({ fixed })),
  fc.integer({ min: 1, max: 10_000 }).map((percentBp) => ({ percentBp })),
)

const someTerms = fc
  .record({
    startPrice: fc.integer({ min: 1, max: 3_000 }),
    aboveStart: fc.option(fc.integer({ min: 1, max: 4_000 })),
    aboveBoth: fc.option(fc.integer({ min: 0, max: 4_000 })),
    increment: increments,
    lengthMs: fc.constantFrom(40_000, 4 * 60 * 60_000),
    softCloseShare: fc.constantFrom(0, 0.125, 0.5),
    premiumBp: fc.constantFrom(0, 1, 333, 2_500, 10_000),
    commissionBp: fc.constantFrom(0, 1, 777, 10_000),
  })
  .map(({ aboveStart, aboveBoth, lengthMs, softCloseShare, ...rest }) => {
    const reserve = aboveStart === null ? null : rest.startPrice + aboveStart
    return {
      ...rest,
      reserve,
      buyNow: aboveBoth === null ? null : Math.max(Math.ceil(rest.startPrice * 1.3), reserve ?? 0) + aboveBoth,
      softCloseMs: lengthMs * softCloseShare,
      endsAt: LISTED_AT + lengthMs,
      hardEndsAt: LISTED_AT + lengthMs + HARD_END_MS,
    }
  })

const who = fc.integer({ min: 0, max: crowd.length - 1 })
const whoever = fc.integer({ min: -1, max: crowd.length - 1 })
const which: fc.Arbitrary<Which> = fc.oneof(fc.constant('leading' as const), fc.nat({ max: 99 }))
const near = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 1_500 }))
const mostly = <T>(usual: T, other: T) => fc.constantFrom(usual, usual, usual, usual, usual, other)

const anyEdit: fc.Arbitrary<Edit> = fc.record(
  {
    plain: fc.oneof(
      fc.constant({}),
      fc.constantFrom<Changes>({ name: 'Leica M4' }, { description: '' }, { softCloseMs: 0 }, { private: true }),
      fc.record({ capacity: fc.option(fc.integer({ min: 1, max: 9 })) }),
      fc.record({ startPrice: fc.integer({ min: 1, max: 3_000 }), increment: increments }),
    ),
    reserve: fc.option(
      fc.record({ from: fc.constantFrom('price', 'start'), off: fc.integer({ min: -50, max: 2_000 }) }),
      { freq: 9 },
    ),
    buyNow: fc.option(fc.integer({ min: 1, max: 9_000 })),
    endOff: fc.integer({ min: -30_000, max: 30_000 }),
    note: fc.constantFrom(null, 'a scratch on the lid'),
  },
  { requiredKeys: ['plain', 'note'] },
)

/** With bids little may change: these mostly do. */
const smallEdit: fc.Arbitrary<Edit> = fc.record({
  plain: fc.constant({}),
  reserve: fc.record({ from: fc.constant('price'), off: fc.integer({ min: -50, max: 1 }) }),
  note: fc.constant(null),
})
const edit = fc.oneof(anyEdit, smallEdit)

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      do: fc.constant('bid'),
      who: whoever,
      form: fc.constantFrom('exact', 'proxy', 'both'),
      from: fc.constantFrom('minimum', 'max'),
      off: near,
      more: fc.integer({ min: 0, max: 900 }),
      behind: fc.constantFrom(null, null, null, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('buy'), who: whoever }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('spend'), who, percent: fc.constantFrom(50, 100) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('retract'),
      which,
      who: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: whoever }),
      reason: fc.constantFrom(...retractionReasons),
      allowed: mostly(true, false),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cancel_bid'), which }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('edit'), by: mostly<Person>(mila, house), edit }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cancel'),
      as: fc.constantFrom('seller', 'house'),
      reason: fc.constantFrom(null, ...cancellationReasons),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('accept'), by: mostly<Person>(mila, house) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outage'), downMs: fc.integer({ min: 0, max: 90_000 }) }) },
)

/** Any sale of up to 40 acts; the seller is among those who try to bid. */
export const sales: fc.Arbitrary<Sale> = fc.record({
  terms: someTerms,
  funds: fc.array(fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.constant(1_000_000)), {
    minLength: crowd.length,
    maxLength: crowd.length,
  }),
  acts: fc.array(
    fc.record({
      act,
      wait: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 120 }).map((share) => share / 1_000),
      ),
    }),
    { maxLength: 40, size: 'max' },
  ),
})

/** One command, and what came of it. */
export interface Step {
  readonly command: Command
  readonly before: Good
  readonly after: Good
  readonly events: readonly GoodEvent[]
  readonly refusal: AuctionError | null
  readonly books: Books
  /** The bids that stood before, and that stand after. */
  readonly stood: readonly StandingBid[]
  readonly stand: readonly StandingBid[]
  readonly now: number
}

/** One event, the good before and after it, and the books with it. */
export interface Happening {
  readonly before: Good
  readonly event: GoodEvent
  readonly after: Good
  readonly books: Books
  /** The next event of the same commit. */
  readonly next: GoodEvent | undefined
}

/** A sale as it stands while it is played. */
interface Scene {
  readonly good: Good
  readonly bids: readonly StandingBid[]
  readonly books: Books
  readonly now: number
}

/** The command that an act comes to, given how the sale stands; null when it concerns only the books. */
function commandOf(act: Act, { good, bids, books, now }: Scene): Command | null {
  const funds = (person: Person) => books.balanceOf(available(person.id))
  const taking = (which: Which) => ({
    bid: which === 'leading' ? bids.find(({ max }) => max === good.max) : bids[which % Math.max(1, bids.length)],
    rest: { receivedAt: now, bids, available: new Map(crowd.map((each) => [each.id, funds(each)])) },
  })
  switch (act.do) {
    case 'bid':
      return bidOf(act, good, now, books)
    case 'buy': {
      const buyer = crowd[act.who] ?? mila
      return { type: 'purchase', buyer, receivedAt: now, available: funds(buyer) }
    }
    case 'spend':
      return null
    case 'retract': {
      const { bid, rest } = taking(act.which)
      const by = act.who === null ? (bid?.bidder ?? mila) : (crowd[act.who] ?? mila)
      const { reason, allowed } = act
      return { type: 'retract_bid', by, bidId: bid?.id ?? 0, reason, allowed, ...rest }
    }
    case 'cancel_bid': {
      const { bid, rest } = taking(act.which)
      return { type: 'cancel_bid', by: house, bidId: bid?.id ?? 0, reason: 'shill', ...rest }
    }
    case 'edit':
      return {
        type: 'edit_good',
        by: act.by,
        changes: changesOf(act.edit, good),
        note: act.edit.note,
        salt: `salt of an edit at ${good.seq}`,
        receivedAt: now,
      }
    case 'cancel':
      return {
        type: 'cancel_good',
        by: act.as === 'seller' ? mila : house,
        as: act.as,
        reason: act.reason,
        receivedAt: now,
      }
    case 'accept':
      return { type: 'accept_bid', by: act.by, receivedAt: now }
    case 'outage':
      return { type: 'extend_for_outage', downSince: now - act.downMs, now }
    default:
      return act satisfies never
  }
}

function spenderOf(who: number, { good, bids }: Scene): Person {
  const outbid = bids.filter(({ bidder }) => bidder.id !== good.leader?.id)
  return outbid[who % Math.max(1, outbid.length)]?.bidder ?? crowd[who] ?? mila
}

function bidOf(act: Extract<Act, { do: 'bid' }>, good: Good, now: number, books: Books): Command {
  const { form, from, off, more, behind } = act
  const bidder = crowd[act.who] ?? mila
  const base = from === 'max' && good.max !== null ? good.max : minimumBid(good)
  const amount = Math.max(1, base + off)
  const max = amount + more
  const named = { exact: { amount }, proxy: { max }, both: { amount, max } }[form]
  const ifSeq = behind === null ? null : good.seq - behind
  return bidBy(bidder, { ...named, ifSeq, receivedAt: now, available: books.balanceOf(available(bidder.id)) })
}

function changesOf({ plain, reserve, buyNow, endOff }: Edit, good: Good): Changes {
  const base = reserve?.from === 'price' ? (good.price ?? good.startPrice) : good.startPrice
  return {
    ...plain,
    ...(reserve !== undefined && { reserve: reserve && Math.max(1, base + reserve.off) }),
    ...(buyNow !== undefined && { buyNow }),
    ...(endOff !== undefined && { endsAt: good.endsAt + endOff }),
  }
}

/** Plays a sale to its end, closing it twice; `see` is told of every step, `hear` of every event as it happens. */
export function play(
  sale: Sale,
  see: (step: Step) => void = () => {},
  hear: (happening: Happening) => void = () => {},
): { good: Good; books: Books } {
  const books = openBooks(
    new Map([[mila.id, 0], ...crowd.map(({ id }, index) => [id, sale.funds[index] ?? 0] as const)]),
  )
  let scene: Scene = { good: goodWith(sale.terms), bids: [], books, now: LISTED_AT }
  function take(command: Command): void {
    const { good: before, bids: stood, now } = scene
    let events: GoodEvent[] = []
    let refusal: AuctionError | null = null
    try {
      events = decide(command, before)
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      refusal = error
    }
    for (const [index, event] of events.entries()) {
      const { good, bids } = scene
      const after = books.record(good, event)
      scene = { ...scene, good: after, bids: standingAfter(bids, event, after.seq) }
      hear({ before: good, event, after, books, next: events[index + 1] })
    }
    see({ command, before, after: scene.good, events, refusal, books, stood, stand: scene.bids, now })
  }
  const lengthMs = scene.good.endsAt - LISTED_AT
  for (const { act, wait } of sale.acts) {
    scene = { ...scene, now: scene.now + Math.floor(wait * lengthMs) }
    if (act.do === 'spend') books.spend(spenderOf(act.who, scene).id, act.percent)
    const command = commandOf(act, scene)
    if (command) take(command)
    // A house that is away closes nothing; one that was away moves the end before it closes.
    take({ type: 'close_due', now: scene.now })
  }
  scene = { ...scene, now: Math.max(scene.now, scene.good.endsAt) }
  take({ type: 'close_due', now: scene.now })
  take({ type: 'close_due', now: scene.now + OUTAGE_LEAST_MS })
  return { good: scene.good, books }
}
