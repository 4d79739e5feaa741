/** The wire: every route with who may call it, what goes in and what comes out. */
import { z } from 'zod'
import { isFaultCode } from './errors.ts'
import {
  amount,
  anyText,
  bidRequest,
  byId,
  goodsQuery,
  newGood,
  newPassword,
  nick,
  none,
  page,
  since,
} from './requests.ts'
import { feedEvent, goodView, id, instant, money, person, standing } from './view.ts'

/** An account: who, in which role, since when. */
export const user = z.object({ id, nick: z.string(), role: z.enum(['member', 'house']), createdAt: instant })
export type User = z.infer<typeof user>

/** The answer to a bid; `replayed` when its key had been answered before. */
export const bidAnswer = z.object({
  bid: z.object({ id, amount: money, max: money, seq: id, at: instant }),
  standing: z.enum(['leading', 'outbid']),
  good: goodView,
  replayed: z.boolean(),
})
export type BidAnswer = z.infer<typeof bidAnswer>

/** A bid as anyone may see it: without its maximum. */
export const publicBid = z.object({
  id,
  bidder: person,
  amount: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
})
export type PublicBid = z.infer<typeof publicBid>
/** A bid as its bidder sees it, with how they stand on the good now. */
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
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

/** Whether the server can serve: `store` is the database, `alarms` the job store, whose loss delays nothing. */
export const readiness = z.object({
  status: z.enum(['ok', 'degraded']),
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
  good: { ...get, path: '/v1/goods/:id', params: byId, answer: goodView, summary: 'One good' },
  image: {
    ...get,
    path: '/v1/goods/:id/image',
    params: byId,
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
    params: byId,
    body: bidRequest,
    answer: bidAnswer,
    keyed: true,
    rate: 'bid',
    summary: 'Bid: an exact amount, a secret maximum, or both',
  },
  bids: {
    ...get,
    path: '/v1/goods/:id/bids',
    params: byId,
    query: page,
    answer: list(publicBid),
    summary: 'Bids of a good, newest first',
  },
  events: {
    ...get,
    path: '/v1/goods/:id/events',
    params: byId,
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
    params: byId,
    query: since.extend({ poll: z.literal('1').optional() }),
    answer: null,
    summary: 'The same as lines, then live until the good has ended; poll=1 stops at the present',
  },
  eventsSse: {
    ...get,
    path: '/v1/goods/:id/events.sse',
    params: byId,
    query: since,
    answer: null,
    summary: 'The same as Server-Sent Events; resumes from Last-Event-ID',
  },
  log: {
    ...get,
    path: '/v1/goods/:id/log',
    params: byId,
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
    params: byId,
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

/** What a route is called in code. */
export type RouteName = keyof typeof routes

/** An error on the wire (`application/problem+json`); further keys are its data. */
export const problem = z.looseObject({
  code: z.string().refine(isFaultCode),
  detail: z.string(),
  hint: z.string().optional(),
  requestId: z.string().nullish(),
})
