/** The columns of every list: goods, bids, movements of money, users. */
import type { LedgerEntry, OwnBid, PublicBid, User } from '@auction/common/answers'
import type { GoodView, Standing } from '@auction/common/view'
import type { Output } from './output.ts'
import type { Column } from './table.ts'
import { pay, plainPay } from './wording.ts'

const shades: Readonly<Record<Standing | GoodView['status'], 'green' | 'red' | 'dim' | null>> = {
  none: null,
  leading: 'green',
  won: 'green',
  outbid: 'red',
  lost: 'red',
  open: 'green',
  sold: null,
  bought: null,
  unsold: 'dim',
  cancelled: 'dim',
}

/** A good by its id, how it stands, its price, bids and end. */
export function goodColumns({ when }: Output): readonly Column<GoodView>[] {
  const price = (good: GoodView) => good.price ?? good.startPrice
  return [
    { title: 'id', value: (good) => String(good.id), right: true },
    { title: 'name', value: (good) => good.name, wide: true },
    { title: 'status', value: (good) => good.status, colour: (good) => shades[good.status] },
    { title: 'price', value: (good) => plainPay(price(good)), cell: (good) => pay(price(good)), right: true },
    ...currency<GoodView>((good) => good.startPrice.currency),
    { title: 'bids', value: (good) => String(good.bidCount), right: true, spare: true },
    { title: 'ends', value: (good) => good.endsAt, cell: (good) => when(good.endsAt) },
    {
      title: 'you',
      value: (good) => good.you?.standing ?? 'none',
      cell: (good) => (good.you && good.you.standing !== 'none' ? good.you.standing : ''),
      colour: (good) => shades[good.you?.standing ?? 'none'],
      spare: true,
    },
    { title: 'seller', value: (good) => good.owner.nick, wide: true, spare: true },
    {
      title: 'buy now',
      value: (good) => plainPay(good.buyNow),
      cell: (good) => (good.buyNow ? pay(good.buyNow) : ''),
      right: true,
      spare: true,
    },
    { title: 'marks', value: (good) => marksOf(good).join(','), cell: (good) => marksOf(good).join(' '), spare: true },
  ]
}

/** What sets a good apart from the usual, each a word. */
function marksOf({ private: locked, capacity, offeredTo, relistOf }: GoodView): readonly string[] {
  return [
    ...(locked ? ['private'] : []),
    ...(capacity === null ? [] : [`seats:${capacity}`]),
    ...(offeredTo ? [`for:${offeredTo.nick}`] : []),
    ...(relistOf === undefined ? [] : [`after:${relistOf}`]),
  ]
}

// For people the amount says it.
const currency = <Row>(value: (row: Row) => string): readonly Column<Row>[] => [
  { title: 'currency', value, pipe: true },
]

/** A bid on one good, as anyone may see it. */
export function bidColumns({ when }: Output): readonly Column<PublicBid>[] {
  return [
    { title: 'bid', value: (bid) => String(bid.id), right: true },
    { title: 'bidder', value: (bid) => bid.bidder.nick, wide: true },
    { title: 'amount', value: (bid) => plainPay(bid.amount), cell: (bid) => pay(bid.amount), right: true },
    ...currency<PublicBid>((bid) => bid.amount.currency),
    { title: 'when', value: (bid) => bid.at, cell: (bid) => when(bid.at) },
    { title: 'message', value: (bid) => bid.message ?? '', wide: true },
    { title: 'removed', value: (bid) => bid.removed ?? '', colour: () => 'dim', spare: true },
  ]
}

/** A bid of one's own: its good, its secret maximum, how it stands. */
export function ownBidColumns({ when }: Output): readonly Column<OwnBid>[] {
  return [
    { title: 'bid', value: (bid) => String(bid.id), right: true },
    { title: 'good', value: (bid) => String(bid.goodId), right: true },
    { title: 'name', value: (bid) => bid.name, wide: true },
    { title: 'amount', value: (bid) => plainPay(bid.amount), cell: (bid) => pay(bid.amount), right: true },
    { title: 'max', value: (bid) => plainPay(bid.max), cell: (bid) => pay(bid.max), right: true },
    ...currency<OwnBid>((bid) => bid.amount.currency),
    { title: 'standing', value: (bid) => bid.standing, colour: (bid) => shades[bid.standing] },
    { title: 'when', value: (bid) => bid.at, cell: (bid) => when(bid.at) },
    { title: 'removed', value: (bid) => bid.removed ?? '', colour: () => 'dim', spare: true },
  ]
}

/** A movement of money: from where to where, for which good. */
export function entryColumns({ when }: Output): readonly Column<LedgerEntry>[] {
  return [
    { title: 'entry', value: (entry) => String(entry.id), right: true },
    { title: 'when', value: (entry) => entry.at, cell: (entry) => when(entry.at) },
    { title: 'kind', value: (entry) => entry.kind },
    { title: 'amount', value: (entry) => plainPay(entry.amount), cell: (entry) => pay(entry.amount), right: true },
    ...currency<LedgerEntry>((entry) => entry.amount.currency),
    { title: 'from', value: (entry) => entry.debit, spare: true },
    { title: 'to', value: (entry) => entry.credit, spare: true },
    { title: 'good', value: (entry) => (entry.goodId === null ? '' : String(entry.goodId)), right: true },
  ]
}

/** An account. */
export function userColumns({ when }: Output): readonly Column<User>[] {
  return [
    { title: 'id', value: (user) => String(user.id), right: true },
    { title: 'nick', value: (user) => user.nick, wide: true },
    { title: 'role', value: (user) => user.role },
    { title: 'since', value: (user) => user.createdAt, cell: (user) => when(user.createdAt) },
  ]
}
