/** Orders on goods: the rules decide, the batch records. */
import { randomBytes } from 'node:crypto'
import { type Command, decide } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { toInstant } from '@auction/common/events'
import { type Good, type GoodEvent, listedGood } from '@auction/common/good'
import { available } from '@auction/common/ledger'
import { CHAIN_START } from '@auction/common/log'
import { refuseSpan } from '@auction/common/requests'
import { refuseRelisting } from '@auction/common/sale'
import { toView, toYou } from '@auction/common/view'
import { type Batch, balanceOf, insert, record, update, type WorkingGood } from './batch.ts'
import type { OrderOf, Results } from './orders.ts'

/** Chance for a seal in the public log: 128 bits, hex. */
const salt = () => randomBytes(16).toString('hex')

function goodOf(batch: Batch, id: number): WorkingGood {
  const working = batch.goods.get(id)
  if (!working) throw new AuctionError('NOT_FOUND', `There is no good ${id}.`)
  return working
}

export function placeBid(batch: Batch, order: OrderOf<'place_bid'>): Results['place_bid'] {
  const { by: bidder, goodId, amount, max, message, ifSeq, receivedAt } = order
  const working = goodOf(batch, goodId)
  const bidId = batch.nextId('BidRow')
  const funds = balanceOf(batch, available(bidder.id))
  const [bid, ...following] = decide(
    { type: 'place_bid', bidder, amount, max, message, ifSeq, bidId, salt: salt(), receivedAt, available: funds },
    working.good,
  )
  if (bid?.type !== 'bid') throw new Error('A bid makes a bid event.')
  record(batch, working, [bid, ...following])
  const seq = working.good.seq - following.length
  const placed = { id: bidId, seq, max: bid.max, at: batch.now }
  insert(batch, 'BidRow', {
    ...placed,
    goodId,
    bidderId: bidder.id,
    bidderNick: bidder.nick,
    amount: bid.amount,
    message,
    removed: null,
  })
  batch.bids.get(goodId)?.push({ ...placed, bidder })
  const pay = (value: number) => ({ amount: value, currency: working.good.currency })
  return {
    bid: { id: bidId, amount: pay(bid.amount), max: pay(bid.max), seq, at: toInstant(batch.now) },
    standing: bid.leader.id === bidder.id ? 'leading' : 'outbid',
    good: {
      ...toView(working.good, { epoch: batch.epoch, watchers: 0 }),
      you: toYou(working.good, bidder.id, bid.max),
    },
    replayed: false,
  }
}

export function removeBid(batch: Batch, order: OrderOf<'retract_bid' | 'cancel_bid'>): null {
  const working = goodOf(batch, order.goodId)
  const bids = batch.bids.get(order.goodId) ?? []
  const funds = new Map(bids.map(({ bidder }) => [bidder.id, balanceOf(batch, available(bidder.id))]))
  const events = decide({ ...order, bids, available: funds }, working.good)
  record(batch, working, events)
  for (const event of events) {
    for (const bid of bids.filter(({ id, bidder }) => isRemovedBy(event, id, bidder.id))) {
      const removed = event.type === 'bid_cancelled' ? 'cancelled' : event.type
      update(batch, 'BidRow', bid.id, { id: bid.id, removed })
      bids.splice(bids.indexOf(bid), 1)
    }
  }
  return null
}

function isRemovedBy(event: GoodEvent, bidId: number, bidderId: number): boolean {
  if (event.type === 'lapsed') return event.bidder.id === bidderId
  return (event.type === 'retracted' || event.type === 'bid_cancelled') && event.bidId === bidId
}

/** What changes a good as a whole: a purchase, an edit, its cancelling, a sale before the end. */
export function changeGood(
  batch: Batch,
  order: OrderOf<'purchase' | 'edit_good' | 'cancel_good' | 'accept_bid'>,
): null {
  const working = goodOf(batch, order.goodId)
  const { by } = order
  if (order.type === 'edit_good' && order.changes.endsAt !== undefined)
    refuseSpan(order.changes.endsAt - order.receivedAt)
  const command = (): Command => {
    if (order.type === 'purchase') return { ...order, buyer: by, available: balanceOf(batch, available(by.id)) }
    return order.type === 'edit_good' ? { ...order, salt: salt() } : order
  }
  record(batch, working, decide(command(), working.good))
  if (order.type === 'edit_good' && order.roomPassword !== undefined) working.roomPassword = order.roomPassword
  return null
}

/** Looks at every good that is due, for the house itself. */
export function sweep(batch: Batch, order: OrderOf<'close_due' | 'extend_for_outage'>): { readonly found: number } {
  for (const id of batch.due) {
    const working = batch.goods.get(id)
    if (working) record(batch, working, decide(order, working.good))
  }
  return { found: batch.due.length }
}

export function listGood(batch: Batch, order: OrderOf<'list_good'>): Results['list_good'] {
  const { terms, picture, roomPassword } = order
  // Here, after its key: a list of goods that is sent again names ends that are past by then.
  refuseSpan(terms.endsAt - terms.listedAt)
  if (terms.relistOf !== null)
    refuseRelisting(goodOf(batch, terms.relistOf).good, terms.owner, againOf(batch, terms.relistOf))
  const id = batch.nextId('GoodRow')
  const working: WorkingGood = {
    good: listedGood(id, terms),
    head: CHAIN_START,
    roomPassword,
    fresh: true,
    events: [],
    lines: [],
  }
  batch.goods.set(id, working)
  if (picture) insert(batch, 'Picture', { ...picture })
  record(batch, working, [{ type: 'listed', terms, salt: salt() }])
  return {
    ...toView(working.good, { epoch: batch.epoch, watchers: 0 }),
    you: toYou(working.good, terms.owner.id, null),
  }
}

/** The goods that list this one again. */
function againOf(batch: Batch, id: number): readonly Good[] {
  const listedNow = [...batch.goods.values()].filter(({ good }) => good.relistOf === id).map(({ good }) => good)
  return [...(batch.again.get(id) ?? []), ...listedNow]
}
