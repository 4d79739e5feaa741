/** Rooms: who gets in, how many, who hears of it, and that nothing of a room is heard outside it (rules.md, section 8). */
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { crowd } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { type Watcher, watch } from '../support/watcher.ts'

const ROOM_PASSWORD = 'crème canary 7f3e'
const header = (password: string) => ({ 'room-password': Buffer.from(password).toString('latin1') })
const LIVE = ['events.sse', 'events.ndjson'] as const

describe.each(databases)('rooms on %s', (kind) => {
  const lines: string[] = []
  let house: House
  let seller: Member
  let keeper: Member
  let people: Member[]
  const watchers: Watcher[] = []
  beforeAll(async () => {
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    house = await openHouse(kind, { log })
    seller = await house.member('mila')
    keeper = await house.member('keeper')
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    people = await crowd(house, 30)
  })
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close()
  })
  afterAll(() => house.close())

  async function open(token?: string): Promise<Watcher> {
    const watcher = await watch(house.url, token)
    watchers.push(watcher)
    return watcher
  }
  const person = (index = 0) => people[index] as Member
  const refusal = (code: string) => ({ ok: false, error: { code } })
  /** Opens a live stream and answers its status, leaving it at once. */
  async function live(path: string, headers: Record<string, string> = {}, token: string | null = null) {
    const leaving = new AbortController()
    const sent = { ...headers, ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(`${house.url}${path}`, { headers: sent, signal: leaving.signal })
    leaving.abort()
    return response.status
  }

  describe('of a private good', () => {
    it('let nobody in without its password, but for the seller and the house', async () => {
      const { id: goodId } = await seller.sell({ password: ROOM_PASSWORD })
      const [stranger, ann] = [await open(), await open(person().token)]
      for (const watcher of [stranger, ann])
        for (const password of [undefined, '', 'creme canary 7f3e', `${ROOM_PASSWORD} `, ROOM_PASSWORD.toUpperCase()])
          expect(await watcher.ask('join', { goodId, password }), password).toMatchObject(refusal('WRONG_PASSWORD'))
      for (const password of [7, null, ['x'], 'x'.repeat(257)])
        expect(await stranger.ask('join', { goodId, password })).toMatchObject(refusal('BAD_REQUEST'))
      // However the keyboard writes an è.
      expect(await stranger.ask('join', { goodId, password: ROOM_PASSWORD.normalize('NFD') })).toMatchObject({
        ok: true,
        watchers: 1,
        good: { private: true },
      })
      expect(await ann.ask('join', { goodId, password: ROOM_PASSWORD })).toMatchObject({ ok: true, watchers: 2 })
      for (const { token } of [seller, keeper])
        expect(await (await open(token)).ask('join', { goodId })).toMatchObject({ ok: true })
      expect((await ann.ask('join', { goodId, since: 0 })).events).toMatchObject([{ seq: 1, type: 'listed' }])
    })

    it('take no password that a header cannot carry', async () => {
      for (const password of ['', ' ', ' edge', 'edge\u00a0', 'a\tb', 'a\u0000b', 'x'.repeat(129), 7])
        expect(await seller.sell({ password }), JSON.stringify(password)).toMatchObject({ code: 'BAD_REQUEST' })
      const { id } = await seller.sell({ password: 'пароль 密码 🔑' })
      const read = (password: string) => house.anyone.send('GET', `/v1/goods/${id}/chat`, undefined, header(password))
      expect([(await read('пароль 密码 🔑')).status, (await read('пароль 密码')).status]).toEqual([200, 403])
    })

    it('keep their live streams behind the same password', async () => {
      const { id } = await seller.sell({ password: ROOM_PASSWORD })
      for (const stream of LIVE) {
        const path = `/v1/goods/${id}/${stream}`
        expect([await live(path), await live(path, {}, person().token)]).toEqual([403, 403])
        expect(await house.anyone.get(path)).toMatchObject({ status: 403, body: { code: 'WRONG_PASSWORD' } })
        expect(await person().get(path)).toMatchObject({ status: 403, body: { code: 'WRONG_PASSWORD' } })
        for (const password of ['wrong', ROOM_PASSWORD.normalize('NFD').slice(1)])
          expect((await house.anyone.send('GET', path, undefined, header(password))).status).toBe(403)
        expect(await live(path, header(ROOM_PASSWORD))).toBe(200)
        for (const { token } of [seller, keeper]) expect(await live(path, {}, token)).toBe(200)
      }
    })

    it('leave the sale itself public, so that anyone can verify it', async () => {
      const { id } = await seller.sell({ password: ROOM_PASSWORD })
      for (const path of ['', '/bids', '/events', '/events.ndjson?poll=1', '/log'])
        expect((await house.anyone.get(`/v1/goods/${id}${path}`)).status, path).toBe(200)
      expect((await person().bid(id, { amount: 1000 })).status).toBe(201)
    })

    it('tell a socket outside nothing: no event, chat, presence or head', async () => {
      const { id: goodId } = await seller.sell({ password: ROOM_PASSWORD })
      const [outsider, insider] = [await open(person(1).token), await open(person(2).token)]
      expect(await outsider.ask('join', { goodId, password: 'wrong' })).toMatchObject({ ok: false })
      await outsider.ask('follow', { house: true })
      await insider.ask('join', { goodId, password: ROOM_PASSWORD })
      await insider.ask('chat', { goodId, text: 'only here' })
      await person().bid(goodId, { amount: 1000 })
      await seller.post(`/v1/goods/${goodId}/sale`, {})
      await expect.poll(() => insider.eventsOf(goodId).at(-1)?.type).toBe('sold')
      await expect.poll(() => insider.of('heads').length).toBeGreaterThan(0)
      expect(insider.of('chat')).toMatchObject([{ text: 'only here' }])
      expect(insider.of('presence')[0]).toMatchObject({ goodId, joined: { id: person(2).id } })
      const heard = outsider.frames.filter(({ payload }) => JSON.stringify(payload).includes(`"goodId":${goodId}`))
      expect(heard.map(({ name }) => name)).toEqual(['house'])
      expect(outsider.frames.filter(({ name }) => name !== 'house')).toEqual([])
    })

    it('keep the password hashed, and say it nowhere', async () => {
      const { id: goodId } = await seller.sell({ password: ROOM_PASSWORD })
      const watcher = await open(person().token)
      const answers = [await watcher.ask('join', { goodId, password: `${ROOM_PASSWORD}!` })]
      answers.push(await watcher.ask('join', { goodId, password: ROOM_PASSWORD }))
      for (const by of [house.anyone, seller, keeper])
        for (const path of ['', '/bids', '/events', '/log', '/chat'])
          answers.push(await by.get(`/v1/goods/${goodId}${path}`))
      answers.push(await house.anyone.get('/v1/goods'), await seller.get('/v1/me/sales'))
      const [{ room_password: hash }] = (await house.query(`select room_password from goods where id = ${goodId}`)) as [
        Json,
      ]
      expect(hash).toMatch(/^\$argon2id\$/)
      const stored = await Promise.all(
        ['goods', 'events', 'keys', 'chat_lines'].map((table) => house.query(`select * from ${table}`)),
      )
      const said = [JSON.stringify([answers, stored, watchers.map(({ frames }) => frames)]), ...lines]
      for (const text of said) expect(text).not.toContain('canary 7f3e')
      expect(JSON.stringify(answers)).not.toContain('argon2')
    })

    it('ask whoever comes after a change for the new password, and keep who is in', async () => {
      const { id: goodId } = await seller.sell()
      const early = await open()
      await early.ask('join', { goodId })
      expect((await seller.send('PATCH', `/v1/goods/${goodId}`, { password: ROOM_PASSWORD })).status).toBe(200)
      const late = await open()
      expect(await late.ask('join', { goodId })).toMatchObject(refusal('WRONG_PASSWORD'))
      expect(await early.ask('join', { goodId, since: 1 })).toMatchObject({ ok: true })
      await seller.send('PATCH', `/v1/goods/${goodId}`, { password: 'another' })
      expect(await late.ask('join', { goodId, password: ROOM_PASSWORD })).toMatchObject(refusal('WRONG_PASSWORD'))
      expect(await late.ask('join', { goodId, password: 'another' })).toMatchObject({ ok: true })
      await seller.send('PATCH', `/v1/goods/${goodId}`, { password: null })
      expect(await (await open()).ask('join', { goodId })).toMatchObject({ ok: true, watchers: 3 })
    })
  })

  describe('with a capacity', () => {
    it.each([
      ['open', {}],
      ['private', { password: ROOM_PASSWORD }],
    ])('let exactly 5 of 30 in that race for 5 places, and the seller and the house besides: %s', async (_, more) => {
      const { id: goodId } = await seller.sell({ capacity: 5, ...more })
      const thirty = await Promise.all(people.map(({ token }, index) => open(index % 3 ? token : undefined)))
      const answers = await Promise.all(thirty.map((each) => each.ask('join', { goodId, password: ROOM_PASSWORD })))
      expect(answers.filter(({ ok }) => ok)).toHaveLength(5)
      for (const answer of answers) if (!answer.ok) expect(answer).toMatchObject(refusal('ROOM_FULL'))
      for (const { token } of [seller, keeper])
        expect(await (await open(token)).ask('join', { goodId })).toMatchObject({ ok: true })
      expect((await house.anyone.get(`/v1/goods/${goodId}`)).body).toMatchObject({ watchers: 7, capacity: 5 })
      const inside = thirty[answers.findIndex(({ ok }) => ok)]
      expect(await inside?.ask('join', { goodId, since: 0 })).toMatchObject({ ok: true })
    })

    it('give a place that was left to the next', async () => {
      const { id: goodId } = await seller.sell({ capacity: 1 })
      const [first, second] = [await open(), await open()]
      expect(await first.ask('join', { goodId })).toMatchObject({ ok: true })
      expect(await second.ask('join', { goodId })).toMatchObject(refusal('ROOM_FULL'))
      await first.ask('leave', { goodId })
      expect(await second.ask('join', { goodId })).toMatchObject({ ok: true })
      second.close()
      await expect.poll(() => first.ask('join', { goodId })).toMatchObject({ ok: true })
    })
  })

  it('are left by whoever logs out', async () => {
    const { id: goodId } = await seller.sell()
    const leaver = await house.member('leaver')
    const [watcher, other] = [await open(leaver.token), await open()]
    await watcher.ask('join', { goodId })
    await other.ask('join', { goodId })
    await leaver.send('DELETE', '/v1/sessions/current')
    await expect.poll(() => watcher.socket.connected).toBe(false)
    expect((await house.anyone.get(`/v1/goods/${goodId}`)).body.watchers).toBe(1)
    await person().bid(goodId, { amount: 1000 })
    await expect.poll(() => other.eventsOf(goodId).length).toBe(1)
    expect(watcher.eventsOf(goodId)).toEqual([])
    await expect.poll(() => other.of('presence').at(-1)).toMatchObject({ left: { nick: 'leaver' } })
  })

  it('are not what the house-wide feed tells of: it tells who bought what, for how much, and when', async () => {
    const follower = await open()
    await follower.ask('follow', { house: true })
    const good = await seller.sell({ name: 'Leica', buyNow: 5000, password: ROOM_PASSWORD })
    expect((await person(3).post(`/v1/goods/${good.id}/purchase`)).status).toBe(201)
    const heard = () => follower.of('house').flatMap(({ events }) => events)
    const ours = () => heard().filter(({ goodId }: Json) => goodId === good.id)
    await expect.poll(() => ours().map(({ type }: Json) => type)).toEqual(['listed', 'bought'])
    const { items } = (await house.anyone.get(`/v1/goods/${good.id}/events`)).body
    expect(ours()).toEqual(items)
    expect(ours()[1]).toMatchObject({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        name: 'Leica',
        winner: { id: person(3).id, nick: person(3).nick },
        price: { amount: 5000, currency: 'USD' },
      },
    })
  })
})

describe.each(databases)('coming and going on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let people: Member[]
  const watchers: Watcher[] = []
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    people = await crowd(house, 40)
  })
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close()
  })
  afterAll(() => house.close())

  const person = (index = 0) => people[index] as Member
  async function join(goodId: number, token?: string): Promise<Watcher & { readonly answer: Json }> {
    const watcher = await watch(house.url, token)
    watchers.push(watcher)
    return { ...watcher, answer: await watcher.ask('join', { goodId }) }
  }
  const gone = (goodId: number, watching: number) =>
    expect.poll(async () => (await house.anyone.get(`/v1/goods/${goodId}`)).body.watchers).toBe(watching)
  /** What was told to `watcher`, once the frames that are under way have come. */
  async function told(watcher: Watcher): Promise<Json[]> {
    await watcher.ask('leave', { goodId: 999_999 })
    return watcher.of('presence')
  }
  const seconds = async (count: number) => {
    for (let second = 0; second < count; second++) await clock.advance(1_000)
  }

  it('is told once a person: with the first connection, and five seconds after the last was cut', async () => {
    const { id: goodId } = await seller.sell()
    const witness = await join(goodId)
    const [one, two] = [await join(goodId, person().token), await join(goodId, person().token)]
    const ann = { id: person().id, nick: person().nick }
    expect(await told(witness)).toEqual([{ goodId, watchers: 2, joined: ann }])
    await seconds(1)
    expect((await told(witness)).at(-1)).toEqual({ goodId, watchers: 3 })
    one.close()
    await gone(goodId, 2)
    await seconds(8)
    expect((await told(witness)).at(-1)).toEqual({ goodId, watchers: 2 })
    two.socket.io.engine.close()
    await gone(goodId, 1)
    await seconds(4)
    expect((await told(witness)).at(-1)).toEqual({ goodId, watchers: 1 })
    await seconds(2)
    expect((await told(witness)).at(-1)).toEqual({ goodId, watchers: 1, left: ann })
    expect((await told(witness)).filter(({ joined, left }) => joined || left)).toHaveLength(2)
  })

  it.each<[string, (watcher: Watcher, goodId: number) => unknown]>([
    ['leaves', (watcher, goodId) => watcher.ask('leave', { goodId })],
    ['hangs up', (watcher) => watcher.close()],
  ])('is told at once of a person who %s with the last connection, and the place is free', async (_, go) => {
    const { id: goodId } = await seller.sell({ capacity: 3 })
    const witness = await join(goodId)
    const [one, two] = [await join(goodId, person().token), await join(goodId, person().token)]
    expect((await join(goodId, person(1).token)).answer).toMatchObject({ ok: false, error: { code: 'ROOM_FULL' } })
    const ann = { id: person().id, nick: person().nick }
    await go(one, goodId)
    await gone(goodId, 2)
    expect(await told(witness)).toEqual([{ goodId, watchers: 2, joined: ann }])
    await go(two, goodId)
    await gone(goodId, 1)
    expect((await told(witness)).slice(1)).toEqual([{ goodId, watchers: 1, left: ann }])
    for (const index of [1, 2])
      expect((await join(goodId, person(index).token)).answer).toMatchObject({ ok: true, watchers: index + 1 })
    await seconds(8)
    expect((await told(witness)).filter(({ left }) => left)).toHaveLength(1)
  })

  it('of those who are not signed in is only counted', async () => {
    const { id: goodId } = await seller.sell()
    const witness = await join(goodId)
    const other = await join(goodId)
    await seconds(1)
    other.close()
    await gone(goodId, 1)
    await seconds(8)
    expect(await told(witness)).toEqual([
      { goodId, watchers: 2 },
      { goodId, watchers: 1 },
    ])
  })

  it('is not told of a connection that breaks and comes back', async () => {
    const { id: goodId } = await seller.sell()
    const witness = await join(goodId)
    for (let round = 0; round < 3; round++) {
      const ann = await join(goodId, person().token)
      expect(ann.answer).toMatchObject({ ok: true })
      ann.socket.io.engine.close()
      await gone(goodId, 1)
      await seconds(3)
    }
    const lines = (await told(witness)).filter(({ joined, left }) => joined || left)
    expect(lines).toMatchObject([{ joined: { id: person().id } }])
  })

  it('keeps the place of a person whose connection broke for five seconds', async () => {
    const { id: goodId } = await seller.sell({ capacity: 1 })
    const ann = await join(goodId, person().token)
    ann.socket.io.engine.close()
    await gone(goodId, 0)
    await seconds(3)
    expect((await join(goodId)).answer).toMatchObject({ ok: false, error: { code: 'ROOM_FULL' } })
    expect((await join(goodId, person(1).token)).answer).toMatchObject({ ok: false, error: { code: 'ROOM_FULL' } })
    const again = await join(goodId, person().token)
    expect(again.answer).toMatchObject({ ok: true, watchers: 1 })
    again.socket.io.engine.close()
    await gone(goodId, 0)
    await seconds(7)
    expect((await join(goodId)).answer).toMatchObject({ ok: true })
  })

  it('in a crowd is told of ten a second, and counted of all', async () => {
    const { id: goodId } = await seller.sell()
    const witness = await join(goodId)
    await seconds(1)
    const before = (await told(witness)).length
    const crowded = await Promise.all(people.map(({ token }) => join(goodId, token)))
    const came = (await told(witness)).slice(before)
    expect(came).toHaveLength(10)
    expect(came.every(({ joined }) => joined)).toBe(true)
    await seconds(1)
    expect((await told(witness)).slice(before + 10)).toEqual([{ goodId, watchers: 41 }])
    for (const watcher of crowded) watcher.close()
    await gone(goodId, 1)
    await seconds(10)
    const left = (await told(witness)).flatMap((frame) => frame.left ?? [])
    // Whoever's coming was not told goes as quietly.
    expect(new Set(left.map(({ id }) => id))).toEqual(new Set(came.map(({ joined }) => joined.id)))
    expect((await told(witness)).at(-1)).toMatchObject({ watchers: 1 })
  })
})

describe('guesses at the password of a room', () => {
  it('are slowed down for that room and that address, by every way in', async () => {
    const house = await openHouse('sqlite', { settings: { AUCTION_RATE_LIMITS: 'on', AUCTION_TRUST_PROXY: 'on' } })
    const open: Watcher[] = []
    try {
      const seller = await house.member('mila')
      const [good, other] = [await seller.sell({ password: 'right' }), await seller.sell({ password: 'right' })]
      const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.9, ${address}` })
      const guesser = await watch(house.url, null, from('192.0.2.1'))
      const neighbour = await watch(house.url, null, from('192.0.2.2'))
      open.push(guesser, neighbour)
      const guess = async (watcher: Watcher, goodId: number, password: string) => {
        const answer = await watcher.ask('join', { goodId, password })
        return answer.ok ? 'in' : answer.error.code
      }
      for (let tries = 0; tries < 6; tries++) expect(await guess(guesser, good.id, 'wrong')).toBe('WRONG_PASSWORD')
      const chat = `/v1/goods/${good.id}/chat`
      const ask = (address: string, password: string) =>
        house.anyone.send('GET', chat, undefined, { ...from(address), ...header(password) })
      for (let tries = 0; tries < 4; tries++) expect((await ask('192.0.2.1', 'wrong')).status).toBe(403)
      expect(await guess(guesser, good.id, 'right')).toBe('RATE_LIMITED')
      expect((await ask('192.0.2.1', 'right')).status).toBe(429)
      expect((await house.anyone.send('GET', chat, undefined, from('192.0.2.1'))).status).toBe(403)
      expect(await guess(guesser, other.id, 'right')).toBe('in')
      expect((await ask('192.0.2.2', 'right')).status).toBe(200)
      // Who knows it may come as often as they like.
      for (let tries = 0; tries < 12; tries++) {
        expect(await guess(neighbour, good.id, 'right')).toBe('in')
        await neighbour.ask('leave', { goodId: good.id })
      }
    } finally {
      for (const watcher of open) watcher.close()
      await house.close()
    }
  })
})
