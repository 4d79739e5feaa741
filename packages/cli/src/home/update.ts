/** The one way the home screen changes: the model after a message, and what is to be done. */
import type { AuctionError } from '@auction/common/errors'
import { endings } from '@auction/common/frames'
import type { GoodView } from '@auction/common/view'
import { fits } from '../screen/model.ts'
import { type Notice, noted } from '../screen/notices.ts'
import { noPicture } from '../screen/picture-state.ts'
import { newer } from '../screen/views.ts'
import { faultSentence, pay, sentence } from '../wording.ts'
import { onKey } from './keys.ts'
import { boxesOf, type Change, chosen, type Home, type Msg, type Tab, wantedOf } from './model.ts'
import { cursorIn, look, withShelf } from './shelves.ts'

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
      // Whoever was shown out need not ask every few seconds.
      return [home, home.fault === null ? look(home) : []]
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
    if (good.status === 'open') bidOn.set(good.id, good)
    else bidOn.delete(good.id)
    if (before?.you?.standing === 'leading' && good.you?.standing === 'outbid') lost.push(good)
  }
  const [good, ...others] = lost
  if (!good) return [{ ...home, bidOn }, []]
  const also = others.map(({ id, name }) => `; #${id} ${name}`).join('')
  const text = `✗ Outbid on #${good.id} ${good.name}: ${good.leader?.nick ?? 'somebody'} at ${pay(good.price)}${also}.`
  return [{ ...home, bidOn, notice: { tone: 'bad', text } }, home.muted ? [] : [{ type: 'bell' }]]
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
