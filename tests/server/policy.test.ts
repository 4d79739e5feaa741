import { randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RouteName, routes } from '../../packages/common/src/api.ts'
import type { Route } from '../../packages/common/src/route.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse, PASSWORD } from '../support/house.ts'
import { DAY_MS, HOUR_MS, keeperOf, offer, viewOf } from '../support/sale.ts'

const names = Object.keys(routes) as RouteName[]

/** What a right call of a route needs, made afresh for each caller. */
interface Wanted {
  readonly id?: number
  readonly bidId?: number
  readonly lineId?: number
  readonly file?: string
  readonly query?: string
  readonly body?: unknown
}
type Cells = readonly [nobody: number, other: number, own: number, house: number]
interface Row {
  readonly route: RouteName
  /** Whose it is that the call is about. */
  readonly own: 'the seller' | 'the bidder' | 'the author' | 'oneself'
  readonly cells: Cells
  readonly wanted: () => Promise<Wanted> | Wanted
}

const OPEN: Cells = [200, 200, 200, 200]
const MEMBERS: Cells = [401, 200, 200, 200]
const HOUSE: Cells = [401, 403, 403, 200]
const HOUSE_MAKES: Cells = [401, 403, 403, 201]

describe.each(databases)('policy on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let bidder: Member
  let other: Member
  let keeper: Member
  let picture: FormData
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    bidder = await house.member('ann')
    other = await house.member('olaf')
    keeper = await keeperOf(house)
    const pixel = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    picture = new FormData()
    picture.append('image', new Blob([new Uint8Array(pixel)], { type: 'image/png' }))
  })
  afterAll(() => house.close())

  const anyGood = async (terms: Json = {}): Promise<{ id: number }> => seller.sell(terms)
  const withPicture = async () => {
    const form = new FormData()
    form.append('good', JSON.stringify({ name: 'Leica M3', startPrice: 1000, endsInMs: HOUR_MS }))
    form.append('image', picture.get('image') as Blob)
    return { id: (await seller.post('/v1/goods', form)).body.id as number }
  }
  async function withBid(terms: Json = {}): Promise<{ id: number; bidId: number }> {
    const { id } = await anyGood(terms)
    return { id, bidId: (await bidder.bid(id, { max: 2000 })).body.bid.id }
  }
  async function unsold(): Promise<{ id: number }> {
    const good = await withBid({ endsInMs: 1_000, softCloseMs: 0, reserve: 9000 })
    await clock.advance(1_000)
    await expect.poll(async () => (await viewOf(house, good)).status).toBe('unsold')
    return good
  }
  async function withLine(terms: Json = {}, line: Json = { text: 'Hello' }): Promise<{ id: number; lineId: number }> {
    const { id } = await anyGood(terms)
    const password = { 'room-password': 'sesame' }
    return { id, lineId: (await bidder.post(`/v1/goods/${id}/chat`, line, password)).body.id }
  }
  const locked = { password: 'sesame' }
  const amount = { amount: 1 }
  const reason = { reason: 'typo' }
  const hook = async (): Promise<{ id: number; goodId: number }> =>
    (await keeper.post('/v1/admin/webhooks', { url: 'http://127.0.0.1:9/', goodId: (await anyGood()).id })).body
  const row = (
    route: RouteName,
    cells: Cells,
    wanted: Row['wanted'] = () => ({}),
    own: Row['own'] = 'oneself',
  ): Row => ({
    route,
    cells,
    wanted,
    own,
  })
  const newNick = () => `n${randomUUID().slice(0, 8)}`

  /** The whole policy once more: a route that is added, or opened to others, is decided here too. */
  const rows: readonly Row[] = [
    row('signUp', [201, 201, 201, 201], () => ({ body: { nick: newNick(), password: PASSWORD } })),
    row('logIn', [201, 201, 201, 201], () => ({ body: { nick: 'mila', password: PASSWORD } })),
    row('logOut', [401, 204, 204, 204]),
    row('me', MEMBERS),
    row('wallet', MEMBERS),
    row('ledger', MEMBERS),
    row('myBids', MEMBERS),
    row('mySales', MEMBERS),
    row('myWon', MEMBERS),
    row('goods', OPEN),
    row('listGood', [401, 201, 201, 201], () => ({ body: { name: 'x', startPrice: 1, endsInMs: 5000 } })),
    row('good', OPEN, anyGood, 'the seller'),
    row('good', OPEN, () => anyGood(locked), 'the seller'),
    row('editGood', [401, 403, 200, 403], async () => ({ ...(await anyGood()), body: { note: 'x' } }), 'the seller'),
    row('editGood', [401, 403, 200, 403], async () => ({ ...(await withBid()), body: { note: 'x' } }), 'the seller'),
    row('editGood', [401, 403, 403, 403], async () => ({ ...(await withBid()), body: { note: 'x' } }), 'the bidder'),
    row('cancelGood', [401, 403, 200, 403], anyGood, 'the seller'),
    row('cancelGood', [401, 403, 403, 403], withBid, 'the bidder'),
    row('acceptBid', [401, 403, 201, 403], withBid, 'the seller'),
    row('acceptBid', [401, 403, 403, 403], withBid, 'the bidder'),
    row(
      'relist',
      [401, 403, 201, 403],
      async () => ({ ...(await unsold()), body: { endsInMs: HOUR_MS } }),
      'the seller',
    ),
    row(
      'relist',
      [401, 403, 403, 403],
      async () => ({ ...(await unsold()), body: { endsInMs: HOUR_MS } }),
      'the bidder',
    ),
    row('offer', [401, 403, 201, 403], async () => ({ ...(await unsold()), body: { endsInMs: DAY_MS } }), 'the seller'),
    row('offer', [401, 403, 403, 403], async () => ({ ...(await unsold()), body: { endsInMs: DAY_MS } }), 'the bidder'),
    row('purchase', [401, 201, 422, 201], () => anyGood({ buyNow: 5000 }), 'the seller'),
    row('purchase', [401, 403, 201, 403], async () => (await offer(seller, await unsold())).body, 'the bidder'),
    row('image', OPEN, withPicture, 'the seller'),
    row('placeBid', [401, 201, 422, 201], async () => ({ ...(await anyGood()), body: { max: 1500 } }), 'the seller'),
    row('retractBid', [401, 403, 200, 403], async () => ({ ...(await withBid()), body: reason }), 'the bidder'),
    row('retractBid', [401, 403, 403, 403], async () => ({ ...(await withBid()), body: reason }), 'the seller'),
    row('bids', OPEN, withBid, 'the seller'),
    row('events', OPEN, () => anyGood(locked), 'the seller'),
    row('eventsNdjson', OPEN, anyGood, 'the seller'),
    row('eventsNdjson', OPEN, async () => ({ ...(await anyGood(locked)), query: '?poll=1' }), 'the seller'),
    row('eventsNdjson', [403, 403, 200, 200], () => anyGood(locked), 'the seller'),
    row('eventsSse', OPEN, anyGood, 'the seller'),
    row('eventsSse', [403, 403, 200, 200], () => anyGood(locked), 'the seller'),
    row('log', OPEN, () => anyGood(locked), 'the seller'),
    row('chat', OPEN, withLine, 'the seller'),
    row('chat', [403, 403, 200, 200], () => withLine(locked), 'the seller'),
    row('say', [401, 201, 201, 201], async () => ({ ...(await anyGood()), body: { text: 'x' } }), 'the seller'),
    row('say', [401, 403, 201, 201], async () => ({ ...(await anyGood(locked)), body: { text: 'x' } }), 'the seller'),
    row('chatPicture', OPEN, () => withLine({}, picture), 'the seller'),
    row('chatPicture', [403, 403, 200, 200], () => withLine(locked, picture), 'the seller'),
    row('removeLine', [401, 403, 200, 200], withLine, 'the seller'),
    row('removeLine', [401, 403, 403, 200], withLine, 'the author'),
    row('clock', OPEN),
    row('calendar', OPEN, async () => ({ query: `?ids=${(await anyGood(locked)).id}` }), 'the seller'),
    row('claimHouse', [401, 409, 409, 409], () => ({ body: { code: house.houseCode } })),
    row('users', HOUSE),
    row('deposit', HOUSE_MAKES, () => ({ id: seller.id, body: amount })),
    row('withdraw', HOUSE_MAKES, () => ({ id: seller.id, body: amount })),
    row('cancelBid', HOUSE, async () => ({ id: (await withBid()).bidId, body: reason }), 'the seller'),
    row('cancelBid', HOUSE, async () => ({ id: (await withBid()).bidId, body: reason }), 'the bidder'),
    row('cancelByHouse', HOUSE, async () => ({ ...(await withBid()), body: reason }), 'the seller'),
    row('invite', HOUSE_MAKES),
    row('audit', HOUSE),
    row('jobs', HOUSE),
    row('addWebhook', HOUSE_MAKES, () => ({ body: { url: 'http://127.0.0.1:9/' } })),
    row('webhooks', HOUSE),
    row('removeWebhook', [401, 403, 403, 204], hook),
    row('redeliver', HOUSE_MAKES, async () => {
      const { id, goodId } = await hook()
      return { id, body: { goodId, since: 0 } }
    }),
    row('live', OPEN),
    row('ready', OPEN),
    row('metrics', OPEN),
    row('openapi', OPEN),
    row('docs', OPEN),
    row('docsFile', OPEN, () => ({ file: 'start.js' })),
  ]

  /** The status of a call, made again while the house is busy; what streams is left at once. */
  async function call(route: RouteName, wanted: Wanted, token: string | null): Promise<number> {
    for (;;) {
      const status = await callOnce(route, wanted, token)
      if (status !== 503) return status
    }
  }
  async function callOnce(route: RouteName, wanted: Wanted, token: string | null): Promise<number> {
    const { method, path, body: schema }: Route = routes[route]
    const where = path.replace(/:(\w+)/g, (_, part: string) => String(wanted[part as 'id'] ?? 1))
    const { query = '', body = schema ? {} : undefined } = wanted
    const abort = new AbortController()
    const response = await fetch(`${house.url}${where}${query}`, {
      method,
      signal: abort.signal,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'idempotency-key': randomUUID(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    abort.abort()
    return response.status
  }

  it('decides on every route', () => {
    expect([...new Set(rows.map(({ route }) => route))].sort()).toEqual([...names].sort())
    // What only members or the house may do is refused to nobody and to members; what anyone may do is not.
    for (const { route, cells } of rows) {
      const { access }: Route = routes[route]
      expect(cells[0] === 401, route).toBe(access !== 'anyone')
      if (access === 'house') expect(cells.slice(0, 3), route).toEqual([401, 403, 403])
    }
  })

  it.each(rows.map((each, index) => [each.route, each.own, index] as const))(
    'lets whom it should call %s, where it is about %s (row %i)',
    async (route, own, index) => {
      const { cells, wanted } = rows[index] as Row
      const owner = own === 'the bidder' || own === 'the author' ? bidder : seller
      const tokenOf = async (person: Member) =>
        route === 'logOut'
          ? (await house.anyone.post('/v1/sessions', { nick: person.nick, password: PASSWORD })).body.token
          : person.token
      // A refusal changes nothing, so that the next may ask for the same.
      let asked = await wanted()
      const got: number[] = []
      for (const person of [null, other, owner, keeper]) {
        got.push(await call(route, asked, person && (await tokenOf(person))))
        if ((got.at(-1) ?? 0) < 300) asked = await wanted()
      }
      expect(got).toEqual(cells)
      expect(await call(route, asked, 'auc_nobody')).toBe(401)
    },
  )

  it('decides before it looks at what was sent', async () => {
    for (const body of [undefined, '', '{', '{"amount":"x"}', 'x'.repeat(50_000)])
      for (const [path, by, status] of [
        ['/v1/goods', house.anyone, 401],
        ['/v1/goods/1/bids', house.anyone, 401],
        ['/v1/goods/999999/bids', house.anyone, 401],
        ['/v1/goods/999999/relist', house.anyone, 401],
        [`/v1/admin/users/${other.id}/deposits`, other, 403],
        [`/v1/admin/users/${other.id}/withdrawals`, other, 403],
        ['/v1/admin/webhooks', other, 403],
      ] as const)
        expect((await by.post(path, body)).status, `${path} ${body?.slice(0, 20)}`).toBe(status)
  })

  it('shows each only their own wallet, ledger, bids, sales and what they won', async () => {
    const { id } = await withBid()
    for (const stranger of [other, keeper]) {
      const own = await Promise.all(
        ['wallet', 'ledger', 'bids', 'sales', 'won'].map((part) => stranger.get(`/v1/me/${part}`)),
      )
      const text = JSON.stringify(own.map(({ body }) => body))
      expect(text).not.toContain(`user:${bidder.id}/`)
      expect(text).not.toContain(`"goodId":${id}`)
    }
    const holds = (await bidder.get('/v1/me/wallet')).body.holds.map(({ goodId }: Json) => goodId)
    expect(holds).toContain(id)
  })
})
