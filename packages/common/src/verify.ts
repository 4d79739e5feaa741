/** An exported log checked without the house: the chain, the seals, and everything derived from it again. */
import { z } from 'zod'
import { logged } from './answers.ts'
import { CLOCKS_APART_MS } from './doubts.ts'
import { id, type LoggedEvent } from './events.ts'
import type { Person, Status } from './good.ts'
import { CHAIN_START, canonicalJson, chainHash } from './log.ts'
import type { Money } from './money.ts'
import { createReplay, type Replay } from './replay.ts'
import { isOpened } from './sealed.ts'

/** Bounds of what is read: characters of a line, lines of a file, differences told. */
export const logLimits = { lineLength: 1024 * 1024, lines: 1_000_000, differences: 100 } as const

/** Something wrong with a file, at a line of it; `seq` is the event's, where the line is one. */
export interface LogDifference {
  readonly line: number
  readonly goodId: number | null
  readonly seq: number | null
  readonly what: string
}

/** What the log of one good comes to. `head` is the hash of its last event, `sealed` counts the maxima that are not opened. */
export interface VerifiedGood {
  readonly goodId: number
  readonly events: number
  readonly head: string
  readonly status: Status
  readonly price: Money | null
  readonly leader: Person | null
  readonly winner: Person | null
  readonly sealed: number
  readonly reserve: 'none' | 'opened' | 'sealed'
}

/** What was found; `more` counts the differences that are not told. */
export interface LogReport {
  readonly ok: boolean
  readonly goods: readonly VerifiedGood[]
  readonly differences: readonly LogDifference[]
  readonly more: number
}

/** A verification at work: lines go in without their line breaks. Neither throws, whatever the lines hold. */
export interface Verifier {
  line(text: string): void
  end(): LogReport
}

/** The last line of a good's exported log: how many events it has, and the hash of the newest. */
export interface Head {
  readonly goodId: number
  readonly events: number
  readonly hash: string
}

/** An event as a line of an export, without the line break. */
export const logLine = ({ at, data, goodId, hash, opened, seq, type }: LoggedEvent): string =>
  canonicalJson({ at, data, goodId, hash, ...(opened && { opened }), seq, type })
/** The line that ends a good's log in an export, without the line break. */
export const headLine = ({ goodId, events, hash }: Head): string =>
  canonicalJson({ events, goodId, hash, type: 'head' })

const head = z.strictObject({
  events: z.int().min(0),
  goodId: id,
  hash: logged.shape.hash,
  type: z.literal('head'),
})

/** One good's log, as far as it was read. */
interface Chain {
  readonly goodId: number
  readonly replay: Replay
  readonly lineOf: Map<number, number>
  readonly sealedBids: number[]
  readonly sealedReserves: number[]
  readonly opened: number[]
  events: number
  seq: number
  hash: string
  at: string
  /** Line of the reserve in force, and of each that was met. */
  reserve: number
  readonly met: number[]
}

/** A verification of a file of one or several goods' logs, one after the other. */
export function createVerifier(): Verifier {
  const goods: VerifiedGood[] = []
  const differences: LogDifference[] = []
  let more = 0
  let lines = 0
  let chain: Chain | null = null

  function differ(line: number, what: string, seq: number | null = null, goodId = chain?.goodId ?? null): void {
    if (differences.length < logLimits.differences) differences.push({ line, goodId, seq, what })
    else more++
  }

  function take(text: string): void {
    const value = text.length > logLimits.lineLength ? undefined : jsonOf(text)
    const [ending, event] = [head.safeParse(value).data, logged.safeParse(value).data]
    const read = ending ?? event
    if (value === undefined) differ(lines, 'The line is not JSON, or too long to be one of a log.')
    else if (!read) differ(lines, 'The line is neither an event nor the head of a log.')
    else if (canonicalJson(read) !== text)
      differ(lines, 'The line is not written as a log is: canonical JSON, nothing more in it.')
    if (ending) finish(ending)
    else if (event) takeEvent(event as LoggedEvent)
  }

  function takeEvent(entry: LoggedEvent): void {
    const { goodId, seq, at, hash } = entry
    if (chain && chain.goodId !== goodId) finish(null)
    chain ??= begin(goodId)
    if (chainHash(chain.hash, entry) !== hash)
      differ(lines, 'Its hash does not follow from the event and the hash before it.', seq)
    if (Date.parse(at) < Date.parse(chain.at) - CLOCKS_APART_MS)
      differ(lines, 'It lies before the event before it.', seq)
    chain.events++
    chain.seq = seq
    chain.hash = hash
    chain.at = at
    if (entry.type === 'reserve_met') chain.met.push(chain.reserve)
    if (!chain.lineOf.has(seq)) chain.lineOf.set(seq, lines)
    noteSeal(chain, entry)
    chain.replay.take(entry)
  }

  function noteSeal(chain: Chain, entry: LoggedEvent): void {
    const { sealedBids, sealedReserves, opened } = chain
    const sealed = typeof entry.data.commitment === 'string'
    if (sealed && entry.type !== 'bid') chain.reserve = lines
    if (isOpened(entry)) opened.push(lines)
    else if (sealed) (entry.type === 'bid' ? sealedBids : sealedReserves).push(lines)
    if (entry.opened && !(sealed && isOpened(entry))) differ(lines, 'It opens what is not sealed in it.', entry.seq)
  }

  function begin(goodId: number): Chain {
    if (goods.some((good) => good.goodId === goodId))
      differ(lines, `Good ${goodId} has been there before.`, null, goodId)
    const seals = { sealedBids: [], sealedReserves: [], opened: [] }
    const start = { events: 0, seq: 0, hash: CHAIN_START, at: '', reserve: 0, met: [] }
    return { goodId, replay: createReplay(goodId, { punctual: true }), lineOf: new Map(), ...seals, ...start }
  }

  /** The end of a good's log: its head line, or what comes instead of one. */
  function finish(end: Head | null): void {
    if (!chain || (end && end.goodId !== chain.goodId)) {
      if (chain) finish(null)
      if (end) differ(lines, 'A head line without its log.', null, end.goodId)
      return
    }
    const { goodId, events, hash, replay, lineOf } = chain
    if (!end) differ(lines, `The log of good ${goodId} has no head line: it may have been cut off.`)
    else if (end.events !== events) differ(lines, `The head line speaks of ${end.events} events; there are ${events}.`)
    else if (end.hash !== hash) differ(lines, 'The head line has another hash than the last event.')
    replay.end()
    for (const { seq, what, expected, found } of replay.differences)
      differ(lineOf.get(seq) ?? lines, `${what}: the rules say ${expected}; the log says ${found}.`, seq)
    checkSeals(chain)
    const good = replay.good()
    if (good) {
      const { status, leader, winner, currency } = good
      const price = good.price === null ? null : { amount: good.price, currency }
      const sealed = chain.sealedBids.length
      const reserve =
        good.reserve === null ? 'none' : chain.sealedReserves.includes(chain.reserve) ? 'sealed' : 'opened'
      goods.push({ goodId, events, head: hash, status, price, leader, winner, sealed, reserve })
    }
    chain = null
  }

  /** What is sealed is opened when the good has changed hands, and only then; a reserve only if it was met. */
  function checkSeals({ replay, seq, sealedBids, sealedReserves, opened, met }: Chain): void {
    const good = replay.good()
    // Of a log that could not be replayed to its end nobody knows how it ends.
    if (good?.seq !== seq) return
    if (good.status !== 'sold' && good.status !== 'bought') {
      const why = good.status === 'open' ? 'the good is still open' : 'nobody bought the good'
      for (const line of opened) differ(line, `It is opened, and ${why}.`)
      return
    }
    for (const line of sealedBids) differ(line, 'Its maximum is still sealed, and the good was sold.')
    for (const line of sealedReserves) if (met.includes(line)) differ(line, 'Its reserve is still sealed, and was met.')
  }

  return {
    line(text) {
      lines++
      if (lines === logLimits.lines + 1) differ(lines, 'There are too many lines.')
      if (lines > logLimits.lines) return
      try {
        take(text)
      } catch {
        differ(lines, 'The line cannot be read.')
      }
    },
    end() {
      if (chain) finish(null)
      if (lines === 0) differ(1, 'There is no log here.')
      const told = differences.toSorted((a, b) => a.line - b.line)
      return { ok: told.length === 0, goods, differences: told, more }
    },
  }
}

/** Verifies the text of an export. */
export function verifyLog(text: string): LogReport {
  const verifier = createVerifier()
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) verifier.line(line)
  return verifier.end()
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
