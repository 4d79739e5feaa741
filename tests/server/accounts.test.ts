import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeClock } from '../support/fake-clock.ts'
import { type Caller, callerAt, databases, type House, openHouse, PASSWORD } from '../support/house.ts'
import { watch } from '../support/watcher.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const tables = ['house', 'users', 'sessions', 'goods', 'bids', 'events', 'accounts', 'entries', 'keys']

describe.each(databases)('accounts on %s', (kind) => {
  let house: House
  beforeAll(async () => {
    house = await openHouse(kind)
  })
  afterAll(() => house.close())

  const signUp = (nick: unknown, password: unknown = PASSWORD) => house.anyone.post('/v1/users', { nick, password })
  const logIn = (nick: unknown, password: unknown = PASSWORD) => house.anyone.post('/v1/sessions', { nick, password })
  const withToken = (token: string) => callerAt(() => house.url, token)

  it('signs up, logs in and says who the token belongs to', async () => {
    const created = await signUp('mila')
    expect(created).toMatchObject({ status: 201, body: { nick: 'mila', role: 'member' } })
    const session = await logIn('MILA')
    expect(session).toMatchObject({ status: 201, body: { user: created.body } })
    expect(session.body.token).toMatch(/^auc_[A-Za-z0-9_-]{43}$/)
    expect(Date.parse(session.body.expiresAt)).toBeGreaterThan(Date.now())
    expect(await withToken(session.body.token).get('/v1/me')).toMatchObject({ status: 200, body: created.body })
    expect(await withToken(session.body.token).get('/v1/me/wallet')).toMatchObject({
      body: { balance: { amount: 1_000_000, currency: 'USD' }, held: { amount: 0 }, holds: [] },
    })
  })

  it('answers an unknown nick, a look-alike and a wrong password alike', async () => {
    await signUp('olga')
    const answers = await Promise.all([
      logIn('olga', 'not the password'),
      logIn('nobody-at-all', 'not the password'),
      logIn('0lga', PASSWORD),
      logIn('оlgа', PASSWORD),
      logIn('', ''),
    ])
    const [first, ...others] = answers.map(({ status, body: { requestId: _, ...body } }) => ({ status, body }))
    expect(first).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
    for (const other of others) expect(other).toEqual(first)
  })

  it('keeps of a token and a password no more than their hashes', async () => {
    const secret = 'only-mila-knows-it'
    await signUp('secretive', secret)
    const { token } = (await logIn('secretive', secret)).body
    const everything = JSON.stringify(await Promise.all(tables.map((table) => house.query(`select * from ${table}`))))
    expect(everything).toContain(hash('sha256', token))
    expect(everything).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
    expect(everything).not.toContain(token)
    expect(everything).not.toContain(token.slice('auc_'.length))
    expect(everything).not.toContain(secret)
  })

  it('revokes a token at once on logout, and closes the sockets it opened and no others', async () => {
    const leaver = await house.member('leaver')
    const second = withToken((await logIn('leaver')).body.token)
    const [one, two, other] = await Promise.all([
      watch(house.url, leaver.token),
      watch(house.url, leaver.token),
      watch(house.url, second.token),
    ])
    expect((await leaver.send('DELETE', '/v1/sessions/current')).status).toBe(204)
    expect(await leaver.get('/v1/me')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
    expect(await leaver.send('DELETE', '/v1/sessions/current')).toMatchObject({ status: 401 })
    await expect.poll(() => [one, two].some(({ socket }) => socket.connected)).toBe(false)
    await expect(watch(house.url, leaver.token)).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } })
    expect(other.socket.connected).toBe(true)
    expect((await second.get('/v1/me')).status).toBe(200)
    other.close()
  })

  it.each([
    ['Rosewood', ['ROSEWOOD', 'r0sewood', 'rosevvood', 'roséwood', 'ｒosewood', 'rósęwood']],
    ['cope', ['соре', 'c0pe']],
    ['bill', ['bi1l', 'b1ll', 'BIII']],
    ['modem', ['modern', 'mоdеm']],
  ])('refuses nicks that look like %s', async (nick, twins) => {
    expect((await signUp(nick)).status).toBe(201)
    for (const twin of twins) {
      const answer = await signUp(twin)
      // A twin that mixes scripts is malformed; one in a single script is taken.
      expect([400, 409], twin).toContain(answer.status)
      if (answer.status === 409) expect(answer.body.code).toBe('CONFLICT')
    }
  })

  it('gives a nick to one of many who ask for it at once', async () => {
    const statuses = (await Promise.all(Array.from({ length: 12 }, () => signUp('coveted')))).map(
      ({ status }) => status,
    )
    expect(statuses.sort()).toEqual([201, ...Array(11).fill(409)])
    expect(await house.query("select count(*) as n from users where nick = 'coveted'")).toEqual([{ n: 1 }])
  })

  it.each([
    'me',
    'House',
    'SYSTEM',
    'a',
    '',
    'x'.repeat(25),
    '.dot',
    '-dash',
    'two words',
    'tab\tbed',
    'nul\u0000l',
    'rtl\u202eo',
    'zero\u200bwidth',
    'pаul',
    'lone\ud800',
    '😀😀',
    '<script>',
    "o'hara",
    '\u001b[31mred',
    'a/b',
    42,
    null,
    true,
    [],
    {},
    ['abc'],
    { nick: 'abc' },
  ])('refuses the nick %j', async (nick) => {
    const answer = await signUp(nick)
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    expect(answer.body.detail).toContain('nick')
  })

  it.each(['Ωμέγα', '中文名', 'zoë', 'a.b-c_9', '12', 'ﬁnn'])('takes the nick %s', async (nick) => {
    expect(await signUp(nick)).toMatchObject({ status: 201, body: { nick: nick.normalize('NFKC') } })
    expect((await logIn(nick)).status).toBe(201)
  })

  it('takes passwords of 8 to 128 characters and says none of them back', async () => {
    for (const [index, password] of ['8letters', 'x'.repeat(128), 'ключ-от-дома', '🔑🔑🔑🔑🔑🔑🔑🔑'].entries()) {
      expect((await signUp(`bounds${index}`, password)).status, password).toBe(201)
      expect((await logIn(`bounds${index}`, password)).status, password).toBe(201)
    }
    for (const password of [
      '7letter',
      'x'.repeat(129),
      '',
      12345678,
      null,
      ['8letters'],
      'lone-surrogate\ud800',
      'nul\u0000-inside',
    ]) {
      const answer = await signUp('unlucky', password)
      expect(answer, JSON.stringify(password)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
      if (password) expect(JSON.stringify(answer.body)).not.toContain(String(password))
    }
    expect(await house.query("select nick from users where nick = 'unlucky'")).toEqual([])
  })

  it.each([
    'Bearer',
    'Bearer a b',
    'Basic YTpi',
    'Bearer auc_',
    'bearer "x"',
    `Bearer ${'x'.repeat(129)}`,
    'auc_x',
    'Bearer auc_unknown',
  ])('refuses the header Authorization: %s', async (authorization) => {
    for (const path of ['/v1/me', '/v1/goods', '/livez'])
      expect(await house.anyone.send('GET', path, undefined, { authorization })).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHENTICATED' },
      })
  })

  it('makes the holder of the printed code the house, once', async () => {
    const [first, late] = [await house.member('first-claim'), await house.member('late-claim')]
    const claim = (code: unknown, by = first) => by.post('/v1/admin/house', { code })
    expect((await first.get('/v1/admin/users')).status).toBe(403)
    for (const code of ['', 'wrong', `${house.houseCode}0`])
      expect(await claim(code)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
    expect(await claim(null)).toMatchObject({ status: 400 })
    expect(await claim(` ${house.houseCode} `)).toMatchObject({ status: 200, body: { id: first.id, role: 'house' } })
    expect((await first.get('/v1/admin/users')).status).toBe(200)
    expect(await claim(house.houseCode, late)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
    expect((await late.get('/v1/me')).body.role).toBe('member')
  })
})

describe.each(databases)('sessions on %s', (kind) => {
  it('end after 30 days without use, and after 90 days in any case', async () => {
    const clock = fakeClock()
    const house = await openHouse(kind, { clock })
    try {
      const logIn = async () => {
        const { token } = (await house.anyone.post('/v1/sessions', { nick: 'used', password: PASSWORD })).body
        return callerAt(() => house.url, token)
      }
      const used = await house.member('used')
      const [idle, barely] = [await logIn(), await logIn()]
      // Nothing ticks between stop and start, so days pass at once.
      const pass = async (ms: number) => {
        await house.stop()
        await clock.advance(ms)
        await house.start()
      }
      const statusOf = async (by: Caller) => (await by.get('/v1/me')).status
      const use = async () => {
        expect(await statusOf(used)).toBe(200)
        const lastUse = 'select max(used_at) as at from sessions'
        await expect.poll(async () => (await house.query(lastUse))[0].at).toBe(clock.now())
      }
      await pass(29 * DAY_MS)
      await use()
      await pass(DAY_MS - 1)
      expect(await statusOf(barely)).toBe(200)
      await pass(1)
      expect(await statusOf(idle)).toBe(401)
      await pass(28 * DAY_MS)
      await use()
      await pass(29 * DAY_MS)
      await use()
      await pass(3 * DAY_MS - 1)
      expect(await statusOf(used)).toBe(200)
      await pass(1)
      expect(await used.get('/v1/me')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } })
    } finally {
      await house.close()
    }
  })
})

describe.each(databases)('a house that takes nobody new on %s', (kind) => {
  it('refuses sign-ups and still logs its people in', async () => {
    const house = await openHouse(kind)
    try {
      await house.member('regular')
      await house.stop()
      house.settings.AUCTION_REGISTRATION = 'closed'
      await house.start()
      expect(await house.anyone.post('/v1/users', { nick: 'newcomer', password: PASSWORD })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      })
      expect((await house.anyone.post('/v1/sessions', { nick: 'regular', password: PASSWORD })).status).toBe(201)
    } finally {
      await house.close()
    }
  })
})
