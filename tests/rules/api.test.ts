import { type RouteName, routes } from '@auction/common/api'
import { faults, isFaultCode } from '@auction/common/errors'
import { chatRequest, followRequest, joinRequest, leaveRequest } from '@auction/common/frames'
import { limits } from '@auction/common/requests'
import type { Route } from '@auction/common/route'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'

const table = Object.entries(routes) as [RouteName, Route][]

/** A good request of every call that has a body. */
const bodies: Partial<Record<RouteName, Record<string, unknown>>> = {
  signUp: { nick: 'mila', password: 'correct horse', invite: 'ABCD-EFGH' },
  logIn: { nick: 'mila', password: 'correct horse' },
  listGood: { name: 'Leica M3', startPrice: 1_000, endsInMs: 60_000 },
  editGood: { name: 'Leica M4', startPrice: 2_000, endsInMs: 60_000, note: 'a scratch' },
  cancelGood: { reason: 'incorrect' },
  relist: { startPrice: 900, endsInMs: 60_000 },
  offer: { endsInMs: 86_400_000 },
  placeBid: { amount: 1_000, max: 2_000, message: 'for Ann', ifSeq: 7 },
  retractBid: { reason: 'typo' },
  say: { text: 'Is the case in one piece?' },
  claimHouse: { code: 'ABCD-EFGH' },
  deposit: { amount: 1_000 },
  withdraw: { amount: 1_000 },
  cancelBid: { reason: 'a child had the keyboard' },
  cancelByHouse: { reason: 'stolen' },
  addWebhook: { url: 'https://example.org/hook', goodId: 1 },
  redeliver: { goodId: 1, since: 0 },
}
const bodyOf = (name: RouteName): z.ZodType => {
  const { body } = routes[name] as Route
  if (!body) throw new Error(`${name} has no body.`)
  return body
}
const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success

describe('the table of routes', () => {
  it.each(table)('%s has an exact access, a summary, and a path below /v1 or of the operations', (_, route) => {
    expect(['anyone', 'member', 'house']).toContain(route.access)
    expect(route.summary).toMatch(/^[A-Z]/)
    expect(route.path).toMatch(/^\/v1\/|^\/(livez|readyz|sse|metrics|openapi\.json|docs|docs\/:file)$/)
    if (route.path.startsWith('/v1/admin/') && route.path !== '/v1/admin/house') expect(route.access).toBe('house')
    if (route.path.startsWith('/v1/me')) expect(route.access).toBe('member')
    if (route.keyed) expect(route.method).toBe('POST')
  })

  it('has each call once', () => {
    const calls = table.map(([, { method, path }]) => `${method} ${path}`)
    expect(new Set(calls).size).toBe(calls.length)
  })

  it('has a known good request here for every call with a body', () => {
    const withBody = table.filter(([, { body }]) => body).map(([name]) => name)
    expect(Object.keys(bodies).sort()).toEqual(withBody.sort())
  })
})

describe.each(Object.entries(bodies) as [RouteName, Record<string, unknown>][])('the body of %s', (name, body) => {
  const schema = bodyOf(name)
  it('is taken when it is right', () => {
    expect(takes(schema, body)).toBe(true)
  })
  it.each(['extra', '$ne', '__proto__', 'constructor', 'Amount', ''])('refuses the unknown key %j', (key) => {
    const odd = JSON.parse(JSON.stringify(body).replace(/\}$/, `,${JSON.stringify(key)}:1}`))
    expect(takes(schema, odd)).toBe(false)
  })
  it.each([[null], [undefined], [[]], [[body]], ['{}'], [''], [0], [true]])('refuses %j in its place', (odd) => {
    expect(takes(schema, odd)).toBe(false)
  })
  it.each(Object.keys(body))('refuses operators and other odd things as %s', (key) => {
    for (const odd of [{ $ne: 1 }, { $gt: '' }, [], [body[key]], null, true, {}])
      expect(takes(schema, { ...body, [key]: odd })).toBe(false)
  })
})

/** What stands beside `:id` in a path. */
const secondIdOf = (path: string, id: string) =>
  path.includes(':bidId') ? { bidId: id } : path.includes(':lineId') ? { lineId: id } : {}

describe('paths and queries', () => {
  it.each(table)('of %s refuse unknown keys', (_, { params, query }) => {
    expect(takes(query, { extra: '1' })).toBe(false)
    expect(takes(params, { id: '1', extra: '1' })).toBe(false)
  })

  it.each(['0', '-1', '01', '1.0', '1e3', '0x1', ' 1', '1 ', '٥', '５', '', 'x', '9007199254740993', '1\n', 'NaN'])(
    'refuse the id %j',
    (id) => {
      for (const [, { path, params }] of table) {
        if (path.includes(':id')) expect(takes(params, { id, ...secondIdOf(path, '1') })).toBe(false)
        if (path.includes(':id')) expect(takes(params, { id: '1', ...secondIdOf(path, '1') })).toBe(true)
        if (/:(bidId|lineId)/.test(path)) expect(takes(params, { id: '1', ...secondIdOf(path, id) })).toBe(false)
      }
    },
  )
  it.each(['1', '42', '999999999999999'])('take the id %j', (id) => {
    expect(routes.good.params.parse({ id })).toEqual({ id: Number(id) })
  })

  it.each(['-1', '01', '1.5', '1e3', '', ' ', '٥', 'x', '9007199254740993', ['1', '2'], null])(
    'refuse the seq %j',
    (since) => {
      for (const name of ['events', 'eventsNdjson', 'eventsSse', 'log'] as const)
        expect(takes(routes[name].query, { since })).toBe(false)
    },
  )
  it.each(['0', '1', '999999999999999'])('take the seq %j', (since) => {
    expect(routes.events.query.parse({ since })).toEqual({ since: Number(since) })
  })

  it.each(['0', '101', '-1', '1e1', '1.0', '', 'all', '٥', '0x10', ['1', '2']])('refuse the page size %j', (limit) => {
    for (const name of ['goods', 'ledger', 'myBids', 'bids', 'users'] as const)
      expect(takes(routes[name].query, { limit })).toBe(false)
  })
  it('take a page of 1 to 100', () => {
    for (const limit of ['1', '100']) expect(routes.goods.query.parse({ limit })).toEqual({ limit: Number(limit) })
    expect(limits.pageSize).toBe(100)
  })

  it.each(['', 'a b', 'a/b', "'", 'x'.repeat(201), '\u0000'])('refuse the cursor %j', (cursor) => {
    expect(takes(routes.goods.query, { cursor })).toBe(false)
  })
  it.each(['0x12', '1x0', '12', 'x', '1000x1', '1x1x1', '-1x1', '1.5x2', ''])('refuse the cells %j', (cells) => {
    expect(takes(routes.image.query, { cells })).toBe(false)
  })
  it('clean the words searched for as the names they are looked for in', () => {
    expect(routes.goods.query.parse({ q: ' leica\u0000\u200b  m3 ' })).toEqual({ q: 'leica m3' })
    for (const q of ['x'.repeat(101), '\ud800', ['a', 'b']]) expect(takes(routes.goods.query, { q })).toBe(false)
  })
})

describe('an amount in a request', () => {
  const odd = [
    '1e3',
    '0x10',
    '1,000',
    '５',
    '1000',
    '',
    'NaN',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    0,
    -0,
    0.5,
    1.005,
    1_000.000_1,
    // What JSON.parse makes of 9007199254740993.
    2 ** 53,
    Number.MAX_SAFE_INTEGER,
    1_000_000_000_001,
    1e21,
    5e-324,
    null,
    true,
    [],
    [1_000],
    {},
    { amount: 1_000, currency: 'USD' },
    10n,
  ]
  const places: [string, RouteName, (amount: unknown) => unknown][] = [
    ['a bid', 'placeBid', (amount) => ({ amount })],
    ['a maximum', 'placeBid', (max) => ({ max })],
    ['a start', 'listGood', (startPrice) => ({ ...bodies.listGood, startPrice })],
    ['a reserve', 'listGood', (reserve) => ({ ...bodies.listGood, startPrice: 1, reserve })],
    ['a buy-now price', 'editGood', (buyNow) => ({ buyNow: buyNow === null ? 0 : buyNow })],
    ['an increment', 'listGood', (fixed) => ({ ...bodies.listGood, increment: { fixed } })],
    ['a deposit', 'deposit', (amount) => ({ amount })],
    ['a withdrawal', 'withdraw', (amount) => ({ amount })],
  ]
  it.each(places)('is never odd: %s', (_, name, request) => {
    for (const amount of odd)
      expect({ amount, taken: takes(bodyOf(name), request(amount)) }).toEqual({ amount, taken: false })
  })
  it.each(places)('is at most 10^12: %s', (_, name, request) => {
    expect(takes(bodyOf(name), request(1_000_000_000_000))).toBe(true)
    expect(takes(bodyOf(name), request(2))).toBe(true)
  })
  it.each(['1e400', '9007199254740993', '1.0000000000000001e15', '-0', '1E+13'])(
    'is refused as the JSON %s',
    (json) => {
      expect(takes(bodyOf('placeBid'), JSON.parse(`{"amount":${json}}`))).toBe(false)
    },
  )
})

describe('a bid', () => {
  const bid = bodyOf('placeBid')
  it.each([
    ['names neither amount nor maximum', {}],
    ['names only a message', { message: 'hello' }],
    ['has a maximum below its amount', { amount: 1_000, max: 999 }],
    ['has an empty message', { amount: 1, message: '' }],
    ['has a message of nothing visible', { amount: 1, message: '\u200b\u001b[31m ' }],
    ['has a message over 100 characters', { amount: 1, message: 'x'.repeat(101) }],
    ['has a message that is no text', { amount: 1, message: '\ud800' }],
    ['is for a state before the listing', { amount: 1, ifSeq: 0 }],
    ['is for half a state', { amount: 1, ifSeq: 1.5 }],
    ['is for a state in words', { amount: 1, ifSeq: '1' }],
    ['is for a state past all counting', { amount: 1, ifSeq: 2 ** 53 }],
  ])('is refused when it %s', (_, body) => {
    expect(takes(bid, body)).toBe(false)
  })
  it('has its message made harmless, and counted as a person counts', () => {
    expect(bid.parse({ max: 1, message: `a\u001b[31mb\u202e\n${'e\u0301'.repeat(96)}` })).toEqual({
      max: 1,
      message: `ab ${'é'.repeat(96)}`,
    })
  })
})

describe('a good', () => {
  const schema = bodyOf('listGood')
  const good = bodies.listGood ?? {}
  const ending = (end: Record<string, unknown>) => ({ name: 'x', startPrice: 1_000, ...end })
  it.each<[string, Record<string, unknown>]>([
    ['has no end', ending({})],
    ['has two ends', ending({ endsInMs: 60_000, endsAt: '2026-11-22T12:00:00Z' })],
    ['ends too soon', ending({ endsInMs: limits.shortestSaleMs - 1 })],
    ['ends too late', ending({ endsInMs: limits.longestSaleMs + 1 })],
    ['ends at no instant', ending({ endsAt: 'tomorrow' })],
    ['ends at a time without a zone', ending({ endsAt: '2026-11-22T12:00:00' })],
    ['ends on no day', ending({ endsAt: '2026-02-30T12:00:00Z' })],
    ['ends in half a millisecond', ending({ endsInMs: 60_000.5 })],
    ['has a reserve at the start', { ...good, reserve: 1_000 }],
    ['has a buy-now price below 1.3 times its start', { ...good, buyNow: 1_299 }],
    ['has a buy-now price below its reserve', { ...good, reserve: 5_001, buyNow: 5_000 }],
    ['has an empty room password', { ...good, password: '' }],
    ['has a room password over 128', { ...good, password: 'x'.repeat(129) }],
    ['has a room password with a line end', { ...good, password: 'x\n' }],
    ['has room for nobody', { ...good, capacity: 0 }],
    ['has room for half a watcher', { ...good, capacity: 1.5 }],
    ['has room for too many', { ...good, capacity: limits.largestRoom + 1 }],
    ['is offered to somebody', { ...good, offeredTo: 1 }],
    ['has a soft close over an hour', { ...good, softCloseMs: limits.longestSoftCloseMs + 1 }],
    ['has a soft close below 0', { ...good, softCloseMs: -1 }],
    ['has no name', { ...good, name: '' }],
    ['has a name of nothing visible', { ...good, name: '\u200b\u2800\u001b[0m' }],
    ['has a name over 100 characters', { ...good, name: 'x'.repeat(101) }],
    ['has a name that is no text', { ...good, name: 'a\udc00' }],
    ['has a description over 5000 characters', { ...good, description: 'x'.repeat(5_001) }],
    ['has two increments', { ...good, increment: { fixed: 1, percentBp: 1 } }],
    ['has no increment in its increment', { ...good, increment: {} }],
    ['has an increment of 0 %', { ...good, increment: { percentBp: 0 } }],
    ['has an increment over 100 %', { ...good, increment: { percentBp: 10_001 } }],
    ['has bands of its own', { ...good, increment: { bands: [[0, 1]] } }],
  ])('is refused when it %s', (_, body) => {
    expect(takes(schema, body)).toBe(false)
  })
  it.each<[string, Record<string, unknown>]>([
    ['ends in a second', ending({ endsInMs: 1_000 })],
    ['ends at an instant', ending({ endsAt: '2026-11-22T12:00:00+01:00' })],
    ['has a reserve above the start', { ...good, reserve: 1_001 }],
    ['has a hard end', { ...good, softCloseMs: 0 }],
    ['has a buy-now price of 1.3 times its start', { ...good, buyNow: 1_300 }],
    ['has a buy-now price at its reserve', { ...good, reserve: 5_000, buyNow: 5_000 }],
    ['has a private room for one', { ...good, password: 'x', capacity: 1 }],
    ['has a fixed increment', { ...good, increment: { fixed: 500 } }],
    ['has an increment in percent', { ...good, increment: { percentBp: 500 } }],
  ])('is taken when it %s', (_, body) => {
    expect(takes(schema, body)).toBe(true)
  })
  it('has its name and description made harmless', () => {
    const read = schema.parse({ ...good, name: ' a\u001b]0;x\u0007\nb ', description: 'a\u0007\r\nb\u202e' })
    expect(read).toMatchObject({ name: 'a b', description: 'a\nb' })
  })
})

describe('what a seller, a bidder or the house asks later', () => {
  const DAY = 24 * 60 * 60_000
  it.each<[string, RouteName, Record<string, unknown>]>([
    ['an edit of nothing', 'editGood', {}],
    ['an edit to two ends', 'editGood', { endsInMs: 60_000, endsAt: '2026-11-22T12:00:00Z' }],
    ['an edit without a name', 'editGood', { name: null }],
    ['an edit without a start', 'editGood', { startPrice: null }],
    ['an edit of the owner', 'editGood', { owner: 1 }],
    ['an edit of the hard end', 'editGood', { hardEndsAt: 1 }],
    ['an empty note', 'editGood', { note: ' \u200b' }],
    ['a note over 1000 characters', 'editGood', { note: 'x'.repeat(1_001) }],
    ['a retraction without a reason', 'retractBid', {}],
    ["a retraction for a reason of one's own", 'retractBid', { reason: 'changed my mind' }],
    ["a retraction for a seller's reason", 'retractBid', { reason: 'incorrect' }],
    ["a cancellation for a reason of one's own", 'cancelGood', { reason: 'changed my mind' }],
    ["a cancellation for a bidder's reason", 'cancelGood', { reason: 'typo' }],
    ['a cancellation by the house without a reason', 'cancelByHouse', {}],
    ['a cancellation by the house with an empty reason', 'cancelByHouse', { reason: '\u200b' }],
    ['a cancelled bid without a reason', 'cancelBid', {}],
    ['a cancelled bid with a reason over 200 characters', 'cancelBid', { reason: 'x'.repeat(201) }],
    ['a relisting without an end', 'relist', { startPrice: 900 }],
    ['a relisting with two ends', 'relist', { endsInMs: 60_000, endsAt: '2026-11-22T12:00:00Z' }],
    ['a second chance for less than a day', 'offer', { endsInMs: DAY - 1 }],
    ['a second chance for more than 7 days', 'offer', { endsInMs: 7 * DAY + 1 }],
    ['a second chance for a price', 'offer', { endsInMs: DAY, price: 1 }],
    ['an empty line of chat', 'say', { text: '' }],
    ['a line of chat over 500 characters', 'say', { text: 'x'.repeat(501) }],
    ['a redelivery from before the beginning', 'redeliver', { goodId: 1, since: -1 }],
    ['a webhook to a file', 'addWebhook', { url: 'file:///etc/passwd' }],
    ['a webhook to no URL', 'addWebhook', { url: 'example.org' }],
  ])('is refused: %s', (_, name, body) => {
    expect(takes(bodyOf(name), body)).toBe(false)
  })

  it.each<[string, RouteName, Record<string, unknown>]>([
    [
      'an edit that takes away what may go',
      'editGood',
      { reserve: null, buyNow: null, password: null, capacity: null },
    ],
    ['a note alone', 'editGood', { note: 'x'.repeat(1_000) }],
    ['a cancellation without a reason', 'cancelGood', {}],
    ...['typo', 'description_changed', 'seller_unreachable'].map(
      (reason): [string, RouteName, object & { reason: string }] => [
        `a retraction because of ${reason}`,
        'retractBid',
        { reason },
      ],
    ),
    ...['incorrect', 'lost_or_broken', 'not_available'].map(
      (reason): [string, RouteName, object & { reason: string }] => [
        `a cancellation because of ${reason}`,
        'cancelGood',
        { reason },
      ],
    ),
    ['a relisting with nothing but an end', 'relist', { endsInMs: 60_000 }],
    ['a relisting without the reserve', 'relist', { endsInMs: 60_000, reserve: null, buyNow: null }],
    ['a second chance for a day', 'offer', { endsInMs: DAY }],
    ['a second chance for 7 days', 'offer', { endsInMs: 7 * DAY }],
    ['a line of 500 characters', 'say', { text: 'x'.repeat(500) }],
  ])('is taken: %s', (_, name, body) => {
    expect(takes(bodyOf(name), body)).toBe(true)
  })

  it('has its words made harmless', () => {
    expect(bodyOf('cancelBid').parse({ reason: ' a\u001b[31mb\u202e\nc ' })).toEqual({ reason: 'ab c' })
    expect(bodyOf('say').parse({ text: 'a\u001b]0;x\u0007b' })).toEqual({ text: 'ab' })
    expect(bodyOf('editGood').parse({ note: 'a\u0007\r\nb\u202e' })).toEqual({ note: 'a\nb' })
  })
})

describe('signing up and in', () => {
  it.each([
    ['a password of 7', { nick: 'mila', password: '1234567' }],
    ['a password over 128', { nick: 'mila', password: 'x'.repeat(129) }],
    ['a password with a control character', { nick: 'mila', password: 'correct\u0000horse' }],
    ['a password that is no text', { nick: 'mila', password: `correct horse\ud800` }],
    ['a password of 8 code units, one character', { nick: 'mila', password: `e${'\u0301'.repeat(7)}` }],
    ['a reserved nick', { nick: 'house', password: 'correct horse' }],
    ['a nick in two scripts', { nick: 'milа', password: 'correct horse' }],
    ['a nick with a NUL', { nick: 'mila\u0000', password: 'correct horse' }],
  ])('refuses %s', (_, body) => {
    expect(takes(routes.signUp.body, body)).toBe(false)
  })
  it.each([
    ['a nick with a NUL', { nick: 'mila\u0000', password: 'x' }],
    ['a nick that is no text', { nick: '\ud800', password: 'x' }],
    ['a password with a line end', { nick: 'mila', password: 'x\n' }],
    ['a nick over 256', { nick: 'x'.repeat(257), password: 'x' }],
  ])('refuses to look up %s', (_, body) => {
    expect(takes(routes.logIn.body, body)).toBe(false)
  })
  it('reads one nick and one password from every keyboard', () => {
    expect(routes.signUp.body.parse({ nick: 'ｚｏｅ\u0308', password: 'cafe\u0301 au lait' })).toEqual({
      nick: 'zoë',
      password: 'café au lait',
    })
    expect(routes.logIn.body.parse({ nick: 'zoe\u0308', password: 'cafe\u0301 au lait' })).toEqual({
      nick: 'zoë',
      password: 'café au lait',
    })
  })
})

describe('the frames of the socket', () => {
  const odd = [null, true, -1, 1.5, [], {}, Number.NaN, 2 ** 53, 'x'.repeat(65)]
  it.each([
    [
      'join',
      joinRequest,
      { goodId: 1, since: 0, epoch: 'e1', password: 'x' },
      { goodId: ['1', 0], since: ['0'], epoch: [0] },
    ],
    ['chat', chatRequest, { goodId: 1, text: 'hello' }, { goodId: ['1', 0], text: ['', ' '] }],
    ['leave', leaveRequest, { goodId: 1 }, { goodId: ['1', 0] }],
    ['follow', followRequest, { house: true }, { house: [false, 1] }],
  ] as const)('%s refuses unknown keys and odd values', (_, schema, frame, more) => {
    expect(takes(schema, frame)).toBe(true)
    expect(takes(schema, { ...frame, extra: 1 })).toBe(false)
    for (const other of [null, undefined, [], 'x', 0, [frame]]) expect(takes(schema, other)).toBe(false)
    for (const [key, values] of Object.entries(more))
      for (const value of [
        ...odd.filter((each) => (key === 'house' ? each !== true : key !== 'text' || typeof each !== 'string')),
        ...values,
      ])
        expect({ key, value, taken: takes(schema, { ...frame, [key]: value }) }).toEqual({ key, value, taken: false })
  })
})

describe('the catalogue of errors', () => {
  it('has the statuses and exit codes of the contract', () => {
    const exits = Object.fromEntries(Object.entries(faults).map(([code, { status, exit }]) => [code, [status, exit]]))
    expect(exits).toEqual({
      BAD_REQUEST: [400, 2],
      UNAUTHENTICATED: [401, 4],
      FORBIDDEN: [403, 5],
      NOT_FOUND: [404, 3],
      OWN_GOOD: [422, 13],
      NOT_OPEN: [409, 11],
      BID_TOO_LOW: [409, 10],
      MAX_NOT_RAISED: [409, 13],
      INSUFFICIENT_FUNDS: [409, 13],
      KEY_REUSED: [422, 6],
      CONFLICT: [409, 6],
      ROOM_FULL: [409, 6],
      WRONG_PASSWORD: [403, 5],
      RATE_LIMITED: [429, 9],
      BUSY: [503, 7],
      STORAGE_FULL: [503, 1],
      INTERNAL: [500, 1],
      FAILED: [0, 1],
      USAGE: [0, 2],
      UNREACHABLE: [0, 7],
      CANNOT_START: [0, 1],
      OUTCOME_UNKNOWN: [0, 14],
    })
  })
  it.each(['toString', '__proto__', 'constructor', 'bad_request', '', null, 7, {}])('knows no code %j', (code) => {
    expect(isFaultCode(code)).toBe(false)
  })
})
