/** Long answers: the feed of a good as lines or Server-Sent Events, and the one clock that everyone hears. */
import type { ServerResponse } from 'node:http'
import type { FeedEvent } from '@auction/common/events'
import { endings } from '@auction/common/frames'
import { limits } from '@auction/common/requests'
import { safeJson } from '@auction/common/text'
import type { Context } from 'koa'
import type { Clock } from './clock.ts'
import type { Feed } from './feed.ts'
import type { Rates } from './rates.ts'
import type { Queries } from './store/queries.ts'

export interface Streams {
  /** Events after `since` as NDJSON; with `poll` the present ones only, else live until the good has ended. */
  ndjson(context: Context, goodId: number, since: number, poll: boolean): void
  /** Events after `since` as Server-Sent Events, until the good has ended; nothing, for good, when all is `over`. */
  sse(context: Context, goodId: number, since: number, over: boolean): void
  /** The server's clock, once a second, by one shared timer. */
  clock(context: Context): void
  close(): void
}

const TICK_MS = 1_000
/** Written to so many listeners before the event loop gets its turn (promises.md, trap 8). */
const SLICE = 250
const HEARTBEAT_MS = 15_000

export function createStreams({
  clock,
  feed,
  queries,
  rates,
}: {
  clock: Clock
  feed: Feed
  queries: Pick<Queries, 'events' | 'good'>
  rates: Pick<Rates, 'connect'>
}): Streams {
  const listeners = new Set<ServerResponse>()
  const open = new Set<ServerResponse>()
  let cancelTick = clock.schedule(clock.now() + TICK_MS, tick)
  let lastHeartbeat = 0

  function tick(): void {
    const now = clock.now()
    cancelTick = clock.schedule(now + TICK_MS, tick)
    writeInSlices([...listeners], `data: ${now}\n\n`)
    if (now - lastHeartbeat < HEARTBEAT_MS) return
    lastHeartbeat = now
    for (const response of open)
      if (response.getHeader('Content-Type') === 'text/event-stream') response.write(': \n\n')
  }

  /**
   * Answers null when nobody listens: a HEAD request, or a caller who left before the answer began and closes no more.
   * Throws RATE_LIMITED when the caller's address listens to as much as it may.
   */
  function begin(context: Context, type: string): ServerResponse | null {
    const { res } = context
    const uncount = rates.connect(context.ip)
    res.on('close', uncount)
    context.respond = false
    res.writeHead(200, {
      ...context.response.headers,
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    res.flushHeaders()
    res.on('error', () => res.destroy())
    if (context.method === 'HEAD') res.end()
    if (!res.destroyed && !res.writableEnded) return res
    uncount()
    return null
  }

  /** Tells one listener of a good's events; lets go of one that does not read. */
  function stream(
    context: Context,
    goodId: number,
    since: number,
    type: string,
    frame: (event: FeedEvent) => string,
  ): void {
    const response = begin(context, type)
    if (!response) return
    open.add(response)
    const stop = feed.follow(goodId, since, ({ events }) => {
      response.write(events.map(frame).join(''))
      if (events.some((event) => endings.includes(event.type))) response.end()
      else if (response.writableLength > limits.followerBytes) response.destroy()
    })
    response.on('close', () => {
      stop()
      open.delete(response)
    })
    void queries.good(goodId).then(
      // Resumed after its last event, an ended good has nothing more to say.
      (good) => good.status !== 'open' && good.seq <= since && response.end(),
      () => response.destroy(),
    )
  }

  return {
    ndjson(context, goodId, since, poll) {
      const line = (event: FeedEvent) => `${safeJson({ v: 1, ...event })}\n`
      if (!poll) return stream(context, goodId, since, 'application/x-ndjson', line)
      const response = begin(context, 'application/x-ndjson')
      if (!response) return
      void (async () => {
        let last = since
        for (;;) {
          const events = await queries.events(goodId, last, limits.eventPage)
          response.write(events.map(line).join(''))
          last = events.at(-1)?.seq ?? last
          if (events.length < limits.eventPage) break
        }
        response.end()
      })().catch(() => response.destroy())
    },
    sse(context, goodId, since, over) {
      if (over) {
        // 204 tells an EventSource not to come back.
        context.respond = false
        context.res.writeHead(204).end()
        return
      }
      stream(
        context,
        goodId,
        since,
        'text/event-stream',
        (event) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${safeJson(event)}\n\n`,
      )
    },
    clock(context) {
      const response = begin(context, 'text/event-stream')
      if (!response) return
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
    },
    close() {
      cancelTick()
      for (const response of [...listeners, ...open]) response.end()
    },
  }
}

function writeInSlices(responses: readonly ServerResponse[], text: string): void {
  for (const response of responses.slice(0, SLICE)) {
    if (response.writableLength > limits.followerBytes) response.destroy()
    else response.write(text)
  }
  if (responses.length > SLICE) setImmediate(writeInSlices, responses.slice(SLICE), text)
}
