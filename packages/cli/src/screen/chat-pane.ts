/** The chat as lines: what was said, who came and went, and the field to write in. */
import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import type { ChatRow } from './chat.ts'
import { chatBar, type Model } from './model.ts'
import { between, clockTime, dim, fitTo, type Line, plain, wrapText } from './words.ts'

const LONGEST_NICK = 16

/** What fits of the chat, newest last, under its title; `spaced` puts an empty line above it. */
export function chatLines(model: Model, width: number, height: number, spaced = false): Line[] {
  if (height <= 0) return []
  const { chat, focus, zone } = model
  const room = height - (spaced ? 2 : 1)
  // However long a line of chat is: as many of them as there are rows fill the pane.
  const seen = chat.rows.slice(0, chat.rows.length - chat.scroll).slice(-Math.max(1, room))
  const lines = seen.flatMap((row) => rowLines(row, model, width, zone))
  const bar = chatBar(model)
  const hint =
    chat.scroll > 0 ? `${chat.scroll} newer below · G` : (bar ?? (chat.writing ? 'Esc leaves' : 'c to write'))
  const title = between(dim(focus === 'chat' ? 'CHAT ◂ ↑↓' : 'CHAT'), dim(hint), width)
  const shown = lines.length > 0 ? lines.slice(-room) : [dim('nothing said yet')]
  return [...(spaced ? [plain('')] : []), title, ...shown.slice(0, Math.max(0, room))]
}

function rowLines(row: ChatRow, { me }: Model, width: number, zone: string): Line[] {
  const time = `${clockTime(row.at, zone).slice(0, 5)} `
  const mine = row.who.id === me?.id
  const nick = mine ? 'you' : cliTruncate(row.who.nick, LONGEST_NICK)
  switch (row.kind) {
    case 'joined':
      return [dim(`${time}→ ${nick} came in`)]
    case 'left':
      return [dim(`${time}← ${nick} left`)]
    case 'removed':
      return [dim(`${time}✗ a line of ${nick} was removed by ${row.text}`)]
    case 'picture':
    case 'said': {
      const said = row.kind === 'picture' ? `▣ a picture: ${row.text}` : row.text
      const indent = ' '.repeat(stringWidth(time))
      const [first = '', ...rest] = wrapText(`${nick}: ${said}`, width - indent.length)
      const head: Line = [
        { text: time, tone: 'dim' },
        { text: first.slice(0, nick.length + 1), bold: mine },
        { text: first.slice(nick.length + 1) },
      ]
      return [head, ...rest.map((text) => plain(indent + text))]
    }
    default:
      return row.kind satisfies never
  }
}

/** The field one writes in: its end stays in sight. */
export function chatFieldLine({ chat }: Model, width: number): Line {
  const hint = dim(chat.sending ? '  … sending' : '  Enter says it · Esc leaves')
  const label = 'SAY '
  const hinted = width >= 60
  const room = width - label.length - 1 - (hinted ? stringWidth(hint[0]?.text ?? '') : 0)
  const tail = stringWidth(chat.draft) > room ? cliTruncate(chat.draft, room, { position: 'start' }) : chat.draft
  return between([{ text: label }, { text: tail, bold: true }, { text: '▏' }], hinted ? hint : fitTo([], 0), width)
}
