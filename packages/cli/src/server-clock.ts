/** The server's clock on this machine: the monotonic clock plus an offset learnt from the house, whatever the wall clock says. */
import { EventSource } from 'eventsource'
import type { Client } from './client.ts'

/** Samples that count; older ones know less about a connection and a clock that both drift. */
const SAMPLES = 8
const PROBE_MS = 5_000
const AGAIN_MS = 5_000

/** A moment of the server's clock; `sentAt` is null for a tick that nobody asked for. Both others are monotonic. */
interface Sample {
  readonly serverMs: number
  readonly sentAt: number | null
  readonly receivedAt: number
}

export interface ServerClock {
  /** Epoch ms of the server; before the first sample this machine's wall clock as it was at the start, counted on. */
  now(): number
  /** Server's clock minus the monotonic clock; null before the first sample. */
  offsetMs(): number | null
  /** This machine's wall clock minus the server's; null before the first sample. */
  skewMs(): number | null
  /** The quickest of the last round trips; null before the first. */
  roundTripMs(): number | null
  /** A round trip that brought a moment of the server's clock; `sentAt` and `receivedAt` are monotonic. */
  sample(serverMs: number, sentAt: number, receivedAt: number): void
  close(): void
}

/** Listens to the ticks of GET /sse and times round trips until closed. A house that is away only makes it wait. */
export function createServerClock({
  client,
  monotonic = () => performance.now(),
  wall = Date.now,
}: {
  client: Client
  monotonic?: () => number
  wall?: () => number
}): ServerClock {
  const start = wall() - monotonic()
  const samples: Sample[] = []
  const roundTrips: number[] = []
  const closed = new AbortController()
  let offset: number | null = null

  const roundTripMs = () => (roundTrips.length > 0 ? Math.min(...roundTrips) : null)
  const learn = (sample: Sample) => {
    keepLast(samples, sample)
    if (sample.sentAt !== null) keepLast(roundTrips, sample.receivedAt - sample.sentAt)
    offset = offsetOf(samples, roundTripMs() ?? 0)
  }
  const probe = async () => {
    const sentAt = monotonic()
    try {
      await client.call('live', { signal: closed.signal })
      keepLast(roundTrips, monotonic() - sentAt)
    } catch {
      // No answer, no round trip: the connection's own state tells people about it.
    }
  }
  void probe()
  const prober = setInterval(() => void probe(), PROBE_MS)
  const stopTicks = listenToTicks(`${client.server}/sse`, (serverMs) =>
    learn({ serverMs, sentAt: null, receivedAt: monotonic() }),
  )

  return {
    now: () => monotonic() + (offset ?? start),
    offsetMs: () => offset,
    skewMs: () => (offset === null ? null : wall() - (monotonic() + offset)),
    roundTripMs,
    sample: (serverMs, sentAt, receivedAt) => learn({ serverMs, sentAt, receivedAt }),
    close() {
      closed.abort()
      clearInterval(prober)
      stopTicks()
    },
  }
}

/**
 * The offset that agrees best with all samples. Each bounds it: the server's clock showed `serverMs` before it was received
 * and, in a round trip, after it was asked for. A tick's delay is taken to be within the quickest round trip.
 */
export function offsetOf(samples: readonly Sample[], roundTripMs: number): number | null {
  const newest = samples.at(-1)
  if (!newest) return null
  const least = ({ serverMs, receivedAt }: Sample) => serverMs - receivedAt
  const most = (sample: Sample) => (sample.sentAt === null ? Number.POSITIVE_INFINITY : sample.serverMs - sample.sentAt)
  const lower = Math.max(...samples.map(least))
  const upper = Math.min(lower + roundTripMs, ...samples.map(most))
  if (upper >= lower) return (lower + upper) / 2
  // They contradict each other: one of the clocks was set. The newest is right about the present.
  return Math.min((least(newest) + Math.min(most(newest), least(newest) + roundTripMs)) / 2, most(newest))
}

function keepLast<T>(ring: T[], value: T): void {
  ring.push(value)
  if (ring.length > SAMPLES) ring.shift()
}

/** Hears every tick of the stream at `url`, connecting again for as long as it takes; answers what stops it. */
function listenToTicks(url: string, onTick: (serverMs: number) => void): () => void {
  let again: NodeJS.Timeout | undefined
  let source: EventSource
  const open = () => {
    source = new EventSource(url)
    source.addEventListener('message', ({ data }) => {
      if (/^[0-9]{12,15}$/.test(String(data))) onTick(Number(data))
    })
    source.addEventListener('error', () => {
      // It tries again by itself after a lost connection, but not after an answer that is no stream.
      if (source.readyState !== EventSource.CLOSED) return
      clearTimeout(again)
      again = setTimeout(open, AGAIN_MS)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}
