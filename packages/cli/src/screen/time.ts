/** The server's time on a screen: told as often as what counts down needs it. */
import type { ServerClock } from '../server-clock.ts'

const QUICK_TICK_MS = 100
const SLOW_TICK_MS = 1_000

/** Server time, epoch ms; `skewMs` is this machine's wall clock minus it. */
export interface Time {
  readonly now: number
  readonly skewMs: number | null
  readonly roundTripMs: number | null
}

/** The zone that times are shown in; what TZ says is heeded where it names one. */
export const zoneOf = (utc: boolean | undefined): string =>
  utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone

/**
 * Tells the time on the countdown's own seconds: once a second, and ten times while what `leftMs` says is left is at most
 * `fastMs`; until stopped.
 */
export function tellTime(
  clock: Pick<ServerClock, 'now' | 'skewMs' | 'roundTripMs'>,
  fastMs: number,
  leftMs: () => number,
  tell: (time: Time) => void,
): () => void {
  let timer: NodeJS.Timeout
  const next = () => {
    tell({ now: clock.now(), skewMs: clock.skewMs(), roundTripMs: clock.roundTripMs() })
    const left = leftMs()
    const running = left > 0 && left <= fastMs
    const wait = running ? QUICK_TICK_MS : left > 0 && Number.isFinite(left) ? (left % SLOW_TICK_MS) + 1 : SLOW_TICK_MS
    timer = setTimeout(next, wait)
  }
  next()
  return () => clearTimeout(timer)
}
