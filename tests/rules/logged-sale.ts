/** Sales with their public logs, as a house keeps and exports them: played through decide(), chained, sealed, opened. */
import { hash } from 'node:crypto'
import { type Command, decide } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { type LoggedEvent, secretOf, toFeed } from '@auction/common/events'
import {
  type CancellationReason,
  type Changes,
  evolve,
  type Good,
  type GoodEvent,
  listedGood,
  type Person,
  retractionReasons,
  type Terms,
} from '@auction/common/good'
import { defaultIncrement, HARD_END_MS, minimumBid } from '@auction/common/increments'
import { CHAIN_START, chainHash, type Opening } from '@auction/common/log'
import type { StandingBid } from '@auction/common/removal'
import { headLine, logLine } from '@auction/common/verify'
import type { Random } from '../sim/random.ts'
import { A, B, C, D, HOUR, house, LISTED_AT, mila, PLENTY, standingAfter, terms } from './given.ts'

/** A salt as a house would draw it, always the same for the same words. */
export const saltOf = (words: string) => hash('sha256', words).slice(0, 32)

interface Kept {
  readonly entry: LoggedEvent
  readonly secret: Opening | null
}

/** A good whose log is kept. `at` is the instant of the next commit. */
export interface LoggedSale {
  at: number
  good(): Good
  bids(): readonly StandingBid[]
  /** Plays a command and logs what follows; null when it is done, else how it was refused. */
  play(command: Command): AuctionError | null
  bid(bidder: Person, bid: { amount?: number; max?: number; message?: string }): AuctionError | null
  /** The log as the house gives it now: sealed until the good has changed hands, then opened. */
  log(): LoggedEvent[]
}

/** A good just listed, and its log. */
export function openSale(changes: Partial<Terms> = {}, id = 42): LoggedSale {
  const all = { ...terms, ...changes }
  const kept: Kept[] = []
  let good = listedGood(id, all)
  let bids: readonly StandingBid[] = []
  let head = CHAIN_START
  const sale: LoggedSale = {
    at: all.listedAt,
    good: () => good,
    bids: () => bids,
    play(command) {
      try {
        for (const event of decide(command, good)) record(event)
        return null
      } catch (error) {
        if (error instanceof AuctionError) return error
        throw error
      }
    },
    bid: (bidder, { amount = null, max = null, message = null }) =>
      sale.play({
        type: 'place_bid',
        bidder,
        ...{ amount, max, message, ifSeq: null },
        bidId: 100 + kept.length,
        salt: saltOf(`salt of ${kept.length}`),
        receivedAt: sale.at,
        available: PLENTY,
      }),
    log() {
      const told = good.status === 'sold' || good.status === 'bought'
      const met = new Set<number>()
      let inForce = 0
      for (const { entry, secret } of kept) {
        if (entry.type === 'reserve_met') met.add(inForce)
        else if (secret && 'reserve' in secret) inForce = entry.seq
      }
      return kept.map(({ entry, secret }) =>
        secret && told && ('max' in secret || met.has(entry.seq)) ? { ...entry, opened: secret } : entry,
      )
    },
  }
  function record(event: GoodEvent): void {
    good = evolve(good, event)
    bids = standingAfter(bids, event, good.seq)
    const feed = toFeed({ goodId: id, seq: good.seq, at: sale.at, event }, good)
    head = chainHash(head, feed)
    kept.push({ entry: { ...feed, hash: head }, secret: secretOf(event) })
  }
  record({ type: 'listed', terms: all, salt: saltOf('salt of the reserve') })
  return sale
}

/** A log as an export writes it. */
export function exported(log: readonly LoggedEvent[]): string {
  const [first] = log
  const hash = log.at(-1)?.hash ?? CHAIN_START
  const lines = [...log.map(logLine), headLine({ goodId: first?.goodId ?? 0, events: log.length, hash })]
  return `${lines.join('\n')}\n`
}

/** The log with its hashes made anew, as a forger would who can compute them. */
export function rechained(log: readonly LoggedEvent[], seqOf = (index: number) => index + 1): LoggedEvent[] {
  let hash = CHAIN_START
  return log.map((entry, index) => {
    const renumbered = { ...entry, seq: seqOf(index) }
    hash = chainHash(hash, renumbered)
    return { ...renumbered, hash }
  })
}

/** Everything that a log can hold, in one sale that ends sold. */
export function richSale(): LoggedSale {
  const sale = openSale({ reserve: 4_000, buyNow: 900_000 })
  const { good, bids, play, bid } = sale
  const idOf = (person: Person) => bids().findLast(({ bidder }) => bidder.id === person.id)?.id ?? 0
  const taking = (without: readonly Person[] = []) => ({
    receivedAt: sale.at,
    bids: bids(),
    available: new Map(
      bids().map(({ bidder }) => [bidder.id, without.some(({ id }) => id === bidder.id) ? 0 : PLENTY]),
    ),
  })
  const later = (ms: number) => {
    sale.at += ms
  }
  const note = { by: mila, salt: saltOf('salt of a note') }
  later(60_000)
  play({
    type: 'edit_good',
    ...note,
    changes: { reserve: 4_500, capacity: 30 },
    note: 'With its\nstrap.',
    receivedAt: sale.at,
  })
  bid(A, { max: 3_000 })
  later(1_000)
  bid(B, { max: 6_000, message: 'for grandpa' })
  bid(C, { amount: 7_000 })
  later(1_000)
  bid(D, { amount: 7_100, max: 12_345 })
  bid(D, { max: 20_000 })
  play({ type: 'retract_bid', by: C, bidId: idOf(C), reason: 'typo', allowed: true, ...taking() })
  later(1_000)
  bid(A, { max: 9_000 })
  play({ type: 'cancel_bid', by: house, bidId: idOf(D), reason: 'a shill', ...taking() })
  play({ type: 'cancel_bid', by: house, bidId: idOf(D), reason: 'and again', ...taking([A]) })
  sale.at = good().endsAt + 60_000
  play({ type: 'extend_for_outage', downSince: good().endsAt - 1_000, now: sale.at })
  sale.at = good().endsAt - 5_000
  bid(C, { max: 8_000 })
  play({ type: 'edit_good', ...note, changes: {}, note: 'It still clicks.', receivedAt: sale.at })
  later(1_000)
  bid(D, { amount: 8_500, max: 11_111 })
  sale.at = good().endsAt + 1_000
  play({ type: 'close_due', now: sale.at })
  return sale
}

const crowd = [A, B, C, D] as const

/** A sale at random, of all that can happen; `whole` ones are played to their end. */
export function randomSale(random: Random, whole: boolean): LoggedSale {
  const startPrice = random.int(1, 3_000)
  const reserve = random.chance(0.5) ? startPrice + random.int(1, 4_000) : null
  const endsAt = LISTED_AT + random.pick([40_000, HOUR, 30 * HOUR])
  const sale = openSale({
    startPrice,
    reserve,
    buyNow: random.chance(0.4) ? Math.max(reserve ?? 0, Math.ceil(startPrice * 1.3)) + random.int(0, 3_000) : null,
    increment: random.pick([
      defaultIncrement('USD'),
      { fixed: random.int(1, 700) },
      { percentBp: random.int(1, 9_000) },
    ]),
    softCloseMs: random.pick([0, 5_000, 120_000]),
    endsAt,
    hardEndsAt: endsAt + HARD_END_MS,
    premiumBp: random.pick([0, 1_000]),
  })
  for (let turn = random.int(0, 40); turn > 0; turn--) {
    sale.at += random.pick([0, 0, 1, random.int(0, 9_000), random.int(0, HOUR)])
    sale.play(someCommand(sale, random))
    sale.play({ type: 'close_due', now: sale.at })
  }
  if (!whole) return sale
  sale.at = Math.max(sale.at, sale.good().endsAt)
  sale.play({ type: 'close_due', now: sale.at })
  return sale
}

function someCommand(sale: LoggedSale, random: Random): Command {
  const { at: receivedAt } = sale
  const good = sale.good()
  const dice = random.int(1, 100)
  const by = random.pick(crowd)
  const salt = saltOf(`salt ${random.int(1, 1_000_000)}`)
  if (dice <= 70) {
    const amount = Math.max(1, random.pick([minimumBid(good), good.max ?? 1]) + random.int(-1, 800))
    const max = amount + random.pick([0, random.int(0, 2_000)])
    const form = random.pick<{ amount: number | null; max: number | null }>([
      { amount, max: null },
      { amount: null, max },
      { amount, max },
    ])
    const bid = { bidder: by, ...form, message: null, ifSeq: null, bidId: random.int(1, 1_000_000_000), salt }
    return { type: 'place_bid', ...bid, receivedAt, available: PLENTY }
  }
  if (dice <= 85) {
    const bids = sale.bids()
    const bid = random.any(bids)
    const available = new Map(crowd.map(({ id }) => [id, random.pick([0, PLENTY])]))
    const taking = { bidId: bid?.id ?? 0, by: bid?.bidder ?? by, receivedAt, bids, available }
    return random.chance(0.7)
      ? { type: 'retract_bid', reason: random.pick(retractionReasons), allowed: true, ...taking }
      : { type: 'cancel_bid', reason: 'a shill', ...taking }
  }
  if (dice <= 93) {
    const price = good.price ?? good.startPrice
    const changes = random.pick<Changes>([
      { reserve: random.pick([price, price - 1, price + random.int(1, 900), null]) },
      { buyNow: random.pick([null, price * 2, price * 9]) },
      { buyNow: price * 3, reserve: price * 2 },
      { startPrice: random.int(1, 3_000) },
      { endsAt: good.endsAt + random.int(0, HOUR) },
      {},
    ])
    const note = random.chance(0.5) ? 'Seen by\na master.' : null
    return { type: 'edit_good', by: mila, changes, note, salt, receivedAt }
  }
  const late: Command[] = [
    { type: 'purchase', buyer: by, receivedAt, available: PLENTY },
    { type: 'cancel_good', by: mila, as: 'seller', reason: 'incorrect' satisfies CancellationReason, receivedAt },
    { type: 'cancel_good', by: house, as: 'house', reason: 'It is stolen.', receivedAt },
    { type: 'accept_bid', by: mila, receivedAt },
  ]
  if (random.chance(0.2)) {
    sale.at = good.endsAt + random.int(30_000, 60_000)
    return { type: 'extend_for_outage', downSince: good.endsAt - 1, now: sale.at }
  }
  return late[random.int(0, late.length - 1)] ?? { type: 'close_due', now: receivedAt }
}
