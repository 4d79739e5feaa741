/** A good's chat: its lines and pictures, saying something, removing a line. */
import { hash } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import type { Context } from 'koa'
import type { Handlers } from '../app.ts'
import type { Caller } from '../auth.ts'
import { readPicture } from '../pictures.ts'
import type { Visitor } from '../rooms.ts'
import type { OrderOf } from '../store/orders.ts'
import { keyedBy, type Parts } from './parts.ts'

/** Who calls, with the password of the room, UTF-8, in the header Room-Password. */
export function visitorOf(context: Context, caller: Caller | null): Visitor {
  const password = Buffer.from(context.get('Room-Password'), 'latin1').toString('utf8')
  return { caller, password, address: context.ip }
}

interface Speech extends Pick<OrderOf<'say'>, 'goodId' | 'text' | 'picture'> {
  readonly caller: Caller
  readonly key: string
  /** Hash of the picture as it was sent. */
  readonly file?: string
}

/** A line as the clerk takes it, from a socket or a route. */
export function speech({ caller, key, goodId, text, picture, file }: Speech): OrderOf<'say'> {
  const author = { id: caller.user.id, nick: caller.user.nick }
  const keyed = keyedBy(caller, key, ['say', goodId, text, file ?? null])
  return { type: 'say', keyed, goodId, author, text, picture }
}

export function roomRoutes({ clerk, gate, queries, rates, rooms }: Parts) {
  const pass = async (goodId: number, visitor: Visitor) => gate(await queries.good(goodId), visitor)
  return {
    async chat({ params, query, caller, context }) {
      await pass(params.id, visitorOf(context, caller))
      return rooms.lines(params.id, query)
    },
    async say({ params, body, caller, key, file, context }) {
      const { text = null } = body
      if ((text === null) === (file === null))
        throw new AuctionError('BAD_REQUEST', 'A line is a text or a picture, one of them.')
      await pass(params.id, visitorOf(context, caller))
      await rates.take('chat', `user:${caller.user.id}`)
      const picture = file && (await readPicture(file))
      const sent = file ? { file: hash('sha256', file) } : {}
      return clerk.submit<'say'>(speech({ caller, key, goodId: params.id, text, picture, ...sent }))
    },
    async chatPicture({ params, caller, context }) {
      await pass(params.id, visitorOf(context, caller))
      const picture = await queries.picture(await rooms.pictureOf(params.id, params.lineId))
      if (!picture) throw new AuctionError('NOT_FOUND', `Line ${params.lineId} of this room has no picture.`)
      context.type = picture.type
      context.body = picture.bytes
      return undefined
    },
    removeLine: ({ params, caller }) =>
      clerk.submit<'remove_line'>({
        type: 'remove_line',
        goodId: params.id,
        lineId: params.lineId,
        by: { id: caller.user.id, nick: caller.user.nick },
        house: caller.user.role === 'house',
      }),
  } satisfies Partial<Handlers>
}
