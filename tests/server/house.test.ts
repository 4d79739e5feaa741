import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crowd, expectBalancedBooks, insist, writeBeside } from '../support/crowd.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { type Answer, databases, type House, type Json, type Member, openHouse, PASSWORD } from '../support/house.ts'
import { booksOf, DAY_MS, keeperOf, problem, usd, walletOf } from '../support/sale.ts'

describe.each(databases)('who may sign up on %s', (kind) => {
  let clock: FakeClock
  let house: House
  beforeAll(async () => {
    clock = fakeClock()
    house = await openHouse(kind, { clock, settings: { AUCTION_REGISTRATION: 'invite' } })
  })
  afterAll(() => house.close())

  const signUp = (nick: string, invite?: unknown): Promise<Answer> =>
    insist(() =>
      house.anyone.post('/v1/users', { nick, password: PASSWORD, ...(invite === undefined ? {} : { invite }) }),
    )
  const named = async (nick: string) => house.query(`select count(*) as n from users where nick = '${nick}'`)
  async function under(registration: 'open' | 'invite' | 'closed'): Promise<void> {
    await house.stop()
    house.settings.AUCTION_REGISTRATION = registration
    await house.start()
  }
  let keeper: Member
  const inviting = async (): Promise<string> => (await keeper.post('/v1/admin/invites')).body.code

  it('is nobody but who has the house code, until somebody has claimed the house with it', async () => {
    const code = house.houseCode ?? ''
    for (const registration of ['invite', 'closed'] as const) {
      await under(registration)
      for (const invite of [undefined, '', 'wrong', `${code}0`])
        expect(await signUp('stranger', invite)).toMatchObject(problem(403, 'FORBIDDEN'))
      for (const invite of [null, 7, [code], 'nul\u0000', 'x'.repeat(257)])
        expect(await signUp('stranger', invite)).toMatchObject(problem(400, 'BAD_REQUEST'))
    }
    expect(await named('stranger')).toEqual([{ n: 0 }])
    expect((await signUp('first', ` ${code} `)).status).toBe(201)
    expect((await signUp('second', code)).status).toBe(201)
    const session = await house.anyone.post('/v1/sessions', { nick: 'first', password: PASSWORD })
    const bearer = { authorization: `Bearer ${session.body.token}` }
    expect((await house.anyone.post('/v1/admin/house', { code }, bearer)).status).toBe(200)
    for (const registration of ['invite', 'closed'] as const) {
      await under(registration)
      expect(await signUp('third', code)).toMatchObject(problem(403, 'FORBIDDEN'))
    }
    // From here on the house invites.
    const call =
      (method: string) =>
      (path: string, body?: unknown, headers: Record<string, string> = {}) =>
        house.anyone.send(method, path, body, { ...bearer, ...headers })
    keeper = { ...house.anyone, post: call('POST'), get: (path: string) => call('GET')(path) } as Member
    await under('invite')
  })

  it('is whom the house invites, once each, within seven days', async () => {
    const { status, body } = await keeper.post('/v1/admin/invites')
    expect([status, Object.keys(body).sort()]).toEqual([201, ['code', 'expiresAt']])
    expect(body.code).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(Date.parse(body.expiresAt)).toBe(clock.now() + 7 * DAY_MS)
    expect((await signUp('guest', body.code)).status).toBe(201)
    expect(await signUp('guest-again', body.code)).toMatchObject(problem(403, 'FORBIDDEN'))
    const rows = JSON.stringify(await house.query('select * from invites'))
    expect(rows).not.toContain(body.code)
    const [late, inTime] = [await inviting(), await inviting()]
    await house.stop()
    await clock.advance(7 * DAY_MS - 1)
    await house.start()
    expect((await signUp('just-in-time', inTime)).status).toBe(201)
    await clock.advance(1)
    expect(await signUp('too-late', late)).toMatchObject(problem(403, 'FORBIDDEN'))
  })

  it('keeps an invite that did not serve: of a nick that is taken, of one that is malformed', async () => {
    const code = await inviting()
    expect((await signUp('GUEST', code)).body.code).toBe('CONFLICT')
    expect((await signUp('', code)).body.code).toBe('BAD_REQUEST')
    expect((await signUp('guest-two', code)).status).toBe(201)
  })

  it('is one of ten who come with the same invite at once', async () => {
    const code = await inviting()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => signUp(`racer${index}`, code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(403)])
    expect(await house.query("select count(*) as n from users where nick like 'racer%'")).toEqual([{ n: 1 }])
  })

  it('is nobody of a closed house, with whatever invite; and everybody of an open one', async () => {
    const code = await inviting()
    await under('closed')
    expect(await signUp('closed-out', code)).toMatchObject(problem(403, 'FORBIDDEN'))
    await under('open')
    expect((await signUp('walks-in')).status).toBe(201)
    expect((await signUp('walks-in-too', 'an old invite')).status).toBe(201)
    await under('invite')
    expect((await signUp('closed-out', code)).status).toBe(201)
  })

  it('is for the house alone to say', async () => {
    const { token } = (await house.anyone.post('/v1/sessions', { nick: 'guest', password: PASSWORD })).body
    const before = await house.query('select count(*) as n from invites')
    expect(await house.anyone.post('/v1/admin/invites')).toMatchObject(problem(401, 'UNAUTHENTICATED'))
    expect(await house.anyone.post('/v1/admin/invites', undefined, { authorization: `Bearer ${token}` })).toMatchObject(
      problem(403, 'FORBIDDEN'),
    )
    expect(await house.query('select count(*) as n from invites')).toEqual(before)
  })
})

describe.each(databases)('money brought in and paid out on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let keeper: Member
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    keeper = await keeperOf(house)
    seller = await house.member('mila')
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  type Way = 'deposits' | 'withdrawals'
  const move = (
    way: Way,
    who: { id: number },
    amount: unknown,
    key: string | null = randomUUID(),
    by: Pick<Member, 'post'> = keeper,
  ) => by.post(`/v1/admin/users/${who.id}/${way}`, { amount }, key === null ? {} : { 'idempotency-key': key })
  const someone = async (balance = 10_000) => (await crowd(house, 1, balance))[0] as Member

  describe.each(['deposits', 'withdrawals'] as const)('by %s', (way) => {
    it('is refused to all but the house, without a key, and for nobody', async () => {
      const ann = await someone()
      const before = await booksOf(house)
      expect(await move(way, ann, 100, 'k', house.anyone)).toMatchObject(problem(401, 'UNAUTHENTICATED'))
      for (const by of [ann, seller])
        expect(await move(way, ann, 100, 'k', by)).toMatchObject(problem(403, 'FORBIDDEN'))
      expect(await move(way, ann, 100, null)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await move(way, { id: 999_999 }, 100)).toMatchObject(problem(404, 'NOT_FOUND'))
      expect(await booksOf(house)).toEqual(before)
    })
    it('happens once for one key, sent 50 times and after a restart, and only for what it was sent for', async () => {
      const [ann, bob] = [await someone(), await someone()]
      const key = randomUUID()
      const answers = await Promise.all(Array.from({ length: 50 }, () => insist(() => move(way, ann, 300, key))))
      const entry = answers[0]?.body.entry
      for (const { status, body } of answers) expect([status, body.entry]).toEqual([201, entry])
      expect(answers.filter(({ body }) => !body.replayed)).toHaveLength(1)
      const after = way === 'deposits' ? 10_300 : 9_700
      expect(await walletOf(ann)).toEqual({ balance: after, available: after, held: 0 })
      const other: Way = way === 'deposits' ? 'withdrawals' : 'deposits'
      for (const [way_, who, amount] of [
        [way, ann, 301],
        [way, bob, 300],
        [other, ann, 300],
      ] as const)
        expect(await move(way_, who, amount, key)).toMatchObject(problem(422, 'KEY_REUSED'))
      await house.stop()
      await house.start()
      expect((await move(way, ann, 300, key)).body).toMatchObject({ entry, replayed: true })
      expect((await walletOf(ann)).balance).toBe(after)
    })
  })

  it('is refused before it could not be counted to the cent, with nothing done', async () => {
    const ann = await someone()
    const books = async () => {
      const [{ sum }] = await house.query('select sum(balance) as sum from accounts')
      const [{ world }] = await house.query("select balance as world from accounts where id = 'world'")
      return { sum: Number(sum), world: Number(world) }
    }
    // Nearly all at once, beside the server, so that nine thousand deposits need not be made.
    const shift = Number.MAX_SAFE_INTEGER + (await books()).world - 10
    const bring = (amount: number) =>
      writeBeside(house, [
        `update accounts set balance = balance - ${amount} where id = 'world'`,
        `update accounts set balance = balance + ${amount} where id = 'house'`,
      ])
    await bring(shift)
    expect(await move('deposits', ann, 11)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect((await move('deposits', ann, 10)).status).toBe(201)
    expect(await books()).toEqual({ sum: 0, world: -Number.MAX_SAFE_INTEGER })
    expect((await house.anyone.post('/v1/users', { nick: 'one-more', password: PASSWORD })).status).toBe(409)
    expect(await house.query("select * from users where nick = 'one-more'")).toEqual([])
    await bring(-shift)
  })
  it('says what moved, and both see it', async () => {
    const ann = await someone()
    const { status, body } = await move('withdrawals', ann, 10_000)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      entry: {
        kind: 'withdrawal',
        debit: `user:${ann.id}/available`,
        credit: 'world',
        amount: usd(10_000),
        goodId: null,
      },
      wallet: { balance: usd(0), available: usd(0), held: usd(0), holds: [] },
      replayed: false,
    })
    expect((await ann.get('/v1/me/ledger')).body.entries[0]).toEqual(body.entry)
  })

  it('pays nothing out that is held', async () => {
    const ann = await someone()
    const good = await seller.sell()
    await ann.bid(good.id, { max: 7_000 })
    expect(await move('withdrawals', ann, 3_001)).toMatchObject(
      problem(409, 'INSUFFICIENT_FUNDS', { available: usd(3_000), needed: usd(3_001) }),
    )
    expect((await move('withdrawals', ann, 3_000)).body.wallet).toEqual({
      balance: usd(7_000),
      available: usd(0),
      held: usd(7_000),
      holds: [{ goodId: good.id, amount: usd(7_000) }],
    })
    expect(await move('withdrawals', ann, 1)).toMatchObject(problem(409, 'INSUFFICIENT_FUNDS', { needed: usd(1) }))
  })

  it('and a bid at the same moment cannot both have the same funds', async () => {
    for (let round = 0; round < 10; round++) {
      const ann = await someone()
      const good = await seller.sell()
      const [paid, placed] = await Promise.all([
        insist(() => move('withdrawals', ann, 8_000)),
        insist(() => ann.bid(good.id, { max: 8_000 })),
      ])
      expect([paid, placed].map(({ status, body }) => body.code ?? status).sort()).toEqual([201, 'INSUFFICIENT_FUNDS'])
    }
  })

  it('of ten withdrawals of everything at once pays one', async () => {
    const ann = await someone()
    const answers = await Promise.all(Array.from({ length: 10 }, () => insist(() => move('withdrawals', ann, 10_000))))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
    expect(await walletOf(ann)).toEqual({ balance: 0, available: 0, held: 0 })
  })

  it('lists who there is for the house, newest first', async () => {
    const ann = await someone()
    const { items } = (await keeper.get('/v1/admin/users?limit=2')).body
    expect(items[0]).toEqual({ id: ann.id, nick: ann.nick, role: 'member', createdAt: expect.any(String) })
    const keys = new Set(items.flatMap((item: Json) => Object.keys(item)))
    expect(keys).toEqual(new Set(['id', 'nick', 'role', 'createdAt']))
  })
})

describe.each(databases)('a bid for a state on %s', (kind) => {
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind)
    seller = await house.member('mila')
  })
  afterAll(() => house.close())
  const bidAt = (by: Member, good: Json, ifSeq: unknown, max = 5000, key: string = randomUUID()) =>
    by.post(`/v1/goods/${good.id}/bids`, { max, ifSeq }, { 'idempotency-key': key })

  it('is refused once the log has moved on, with where it is now', async () => {
    const [ann, bob] = (await crowd(house, 2)) as [Member, Member]
    const good = await seller.sell()
    for (const ifSeq of [2, 999])
      expect(await bidAt(ann, good, ifSeq)).toMatchObject(problem(409, 'CONFLICT', { seq: 1 }))
    for (const ifSeq of [0, -1, 1.5, '1', null, [1]])
      expect(await bidAt(ann, good, ifSeq)).toMatchObject(problem(400, 'BAD_REQUEST'))
    expect((await bidAt(ann, good, 1)).status).toBe(201)
    expect(await bidAt(bob, good, 1)).toMatchObject(problem(409, 'CONFLICT', { seq: 2 }))
    await seller.send('PATCH', `/v1/goods/${good.id}`, { note: 'Moved on.' })
    expect(await bidAt(bob, good, 2)).toMatchObject(problem(409, 'CONFLICT', { seq: 3 }))
    expect((await bidAt(bob, good, 3)).status).toBe(201)
  })
  it('is one of twenty that were for the same state; and answers its own key as before', async () => {
    const people = await crowd(house, 20)
    const good = await seller.sell()
    const key = randomUUID()
    const answers = await Promise.all(people.map((person) => insist(() => bidAt(person, good, 1, 5000, key))))
    expect(answers.map(({ status, body }) => body.code ?? status).sort()).toEqual([201, ...Array(19).fill('CONFLICT')])
    const winner = people[answers.findIndex(({ status }) => status === 201)] as Member
    expect(await bidAt(winner, good, 1, 5000, key)).toMatchObject({ status: 201, body: { replayed: true } })
    expect(await bidAt(winner, good, 2, 5000, key)).toMatchObject(problem(422, 'KEY_REUSED'))
  })
})
