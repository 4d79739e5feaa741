/** What each part of the screen says, line by line: the Model in words, without knowing how lines get onto a terminal. */
import { incrementAt } from '@auction/common/increments'
import type { GoodView } from '@auction/common/view'
import stringWidth from 'string-width'
import { duration, pay, signOf } from '../wording.ts'
import { type BidRow, gone } from './bid-rows.ts'
import { chatFieldLine } from './chat-pane.ts'
import { bidBar, isWriting, LEAST, type Model } from './model.ts'
import { outcomeOf } from './news.ts'
import {
  added,
  between,
  calendarTime,
  clockTime,
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
} from './words.ts'

/** Below a minute the end is near; how long an extension stays worth a line. */
const SOON_MS = 60_000
const EXTENDED_MS = 8_000
const LONGEST_NICK = 16
const LEAST_NICK = 4

const isStale = ({ connection }: Model) => connection.state !== 'live' && connection.state !== 'draining'
const leftOf = ({ time }: Model, good: GoodView) => Date.parse(good.endsAt) - time.now

/** Two lines: what is sold and how the connection is; by whom, how many look on, when it ends. */
export function headerLines(model: Model, width: number): Line[] {
  const { good, zone } = model
  const connection: Line = [{ text: ' ' }, connectionWords(model), { text: ' ' }]
  if (good === null) return [between(plain(` ${model.server}`), connection, width), fitTo([], width)]
  const name: Line = [
    { text: ` #${good.id}  `, tone: 'dim' },
    { text: good.name, bold: true },
  ]
  const skew = skewWords(model)
  const of = good.capacity === null ? '' : ` of ${good.capacity}`
  const watching = good.watchers > 0 ? ` · ${good.watchers}${of} watching` : ''
  const end = endWords(good, model.time.now, zone)
  const room = good.private ? ' · private' : ''
  const about = (kind: string) => dim(` by ${good.owner.nick}${room}${watching}${kind} · ${end}`)
  const right: Line = skew === null ? [] : [{ text: ` ▲ ${skew} `, tone: 'warning' }]
  const whole = about(kindWords(model, good))
  const second = widthOf(whole) + widthOf(right) <= width ? whole : about('')
  return [between(name, connection, width), between(second, right, width)]
}

/** What kind of auction it is, and the step above the present price, once that is known. */
function kindWords({ terms }: Model, { status, offeredTo, price, startPrice, minimumBid }: GoodView): string {
  if (status !== 'open' || offeredTo) return ''
  const from = (price ?? startPrice).amount
  const step = terms?.increment ? incrementAt(terms.increment, from) : minimumBid.amount - from
  return step > 0 ? ` · English, +${pay({ ...minimumBid, amount: step }).replace(/\.0+$/, '')}` : ''
}

/** Price, leader, how you stand, and how long it still runs; `compact` for where there is little room. */
export function statusLines(model: Model, width: number, compact: boolean): Line[] {
  const { good } = model
  if (good === null) return [dim('waiting for the good…')]
  const price = priceLine(model, good)
  const leader = plain(leaderWords(good))
  const end = endLines(model, good, width)
  if (compact)
    return [[...price, { text: '  ' }, ...leader], standingLine(model, good), ...end.slice(1, 2), ...end.slice(3)]
  return [
    dim(priceTitle(good)),
    price,
    leader,
    ...buyNowLines(good),
    standingLine(model, good),
    ...holdLines(good),
    [],
    ...end,
  ]
}

function priceTitle({ status, price }: GoodView): string {
  if (price === null) return 'STARTING PRICE'
  if (status === 'open') return 'CURRENT BID'
  return status === 'sold' ? 'HAMMER PRICE' : status === 'bought' ? 'BOUGHT FOR' : 'HIGHEST BID'
}

function priceLine(model: Model, good: GoodView): Line {
  const price: Span = { text: pay(good.price ?? good.startPrice), bold: true }
  if (!isStale(model)) return [price]
  const { since } = model.connection
  const asOf = since === null ? '' : `  as of ${clockTime(since, model.zone)}`
  return [
    { ...price, tone: 'dim' },
    { text: asOf, tone: 'dim' },
  ]
}

function leaderWords(good: GoodView): string {
  if (good.offeredTo && good.status === 'open') return `for ${good.offeredTo.nick} alone`
  return good.leader ? `by ${good.leader.nick}${reserveWords(good)}` : `no bids yet${reserveWords(good)}`
}

function buyNowLines({ id, buyNow, offeredTo }: GoodView): Line[] {
  return buyNow && !offeredTo ? [plain(`or ${pay(buyNow)} at once:`), plain(`  auction buy ${id}`)] : []
}

function reserveWords({ reserve }: GoodView): string {
  if (reserve === 'none') return ''
  return reserve === 'met' ? ' · reserve met' : ' · reserve not met'
}

function standingLine({ me }: Model, good: GoodView): Line {
  if (good.status !== 'open') {
    const { tone, text } = outcomeOf(good, me)
    return [{ text: text.split(/:| to | by /, 1)[0] ?? '', tone, bold: true }]
  }
  if (me?.id === good.owner.id) return plain('– your own good')
  if (!good.you || me === null) return plain('– watching, not signed in')
  const { standing, max } = good.you
  if (good.offeredTo)
    return plain(good.offeredTo.id === me.id ? `▲ offered to you: auction buy ${good.id}` : '– not offered to you')
  if (standing === 'leading')
    return [{ text: '✓ LEADING', tone: 'good', bold: true }, { text: max ? ` up to ${pay(max)}` : '' }]
  if (standing === 'outbid')
    return [{ text: '✗ OUTBID', tone: 'bad', bold: true }, { text: max ? `: you are at ${pay(max)}` : '' }]
  return plain('– you have not bid')
}

function holdLines({ you }: GoodView): Line[] {
  return you?.hold ? [dim(`${pay(you.hold)} of yours is held`)] : []
}

/** Title, countdown, bar, and what moves the end. */
function endLines(model: Model, good: GoodView, width: number): Line[] {
  const ended = endedEarly(good, model.time.now) ? 'before its time' : calendarTime(Date.parse(good.endsAt), model.zone)
  if (good.status !== 'open') return [dim('ENDED'), plain(ended)]
  const left = leftOf(model, good)
  const tone = isStale(model) ? { tone: 'dim' as const } : {}
  const soon = left > 0 && left < SOON_MS
  const warning: Line = soon
    ? [{ text: '  ▲ ending soon', ...(isStale(model) ? tone : { bold: true, tone: 'warning' }) }]
    : []
  const count: Line = [{ text: countdown(left), bold: left < SOON_MS, ...tone }, ...warning]
  return [dim('ENDS IN'), count, bar(model, left, Date.parse(good.endsAt), width), endNews(model, good, left)]
}

function endNews({ extended, time }: Model, good: GoodView, left: number): Line {
  if (left <= 0) return plain('waiting for the result…')
  if (extended !== null && time.now - extended.at < EXTENDED_MS)
    return [
      {
        text: extended.outage ? `▲ ${added(extended.byMs)}: the house was away` : `▲ extended ${added(extended.byMs)}`,
        tone: 'warning',
      },
    ]
  if (good.softCloseMs === 0) return dim('a hard end: no extension')
  return dim(`last ${added(good.softCloseMs).slice(1)}: a bid adds time`)
}

function bar({ terms }: Model, left: number, endsAt: number, width: number): Line {
  if (terms === null || endsAt <= terms.listedAt) return []
  const share = Math.min(1, Math.max(0, left / (endsAt - terms.listedAt)))
  const full = Math.round(share * width)
  return [{ text: '█'.repeat(full) }, { text: '░'.repeat(width - full), tone: 'dim' }]
}

/** The bids that fitTo, newest first, under their title. */
export function bidLines(model: Model, width: number, height: number): Line[] {
  if (height <= 0) return []
  const { events, bids, good, scroll, me, zone } = model
  const room = Math.max(0, height - 1)
  const top = Math.max(0, Math.min(scroll, bids.length - room))
  const hint = top > 0 ? `${top} newer above · g` : bids.length > room ? 'newest first · ↑↓ scroll' : 'newest first'
  const title = between(dim(`BIDS ${good?.bidCount ?? 0}`), dim(hint), width)
  const none = !good?.bidCount ? 'none yet' : events.length === 0 ? 'loading…' : 'none lately'
  if (bids.length === 0) return [title, plain(none)]
  const stands = ({ removed }: BidRow) => removed === null
  const inSight = bids.slice(top, top + room)
  // However many were taken away after it, the bid that the price comes of is seen.
  const leading = top > 0 || inSight.some(stands) ? undefined : bids.find(stands)
  const shown = leading ? [leading, ...inSight.slice(0, room - 1)] : inSight
  const nameOf = (row: BidRow) => (row.bidder.id === me?.id ? 'you' : row.bidder.nick)
  const tailOf = ({ proxy, removed }: BidRow) => (removed ? `  ✗ ${gone[removed]}` : proxy ? '  proxy' : '')
  const widest = (of: (row: BidRow) => string) => Math.max(...shown.map((row) => stringWidth(of(row))))
  const amounts = widest(({ amount }) => pay(amount))
  const rest = width - stringWidth('00:00:00 ') - 2 - amounts - widest(tailOf)
  const names = Math.max(LEAST_NICK, Math.min(LONGEST_NICK, widest(nameOf), rest))
  const rows = shown.map((row): Line => {
    const amount = pay(row.amount)
    const tone = row.proxy ? { tone: 'dim' as const } : {}
    return [
      { text: `${clockTime(row.at, zone)} `, tone: 'dim' },
      ...fitTo([{ text: nameOf(row), bold: !row.proxy && row.bidder.id === me?.id, ...tone }], names),
      { text: `  ${' '.repeat(amounts - stringWidth(amount))}` },
      { text: amount, struck: row.removed !== null, ...tone },
      { text: tailOf(row), tone: stands(row) ? 'dim' : 'warning' },
      { text: row.message ? `  "${row.message}"` : '', tone: 'dim' },
    ]
  })
  return [title, ...rows]
}

/** The newest of what happened, oldest first. */
export function activityLines({ activity, zone }: Model, height: number): Line[] {
  const rows = activity.slice(-Math.max(0, height - 1))
  const lines = rows.map(({ at, text }): Line => [{ text: `${clockTime(at, zone)} `, tone: 'dim' }, { text }])
  return [dim('ACTIVITY'), ...(lines.length > 0 ? lines : [plain('nothing yet')])]
}

/** What the seller wrote, and the dated notes below it; `scroll` is how many of its lines are above. */
export function descriptionLines({ good }: Model, width: number, height: number, scroll = 0): Line[] {
  const room = Math.max(0, height - 1)
  const lines = wrapText(good?.description || 'The seller wrote nothing.', width)
  const top = Math.max(0, Math.min(scroll, lines.length - room))
  const more = lines.length - room - top
  const hint = more > 0 ? `${more} more below` : top > 0 ? `${top} above` : ''
  const shown = lines.slice(top, top + room)
  return [between(dim('DESCRIPTION'), dim(hint), width), ...shown.map((text): Line => noteLine(text))]
}

/** The date of a note stands out. */
function noteLine(text: string): Line {
  const date = /^\[\d{4}-\d\d-\d\d \d\d:\d\d UTC\]/.exec(text)?.[0] ?? ''
  return [{ text: date, bold: true }, { text: text.slice(date.length) }]
}

/** The bid line: the field, the review, the sending; or why there is none. */
export function bidBarLine(model: Model, width: number): Line {
  if (isWriting(model)) return chatFieldLine(model, width)
  const { line, good } = model
  const currency = good?.minimumBid.currency ?? 'USD'
  const what = 'amount' in line ? `${line.kind === 'max' ? 'up to ' : ''}${pay({ amount: line.amount, currency })}` : ''
  if (line.step === 'sending') return [{ text: `… SENDING your bid of ${what}` }]
  if (line.step === 'unknown')
    return [{ text: `? OUTCOME UNKNOWN of ${what}: asking again (${line.tries})`, tone: 'warning' }]
  const reason = bidBar(model)
  if (reason !== null || good === null) return [{ text: reason ?? '', bold: good !== null && good.status !== 'open' }]
  const minimum = `minimum ${pay(good.minimumBid)}`
  if (line.step === 'review')
    return between([{ text: `REVIEW: bid ${what}`, bold: true }], dim('Enter places it · Esc changes it'), width)
  if (line.step === 'closed')
    return between(plain(`b to bid · ${minimum}`), dim(line.text ? `draft ${line.text}` : ''), width)
  const label = line.kind === 'max' ? 'YOUR MAXIMUM' : 'YOUR BID'
  const field: Line = [{ text: `${label} ${signOf(currency)} ` }, { text: line.text, bold: true }, { text: '▏   ' }]
  const hint = dim('Enter review · Esc cancel')
  const whole = [...field, ...dim(minimum)]
  return widthOf(whole) + widthOf(hint) + 2 <= width ? between(whole, hint, width) : whole
}

/** One line of news, or empty. */
export function noticeLine(
  { notice, notices, noticeBack, zone }: Pick<Model, 'notice' | 'notices' | 'noticeBack' | 'zone'>,
  width: number,
): Line {
  if (notice === null) return []
  const shown = noticeBack === null ? undefined : notices.at(-1 - noticeBack)
  const earlier = notices.length > 1 ? `  n: ${notices.length - 1} earlier ` : ''
  const place = shown && `  ${(noticeBack ?? 0) + 1} of ${notices.length}, ${clockTime(shown.at, zone)} `
  const text: Line = [{ text: ` ${notice.text}`, tone: notice.tone }]
  const hint = dim(place ?? earlier)
  // What is news stays whole before it is said that there is more.
  return widthOf(text) + widthOf(hint) > width && !shown ? text : between(text, hint, width)
}

/** Too small for a screen: what matters most, as one sentence. */
export function oneLine(model: Model): string {
  const { good, size } = model
  const price = good ? pay(good.price ?? good.startPrice) : 'waiting'
  const left = good ? leftOf(model, good) : 0
  const end =
    good === null
      ? ''
      : good.status !== 'open'
        ? outcomeOf(good, model.me).text
        : left > 0
          ? `${duration(left)} left`
          : 'waiting for the result…'
  return `Window is ${size.columns}x${size.rows}; auction needs ${LEAST.columns}x${LEAST.rows}. ${price} · ${end} · q quit`
}
