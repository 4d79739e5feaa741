/** Orders about what is said in a good's room; none of it is in the good's log. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { type Batch, insert, update } from './batch.ts'
import { toLine } from './chat-rows.ts'
import type { OrderOf } from './orders.ts'
import type { Row } from './statements.ts'

/** A line said. Throws NOT_FOUND. */
export function say(batch: Batch, order: OrderOf<'say'>): ChatLine {
  const { goodId, author, text, picture } = order
  if (!batch.goods.has(goodId)) throw new AuctionError('NOT_FOUND', `There is no good ${goodId}.`)
  if (picture) insert(batch, 'Picture', { ...picture })
  const row: Row & { id: number } = {
    id: batch.nextId('ChatRow'),
    goodId,
    authorId: author.id,
    authorNick: author.nick,
    text,
    pictureId: picture?.id ?? null,
    at: batch.now,
    removedById: null,
    removedByNick: null,
  }
  const line = tell(batch, goodId, row)
  insert(batch, 'ChatRow', row)
  return line
}

/** A line removed, by the good's owner or the house. Throws NOT_FOUND and FORBIDDEN. */
export function removeLine(batch: Batch, { goodId, lineId, by, house }: OrderOf<'remove_line'>): ChatLine {
  const row = batch.lines.get(lineId)
  if (!row || row.goodId !== goodId) throw new AuctionError('NOT_FOUND', `There is no line ${lineId} in this room.`)
  if (!house && batch.goods.get(goodId)?.good.owner.id !== by.id)
    throw new AuctionError('FORBIDDEN', 'Only the seller and the house may remove a line.')
  if (row.removedById != null) return toLine(row)
  const removed = { ...row, text: null, pictureId: null, removedById: by.id, removedByNick: by.nick }
  batch.lines.set(lineId, removed)
  update(batch, 'ChatRow', lineId, removed)
  if (row.pictureId != null) batch.removals.push({ table: 'Picture', property: 'id', value: String(row.pictureId) })
  return tell(batch, goodId, removed)
}

function tell(batch: Batch, goodId: number, row: Row): ChatLine {
  const line = toLine(row)
  batch.goods.get(goodId)?.lines.push(line)
  return line
}
