/** The screen's words: times, states with their signs, and text that is exactly as wide as its place. */
import type { GoodView } from '@auction/common/view'
import cliTruncate from 'cli-truncate'
import stringWidth from 'string-width'
import type { Model } from './model.ts'
import type { Notice } from './notices.ts'

/** A piece of a line; colours are of the 16 base ones and never alone in meaning something. */
export interface Span {
  readonly text: string
  readonly tone?: Notice['tone'] | 'dim'
  readonly bold?: boolean
  readonly struck?: boolean
}
export type Line = readonly Span[]

/** Border and padding of a box, in cells. */
export const FRAME = { columns: 4, rows: 2 }

export const plain = (text: string): Line => [{ text }]
export const dim = (text: string): Line => [{ text, tone: 'dim' }]

/** The spans cut or padded to exactly `width` cells. */
export function fitTo(line: Line, width: number): Line {
  let left = Math.max(0, width)
  const spans: Span[] = []
  for (const span of line) {
    const wide = stringWidth(span.text)
    const text = wide <= left ? span.text : left > 0 ? cliTruncate(span.text, left) : ''
    if (text !== '') spans.push({ ...span, text })
    left -= stringWidth(text)
    if (wide > stringWidth(text)) break
  }
  return left > 0 ? [...spans, { text: ' '.repeat(left) }] : spans
}

/** `left` and `right` on one line of `width`; the right one stays whole as long as it can. */
export function between(left: Line, right: Line, width: number): Line {
  const wide = Math.min(width, widthOf(right))
  return [...fitTo(left, Math.max(0, width - wide)), ...fitTo(right, wide)]
}

export const widthOf = (line: Line) => line.reduce((sum, { text }) => sum + stringWidth(text), 0)

/** `00:04:37`, with days in front above one and tenths under ten seconds. Rounded up: it shows zero only when it is over. */
export function countdown(ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  if (ms <= 0) return '00:00:00'
  if (ms < 10_000) {
    const tenths = Math.min(99, Math.ceil(ms / 100))
    return `00:00:0${Math.floor(tenths / 10)}.${tenths % 10}`
  }
  const seconds = Math.ceil(ms / 1000)
  const days = Math.floor(seconds / 86_400)
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  return days > 0 ? `${days}d ${clock}` : clock
}

/** `+2:00`, `+0:05`. */
export function added(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `+${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatIn(zone: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${zone}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
  formats.set(key, format)
  return format
}

const clockFormat = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const

/** `14:02:11` in the zone of the one who watches. */
export function clockTime(ms: number, zone: string): string {
  return formatIn(zone, 'clock', clockFormat).format(ms)
}

/** `Sun 22 Nov 14:07:00 CET`. */
export function calendarTime(ms: number, zone: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', ...clockFormat, timeZoneName: 'short' } as const
  return formatIn(zone, 'calendar', options).format(ms).replaceAll(',', '')
}

/** What is shown of the time may be so old. */
const TOLD_MS = 2_000

/** Whether it ended before its time: when, the house does not tell. */
export const endedEarly = ({ status, endsAt }: GoodView, now: number): boolean =>
  status !== 'open' && (status === 'cancelled' || status === 'bought' || Date.parse(endsAt) - now > TOLD_MS)

/** `ends Sun 22 Nov 14:07:00 CET`, or that it did, or would have. */
export function endWords(good: GoodView, now: number, zone: string): string {
  const verb = good.status === 'open' ? 'ends' : endedEarly(good, now) ? 'was to end' : 'ended'
  return `${verb} ${calendarTime(Date.parse(good.endsAt), zone)}`
}

/** Clocks further apart than this are worth a word. */
const SKEW_MS = 2_000

/** How the connection is: a sign and a word. */
export function connectionWords({ connection, time, fault }: Pick<Model, 'connection' | 'time' | 'fault'>): Span {
  const { state, attempt, retryAt } = connection
  const wait = retryAt === null ? 'trying now' : `next try in ${Math.max(0, Math.ceil((retryAt - time.now) / 1000))} s`
  if (fault !== null) return { text: '■ offline', tone: 'bad' }
  switch (state) {
    case 'connecting':
      return { text: '◌ connecting', tone: 'warning' }
    case 'live':
      return { text: time.roundTripMs === null ? '● live' : `● live ${Math.round(time.roundTripMs)} ms`, tone: 'good' }
    case 'stale':
      return { text: '◌ stale: no news', tone: 'warning' }
    case 'reconnecting':
      return { text: `↻ reconnecting #${attempt}, ${wait}`, tone: 'warning' }
    case 'draining':
      return { text: '▽ server going down', tone: 'warning' }
    default:
      return state satisfies never
  }
}

/** That this machine's clock is wrong, where it is; what is shown is right all the same. */
export function skewWords({ time }: Pick<Model, 'time'>): string | null {
  const { skewMs } = time
  if (skewMs === null || Math.abs(skewMs) < SKEW_MS) return null
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1)
  return `clock here ${seconds} s ${skewMs > 0 ? 'fast' : 'slow'}, corrected`
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Text broken into lines of at most `width` cells, between words where it can be; line breaks stay. */
export function wrapText(text: string, width: number): string[] {
  if (width <= 0) return []
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(/(?<= )/u)) {
      if (stringWidth(line + word.trimEnd()) <= width) {
        line += word
        continue
      }
      if (line !== '') lines.push(line.trimEnd())
      line = ''
      for (const { segment } of graphemes.segment(word)) {
        if (stringWidth(line + segment) > width && line !== '' && segment !== ' ') {
          lines.push(line)
          line = ''
        }
        line += segment
      }
    }
    return [...lines, line.trimEnd()]
  })
}
