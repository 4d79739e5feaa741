/** What keys do to the home screen: tabs, cursor, filter, help, leaving. */
import { safeLines, safeText } from '@auction/common/text'
import { mostHelpScroll } from '../screen/key-lines.ts'
import { copyLink, mute, nextNotice } from '../screen/notices.ts'
import { FRAME } from '../screen/words.ts'
import { keymap } from './keymap.ts'
import { boxesOf, type Change, chosen, type Home, type KeyMsg, needsLogin, orders, shelfOf, wantedOf } from './model.ts'
import { look, withShelf } from './shelves.ts'

const MOST_FILTER = 60
/** The next page is asked for so many rows before the last one known. */
const AHEAD = 20
/** All of a tab's pages are asked for again whenever something may have moved; who wants more of them filters. */
const MOST_PAGES = 10

/** The screen after a key. */
export function onKey(home: Home, msg: KeyMsg): Change {
  switch (msg.type) {
    case 'tab':
      return wanting({ ...home, tab: msg.to, panel: 'none' }, false)
    case 'sort': {
      const { order } = shelfOf(home)
      const next = orders[(orders.indexOf(order) + 1) % orders.length] ?? order
      return wanting(withShelf(home, home.tab, { order: next, pages: 1, cursor: { id: null, place: 0 } }), false)
    }
    case 'scroll':
      return onScroll(home, msg.by)
    case 'open': {
      const good = chosen(home)
      return [home, good ? [{ type: 'open', good }] : []]
    }
    case 'edit_filter':
      return [{ ...home, filter: { ...home.filter, typing: true }, panel: 'none' }, []]
    case 'typed':
      return withFilter(home, home.filter.text + msg.text)
    case 'pasted':
      return home.filter.typing ? withFilter(home, home.filter.text + firstLine(msg.text)) : [home, []]
    case 'erase':
      return withFilter(home, [...home.filter.text].slice(0, -1).join(''))
    case 'keep_filter':
      return [{ ...home, filter: { ...home.filter, typing: false } }, []]
    case 'escape':
      if (home.panel !== 'none') return [{ ...home, panel: 'none' }, []]
      return withFilter({ ...home, filter: { ...home.filter, typing: false } }, '')
    case 'panel':
      return [{ ...home, panel: home.panel === msg.panel ? 'none' : msg.panel, panelScroll: 0 }, []]
    case 'next_notice':
      return [nextNotice(home), []]
    case 'mute':
      return [mute(home), []]
    case 'copy':
      return copyLink(home, chosen(home))
    case 'refetch':
      return [{ ...home, notice: null, failure: null }, look(home)]
    case 'suspend':
      return [home, [{ type: 'suspend' }]]
    case 'leave':
      return [home, [{ type: 'leave', code: msg.code }]]
    default:
      return msg satisfies never
  }
}

const firstLine = (text: string) => safeText(text.split(/[\r\n]/, 1)[0] ?? '')

/** The screen, and the tab in sight to be filled; `settled` when more may be wanted at once. */
function wanting(home: Home, settled: boolean): Change {
  return [home, needsLogin(home) ? [] : [{ type: 'fetch', wanted: wantedOf(home, home.tab), settled }]]
}

/** The filter of what was typed, none of which a terminal acts on. */
function withFilter(home: Home, typed: string): Change {
  const text = [...safeLines(typed).replaceAll('\n', ' ')].slice(0, MOST_FILTER).join('')
  if (text === home.filter.text) return [home, []]
  const changed = { ...home, filter: { ...home.filter, text } }
  return wanting(withShelf(changed, home.tab, { pages: 1 }), true)
}

function scrolledHelp(home: Home, by: number): number {
  const most = mostHelpScroll(keymap, home.size.columns - FRAME.columns, boxesOf(home).height - FRAME.rows)
  return Math.max(0, Math.min(most, home.panelScroll + by))
}

function onScroll(home: Home, by: number): Change {
  if (home.panel !== 'none') return [{ ...home, panelScroll: scrolledHelp(home, by) }, []]
  const { ids, cursor, more, pages } = shelfOf(home)
  // The end is past what is known: the cursor goes there with the goods that come.
  const end = { pages: MOST_PAGES, more: false, cursor: { id: null, place: Infinity } }
  if (by === Infinity && more && pages < MOST_PAGES) return wanting(withShelf(home, home.tab, end), false)
  const last = Math.max(0, ids.length - 1)
  const place = Math.min(last, Math.max(0, Math.min(last, cursor.place) + by))
  const moved = withShelf(home, home.tab, { cursor: { id: ids[place] ?? null, place } })
  if (!more || pages === MOST_PAGES || place < last - AHEAD) return [moved, []]
  return wanting(withShelf(moved, home.tab, { pages: pages + 1, more: false }), false)
}
