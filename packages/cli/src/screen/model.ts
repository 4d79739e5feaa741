/** The screen as data: what it knows, what may happen to it, what follows. No clock, no chance, nothing fetched here. */
import type { BidAnswer, PublicBid } from '@auction/common/answers'
import { type AuctionError, faults } from '@auction/common/errors'
import type { Increment, Person } from '@auction/common/good'
import { incrementAt } from '@auction/common/increments'
import type { GoodView } from '@auction/common/view'
import type { ConnectionState } from '../connection.ts'
import type { FeedMessage } from '../follow.ts'
import { faultSentence, pay } from '../wording.ts'
import {
  type BidFacts,
  type BidKind,
  type BidLine,
  type BidStep,
  closedLine,
  enterLine,
  eraseFrom,
  fillMinimum,
  leaveLine,
  type Notice,
  openLine,
  pasteInto,
  stepAmount,
  typeInto,
  withdrawReview,
} from './bid-line.ts'
import {
  afterRemoval,
  type BidRow,
  bidRow,
  bidRows,
  type LogRow,
  logRow,
  loserOf,
  mergeBids,
  outcomeOf,
  removalNotice,
} from './news.ts'
import { newer, withOwn } from './views.ts'

export interface Model {
  readonly me: Person | null
  readonly server: string
  /** Time zone of the times shown, IANA. */
  readonly zone: string
  readonly size: { readonly columns: number; readonly rows: number }
  readonly good: GoodView | null
  /** What only the first event of the log tells. */
  readonly terms: { readonly listedAt: number; readonly increment: Increment | null } | null
  /** Newest first. */
  readonly bids: readonly BidRow[]
  /** How many of the newest bids are above the window. */
  readonly scroll: number
  /** Newest last. */
  readonly activity: readonly LogRow[]
  /** `since` is when it stopped being live, server time; `retryAt` too. */
  readonly connection: ConnectionState & { readonly since: number | null }
  /** Server time, epoch ms; `skewMs` is this machine's wall clock minus it. */
  readonly time: { readonly now: number; readonly skewMs: number | null; readonly roundTripMs: number | null }
  readonly line: BidLine
  readonly notice: Notice | null
  readonly extended: { readonly byMs: number; readonly at: number } | null
  readonly panel: 'none' | 'help' | 'description'
  readonly muted: boolean
  readonly sessionExpired: boolean
  /** Why nothing more will come; null while it may. */
  readonly fault: AuctionError | null
}

export type Msg =
  | { readonly type: 'feed'; readonly message: FeedMessage; readonly now: number }
  | { readonly type: 'feed_ended'; readonly error: AuctionError }
  | { readonly type: 'time'; readonly time: Model['time'] }
  | { readonly type: 'resized'; readonly size: Model['size'] }
  | { readonly type: 'bids'; readonly bids: readonly PublicBid[] }
  | { readonly type: 'good'; readonly good: GoodView }
  | { readonly type: 'terms'; readonly terms: NonNullable<Model['terms']> }
  | { readonly type: 'fetch_failed'; readonly error: AuctionError }
  | { readonly type: 'bid_answered'; readonly key: string; readonly answer: BidAnswer }
  | { readonly type: 'bid_refused'; readonly key: string; readonly error: AuctionError }
  | { readonly type: 'open_bid'; readonly kind: BidKind }
  | { readonly type: 'fill_minimum' }
  | { readonly type: 'step'; readonly by: 1 | -1 }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'erase' }
  /** `at` is monotonic; `key` is fresh and becomes the bid's if this places one. */
  | { readonly type: 'enter'; readonly at: number; readonly key: string }
  | { readonly type: 'escape' }
  /** Rows down the list of bids; infinite for its ends. */
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'panel'; readonly panel: 'help' | 'description' }
  | { readonly type: 'mute' }
  | { readonly type: 'copy' }
  | { readonly type: 'refetch' }
  | { readonly type: 'suspend' }
  | { readonly type: 'leave'; readonly code: 0 | 130 }

/** What the edge does for the screen. */
export type Effect = HouseEffect | TerminalEffect

/** Calls of the house; `afterMs` is how long to wait first. */
export type HouseEffect =
  | {
      readonly type: 'placeBid'
      readonly key: string
      readonly kind: BidKind
      readonly amount: number
      readonly afterMs: number
    }
  | { readonly type: 'fetchBids' }
  | { readonly type: 'fetchGood' }
  | { readonly type: 'fetchTerms' }

export type TerminalEffect =
  | { readonly type: 'bell' }
  | { readonly type: 'title'; readonly text: string }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'suspend' }
  | { readonly type: 'leave'; readonly code: number }

export type Change = readonly [Model, readonly Effect[]]

/** The least window that is drawn in full. */
export const LEAST = { columns: 60, rows: 15 }
/** Wait before a bid whose outcome is unknown is asked for again. */
const ASK_AGAIN_MS = 2_000
/** Rows kept of bids and of the activity log. */
const MOST_ROWS = 500

/** The screen before anything is known. */
export function initialModel(known: Pick<Model, 'me' | 'server' | 'zone' | 'size'> & { now: number }): Model {
  const { now, ...rest } = known
  return {
    ...rest,
    good: null,
    terms: null,
    bids: [],
    scroll: 0,
    activity: [],
    connection: { state: 'connecting', attempt: 0, retryAt: null, since: now },
    time: { now, skewMs: null, roundTripMs: null },
    line: closedLine,
    notice: null,
    extended: null,
    panel: 'none',
    muted: false,
    sessionExpired: false,
    fault: null,
  }
}

/** The screen after `msg`, and what is to be done. */
export function update(model: Model, msg: Msg): Change {
  switch (msg.type) {
    case 'feed':
      return onFeed(model, msg.message, msg.now)
    case 'feed_ended':
      return onFeedEnded(model, msg.error)
    case 'time':
      return [{ ...model, time: msg.time }, []]
    case 'resized':
      return [{ ...model, size: msg.size }, []]
    case 'bids':
      return [{ ...model, bids: mergeBids(model.bids, bidRows(msg.bids), MOST_ROWS) }, []]
    case 'good':
      return [{ ...model, good: newer(model.good, msg.good) }, []]
    case 'terms':
      return [{ ...model, terms: msg.terms }, []]
    case 'fetch_failed':
      return [{ ...model, notice: { tone: 'bad', text: `✗ ${faultSentence(msg.error)}` } }, []]
    case 'bid_answered':
      return onAnswer(model, msg.key, msg.answer)
    case 'bid_refused':
      return onRefusal(model, msg.key, msg.error)
    default:
      return onKey(model, msg)
  }
}

type KeyMsg = Exclude<
  Msg,
  {
    type:
      | 'feed'
      | 'feed_ended'
      | 'time'
      | 'resized'
      | 'bids'
      | 'good'
      | 'terms'
      | 'fetch_failed'
      | 'bid_answered'
      | 'bid_refused'
  }
>

function onKey(model: Model, msg: KeyMsg): Change {
  const { line } = model
  switch (msg.type) {
    case 'open_bid':
      return [{ ...model, line: openLine(line, msg.kind), notice: null, panel: 'none' }, []]
    case 'typed':
      return [{ ...model, line: typeInto(line, msg.text), notice: null }, []]
    case 'pasted':
      return [
        line.step === 'amount' && fits(model) ? { ...model, line: pasteInto(line, msg.text), notice: null } : model,
        [],
      ]
    case 'erase':
      return [{ ...model, line: eraseFrom(line), notice: null }, []]
    case 'fill_minimum':
    case 'step':
    case 'enter':
      return onAmountKey(model, msg)
    case 'escape':
      if (model.panel !== 'none') return [{ ...model, panel: 'none' }, []]
      return [{ ...model, line: leaveLine(line), notice: null }, []]
    case 'scroll': {
      const last = Math.max(0, model.bids.length - 1)
      return [{ ...model, scroll: Math.min(last, Math.max(0, model.scroll + msg.by)) }, []]
    }
    case 'panel':
      return [{ ...model, panel: model.panel === msg.panel ? 'none' : msg.panel }, []]
    case 'mute': {
      const text = model.muted ? '♪ The bell rings when you are outbid.' : '– The bell is off.'
      return [{ ...model, muted: !model.muted, notice: { tone: 'plain', text } }, []]
    }
    case 'copy': {
      const link = `${model.server}/v1/goods/${model.good?.id ?? ''}`
      return [{ ...model, notice: { tone: 'plain', text: `✓ Copied: ${link}` } }, [{ type: 'copy', text: link }]]
    }
    case 'refetch':
      return [{ ...model, notice: null }, [{ type: 'fetchGood' }, { type: 'fetchBids' }]]
    case 'suspend':
      return [model, [{ type: 'suspend' }]]
    case 'leave':
      return [model, [{ type: 'leave', code: msg.code }]]
    default:
      return msg satisfies never
  }
}

function onAmountKey(model: Model, msg: Extract<KeyMsg, { type: 'fill_minimum' | 'step' | 'enter' }>): Change {
  const { good, line } = model
  if (!good) return [model, []]
  const facts = factsOf(model, good)
  if (msg.type === 'fill_minimum')
    return [{ ...model, line: fillMinimum(line, facts), notice: null, panel: 'none' }, []]
  if (msg.type === 'step') return [{ ...model, line: stepAmount(line, msg.by, facts), notice: null, panel: 'none' }, []]
  const next = enterLine(line, facts, msg.at, msg.key)
  return [withLine(model, next), next.place ? [{ type: 'placeBid', ...next.place, afterMs: 0 }] : []]
}

function withLine(model: Model, { line, notice }: BidStep): Model {
  return { ...model, line, notice: notice === undefined ? model.notice : notice }
}

/** What the bid line needs to know of the good. */
export function factsOf({ terms }: Model, good: GoodView): BidFacts {
  const step = good.price === null ? 0 : good.minimumBid.amount - good.price.amount
  return {
    currency: good.minimumBid.currency,
    minimum: good.minimumBid.amount,
    leads: good.you?.standing === 'leading',
    increment: (price) => (terms?.increment ? incrementAt(terms.increment, price) : Math.max(1, step)),
  }
}

/** Whether the window shows what keys act on; one line stands in a smaller one. */
export function fits({ size }: Model): boolean {
  return size.columns >= LEAST.columns && size.rows >= LEAST.rows
}

/** Why nobody can bid here now, as words; null when they can. */
export function bidBar({ good, me, time, sessionExpired, fault }: Model): string | null {
  if (good === null) return 'waiting for the good…'
  if (good.status !== 'open') return outcomeOf(good, me).text
  if (fault !== null && !sessionExpired) return `■ ${fault.message}`
  if (sessionExpired) return '■ your session has expired: auction login'
  if (me === null) return '– you are not signed in: auction login'
  if (good.owner.id === me.id) return '– your own good: sellers do not bid'
  if (good.offeredTo)
    return good.offeredTo.id === me.id ? `▲ yours to buy: auction buy ${good.id}` : '– a second chance'
  return Date.parse(good.endsAt) <= time.now ? '… waiting for the result' : null
}

function onFeed(model: Model, message: FeedMessage, now: number): Change {
  switch (message.type) {
    case 'snapshot': {
      const same = model.good?.epoch === message.good.epoch
      const kept = same ? model : { ...model, bids: [], scroll: 0, terms: null, activity: [] }
      const effects: Effect[] = [{ type: 'fetchBids' }, { type: 'fetchTerms' }]
      const title: Effect = { type: 'title', text: `#${message.good.id} ${message.good.name}` }
      return [{ ...kept, good: message.good }, [...effects, title]]
    }
    case 'event':
      return onEvent(model, message, now)
    case 'gap': {
      const [missed, whole] = [message.to - message.from + 1, message.repaired === message.to - message.from + 1]
      const text = whole
        ? `↻ Resynced: ${missed} missed event${missed === 1 ? '' : 's'} loaded.`
        : `↻ Resynced from a snapshot: ${missed - message.repaired} events are not in the log here.`
      const notice: Notice = { tone: whole ? 'plain' : 'warning', text }
      const activity = [...model.activity, { at: now, text }].slice(-MOST_ROWS)
      return [
        { ...model, notice, activity },
        [{ type: 'fetchGood' }, ...(whole ? [] : [{ type: 'fetchBids' } as const])],
      ]
    }
    case 'connection': {
      const since = message.state === 'live' ? null : (model.connection.since ?? now)
      const { state, attempt, retryAt } = message
      const back = state === 'live' && model.connection.state === 'reconnecting'
      return [{ ...model, connection: { state, attempt, retryAt, since } }, back ? [{ type: 'fetchGood' }] : []]
    }
    case 'watchers':
      return [model.good ? { ...model, good: { ...model.good, watchers: message.watchers } } : model, []]
    case 'chat':
      return [model, []]
    default:
      return message satisfies never
  }
}

function onEvent(model: Model, { event, good: told }: Extract<FeedMessage, { type: 'event' }>, now: number): Change {
  const before = model.good
  const good = newer(before, withOwn(before, told))
  const row = bidRow(event)
  const activity = [...model.activity, logRow(event)].slice(-MOST_ROWS)
  const bids = row ? mergeBids(model.bids, [row], MOST_ROWS) : afterRemoval(model.bids, event)
  // The same bids stay in sight while somebody reads further down.
  const scroll = row && model.scroll > 0 ? Math.min(model.scroll + 1, MOST_ROWS - 1) : model.scroll
  let next: Model = { ...model, good, bids, activity, scroll }
  const effects: Effect[] = []
  if (event.type === 'extended' && before)
    next = { ...next, extended: { byMs: Date.parse(good.endsAt) - Date.parse(before.endsAt), at: now } }
  if (before && good.minimumBid.amount > before.minimumBid.amount)
    next = withLine(next, withdrawReview(next.line, factsOf(next, good)))
  if (row && row.bidder.id === model.me?.id && model.line.step !== 'sending') effects.push({ type: 'fetchGood' })
  const removal = before && removalNotice(event, model.me, before, good)
  // Of one's own maximum and hold after a removal the event says nothing.
  if (loserOf(event) !== null && good.you && good.you.standing !== before?.you?.standing)
    effects.push({ type: 'fetchGood' })
  if (removal) next = { ...next, notice: removal }
  else if (before?.you?.standing === 'leading' && good.you?.standing === 'outbid') {
    const text = `✗ Outbid by ${good.leader?.nick ?? 'somebody'} at ${pay(good.price)}.`
    next = { ...next, notice: next.line.step === 'amount' && next.notice ? next.notice : { tone: 'bad', text } }
    effects.push({ type: 'title', text: `✗ outbid: #${good.id} ${good.name}` })
    if (!model.muted) effects.push({ type: 'bell' })
  }
  if (before?.status === 'open' && good.status !== 'open') {
    const notice = outcomeOf(good, model.me)
    next = {
      ...next,
      notice,
      line: model.line.step === 'unknown' || model.line.step === 'sending' ? model.line : closedLine,
    }
    effects.push({ type: 'title', text: `${notice.text} #${good.id}` })
    if (!model.muted) effects.push({ type: 'bell' })
  }
  return [next, effects]
}

function onFeedEnded(model: Model, error: AuctionError): Change {
  const sessionExpired = error.code === 'UNAUTHENTICATED'
  return [{ ...model, fault: error, sessionExpired, notice: { tone: 'bad', text: `■ Offline: ${error.message}` } }, []]
}

function onAnswer(model: Model, key: string, answer: BidAnswer): Change {
  const { line, me } = model
  if ((line.step !== 'sending' && line.step !== 'unknown') || line.key !== key) return [model, []]
  const good = newer(model.good, answer.good)
  const price = pay(answer.good.price)
  const leader = answer.good.leader?.nick ?? 'somebody'
  const accepted: Notice =
    answer.standing === 'leading'
      ? { tone: 'good', text: `✓ Bid accepted: you lead at ${price}.` }
      : { tone: 'bad', text: `▼ Bid accepted, but outbid at once: ${leader} leads at ${price}.` }
  const notice = good.status === 'open' ? accepted : outcomeOf(good, me)
  return [{ ...model, good, line: closedLine, notice }, []]
}

function onRefusal(model: Model, key: string, error: AuctionError): Change {
  const { line } = model
  if ((line.step !== 'sending' && line.step !== 'unknown') || line.key !== key) return [model, []]
  const { kind, text, amount } = line
  // Once in doubt, only a decision ends it: that this try was put off says nothing of those before.
  if (error.code === 'OUTCOME_UNKNOWN' || (line.step === 'unknown' && faults[error.code].retry)) {
    const tries = line.step === 'unknown' ? line.tries + 1 : 1
    const notice: Notice = { tone: 'warning', text: '? It may have counted: asking again with the same key.' }
    const again: Effect = { type: 'placeBid', key, kind, amount, afterMs: ASK_AGAIN_MS }
    return [{ ...model, line: { step: 'unknown', kind, text, amount, key, tries }, notice }, [again]]
  }
  const notice: Notice = { tone: 'bad', text: `✗ Refused: ${faultSentence(error)}` }
  const expired = error.code === 'UNAUTHENTICATED'
  const over = expired || error.code === 'NOT_OPEN' || error.code === 'OWN_GOOD'
  const next: BidLine = over ? closedLine : { step: 'amount', kind, text }
  return [{ ...model, line: next, notice, sessionExpired: model.sessionExpired || expired }, [{ type: 'fetchGood' }]]
}
