/** `auction watch` on a terminal: wires the feed, the server's clock and the house to the screen, and leaves the terminal whole. */

import type { Person } from '@auction/common/good'
import { toDecimal } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import { render } from 'ink'
import type { Client } from '../client.ts'
import { wallTime } from '../connection.ts'
import { follow } from '../follow.ts'
import type { Io } from '../io.ts'
import { fetchPictureGrid } from '../picture-cells.ts'
import { createServerClock, type ServerClock } from '../server-clock.ts'
import { App, type SuspendTerminal } from './app.tsx'
import { askHouse } from './effects.ts'
import { type Effect, type HouseEffect, initialModel, type Model, type Msg, type TerminalEffect } from './model.ts'
import { createStore, type Store } from './store.ts'
import { suspendProcess, watchSignals } from './terminal.ts'

/** The countdown is redrawn ten times a second in its last minute, once a second before. */
const FAST_MS = 60_000
const QUICK_TICK_MS = 100
const SLOW_TICK_MS = 1_000
/** A window that is being resized asks for no picture of every size it passes. */
const SETTLED_MS = 150

interface ScreenOptions {
  client: Client
  goodId: number
  me: Pick<Person, 'id' | 'nick'> | null
  /** Of a private good's room. */
  password?: string | undefined
  io: Pick<Io, 'stdin' | 'stdout' | 'stderr' | 'env' | 'err' | 'colour'>
  /** What q exits with, by how the good stands then; otherwise 0. */
  exitCode?: (good: GoodView | null) => number
}

/**
 * Shows the good until it is left: 0 or `exitCode` after q, 130 after Ctrl-C, 128 and the signal's number after a signal.
 * Throws AuctionError when the good cannot be followed at all, and whatever breaks in the screen itself.
 */
export async function runScreen({
  client,
  goodId,
  me,
  password,
  io,
  exitCode = () => 0,
}: ScreenOptions): Promise<number> {
  const leaving = new AbortController()
  const clock = createServerClock({ client })
  const terminal = { suspend: null as SuspendTerminal | null }
  const outcome = Promise.withResolvers<number>()
  const store = createStore(
    initialModel({
      me: me && { id: me.id, nick: me.nick },
      server: client.server,
      zone: io.env.TZ || Intl.DateTimeFormat().resolvedOptions().timeZone,
      size: sizeOf(io),
      colour: io.colour,
      now: clock.now(),
    }),
    (effect) => run(effect),
  )
  const dispatch = (msg: Msg) => {
    if (!leaving.signal.aborted) store.dispatch(msg)
  }
  const fetchPicture = (columns: number, rows: number) =>
    fetchPictureGrid(client, goodId, { columns, rows }, leaving.signal)
  const ask = (effect: HouseEffect) =>
    askHouse(effect, { client, goodId, password, clock, fetchPicture, leaving: leaving.signal, dispatch })
  const [settled, repaint] = [createPause(SETTLED_MS), createPause(SETTLED_MS)]
  const run = (effect: Effect): unknown => {
    switch (effect.type) {
      case 'leave':
        return outcome.resolve(effect.code)
      case 'suspend':
        // The terminal is the shell's meanwhile.
        repaint.cancel()
        return terminal.suspend && suspendProcess(terminal.suspend)
      case 'bell':
      case 'title':
      case 'copy':
        return io.stdout.write(escapeFor(effect))
      case 'fetchPicture':
        return settled.run(() => ask(effect))
      default:
        return ask(effect)
    }
  }
  const resized = () => {
    dispatch({ type: 'resized', size: sizeOf(io) })
    // A frame may have met a window that was of another size again by then: what it left there, no later frame would wipe.
    repaint.run(() => {
      screen.clear()
      io.stdout.write(WIPE)
      screen.rerender(app())
    })
  }
  io.stdout.on('resize', resized)
  io.stdout.write(KEEP_TITLE)
  const onReady = (suspend: SuspendTerminal) => Object.assign(terminal, { suspend })
  const app = () => <App store={store} onReady={onReady} />
  const screen = render(app(), {
    stdin: io.stdin as NodeJS.ReadStream,
    stdout: io.stdout as NodeJS.WriteStream,
    stderr: io.stderr as NodeJS.WriteStream,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 30,
    exitOnCtrlC: false,
  })
  const stopSignals = watchSignals({ onSignal: outcome.resolve, onError: outcome.reject, restore: screen.unmount })
  screen.waitUntilExit().then(() => outcome.resolve(0), outcome.reject)
  const feed = followGood({ client, goodId, me, password, clock, store, dispatch, onHopeless: outcome.reject })
  const stopTicking = tick(clock, store, dispatch)
  try {
    return (await outcome.promise) || exitCode(store.current().good)
  } finally {
    leaving.abort()
    settled.cancel()
    repaint.cancel()
    stopTicking()
    feed.close()
    clock.close()
    store.close()
    io.stdout.off('resize', resized)
    screen.unmount()
    await screen.waitUntilExit().catch(() => {})
    stopSignals()
    io.stdout.write(RESTORE_TITLE)
    io.err(parting(store.current()))
  }
}

/** Only the last of what is to be done in quick succession is done. */
function createPause(ms: number): { run(act: () => unknown): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined
  return {
    run(act) {
      clearTimeout(timer)
      timer = setTimeout(act, ms)
    },
    cancel: () => clearTimeout(timer),
  }
}

/** What the terminal keeps: its title is put on its stack, and taken back from it. */
const KEEP_TITLE = '\u001b[22;2t'
const RESTORE_TITLE = '\u001b[23;2t'
/** An empty window, written from its first cell on. */
const WIPE = '\u001b[2J\u001b[H'

function sizeOf({ stdout }: Pick<Io, 'stdout'>): Model['size'] {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 }
}

/** What a terminal understands as bell, title, clipboard. The text has passed safeText on its way in. */
function escapeFor(effect: Extract<TerminalEffect, { type: 'bell' | 'title' | 'copy' }>): string {
  if (effect.type === 'bell') return '\u0007'
  if (effect.type === 'title') return `\u001b]2;${effect.text}\u0007`
  return `\u001b]52;c;${Buffer.from(effect.text).toString('base64')}\u0007`
}

interface Following extends Pick<ScreenOptions, 'client' | 'goodId' | 'me' | 'password'> {
  clock: ServerClock
  store: Store
  dispatch(msg: Msg): void
  onHopeless(error: Error): void
}

/** The feed's messages in server time. A feed that ends before it began ends the screen. */
function followGood({ client, goodId, me, password, clock, store, dispatch, onHopeless }: Following): {
  close(): void
} {
  return follow({
    client,
    goodId,
    password,
    userId: me?.id ?? null,
    onMessage(message) {
      const now = clock.now()
      if (message.type !== 'connection' || message.retryAt === null) return dispatch({ type: 'feed', message, now })
      const retryAt = now + message.retryAt - wallTime()
      dispatch({ type: 'feed', message: { ...message, retryAt }, now })
    },
    onError(error) {
      if (store.current().good === null) onHopeless(error)
      else dispatch({ type: 'feed_ended', error })
    },
  })
}

/** Tells the time as often as the countdown needs it, on its own seconds. */
function tick(clock: ServerClock, store: Store, dispatch: (msg: Msg) => void): () => void {
  let timer: NodeJS.Timeout
  const next = () => {
    const now = clock.now()
    dispatch({ type: 'time', time: { now, skewMs: clock.skewMs(), roundTripMs: clock.roundTripMs() } })
    const { good } = store.current()
    const left = good?.status === 'open' ? Date.parse(good.endsAt) - now : Number.POSITIVE_INFINITY
    const running = left > 0 && left <= FAST_MS
    const wait = running ? QUICK_TICK_MS : left > 0 && Number.isFinite(left) ? (left % SLOW_TICK_MS) + 1 : SLOW_TICK_MS
    timer = setTimeout(next, wait)
  }
  next()
  return () => clearTimeout(timer)
}

/** What somebody must know who leaves while a bid is on its way; otherwise nothing. */
function parting({ line, good }: Model): string {
  if (good === null || (line.step !== 'sending' && line.step !== 'unknown')) return ''
  const amount = toDecimal(line.amount, good.minimumBid.currency)
  const bid = line.kind === 'max' ? `--max ${amount}` : amount
  return `Whether your bid of ${amount} counted is unknown. Ask again: auction bid ${good.id} ${bid} --idempotency-key ${line.key}\n`
}
