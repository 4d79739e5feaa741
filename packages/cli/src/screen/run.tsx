/** `auction watch` on a terminal: wires the feed, the server's clock and the house to the screen. */
import type { Person } from '@auction/common/good'
import { toDecimal } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import { inServerTime } from '../connection.ts'
import { follow } from '../follow.ts'
import { fetchPicture, fetchPictureFrames } from '../picture-cells.ts'
import { createServerClock, type ServerClock } from '../server-clock.ts'
import { viewOf } from './app.tsx'
import { askHouse } from './effects.ts'
import { createFullPicture } from './full-picture.ts'
import { keymap } from './keymap.ts'
import { Screen } from './layout.tsx'
import { type Effect, initialModel, type Model, type Msg } from './model.ts'
import { createPause } from './pause.ts'
import { pictureName } from './picture.tsx'
import { pictureTaste } from './picture-taste.ts'
import { createStore, type Store } from './store.ts'
import { tellTime, zoneOf } from './time.ts'
import { update } from './update.ts'
import { inWindow, type Window, type WindowIo } from './window.tsx'

/** The countdown is redrawn ten times a second in its last minute, once a second before. */
const FAST_MS = 60_000

interface Watching {
  client: Client
  goodId: number
  me: Pick<Person, 'id' | 'nick'> | null
  /** Of a private good's room. */
  password?: string | undefined
  io: WindowIo
  /** Times in UTC, not of this machine's zone. */
  utc?: boolean
}

/**
 * Shows the good until it is left: 0 or `exitCode` after q, 130 after Ctrl-C, 128 and the signal's number after a signal.
 * `exitCode` is what q exits with, by how the good stands then. Throws AuctionError when the good cannot be followed at all,
 * and whatever breaks in the screen itself.
 */
export async function runScreen(
  watching: Watching & { exitCode?: (good: GoodView | null) => number },
): Promise<number> {
  return inWindow(watching.io, async (window) => {
    const { code, good } = await watchGood({ ...watching, window, canGoBack: false })
    return code || (watching.exitCode?.(good) ?? 0)
  })
}

/** Shows the good in the window until it is left, with the code of `runScreen`; null to go back to where one came from. */
export async function watchGood({
  client,
  goodId,
  me,
  password,
  io,
  utc,
  window,
  canGoBack,
}: Watching & { window: Window; canGoBack: boolean }): Promise<{ code: number | null; good: GoodView | null }> {
  const { taste, protocol } = pictureTaste(io)
  const leaving = new AbortController()
  const clock = createServerClock({ client })
  const outcome = Promise.withResolvers<number | null>()
  const settled = createPause()
  const showFully = createFullPicture(protocol)
  const run = (effect: Effect): unknown => {
    switch (effect.type) {
      case 'leave':
        return outcome.resolve(effect.code)
      case 'go_back':
        return outcome.resolve(null)
      case 'bell':
      case 'title':
      case 'copy':
      case 'suspend':
        return window.tell(effect)
      case 'showPicture':
        return showPicture(window, store, { io, client, leaving: leaving.signal, show: showFully })
      case 'fetchPicture':
        return settled.run(() => askHouse(effect, surroundings))
      default:
        return askHouse(effect, surroundings)
    }
  }
  const store = createStore<Model, Msg, Effect>(
    initialModel({
      me: me && { id: me.id, nick: me.nick },
      server: client.server,
      zone: zoneOf(utc),
      size: window.size(),
      colour: io.colour,
      pictures: taste,
      canGoBack,
      now: clock.now(),
    }),
    update,
    run,
  )
  const dispatch = (msg: Msg) => {
    if (!leaving.signal.aborted) store.dispatch(msg)
  }
  const fetchCells = (cells: Parameters<typeof fetchPictureFrames>[2]) =>
    fetchPictureFrames(client, goodId, cells, leaving.signal)
  const surroundings = { client, goodId, password, clock, fetchPicture: fetchCells, leaving: leaving.signal, dispatch }
  window.show(viewOf(store, keymap, (model) => <Screen model={model} />))
  const feed = followGood({ client, goodId, me, password, clock, store, dispatch, onHopeless: outcome.reject })
  const stopTicking = tellTime(
    clock,
    FAST_MS,
    () => leftOf(store.current(), clock),
    (time) => dispatch({ type: 'time', time }),
  )
  try {
    return { code: await Promise.race([outcome.promise, window.ended]), good: store.current().good }
  } finally {
    leaving.abort()
    settled.cancel()
    stopTicking()
    feed.close()
    clock.close()
    store.close()
    window.sayLast(parting(store.current()))
  }
}

interface PictureShowing {
  io: WindowIo
  client: Client
  leaving: AbortSignal
  show: ReturnType<typeof createFullPicture>
}

/** The good's picture in full, on the terminal as it is without the screen; where it shows none, in cells after all. */
async function showPicture(window: Window, store: Store<Model, Msg>, { io, client, leaving, show }: PictureShowing) {
  const model = store.current()
  const { good } = model
  if (good === null) return
  const looked = new AbortController()
  const signal = AbortSignal.any([leaving, looked.signal])
  await window.lend(async () => {
    const outcome = await show({
      io,
      size: window.size,
      name: pictureName(model),
      fetch: ({ width, height, as }) => fetchPicture(client, good.id, `fit=${width}x${height}&as=${as}`, signal),
      leaving,
    })
    looked.abort()
    if (leaving.aborted) return
    if (outcome === 'none') store.dispatch({ type: 'cells_only' })
    if (outcome === 'interrupted') store.dispatch({ type: 'leave', code: 130 })
  })
}

interface Following extends Pick<Watching, 'client' | 'goodId' | 'me' | 'password'> {
  clock: ServerClock
  store: Store<Model, Msg>
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
      dispatch({ type: 'feed', message: message.type === 'connection' ? inServerTime(message, now) : message, now })
    },
    onError(error) {
      if (store.current().good === null) onHopeless(error)
      else dispatch({ type: 'feed_ended', error })
    },
  })
}

/** Until the end of the good; infinite where nothing counts down. */
function leftOf({ good }: Model, clock: ServerClock): number {
  return good?.status === 'open' ? Date.parse(good.endsAt) - clock.now() : Number.POSITIVE_INFINITY
}

/** What somebody must know who leaves while a bid is on its way; otherwise nothing. */
function parting({ line, good }: Model): string {
  if (good === null || (line.step !== 'sending' && line.step !== 'unknown')) return ''
  const amount = toDecimal(line.amount, good.minimumBid.currency)
  const bid = line.kind === 'max' ? `--max ${amount}` : amount
  return `Whether your bid of ${amount} counted is unknown. Ask again: auction bid ${good.id} ${bid} --idempotency-key ${line.key}\n`
}
