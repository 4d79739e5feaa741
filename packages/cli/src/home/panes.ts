/** What each part of the home screen says, line by line: the model in words, without knowing how lines get onto a terminal. */
import type { GoodView } from '@auction/common/view'
import stringWidth from 'string-width'
import { LEAST } from '../screen/model.ts'
import { outcomeOf } from '../screen/news.ts'
import {
  between,
  calendarTime,
  connectionWords,
  countdown,
  dim,
  endedEarly,
  endWords,
  fitTo,
  type Line,
  plain,
  type Span,
  skewWords,
  widthOf,
  wrapText,
} from '../screen/words.ts'
import { conditions, pay } from '../wording.ts'
import { chosen, type Home, needsLogin, shelfOf, tabNames, tabs } from './model.ts'

/** Below a minute the end is near. */
const SOON_MS = 60_000
const GAP = '  '
const LEAST_NAME = 8

/** Two lines: which house, as whom, how the connection is; the tabs, the filter and the order. */
export function headerLines(home: Home, width: number): Line[] {
  const { server, me, connection } = home
  const state: Line = [
    { text: ' ' },
    connectionWords({ ...home, connection: { ...connection, since: null } }),
    { text: ' ' },
  ]
  const skew = skewWords(home)
  const who: Line = [
    { text: ' auction', bold: true },
    { text: ` ${server} · ${me ? me.nick : 'not logged in'}`, tone: 'dim' },
    ...(skew === null ? [] : [{ text: `  ▲ ${skew}`, tone: 'warning' as const }]),
  ]
  return [between(who, state, width), tabsAndSearch(home, width)]
}

/** The tabs without their numbers where there is no room for both; a filter that is being typed goes before the tabs. */
function tabsAndSearch(home: Home, width: number): Line {
  const [numbered, search] = [tabLine(home, true), searchLine(home)]
  const titles = widthOf(numbered) + widthOf(search) <= width ? numbered : tabLine(home, false)
  const room = home.filter.typing ? width : Math.max(0, width - widthOf(titles))
  return between(titles, fitTo(search, Math.min(widthOf(search), room)), width)
}

function tabLine({ tab }: Home, numbered: boolean): Line {
  return tabNames.flatMap((name, index): Span[] => {
    const title = numbered ? `${index + 1} ${tabs[name].title}` : tabs[name].title
    const gap = numbered || index === 0 ? ' ' : ''
    // The brackets say it where there is no bold.
    return name === tab ? [{ text: `${gap}[${title}]`, bold: true }] : [{ text: `${gap} ${title} `, tone: 'dim' }]
  })
}

function searchLine({ filter, ...home }: Home): Line {
  const order = dim(`sort: ${shelfOf({ filter, ...home }).order} `)
  if (filter.typing) return [{ text: '/' }, { text: filter.text, bold: true }, { text: '▏ ' }]
  return filter.text === '' ? order : [{ text: `/${filter.text}  `, bold: true }, ...order]
}

interface Cells {
  readonly id: string
  readonly name: string
  readonly price: string
  readonly bids: string
  readonly end: Span
  readonly you: Span
}

/** The table of the goods around the cursor, under its header, so wide and so high; or why there is none. */
export function goodLines(home: Home, width: number, height: number): Line[] {
  const { ids, cursor, loaded } = shelfOf(home)
  if (needsLogin(home)) return [plain('– you are not logged in: auction login, or auction signup')]
  if (ids.length === 0) return [plain(loaded ? emptyWords(home) : (home.failure?.text ?? 'loading…'))]
  const room = Math.max(1, height - 1)
  const top = Math.max(0, Math.min(cursor.place - Math.floor(room / 2), ids.length - room))
  const shown = ids.slice(top, top + room).flatMap((id) => home.goods.get(id) ?? [])
  const rows = shown.map((good) => cellsOf(home, good))
  const titles: Cells = {
    id: 'ID',
    name: 'NAME',
    price: 'PRICE',
    bids: 'BIDS',
    end: { text: home.tab === 'won' || home.tab === 'ended' ? 'ENDED' : 'ENDS IN' },
    you: { text: 'YOU' },
  }
  const wide = (of: (row: Cells) => string) => Math.max(...[titles, ...rows].map((row) => stringWidth(of(row))))
  const columns = {
    id: wide(({ id }) => id),
    price: wide(({ price }) => price),
    bids: wide(({ bids }) => bids),
    end: wide(({ end }) => end.text),
    you: wide(({ you }) => you.text),
  }
  const old: Partial<Span> = isOld(home) ? { tone: 'dim' } : {}
  const line = (row: Cells, mark: string, rest: Partial<Span>): Line => tableLine(row, mark, rest, columns, width)
  return [
    line(titles, '  ', { tone: 'dim' }),
    ...rows.map((row, index) =>
      shown[index]?.id === cursor.id ? line(row, '▸ ', { ...old, bold: true }) : line(row, '  ', old),
    ),
  ]
}

/** What is shown may be true no more; the header says why. */
const isOld = ({ connection: { state }, fault }: Home) =>
  fault !== null || state === 'stale' || state === 'reconnecting'

/** Columns that have no room beside a name that can be read are left out: bids first, then how one stands. */
function tableLine(
  row: Cells,
  mark: string,
  rest: Partial<Span>,
  columns: Readonly<Record<'id' | 'price' | 'bids' | 'end' | 'you', number>>,
  width: number,
): Line {
  const right = (text: string, wide: number): Line => [{ text: ' '.repeat(wide - stringWidth(text)) + text, ...rest }]
  const cells: Record<string, Line> = {
    price: right(row.price, columns.price),
    bids: right(row.bids, columns.bids),
    end: fitTo([{ ...row.end, ...rest }], columns.end),
    you: fitTo([{ ...row.you, ...rest }], columns.you),
  }
  const before = [{ text: mark, ...rest }, ...right(row.id, columns.id), { text: GAP }]
  const wideOf = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + GAP.length + widthOf(cells[name] ?? []), widthOf(before))
  const choices = [
    ['price', 'bids', 'end', 'you'],
    ['price', 'end', 'you'],
    ['price', 'end'],
  ]
  const names = choices.find((each) => width - wideOf(each) >= LEAST_NAME) ?? ['end']
  const name = fitTo([{ text: row.name, ...rest }], Math.max(0, width - wideOf(names)))
  return [...before, ...name, ...names.flatMap((each): Line => [{ text: GAP }, ...(cells[each] ?? [])])]
}

function emptyWords({ tab, filter }: Home): string {
  return filter.text.trim() === '' ? tabs[tab].empty : `No good has all of: ${filter.text.trim()}`
}

function cellsOf(home: Home, good: GoodView): Cells {
  return {
    id: String(good.id),
    name: good.name,
    price: pay(good.price ?? good.startPrice),
    bids: String(good.bidCount),
    end: endOf(home, good),
    you: youOf(home, good),
  }
}

function endOf({ time, zone }: Home, good: GoodView): Span {
  const ends = Date.parse(good.endsAt)
  if (endedEarly(good, time.now)) return { text: good.status, tone: 'dim' }
  // Neither the weekday nor the zone.
  const day = calendarTime(ends, zone).split(' ').slice(1, 4).join(' ')
  if (good.status !== 'open') return { text: `${good.status} ${day}`, tone: 'dim' }
  const left = ends - time.now
  return left <= 0 ? { text: '00:00:00 …' } : { text: countdown(left), bold: left < SOON_MS }
}

function youOf({ me }: Home, { you, owner }: GoodView): Span {
  if (owner.id === me?.id) return { text: '– yours' }
  switch (you?.standing ?? 'none') {
    case 'leading':
      return { text: '✓ leading', tone: 'good' }
    case 'outbid':
      return { text: '✗ outbid', tone: 'bad' }
    case 'won':
      return { text: '★ won', tone: 'good' }
    case 'lost':
      return { text: '✗ lost', tone: 'dim' }
    default:
      return { text: '' }
  }
}

/** What there is to know of the good under the cursor, below its picture. */
export function previewLines(home: Home, width: number, height: number): Line[] {
  const good = chosen(home)
  if (good === null) return []
  const ended = outcomeOf(good, home.me)
  const leader = good.leader ? `by ${good.leader.nick}` : 'no bids yet'
  const facts = [
    ...(good.reserve === 'none' ? [] : [good.reserve === 'met' ? 'reserve met' : 'reserve not met']),
    ...conditions(good),
  ]
  const lines: Line[] = [
    ...wrapText(good.name, width).map((text): Line => [{ text, bold: true }]),
    dim(`#${good.id} by ${good.owner.nick} · ${good.watchers} watching`),
    [],
    [{ text: pay(good.price ?? good.startPrice), bold: true }, { text: `  ${leader}` }],
    ...(good.status === 'open' ? [] : [[{ text: ended.text, tone: ended.tone }]]),
    ...wrapText(facts.join(' · '), width).map(plain),
    dim(endWords(good, home.time.now, home.zone)),
    [],
    ...wrapText(good.description, width).map(plain),
  ]
  return lines.slice(0, height)
}

/** Too small for a screen: what matters most, as one sentence. */
export function oneLine(home: Home): string {
  const { size } = home
  const { ids, more } = shelfOf(home)
  const goods = `${ids.length}${more ? ' or more' : ''} in ${tabs[home.tab].title}`
  return `Window is ${size.columns}x${size.rows}; auction needs ${LEAST.columns}x${LEAST.rows}. ${goods} · q quit`
}
