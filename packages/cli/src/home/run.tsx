/** `auction` on a terminal: wires the house-wide feed, the lists and the server's clock to the home screen, and opens goods. */
import type { User } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import { inServerTime } from '../connection.ts'
import { followHouse } from '../follow.ts'
import { Escaped } from '../interruption.ts'
import type { Page } from '../pages.ts'
import { fetchPictureFrames } from '../picture-cells.ts'
import { viewOf } from '../screen/app.tsx'
import { createPause, type Pause } from '../screen/pause.ts'
import { pictureTaste } from '../screen/picture-taste.ts'
import { watchGood } from '../screen/run.tsx'
import { createStore } from '../screen/store.ts'
import { tellTime, zoneOf } from '../screen/time.ts'
import { inWindow, type Window, type WindowIo } from '../screen/window.tsx'
import { createServerClock, type ServerClock } from '../server-clock.ts'
import { keymap } from './keymap.ts'
import { HomeScreen } from './layout.tsx'
import { type Effect, type Home, initialHome, type Msg, shelfOf, type Wanted } from './model.ts'
import { update } from './update.ts'

/** Prices and ends that others move are looked at this often. */
const LOOK_MS = 5_000
const PAGE = 100
/** Only the tenths of the last ten seconds need more than a redraw a second. */
const FAST_MS = 10_000

interface Visit {
  client: Client
  me: User | null
  io: WindowIo
  /** Times in UTC, not of this machine's zone. */
  utc: boolean
  /** Asks, on a terminal lent for it, for the password of a room; undefined where none is needed. */
  roomPassword(good: GoodView): Promise<string | undefined>
}

/** Shows the house until it is left: 0 after q, 130 after Ctrl-C, 128 and the signal's number after a signal. */
export async function runHome(visit: Visit): Promise<number> {
  return inWindow(visit.io, (window) => showHome(visit, window))
}

async function showHome(visit: Visit, window: Window): Promise<number> {
  const { client } = visit
  const leaving = new AbortController()
  const clock = createServerClock({ client })
  const dispatch = (msg: Msg) => {
    if (!leaving.signal.aborted) store.dispatch(msg)
  }
  const edge = createEdge({ visit, window, signal: leaving.signal, dispatch, show: () => window.show(view) })
  const store = createStore<Home, Msg, Effect>(firstHome(visit, window, clock), update, edge.run)
  const view = viewOf(store, keymap, (home) => <HomeScreen home={home} />)
  window.tell({ type: 'title', text: 'auction' })
  window.show(view)
  dispatch({ type: 'look' })
  const feed = followHouse({
    client,
    onEvent: (event) => dispatch({ type: 'event', event }),
    onConnection: (state) => dispatch({ type: 'connection', state: inServerTime(state, clock.now()) }),
    onError: (error) => dispatch({ type: 'feed_ended', error }),
  })
  const looking = setInterval(() => edge.watching() || dispatch({ type: 'look' }), LOOK_MS)
  const stopTicking = tellTime(
    clock,
    FAST_MS,
    () => nextEnd(store.current(), clock.now()),
    (time) => dispatch({ type: 'time', time }),
  )
  try {
    return await Promise.race([edge.left, window.ended])
  } finally {
    leaving.abort()
    edge.close()
    clearInterval(looking)
    stopTicking()
    feed.close()
    clock.close()
    store.close()
  }
}

/** What the screen's effects do; `left` settles with the code to end with. */
function createEdge(scene: {
  visit: Visit
  window: Window
  signal: AbortSignal
  dispatch(msg: Msg): void
  show(): void
}) {
  const { visit, window, signal, dispatch, show } = scene
  const left = Promise.withResolvers<number>()
  const asking: Asking = { client: visit.client, signal, dispatch }
  const pauses = new Map<string, Pause>()
  const settled = (what: string, act: () => unknown) => {
    const pause = pauses.get(what) ?? createPause()
    pauses.set(what, pause)
    pause.run(act)
  }
  let watching = false
  const watch = async (good: GoodView) => {
    watching = true
    const end = await open(good, visit, window)
    watching = false
    if ('code' in end && end.code !== null) return left.resolve(end.code)
    show()
    window.tell({ type: 'title', text: 'auction' })
    dispatch({ type: 'resized', size: window.size() })
    dispatch({ type: 'returned', error: 'error' in end ? end.error : null })
  }
  const run = (effect: Effect): unknown => {
    switch (effect.type) {
      case 'fetch': {
        const { wanted } = effect
        const what = `${wanted.tab}${wanted.filter === '' ? '' : ' filtered'}`
        return effect.settled ? settled(what, () => fetch(wanted, asking)) : fetch(wanted, asking)
      }
      case 'fetchPicture':
        return settled('picture', () => fetchPicture(effect, asking))
      case 'open':
        // Enter pressed twice, the second time before the good was there.
        return watching ? undefined : watch(effect.good).catch(left.reject)
      case 'leave':
        return left.resolve(effect.code)
      default:
        // Whoever watches a good hears the bell of that one alone.
        return watching ? undefined : window.tell(effect)
    }
  }
  const close = () => {
    for (const pause of pauses.values()) pause.cancel()
  }
  return { run, left: left.promise, watching: () => watching, close }
}

function firstHome({ client, me, io, utc }: Visit, window: Window, clock: ServerClock): Home {
  return initialHome({
    me: me && { id: me.id, nick: me.nick },
    server: client.server,
    zone: zoneOf(utc),
    size: window.size(),
    colour: io.colour,
    pictures: pictureTaste(io).taste,
    now: clock.now(),
  })
}

/** The good until it is left, or its password not given; the error when it cannot be shown. */
async function open(good: GoodView, { client, me, io, utc, roomPassword }: Visit, window: Window) {
  try {
    let password: string | undefined
    if (good.private)
      await window.lend(async () => {
        password = await roomPassword(good)
      })
    return await watchGood({ client, goodId: good.id, me, password, io, utc, window, canGoBack: true })
  } catch (error) {
    if (error instanceof AuctionError) return { error }
    if (error instanceof Escaped) return { code: null }
    throw error
  }
}

interface Asking {
  readonly client: Client
  readonly signal: AbortSignal
  dispatch(msg: Msg): void
}

/** As many pages of a tab as are wanted; its failure is a message too. Never rejects. */
async function fetch(wanted: Wanted, { client, signal, dispatch }: Asking): Promise<void> {
  try {
    const items: GoodView[] = []
    let cursor: string | undefined
    for (let page = 0; page < wanted.pages; page++) {
      const { items: more, next } = await pageOf(wanted, cursor, client, signal)
      items.push(...more)
      cursor = next ?? undefined
      if (next === null) break
    }
    dispatch({ type: 'goods', wanted, items, more: cursor !== undefined })
  } catch (thrown) {
    const error = thrown instanceof AuctionError ? thrown : new AuctionError('FAILED', undefined, { cause: thrown })
    dispatch({ type: 'fetch_failed', wanted, error })
  }
}

function pageOf(
  { tab, order: sort, filter }: Wanted,
  cursor: string | undefined,
  client: Client,
  signal: AbortSignal,
): Promise<Page<GoodView>> {
  const query = { sort, limit: PAGE, cursor, q: filter === '' ? undefined : filter }
  switch (tab) {
    case 'live':
    case 'ending':
      return client.call('goods', { query: { ...query, status: 'live' }, signal })
    case 'ended':
      return client.call('goods', { query: { ...query, status: 'ended' }, signal })
    case 'bids':
      return client.call('goods', { query: { ...query, status: 'live', bidder: 'me' }, signal })
    case 'mine':
      return client.call('mySales', { query, signal })
    case 'won':
      return client.call('myWon', { query, signal })
    default:
      return tab satisfies never
  }
}

async function fetchPicture(
  { goodId, columns, rows }: Extract<Effect, { type: 'fetchPicture' }>,
  { client, signal, dispatch }: Asking,
): Promise<void> {
  // A picture is worth no notice: words stand in its place.
  const picture = await fetchPictureFrames(client, goodId, { columns, rows, moving: false }, signal).catch(() => null)
  const grid = picture && { width: picture.width, height: picture.height, rows: picture.frames[0].rows }
  dispatch({ type: 'picture', asked: `${goodId} ${columns}x${rows}`, grid })
}

/** How long until the next good in sight ends, ms; infinite when none does. */
function nextEnd(home: Home, now: number): number {
  const ends = shelfOf(home).ids.flatMap((id) => {
    const good = home.goods.get(id)
    return good?.status === 'open' && Date.parse(good.endsAt) > now ? [Date.parse(good.endsAt) - now] : []
  })
  return Math.min(...ends)
}
