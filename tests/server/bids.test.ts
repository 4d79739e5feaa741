import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bidAmongMany, expectBalancedBooks } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Answer, databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

describe.each(databases)('bids on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let ann: Member
  let bob: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    ann = await house.member('ann')
    bob = await house.member('bob')
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  const state = async (good: Json) => (await house.anyone.get(`/v1/goods/${good.id}`)).body
  /** Sends a body as it is written. */
  const raw = (good: Json, body: string, headers: Record<string, string> = {}, by: Member = ann) =>
    by.post(`/v1/goods/${good.id}/bids`, body, { 'idempotency-key': randomUUID(), ...headers })
  const problem = (status: number, code: string, data: Json = {}) => ({
    status,
    body: {
      type: `urn:auction:error:${code}`,
      status,
      code,
      ...data,
      detail: expect.any(String),
      hint: expect.any(String),
      requestId: expect.any(String),
    },
  })
  const usd = (amount: number) => ({ amount, currency: 'USD' })

  it('answers with the bid, the standing and the good after it', async () => {
    const good = await seller.sell()
    expect(await ann.bid(good.id, { max: 5000, message: 'for the shelf' })).toMatchObject({
      status: 201,
      body: {
        bid: { amount: usd(1000), max: usd(5000), seq: 2, at: new Date(clock.now()).toISOString() },
        standing: 'leading',
        good: {
          id: good.id,
          price: usd(1000),
          bidCount: 1,
          leader: { nick: 'ann' },
          you: { standing: 'leading', max: usd(5000), hold: usd(5000) },
        },
        replayed: false,
      },
    })
    const second = await bob.bid(good.id, { amount: 2000 })
    expect(second).toMatchObject({
      status: 201,
      body: {
        standing: 'outbid',
        good: { price: usd(2050), leader: { nick: 'ann' }, you: { standing: 'outbid', hold: null } },
      },
    })
    expect((await house.anyone.get(`/v1/goods/${good.id}/bids`)).body.items).toMatchObject([
      { bidder: { nick: 'bob' }, amount: usd(2000), message: null },
      { bidder: { nick: 'ann' }, amount: usd(1000), message: 'for the shelf' },
    ])
    expect((await ann.get('/v1/me/bids')).body.items[0]).toMatchObject({
      goodId: good.id,
      max: usd(5000),
      standing: 'leading',
    })
  })

  it('refuses each rule with its code, its status and its data, and changes nothing', async () => {
    const [ann, bob] = [await house.member('ann-refused'), await house.member('bob-refused')]
    const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 0 })
    await ann.bid(good.id, { max: 5000 })
    const before = await state(good)
    expect(await seller.bid(good.id, { max: 6000 })).toMatchObject(problem(422, 'OWN_GOOD'))
    expect(await bob.bid(good.id, { amount: 1049 })).toMatchObject(
      problem(409, 'BID_TOO_LOW', { minimumBid: usd(1050) }),
    )
    expect(await bob.bid(good.id, { max: 1 })).toMatchObject(problem(409, 'BID_TOO_LOW', { minimumBid: usd(1050) }))
    expect(await bob.bid(good.id, { amount: 999, max: 9000 })).toMatchObject(
      problem(409, 'BID_TOO_LOW', { minimumBid: usd(1050) }),
    )
    expect(await ann.bid(good.id, { max: 5000 })).toMatchObject(problem(409, 'MAX_NOT_RAISED'))
    expect(await ann.bid(good.id, { amount: 2000 })).toMatchObject(problem(409, 'MAX_NOT_RAISED'))
    expect(await bob.bid(good.id, { max: 1_000_001 })).toMatchObject(
      problem(409, 'INSUFFICIENT_FUNDS', { available: usd(1_000_000), needed: usd(1_000_001) }),
    )
    expect(await ann.bid(good.id, { max: 1_000_001 })).toMatchObject(
      problem(409, 'INSUFFICIENT_FUNDS', { available: usd(995_000), needed: usd(995_001) }),
    )
    expect(await house.anyone.post(`/v1/goods/${good.id}/bids`, { max: 6000 })).toMatchObject(
      problem(401, 'UNAUTHENTICATED'),
    )
    expect(await state(good)).toEqual(before)
  })

  it('takes a bid a millisecond before the end and refuses it at the end', async () => {
    const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 0 })
    await clock.advance(59_999)
    expect((await ann.bid(good.id, { amount: 1000 })).status).toBe(201)
    await clock.advance(1)
    expect(await bob.bid(good.id, { amount: 2000 })).toMatchObject(problem(409, 'NOT_OPEN'))
    await expect.poll(async () => (await state(good)).status).toBe('sold')
    expect(await bob.bid(good.id, { amount: 2000 })).toMatchObject(problem(409, 'NOT_OPEN'))
  })

  describe('case 7: with a key', () => {
    const withoutReplay = ({ status, body: { replayed: _, ...body } }: Answer) => ({ status, body })

    it('are placed once however often they are sent, and answered alike', async () => {
      const good = await seller.sell()
      const key = randomUUID()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => bidAmongMany(ann, good.id, { max: 5000, message: 'once' }, key)),
      )
      const [first, ...others] = answers.map(withoutReplay)
      expect(first?.status).toBe(201)
      for (const other of others) expect(other).toEqual(first)
      expect(answers.filter(({ body }) => body.replayed === false)).toHaveLength(1)
      expect(await house.query(`select count(*) as n from bids where good_id = ${good.id}`)).toEqual([{ n: 1 }])
      expect((await state(good)).seq).toBe(2)
    })

    it('answer as before after others bid, after the end, and after a restart', async () => {
      const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 0 })
      const key = randomUUID()
      const first = await ann.bid(good.id, { amount: 1000 }, key)
      await bob.bid(good.id, { amount: 3000 })
      expect(withoutReplay(await ann.bid(good.id, { amount: 1000 }, key))).toEqual(withoutReplay(first))
      await house.stop()
      await clock.advance(61_000)
      await house.start()
      expect((await state(good)).status).toBe('sold')
      const late = await ann.bid(good.id, { amount: 1000 }, key)
      expect(late.body.replayed).toBe(true)
      expect(withoutReplay(late)).toEqual(withoutReplay(first))
    })

    it('are refused when the key came with another request', async () => {
      const [good, other] = [await seller.sell(), await seller.sell()]
      const key = randomUUID()
      await ann.bid(good.id, { max: 5000 }, key)
      for (const [id, bid] of [
        [good.id, { max: 5001 }],
        [good.id, { amount: 5000 }],
        [good.id, { max: 5000, message: 'hi' }],
        [other.id, { max: 5000 }],
      ] as const)
        expect(await ann.bid(id, bid, key)).toMatchObject(problem(422, 'KEY_REUSED'))
      expect((await state(other)).bidCount).toBe(0)
    })

    it("are another's when the same key comes from another", async () => {
      const good = await seller.sell()
      const key = randomUUID()
      expect(await ann.bid(good.id, { amount: 1000 }, key)).toMatchObject({ status: 201, body: { replayed: false } })
      expect(await bob.bid(good.id, { amount: 2000 }, key)).toMatchObject({
        status: 201,
        body: { replayed: false, standing: 'leading' },
      })
    })

    it('may be tried again with the key of a refusal', async () => {
      const good = await seller.sell()
      const key = randomUUID()
      expect(await ann.bid(good.id, { amount: 999 }, key)).toMatchObject(
        problem(409, 'BID_TOO_LOW', { minimumBid: usd(1000) }),
      )
      expect((await ann.bid(good.id, { amount: 1000 }, key)).status).toBe(201)
    })

    it.each(['', ' ', 'a b', 'k'.repeat(256), 'ключ'.normalize()])('are refused with the key %j', async (key) => {
      const good = await seller.sell()
      const header: Record<string, string> = /^[\x20-\x7e]*$/.test(key)
        ? { 'idempotency-key': key }
        : { 'idempotency-key': '\xe9\xe9' }
      expect(await raw(good, '{"max":5000}', header)).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect(await ann.post(`/v1/goods/${good.id}/bids`, { max: 5000 })).toMatchObject(problem(400, 'BAD_REQUEST'))
      expect((await state(good)).bidCount).toBe(0)
    })
  })

  it.each([
    '0',
    '-1',
    '-0',
    '1.5',
    '1e400',
    '-1e400',
    '9007199254740993',
    '9007199254740992',
    '1000000000001',
    '1e300',
    '1e-5',
    '"5000"',
    '"1e3"',
    '"0x10"',
    '"1,000"',
    '"５"',
    '"NaN"',
    '"-1"',
    '"1.005"',
    'null',
    'true',
    '[]',
    '[5000]',
    '{}',
    '{"amount":5000}',
    '""',
  ])('refuses %s for an amount and for a maximum', async (odd) => {
    const good = await seller.sell()
    for (const body of [`{"amount":${odd}}`, `{"max":${odd}}`, `{"amount":1000,"max":${odd}}`])
      expect(await raw(good, body), body).toMatchObject(problem(400, 'BAD_REQUEST'))
    expect(await state(good)).toMatchObject({ bidCount: 0, seq: 1 })
  })

  it.each([
    '',
    ' ',
    '{',
    '{"max":5000',
    '{"max":NaN}',
    '{"max":Infinity}',
    '{"max":05000}',
    "{'max':5000}",
    '{"max":5000,}',
    '{"max":5000}{"max":6000}',
    'null',
    'true',
    '42',
    '"max"',
    '[]',
    '[{"max":5000}]',
    '{}',
    '{"message":"no amount"}',
    '{"amount":2000,"max":1999}',
    '{"max":5000,"extra":1}',
    '{"Max":5000}',
    '{"max":5000,"__proto__":{"amount":1}}',
    '{"max":5000,"constructor":{}}',
    '{"max":5000,"message":null}',
    '{"max":5000,"message":7}',
    '{"max":5000,"message":""}',
    '{"max":5000,"message":" \\u0000\\u200b "}',
    '{"max":5000,"message":"lone \\ud800"}',
    '{"max":5000,"message":"\\udc00\\ud800"}',
    `{"max":5000,"message":"${'x'.repeat(101)}"}`,
    `{"max":5000,"message":${'['.repeat(9)}${']'.repeat(9)}}`,
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    `{"max":${'{"max":'.repeat(2000)}1${'}'.repeat(2000)}}`,
    `{"max":5000,"message":"${'x'.repeat(17_000)}"}`,
    `{"max":5000}${' '.repeat(17_000)}`,
  ])('refuses the body %s', async (body) => {
    const good = await seller.sell()
    const answer = await raw(good, body)
    expect(answer).toMatchObject(problem(400, 'BAD_REQUEST'))
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await state(good)).toMatchObject({ bidCount: 0, seq: 1 })
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'garbage',
  ])('refuses a body of type %s', async (type) => {
    const good = await seller.sell()
    expect(await raw(good, '{"max":5000}', { 'content-type': type })).toMatchObject(problem(400, 'BAD_REQUEST'))
    expect((await state(good)).bidCount).toBe(0)
  })

  it.each(['gzip', 'br', 'deflate', 'x-odd'])('refuses a body that claims to be %s and is not', async (encoding) => {
    const good = await seller.sell()
    expect(await raw(good, '{"max":5000}', { 'content-encoding': encoding })).toMatchObject(problem(400, 'BAD_REQUEST'))
    expect((await state(good)).bidCount).toBe(0)
  })

  it('says of a body that is nested too deeply what is wrong with it', async () => {
    const good = await seller.sell()
    const nested = (depth: number) => raw(good, `{"max":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect((await nested(7)).body.detail).not.toContain('nested')
    expect((await nested(8)).body.detail).toContain('nested')
  })

  it('makes a message harmless before anyone sees it', async () => {
    const good = await seller.sell()
    await ann.bid(good.id, {
      amount: 1000,
      message: '\u001b[31mred\u001b[0m \u202eltr\u0000 zero\u200bwidth\ntwo\u0007',
    })
    const [bid] = (await house.anyone.get(`/v1/goods/${good.id}/bids`)).body.items
    expect(bid.message).toBe('red ltr zerowidth two')
    const events = (await house.anyone.get(`/v1/goods/${good.id}/events`)).body.items
    expect(events.at(-1)).toMatchObject({ type: 'bid', data: { message: 'red ltr zerowidth two' } })
  })

  it('counts a message as people count characters', async () => {
    const good = await seller.sell()
    expect((await ann.bid(good.id, { amount: 1000, message: '👩‍👩‍👧‍👦'.repeat(20) })).status).toBe(201)
    expect((await bob.bid(good.id, { amount: 2000, message: 'é'.normalize('NFD').repeat(100) })).status).toBe(201)
  })
})
