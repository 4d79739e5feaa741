/** The room's chat as data: what was said, who came and went, and the line being written. */
import type { ChatLine } from '@auction/common/answers'
import type { Person } from '@auction/common/good'
import { safeLines, safeText } from '@auction/common/text'

/** `id` is the line's; null for who came or went. */
export interface ChatRow {
  readonly id: number | null
  /** Server time, epoch ms. */
  readonly at: number
  readonly who: Person
  readonly kind: 'said' | 'picture' | 'removed' | 'joined' | 'left'
  /** What was said, the address of a picture, or by whom it was removed. */
  readonly text: string
}

export interface Chat {
  /** Oldest first. */
  readonly rows: readonly ChatRow[]
  /** How many of the newest rows are below the window. */
  readonly scroll: number
  readonly writing: boolean
  /** Outlives leaving the field. */
  readonly draft: string
  /** What is on its way to the house. */
  readonly sending: { readonly key: string; readonly text: string } | null
}

/** Lines kept; characters of one. */
export const MOST_LINES = 500
const MOST_TEXT = 500

export const quiet: Chat = { rows: [], scroll: 0, writing: false, draft: '', sending: null }

/** A line of the house as a row. */
export function chatRow({ id, at, author, text, picture, removedBy }: ChatLine): ChatRow {
  const row = { id, at: Date.parse(at), who: author }
  if (removedBy) return { ...row, kind: 'removed', text: removedBy.nick }
  return text === null ? { ...row, kind: 'picture', text: picture ?? '' } : { ...row, kind: 'said', text }
}

/** The rows with `more`: each line once, as it was told last, in order of time; what is read stays in sight. */
export function withRows(chat: Chat, more: readonly ChatRow[]): Chat {
  const told = new Map(more.flatMap((row) => (row.id === null ? [] : [[row.id, row] as const])))
  const known = new Set(chat.rows.map(({ id }) => id))
  const fresh = more.filter(({ id }) => id === null || !known.has(id))
  const kept = chat.rows.map((row) => (row.id === null ? row : (newest(row, told.get(row.id)) ?? row)))
  const rows = [...kept, ...fresh].sort((a, b) => a.at - b.at).slice(-MOST_LINES)
  const scroll = chat.scroll === 0 ? 0 : Math.min(chat.scroll + fresh.length, rows.length - 1)
  return { ...chat, rows, scroll }
}

/** What was once removed stays so, whatever an older answer says. */
function newest(row: ChatRow, told: ChatRow | undefined): ChatRow | undefined {
  return row.kind === 'removed' ? row : told
}

/** Up is older. */
export function scrollChat(chat: Chat, by: number): Chat {
  return { ...chat, scroll: Math.min(Math.max(0, chat.rows.length - 1), Math.max(0, chat.scroll - by)) }
}

/** Characters typed, none that a terminal acts on. */
export function write(chat: Chat, text: string): Chat {
  const draft = safeLines(chat.draft + text).replaceAll('\n', ' ')
  return { ...chat, draft: [...draft.trimStart()].slice(0, MOST_TEXT).join('') }
}

/** A paste adds its first line, and sends nothing. */
export function pasteLine(chat: Chat, text: string): Chat {
  return write(chat, text.trimStart().split(/[\r\n]/, 1)[0] ?? '')
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

export function eraseLast(chat: Chat): Chat {
  const last = [...graphemes.segment(chat.draft)].at(-1)
  return { ...chat, draft: chat.draft.slice(0, last?.index ?? 0) }
}

/** Enter: the draft goes on its way, unless there is none or another still is. */
export function sendDraft(chat: Chat, key: string): Chat {
  const text = safeText(chat.draft)
  return text === '' || chat.sending !== null ? chat : { ...chat, draft: '', sending: { key, text } }
}

/** The house has it. */
export function said(chat: Chat, key: string, line: ChatLine): Chat {
  return withRows(chat.sending?.key === key ? { ...chat, sending: null } : chat, [chatRow(line)])
}

/** The house has it not, as far as is known: the text comes back unless another was begun. */
export function unsaid(chat: Chat, key: string): Chat {
  const { sending, draft } = chat
  return sending?.key === key ? { ...chat, sending: null, draft: draft === '' ? sending.text : draft } : chat
}
