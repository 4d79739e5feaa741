/** The screen as data: what it knows, what may happen to it, what follows. No clock, no chance, nothing fetched here. */
import type { BidAnswer, ChatLine } from '@auction/common/answers'
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { Increment, Person } from '@auction/common/good'
import { incrementAt } from '@auction/common/increments'
import type { GoodView } from '@auction/common/view'
import type { ConnectionState } from '../connection.ts'
import type { FeedMessage } from '../follow.ts'
import type { PictureFrame, PictureGrid } from '../picture-cells.ts'
import { type BidFacts, type BidKind, type BidLine, type BidStep, closedLine } from './bid-line.ts'
import { type History, noHistory } from './bid-rows.ts'
import { type Chat, quiet } from './chat.ts'
import type { ScreenMsg } from './keyboard.ts'
import { type LogRow, outcomeOf } from './news.ts'
import type { News } from './notices.ts'
import { noPicture, type PictureState, type PictureTaste, plainTaste } from './picture-state.ts'
import type { Time } from './time.ts'
import type { Signal, Size } from './window.tsx'

/** What can take the place of the panes. */
export type Panel = 'help' | 'description' | 'picture'

export interface Model extends News, History {
  readonly me: Person | null
  readonly server: string
  /** Whether there is a list of goods to go back to. */
  readonly canGoBack: boolean
  /** Time zone of the times shown, IANA. */
  readonly zone: string
  readonly size: Size
  readonly good: GoodView | null
  /** What only the first event of the log tells. */
  readonly terms: { readonly listedAt: number; readonly increment: Increment | null } | null
  /** How many of the newest rows of bids are above the window. */
  readonly scroll: number
  /** Newest last. */
  readonly activity: readonly LogRow[]
  /** `since` is when it stopped being live, server time; `retryAt` too. */
  readonly connection: ConnectionState & { readonly since: number | null }
  readonly time: Time
  readonly chat: Chat
  /** What the arrows scroll. */
  readonly focus: 'bids' | 'chat'
  readonly line: BidLine
  readonly extended: { readonly byMs: number; readonly at: number; readonly outage: boolean } | null
  readonly panel: Panel | 'none'
  /** Rows of the open panel above the window. */
  readonly panelScroll: number
  readonly picture: PictureState
  readonly pictures: PictureTaste
  /** Whether there are colours. */
  readonly colour: boolean
  readonly sessionExpired: boolean
  /** Why nothing more will come; null while it may. */
  readonly fault: AuctionError | null
}

/** What happens to the screen, and what its person does. */
export type Msg = NewsMsg | KeyMsg

type NewsMsg =
  | { readonly type: 'feed'; readonly message: FeedMessage; readonly now: number }
  | { readonly type: 'feed_ended'; readonly error: AuctionError }
  | { readonly type: 'time'; readonly time: Model['time'] }
  | { readonly type: 'resized'; readonly size: Model['size'] }
  | { readonly type: 'events'; readonly epoch: string; readonly events: readonly FeedEvent[] }
  | { readonly type: 'good'; readonly good: GoodView }
  | { readonly type: 'terms'; readonly terms: NonNullable<Model['terms']> }
  | { readonly type: 'fetch_failed'; readonly error: AuctionError }
  | { readonly type: 'bid_answered'; readonly key: string; readonly answer: BidAnswer }
  | { readonly type: 'bid_refused'; readonly key: string; readonly error: AuctionError }
  | {
      readonly type: 'picture'
      readonly asked: string
      readonly grid: PictureGrid | null
      readonly frames?: readonly PictureFrame[]
    }
  /** The frame that was waited for. */
  | { readonly type: 'frame'; readonly turn: number }
  /** The terminal shows no more than cells. */
  | { readonly type: 'cells_only' }
  | { readonly type: 'chat'; readonly lines: readonly ChatLine[] }
  | { readonly type: 'said'; readonly key: string; readonly line: ChatLine }
  | { readonly type: 'unsaid'; readonly key: string; readonly error: AuctionError }

export type KeyMsg =
  | { readonly type: 'open_bid'; readonly kind: BidKind }
  | { readonly type: 'fill_minimum' }
  | { readonly type: 'step'; readonly by: 1 | -1 }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'pasted'; readonly text: string }
  | { readonly type: 'erase' }
  /** `at` is monotonic; `key` is fresh and becomes the bid's if this places one. */
  | { readonly type: 'enter'; readonly at: number; readonly key: string }
  | { readonly type: 'escape' }
  | { readonly type: 'open_chat' }
  /** `key` is fresh and becomes the line's if there is something to say. */
  | { readonly type: 'say'; readonly key: string }
  | { readonly type: 'next_pane' }
  | { readonly type: 'panel'; readonly panel: Panel }
  | { readonly type: 'go_back' }
  | ScreenMsg

/** What the edge does for the screen. */
export type Effect = HouseEffect | TerminalEffect

/** Calls of the house, and waiting; `afterMs` is how long to wait first. */
export type HouseEffect =
  | {
      readonly type: 'placeBid'
      readonly key: string
      readonly kind: BidKind
      readonly amount: number
      readonly afterMs: number
    }
  /** The newest events of a log that ends there. */
  | { readonly type: 'fetchEvents'; readonly upTo: number }
  | { readonly type: 'fetchGood' }
  | { readonly type: 'fetchTerms' }
  | { readonly type: 'fetchChat' }
  | {
      readonly type: 'fetchPicture'
      readonly asked: string
      readonly columns: number
      readonly rows: number
      readonly moving: boolean
    }
  | { readonly type: 'awaitFrame'; readonly turn: number; readonly afterMs: number }
  | { readonly type: 'say'; readonly key: string; readonly text: string }

export type TerminalEffect =
  | Signal
  | { readonly type: 'leave'; readonly code: number }
  | { readonly type: 'go_back' }
  | { readonly type: 'showPicture' }

export type Change = readonly [Model, readonly Effect[]]

/** The least window that is drawn in full. */
export const LEAST = { columns: 60, rows: 15 }
/** Rows kept of the activity log. */
export const MOST_ROWS = 500

/** The screen before anything is known. */
export function initialModel(
  known: Pick<Model, 'me' | 'server' | 'zone' | 'size'> & {
    colour?: boolean
    pictures?: PictureTaste
    canGoBack?: boolean
    now: number
  },
): Model {
  const { now, colour = true, pictures = plainTaste, canGoBack = false, ...rest } = known
  return {
    ...rest,
    colour,
    pictures,
    canGoBack,
    good: null,
    terms: null,
    ...noHistory,
    scroll: 0,
    activity: [],
    connection: { state: 'connecting', attempt: 0, retryAt: null, since: now },
    time: { now, skewMs: null, roundTripMs: null },
    chat: quiet,
    focus: 'bids',
    line: closedLine,
    notice: null,
    extended: null,
    panel: 'none',
    panelScroll: 0,
    picture: noPicture,
    notices: [],
    noticeBack: null,
    muted: false,
    sessionExpired: false,
    fault: null,
  }
}

/** The model after a step of the bid line. */
export function withLine(model: Model, { line, notice }: BidStep): Model {
  return { ...model, line, notice: notice === undefined ? model.notice : notice }
}

/** What the bid line needs to know of the good. */
export function factsOf({ terms }: Model, good: GoodView): BidFacts {
  const step = good.price === null ? 0 : good.minimumBid.amount - good.price.amount
  return {
    currency: good.minimumBid.currency,
    minimum: good.minimumBid.amount,
    leads: good.you?.standing === 'leading',
    increment: (price) => (terms?.increment ? incrementAt(terms.increment, price) : Math.max(1, step)),
  }
}

/** Whether the window shows what keys act on; one line stands in a smaller one. */
export function fits({ size }: Pick<Model, 'size'>): boolean {
  return size.columns >= LEAST.columns && size.rows >= LEAST.rows
}

/** Whether what is typed is something to say. */
export const isWriting = (model: Model): boolean => model.chat.writing && fits(model) && model.panel === 'none'

/** Why nobody can bid here now, as words; null when they can. */
export function bidBar({ good, me, time, sessionExpired, fault }: Model): string | null {
  if (good === null) return 'waiting for the good…'
  if (good.status !== 'open') return outcomeOf(good, me).text
  if (fault !== null && !sessionExpired) return `■ ${fault.message}`
  if (sessionExpired) return '■ your session has expired: auction login'
  if (me === null) return '– you are not signed in: auction login'
  if (good.owner.id === me.id) return '– your own good: sellers do not bid'
  if (good.offeredTo)
    return good.offeredTo.id === me.id ? `▲ yours to buy: auction buy ${good.id}` : '– a second chance'
  return Date.parse(good.endsAt) <= time.now ? '… waiting for the result' : null
}

/** Why one cannot speak here now, as words; null when one can. */
export function chatBar({ good, me, sessionExpired, fault }: Model): string | null {
  if (good === null) return 'waiting for the good…'
  if (sessionExpired || fault !== null) return '■ offline'
  return me === null ? 'log in to chat' : null
}
