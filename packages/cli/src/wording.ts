/** How values read: for people (relative times, signs, sentences) and for programs (plain decimals, RFC 3339 UTC). */
import type { ChatLine } from '@auction/common/answers'
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import { formatMoney, type Money, toDecimal } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** A length of time by its two largest units: `4m 37s`, `2d 3h`, `0s`. */
export function duration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000))
  const parts: string[] = []
  for (const [unit, seconds] of units) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ') || '0s'
}

/** An instant seen from `now`: `in 4m 37s`, `2h ago`, `now`. */
export function relative(instant: string, now: number): string {
  const ms = Date.parse(instant) - now
  if (Math.abs(ms) < 500) return 'now'
  return ms > 0 ? `in ${duration(ms)}` : `${duration(-ms).split(' ')[0]} ago`
}

/** An instant as people write it, here or in UTC: `Sun 22 Nov 2026 14:07:00 CET`. */
export function calendar(instant: string, utc: boolean): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    ...(utc ? { timeZone: 'UTC' } : {}),
  })
  return format.format(new Date(instant)).replaceAll(',', '')
}

/** `1 missed bid`, `4 missed bids`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** Money for a person: `$1,280.50`; a dash for none. */
export const pay = (money: Money | null): string => (money === null ? '–' : formatMoney(money))

/** What stands before an amount of this currency: `$`, `€`, `CHF`. */
export const signOf = (currency: string): string => formatMoney({ amount: 0, currency }).replace(/[\d.\s]/g, '')

/** Money for a program: `1280.50`; empty for none. */
export const plainPay = (money: Money | null): string => (money === null ? '' : toDecimal(money.amount, money.currency))

/** How a good stands: price and leader, or how it ended. */
export function standingLine(good: GoodView): string {
  switch (good.status) {
    case 'open':
      if (good.offeredTo) return `offered to ${good.offeredTo.nick} alone for ${pay(good.startPrice)}`
      return good.leader ? `${pay(good.price)} by ${good.leader.nick}` : `no bids, starts at ${pay(good.startPrice)}`
    case 'sold':
      return `sold to ${good.winner?.nick ?? 'nobody'} for ${pay(good.price)}`
    case 'bought':
      return `bought by ${good.winner?.nick ?? 'nobody'} for ${pay(good.price)}`
    case 'unsold':
      return good.reserve === 'unmet' ? 'unsold: the reserve was not met' : 'unsold'
    case 'cancelled':
      return 'cancelled'
    default:
      return good.status satisfies never
  }
}

/** What else there is to know of a good before one bids: each a few words, none of what is usual. */
export function conditions({ buyNow, private: locked, capacity, relistOf, offeredTo }: GoodView): readonly string[] {
  return [
    ...(buyNow ? [`buy now for ${pay(buyNow)}`] : []),
    ...(locked ? ['a private room'] : []),
    ...(capacity === null ? [] : [`room for ${capacity}`]),
    ...(offeredTo ? ['a second chance'] : []),
    ...(relistOf === undefined ? [] : [`${offeredTo ? 'after' : 'again, first as'} good ${relistOf}`]),
  ]
}

type Facts = FeedEvent['data']
const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object'

/** The nick in a fact, `someone` when it is missing. */
export function nickIn(facts: Facts, name: string): string {
  const person = facts[name]
  return isObject(person) && typeof person.nick === 'string' ? person.nick : 'someone'
}

/** The amount in a fact, null when it is missing or odd. */
export function moneyIn(facts: Facts, name: string): Money | null {
  const money = facts[name]
  if (!isObject(money) || typeof money.amount !== 'number' || typeof money.currency !== 'string') return null
  return { amount: money.amount, currency: money.currency }
}

const textIn = (facts: Facts, name: string): string => {
  const text = facts[name]
  return typeof text === 'string' ? text : ''
}

/** A line of chat, its pictures by their address. */
export function spoken({ id, author, text, picture, removedBy }: ChatLine): string {
  if (removedBy) return `${removedBy.nick} removed line ${id}, by ${author.nick}.`
  return text === null ? `${author.nick} shows a picture: ${picture ?? 'gone'}` : `${author.nick} says: ${text}`
}

/** One sentence for one event. */
export function sentence({ type, data, goodId }: FeedEvent): string {
  const good = textIn(data, 'name') === '' ? `good ${goodId}` : `good ${goodId}, ${textIn(data, 'name')},`
  switch (type) {
    case 'listed':
      return listedSentence(data, good)
    case 'bid':
      return bidSentence(data)
    case 'extended':
      return `${movedWords(data)} to ${textIn(data, 'endsAt')}.`
    case 'reserve_met':
      return 'The reserve is met.'
    case 'sold':
      return `Sold: ${good} goes to ${nickIn(data, 'winner')} for ${pay(moneyIn(data, 'price'))}.`
    case 'bought':
      return `Bought: ${good} goes to ${nickIn(data, 'winner')} for ${pay(moneyIn(data, 'price'))}.`
    case 'unsold':
      return `Unsold: ${good} ${data.reason === 'reserve_unmet' ? 'did not reach its reserve' : 'had no bids'}.`
    case 'cancelled':
      return `Cancelled: ${good} is no longer for sale${reasonWords(data)}.`
    case 'retracted':
      return `${nickIn(data, 'bidder')} takes a bid back${reasonWords(data)}; ${leaderWords(data)}.`
    case 'bid_cancelled':
      return `The house cancels a bid of ${nickIn(data, 'bidder')}${reasonWords(data)}; ${leaderWords(data)}.`
    case 'lapsed':
      return `${nickIn(data, 'bidder')} would lead now, but without the funds for it: ${data.bids === 1 ? 'the bid lapses' : 'the bids lapse'}.`
    case 'note':
      return noteSentence(data)
    default:
      return type satisfies never
  }
}

function listedSentence(data: Facts, good: string): string {
  const price = pay(moneyIn(data, 'startPrice'))
  if (isObject(data.offeredTo))
    return `${nickIn(data, 'owner')} offers ${good} to ${nickIn(data, 'offeredTo')} alone for ${price}.`
  const again = typeof data.relistOf === 'number' ? ` again, first as good ${data.relistOf},` : ''
  const buyNow = moneyIn(data, 'buyNow')
  return `${nickIn(data, 'owner')} lists ${good}${again} from ${price}${buyNow ? `, or ${pay(buyNow)} at once` : ''}.`
}

/** Why the end moves, up to where it moves to. */
export function movedWords(data: Facts): string {
  return data.cause === 'outage' ? 'The house was away: the end moves' : 'The end moves'
}

// What bidders and sellers may say (rules.md, section 5); the house says it in its own words.
const reasons: Readonly<Record<string, string>> = {
  typo: 'a typing mistake',
  description_changed: 'the description has changed',
  seller_unreachable: 'the seller cannot be reached',
  incorrect: 'it was listed wrongly',
  lost_or_broken: 'it is lost or broken',
  not_available: 'it is not available',
}

/** Why, in brackets; empty where no reason is given. */
export function reasonWords(data: Facts): string {
  const reason = textIn(data, 'reason')
  if (reason === '') return ''
  return ` (${Object.hasOwn(reasons, reason) ? reasons[reason] : reason})`
}

/** Who leads after a removal. */
function leaderWords(data: Facts): string {
  if (!isObject(data.leader)) return 'nobody leads now'
  return `${nickIn(data, 'leader')} leads at ${pay(moneyIn(data, 'price'))}`
}

const termWords: Readonly<Record<string, string>> = {
  startPrice: 'start price',
  buyNow: 'buy-now price',
  softCloseMs: 'soft close',
  endsAt: 'end',
  private: 'room password',
}

function noteSentence(data: Facts): string {
  const names = isObject(data.changed) ? Object.keys(data.changed).filter((name) => name !== 'hardEndsAt') : []
  const changed = names.map((name) => (Object.hasOwn(termWords, name) ? termWords[name] : name)).join(', ')
  const text = textIn(data, 'text')
  if (text === '') return `The seller changes the ${changed || 'good'}.`
  return `The seller notes: ${text}${changed === '' ? '' : ` (and changes the ${changed})`}`
}

function bidSentence(data: Facts): string {
  const [bidder, leader, price] = [nickIn(data, 'bidder'), nickIn(data, 'leader'), pay(moneyIn(data, 'price'))]
  const message = textIn(data, 'message') === '' ? '' : ` "${textIn(data, 'message')}"`
  const result = leader === bidder ? `and leads at ${price}` : `but ${leader} still leads at ${price}`
  return `${bidder} bids ${pay(moneyIn(data, 'amount'))} ${result}.${message}`
}

/** What an error says, with the amounts that came along where its message does not name them. */
export function faultSentence({ message, data }: AuctionError): string {
  const amount = (name: string): string | null => {
    const money = data[name]
    if (!isObject(money) || message.includes(toDecimal((money as Money).amount, (money as Money).currency))) return null
    return formatMoney(money as Money)
  }
  const [minimum, needed, available] = [amount('minimumBid'), amount('needed'), amount('available')]
  const facts = [
    minimum === null ? '' : `The minimum is ${minimum}.`,
    needed === null ? '' : `It needs ${needed}.`,
    available === null ? '' : `${available} is available.`,
  ]
  return [message, ...facts].filter((part) => part !== '').join(' ')
}
