import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { crowd } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { type Watcher, watch } from '../support/watcher.ts'

const upTo = (seq: number, from = 1) => Array.from({ length: Math.max(0, seq - from + 1) }, (_, index) => from + index)
const seqs = (events: Json[]): number[] => events.map(({ seq }) => seq)

describe.each(databases)('sockets on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let people: Member[]
  const watchers: Watcher[] = []
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: { AUCTION_CORS_ORIGINS: 'https://friend.example' } })
    seller = await house.member('mila')
    people = await crowd(house, 20)
  })
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close()
  })
  afterAll(() => house.close())

  async function open(token?: string, headers?: Record<string, string>): Promise<Watcher> {
    const watcher = await watch(house.url, token, headers)
    watchers.push(watcher)
    return watcher
  }
  const view = async (good: Json) => (await house.anyone.get(`/v1/goods/${good.id}`)).body
  /** Bids of all at once, `rounds` times. */
  async function storm(good: Json, rounds: number): Promise<number> {
    for (let round = 0; round < rounds; round++)
      await Promise.all(
        people.map((person, index) => person.bid(good.id, { amount: 2000 + round * 10_000 + index * 100 })),
      )
    return (await view(good)).seq
  }

  it('join a good with the view, and with what followed a seq', async () => {
    const good = await seller.sell()
    await people[0]?.bid(good.id, { max: 5000 })
    const [stranger, leader] = [await open(), await open(people[0]?.token)]
    expect(await stranger.ask('join', { goodId: good.id })).toEqual({
      ok: true,
      good: { ...(await view(good)), watchers: 1 },
      events: [],
      watchers: 1,
      chat: [],
    })
    const { epoch } = await view(good)
    const joined = await leader.ask('join', { goodId: good.id, since: 1, epoch })
    expect(joined).toMatchObject({
      ok: true,
      watchers: 2,
      good: { seq: 2, you: { standing: 'leading', max: { amount: 5000 } } },
    })
    expect(joined.events).toMatchObject([{ seq: 2, type: 'bid', goodId: good.id }])
    expect(seqs((await leader.ask('join', { goodId: good.id, since: 0 })).events)).toEqual([1, 2])
  })

  it('answer reset to whoever comes from another history', async () => {
    const good = await seller.sell()
    const watcher = await open()
    for (const request of [{ epoch: 'another' }, { since: 1, epoch: 'another' }, { since: 99 }]) {
      const answer = await watcher.ask('join', { goodId: good.id, ...request })
      expect(answer).toMatchObject({ ok: true, reset: true, good: { id: good.id, seq: 1 } })
      expect(answer.events).toBeUndefined()
    }
    // Reset is still joined.
    await people[0]?.bid(good.id, { amount: 1000 })
    await expect.poll(() => seqs(watcher.eventsOf(good.id))).toEqual([2])
  })

  it('refuse what is no join, and a good that is not there', async () => {
    const watcher = await open()
    for (const request of [
      undefined,
      null,
      7,
      'x',
      [],
      {},
      { goodId: '1' },
      { goodId: 0 },
      { goodId: 1.5 },
      { goodId: 1, since: -1 },
      { goodId: 1, since: '0' },
      { goodId: 1, epoch: 'x'.repeat(65) },
      { goodId: 1, extra: 1 },
    ])
      expect(await watcher.ask('join', request), JSON.stringify(request)).toMatchObject({
        ok: false,
        error: { code: 'BAD_REQUEST' },
      })
    // With every member that an error over HTTP has.
    expect(await watcher.ask('join', { goodId: 999_999 })).toEqual({
      ok: false,
      error: {
        type: 'urn:auction:error:NOT_FOUND',
        title: 'Not found',
        status: 404,
        code: 'NOT_FOUND',
        detail: 'There is no good 999999.',
        hint: expect.any(String),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    })
    expect(await watcher.ask('follow', { house: false })).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } })
    expect(await watcher.ask('leave', { goodId: 'x' })).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } })
  })

  it('hear every event of their goods once and in order, and of no other good', async () => {
    const [good, other] = [await seller.sell(), await seller.sell()]
    const three = [await open(), await open(people[0]?.token), await open()]
    for (const watcher of three) await watcher.ask('join', { goodId: good.id })
    await three[2]?.ask('join', { goodId: other.id })
    const [seq, otherSeq] = await Promise.all([storm(good, 3), storm(other, 2)])
    for (const watcher of three) await expect.poll(() => seqs(watcher.eventsOf(good.id)).at(-1)).toBe(seq)
    await expect.poll(() => seqs(three[2]?.eventsOf(other.id) ?? []).at(-1)).toBe(otherSeq)
    for (const watcher of three) expect(seqs(watcher.eventsOf(good.id))).toEqual(upTo(seq, 2))
    expect(seqs(three[2]?.eventsOf(other.id) ?? [])).toEqual(upTo(otherSeq, 2))
    expect(three[0]?.eventsOf(other.id)).toEqual([])
    const { epoch } = await view(good)
    expect(three.every((watcher) => watcher.of('events').every((frame) => frame.epoch === epoch))).toBe(true)
  })

  it('miss nothing by joining in the middle of it', async () => {
    const good = await seller.sell()
    const bidding = storm(good, 5)
    const joined = await Promise.all(
      upTo(12).map(async (_, index) => {
        const watcher = await open()
        const { events } = await watcher.ask('join', { goodId: good.id, since: index % 2 })
        return { watcher, since: index % 2, caught: seqs(events) }
      }),
    )
    const seq = await bidding
    for (const { watcher, since, caught } of joined) {
      await expect.poll(() => Math.max(...caught, ...seqs(watcher.eventsOf(good.id)))).toBe(seq)
      const heard = new Set([...caught, ...seqs(watcher.eventsOf(good.id))])
      expect([...heard].sort((a, b) => a - b)).toEqual(upTo(seq, since + 1))
    }
  })

  it('are sent one message per commit, the same to each of a hundred', async () => {
    const good = await seller.sell()
    const hundred = await Promise.all(Array.from({ length: 100 }, () => open()))
    await Promise.all(hundred.map((watcher) => watcher.ask('join', { goodId: good.id })))
    const seq = await storm(good, 3)
    for (const watcher of hundred) await expect.poll(() => seqs(watcher.eventsOf(good.id)).at(-1)).toBe(seq)
    const [first, ...others] = hundred.map((watcher) => watcher.of('events'))
    expect(seqs(first?.flatMap(({ events }) => events) ?? [])).toEqual(upTo(seq, 2))
    for (const frames of others) expect(frames).toEqual(first)
    // A commit is a frame: its events all have the commit's instant.
    for (const { events } of first ?? []) expect(new Set(events.map(({ at }: Json) => at)).size).toBe(1)
    expect(first?.length).toBeLessThan(seq)
  })

  it('hear the newest seqs and the clock each second, and who is there', async () => {
    const good = await seller.sell()
    const [one, two] = [await open(), await open()]
    await one.ask('join', { goodId: good.id })
    await people[0]?.bid(good.id, { amount: 1000 })
    /** What has come when it is looked at once a second. */
    const eachSecond = <T>(read: () => T) =>
      expect.poll(async () => {
        await clock.advance(1_000)
        return read()
      })
    const heads = () => one.of('heads').filter(({ seqs: newest }) => newest[good.id] === 2)
    await eachSecond(() => heads().length).toBeGreaterThanOrEqual(2)
    const times = one.of('heads').map(({ now }) => now)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect((await two.ask('join', { goodId: good.id })).watchers).toBe(2)
    await eachSecond(() => one.of('presence').at(-1)).toEqual({ goodId: good.id, watchers: 2 })
    expect((await view(good)).watchers).toBe(2)
    two.close()
    await eachSecond(() => one.of('presence').at(-1)).toEqual({ goodId: good.id, watchers: 1 })
  })

  it('hear of all their goods in one frame a second', async () => {
    const goods = [await seller.sell(), await seller.sell(), await seller.sell()]
    const [one, two, three] = goods.map(({ id }) => id as number) as [number, number, number]
    const watcher = await open()
    for (const goodId of [one, two, three]) await watcher.ask('join', { goodId })
    await people[0]?.bid(two, { amount: 1000 })
    await expect.poll(() => watcher.eventsOf(two).length).toBe(1)
    /** What a second brings; what was asked for afterwards is answered later. */
    const heads = async () => {
      const before = watcher.of('heads').length
      await clock.advance(1_000)
      await watcher.ask('leave', { goodId: 999_999 })
      return watcher
        .of('heads')
        .slice(before)
        .map(({ seqs }) => seqs)
    }
    for (const _ of [1, 2]) expect(await heads()).toEqual([{ [one]: 1, [two]: 2, [three]: 1 }])
    await watcher.ask('leave', { goodId: two })
    expect(await heads()).toEqual([{ [one]: 1, [three]: 1 }])
    await watcher.ask('leave', { goodId: three })
    expect(await heads()).toEqual([{ [one]: 1 }])
    await watcher.ask('leave', { goodId: one })
    expect(await heads()).toEqual([])
    await watcher.ask('join', { goodId: two })
    expect(await heads()).toEqual([{ [two]: 2 }])
  })

  it('hear no more of a good they left', async () => {
    const good = await seller.sell()
    const [leaver, stayer] = [await open(), await open()]
    for (const watcher of [leaver, stayer]) await watcher.ask('join', { goodId: good.id })
    expect(await leaver.ask('leave', { goodId: good.id })).toEqual({ ok: true })
    await people[0]?.bid(good.id, { amount: 1000 })
    await expect.poll(() => stayer.eventsOf(good.id).length).toBe(1)
    expect(leaver.eventsOf(good.id)).toEqual([])
  })

  it('that follow the house hear what was listed and how it ended, and no bids', async () => {
    const follower = await open()
    expect(await follower.ask('follow', { house: true })).toEqual({ ok: true })
    const good = await seller.sell({ name: 'Everyone knows', endsInMs: 1500, softCloseMs: 0 })
    await people[0]?.bid(good.id, { max: 3000 })
    await clock.advance(1_500)
    const heard = () =>
      follower
        .of('house')
        .flatMap(({ events }) => events)
        .filter(({ goodId }: Json) => goodId === good.id)
    await expect.poll(() => heard().map(({ type }) => type)).toEqual(['listed', 'sold'])
    expect(heard()[1].data).toEqual({
      name: 'Everyone knows',
      winner: { id: people[0]?.id, nick: people[0]?.nick },
      price: { amount: 1000, currency: 'USD' },
      receivedAt: null,
    })
    expect(follower.of('events')).toEqual([])
  })

  it('are refused with a bad token, and from pages of strangers', async () => {
    for (const token of ['auc_unknown', '', 'x'.repeat(10_000)])
      await expect(watch(house.url, token), token).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } })
    for (const origin of ['https://evil.example', 'null', 'https://friend.example.evil', 'http://friend.example'])
      await expect(watch(house.url, null, { origin }), origin).rejects.toThrow()
    expect((await open(undefined, { origin: 'https://friend.example' })).socket.connected).toBe(true)
    expect((await fetch(`${house.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(400)
  })

  it('cannot hurt the server with frames that make no sense', async () => {
    const watcher = await open()
    const { socket } = watcher
    const odd: unknown[] = [
      undefined,
      null,
      () => {},
      'x',
      -1,
      [[[[]]]],
      { goodId: { $gt: 0 } },
      { goodId: '1; drop table goods' },
      Buffer.from([0, 1, 2]),
      { __proto__: null, goodId: 1 },
      { goodId: Number.POSITIVE_INFINITY },
    ]
    for (const name of ['join', 'leave', 'follow', 'chat', 'constructor', '__proto__', 'events', 'heads', ''])
      for (const payload of odd) {
        socket.emit(name, payload)
        socket.emit(name, payload, 'second', () => {})
      }
    expect(await watcher.ask('follow', { house: true })).toEqual({ ok: true })
    for (const frame of [
      '',
      '0',
      '9',
      '4',
      '40',
      '41',
      '44',
      '4zzz',
      '40{"token":',
      '40[]',
      '40"x"',
      '40{"token":{"toString":1}}',
      '40{"token":{"toString":null,"valueOf":null}}',
      '40{"token":[["x"]]}',
      '40{"token":7}',
      '40{"__proto__":{"token":1}}',
      '40/admin,',
      '42["join"',
      '42["join",{"goodId":1}]',
      '42[]',
      '42{}',
      '42[7]',
      '420["join"]',
      '42999999999999999999["join",{}]',
      '451-["join",{"_placeholder":true,"num":0}]',
      '4599999-["join"]',
      'b4AAAA',
      '43["x"]',
      '4'.repeat(20_000),
      '\u0000',
      '2probe',
      '5',
      '6',
      '1',
    ]) {
      const raw = new WebSocket(`${house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
      await new Promise((resolve) => {
        raw.onopen = resolve
        raw.onerror = resolve
      })
      raw.send(frame)
      raw.send('40')
      raw.send(frame)
      raw.send(new Uint8Array([1, 2, 3]))
      raw.close()
    }
    expect(await watcher.ask('follow', { house: true })).toEqual({ ok: true })
    expect((await house.anyone.get('/livez')).status).toBe(200)
  })

  it('are told goodbye before the server goes', async () => {
    const watcher = await open(seller.token)
    await house.stop()
    await expect.poll(() => watcher.socket.connected).toBe(false)
    expect(watcher.of('bye')).toEqual([{ retryInMs: expect.any(Number) }])
    await house.start()
    expect((await open(seller.token)).socket.connected).toBe(true)
  })
})
