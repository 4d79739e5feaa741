/** What is read of rooms: the hash of a room's password, and its lines of chat. Never writes. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import { toLine } from './chat-rows.ts'
import type { Database } from './database.ts'
import { ChatRow, GoodRow } from './entities.ts'
import { type Page, type PageRequest, pageById } from './queries.ts'
import type { Row } from './statements.ts'

export type RoomQueries = ReturnType<typeof openRoomQueries>

const lineOf = (row: ChatRow): ChatLine => toLine(row as unknown as Row)

/** Opens the reading side of a house's rooms. */
export function openRoomQueries(database: Database) {
  const open = () => database.reader.fork()
  return {
    /** Null when the room has no password. */
    async passwordHash(goodId: number): Promise<string | null> {
      const row = await open().findOne(GoodRow, { id: goodId }, { fields: ['roomPassword'] })
      return row?.roomPassword ?? null
    },
    /** Newest first. */
    async lines(goodId: number, { limit = limits.chatPage, cursor }: PageRequest = {}): Promise<Page<ChatLine>> {
      const { rows, next } = await pageById({ limit, cursor }, (before, most) =>
        open().find(ChatRow, { goodId, id: { $lt: before } }, { orderBy: { id: 'desc' }, limit: most }),
      )
      return { items: rows.map(lineOf), next }
    },
    /** Throws NOT_FOUND. */
    async pictureOf(goodId: number, lineId: number): Promise<string> {
      const row = await open().findOne(ChatRow, { id: lineId, goodId })
      if (!row?.pictureId) throw new AuctionError('NOT_FOUND', `Line ${lineId} of this room has no picture.`)
      return row.pictureId
    },
    /** Lines of all rooms after an id, oldest first. */
    async linesAfter(id: number, most: number): Promise<ChatLine[]> {
      const rows = await open().find(ChatRow, { id: { $gt: id } }, { orderBy: { id: 'asc' }, limit: most })
      return rows.map(lineOf)
    },
    /** Id of the newest line of all; 0 before the first. */
    async newestLine(): Promise<number> {
      const [row] = await open().find(
        ChatRow,
        { id: { $gt: 0 } },
        { orderBy: { id: 'desc' }, limit: 1, fields: ['id'] },
      )
      return row?.id ?? 0
    },
  }
}
