/** One delivery to a webhook: what is posted, how it is signed, and whether it was taken. */
import { createHmac } from 'node:crypto'
import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { FeedEvent } from '@auction/common/events'

/** Most events, and bytes of them, in one delivery; a single event may be longer. */
export const BATCH_EVENTS = 100
const BATCH_BYTES = 256 * 1024

/** Contiguous events of one good, as the feed tells them. */
export interface Delivery {
  readonly webhookId: number
  readonly epoch: string
  readonly goodId: number
  readonly events: readonly FeedEvent[]
}

/** The first of `events` that fit in one delivery; at least one. */
export function fitting(events: readonly FeedEvent[]): readonly FeedEvent[] {
  let bytes = 0
  const beyond = events.findIndex((event, index) => {
    bytes += Buffer.byteLength(JSON.stringify(event)) + 1
    return index > 0 && (index >= BATCH_EVENTS || bytes > BATCH_BYTES)
  })
  return beyond < 0 ? events : events.slice(0, beyond)
}

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of the seconds, a dot and the body, under the whole secret as it was shown. */
export function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

/** Posts a delivery; null when it was taken, else why not. Never rejects, follows no redirect, reads no answer's body. */
export function post(
  { url, secret, now, signal }: { url: string; secret: string; now: number; signal: AbortSignal },
  { webhookId, epoch, goodId, events }: Delivery,
): Promise<string | null> {
  const body = JSON.stringify({ id: webhookId, epoch, goodId, events })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'auction-house',
    'auction-delivery': `${webhookId}-${goodId}-${events[0]?.seq}-${events.at(-1)?.seq}`,
    'auction-signature': signatureOf(secret, Math.floor(now / 1000), body),
  }
  const request = url.startsWith('https:') ? secureRequest : plainRequest
  return new Promise((resolve) => {
    // A connection of its own: a kept one may be closing at the other end, which would look like a failure.
    const posted = request(url, { method: 'POST', headers, agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0
      resolve(status >= 200 && status < 300 ? null : `answered ${status}`)
      response.destroy()
    })
    posted.on('error', (error) => resolve(signal.aborted ? 'no answer in time' : reasonOf(error)))
    posted.on('close', () => resolve('the connection broke'))
    posted.end(body)
  })
}

/** The system's name for what went wrong; its message may hold what a receiver sent. */
function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'the connection broke'
}
