import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

const ids = (items: Json[]): number[] => items.map(({ id }) => id)

describe.each(databases)('goods on %s', (kind) => {
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind)
    seller = await house.member('mila')
  })
  afterAll(() => house.close())

  const list = async (query: Record<string, string>) =>
    (await house.anyone.get(`/v1/goods?${new URLSearchParams(query)}`)).body
  /** Goods that share a word nobody else uses. */
  async function shelf(
    count: number,
    good: (index: number) => Json = () => ({}),
  ): Promise<{ word: string; goods: Json[] }> {
    const word = `w${randomUUID().replaceAll('-', '')}`
    const goods = await Promise.all(
      Array.from({ length: count }, (_, index) => seller.sell({ name: `Lot ${index} ${word}`, ...good(index) })),
    )
    return { word, goods }
  }
  async function walk(
    query: Record<string, string>,
    between: () => Promise<unknown> = async () => {},
  ): Promise<number[]> {
    const seen: number[] = []
    let cursor: string | null = null
    do {
      const page: Json = await list(cursor === null ? query : { ...query, cursor })
      expect(page.items.length).toBeLessThanOrEqual(Number(query.limit))
      seen.push(...ids(page.items))
      cursor = page.next
      await between()
    } while (cursor !== null)
    return seen
  }

  it.each(['ending', 'new', 'price', 'bids'])('pages by %s lists every good once while others appear', async (sort) => {
    // Equal keys on purpose: three prices and three ends for twenty goods.
    const vary = (index: number) => ({ startPrice: 100 + (index % 3), endsInMs: 3_600_000 + (index % 3) * 1000 })
    const { word, goods } = await shelf(20, vary)
    const seen = await walk({ q: word, sort, limit: '3' }, () => seller.sell({ name: `Late ${word}`, ...vary(1) }))
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(ids(goods)))
  })

  it('sorts by end, age, price and number of bids', async () => {
    const [ann, bob] = [await house.member('ann'), await house.member('bob')]
    const { word, goods } = await shelf(4, (index) => ({
      startPrice: [300, 100, 400, 200][index],
      endsInMs: 3_600_000 * ([3, 1, 4, 2][index] ?? 1),
    }))
    const [first, second, third, fourth] = ids(goods) as [number, number, number, number]
    expect(await walk({ q: word, sort: 'ending', limit: '2' })).toEqual([second, fourth, first, third])
    expect(await walk({ q: word, sort: 'new', limit: '2' })).toEqual(ids(goods).sort((a, b) => b - a))
    expect(await walk({ q: word, sort: 'price', limit: '2' })).toEqual([second, fourth, first, third])
    await ann.bid(second, { amount: 900 })
    await ann.bid(fourth, { amount: 300 })
    await bob.bid(fourth, { amount: 700 })
    expect(await walk({ q: word, sort: 'bids', limit: '1' })).toEqual([
      fourth,
      second,
      ...[first, third].sort((a, b) => b - a),
    ])
    expect(await walk({ q: word, sort: 'price', limit: '1' })).toEqual([first, third, fourth, second])
  })

  it('lists the goods that the caller has bid on, each once, and to nobody else', async () => {
    const [cid, dan] = [await house.member('cid'), await house.member('dan')]
    const { word, goods } = await shelf(3)
    const [first, second] = ids(goods) as [number, number]
    await cid.bid(first, { max: 5_000 })
    await cid.bid(first, { max: 6_000 })
    await cid.bid(second, { amount: 2_000 })
    await dan.bid(second, { max: 9_000 })
    const own = async (who: Member, more = '') => (await who.get(`/v1/goods?bidder=me&q=${word}${more}`)).body.items
    expect(ids(await own(cid, '&sort=new'))).toEqual([first, second].sort((a, b) => b - a))
    expect((await own(cid)).map(({ you }: Json) => you.standing).sort()).toEqual(['leading', 'outbid'])
    expect(ids(await own(dan))).toEqual([second])
    expect((await house.anyone.get('/v1/goods?bidder=me')).status).toBe(401)
    expect((await cid.get(`/v1/goods?bidder=${dan.id}`)).status).toBe(400)
  })

  it('finds goods by all their words, in any case, taking no character for a pattern', async () => {
    const { word } = await shelf(1, () => ({ description: 'A 100%_sure O\'Hara "find", Straße' }))
    const find = async (q: string) => (await list({ q: `${q} ${word}` })).items.length
    const found = ['lot', 'LOT 0', '100%_sure', '%', "o'hara", '"find"', 'STRA', word.toUpperCase(), 'lo\u0000t']
    const missed = ['_x', 'L_t', '*', '%%', "'; drop table goods; --", '\\', '?', '??', '$1']
    for (const q of found) expect(await find(q), q).toBe(1)
    for (const q of missed) expect(await find(q), q).toBe(0)
    expect((await list({ q: 'never-listed-by-anyone' })).items).toEqual([])
  })

  it('keeps own goods apart from those of others', async () => {
    const other = await house.member('other-seller')
    const own = await other.sell({ name: 'Only mine' })
    expect((await other.get('/v1/me/sales')).body).toMatchObject({ items: [{ id: own.id }], next: null })
    expect((await other.get('/v1/me/won')).body).toEqual({ items: [], next: null })
    expect((await other.get('/v1/me/bids')).body).toEqual({ items: [], next: null })
  })

  it.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1e1',
    'limit=',
    'limit=ten',
    'limit=1&limit=2',
    'status=none',
    'sort=name',
    'colour=red',
    'q[]=a',
    `q=${'x'.repeat(101)}`,
    'cursor=',
    'cursor=%25',
    'cursor=e30',
    'cursor=WzFd',
    'cursor=W10',
    'cursor=WyJhIiwxXQ',
    'cursor=WzEuNSwxXQ',
    'cursor=WzFlNDAwLDFd',
    `cursor=${'x'.repeat(201)}`,
    'cursor=bnVsbA',
    '__proto__=1',
    'constructor=1',
  ])('refuses the query %s', async (query) => {
    expect(await house.anyone.get(`/v1/goods?${query}`)).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
  })

  it.each([
    '0',
    '-1',
    '1.5',
    'abc',
    '1e3',
    '01',
    '0x1',
    '%00',
    '%E0%A4%A',
    '99999999999999999999',
    '1%20',
    '１',
    'NaN',
  ])('takes %s for no id', async (id) => {
    for (const path of ['', '/bids', '/events', '/events.ndjson', '/events.sse', '/log', '/image'])
      expect(await house.anyone.get(`/v1/goods/${id}${path}`), path).toMatchObject({
        status: 400,
        body: { code: 'BAD_REQUEST' },
      })
  })

  it('knows no good that was never listed', async () => {
    for (const path of ['', '/bids', '/events', '/events.ndjson', '/events.sse', '/log', '/image'])
      for (const id of [987_654, 999_999_999_999_999])
        expect(await house.anyone.get(`/v1/goods/${id}${path}`), path).toMatchObject({
          status: 404,
          body: { code: 'NOT_FOUND' },
        })
    expect(await seller.bid(987_654, { max: 5000 })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  })

  const inAYear = () => new Date(Date.now() + 367 * 86_400_000).toISOString()
  it.each<[string, () => Json]>([
    ['name', () => ({ name: '' })],
    ['name', () => ({ name: ' \u200b\u202e ' })],
    ['name', () => ({ name: 'x'.repeat(101) })],
    ['name', () => ({ name: undefined })],
    ['name', () => ({ name: 7 })],
    ['name', () => ({ name: 'lone \ud800' })],
    ['description', () => ({ description: 'x'.repeat(5001) })],
    ['description', () => ({ description: null })],
    ['startPrice', () => ({ startPrice: undefined })],
    ...[0, -1, 1.5, '1000', null, [], 1_000_000_000_001, 2 ** 53].map((startPrice): [string, () => Json] => [
      'startPrice',
      () => ({ startPrice }),
    ]),
    ['reserve', () => ({ reserve: 1000 })],
    ['reserve', () => ({ reserve: 999 })],
    ['reserve', () => ({ reserve: '2000' })],
    ['endsInMs', () => ({ endsInMs: 999 })],
    ['endsInMs', () => ({ endsInMs: 367 * 86_400_000 })],
    ['endsInMs', () => ({ endsInMs: undefined })],
    ['endsInMs', () => ({ endsAt: new Date(Date.now() + 60_000).toISOString() })],
    ['endsAt', () => ({ endsInMs: undefined, endsAt: new Date(Date.now() - 1000).toISOString() })],
    ['endsAt', () => ({ endsInMs: undefined, endsAt: inAYear() })],
    ['endsAt', () => ({ endsInMs: undefined, endsAt: '2026-13-01T00:00:00Z' })],
    ['endsAt', () => ({ endsInMs: undefined, endsAt: 'tomorrow' })],
    ['endsAt', () => ({ endsInMs: undefined, endsAt: 1_900_000_000_000 })],
    ['softCloseMs', () => ({ softCloseMs: -1 })],
    ['softCloseMs', () => ({ softCloseMs: 3_600_001 })],
    ['increment', () => ({ increment: { fixed: 0 } })],
    ['increment', () => ({ increment: { percentBp: 10_001 } })],
    ['increment', () => ({ increment: { fixed: 5, percentBp: 5 } })],
    ['increment', () => ({ increment: 5 })],
    ['increment', () => ({ increment: { bands: [[0, 1]] } })],
    ['owner', () => ({ owner: { id: 1, nick: 'x' } })],
    ['status', () => ({ status: 'sold' })],
    ['__proto__', () => JSON.parse('{"__proto__":{"startPrice":1}}')],
  ])('refuses to list with an odd %s', async (field, odd) => {
    const [before] = await house.query('select count(*) as n from goods')
    const body = Object.assign(Object.create(null), { name: 'Leica M3', startPrice: 1000, endsInMs: 60_000 })
    for (const [key, value] of Object.entries(odd())) Object.defineProperty(body, key, { value, enumerable: true })
    const answer = await seller.post('/v1/goods', body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    if (field !== '__proto__') expect(answer.body.detail).toContain(field)
    expect(await house.query('select count(*) as n from goods')).toEqual([before])
  })

  it('shows a good with its terms, and its defaults', async () => {
    const good = await seller.sell({ name: 'Plain', startPrice: 1000, endsInMs: 600_000 })
    expect(good).toMatchObject({
      owner: { id: seller.id, nick: 'mila' },
      status: 'open',
      price: null,
      startPrice: { amount: 1000, currency: 'USD' },
      minimumBid: { amount: 1000 },
      reserve: 'none',
      softCloseMs: 60_000,
      seq: 1,
      image: null,
      you: { standing: 'none', max: null, hold: null },
    })
    expect(Date.parse(good.hardEndsAt) - Date.parse(good.endsAt)).toBe(3_600_000)
    const { you: _, ...publicView } = good
    expect((await house.anyone.get(`/v1/goods/${good.id}`)).body).toEqual(publicView)
  })

  it('takes an end with an offset, an increment of the seller and a hard end', async () => {
    const endsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)
    const local = new Date(endsAt.getTime() + 2 * 3_600_000).toISOString().replace('Z', '+02:00')
    const ann = await house.member('ann-increment')
    const good = await seller.sell({ endsInMs: undefined, endsAt: local, increment: { fixed: 777 }, softCloseMs: 0 })
    expect(good).toMatchObject({ endsAt: endsAt.toISOString(), softCloseMs: 0 })
    expect((await ann.bid(good.id, { amount: 1000 })).body.good.minimumBid.amount).toBe(1777)
    const share = await seller.sell({ increment: { percentBp: 1000 } })
    expect((await ann.bid(share.id, { amount: 1009 })).body.good.minimumBid.amount).toBe(1109)
  })

  it('makes names and descriptions harmless before anyone sees them', async () => {
    const good = await seller.sell({
      name: ' \u001b[31mRed\u0000 \u202eeciL\u200ba\n M3 ',
      description: 'one\r\ntwo\u0007\u001b]0;title\u0007 \ufeffthree',
    })
    expect(good).toMatchObject({ name: 'Red eciLa M3', description: 'one\ntwo three' })
  })

  it('lists one good for one key, and refuses the key for another', async () => {
    const good = { name: 'Once', startPrice: 1000, endsInMs: 60_000 }
    const key = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(Array.from({ length: 10 }, () => seller.post('/v1/goods', good, key)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1)
    expect(await seller.post('/v1/goods', { ...good, startPrice: 1001 }, key)).toMatchObject({
      status: 422,
      body: { code: 'KEY_REUSED' },
    })
    expect((await list({ q: 'once' })).items).toHaveLength(1)
  })
})
