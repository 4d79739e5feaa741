/** Following a good, or the whole house, over Socket.IO: every event once, in order, however often the connection breaks. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ChatLine } from '@auction/common/answers'
import { AuctionError, faults } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import { chatFrame, eventsFrame, headsFrame, houseFrame, joinAnswer, presenceFrame } from '@auction/common/frames'
import type { Person } from '@auction/common/good'
import { evolveView, type GoodView } from '@auction/common/view'
import type { Client } from './client.ts'
import { type Connection, type ConnectionState, clean, openConnection, type Pace, usualPace } from './connection.ts'

/**
 * What a follower is told. Before the first message the state is `connecting`; the first message is the snapshot, unless
 * the connection fails first. `good` of an event is the view after it; of an event older than the snapshot (`since`), the
 * snapshot's. `retryAt` is epoch ms on this machine. A gap is told once it is over; where `repaired` is less than
 * `to - from + 1` the rest is lost to this follower, and a new snapshot went before.
 */
export type FeedMessage =
  | { type: 'snapshot'; good: GoodView }
  | { type: 'event'; event: FeedEvent; good: GoodView }
  | { type: 'gap'; from: number; to: number; repaired: number }
  | ({ type: 'connection' } & ConnectionState)
  /** Of the room: how many watch, and who came or went where that is told. */
  | { type: 'watchers'; watchers: number; joined?: Person; left?: Person }
  /** A line of the room's chat: new, or removed. What was said before the first join is not told. */
  | { type: 'chat'; line: ChatLine }

/** Events kept while an earlier one is missing; what does not fit is fetched again. */
const MOST_WAITING = 2_000
/** Fetches that bring nothing new before a gap counts as lost. */
const MOST_FRUITLESS = 4

interface Follower {
  client: Client
  goodId: number
  since?: number
  /** Of a private good's room; kept for every join. */
  password?: string | undefined
  userId: number | null
  onMessage(message: FeedMessage): void
  onError(error: AuctionError): void
}

/** One good being followed. */
interface Feed extends Follower {
  readonly pace: Pace
  readonly connection: Connection
  readonly closed: AbortController
  /** Events heard before their turn, or before the room's answer. */
  readonly waiting: Map<number, { epoch: string; event: FeedEvent }>
  view: GoodView | null
  /** Seq of the last event told. */
  last: number
  /** The newest seq heard of. */
  head: number
  /** Up to here the events are the past that `since` asked for: fetching them repairs nothing. */
  past: number
  missing: { from: number; to: number } | null
  /** Id of the newest line of chat heard of; null before the first join. */
  lastLine: number | null
  /** The room has not answered yet: nothing is told meanwhile. */
  joining: boolean
  repairing: boolean
  /** Tries to fetch what is missing that brought nothing. */
  fruitless: number
}

/**
 * Follows one good: a snapshot, then (with `since`) every event after that seq, then live. `onError` ends it, with NOT_FOUND,
 * UNAUTHENTICATED, WRONG_PASSWORD, ROOM_FULL and whatever else trying again cannot cure; being unreachable is no error, only a state.
 */
export function follow(options: Follower, pace: Pace = usualPace): { close(): void } {
  const connection = openConnection(options.client, pace, {
    onConnect: () => join(feed, true),
    onState: (state) => options.onMessage({ type: 'connection', ...state }),
    onError: (error) => fail(feed, error),
    onFrame: (name, raw) => hear(feed, name, raw),
  })
  const closed = new AbortController()
  const feed: Feed = {
    ...options,
    onMessage: (message) => {
      if (!closed.signal.aborted) options.onMessage(message)
    },
    pace,
    connection,
    closed,
    waiting: new Map(),
    view: null,
    last: options.since ?? -1,
    head: 0,
    past: 0,
    missing: null,
    lastLine: null,
    joining: true,
    repairing: false,
    fruitless: 0,
  }
  return { close: () => close(feed) }
}

function close(feed: Feed): void {
  feed.closed.abort()
  feed.connection.close()
}

function fail(feed: Feed, error: AuctionError): void {
  if (feed.closed.signal.aborted) return
  close(feed)
  feed.onError(error)
}

/** Enters the room; with `resume` from the last event told, otherwise from a new snapshot. */
function join(feed: Feed, resume: boolean): void {
  const { goodId, last, view, password } = feed
  feed.joining = true
  const from = resume && last >= 0 ? { since: last, ...(view && { epoch: view.epoch }) } : {}
  feed.connection.ask('join', { goodId, ...from, ...(password !== undefined && { password }) }, (raw) => {
    const answer = joinAnswer.safeParse(clean(raw))
    if (!answer.success) {
      fail(feed, new AuctionError('FAILED', 'The house answered in a way this program does not know.'))
      return
    }
    const { good } = answer.data
    feed.joining = false
    if (feed.view === null) begin(feed, good)
    else if (!resume || good.epoch !== feed.view.epoch || good.seq < feed.last) replace(feed, good)
    else notice(feed, good.seq)
    feed.head = good.seq
    if ('events' in answer.data) for (const event of answer.data.events) keep(feed, good.epoch, event)
    tellWaiting(feed)
    catchUpChat(feed, answer.data.chat ?? [])
    feed.connection.live()
    settle(feed)
  })
}

function begin(feed: Feed, good: GoodView): void {
  const asked = feed.last
  feed.view = good
  feed.past = good.seq
  feed.last = asked < 0 ? good.seq : Math.min(asked, good.seq)
  feed.onMessage({ type: 'snapshot', good })
  if (asked > good.seq) feed.onMessage({ type: 'gap', from: good.seq + 1, to: asked, repaired: 0 })
}

/** Another log, or a hole in this one that cannot be filled: starts over from `good`, and says what was not seen. */
function replace(feed: Feed, good: GoodView): void {
  const { missing, last } = feed
  const sameLog = feed.view?.epoch === good.epoch
  const from = sameLog ? (missing?.from ?? last + 1) : 1
  const to = sameLog ? Math.max(good.seq, missing?.to ?? 0) : good.seq
  const repaired = sameLog && missing ? last + 1 - from : 0
  Object.assign(feed, { view: good, last: good.seq, past: good.seq, missing: null })
  feed.onMessage({ type: 'snapshot', good })
  if (to >= from) feed.onMessage({ type: 'gap', from, to, repaired })
}

/** A frame of the socket; what is none of ours, or makes no sense, is as if it had never come: heads tell of the loss. */
function hear(feed: Feed, name: string, raw: unknown): void {
  const { goodId, view } = feed
  const events = name === 'events' ? eventsFrame.safeParse(raw).data : undefined
  const heads = name === 'heads' ? headsFrame.safeParse(raw).data : undefined
  const presence = name === 'presence' ? presenceFrame.safeParse(raw).data : undefined
  if (events?.goodId === goodId) {
    for (const event of events.events) keep(feed, events.epoch, { ...event, goodId })
    if (view && events.epoch !== view.epoch && !feed.joining) join(feed, true)
    settle(feed)
  }
  const head = heads?.seqs[goodId] ?? 0
  if (head > feed.head) {
    feed.head = head
    settleLater(feed, feed.pace.graceMs)
  }
  if (presence?.goodId === goodId && view) {
    const { watchers, joined, left } = clean(presence)
    feed.view = { ...view, watchers }
    if (watchers !== view.watchers || joined || left)
      feed.onMessage({ type: 'watchers', watchers, ...(joined && { joined }), ...(left && { left }) })
  }
  const line = name === 'chat' ? chatFrame.safeParse(raw).data : undefined
  // While the room has not answered, its answer holds the line.
  if (line?.goodId === goodId && !feed.joining) tellLine(feed, line)
}

function tellLine(feed: Feed, line: ChatLine): void {
  feed.lastLine = Math.max(feed.lastLine ?? 0, line.id)
  feed.onMessage({ type: 'chat', line: clean(line) })
}

/** What was said while the connection was lost, as far as the room's answer goes back. */
function catchUpChat(feed: Feed, lines: readonly ChatLine[]): void {
  const { lastLine } = feed
  if (lastLine === null) feed.lastLine = lines.at(-1)?.id ?? 0
  else for (const line of lines) if (line.id > lastLine) tellLine(feed, line)
}

function keep(feed: Feed, epoch: string, event: FeedEvent): void {
  if (event.goodId !== feed.goodId || (!feed.joining && event.seq <= feed.last)) return
  const room = feed.waiting.size < MOST_WAITING || event.seq === feed.last + 1
  if (room) feed.waiting.set(event.seq, { epoch, event: clean(event) })
  else feed.head = Math.max(feed.head, event.seq)
}

/** Tells what is next, and next again. */
function tellWaiting(feed: Feed): void {
  for (const [seq, { epoch }] of feed.waiting) {
    if (!feed.joining && (seq <= feed.last || epoch !== feed.view?.epoch)) feed.waiting.delete(seq)
  }
  while (!feed.joining && !feed.closed.signal.aborted) {
    const next = feed.waiting.get(feed.last + 1)?.event
    if (!next || !feed.view) return
    feed.waiting.delete(next.seq)
    try {
      if (next.seq > feed.view.seq) feed.view = evolveView(feed.view, next, feed.userId)
    } catch {
      // A known event without its facts: only a new snapshot says what became of the good.
      notice(feed, next.seq)
      join(feed, false)
      return
    }
    feed.last = next.seq
    feed.head = Math.max(feed.head, next.seq)
    feed.onMessage({ type: 'event', event: next, good: feed.view })
    const { missing } = feed
    if (missing === null || feed.last < missing.to) continue
    feed.missing = null
    feed.onMessage({ type: 'gap', ...missing, repaired: missing.to - missing.from + 1 })
  }
}

/** Everything after `last` up to `to` is missing. */
function notice(feed: Feed, to: number): void {
  if (to <= feed.last || to <= feed.past) return
  const { missing } = feed
  feed.missing = { from: missing?.from ?? Math.max(feed.last, feed.past) + 1, to: Math.max(to, missing?.to ?? 0) }
}

/** Tells what is whole, and goes for what is not. */
function settle(feed: Feed): void {
  tellWaiting(feed)
  if (feed.joining || feed.repairing || (feed.last >= feed.head && feed.waiting.size === 0)) return
  notice(feed, feed.waiting.size > 0 ? Math.min(...feed.waiting.keys()) - 1 : feed.head)
  void repair(feed)
}

function settleLater(feed: Feed, ms: number): void {
  delay(ms, undefined, { signal: feed.closed.signal }).then(
    () => settle(feed),
    () => {},
  )
}

async function repair(feed: Feed): Promise<void> {
  const { client, goodId, closed } = feed
  const before = feed.last
  feed.repairing = true
  try {
    const page = await client.call('events', {
      params: { id: goodId },
      query: { since: before },
      signal: closed.signal,
    })
    if (feed.joining || closed.signal.aborted) return
    if (page.epoch !== feed.view?.epoch) return join(feed, true)
    for (const event of page.items) keep(feed, page.epoch, event)
    tellWaiting(feed)
    feed.fruitless = feed.last > before ? 0 : feed.fruitless + 1
  } catch (error) {
    if (closed.signal.aborted) return
    const fault = error instanceof AuctionError ? error : new AuctionError('FAILED', undefined, { cause: error })
    if (!faults[fault.code].retry) return fail(feed, fault)
    // A house that is away is waited for; one that answers nonsense is not asked for ever.
    if (fault.code === 'INTERNAL') feed.fruitless++
  } finally {
    feed.repairing = false
  }
  if (feed.fruitless >= MOST_FRUITLESS) {
    feed.fruitless = 0
    join(feed, false)
  } else settleLater(feed, feed.last > before ? 0 : feed.pace.retryMs)
}

/** Follows what the house tells everyone: goods listed, sold, unsold. What happens while away is not told. */
export function followHouse(
  options: {
    client: Client
    onEvent(event: FeedEvent): void
    onConnection(state: ConnectionState): void
    onError(error: AuctionError): void
  },
  pace: Pace = usualPace,
): { close(): void } {
  const connection = openConnection(options.client, pace, {
    onConnect: () => connection.ask('follow', { house: true }, connection.live),
    onState: options.onConnection,
    quiet: true,
    onError: options.onError,
    onFrame(name, raw) {
      const frame = name === 'house' ? houseFrame.safeParse(raw).data : undefined
      for (const event of frame?.events ?? []) options.onEvent(clean(event))
    },
  })
  return connection
}
