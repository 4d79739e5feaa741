/** A clock that stands still until a test moves it. */
import type { Clock } from '../../packages/server/src/clock.ts'

export interface FakeClock extends Clock {
  /** Moves time on by `ms`, running what falls due on the way, in order. */
  advance(ms: number): Promise<void>
}

export function fakeClock(start = Date.UTC(2026, 10, 22, 12)): FakeClock {
  let time = start
  const waiting = new Set<{ at: number; run: () => void }>()
  return {
    now: () => time,
    schedule(at, run) {
      const entry = { at, run }
      waiting.add(entry)
      // What is due already waits for no `advance`, as with the real clock.
      if (at <= time) setImmediate(() => waiting.delete(entry) && run())
      return () => void waiting.delete(entry)
    },
    async advance(ms) {
      const end = time + ms
      for (;;) {
        const next = [...waiting].filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        waiting.delete(next)
        time = Math.max(time, next.at)
        next.run()
        await new Promise((resolve) => setImmediate(resolve))
      }
      time = end
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
