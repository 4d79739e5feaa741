/** The wire: every route with who may call it and what goes in and out, the socket's frames, and all limits. */
import { z } from 'zod'
import { isFaultCode } from './errors.ts'
import { MAX_AMOUNT } from './money.ts'
import { graphemeLength, nickFault, safeLines, safeText } from './text.ts'
import { feedEvent, goodView, instant, money, person, standing } from './view.ts'

/** Bounds of everything that comes in, goes out or waits. */
export const limits = {
  bodyBytes: 16 * 1024,
  bodyDepth: 8,
  imageBytes: 5 * 1024 * 1024,
  imagePixels: 16_000_000,
  pageSize: 100,
  eventPage: 500,
  /** Waiting longer than this for the clerk, a bid is refused with BUSY before any effect. */
  queueWaitMs: 200,
  /** What a stuck follower may leave unread before it is dropped. */
  followerBytes: 256 * 1024,
  shortestSaleMs: 1_000,
  longestSaleMs: 366 * 24 * 60 * 60 * 1000,
  longestSoftCloseMs: 60 * 60 * 1000,
} as const

const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER)
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
const anyText = z
  .string()
  .max(256)
  .refine((value) => value.isWellFormed(), 'is not well-formed Unicode')
const newPassword = anyText.refine(
  (value) => graphemeLength(value) >= 8 && value.length <= 128,
  'must have 8 to 128 characters',
)

export const user = z.object({ id, nick: z.string(), role: z.enum(['member', 'house']), createdAt: instant })
export type User = z.infer<typeof user>

/** `{fixed}` minor units, or `{percentBp}` basis points of the price. */
const increment = z.union([
  z.strictObject({ fixed: amount }),
  z.strictObject({ percentBp: z.int().min(1).max(10_000) }),
])

/** What a seller sends. */
export const newGood = z
  .strictObject({
    name: text(1, 100),
    description: text(0, 5_000, safeLines).default(''),
    startPrice: amount,
    endsInMs: z.int().min(limits.shortestSaleMs).max(limits.longestSaleMs).optional(),
    endsAt: z.iso.datetime({ offset: true }).optional(),
    reserve: amount.optional(),
    increment: increment.optional(),
    softCloseMs: z.int().min(0).max(limits.longestSoftCloseMs).optional(),
  })
  .refine(
    (good) => (good.endsInMs === undefined) !== (good.endsAt === undefined),
    'needs endsInMs or endsAt, one of them',
  )
  .refine((good) => good.reserve === undefined || good.reserve > good.startPrice, {
    path: ['reserve'],
    message: 'must be above startPrice',
  })

const bidRequest = z
  .strictObject({ amount: amount.optional(), max: amount.optional(), message: text(1, 100).optional() })
  .refine((bid) => bid.amount !== undefined || bid.max !== undefined, 'needs amount or max')
  .refine((bid) => bid.amount === undefined || bid.max === undefined || bid.max >= bid.amount, {
    path: ['max'],
    message: 'must not be below amount',
  })

/** The answer to a bid; `replayed` when its key had been answered before. */
export const bidAnswer = z.object({
  bid: z.object({ id, amount: money, max: money, seq: id, at: instant }),
  standing: z.enum(['leading', 'outbid']),
  good: goodView,
  replayed: z.boolean(),
})
export type BidAnswer = z.infer<typeof bidAnswer>

export const publicBid = z.object({
  id,
  bidder: person,
  amount: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
})
export type PublicBid = z.infer<typeof publicBid>
export const ownBid = z.object({
  id,
  goodId: id,
  name: z.string(),
  amount: money,
  max: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
  standing,
})
export type OwnBid = z.infer<typeof ownBid>

/** `held` is the sum of `holds`: what each good led still open reserves. */
export const wallet = z.object({
  balance: money,
  available: money,
  held: money,
  holds: z.array(z.object({ goodId: id, amount: money })),
})
export type Wallet = z.infer<typeof wallet>
/** `debit` is where the amount left, `credit` where it arrived. */
export const ledgerEntry = z.object({
  id,
  at: instant,
  debit: z.string(),
  credit: z.string(),
  amount: money,
  kind: z.string(),
  goodId: id.nullable(),
})
export type LedgerEntry = z.infer<typeof ledgerEntry>

const job = z.object({ id: z.string(), name: z.string(), dueAt: instant.nullable(), state: z.string() })
const logged = feedEvent.extend({ hash: z.string().regex(/^[0-9a-f]{64}$/) })
const cursor = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/)
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })
const limit = z
  .string()
  .regex(/^[1-9][0-9]{0,2}$/, 'must be 1 to 100')
  .transform(Number)
  .refine((n) => n <= limits.pageSize, 'must be 1 to 100')
const page = z.strictObject({ limit: limit.optional(), cursor: cursor.optional() })
const goodsQuery = page.extend({
  status: z.enum(['live', 'ended', 'all', 'open', 'sold', 'unsold', 'bought', 'cancelled']).optional(),
  q: z.string().max(100).optional(),
  sort: z.enum(['ending', 'new', 'price', 'bids']).optional(),
})
export type GoodsQuery = z.infer<typeof goodsQuery>
const since = z.strictObject({ since: seqParam.optional() })
const none = z.strictObject({})
const good = z.strictObject({ id: idParam })

/** Whether the server can serve: `store` is the database, `alarms` the job store, whose loss delays nothing. */
export const readiness = z.object({
  status: z.enum(['ok', 'degraded', 'unavailable']),
  database: z.enum(['sqlite', 'postgresql']),
  alarms: z.object({ store: z.enum(['mongodb', 'embedded']), ok: z.boolean(), detail: z.string().nullable() }),
})

/** One call: who may make it, what it takes, what it answers. `answer: null` marks a stream, a file or nothing. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly access: 'anyone' | 'member' | 'house'
  readonly params: z.ZodType
  readonly query: z.ZodType
  readonly body: z.ZodType | null
  readonly answer: z.ZodType | null
  readonly status: number
  /** Whether the call needs an Idempotency-Key. */
  readonly keyed: boolean
  /** Whether the body may be multipart: the JSON in a field, a picture beside it. */
  readonly upload?: { readonly json: string; readonly file: string }
  /** Which bound its callers share (server/src/rates.ts). */
  readonly rate: 'read' | 'write' | 'bid' | 'signIn'
  readonly summary: string
}

const get = {
  method: 'GET',
  access: 'anyone',
  params: none,
  query: none,
  body: null,
  status: 200,
  keyed: false,
  rate: 'read',
} as const
const post = { ...get, method: 'POST', status: 201, rate: 'write' } as const

/** Every route of the house; the server registers exactly these, the client calls them, the reference lists them. */
export const routes = {
  signUp: {
    ...post,
    path: '/v1/users',
    body: z.strictObject({ nick, password: newPassword }),
    answer: user,
    rate: 'signIn',
    summary: 'Sign up',
  },
  logIn: {
    ...post,
    path: '/v1/sessions',
    body: z.strictObject({ nick: anyText, password: anyText }),
    answer: z.object({ token: z.string(), expiresAt: instant, user }),
    rate: 'signIn',
    summary: 'Log in: a token for the Authorization header',
  },
  logOut: {
    ...post,
    method: 'DELETE',
    path: '/v1/sessions/current',
    access: 'member',
    answer: null,
    status: 204,
    summary: 'Revoke the token of this call',
  },
  me: { ...get, path: '/v1/me', access: 'member', answer: user, summary: 'Who the token belongs to' },
  wallet: {
    ...get,
    path: '/v1/me/wallet',
    access: 'member',
    answer: wallet,
    summary: 'Balance, what is held, and for which goods',
  },
  ledger: {
    ...get,
    path: '/v1/me/ledger',
    access: 'member',
    query: page,
    answer: z.object({ entries: z.array(ledgerEntry), next: z.string().nullable() }),
    summary: 'Own ledger entries, newest first',
  },
  myBids: {
    ...get,
    path: '/v1/me/bids',
    access: 'member',
    query: page,
    answer: list(ownBid),
    summary: 'Own bids, newest first',
  },
  mySales: {
    ...get,
    path: '/v1/me/sales',
    access: 'member',
    query: goodsQuery,
    answer: list(goodView),
    summary: 'Own goods',
  },
  myWon: {
    ...get,
    path: '/v1/me/won',
    access: 'member',
    query: page,
    answer: list(goodView),
    summary: 'Goods won, newest first',
  },
  goods: { ...get, path: '/v1/goods', query: goodsQuery, answer: list(goodView), summary: 'Goods, by keyset cursor' },
  listGood: {
    ...post,
    path: '/v1/goods',
    access: 'member',
    body: newGood,
    answer: goodView,
    upload: { json: 'good', file: 'image' },
    summary: 'List a good; JSON, or multipart with `good` and `image`',
  },
  good: { ...get, path: '/v1/goods/:id', params: good, answer: goodView, summary: 'One good' },
  image: {
    ...get,
    path: '/v1/goods/:id/image',
    params: good,
    query: z.strictObject({
      cells: z
        .string()
        .regex(/^[1-9][0-9]{0,2}x[1-9][0-9]{0,2}$/)
        .optional(),
    }),
    answer: null,
    summary: 'The picture; with cells=WxH an RGB grid `{width,height,rows}` for that many terminal cells',
  },
  placeBid: {
    ...post,
    path: '/v1/goods/:id/bids',
    access: 'member',
    params: good,
    body: bidRequest,
    answer: bidAnswer,
    keyed: true,
    rate: 'bid',
    summary: 'Bid: an exact amount, a secret maximum, or both',
  },
  bids: {
    ...get,
    path: '/v1/goods/:id/bids',
    params: good,
    query: page,
    answer: list(publicBid),
    summary: 'Bids of a good, newest first',
  },
  events: {
    ...get,
    path: '/v1/goods/:id/events',
    params: good,
    query: since.extend({
      limit: z
        .string()
        .regex(/^[1-9][0-9]{0,2}$/)
        .transform(Number)
        .optional(),
    }),
    answer: z.object({ items: z.array(feedEvent), next: z.int().nullable(), epoch: z.string() }),
    summary: 'Events after `since`; `next` is the since of the next page',
  },
  eventsNdjson: {
    ...get,
    path: '/v1/goods/:id/events.ndjson',
    params: good,
    query: since.extend({ poll: z.literal('1').optional() }),
    answer: null,
    summary: 'The same as lines, then live until the good has ended; poll=1 stops at the present',
  },
  eventsSse: {
    ...get,
    path: '/v1/goods/:id/events.sse',
    params: good,
    query: since,
    answer: null,
    summary: 'The same as Server-Sent Events; resumes from Last-Event-ID',
  },
  log: {
    ...get,
    path: '/v1/goods/:id/log',
    params: good,
    query: since,
    answer: z.object({ items: z.array(logged), next: z.int().nullable() }),
    summary: 'The hash-chained public log',
  },
  clock: { ...get, path: '/sse', answer: null, summary: 'Server clock: `data: <epoch milliseconds>` once a second' },
  claimHouse: {
    ...post,
    path: '/v1/admin/house',
    access: 'member',
    body: z.strictObject({ code: anyText }),
    answer: user,
    status: 200,
    rate: 'signIn',
    summary: 'Claim the house with the one-time code',
  },
  users: {
    ...get,
    path: '/v1/admin/users',
    access: 'house',
    query: page,
    answer: list(user),
    summary: 'Users, newest first',
  },
  deposit: {
    ...post,
    path: '/v1/admin/users/:id/deposits',
    access: 'house',
    params: good,
    body: z.strictObject({ amount }),
    answer: z.object({ entry: ledgerEntry, wallet, replayed: z.boolean() }),
    keyed: true,
    summary: 'Bring money in for a user',
  },
  jobs: {
    ...get,
    path: '/v1/admin/jobs',
    access: 'house',
    answer: list(job),
    summary: 'What the alarms have in their job store',
  },
  live: { ...get, path: '/livez', answer: z.object({ status: z.literal('ok') }), summary: 'Whether the process runs' },
  ready: {
    ...get,
    path: '/readyz',
    answer: readiness,
    summary: 'Whether it can serve; degraded while the job store is away',
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof routes

/** An error on the wire (`application/problem+json`); further keys are its data. */
export const problem = z.looseObject({
  code: z.string().refine(isFaultCode),
  detail: z.string(),
  hint: z.string().optional(),
  requestId: z.string().nullish(),
})

/** Socket.IO, client to server. */
export const joinRequest = z.strictObject({
  goodId: id,
  since: z.int().min(0).optional(),
  epoch: z.string().max(64).optional(),
})
export const leaveRequest = z.strictObject({ goodId: id })
export const followRequest = z.strictObject({ house: z.literal(true) })

/** Socket.IO, server to client, and the acknowledgement of a join. */
export const joinAnswer = z.union([
  z.object({ ok: z.literal(true), reset: z.literal(true), good: goodView }),
  z.object({ ok: z.literal(true), good: goodView, events: z.array(feedEvent), watchers: z.int() }),
])
export type JoinAnswer = z.infer<typeof joinAnswer>
export const refusal = z.object({ ok: z.literal(false), error: problem })
/** One message per room and commit. */
export const eventsFrame = z.object({
  goodId: id,
  epoch: z.string(),
  events: z.array(feedEvent.omit({ goodId: true })),
})
export const houseFrame = z.object({ events: z.array(feedEvent) })
/** Once a second: the server's clock and the newest seq of each good joined. */
export const headsFrame = z.object({ now: z.number(), seqs: z.record(z.string(), z.int()) })
export const presenceFrame = z.object({ goodId: id, watchers: z.int() })
export const byeFrame = z.object({ retryInMs: z.int() })

/** What the house-wide feed tells everyone (rules.md, section 8). */
export const houseEvents: readonly z.infer<typeof feedEvent>['type'][] = [
  'listed',
  'sold',
  'bought',
  'unsold',
  'cancelled',
]
/** Events after which a good's log is complete. */
export const endings: readonly z.infer<typeof feedEvent>['type'][] = ['sold', 'bought', 'unsold', 'cancelled']
