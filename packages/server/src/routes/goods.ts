/** Goods: lists, one good, its picture, and listing a new one. */
import { hash } from 'node:crypto'
import { defaultIncrement, defaultSoftClose, HARD_END_MS } from '@auction/common/bidding'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import type { Handlers } from '../app.ts'
import { readPicture, toCells } from '../pictures.ts'
import { keyedBy, type Parts } from './parts.ts'

export function goodRoutes({ clerk, clock, config, present, queries }: Parts) {
  return {
    async goods({ query, caller }) {
      return present.page(await queries.goods(query), caller)
    },
    async good({ params, caller }) {
      return present.one(await queries.good(params.id), caller)
    },
    async listGood({ body, caller, key, file }) {
      const picture = file ? await readPicture(file) : null
      const now = clock.now()
      const endsAt = body.endsAt === undefined ? now + (body.endsInMs ?? 0) : Date.parse(body.endsAt)
      const duration = endsAt - now
      if (duration < limits.shortestSaleMs || duration > limits.longestSaleMs)
        throw new AuctionError('BAD_REQUEST', 'endsAt: must lie between a second and a year from now.')
      const terms = {
        owner: { id: caller.user.id, nick: caller.user.nick },
        name: body.name,
        description: body.description,
        image: picture?.id ?? null,
        currency: config.AUCTION_CURRENCY,
        startPrice: body.startPrice,
        reserve: body.reserve ?? null,
        increment: body.increment ?? defaultIncrement(config.AUCTION_CURRENCY),
        softCloseMs: body.softCloseMs ?? defaultSoftClose(duration),
        endsAt,
        hardEndsAt: endsAt + HARD_END_MS,
        premiumBp: config.AUCTION_PREMIUM_BP,
        commissionBp: config.AUCTION_COMMISSION_BP,
      }
      const keyed = keyedBy(caller, key, ['list_good', body, file && hash('sha256', file)])
      return present.watched(await clerk.submit<'list_good'>({ type: 'list_good', keyed, terms, picture }))
    },
    async image({ params, query, context }) {
      const { image } = await queries.good(params.id)
      const picture = image === null ? null : await queries.picture(image)
      if (!picture) throw new AuctionError('NOT_FOUND', `Good ${params.id} has no picture.`)
      const [columns = 0, rows = 0] = (query.cells ?? '').split('x').map(Number)
      const shown = query.cells ? await toCells(picture, columns, rows) : picture.bytes
      context.set('Cache-Control', 'public, max-age=86400, immutable')
      context.type = query.cells ? 'application/json' : picture.type
      context.body = shown
      return undefined
    },
  } satisfies Partial<Handlers>
}
