/** What people type, made values: ids, amounts, durations, instants, files. Whatever is odd is a USAGE error that says so. */
import { AuctionError } from '@auction/common/errors'
import { parseAmount } from '@auction/common/money'

/** The house that is talked to when nobody says which. */
export const DEFAULT_SERVER = 'http://127.0.0.1:8010'

/** A word this long was typed by mistake, and is quoted in part. */
const LONG_WORD = /\S{300,}/gu

/** A USAGE error: exit 2. */
export function usage(message: string, hint?: string): AuctionError {
  const said = message.replace(LONG_WORD, (word) => `${word.slice(0, 60)}…`)
  return new AuctionError('USAGE', said, hint === undefined ? {} : { hint })
}

/** A good's or a user's id: a small positive integer. */
export function parseId(text: string, of = 'a good'): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw usage(`"${text}" is not the id of ${of}; ids are numbers like 42.`)
  return Number(text)
}

/** A place in a good's log: 0 or more. */
export function parseSeq(text: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text))
    throw usage(`"${text}" is not a place in the log; it is 0 or a number like 17.`)
  return Number(text)
}

/** A count of `least` to `most`. */
export function parseCount(text: string, name: string, least: number, most: number): number {
  const count = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= least && count <= most))
    throw usage(`${name} takes a whole number from ${least} to ${most}, not "${text}".`)
  return count
}

/** One of a few words. */
export function oneOf<T extends string>(choices: readonly T[], name: string, value: string): T {
  const chosen = choices.find((each) => each === value)
  if (chosen === undefined) throw usage(`${name} takes ${choices.join(', ')}, not "${value}".`)
  return chosen
}

/** Major units to minor units of `currency`; above 0. */
export function parsePay(text: string, currency: string): number {
  const amount = parse(() => parseAmount(text, currency))
  if (amount < 1) throw usage(`The amount must be more than 0, not "${text}".`)
  return amount
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw usage(error.message)
    throw error
  }
}

/** An amount (`5`), or a share of the price (`5%`), as the house takes an increment. */
export function parseIncrement(text: string, currency: string): { fixed: number } | { percentBp: number } {
  if (!text.endsWith('%')) return { fixed: parsePay(text, currency) }
  const match = /^([0-9]{1,3})(?:\.([0-9]{1,2}))?%$/.exec(text)
  const percentBp = match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : 0
  if (percentBp < 1 || percentBp > 10_000) throw usage(`An increment in percent is from 0.01% to 100%, not "${text}".`)
  return { percentBp }
}

const counted = /^(?:[0-9]{1,9}[dhms])+$/
const order = ['d', 'h', 'm', 's']
const iso = /^P(?=.)(?:[0-9]{1,9}W)?(?:[0-9]{1,9}D)?(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}S)?)?$/

/** `90s`, `30m`, `2h30m`, `7d`, ISO 8601 `PT2H`: to milliseconds, above 0. */
export async function parseDurationMs(text: string): Promise<number> {
  const { default: parseDuration } = await import('parse-duration')
  const units = text.match(/[a-z]+/g) ?? []
  const falling = units.every((unit, at) => at === 0 || order.indexOf(unit) > order.indexOf(units[at - 1] ?? ''))
  // parse-duration drops what it does not know: of P1DT12H it would take the hours alone.
  const plain = iso.test(text)
    ? text.slice(1).replace('T', '').toLowerCase()
    : counted.test(text) && falling
      ? text
      : null
  const duration = plain === null ? null : parseDuration(plain)
  if (duration === null || !Number.isSafeInteger(duration) || duration < 1)
    throw usage(`"${text}" is not a duration; write it like 90s, 30m, 2h30m, 7d or PT2H.`)
  return duration
}

/** RFC 3339 (`2026-11-22T14:07:00Z`), or a date and time of this machine's zone (`2026-11-22T14:07`): to RFC 3339 UTC. */
export async function parseInstant(text: string): Promise<string> {
  const { Temporal } = await import('temporal-polyfill')
  const whole = text.trim().replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, '$1T')
  const wrong = usage(`"${text}" is not a time; write it like 2026-11-22T14:07 (here) or 2026-11-22T14:07:00Z.`)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?$/i.test(whole)) throw wrong
  const zoned = /(?:Z|[+-]\d{2}:\d{2})$/i.test(whole)
  try {
    const instant = zoned
      ? Temporal.Instant.from(whole)
      : Temporal.PlainDateTime.from(whole, { overflow: 'reject' })
          .toZonedDateTime(Temporal.Now.timeZoneId(), { disambiguation: 'reject' })
          .toInstant()
    return new Date(instant.epochMilliseconds).toISOString()
  } catch {
    throw wrong
  }
}

/** A key to send a bid or a deposit again with. */
export function parseKey(text: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw usage('An idempotency key has 1 to 255 visible ASCII characters.')
  return text
}

/** The server's URL, without a slash at its end. */
export function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw usage(`"${text}" is not a server; write it like http://127.0.0.1:8010.`)
  if (url.username || url.password || url.search || url.hash)
    throw usage('A server is a plain URL, without name, password, query or fragment.')
  return url.href.replace(/\/+$/, '')
}
