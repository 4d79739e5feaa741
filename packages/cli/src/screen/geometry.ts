/** Where the parts of the screen stand, by the size of the window and what is open: the same for who draws and who scrolls. */
import { fits, type Model } from './model.ts'
import { FRAME } from './words.ts'

export const HEADER_ROWS = 2
export const BID_ROWS = 3
/** From here on there are two columns; from the other on, more panes below them. */
const TWO_COLUMNS = 80
const ROOMY = { columns: 100, rows: 32 }
/** A list of bids beside which there is room for a chat. */
const CHAT_FROM = 12
const LEFT_COLUMNS = 34
/** A window from which on the picture stands beside the rest, and the width of its pane. */
const PICTURE_FROM = 120
const PICTURE_COLUMNS = 36
/** Of the price and the countdown, where they stand above the lists. */
export const STATUS_ROWS = 4

/** The panes between header and notice, in cells with their borders; `lower` is 0 where there are none below. */
export interface Panes {
  readonly middle: number
  /** Width of the left column; all of it where there is only one. */
  readonly left: number
  readonly upper: number
  readonly lower: number
  /** Width of the picture's pane below; 0 where it has none. */
  readonly picture: number
  /** Rows of the list of bids, its title too, and of the chat below it; 0 for what is not shown. */
  readonly bids: number
  readonly chat: number
}

export function panesOf({ size: { columns, rows }, chat, good }: Pick<Model, 'size' | 'chat' | 'good'>): Panes {
  const middle = rows - HEADER_ROWS - BID_ROWS - 2
  const wide = columns >= TWO_COLUMNS
  const lower = columns >= ROOMY.columns && rows >= ROOMY.rows ? Math.floor(middle * 0.4) : 0
  const upper = middle - lower
  const left = lower > 0 ? Math.floor(columns * 0.4) : wide ? LEFT_COLUMNS : columns
  const room = Math.max(0, upper - FRAME.rows - (wide ? 0 : STATUS_ROWS))
  const shared = room >= CHAT_FROM ? Math.max(4, Math.floor(room * 0.35)) : 0
  // Who writes sees the chat, where there is room for one of the two lists only.
  const chatRows = shared > 0 ? shared : chat.writing ? room : 0
  const picture = lower > 0 && columns >= PICTURE_FROM && good?.image ? PICTURE_COLUMNS : 0
  return { middle, left, upper, lower, picture, bids: room - chatRows, chat: chatRows }
}

/** The cells there are for the picture now; null while none is shown. */
export function pictureBox(model: Model): { columns: number; rows: number } | null {
  const { size, good, colour, panel, pictures } = model
  const { middle, lower, picture } = panesOf(model)
  if (!good?.image || !colour || pictures.cells === 'words' || !fits(model)) return null
  if (panel === 'picture') return { columns: size.columns - FRAME.columns, rows: middle - FRAME.rows }
  return picture > 0 && panel === 'none' ? { columns: picture - FRAME.columns, rows: lower - FRAME.rows } : null
}
