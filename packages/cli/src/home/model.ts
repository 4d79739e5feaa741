/** The home screen as data: the tabs and what they hold, the filter, the news, the good under the cursor. */
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { Person } from '@auction/common/good'
import type { GoodView } from '@auction/common/view'
import type { ConnectionState } from '../connection.ts'
import type { PictureGrid } from '../picture-cells.ts'
import type { ScreenMsg } from '../screen/keyboard.ts'
import type { News } from '../screen/notices.ts'
import { noPicture, type PictureState, type PictureTaste, plainTaste } from '../screen/picture-state.ts'
import type { Time } from '../screen/time.ts'
import type { Signal, Size } from '../screen/window.tsx'
import { FRAME } from '../screen/words.ts'

export type Order = 'ending' | 'new' | 'price' | 'bids'
/** In the order in which `s` goes through them. */
export const orders: readonly Order[] = ['ending', 'new', 'price', 'bids']

/** Every tab: its title, whether it is of one's own, and how it is sorted at first. */
export const tabs = {
  live: { title: 'Live', own: false, order: 'new', empty: 'Nothing is for sale now. Sell something: auction sell' },
  ending: { title: 'Ending', own: false, order: 'ending', empty: 'Nothing is for sale now.' },
  mine: { title: 'Mine', own: true, order: 'new', empty: 'You sell nothing. Begin with: auction sell' },
  bids: { title: 'Bids', own: true, order: 'ending', empty: 'You have no bid on anything that is for sale now.' },
  won: { title: 'Won', own: true, order: 'new', empty: 'You have not won anything yet.' },
  ended: { title: 'Ended', own: false, order: 'new', empty: 'Nothing has ended yet.' },
} as const satisfies Record<string, { title: string; own: boolean; order: Order; empty: string }>
export type Tab = keyof typeof tabs
export const tabNames = Object.keys(tabs) as readonly Tab[]

/** What a tab holds, and where its cursor is. */
export interface Shelf {
  readonly ids: readonly number[]
  readonly order: Order
  /** Pages of the house asked for; `more` says that there is another. */
  readonly pages: number
  readonly more: boolean
  readonly loaded: boolean
  /** The good under the cursor, and its place: when it leaves, the one that comes to stand there takes over. */
  readonly cursor: { readonly id: number | null; readonly place: number }
}

export interface Home extends News {
  readonly me: Person | null
  readonly server: string
  readonly zone: string
  readonly size: Size
  readonly colour: boolean
  readonly tab: Tab
  readonly shelves: Readonly<Record<Tab, Shelf>>
  /** Each good that is on a shelf, as last told. */
  readonly goods: ReadonlyMap<number, GoodView>
  /** Words a good must have; `typing` while they are changed. */
  readonly filter: { readonly text: string; readonly typing: boolean }
  readonly connection: ConnectionState
  readonly time: Time
  readonly panel: 'help' | 'none'
  /** Rows of the help above the ones in sight. */
  readonly panelScroll: number
  /** Of the good under the cursor. */
  readonly picture: PictureState
  readonly pictures: PictureTaste
  /** Why nothing more will come; null while it may. */
  readonly fault: AuctionError | null
  /** The tab that could not be fetched, as was told; null once it could. */
  readonly failure: { readonly tab: Tab; readonly text: string } | null
  /** Goods one has bid on, as last told, on a shelf or not. */
  readonly bidOn: ReadonlyMap<number, GoodView>
}

/** What happens to the screen, and what its person does. */
export type Msg = NewsMsg | KeyMsg

type NewsMsg =
  | { readonly type: 'time'; readonly time: Time }
  | { readonly type: 'resized'; readonly size: Size }
  | { readonly type: 'connection'; readonly state: ConnectionState }
  /** What the house tells everyone. */
  | { readonly type: 'event'; readonly event: FeedEvent }
  | { readonly type: 'feed_ended'; readonly error: AuctionError }
  /** Time to look whether prices and ends have moved. */
  | { readonly type: 'look' }
  | {
      readonly type: 'goods'
      readonly wanted: Wanted
      readonly items: readonly GoodView[]
      readonly more: boolean
    }
  | { readonly type: 'fetch_failed'; readonly wanted: Wanted; readonly error: AuctionError }
  | { readonly type: 'picture'; readonly asked: string; readonly grid: PictureGrid | null }
  /** From a good back to the list; `error` when it could not be shown. */
  | { readonly type: 'returned'; readonly error: AuctionError | null }

export type KeyMsg =
  | { readonly type: 'tab'; readonly to: Tab }
  | { readonly type: 'sort' }
  | { readonly type: 'open' }
  | { readonly type: 'edit_filter' }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'erase' }
  | { readonly type: 'keep_filter' }
  | { readonly type: 'escape' }
  | ScreenMsg

/** What a shelf is filled with. */
export interface Wanted {
  readonly tab: Tab
  readonly order: Order
  readonly filter: string
  readonly pages: number
}

export type Effect =
  /** `settled` waits until nothing else is wanted for a moment. */
  | { readonly type: 'fetch'; readonly wanted: Wanted; readonly settled: boolean }
  | { readonly type: 'fetchPicture'; readonly goodId: number; readonly columns: number; readonly rows: number }
  | { readonly type: 'open'; readonly good: GoodView }
  | { readonly type: 'leave'; readonly code: number }
  | Signal

export type Change = readonly [Home, readonly Effect[]]

/** The screen before anything is known. */
export function initialHome(
  known: Pick<Home, 'me' | 'server' | 'zone' | 'size' | 'colour'> & { pictures?: PictureTaste; now: number },
): Home {
  const { now, pictures = plainTaste, ...rest } = known
  const shelf = (tab: Tab): Shelf => {
    return { ids: [], order: tabs[tab].order, pages: 1, more: false, loaded: false, cursor: { id: null, place: 0 } }
  }
  const shelves = Object.fromEntries(tabNames.map((tab) => [tab, shelf(tab)])) as Record<Tab, Shelf>
  return {
    ...rest,
    tab: 'live',
    shelves,
    goods: new Map(),
    filter: { text: '', typing: false },
    connection: { state: 'connecting', attempt: 0, retryAt: null },
    time: { now, skewMs: null, roundTripMs: null },
    panel: 'none',
    panelScroll: 0,
    picture: noPicture,
    pictures,
    notice: null,
    notices: [],
    noticeBack: null,
    muted: false,
    fault: null,
    failure: null,
    bidOn: new Map(),
  }
}

export const shelfOf = ({ shelves, tab }: Home): Shelf => shelves[tab]

/** What the tab in sight is to be filled with. */
export function wantedOf({ shelves, filter }: Home, tab: Tab): Wanted {
  const { order, pages } = shelves[tab]
  return { tab, order, filter: filter.text.trim(), pages }
}

/** The good under the cursor; null on an empty shelf. */
export function chosen(home: Home): GoodView | null {
  const { id } = shelfOf(home).cursor
  return id === null ? null : (home.goods.get(id) ?? null)
}

/** Whether the tab in sight is for somebody who is logged in, and nobody is. */
export const needsLogin = ({ tab, me }: Home): boolean => tabs[tab].own && me === null

const HEADER_ROWS = 2
const FOOTER_ROWS = 2
const PREVIEW_FROM = 120
const PREVIEW_COLUMNS = 46
/** Of the preview, what the picture may take. */
const PICTURE_SHARE = 0.5

/** Cells of the table's and the preview's boxes; the preview has none in a narrow window. */
export function boxesOf({ size: { columns, rows } }: Pick<Home, 'size'>) {
  const preview = columns >= PREVIEW_FROM ? PREVIEW_COLUMNS : 0
  const height = rows - HEADER_ROWS - FOOTER_ROWS
  const picture = Math.floor((height - FRAME.rows) * PICTURE_SHARE)
  return { height, table: columns - preview, preview, picture }
}
