/** The server's one clock: what time it is and when to wake, injectable so that tests can move it. */
import { setTimeout as timer } from 'node:timers'

export interface Clock {
  /** UTC epoch milliseconds; never goes back while the process lives. */
  now(): number
  /** Runs `run` once at or after `at` (epoch ms), never before it; answers a function that cancels. */
  schedule(at: number, run: () => void): () => void
}

/** No timer sleeps longer: a suspended machine or a long delay must not carry a wrong target (promises.md, trap 11). */
const LONGEST_SLEEP_MS = 60_000
/** Share of elapsed time by which the clock may move towards the wall clock: follows drift, ignores steps. */
const SLEW_RATE = 0.0005

/** The real clock: the monotonic clock set to the wall once, then slewed, so that a stepped wall clock moves no deadline. */
export function systemClock(wall: () => number = Date.now, monotonic: () => number = () => performance.now()): Clock {
  let lastTick = monotonic()
  let time = wall()
  const now = () => {
    const tick = monotonic()
    const elapsed = tick - lastTick
    const drift = wall() - (time + elapsed)
    time += elapsed + Math.max(-elapsed * SLEW_RATE, Math.min(elapsed * SLEW_RATE, drift))
    lastTick = tick
    return Math.floor(time)
  }
  return {
    now,
    schedule(at, run) {
      let handle: NodeJS.Timeout
      const arm = () => {
        const wait = at - now()
        if (wait <= 0) run()
        else handle = timer(arm, Math.min(wait, LONGEST_SLEEP_MS))
      }
      handle = timer(arm, Math.max(0, Math.min(at - now(), LONGEST_SLEEP_MS)))
      return () => clearTimeout(handle)
    },
  }
}
