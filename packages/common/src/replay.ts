/** A good's log played again through the rules that made it: the good after each entry, and where the log says otherwise. */
import { type Command, decide } from './bidding.ts'
import { consequencesOf } from './contest.ts'
import { type Doubt, doubtsOfMargins, doubtsOfTerms, doubtsOfTime, inShort } from './doubts.ts'
import { AuctionError } from './errors.ts'
import { type FeedEvent, type LoggedEvent, toFeed } from './events.ts'
import { evolve, type Good, type GoodEvent, listedGood, RULES } from './good.ts'
import { canonicalJson } from './log.ts'
import { commandOf, eventOf, factsOf, isOfTheseRules, type Reading } from './recall.ts'
import type { StandingBid } from './removal.ts'
import { doubtsOfBid, doubtsOfRemoval, isOpened, refusalOf, secretsOf, withReserveFor } from './sealed.ts'

/** Where a log says otherwise than the rules; no secret is ever told. */
export interface Difference {
  readonly seq: number
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** One event with the good before and after it: what `entriesFor` needs. */
export interface Step {
  readonly entry: LoggedEvent
  readonly before: Good
  readonly event: GoodEvent
  readonly after: Good
}

/** A bid of the log; `max` is null while it is sealed, `removed` says why it no longer stands. */
export interface ReplayedBid extends Omit<StandingBid, 'max'> {
  readonly max: number | null
  readonly amount: number
  readonly message: string | null
  readonly removed: 'retracted' | 'cancelled' | 'lapsed' | null
}

/** A log in which more than this is wrong is not looked at any further. */
const MOST_DIFFERENCES = 1_000
/** 128 bits of chance, so that nobody can try what a seal hides. */
const SALT = /^[0-9a-f]{32,}$/
const removes: ReadonlySet<string> = new Set(['lapsed', 'retracted', 'bid_cancelled'])

/** A replay at work: entries go in one after the other, steps come out, a little later where entries hang together. */
export interface Replay {
  take(entry: LoggedEvent): Step[]
  /** No more entries follow. */
  end(): Step[]
  /** The good so far; null before its listing. What is sealed is stood in for. */
  good(): Good | null
  readonly bids: ReadonlyMap<number, ReplayedBid>
  readonly differences: readonly Difference[]
}

/**
 * Replays the log of one good. An entry whose secret is not opened in it is checked as far as the public can: a reserve that
 * was never met is stood in for by the most it may be, a sealed maximum leaves the price a range. `punctual`: what was decided must
 * have been recorded within a minute. Never throws.
 */
export function createReplay(goodId: number, { punctual = false } = {}): Replay {
  const bids = new Map<number, ReplayedBid>()
  const standing = new Map<number, ReplayedBid>()
  const differences: Difference[] = []
  let steps: Step[] = []
  let good: Good | null = null
  let last: FeedEvent | null = null
  /** Read, but played once it is known what follows. */
  let waiting: LoggedEvent | null = null
  let lapsing: Reading[] = []
  /** What must come next, as it follows from what came. */
  let due: GoodEvent[] = []
  /** A maximum is sealed: from there on no price can be derived. */
  let blind = false
  let reserveSealed = false
  let stuck = false

  const differ = (seq: number, [what, expected, found]: Doubt) => void differences.push({ seq, what, expected, found })
  /** The bids that stand, for what takes some away; for anything else none, as logs are long. */
  const standingFor = (type: string) => (removes.has(type) ? [...standing.values()] : [])

  function read(entry: LoggedEvent, next: LoggedEvent | null): void {
    if (stuck || differences.length >= MOST_DIFFERENCES) return
    if (!isOfTheseRules(entry)) {
      stuck = true
      differ(entry.seq, ['the rules', `version ${RULES}`, 'others, which this program does not know'])
      return
    }
    try {
      const reading = { entry, facts: factsOf(entry) }
      checkPlace(reading)
      if (good) play(reading, next)
      else list(reading)
      last = entry
    } catch {
      stuck = true
      differ(entry.seq, [`"${entry.type}"`, 'facts that can be played again', 'others; what follows was not looked at'])
    }
  }

  /** Its place in the log, and its time beside what it goes with: what is decided at once is recorded at once. */
  function checkPlace({ entry, facts }: Reading): void {
    const { seq, at } = entry
    const place = (good?.seq ?? 0) + lapsing.length + 1
    if (seq !== place) {
      differ(seq, ['seq', String(place), String(seq)])
      if (good) good = { ...good, seq: seq - 1 - lapsing.length }
    }
    if (last && last.at !== at && due.length + lapsing.length > 0) differ(seq, ['at', last.at, at])
    const received = 'receivedAt' in facts.data ? facts.data.receivedAt : null
    if (received !== null && received > at) differ(seq, ['receivedAt', `${at} or earlier`, received])
    const late = punctual ? doubtsOfTime({ entry, facts }, good) : []
    for (const doubt of [...late, ...doubtsOfMargins(facts)]) differ(seq, doubt)
    if (isOpened(entry) && !SALT.test(entry.opened?.salt ?? ''))
      differ(seq, ['the salt', '32 or more hexadecimal digits of chance', 'another'])
  }

  function list(reading: Reading): void {
    const { entry, facts } = reading
    const event = eventOf(facts, secretsOf(reading, null, []))
    if (event.type !== 'listed') {
      differ(entry.seq, ['the first event', 'listed', entry.type])
      stuck = true
      return
    }
    reserveSealed = event.terms.reserve !== null && !isOpened(entry)
    for (const doubt of doubtsOfTerms(event.terms)) differ(entry.seq, doubt)
    good = listedGood(goodId, event.terms)
    apply([event], [reading], good)
  }

  function play(reading: Reading, next: LoggedEvent | null): void {
    const { entry, facts } = reading
    const [expected] = due
    if (good && expected?.type === facts.type) {
      due = due.slice(1)
      apply([expected], [reading], good, due)
      return
    }
    letGo(entry)
    const readings = [...lapsing, reading]
    lapsing = facts.type === 'lapsed' ? readings : []
    if (facts.type === 'lapsed' || !good) return
    if (facts.type === 'bid' && !isOpened(entry)) blind = true
    if (facts.type === 'note' && facts.data.changed.reserve)
      reserveSealed = facts.data.changed.reserve !== 'none' && !isOpened(entry)
    else if (reserveSealed) good = withReserveFor(good, reading, next?.type === 'reserve_met')
    const events = decided(readings, reading, good)
    if (events) apply(events, readings, good)
    else adoptAll(readings, good)
  }

  /** What hangs on an entry that did not come is told, and let go. */
  function letGo(entry: LoggedEvent | null): void {
    const seq = entry?.seq ?? last?.seq ?? 0
    const found = entry?.type ?? 'the end of the log'
    for (const { type } of due) differ(seq, ['what comes next', type, found])
    due = []
    if (!good || (entry && removes.has(entry.type))) return
    for (const { entry: alone } of lapsing)
      differ(alone.seq, ['what a lapsed bid goes with', 'a bid taken back', found])
    adoptAll(lapsing, good)
    lapsing = []
  }

  /** What the rules make of entries that go together, with all that follows; null when they refuse it, which is told. */
  function decided(readings: readonly Reading[], reading: Reading, before: Good): GoodEvent[] | null {
    const { seq, type } = reading.entry
    const command = commandFor(readings, reading, before)
    if (!command) {
      differ(seq, [`"${type}"`, 'something for it to follow from', 'nothing'])
      return null
    }
    try {
      const sealed = blind && (type === 'bid' || removes.has(type))
      const events = sealed ? taken(command, readings, before) : decide(command, before)
      if (events.length > 0) return events
      differ(seq, [`"${type}"`, 'nothing to happen yet, or any more', 'it happened'])
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      differ(seq, [`"${type}"`, 'something that the rules allow', `they refuse it: ${error.message}`])
    }
    return null
  }

  function commandFor(readings: readonly Reading[], reading: Reading, before: Good): Command | null {
    const lapsers = readings.flatMap(({ facts }) => (facts.type === 'lapsed' ? [facts.data.bidder.id] : []))
    const stand = standingFor(reading.entry.type)
    const known = stand.map((bid) => ({ ...bid, max: bid.max ?? 1 }))
    const secrets = secretsOf(reading, before, stand)
    const command = commandOf(reading, { good: before, secrets, bids: known, lapsing: new Set(lapsers) })
    // Whatever a sealed maximum is, this is more: what is refused all the same is refused for another reason.
    const most = { amount: null, max: Number.MAX_SAFE_INTEGER }
    return command?.type === 'place_bid' && blind ? { ...command, ...most } : command
  }

  /** What the log says, where the maxima that would tell are sealed; what cannot be is told. */
  function taken(command: Command, readings: readonly Reading[], before: Good): GoodEvent[] {
    const stand = standingFor(readings.at(-1)?.entry.type ?? '')
    const events = readings.map((reading) => eventOf(reading.facts, secretsOf(reading, before, stand)))
    const event = events.at(-1)
    const seq = readings.at(-1)?.entry.seq ?? 0
    const refusal = refusalOf(command, before)
    if (refusal) differ(seq, [`"${event?.type}"`, 'something that the rules allow', `they refuse it: ${refusal}`])
    if (event?.type === 'bid') {
      for (const doubt of doubtsOfBid(event, before)) differ(seq, doubt)
      return [event, ...consequencesOf(event, before)]
    }
    const lapsed = events.filter((each) => each.type === 'lapsed')
    if (event?.type === 'retracted' || event?.type === 'bid_cancelled')
      for (const doubt of doubtsOfRemoval(event, before, stand, lapsed)) differ(seq, doubt)
    return events
  }

  /** Holds what the rules say against what the log says; what is left of the events must come next. */
  function apply(events: readonly GoodEvent[], readings: readonly Reading[], from: Good, then: GoodEvent[] = []): void {
    let before = from
    for (const [index, { entry, facts }] of readings.entries()) {
      const event = events[index]
      const same = event?.type === facts.type && agrees(event, evolve(before, event), entry)
      if (event?.type !== facts.type) differ(entry.seq, ['what happens here', event?.type ?? 'nothing', entry.type])
      before = same ? record(entry, before, event) : adopt({ entry, facts }, before)
    }
    due = [...events.slice(readings.length), ...then]
  }

  function agrees(event: GoodEvent, after: Good, entry: LoggedEvent): boolean {
    const { seq, at } = entry
    const said = toFeed({ goodId, seq, at: Date.parse(at), event }, after).data
    // A seal that is not opened cannot be made again.
    const sealed = 'commitment' in said && !isOpened(entry)
    const data = sealed ? { ...said, commitment: entry.data.commitment ?? null } : said
    if (canonicalJson(data) === canonicalJson(entry.data)) return true
    for (const name of new Set([...Object.keys(data), ...Object.keys(entry.data)])) {
      const [expected, found] = [data[name], entry.data[name]]
      if (canonicalJson({ expected }) === canonicalJson({ expected: found })) continue
      if (name === 'commitment') differ(seq, ['the seal', 'what was sealed', 'another secret'])
      else differ(seq, [name, inShort(expected), inShort(found)])
    }
    return false
  }

  /** Goes on with the log's own word, so that one wrong entry is told once. */
  function adopt(reading: Reading, before: Good): Good {
    return record(
      reading.entry,
      before,
      eventOf(reading.facts, secretsOf(reading, before, standingFor(reading.entry.type))),
    )
  }

  function adoptAll(readings: readonly Reading[], from: Good): void {
    let before = from
    for (const reading of readings) before = adopt(reading, before)
    const { event, before: given } = steps.at(-1) ?? {}
    if (event?.type === 'bid' && given) due = consequencesOf(event, given)
  }

  function record(entry: LoggedEvent, before: Good, event: GoodEvent): Good {
    const after = evolve(before, event)
    steps.push({ entry, before, event, after })
    good = after
    if (event.type === 'bid') {
      const { bidId: id, bidder, amount, message } = event
      if (bids.has(id)) differ(entry.seq, ['bidId', 'one that is new', String(id)])
      const max = isOpened(entry) ? event.max : null
      const bid = { id, seq: entry.seq, bidder, max, amount, message, at: Date.parse(entry.at), removed: null }
      bids.set(id, bid)
      standing.set(id, bid)
    }
    if (removes.has(event.type))
      for (const bid of standing.values()) {
        const removed = removalBy(event, bid)
        if (!removed) continue
        bids.set(bid.id, { ...bid, removed })
        standing.delete(bid.id)
      }
    return after
  }

  const given = () => {
    const out = steps
    steps = []
    return out
  }
  return {
    bids,
    differences,
    good: () => good,
    take(entry) {
      if (waiting) read(waiting, entry)
      waiting = entry
      return given()
    },
    end() {
      if (waiting) read(waiting, null)
      waiting = null
      if (!stuck) letGo(null)
      return given()
    },
  }
}

/** How `event` takes a bid out; null when it leaves it. */
function removalBy(event: GoodEvent, { id, bidder }: ReplayedBid): ReplayedBid['removed'] {
  switch (event.type) {
    case 'retracted':
      return event.bidId === id ? 'retracted' : null
    case 'bid_cancelled':
      return event.bidId === id ? 'cancelled' : null
    case 'lapsed':
      return event.bidder.id === bidder.id ? 'lapsed' : null
    default:
      return null
  }
}
