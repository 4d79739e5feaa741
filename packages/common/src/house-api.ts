/** The wire for whoever runs the house: people, money, webhooks, jobs, health. */
import { z } from 'zod'
import { audit, job, list, moved, readiness, user, webhook } from './answers.ts'
import { instant } from './events.ts'
import { amount, anyText, byId, houseCancellation, newWebhook, page, redelivery } from './requests.ts'
import { get, post, type Route, remove } from './route.ts'
import { goodView } from './view.ts'

/** The routes of the house. */
export const houseRoutes = {
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
    summary:
      'Every hold, price, leader and entry recomputed from the logs of goods, every balance from the entries, and what differs',
  },
  jobs: {
    ...get,
    path: '/v1/admin/jobs',
    access: 'house',
    answer: list(job),
    summary: 'What the alarms have in their job store',
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
  metrics: { ...get, path: '/metrics', answer: null, summary: 'What the house counts of itself, for Prometheus' },
  openapi: { ...get, path: '/openapi.json', answer: null, summary: 'This interface, as OpenAPI 3.1' },
  docs: { ...get, path: '/docs', answer: null, summary: 'This interface, as a page to try it on' },
  docsFile: {
    ...get,
    path: '/docs/:file',
    params: z.strictObject({ file: z.string().max(64) }),
    answer: null,
    summary: 'A file of that page',
  },
} as const satisfies Record<string, Route>
