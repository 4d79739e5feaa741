/** One HTTP exchange: a request out, a whole answer back, or the plain fact that it was lost, and whether it had left. */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { httpModules } from './io.ts'

/** Longest answer that is read. */
const ANSWER_BYTES = 16 * 1024 * 1024
/** How long a connection may take to be made. */
const CONNECT_MS = 4_000

export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /** Bound of the whole exchange, from the first byte out to the last byte in. */
  readonly timeoutMs: number
  /** False for requests that must not meet a kept connection that the server is just closing. */
  readonly reuse: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * `lost`: no whole answer came. `sent` is false when the request certainly never left this machine; `reason` is for people;
 * `aborted` when the caller's own signal ended it.
 */
export type Outcome =
  | { readonly type: 'reply'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  | { readonly type: 'lost'; readonly sent: boolean; readonly aborted: boolean; readonly reason: string }

export interface Transport {
  /** Never rejects. */
  exchange(exchange: Exchange): Promise<Outcome>
  close(): void
}

/** A transport that keeps connections until it is closed. It follows no redirect and uses no proxy. */
export function createTransport(): Transport {
  const { http, https } = httpModules()
  const agents = new Map<string, Agent>()
  const agentFor = ({ url, reuse }: Exchange): Agent => {
    const name = `${url.protocol}${reuse}`
    const known = agents.get(name)
    if (known) return known
    const secure = url.protocol === 'https:'
    const agent = secure ? new https.Agent({ keepAlive: reuse }) : new http.Agent({ keepAlive: reuse })
    agents.set(name, agent)
    return agent
  }
  return {
    exchange: (exchange) => {
      const { request } = exchange.url.protocol === 'https:' ? https : http
      const { method, headers } = exchange
      return run(exchange, () => request(exchange.url, { method, headers, agent: agentFor(exchange) }))
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

function run(exchange: Exchange, open: () => ClientRequest): Promise<Outcome> {
  const { body, signal, timeoutMs, url } = exchange
  if (signal?.aborted)
    return Promise.resolve({ type: 'lost', sent: false, aborted: true, reason: 'it was interrupted' })
  return new Promise((resolve) => {
    let sent = false
    const timers: NodeJS.Timeout[] = []
    const request = open()
    const finish = (outcome: Outcome): void => {
      timers.forEach(clearTimeout)
      signal?.removeEventListener('abort', interrupt)
      resolve(outcome)
      if (outcome.type === 'lost') request.destroy()
    }
    const lose = (reason: string, aborted = false): void => finish({ type: 'lost', sent, aborted, reason })
    const interrupt = (): void => lose('it was interrupted', true)
    const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`
    signal?.addEventListener('abort', interrupt)
    timers.push(setTimeout(() => lose(`no answer within ${seconds(timeoutMs)}`), timeoutMs))
    request.on('socket', (socket) => {
      const connected = (): void => {
        sent = true
      }
      if (!socket.connecting) return connected()
      const wait = setTimeout(() => !sent && lose(`no connection within ${seconds(CONNECT_MS)}`), CONNECT_MS)
      timers.push(wait)
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
    })
    // Also heard after `finish`: an error without a listener would end the process.
    request.on('error', (error) => lose(explain(error)))
    request.on('upgrade', (_answer, socket) => {
      socket.destroy()
      lose('the answer is not HTTP')
    })
    request.on('response', (response) => collect(response, finish, lose))
    request.end(body ?? undefined)
  })
}

function collect(response: IncomingMessage, finish: (outcome: Outcome) => void, lose: (reason: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > ANSWER_BYTES) lose('the answer is longer than any of ours')
    else chunks.push(chunk)
  })
  // Told by the close that follows; without a listener it would end the process.
  response.on('error', () => {})
  response.on('close', () => {
    const { complete, headers, statusCode = 0 } = response
    if (complete) finish({ type: 'reply', status: statusCode, headers, body: Buffer.concat(chunks) })
    else lose('the connection broke in mid answer')
  })
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the host does not answer',
}

function explain(error: Error & { code?: string }): string {
  const { code = '' } = error
  if (code.startsWith('HPE_')) return 'the answer is not HTTP'
  return (
    reasons[code] ??
    (code.includes('CERT') || code.startsWith('ERR_TLS') ? 'its certificate is not valid' : code || error.message)
  )
}
