/** A line of chat from its row. */
import type { ChatLine } from '@auction/common/answers'
import { toInstant } from '@auction/common/events'
import type { Row } from './statements.ts'

/** The line as everyone in the room may see it. */
export function toLine(row: Row): ChatLine {
  const { id, goodId, authorId, authorNick, text, pictureId, at, removedById, removedByNick } = row
  return {
    id: Number(id),
    goodId: Number(goodId),
    author: { id: Number(authorId), nick: String(authorNick) },
    at: toInstant(Number(at)),
    text: text == null ? null : String(text),
    picture: pictureId == null ? null : `/v1/goods/${goodId}/chat/${id}/image`,
    removedBy: removedById == null ? null : { id: Number(removedById), nick: String(removedByNick) },
  }
}
