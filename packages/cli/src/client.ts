/** Typed calls of the house's routes: every answer checked, every failure one AuctionError, keyed writes sent until known. */
import { setTimeout as delay } from 'node:timers/promises'
import { type RouteName, routes } from '@auction/common/api'
import { AuctionError } from '@auction/common/errors'
import type { Route } from '@auction/common/route'
import { safeText } from '@auction/common/text'
import { cleaned, faultOf, foreign, jsonOf, problemOf, type Reply, retryAfterMs } from './replies.ts'
import { createTransport, type Exchange, type Outcome, type Transport } from './transport.ts'

type AnswerOf<S> = S extends { _zod: { output: infer A } } ? A : undefined
/** What a route answers; nothing where that is not JSON. */
export type Answer<K extends RouteName> = AnswerOf<(typeof routes)[K]['answer']>

export interface Request {
  params?: Record<string, string | number>
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** Idempotency-Key; a call that has one is sent again with it until its outcome is known. */
  key?: string
  /** Whether an earlier run may have sent this key: then only what the house says of the key itself is its outcome. */
  doubtful?: boolean
  form?: FormData
  /** Of a private good's room. */
  roomPassword?: string | undefined
  signal?: AbortSignal
  /** Strings of the answer as they came: a log's hashes are of these. They must be made harmless before they are shown. */
  raw?: boolean
  /** Of a read that the house has to work for: how long it may take. */
  patienceMs?: number
}

export interface Client {
  /** Base URL, without a slash at its end. */
  readonly server: string
  readonly token: string | null
  /** Throws AuctionError only. */
  call<K extends RouteName>(name: K, request?: Request): Promise<Answer<K>>
  close(): Promise<void>
}

/** How long calls may take, in milliseconds; tests make them short. */
export interface Pace {
  /** How long a keyed write, or a read that was refused for now, is tried again altogether. */
  readonly keyedMs: number
  readonly readMs: number
  /** Bounds of one try: of a keyed write, of a read, of a write that is sent once. */
  readonly keyedTryMs: number
  readonly readTryMs: number
  readonly writeMs: number
  /** Wait before the second try; doubles with each. */
  readonly firstWaitMs: number
}

const usualPace: Pace = {
  keyedMs: 10_000,
  readMs: 10_000,
  keyedTryMs: 4_000,
  readTryMs: 8_000,
  writeMs: 30_000,
  firstWaitMs: 100,
}
/** Tries of a read whose connection fails; more would only delay saying so. */
const READ_TRIES = 4
const LONGEST_WAIT_MS = 2_000

interface Options {
  server: string
  /** Sent as a bearer token, to this server alone; null: calls as nobody. */
  token: string | null
  /** Told of every try: method, path, outcome, time. Never of a body or a token. */
  log?: (line: string) => void
  /** Told of every answer, whatever it says. */
  onReply?: (headers: Reply['headers']) => void
  pace?: Pace
}

/** A client of the house at `server` (an http or https URL). */
export function createClient({ server, token, log = () => {}, onReply = () => {}, pace = usualPace }: Options): Client {
  const base = server.replace(/\/+$/, '')
  const transport = createTransport()
  return {
    server: base,
    token,
    close: async () => transport.close(),
    call: async <K extends RouteName>(name: K, request: Request = {}) => {
      const route: Route = routes[name]
      if (route.access !== 'anyone' && token === null)
        throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${base}.`)
      const exchange = await prepare(route, base, token, request)
      const key = request.key ?? null
      const outcome = await settle({
        route,
        transport,
        exchange,
        key,
        doubtful: request.doubtful ?? false,
        pace: request.patienceMs ? { ...pace, readMs: request.patienceMs, readTryMs: request.patienceMs } : pace,
        log,
        base,
      })
      onReply(outcome.headers)
      const answer = read(route, base, outcome, key)
      return (request.raw ? answer : cleaned(answer)) as Answer<K>
    },
  }
}

/** Method, URL, headers and body of a call. */
async function prepare(route: Route, base: string, token: string | null, request: Request) {
  const { params = {}, query = {}, body, key, form, roomPassword, signal } = request
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const url = new URL(base + path)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'auction' }
  if (token !== null) headers.authorization = `Bearer ${token}`
  if (key !== undefined) headers['idempotency-key'] = key
  // A header is bytes to the house, which reads them as UTF-8.
  if (roomPassword !== undefined) headers['room-password'] = Buffer.from(roomPassword).toString('latin1')
  let bytes: Buffer | null = null
  if (form) {
    const encoded = new Response(form)
    headers['content-type'] = encoded.headers.get('content-type') ?? 'multipart/form-data'
    bytes = Buffer.from(await encoded.arrayBuffer())
  } else if (body !== undefined) {
    headers['content-type'] = 'application/json'
    bytes = Buffer.from(JSON.stringify(body))
  }
  if (bytes || route.method === 'POST') headers['content-length'] = String(bytes?.length ?? 0)
  return { method: route.method, url, headers, body: bytes, signal }
}

interface Sending {
  route: Route
  transport: Transport
  exchange: Pick<Exchange, 'method' | 'url' | 'headers' | 'body' | 'signal'>
  key: string | null
  doubtful: boolean
  pace: Pace
  log(line: string): void
  base: string
}

/** Sends, again where that is safe, until there is an answer to go by. Throws UNREACHABLE or OUTCOME_UNKNOWN. */
async function settle(sending: Sending): Promise<Reply> {
  const { route, transport, exchange, key, pace, log, base } = sending
  const reads = route.method === 'GET'
  const again = reads || key !== null
  const [wholeMs, tryMs] = reads
    ? [pace.readMs, pace.readTryMs]
    : [key === null ? pace.writeMs : pace.keyedMs, key === null ? pace.writeMs : pace.keyedTryMs]
  const start = performance.now()
  const left = (): number => wholeMs - (performance.now() - start)
  let { doubtful } = sending
  for (let tries = 1; ; tries++) {
    const timeoutMs = Math.max(1, Math.min(tryMs, left()))
    const began = performance.now()
    const outcome = await transport.exchange({ ...exchange, timeoutMs, reuse: again })
    const took = Math.round(performance.now() - began)
    log(
      `${exchange.method} ${exchange.url.pathname} ${outcome.type === 'reply' ? outcome.status : outcome.reason} ${took} ms`,
    )
    if (outcome.type === 'reply' && decided(outcome, key !== null, doubtful)) return outcome
    doubtful ||= mayHaveHappened(outcome)
    const wait = Math.max(retryAfterMs(outcome) ?? 0, Math.min(LONGEST_WAIT_MS, pace.firstWaitMs * 2 ** (tries - 1)))
    const interrupted = outcome.type === 'lost' && outcome.aborted
    const enough = reads && outcome.type === 'lost' && tries >= READ_TRIES
    // Who is told that the house is busy was told before any effect, so that this is safe without a key too.
    const busy = outcome.type === 'reply' && problemOf(outcome)?.code === 'BUSY'
    const time = again ? left() : busy ? pace.keyedMs - (performance.now() - start) : 0
    if (!interrupted && !enough && wait < time) {
      await delay(wait, undefined, { signal: exchange.signal }).catch(() => {})
      continue
    }
    if (!reads && doubtful && (key !== null || outcome.type === 'lost')) throw unknownOutcome(base, key, outcome)
    if (outcome.type === 'reply') return outcome
    throw new AuctionError('UNREACHABLE', `The server at ${base} cannot be reached: ${outcome.reason}.`)
  }
}

/**
 * Whether a reply is the house's last word. Of a keyed write no failure of the house is; nor, once an earlier try may have
 * counted, what is said before the key is looked at.
 */
function decided(reply: Reply, keyed: boolean, doubtful: boolean): boolean {
  const { status } = reply
  if (!keyed) return status !== 503 && status !== 429
  if (!doubtful) return status < 500
  return status < 500 && status !== 429 && status !== 401 && (status < 300 || problemOf(reply) !== null)
}

/** Whether a try that brought no decision may have had its effect all the same. A 503 of the house comes before any effect. */
function mayHaveHappened(outcome: Outcome): boolean {
  if (outcome.type === 'lost') return outcome.sent
  return outcome.status !== 503 || problemOf(outcome) === null
}

function unknownOutcome(base: string, key: string | null, outcome: Outcome): AuctionError {
  const reason = outcome.type === 'lost' ? outcome.reason : `it answered ${outcome.status}`
  const requestId = outcome.type === 'reply' ? (problemOf(outcome)?.requestId ?? null) : null
  return new AuctionError('OUTCOME_UNKNOWN', `Whether the server at ${base} did this is unknown: ${reason}.`, {
    requestId: requestId === null ? null : safeText(requestId),
    ...(key === null
      ? { hint: 'Look before you do it again.' }
      : { hint: `Send the same again with the key ${key}.`, data: { key } }),
  })
}

/** What a reply says: the checked answer, or the AuctionError it stands for. */
function read(route: Route, base: string, reply: Reply, key: string | null): unknown {
  const { status, headers } = reply
  if (status >= 300) throw faultOf(base, reply)
  if (route.answer === null) return undefined
  const json = jsonOf(reply)
  const answer = json === undefined ? undefined : route.answer.safeParse(json)
  if (answer?.success) return answer.data
  // A write that was answered with nonsense was answered: it may well have been done.
  if (route.method !== 'GET')
    throw unknownOutcome(base, key, { type: 'lost', sent: true, aborted: false, reason: 'its answer makes no sense' })
  if (json === undefined) throw foreign(base, headers['content-type'])
  throw new AuctionError('INTERNAL', `The server at ${base} answered in a shape this program does not know.`, {
    hint: 'It may be of another version: auction version',
  })
}
