/** Goods: lists, one good, its picture; listing a new one, and an unsold one again. */
import { hash } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { type Good, priceFault, type Terms } from '@auction/common/good'
import { defaultIncrement, defaultSoftClose, HARD_END_MS } from '@auction/common/increments'
import { refuseRelisting, secondChanceOf } from '@auction/common/sale'
import type { Call, Handlers } from '../app.ts'
import type { Caller } from '../auth.ts'
import { readPicture, toCellFrames, toCells, toFitted } from '../pictures.ts'
import type { StoredPicture } from '../store/orders.ts'
import { keyedBody, keyedBy, type Parts } from './parts.ts'

export function goodRoutes({ auth, clerk, clock, config, present, queries, rooms }: Parts) {
  /** Lists a good, once; `what` is all that its key stands for. */
  async function list(
    terms: Terms,
    { caller, key }: { caller: Caller; key: string },
    what: readonly unknown[],
    more = {},
  ) {
    const order = { type: 'list_good', terms, picture: null, roomPassword: null, ...more } as const
    return present.watched(await clerk.submit<'list_good'>({ ...order, keyed: keyedBy(caller, key, what) }))
  }

  return {
    async goods({ query, caller }) {
      const { bidder, ...rest } = query
      if (bidder !== undefined && caller === null) throw new AuctionError('UNAUTHENTICATED')
      return present.page(await queries.goods(rest, bidder && caller ? { bidderId: caller.user.id } : {}), caller)
    },
    async good({ params, caller }) {
      return present.one(await queries.good(params.id), caller)
    },
    async listGood({ body, caller, key, file }) {
      const picture = file ? await readPicture(file) : null
      const roomPassword = body.password === undefined ? null : await auth.hashSecret(body.password)
      const now = clock.now()
      const end = endOf(body, now)
      const terms: Terms = {
        ...termsOf(caller, config),
        name: body.name,
        description: body.description,
        image: picture?.id ?? null,
        startPrice: body.startPrice,
        reserve: body.reserve ?? null,
        buyNow: body.buyNow ?? null,
        increment: body.increment ?? defaultIncrement(config.AUCTION_CURRENCY),
        softCloseMs: body.softCloseMs ?? defaultSoftClose(end.endsAt - now),
        listedAt: now,
        ...end,
        private: roomPassword !== null,
        capacity: body.capacity ?? null,
      }
      return list(terms, { caller, key }, ['list_good', keyedBody(body), file && hash('sha256', file)], {
        picture,
        roomPassword,
      })
    },
    async relist({ params, body, caller, key }) {
      const old = await queries.good(params.id)
      // Again in the commit, where nobody can come between; here so that what is not one's own says nothing of its prices.
      refuseRelisting(old, caller.user, [])
      const now = clock.now()
      const { endsAt: _, endsInMs: __, ...changes } = body
      const end = endOf(body, now)
      const softCloseMs = body.softCloseMs ?? defaultSoftClose(end.endsAt - now)
      const roomPassword = await rooms.passwordHash(old.id)
      const room = { private: roomPassword !== null, relistOf: old.id }
      const kept = { ...keptOf(old), ...defined(changes), softCloseMs, ...room }
      const fault = priceFault(kept)
      if (fault) throw new AuctionError('BAD_REQUEST', `${fault.path}: ${fault.message}.`)
      const terms = { ...termsOf(caller, config), ...kept, ...end, listedAt: now }
      return list(terms, { caller, key }, ['relist', params, body], { roomPassword })
    },
    async offer({ params, body, caller, key }) {
      const old = await queries.good(params.id)
      refuseRelisting(old, caller.user, [])
      const now = clock.now()
      const end = endOf(body, now)
      const kept = { ...keptOf(old), ...secondChanceOf(old), capacity: null, relistOf: old.id }
      return list({ ...termsOf(caller, config), ...kept, ...end, listedAt: now }, { caller, key }, [
        'offer',
        params,
        body,
      ])
    },
    async image({ params, query, context }) {
      const { image } = await queries.good(params.id)
      const picture = image === null ? null : await queries.picture(image)
      if (!picture) throw new AuctionError('NOT_FOUND', `Good ${params.id} has no picture.`)
      const { type, bytes } = await shown(picture, query)
      context.set('Cache-Control', 'public, max-age=86400, immutable')
      context.type = type
      context.body = bytes
      return undefined
    },
  } satisfies Partial<Handlers>
}

/** The picture as it was asked for: as it is kept, in cells of a terminal, or smaller. */
async function shown(picture: StoredPicture, { cells, frames, fit, as = 'png' }: Call<'image'>['query']) {
  const type = 'application/json'
  if (cells) return { type, bytes: await (frames ? toCellFrames : toCells)(picture, boxOf(cells)) }
  return fit ? toFitted(picture, boxOf(fit), as) : picture
}

/** What `40x12` says. */
function boxOf(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = text.split('x').map(Number)
  return { width, height }
}

/** What an unsold good keeps when it is listed again. */
function keptOf({ name, description, image, startPrice, reserve, buyNow, increment, softCloseMs, capacity }: Good) {
  return { name, description, image, startPrice, reserve, buyNow, increment, softCloseMs, capacity }
}

/** Without what was not given, so that it leaves what it is spread over. */
const defined = <T extends object>(given: T) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** What the caller and the house put into any good. */
function termsOf({ user }: Caller, config: Parts['config']) {
  return {
    owner: { id: user.id, nick: user.nick },
    currency: config.AUCTION_CURRENCY,
    premiumBp: config.AUCTION_PREMIUM_BP,
    commissionBp: config.AUCTION_COMMISSION_BP,
    private: false,
    relistOf: null,
    offeredTo: null,
  }
}

type End = { readonly endsInMs?: number | undefined; readonly endsAt?: string | undefined }

/** The end that a seller named, epoch ms, and the hard end after it. */
export function endOf({ endsInMs, endsAt: named }: End, now: number): Pick<Terms, 'endsAt' | 'hardEndsAt'> {
  const endsAt = named === undefined ? now + (endsInMs ?? 0) : Date.parse(named)
  return { endsAt, hardEndsAt: endsAt + HARD_END_MS }
}
