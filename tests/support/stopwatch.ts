/** How long something took, as the process felt it: a pause in which the machine ran others does not count. */

/** More than timers and the collector of garbage keep an idle process waiting. */
const PAUSE_MS = 50

/** Starts; the answered function stops, and answers milliseconds: of a pause only what the process itself used. */
export function stopwatch(): () => number {
  let felt = 0
  let last = { at: performance.now(), used: process.cpuUsage() }
  const tick = () => {
    const { user, system } = process.cpuUsage(last.used)
    felt += Math.min(performance.now() - last.at, PAUSE_MS + (user + system) / 1000)
    last = { at: performance.now(), used: process.cpuUsage() }
  }
  const ticking = setInterval(tick, PAUSE_MS / 5)
  return () => {
    clearInterval(ticking)
    tick()
    return felt
  }
}
