/** Calls of the house when the server, or the way to it, misbehaves: one clear AuctionError, and never a lie about a write. */
import { AuctionError } from '@auction/common/errors'
import { afterAll, describe, expect, it } from 'vitest'
import { type Client, createClient, type Pace } from '../../packages/cli/src/client.ts'
import { type Answer, bidAnswer, deadUrl, good, openRaw, openStub, refusal, usd, user } from './stub-house.ts'

/** Of who waits for what comes, however slow the machine. */
const patient: Pace = {
  keyedMs: 40_000,
  readMs: 40_000,
  keyedTryMs: 20_000,
  readTryMs: 20_000,
  writeMs: 20_000,
  firstWaitMs: 5,
}
/** Of who gives up what never comes: long enough to be sent before. */
const hurried: Pace = { ...patient, keyedMs: 3_000, readMs: 3_000, keyedTryMs: 1_500, readTryMs: 1_000 }
/** Of who does not wait for the one answer that never comes before another is asked for. */
const restless: Pace = { ...patient, keyedTryMs: 3_000 }
const open: { close(): Promise<void> }[] = []

// Not after each: those whose time runs out do so side by side.
afterAll(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const closing = <T extends { close(): Promise<void> }>(each: T): T => {
  open.push(each)
  return each
}
const stub = async (answer: Parameters<typeof openStub>[0]) => closing(await openStub(answer))
const clientOf = (server: string, pace = patient, token: string | null = 'auc_secret'): Client =>
  closing(createClient({ server, token, pace }))

async function faultOf(work: Promise<unknown>): Promise<AuctionError> {
  const thrown: unknown = await work.then(
    () => new Error('it worked'),
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(AuctionError)
  return thrown as AuctionError
}

const readGood = (client: Client) => client.call('good', { params: { id: 42 } })
const bid = (client: Client, key = 'k-1') =>
  client.call('placeBid', { params: { id: 42 }, body: { amount: 1050 }, key })

describe('a reading call', () => {
  it('answers what the schema allows, with every string made harmless', async () => {
    const house = await stub(() => ({
      json: good({ name: 'Le\u001b[31mica\u202e M3\u200b\u001b]0;x\u0007', description: 'a\u001b[2Jb\nc' }),
    }))
    const view = await readGood(clientOf(house.url))
    expect(view.name).toBe('Leica M3')
    expect(view.description).toBe('ab\nc')
  })

  it.each([
    ['HTML', { text: '<h1>\u001b[31mIt works!</h1>' }],
    [
      'JSON that is none',
      { bytes: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{"a":' },
    ],
    ['bytes that are no HTTP', { bytes: '\u0000\u0001garbage\u001b[2J\r\n\r\n' }],
    ['an error page of a proxy', { status: 404, text: '<h1>nginx</h1>' }],
    [
      'an answer that is cut short',
      { bytes: 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"id":' },
    ],
    ['nothing but a closed connection', { bytes: '' }],
    [
      'an upgrade nobody asked for',
      { bytes: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' },
    ],
  ] satisfies [string, Answer][])('says UNREACHABLE for %s', async (_what, answer) => {
    const house = await stub(() => answer)
    const fault = await faultOf(readGood(clientOf(house.url)))
    expect(fault.code).toBe('UNREACHABLE')
    expect(fault.message).toMatch(/^[ -~]+\.$/)
    expect(fault.message).not.toMatch(/\bat \/|undefined|Error:/)
  })

  it.each([
    ['a list in place of a good', []],
    ['null', null],
    ['amounts as text', good({ price: { amount: '12' as unknown as number, currency: 'USD' } })],
    ['an end that is no time', good({ endsAt: 'soon' })],
    ['a status from the future', good({ status: 'melted' as 'open' })],
  ])('says INTERNAL for %s', async (_what, json) => {
    const house = await stub(() => ({ json }))
    const fault = await faultOf(readGood(clientOf(house.url)))
    expect(fault.code).toBe('INTERNAL')
    expect(fault.message).toContain('shape')
  })

  it('follows no redirect, so that the token goes nowhere else', async () => {
    const elsewhere = await stub(() => ({ json: good() }))
    const house = await stub(() => ({ status: 302, text: '', headers: { location: `${elsewhere.url}/steal` } }))
    const fault = await faultOf(readGood(clientOf(house.url)))
    expect(fault.code).toBe('UNREACHABLE')
    expect(fault.message).toContain('redirect')
    expect(elsewhere.asked).toEqual([])
  })

  it('is tried again after a broken connection, and after 503 and 429 as long as Retry-After allows', async () => {
    const house = await stub((_asked, before) => {
      if (before === 0) return { bytes: '' }
      if (before === 1) return refusal(503, 'BUSY')
      if (before === 2) return refusal(429, 'RATE_LIMITED')
      return { json: good() }
    })
    expect((await readGood(clientOf(house.url))).id).toBe(42)
    expect(house.asked).toHaveLength(4)
  })

  it('takes no part of an answer for the whole: one without its end is asked for again', async () => {
    const text = JSON.stringify(good())
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
    const house = await stub((_asked, before) =>
      before === 0
        ? { bytes: `${head}content-length: ${Buffer.byteLength(text) + 1}\r\n\r\n${text}` }
        : { json: good({ name: 'whole' }) },
    )
    expect((await readGood(clientOf(house.url))).name).toBe('whole')
  })

  it('gives up at once when Retry-After asks for more than it has, and says how long to wait', async () => {
    const house = await stub(() => ({ ...refusal(429, 'RATE_LIMITED'), headers: { 'retry-after': '60' } }))
    const fault = await faultOf(readGood(clientOf(house.url)))
    expect(fault.code).toBe('RATE_LIMITED')
    expect(fault.hint).toContain('60 s')
    expect(house.asked).toHaveLength(1)
  })

  it.concurrent('ends when nobody answers, within its time', async () => {
    const house = await stub(() => 'hang')
    const fault = await faultOf(readGood(clientOf(house.url, hurried)))
    expect(fault.code).toBe('UNREACHABLE')
    expect(fault.message).toContain('no answer within')
    // Of a second each there are three in three seconds; it would try four times.
    expect(house.asked.length).toBeLessThanOrEqual(3)
  })

  it.concurrent('ends when an answer never stops', async () => {
    const house = closing(
      await openRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n')
        const timer = setInterval(() => socket.write(' '), 10)
        socket.on('close', () => clearInterval(timer))
      }),
    )
    expect((await faultOf(readGood(clientOf(house.url, hurried)))).code).toBe('UNREACHABLE')
  })

  it('says UNREACHABLE when nothing listens, and when there is no such host', async () => {
    expect((await faultOf(readGood(clientOf(deadUrl)))).message).toContain('nothing listens there')
    expect((await faultOf(readGood(clientOf('http://no-such-host.invalid', hurried)))).code).toBe('UNREACHABLE')
  })

  it('stops when its signal says so', async () => {
    const stop = new AbortController()
    const house = await stub(() => {
      stop.abort()
      return 'hang'
    })
    const fault = await faultOf(clientOf(house.url).call('good', { params: { id: 42 }, signal: stop.signal }))
    expect(fault.code).toBe('UNREACHABLE')
    expect(house.asked).toHaveLength(1)
  })
})

describe('a refusal', () => {
  it('keeps code, sentence, hint, request id and public data, all made harmless', async () => {
    const data = {
      detail: 'Too\u001b[31m low.',
      hint: 'Bid \u202emore',
      requestId: 'r-\u00079',
      minimumBid: usd(1050),
      odd: { deep: 1 },
      note: 'a\u0007',
    }
    const house = await stub(() => refusal(409, 'BID_TOO_LOW', data))
    const fault = await faultOf(bid(clientOf(house.url)))
    expect(fault).toMatchObject({ code: 'BID_TOO_LOW', message: 'Too low.', hint: 'Bid more', requestId: 'r-9' })
    expect(fault.data).toEqual({ minimumBid: usd(1050), note: 'a' })
  })

  it('of a code from the future, or of one that only a client can have, goes by its status', async () => {
    for (const [status, code, expected] of [
      [409, 'SOLD_TWICE', 'CONFLICT'],
      [418, 'TEAPOT', 'BAD_REQUEST'],
      [403, 'OUTCOME_UNKNOWN', 'FORBIDDEN'],
      [400, '__proto__', 'BAD_REQUEST'],
    ] as const) {
      const house = await stub(() => refusal(status, code))
      expect((await faultOf(readGood(clientOf(house.url)))).code).toBe(expected)
    }
  })

  it('comes before any request when a login is needed and there is none', async () => {
    const house = await stub(() => ({ json: {} }))
    expect((await faultOf(clientOf(house.url, patient, null).call('me'))).code).toBe('UNAUTHENTICATED')
    expect(house.asked).toEqual([])
  })
})

describe('a keyed write', () => {
  it('is sent again with the same key and body until it is answered', async () => {
    const house = await stub((_asked, before) => {
      if (before === 0) return { bytes: '' }
      if (before === 1) return 'hang'
      if (before === 2) return refusal(503, 'BUSY')
      if (before === 3) return { status: 502, text: 'bad gateway' }
      return { status: 201, json: bidAnswer('leading', true) }
    })
    expect((await bid(clientOf(house.url, restless), 'key-7')).replayed).toBe(true)
    expect(house.asked).toHaveLength(5)
    expect(new Set(house.asked.map(({ headers, body }) => `${headers['idempotency-key']} ${body}`))).toEqual(
      new Set(['key-7 {"amount":1050}']),
    )
  })

  it.concurrent.each([
    ['the server dies in mid bid', { bytes: '' }],
    ['the answer is cut short', { bytes: 'HTTP/1.1 201 Created\r\ncontent-length: 900\r\n\r\n{' }],
    ['nobody answers', 'hang'],
    ['the server keeps failing', refusal(500, 'INTERNAL')],
    ['the answer makes no sense', { status: 201, text: '<h1>ok</h1>' }],
    ['the answer has another shape', { status: 201, json: { ok: true } }],
  ] satisfies [string, Answer][])('is OUTCOME_UNKNOWN, never failed, when %s', async (_what, answer) => {
    const house = await stub(() => answer)
    const fault = await faultOf(bid(clientOf(house.url, hurried), 'key-9'))
    expect(fault.code).toBe('OUTCOME_UNKNOWN')
    expect(fault.hint).toContain('key-9')
    expect(fault.data).toEqual({ key: 'key-9' })
  })

  it.concurrent('stays unknown when a try may have counted and the server is gone afterwards', async () => {
    const house = await openRaw((socket) => socket.once('data', () => void house.close()))
    expect((await faultOf(bid(clientOf(house.url, hurried)))).code).toBe('OUTCOME_UNKNOWN')
  })

  it.concurrent.each<[string, Answer]>([
    ['does not know the caller', refusal(401, 'UNAUTHENTICATED')],
    ['has no time', refusal(503, 'BUSY')],
    ['wants a pause', refusal(429, 'RATE_LIMITED')],
  ])('that an earlier run may have sent stays unknown while the house %s', async (_what, answer) => {
    const house = await stub(() => answer)
    const call = { params: { id: 42 }, body: { amount: 1050 }, key: 'k-1', doubtful: true }
    expect(await faultOf(clientOf(house.url, hurried).call('placeBid', call))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    })
    expect(await faultOf(clientOf(deadUrl, hurried).call('placeBid', call))).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  })

  it.concurrent('stays unknown when a try may have counted and later ones are turned away before the key is looked at', async () => {
    const house = await stub((_asked, before) => (before === 0 ? { bytes: '' } : refusal(429, 'RATE_LIMITED')))
    expect((await faultOf(bid(clientOf(house.url, hurried)))).code).toBe('OUTCOME_UNKNOWN')
  })

  it('takes a refusal as the last word, also after a try that may have counted: the key would have answered', async () => {
    const house = await stub((_asked, before) => (before === 0 ? { bytes: '' } : refusal(409, 'NOT_OPEN')))
    expect((await faultOf(bid(clientOf(house.url)))).code).toBe('NOT_OPEN')
  })

  it.concurrent('is UNREACHABLE when it certainly never left', async () => {
    expect((await faultOf(bid(clientOf(deadUrl, hurried)))).code).toBe('UNREACHABLE')
  })

  it.concurrent('is BUSY when the house refused every try before any effect', async () => {
    const house = await stub(() => refusal(503, 'BUSY'))
    expect((await faultOf(bid(clientOf(house.url, hurried)))).code).toBe('BUSY')
    expect(house.asked.length).toBeGreaterThan(2)
  })

  it('is not sent again after 429', async () => {
    const house = await stub(() => refusal(429, 'RATE_LIMITED'))
    expect((await faultOf(bid(clientOf(house.url)))).code).toBe('RATE_LIMITED')
    expect(house.asked).toHaveLength(1)
  })
})

describe('a write without a key', () => {
  const signUp = (client: Client) => client.call('signUp', { body: { nick: 'noor', password: 'correct horse' } })

  it('is sent again while the house is busy, which it says before any effect', async () => {
    const house = await stub((_asked, before) => (before < 2 ? refusal(503, 'BUSY') : { status: 201, json: user }))
    expect((await signUp(clientOf(house.url))).nick).toBe(user.nick)
    expect(house.asked).toHaveLength(3)
  })

  it.concurrent('is BUSY when the house stays so, and sent once when it wants a pause', async () => {
    const busy = await stub(() => refusal(503, 'BUSY'))
    expect((await faultOf(signUp(clientOf(busy.url, hurried)))).code).toBe('BUSY')
    const full = await stub(() => refusal(429, 'RATE_LIMITED'))
    expect((await faultOf(signUp(clientOf(full.url)))).code).toBe('RATE_LIMITED')
    expect([busy.asked.length > 2, full.asked.length]).toEqual([true, 1])
  })

  it('is sent once, and its outcome is unknown when the answer is lost', async () => {
    const house = await stub(() => ({ bytes: '' }))
    expect((await faultOf(signUp(clientOf(house.url)))).code).toBe('OUTCOME_UNKNOWN')
    expect(house.asked).toHaveLength(1)
  })

  it('is UNREACHABLE when nothing listens', async () => {
    expect((await faultOf(signUp(clientOf(deadUrl)))).code).toBe('UNREACHABLE')
  })
})
