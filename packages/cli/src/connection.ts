/** One Socket.IO connection kept alive: the way into a room, a word for every state, and what trying again cannot cure. */
import { problem } from '@auction/common/answers'
import { AuctionError, faults, isFaultCode } from '@auction/common/errors'
import { byeFrame, refusal } from '@auction/common/frames'
import { safeLines, safeText } from '@auction/common/text'
import { io, type Socket } from 'socket.io-client'
import type { Client } from './client.ts'

/** `attempt` counts the tries since the connection was lost; `retryAt` is epoch ms on `wallTime`. */
export interface ConnectionState {
  state: 'connecting' | 'live' | 'stale' | 'reconnecting' | 'draining'
  attempt: number
  retryAt: number | null
}

/** Epoch ms as this machine had it when the program began, counted on by the monotonic clock: setting the clock moves no retry. */
export const wallTime = (): number => performance.timeOrigin + performance.now()

/** A connection's state whose next try is an instant of the server's clock, on which it is `now`. */
export function inServerTime<State extends ConnectionState>(state: State, now: number): State {
  return state.retryAt === null ? state : { ...state, retryAt: now + state.retryAt - wallTime() }
}

/** How long things may take, in milliseconds; tests make them short. */
export interface Pace {
  /** No news for this long: `stale`. */
  readonly staleMs: number
  /** No news for this long: the connection is cut and made anew, without waiting for the ping's timeout. */
  readonly deadMs: number
  /** How long heads may be ahead of the events before that counts as a gap. */
  readonly graceMs: number
  /** First and longest wait before connecting again; doubles in between. */
  readonly retryMs: number
  readonly longestRetryMs: number
}
export const usualPace: Pace = { staleMs: 12_000, deadMs: 20_000, graceMs: 250, retryMs: 500, longestRetryMs: 5_000 }
/** How long an answer on the socket may take. */
const ANSWER_MS = 10_000

interface ConnectionEvents {
  onConnect(): void
  onFrame(name: string, raw: unknown): void
  onState(state: ConnectionState): void
  onError(error: AuctionError): void
  /** Nothing may happen for long: the house's pings are news, too. */
  readonly quiet?: boolean
}

export interface Connection {
  /** Sends, and hands over the answer unless it is a refusal. Answers of an earlier connection never arrive. */
  ask(name: string, request: object, onAnswer: (raw: unknown) => void): void
  /** The room is entered: from now on silence is remarkable. */
  live(): void
  close(): void
}

/** One socket kept alive. `onError` ends it; a house that is away is only waited for. */
export function openConnection(client: Client, usual: Pace, on: ConnectionEvents): Connection {
  // Every client waits a little differently, so that a restarted house is not stormed by all at once; without jitter on
  // top of that the next try can be told to the second.
  const pace = { ...usual, retryMs: usual.retryMs * (0.6 + Math.random() * 0.8) }
  const socket = openSocket(client, pace)
  const status = createStatus(pace, on.onState)
  let retry: NodeJS.Timeout | undefined

  const close = () => {
    status.close()
    clearInterval(watchdog)
    clearTimeout(retry)
    socket.disconnect()
  }
  const end = (error: AuctionError) => {
    if (status.closed()) return
    close()
    on.onError(error)
  }
  const retryIn = (waitMs: number, run: () => void) => {
    clearTimeout(retry)
    retry = setTimeout(run, waitMs)
  }
  const watchdog = setInterval(() => {
    status.watch()
    if (socket.connected && status.silence() >= pace.deadMs) socket.io.engine.close()
  }, pace.staleMs / 12)
  listen(socket, status, on, end, (waitMs) => retryIn(waitMs, () => socket.connect()))

  const ask: Connection['ask'] = (name, request, onAnswer) => {
    const { id } = socket
    socket.timeout(ANSWER_MS).emit(name, request, (late: Error | null, raw: unknown) => {
      if (status.closed() || socket.id !== id) return
      if (late) return socket.io.engine.close()
      const refused = refusal.safeParse(raw).data
      if (!refused) return onAnswer(raw)
      const error = toAuctionError(refused.error) ?? new AuctionError('FAILED')
      if (!faults[error.code].retry || error.code === 'ROOM_FULL') return end(error)
      retryIn(status.refused(), () => socket.connected && on.onConnect())
    })
  }
  return { ask, live: status.live, close }
}

/** What the socket's own events mean. `tryAgain` is for where socket.io-client does not: it hung up, or would not let us in. */
function listen(
  socket: Socket,
  status: Status,
  on: ConnectionEvents,
  end: (error: AuctionError) => void,
  tryAgain: (waitMs: number) => void,
): void {
  let byeMs: number | undefined
  socket.on('connect', () => {
    status.news()
    byeMs = undefined
    on.onConnect()
  })
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    const refused = socket.active ? null : toAuctionError(error.data)
    if (refused && !faults[refused.code].retry) end(refused)
    else if (!socket.active) tryAgain(status.failed())
    else status.firstFailed()
  })
  socket.on('disconnect', (reason) => {
    if (status.closed()) return
    const waitMs = status.lost(byeMs)
    if (reason === 'io server disconnect') tryAgain(waitMs)
  })
  if (on.quiet) socket.io.on('ping', status.news)
  socket.io.on('reconnect_attempt', (attempt) => status.trying(attempt))
  socket.io.on('reconnect_error', () => status.failed())
  socket.onAny((name: string, raw: unknown) => {
    status.news()
    if (name !== 'bye') return on.onFrame(name, raw)
    byeMs = byeFrame.safeParse(raw).data?.retryInMs
    status.draining(byeMs)
  })
}

type Status = ReturnType<typeof createStatus>

/** What is known of the connection, told whenever it changes; answers how long to wait where there is something to wait for. */
function createStatus(pace: Pace, onState: (state: ConnectionState) => void) {
  let state: ConnectionState['state'] = 'connecting'
  let attempt = 0
  let lastNews = performance.now()
  let over = false
  const say = (next: ConnectionState['state'], tries: number, waitMs?: number) => {
    state = next
    attempt = tries
    if (!over) onState({ state, attempt, retryAt: waitMs === undefined ? null : wallTime() + waitMs })
    return waitMs ?? 0
  }
  // The same arithmetic as socket.io-client's, as openSocket sets it up.
  const waitBefore = (tries: number) => Math.min(pace.longestRetryMs, pace.retryMs * 2 ** Math.min(tries - 1, 20))
  const failed = () => say('reconnecting', attempt + 1, waitBefore(attempt + 1))
  const silence = () => performance.now() - lastNews
  return {
    closed: () => over,
    close: () => {
      over = true
    },
    silence,
    failed,
    firstFailed: () => (attempt === 0 ? failed() : 0),
    lost: (byeMs?: number) => say('reconnecting', 1, byeMs ?? waitBefore(1)),
    trying: (tries: number) => say('reconnecting', tries),
    draining: (byeMs?: number) => say('draining', 0, byeMs),
    refused: () => waitBefore(++attempt),
    news() {
      lastNews = performance.now()
      if (state === 'stale') say('live', 0)
    },
    watch: () => state === 'live' && silence() >= pace.staleMs && say('stale', 0),
    live() {
      attempt = 0
      if (state !== 'live') say('live', 0)
    },
  }
}

function openSocket(client: Client, { retryMs, longestRetryMs }: Pace): Socket {
  const url = new URL(client.server)
  return io(url.origin, {
    path: `${url.pathname.replace(/\/$/, '')}/socket.io/`,
    transports: ['websocket'],
    auth: { token: client.token },
    forceNew: true,
    reconnectionDelay: retryMs,
    reconnectionDelayMax: longestRetryMs,
    randomizationFactor: 0,
    timeout: ANSWER_MS,
  })
}

/** Everything that enters passes here: text that no terminal acts on, line breaks only in descriptions. */
export function clean<T>(value: T, key = ''): T {
  if (typeof value === 'string') return (key === 'description' ? safeLines(value) : safeText(value)) as T
  if (Array.isArray(value)) return value.map((member) => clean(member, key)) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [safeText(name), clean(member, name)])) as T
}

/** A problem of the wire as the error it is; null when it is none. */
function toAuctionError(raw: unknown): AuctionError | null {
  const { code, detail, hint, requestId } = problem.safeParse(clean(raw)).data ?? {}
  if (!code || !isFaultCode(code)) return null
  return new AuctionError(code, detail, { ...(hint && { hint }), requestId: requestId ?? null })
}
