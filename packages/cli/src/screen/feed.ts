/** What the feed's messages do to the screen: the good as it is now, its bids, and what to tell. */
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import type { FeedMessage } from '../follow.ts'
import { counted, pay } from '../wording.ts'
import { closedLine, withdrawReview } from './bid-line.ts'
import { joined, noHistory, personIn } from './bid-rows.ts'
import { type ChatRow, chatRow, withRows } from './chat.ts'
import { type Change, type Effect, factsOf, MOST_ROWS, type Model, withLine } from './model.ts'
import { endNotice, logRow, loserOf, outcomeOf, removalNotice } from './news.ts'
import type { Notice } from './notices.ts'
import { newer, withOwn } from './views.ts'
import { calendarTime } from './words.ts'

const goodbye: Notice = { tone: 'warning', text: '▽ The server is going down; waiting for it to come back.' }
const welcome: Notice = { tone: 'good', text: '● The server is back.' }

/** How long a notice is news. */
const FRESH_MS = 5_000

/** The screen after a message of the feed, heard at `now`. */
export function onFeed(model: Model, message: FeedMessage, now: number): Change {
  switch (message.type) {
    case 'snapshot': {
      const same = model.good?.epoch === message.good.epoch
      const kept = same
        ? model
        : {
            ...model,
            ...noHistory,
            scroll: 0,
            terms: null,
            activity: [],
            chat: { ...model.chat, rows: [], scroll: 0 },
          }
      const history: Effect = { type: 'fetchEvents', upTo: message.good.seq }
      const effects: Effect[] = [history, { type: 'fetchTerms' }, { type: 'fetchChat' }]
      const title: Effect = { type: 'title', text: `#${message.good.id} ${message.good.name}` }
      return [{ ...kept, good: message.good }, [...effects, title]]
    }
    case 'event':
      return onEvent(model, message, now)
    case 'gap': {
      const [missed, whole] = [message.to - message.from + 1, message.repaired === message.to - message.from + 1]
      const text = whole
        ? `↻ Resynced: ${missedWords(model, message)} loaded.`
        : `↻ Resynced from a snapshot: ${missed - message.repaired} events are not in the log here.`
      const resynced: Notice = { tone: whole ? 'plain' : 'warning', text }
      // What was missed may have brought news that matters more than that it was missed.
      const fresh =
        model.notice !== null && model.noticeBack === null && now - (model.notices.at(-1)?.at ?? 0) < FRESH_MS
      const notice = whole && fresh ? model.notice : resynced
      const activity = [...model.activity, { at: now, text }].slice(-MOST_ROWS)
      return [{ ...model, notice, activity }, [{ type: 'fetchGood' }]]
    }
    case 'connection': {
      const since = message.state === 'live' ? null : (model.connection.since ?? now)
      const { state, attempt, retryAt } = message
      const back = state === 'live' && model.connection.state === 'reconnecting'
      const next = { ...model, connection: { state, attempt, retryAt, since } }
      // The goodbye and the end of the connection come in one breath.
      if (state === 'draining') return [{ ...next, notice: goodbye }, []]
      const again = state === 'live' && model.notice?.text === goodbye.text
      return [again ? { ...next, notice: welcome } : next, back ? [{ type: 'fetchGood' }] : []]
    }
    case 'watchers':
      return [onPresence(model, message, now), []]
    case 'chat':
      return [{ ...model, chat: withRows(model.chat, [chatRow(message.line)]) }, []]
    default:
      return message satisfies never
  }
}

/** What people miss are bids; where none were among the events, the events. */
function missedWords({ bids }: Model, { from, to }: { from: number; to: number }): string {
  const missed = bids.filter(({ seq, proxy }) => !proxy && seq >= from && seq <= to).length
  return missed > 0 ? counted(missed, 'missed bid') : counted(to - from + 1, 'missed event')
}

function onPresence(model: Model, presence: Extract<FeedMessage, { type: 'watchers' }>, now: number): Model {
  const { watchers, joined, left } = presence
  const rows: ChatRow[] = []
  if (joined) rows.push({ id: null, at: now, who: joined, kind: 'joined', text: '' })
  if (left) rows.push({ id: null, at: now, who: left, kind: 'left', text: '' })
  const chat = rows.length > 0 ? withRows(model.chat, rows) : model.chat
  return { ...model, chat, good: model.good && { ...model.good, watchers } }
}

/** The screen that knows of these events too; who reads further down keeps the same rows in sight. */
export function withEvents(model: Model, more: readonly FeedEvent[]): Model {
  const history = joined(model, more)
  if (model.scroll === 0) return { ...model, ...history }
  const top = model.bids[model.scroll]
  const found = history.bids.findIndex(({ seq, proxy }) => seq === top?.seq && proxy === top.proxy)
  return { ...model, ...history, scroll: found < 0 ? Math.max(0, history.bids.length - 1) : found }
}

type Told = Extract<FeedMessage, { type: 'event' }>

function onEvent(model: Model, { event, good: told }: Told, now: number): Change {
  const before = model.good
  const good = newer(before, withOwn(before, told))
  const activity = [...model.activity, logRow(event)].slice(-MOST_ROWS)
  let next = withEvents({ ...model, good, activity }, [event])
  const effects: Effect[] = []
  if (event.type === 'extended' && before) next = extended(next, before, event.data.cause === 'outage', now)
  if (before && good.minimumBid.amount > before.minimumBid.amount)
    next = withLine(next, withdrawReview(next.line, factsOf(next, good)))
  const mine = model.me !== null && personIn(event.data, 'bidder')?.id === model.me.id
  const own = mine && model.line.step !== 'sending'
  const removal = before && removalNotice(event, model.me, before, good)
  // Of one's own maximum and hold after a removal the event says nothing.
  if (own || (loserOf(event) !== null && before?.you && before.you.standing !== 'none'))
    effects.push({ type: 'fetchGood' })
  const [heard, more] = outbidOrOver(next, before, event)
  return [removal ? { ...heard, notice: removal } : heard, [...effects, ...more]]
}

/** The end has moved: by how much, and why. */
function extended(model: Model, before: GoodView, outage: boolean, now: number): Model {
  const { good, zone } = model
  const endsAt = Date.parse(good?.endsAt ?? before.endsAt)
  const moved = { ...model, extended: { byMs: endsAt - Date.parse(before.endsAt), at: now, outage } }
  const text = `▲ The house was away: the end moves to ${calendarTime(endsAt, zone)}.`
  return outage ? { ...moved, notice: { tone: 'warning', text } } : moved
}

/** The news that ring: somebody else leads now, or the sale is over. */
function outbidOrOver(model: Model, before: GoodView | null, event: FeedEvent): Change {
  const { good, me, line, muted, notice: shown } = model
  const bell: readonly Effect[] = muted ? [] : [{ type: 'bell' }]
  if (good === null || before?.status !== 'open') return [model, []]
  if (good.status !== 'open') {
    const notice = endNotice(event, good, me)
    const pending = line.step === 'unknown' || line.step === 'sending'
    const over = { ...model, notice, line: pending ? line : closedLine }
    return [over, [{ type: 'title', text: `${outcomeOf(good, me).text} #${good.id}` }, ...bell]]
  }
  if (before.you?.standing !== 'leading' || good.you?.standing !== 'outbid') return [model, []]
  const outbid: Notice = { tone: 'bad', text: `✗ Outbid by ${good.leader?.nick ?? 'somebody'} at ${pay(good.price)}.` }
  const notice = line.step === 'amount' && shown ? shown : outbid
  return [{ ...model, notice }, [{ type: 'title', text: `✗ outbid: #${good.id} ${good.name}` }, ...bell]]
}
