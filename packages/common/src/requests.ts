/** What may come in: the bounds of everything, and the schemas of every body, query and parameter. */
import { z } from 'zod'
import { AuctionError } from './errors.ts'
import { cancellationReasons, priceFault, retractionReasons } from './good.ts'
import { MAX_AMOUNT } from './money.ts'
import { graphemeLength, nickFault, safeLines, safeText } from './text.ts'

/** Bounds of everything that comes in, goes out or waits. */
export const limits = {
  bodyBytes: 16 * 1024,
  bodyDepth: 8,
  imageBytes: 5 * 1024 * 1024,
  imagePixels: 16_000_000,
  pageSize: 100,
  searchLength: 100,
  eventPage: 500,
  /** Waiting longer than this for the clerk, a bid is refused with BUSY before any effect. */
  queueWaitMs: 200,
  /** What a stuck follower may leave unread before it is dropped. */
  followerBytes: 256 * 1024,
  shortestSaleMs: 1_000,
  longestSaleMs: 366 * 24 * 60 * 60 * 1000,
  longestSoftCloseMs: 60 * 60 * 1000,
  largestRoom: 100_000,
  chatPage: 50,
  /** Goods in one calendar. */
  watchList: 100,
  webhooks: 20,
} as const

/** Throws BAD_REQUEST for a sale that is shorter or longer than the house takes. */
export function refuseSpan(durationMs: number): void {
  if (durationMs < limits.shortestSaleMs || durationMs > limits.longestSaleMs)
    throw new AuctionError('BAD_REQUEST', 'endsAt: must lie between a second and a year from now.')
}

const idParam = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'must be a positive integer')
  .transform(Number)
const seqParam = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})$/, 'must be a seq, 0 or more')
  .transform(Number)
/** Integer minor units of the house's currency, 1 to 10^12. */
export const amount = z
  .int('must be a whole number of minor units')
  .min(1, 'must be at least 1')
  .max(MAX_AMOUNT, `must be at most ${MAX_AMOUNT}`)

/** Text for people: well-formed, made harmless, `least` to `most` characters as a person counts them. */
function text(least: number, most: number, clean: (text: string) => string = safeText) {
  return z
    .string()
    .max(most * 16, 'is too long')
    .refine((value) => value.isWellFormed(), 'is not well-formed Unicode')
    .transform((value) => clean(value))
    .refine(
      (value) => graphemeLength(value) >= least && graphemeLength(value) <= most,
      `must have ${least} to ${most} characters`,
    )
}

/** A nick to sign up with: NFKC, one script, not reserved (text.ts). */
export const nick = z
  .string()
  .max(100)
  .refine((value) => value.isWellFormed(), 'is not well-formed Unicode')
  .transform((value) => value.normalize('NFKC'))
  .superRefine((value, context) => {
    const fault = nickFault(value)
    if (fault) context.addIssue(fault)
  })
/** What is only compared, never shown: no control characters, NFC. */
export const anyText = z
  .string()
  .max(256)
  .refine((value) => value.isWellFormed(), 'is not well-formed Unicode')
  .refine((value) => !/\p{Cc}/u.test(value), 'has control characters')
  .transform((value) => value.normalize('NFC'))
/** Kept in NFC, so that it is the same from every keyboard. */
export const newPassword = anyText.refine(
  (value) => graphemeLength(value) >= 8 && value.length <= 128,
  'must have 8 to 128 characters',
)

/** `{fixed}` minor units, or `{percentBp}` basis points of the price. */
const increment = z.union([
  z.strictObject({ fixed: amount }),
  z.strictObject({ percentBp: z.int().min(1).max(10_000) }),
])

const milliseconds = (least: number, most: number) =>
  z
    .int('must be a whole number of milliseconds')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`)

// A header, which may carry it, keeps no spaces at its ends.
const roomPassword = anyText
  .refine((value) => graphemeLength(value) >= 1 && value.length <= 128, 'must have 1 to 128 characters')
  .refine((value) => value.trim() === value, 'must not begin or end with a space')
const capacity = z.int().min(1, 'must be at least 1').max(limits.largestRoom, `must be at most ${limits.largestRoom}`)
const endsInMs = milliseconds(limits.shortestSaleMs, limits.longestSaleMs)
const endsAt = z.iso.datetime({ offset: true })
const terms = {
  name: text(1, 100),
  description: text(0, 5_000, safeLines),
  startPrice: amount,
  endsInMs,
  endsAt,
  reserve: amount,
  buyNow: amount,
  increment,
  softCloseMs: milliseconds(0, limits.longestSoftCloseMs),
  password: roomPassword,
  capacity,
}

/** What a seller sends. */
export const newGood = z
  .strictObject(terms)
  .partial()
  .required({ name: true, startPrice: true })
  .extend({ description: terms.description.default('') })
  .refine(
    (good) => (good.endsInMs === undefined) !== (good.endsAt === undefined),
    'needs endsInMs or endsAt, one of them',
  )
  .superRefine(({ startPrice, reserve = null, buyNow = null }, context) => {
    const fault = priceFault({ startPrice, reserve, buyNow })
    if (fault) context.addIssue({ code: 'custom', path: [fault.path], message: fault.message })
  })

/** What a seller changes: any of the terms (null takes a reserve, a buy-now price, a password or a capacity away), or a dated note. */
export const goodEdit = z
  .strictObject({
    ...terms,
    reserve: amount.nullable(),
    buyNow: amount.nullable(),
    password: roomPassword.nullable(),
    capacity: capacity.nullable(),
    note: text(1, 1_000, (value) => safeLines(value).trim()),
  })
  .partial()
  .refine((edit) => Object.keys(edit).length > 0, 'must change something')
  .refine((edit) => edit.endsInMs === undefined || edit.endsAt === undefined, 'takes endsInMs or endsAt, not both')

/** An unsold good again: what it keeps is left out. */
export const relisting = z
  .strictObject({ ...terms, reserve: amount.nullable(), buyNow: amount.nullable() })
  .omit({ password: true })
  .partial()
  .refine(
    (good) => (good.endsInMs === undefined) !== (good.endsAt === undefined),
    'needs endsInMs or endsAt, one of them',
  )

const DAY_MS = 24 * 60 * 60 * 1000
/** A second chance for the highest bidder, open for 1 to 7 days. */
export const secondChance = z.strictObject({ endsInMs: milliseconds(DAY_MS, 7 * DAY_MS) })

/** Why a bidder takes a bid back. */
export const retraction = z.strictObject({ reason: z.enum(retractionReasons) })
/** Why a seller cancels; needed once there are bids. */
export const cancellation = z.strictObject({ reason: z.enum(cancellationReasons).optional() })
/** Why the house cancels. */
export const houseCancellation = z.strictObject({ reason: text(1, 200) })
/** A line of chat. */
export const chatText = z.strictObject({ text: text(1, 500) })

/** What a bidder sends: an exact amount, a secret maximum not below it, or both; minor units. */
export const bidRequest = z
  .strictObject({
    amount: amount.optional(),
    max: amount.optional(),
    message: text(1, 100).optional(),
    /** The bid counts only while the good's log ends here. */
    ifSeq: z.int('must be a whole number').min(1, 'must be 1 or more').optional(),
  })
  .refine((bid) => bid.amount !== undefined || bid.max !== undefined, 'needs amount or max')
  .refine((bid) => bid.amount === undefined || bid.max === undefined || bid.max >= bid.amount, {
    path: ['max'],
    message: 'must not be below amount',
  })

const cursor = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/)
const limit = z
  .string()
  .regex(/^[1-9][0-9]{0,2}$/, 'must be 1 to 100')
  .transform(Number)
  .refine((n) => n <= limits.pageSize, 'must be 1 to 100')
/** A page of a list: how many, and after which cursor. */
export const page = z.strictObject({ limit: limit.optional(), cursor: cursor.optional() })
/** Which goods, in which order; `q` holds words of which each must occur. */
export const goodsQuery = page.extend({
  status: z.enum(['live', 'ended', 'all', 'open', 'sold', 'unsold', 'bought', 'cancelled']).optional(),
  q: text(0, limits.searchLength).optional(),
  sort: z.enum(['ending', 'new', 'price', 'bids']).optional(),
})
export type GoodsQuery = z.infer<typeof goodsQuery>
/** Goods of anyone; `bidder=me`: only those the caller has bid on. */
export const allGoodsQuery = goodsQuery.extend({ bidder: z.literal('me').optional() })
/** Events after this seq. */
export const since = z.strictObject({ since: seqParam.optional() })
/** What takes nothing. */
export const none = z.strictObject({})
/** The path of one good, or one user. */
export const byId = z.strictObject({ id: idParam })
/** The path of one bid on a good. */
export const byGoodAndBid = z.strictObject({ id: idParam, bidId: idParam })
/** The path of one line of a good's chat. */
export const byGoodAndLine = z.strictObject({ id: idParam, lineId: idParam })

/** The goods of a calendar, `1,2,3`: the URL is the whole watch list, and nothing of it is kept. */
export const watchList = z.strictObject({
  ids: z
    .string()
    .max(16 * limits.watchList)
    .regex(/^[1-9][0-9]{0,14}(,[1-9][0-9]{0,14})*$/, 'must be ids of goods, such as 1,2,3')
    .transform((text) => [...new Set(text.split(',').map(Number))])
    .refine((ids) => ids.length <= limits.watchList, `must be at most ${limits.watchList} ids`),
})

const box = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[1-9][0-9]{0,${digits - 1}}x[1-9][0-9]{0,${digits - 1}}$`), 'must be WIDTHxHEIGHT')
    .optional()
/** A smaller version of a picture: `cells` of a terminal (all `frames` of one that moves), or to `fit` so many pixels. */
export const pictureQuery = z
  .strictObject({
    cells: box(3),
    frames: z.literal('all').optional(),
    fit: box(4),
    as: z.enum(['png', 'ppm']).optional(),
  })
  .refine(({ cells, fit }) => cells === undefined || fit === undefined, 'takes cells or fit, not both')
  .refine(({ frames, cells }) => frames === undefined || cells !== undefined, 'frames: goes with cells')
  .refine(({ as, fit }) => as === undefined || fit !== undefined, 'as: goes with fit')

/** Where a webhook posts to; kept as the URL standard writes it. */
const receiver = z
  .string()
  .max(2_000)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL')
  .transform((text) => new URL(text))
  .refine(({ username, password }) => username === '' && password === '', 'must not hold a name or a password')
  .refine(({ hash }) => hash === '', 'must not have a fragment')
  .transform(({ href }) => href)
const goodId = z.int('must be the id of a good').min(1, 'must be the id of a good')
/** A webhook on one good, or on the whole house; from the present on, or with `since: 0` from the first event. */
export const newWebhook = z.strictObject({ url: receiver, goodId: goodId.optional(), since: z.literal(0).optional() })
/** Everything of a good after `since`, once more. */
export const redelivery = z.strictObject({ goodId, since: z.int('must be a seq, 0 or more').min(0) })
