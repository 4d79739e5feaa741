/** The wire: every route with who may call it, what goes in and what comes out. */
import { z } from 'zod'
import { isFaultCode } from './errors.ts'
import { feedEvent, id, instant, money, person } from './events.ts'
import {
  amount,
  anyText,
  bidRequest,
  byGoodAndBid,
  byGoodAndLine,
  byId,
  cancellation,
  chatText,
  goodEdit,
  goodsQuery,
  houseCancellation,
  newGood,
  newPassword,
  newWebhook,
  nick,
  none,
  page,
  redelivery,
  relisting,
  retraction,
  secondChance,
  since,
  watchList,
} from './requests.ts'
import { goodView, standing } from './view.ts'

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

/** How a bid came to stand no more: taken back, cancelled by the house, or without the funds when its turn came. */
export const removal = z.enum(['retracted', 'cancelled', 'lapsed'])
/** A bid as anyone may see it: without its maximum. */
export const publicBid = z.object({
  id,
  bidder: person,
  amount: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
  /** Why it no longer stands; left out of one that does. */
  removed: removal.optional(),
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
  removed: removal.optional(),
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
/** An event of the public log; `opened` once the good has ended. */
export const logged = feedEvent.extend({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  opened: z
    .union([
      z.object({ max: z.int(), named: z.int().nullable(), salt: z.string() }),
      z.object({ reserve: z.int(), salt: z.string() }),
    ])
    .optional(),
})
/** A line of a good's chat: a text or a picture; one that was removed keeps its place without either. */
export const chatLine = z.object({
  id,
  goodId: id,
  author: person,
  at: instant,
  text: z.string().nullable(),
  picture: z.string().nullable(),
  removedBy: person.nullable(),
})
export type ChatLine = z.infer<typeof chatLine>

/** What a recomputation from the log says: nothing in `differences` when the books are right. */
export const audit = z.object({
  ok: z.boolean(),
  at: instant,
  checked: z.object({ goods: z.int(), events: z.int(), entries: z.int(), accounts: z.int() }),
  differences: z.array(z.object({ what: z.string(), expected: z.string(), found: z.string() })),
})
export type Audit = z.infer<typeof audit>
/** A program that the house tells of every event; `failingSince`, `fault` and `nextTryAt` while it does not take them. */
export const webhook = z.object({
  id,
  url: z.string(),
  /** The one good it follows; null: all. */
  goodId: id.nullable(),
  createdAt: instant,
  /** False after three days of failures; a redelivery switches it on again. */
  enabled: z.boolean(),
  failures: z.int(),
  failingSince: instant.nullable(),
  fault: z.string().nullable(),
  nextTryAt: instant.nullable(),
})
export type Webhook = z.infer<typeof webhook>
/** The answer to a movement of money by the house. */
const moved = z.object({ entry: ledgerEntry, wallet, replayed: z.boolean() })
const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

/** Whether the server can serve: `store` is the database, `alarms` the job store, whose loss delays nothing. */
export const readiness = z.object({
  status: z.enum(['ok', 'degraded']),
  database: z.enum(['sqlite', 'postgresql']),
  /** Whether the boot audit found the books right; wrong, the house is read-only. */
  books: z.enum(['right', 'wrong']),
  alarms: z.object({ store: z.enum(['mongodb', 'embedded']), ok: z.boolean(), detail: z.string().nullable() }),
})

/** One call: who may make it, what it takes, what it answers. `answer: null` marks a stream, a file or nothing. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
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
const remove = { ...get, method: 'DELETE', access: 'member', rate: 'write' } as const

/** Every route of the house; the server registers exactly these, the client calls them, the reference lists them. */
export const routes = {
  signUp: {
    ...post,
    path: '/v1/users',
    body: z.strictObject({ nick, password: newPassword, invite: anyText.optional() }),
    answer: user,
    rate: 'signIn',
    summary: 'Sign up; with an invite where the house asks for one',
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
  editGood: {
    ...post,
    method: 'PATCH',
    path: '/v1/goods/:id',
    access: 'member',
    params: byId,
    body: goodEdit,
    answer: goodView,
    status: 200,
    summary: "Change a good of one's own: all of it before the first bid, little after; or add a dated note",
  },
  cancelGood: {
    ...remove,
    path: '/v1/goods/:id',
    params: byId,
    body: cancellation,
    answer: goodView,
    summary: "Cancel a good of one's own; with bids a reason is needed, and time left",
  },
  acceptBid: {
    ...post,
    path: '/v1/goods/:id/sale',
    access: 'member',
    params: byId,
    answer: goodView,
    summary: "Sell a good of one's own to the highest bidder now",
  },
  relist: {
    ...post,
    path: '/v1/goods/:id/relist',
    access: 'member',
    params: byId,
    body: relisting,
    answer: goodView,
    summary: 'List an unsold good again: a new good, linked to the old',
  },
  offer: {
    ...post,
    path: '/v1/goods/:id/offers',
    access: 'member',
    params: byId,
    body: secondChance,
    answer: goodView,
    summary:
      'Second chance: offer a good whose reserve was not met to its highest bidder, as a new good that only they may buy',
  },
  purchase: {
    ...post,
    path: '/v1/goods/:id/purchase',
    access: 'member',
    params: byId,
    answer: goodView,
    rate: 'bid',
    summary: 'Buy at once, at the buy-now price',
  },
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
  retractBid: {
    ...remove,
    path: '/v1/goods/:id/bids/:bidId',
    params: byGoodAndBid,
    body: retraction,
    answer: goodView,
    summary: "Take a bid of one's own back, with a reason",
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
    summary: 'The hash-chained public log; its sealed maxima opened once the good has ended',
  },
  chat: {
    ...get,
    path: '/v1/goods/:id/chat',
    params: byId,
    query: page,
    answer: list(chatLine),
    summary: "Lines of a good's chat, newest first",
  },
  say: {
    ...post,
    path: '/v1/goods/:id/chat',
    access: 'member',
    params: byId,
    body: chatText.partial(),
    answer: chatLine,
    upload: { json: 'line', file: 'image' },
    summary: 'Say something to the room: a text as JSON, or a picture as multipart `image`',
  },
  chatPicture: {
    ...get,
    path: '/v1/goods/:id/chat/:lineId/image',
    params: byGoodAndLine,
    answer: null,
    summary: "A picture of a good's chat",
  },
  removeLine: {
    ...remove,
    path: '/v1/goods/:id/chat/:lineId',
    params: byGoodAndLine,
    answer: chatLine,
    summary: "Remove a line from the chat of one's own good; the house may everywhere",
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
    answer: moved,
    keyed: true,
    summary: 'Bring money in for a user',
  },
  withdraw: {
    ...post,
    path: '/v1/admin/users/:id/withdrawals',
    access: 'house',
    params: byId,
    body: z.strictObject({ amount }),
    answer: moved,
    keyed: true,
    summary: 'Pay money out to a user; what is held cannot go',
  },
  cancelBid: {
    ...remove,
    path: '/v1/admin/bids/:id',
    access: 'house',
    params: byId,
    body: houseCancellation,
    answer: goodView,
    summary: 'Cancel a bid, with a reason that everyone sees',
  },
  cancelByHouse: {
    ...remove,
    path: '/v1/admin/goods/:id',
    access: 'house',
    params: byId,
    body: houseCancellation,
    answer: goodView,
    summary: 'Cancel a good, with a reason that everyone sees',
  },
  invite: {
    ...post,
    path: '/v1/admin/invites',
    access: 'house',
    answer: z.object({ code: z.string(), expiresAt: instant }),
    summary: 'A code with which one person may sign up, for 7 days',
  },
  audit: {
    ...get,
    path: '/v1/admin/audit',
    access: 'house',
    answer: audit,
    summary: 'Every balance, hold, price and leader recomputed from the log, and what differs',
  },
  jobs: {
    ...get,
    path: '/v1/admin/jobs',
    access: 'house',
    answer: list(job),
    summary: 'What the alarms have in their job store',
  },
  calendar: {
    ...get,
    path: '/v1/goods.ics',
    query: watchList,
    answer: null,
    summary: 'The ends of some goods as an iCalendar feed; `ids=1,2,3` is the whole watch list',
  },
  addWebhook: {
    ...post,
    path: '/v1/admin/webhooks',
    access: 'house',
    body: newWebhook,
    answer: webhook.extend({ secret: z.string() }),
    summary: 'Post every event from now on to a URL; answers the secret of its signatures, this once',
  },
  webhooks: {
    ...get,
    path: '/v1/admin/webhooks',
    access: 'house',
    answer: list(webhook),
    summary: 'Webhooks, and how they fare',
  },
  removeWebhook: {
    ...remove,
    path: '/v1/admin/webhooks/:id',
    access: 'house',
    params: byId,
    answer: null,
    status: 204,
    summary: 'Post nothing more to a webhook',
  },
  redeliver: {
    ...post,
    path: '/v1/admin/webhooks/:id/redeliveries',
    access: 'house',
    params: byId,
    body: redelivery,
    answer: webhook,
    summary: 'Post everything of a good after `since` once more, and switch the webhook on',
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
