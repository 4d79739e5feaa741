/** The one way the home screen changes: the model after a message, and what is to be done. */
import type { AuctionError } from '@auction/common/errors'
import { endings } from '@auction/common/frames'
import { safeLines, safeText } from '@auction/common/text'
import type { GoodView } from '@auction/common/view'
import { mostHelpScroll } from '../screen/key-lines.ts'
import { fits } from '../screen/model.ts'
import { mute, type Notice, nextNotice, noted } from '../screen/notices.ts'
import { noPicture } from '../screen/picture-state.ts'
import { newer } from '../screen/views.ts'
import { FRAME } from '../screen/words.ts'
import { faultSentence, pay, sentence } from '../wording.ts'
import { keymap } from './keymap.ts'
import {
  boxesOf,
  type Change,
  chosen,
  type Effect,
  type Home,
  type Msg,
  needsLogin,
  orders,
  type Shelf,
  shelfOf,
  type Tab,
  wantedOf,
} from './model.ts'

const MOST_FILTER = 60
/** The next page is asked for so many rows before the last one known. */
const AHEAD = 20
/** All of a tab's pages are asked for again whenever something may have moved; who wants more of them filters. */
const MOST_PAGES = 10

/** The screen after `msg`, and what is to be done. */
export function update(home: Home, msg: Msg): Change {
  const [changed, effects] = changeBy(home, msg)
  const next = msg.type === 'next_notice' ? changed : noted(home, changed)
  const box = next === home ? null : pictureBox(next)
  const asked = box && `${box.goodId} ${box.columns}x${box.rows}`
  if (box === null || asked === next.picture.asked) return [next, effects]
  return [{ ...next, picture: { ...noPicture, asked } }, [...effects, { type: 'fetchPicture', ...box }]]
}

/** The picture there is room for now. */
function pictureBox(home: Home): { goodId: number; columns: number; rows: number } | null {
  const [good, { preview, picture }] = [chosen(home), boxesOf(home)]
  if (!good?.image || !home.colour || home.pictures.cells === 'words' || preview === 0 || picture < 1 || !fits(home))
    return null
  return { goodId: good.id, columns: preview - 4, rows: picture }
}

function changeBy(home: Home, msg: Msg): Change {
  switch (msg.type) {
    case 'time':
      return [{ ...home, time: msg.time }, []]
    case 'resized':
      return [{ ...home, size: msg.size }, []]
    case 'connection': {
      const back = msg.state.state === 'live' && home.connection.state !== 'live'
      return [{ ...home, connection: msg.state }, back ? look(home) : []]
    }
    case 'event':
      return onEvent(home, msg.event)
    case 'feed_ended':
      return [{ ...home, fault: msg.error, notice: { tone: 'bad', text: `■ Offline: ${withCure(msg.error)}` } }, []]
    case 'look':
      return [home, look(home)]
    case 'goods':
      return onGoods(home, msg)
    case 'fetch_failed':
      return [onFailure(home, msg), []]
    case 'picture': {
      const { asked, grid } = msg
      return [
        asked === home.picture.asked
          ? { ...home, picture: { ...noPicture, asked, grid, failed: grid === null } }
          : home,
        [],
      ]
    }
    case 'returned':
      return [
        msg.error ? { ...home, notice: { tone: 'bad', text: `✗ ${faultSentence(msg.error)}` } } : home,
        look(home),
      ]
    default:
      return onKey(home, msg)
  }
}

type KeyMsg = Exclude<
  Msg,
  {
    type:
      | 'time'
      | 'resized'
      | 'connection'
      | 'event'
      | 'feed_ended'
      | 'look'
      | 'goods'
      | 'fetch_failed'
      | 'picture'
      | 'returned'
  }
>

function onKey(home: Home, msg: KeyMsg): Change {
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
    case 'copy': {
      const good = chosen(home)
      if (good === null) return [home, []]
      const link = `${home.server}/v1/goods/${good.id}`
      return [{ ...home, notice: { tone: 'plain', text: `✓ Copied: ${link}` } }, [{ type: 'copy', text: link }]]
    }
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

const withShelf = (home: Home, tab: Tab, changes: Partial<Shelf>): Home => ({
  ...home,
  shelves: { ...home.shelves, [tab]: { ...home.shelves[tab], ...changes } },
})

/** The screen, and the tab in sight to be filled; `settled` when more may be wanted at once. */
function wanting(home: Home, settled: boolean): Change {
  return [home, needsLogin(home) ? [] : [{ type: 'fetch', wanted: wantedOf(home, home.tab), settled }]]
}

/** What may have moved: the tab in sight, and all one's own bids, of which one wants to hear wherever one is. */
function look(home: Home, settled = false): readonly Effect[] {
  const inSight = needsLogin(home) ? [] : [wantedOf(home, home.tab)]
  const seen = home.tab === 'bids' && inSight[0]?.filter === ''
  const own = home.me === null || seen ? [] : [{ ...wantedOf(home, 'bids'), filter: '' }]
  return [...inSight, ...own].map((wanted) => ({ type: 'fetch', wanted, settled }))
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

/** The sentence, and the command that mends it where one does. */
const withCure = (error: AuctionError) =>
  [faultSentence(error), error.code === 'UNAUTHENTICATED' ? error.hint : ''].join(' ').trim()

/** Said once, however often it is tried again. */
function onFailure(home: Home, { wanted: { tab }, error }: Extract<Msg, { type: 'fetch_failed' }>): Home {
  const text = `✗ ${withCure(error)}`
  if (home.failure?.text === text) return home
  return { ...home, failure: { tab, text }, notice: { tone: 'bad', text } }
}

/** What could not be fetched before has come: that it could not is true no more. */
function cured(home: Home, tab: Tab): Home {
  const { failure, notice } = home
  if (failure?.tab !== tab) return home
  return { ...home, failure: null, notice: notice?.text === failure.text ? null : notice }
}

/** Goods that came, for a shelf and for news. */
function onGoods(home: Home, msg: Extract<Msg, { type: 'goods' }>): Change {
  const [heard, effects] = withStandings(cured(home, msg.wanted.tab), msg.items)
  const now = wantedOf(home, msg.wanted.tab)
  const { order, filter, pages } = msg.wanted
  const asked = now.order === order && now.filter === filter && now.pages === pages
  return [asked ? shelved(heard, msg) : heard, effects]
}

function shelved(home: Home, { wanted, items, more }: Extract<Msg, { type: 'goods' }>): Home {
  const goods = new Map(home.goods)
  for (const good of items) goods.set(good.id, newer(goods.get(good.id) ?? null, good))
  // What moved between two pages meanwhile came twice.
  const ids = [...new Set(items.map(({ id }) => id))]
  const shelf = { ids, more, loaded: true, cursor: cursorIn(ids, home.shelves[wanted.tab].cursor) }
  const next = withShelf({ ...home, goods }, wanted.tab, shelf)
  const kept = new Set(Object.values(next.shelves).flatMap((each) => each.ids))
  return { ...next, goods: new Map([...goods].filter(([id]) => kept.has(id))) }
}

/** How one stands, and the news of what one leads no more. */
function withStandings(home: Home, items: readonly GoodView[]): Change {
  const bidOn = new Map(home.bidOn)
  const lost: GoodView[] = []
  for (const good of items) {
    const before = bidOn.get(good.id) ?? null
    if ((good.you?.standing ?? 'none') === 'none' || newer(before, good) !== good) continue
    bidOn.set(good.id, good)
    if (before?.you?.standing === 'leading' && good.you?.standing === 'outbid') lost.push(good)
  }
  const [good, ...others] = lost
  if (!good) return [{ ...home, bidOn }, []]
  const also = others.map(({ id, name }) => `; #${id} ${name}`).join('')
  const text = `✗ Outbid on #${good.id} ${good.name}: ${good.leader?.nick ?? 'somebody'} at ${pay(good.price)}${also}.`
  return [{ ...home, bidOn, notice: { tone: 'bad', text } }, home.muted ? [] : [{ type: 'bell' }]]
}

/** The same good, or what has come to stand in its place. */
function cursorIn(ids: readonly number[], { id, place }: Shelf['cursor']): Shelf['cursor'] {
  const found = id === null ? -1 : ids.indexOf(id)
  const at = found >= 0 ? found : Math.max(0, Math.min(place, ids.length - 1))
  return { id: ids[at] ?? null, place: at }
}

/** What the house tells everyone: a line of news; an ended good leaves at once, a new one is fetched. */
function onEvent(home: Home, event: Parameters<typeof sentence>[0]): Change {
  const { type, data, goodId } = event
  const won = home.me !== null && isPerson(data.winner) && data.winner.id === home.me.id
  const notice: Notice = won
    ? { tone: 'good', text: `★ You won: ${sentence(event)}` }
    : { tone: 'plain', text: `${signs[type] ?? '·'} ${sentence(event)}` }
  const next = endings.includes(type) ? withoutOpen(home, goodId) : home
  return [{ ...next, notice }, [...look(home, true), ...(won && !home.muted ? [{ type: 'bell' } as const] : [])]]
}

const signs: Partial<Record<string, string>> = { listed: '+', sold: '✓', bought: '✓', unsold: '–', cancelled: '✗' }
const isPerson = (value: unknown): value is { id: number } =>
  value !== null && typeof value === 'object' && 'id' in value

/** The good is for sale no more. */
function withoutOpen(home: Home, goodId: number): Home {
  return (['live', 'ending'] as const).reduce((left, tab) => {
    const { ids, cursor } = left.shelves[tab]
    const others = ids.filter((id) => id !== goodId)
    return withShelf(left, tab, { ids: others, cursor: cursorIn(others, cursor) })
  }, home)
}
