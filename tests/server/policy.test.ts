import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RouteName, routes } from '../../packages/common/src/api.ts'
import type { Route } from '../../packages/common/src/route.ts'
import { databases, type House, type Member, openHouse } from '../support/house.ts'

const names = Object.keys(routes) as RouteName[]
/** The whole policy once more: a route that is added, or opened to others, is decided here too. */
const access: Readonly<Record<RouteName, Route['access']>> = {
  signUp: 'anyone',
  logIn: 'anyone',
  goods: 'anyone',
  good: 'anyone',
  image: 'anyone',
  bids: 'anyone',
  events: 'anyone',
  eventsNdjson: 'anyone',
  eventsSse: 'anyone',
  log: 'anyone',
  clock: 'anyone',
  live: 'anyone',
  ready: 'anyone',
  logOut: 'member',
  me: 'member',
  wallet: 'member',
  ledger: 'member',
  myBids: 'member',
  mySales: 'member',
  myWon: 'member',
  listGood: 'member',
  placeBid: 'member',
  claimHouse: 'member',
  users: 'house',
  deposit: 'house',
  jobs: 'house',
}

describe.each(databases)('policy on %s', (kind) => {
  let house: House
  let member: Member
  let keeper: Member
  let goodId: number
  beforeAll(async () => {
    house = await openHouse(kind)
    member = await house.member('mila')
    keeper = await house.member('keeper')
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    goodId = (await member.sell()).id
  })
  afterAll(() => house.close())

  /** The status of a call that would be right but for its empty body. */
  async function call(name: RouteName, token: string | null): Promise<number> {
    const { method, path, body }: Route = routes[name]
    const abort = new AbortController()
    const response = await fetch(`${house.url}${path.replace(':id', String(goodId))}`, {
      method,
      signal: abort.signal,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        'idempotency-key': 'k',
      },
      ...(body ? { body: '{}' } : {}),
    })
    abort.abort()
    return response.status
  }
  const session = async (nick: string) => (await house.member(nick)).token

  it('names every route', () => {
    expect(Object.fromEntries(names.map((name) => [name, routes[name].access]))).toEqual(access)
  })

  it.each(names)('of %s lets in whom it should', async (name) => {
    const [asNobody, asMember, asHouse] = [
      await call(name, null),
      await call(name, name === 'logOut' ? await session('leaver') : member.token),
      name === 'logOut' ? 204 : await call(name, keeper.token),
    ]
    const refusals = [401, 403, 404, 500]
    if (access[name] === 'anyone') expect(refusals.filter((status) => status !== 404)).not.toContain(asNobody)
    else expect(asNobody).toBe(401)
    if (access[name] === 'house') expect(asMember).toBe(403)
    else if (name !== 'image') expect(refusals).not.toContain(asMember)
    if (name !== 'image') expect(refusals).not.toContain(asHouse)
    expect(await call(name, 'auc_nobody')).toBe(401)
  })

  it('decides before it looks at what was sent', async () => {
    for (const body of [undefined, '', '{', '{"amount":"x"}', 'x'.repeat(50_000)])
      for (const [path, by, status] of [
        ['/v1/goods', house.anyone, 401],
        ['/v1/goods/1/bids', house.anyone, 401],
        ['/v1/goods/999999/bids', house.anyone, 401],
        [`/v1/admin/users/${member.id}/deposits`, member, 403],
      ] as const)
        expect((await by.post(path, body)).status, `${path} ${body?.slice(0, 20)}`).toBe(status)
  })

  it('lets only the house bring money in', async () => {
    const path = `/v1/admin/users/${member.id}/deposits`
    const deposit = (by: Member, body: unknown, key = 'deposit-1', to = path) =>
      by.post(to, body, { 'idempotency-key': key })
    expect(await deposit(member, { amount: 500 })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    const first = await deposit(keeper, { amount: 500 })
    expect(first).toMatchObject({
      status: 201,
      body: {
        entry: {
          kind: 'deposit',
          debit: 'world',
          credit: `user:${member.id}/available`,
          amount: { amount: 500 },
          goodId: null,
        },
        wallet: { balance: { amount: 1_000_500 } },
        replayed: false,
      },
    })
    expect(await deposit(keeper, { amount: 500 })).toMatchObject({
      status: 201,
      body: { entry: first.body.entry, replayed: true },
    })
    expect(await deposit(keeper, { amount: 501 })).toMatchObject({ status: 422, body: { code: 'KEY_REUSED' } })
    expect(await deposit(keeper, { amount: 500 }, 'deposit-2', '/v1/admin/users/999999/deposits')).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    })
    expect(await keeper.post(path, { amount: 500 })).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    for (const amount of [0, -5, 1.5, '500', null, 10 ** 12 + 1])
      expect((await deposit(keeper, { amount }, 'deposit-3')).status, String(amount)).toBe(400)
    expect((await member.get('/v1/me/wallet')).body.balance.amount).toBe(1_000_500)
    expect((await member.get('/v1/me/ledger')).body.entries[0]).toEqual(first.body.entry)
  })

  it('shows each only their own wallet, ledger and bids', async () => {
    const ann = await house.member('ann')
    await ann.bid(goodId, { max: 5000 })
    for (const other of [member, keeper]) {
      const own = JSON.stringify([
        (await other.get('/v1/me/wallet')).body,
        (await other.get('/v1/me/ledger')).body,
        (await other.get('/v1/me/bids')).body,
      ])
      expect(own).not.toContain(`user:${ann.id}/`)
      expect((await other.get('/v1/me/bids')).body.items).toEqual([])
    }
  })
})
