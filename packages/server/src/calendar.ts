/** The ends of goods as an iCalendar feed (RFC 5545, RFC 7986): public facts only. */
import type { Good } from '@auction/common/good'
import { formatMoney } from '@auction/common/money'
import { safeText } from '@auction/common/text'
import { type GoodView, toView } from '@auction/common/view'
import ical, { ICalEventStatus, ICalEventTransparency } from 'ical-generator'
import type { DatedGood } from './store/calendar-queries.ts'

/** How long the entry of an end is. */
const LENGTH_MS = 10 * 60_000
/** How often a program that subscribes should ask again. */
const REFRESH_S = 15 * 60

/** One event for each good, ending when the good does; `publicUrl` is where people reach the house, null when not known. */
export function calendarOf(goods: readonly DatedGood[], epoch: string, publicUrl: string | null): string {
  const calendar = ical({ name: 'Auctions', prodId: { company: 'auction-house', product: 'auction' }, ttl: REFRESH_S })
  for (const { good, changedAt } of goods) {
    const off = good.status === 'cancelled' || (good.status !== 'open' && changedAt < good.endsAt)
    calendar.createEvent({
      id: `good-${good.id}@${epoch}`,
      sequence: good.seq,
      // The library would stamp the time of the call, and no two answers were alike.
      stamp: new Date(changedAt),
      lastModified: new Date(changedAt),
      start: new Date(good.endsAt - LENGTH_MS),
      end: new Date(good.endsAt),
      summary: safeText(good.name),
      description: descriptionOf(good, epoch, publicUrl),
      status: off ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
      transparency: ICalEventTransparency.TRANSPARENT,
    })
  }
  return `${calendar.toString()}\r\n`
}

function descriptionOf(good: Good, epoch: string, publicUrl: string | null): string {
  const view = toView(good, { epoch, watchers: 0 })
  const at = publicUrl === null ? '' : ` --server ${publicUrl}`
  const command = view.status === 'open' ? `auction bid ${good.id} min${at}` : `auction show ${good.id}${at}`
  return `${standingOf(view)}\n${command}`
}

function standingOf({ status, price, startPrice, minimumBid, bidCount }: GoodView): string {
  const paid = formatMoney(price ?? startPrice)
  switch (status) {
    case 'open': {
      const bids = bidCount === 1 ? '1 bid' : `${bidCount} bids`
      const now = price === null ? `Starts at ${paid}` : `Price: ${paid} (${bids})`
      return `${now}. Minimum bid: ${formatMoney(minimumBid)}.`
    }
    case 'sold':
    case 'bought':
      return `Sold for ${paid}.`
    case 'unsold':
      return 'Not sold.'
    case 'cancelled':
      return 'Cancelled.'
    default:
      return status satisfies never
  }
}
