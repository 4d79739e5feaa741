import { connect } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBeside } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Member, openHouse } from '../support/house.ts'

describe.each(databases)('the rim on %s', (kind) => {
  const lines: string[] = []
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, {
      settings: { AUCTION_CORS_ORIGINS: 'https://friend.example, https://other.example' },
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    })
    seller = await house.member('mila')
  })
  afterAll(() => house.close())

  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v2/goods'],
    ['GET', '//v1/goods'],
    ['GET', '/v1/goods/1/nothing'],
    ['GET', '/..%2f..%2fetc/passwd'],
    ['GET', '/%'],
    ['GET', '/%00'],
    ['PUT', '/v1/goods'],
    ['DELETE', '/v1/goods'],
    ['PUT', '/v1/goods/1'],
    ['POST', '/v1/goods/1'],
    ['GET', '/v1/users'],
    ['POST', '/livez'],
    ['DELETE', '/v1/me'],
    ['OPTIONS', '/v1/nothing'],
    ['PROPFIND', '/v1/goods'],
  ])('answers %s %s, which is not there, as a problem', async (method, path) => {
    const { status, headers, body } = await seller.send(method, path)
    expect([status, headers.get('content-type')]).toEqual([404, expect.stringMatching(/^application\/problem\+json/)])
    expect(body).toMatchObject({
      type: 'urn:auction:error:NOT_FOUND',
      code: 'NOT_FOUND',
      status: 404,
      requestId: headers.get('x-request-id'),
    })
    expect(Object.keys(body).sort()).toEqual(['code', 'detail', 'hint', 'requestId', 'status', 'title', 'type'])
  })

  it('gives each answer an id of its own, and takes none from outside', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => house.anyone.send('GET', '/livez', undefined, { 'x-request-id': 'mine' })),
    )
    const ids = answers.map(({ headers }) => headers.get('x-request-id'))
    expect(new Set(ids).size).toBe(20)
    expect(ids).not.toContain('mine')
  })

  it('sends the headers that keep browsers in their place', async () => {
    for (const path of ['/livez', '/v1/goods', '/v1/nothing', '/v1/me']) {
      const { headers } = await house.anyone.get(path)
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('content-security-policy'), path).toContain("default-src 'self'")
      expect(headers.get('x-frame-options'), path).toBe('SAMEORIGIN')
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
      expect(headers.get('x-powered-by'), path).toBe(null)
      expect(headers.get('access-control-allow-origin'), path).toBe(null)
    }
    expect((await house.anyone.get('/v1/goods')).headers.get('cache-control')).toBe('no-store')
  })

  it('names the way to sign in, and what is missing', async () => {
    const { status, headers } = await house.anyone.get('/v1/me')
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect((await house.anyone.get('/v1/goods')).headers.get('www-authenticate')).toBe(null)
    expect((await house.anyone.post('/v1/users', { nick: 'ann' })).body).toMatchObject({
      code: 'BAD_REQUEST',
      detail: 'password: is missing.',
    })
    expect((await seller.post('/v1/goods', { startPrice: 100, endsInMs: 60_000 })).body.detail).toBe(
      'name: is missing.',
    )
  })

  it('answers pages of the origins it was told, and of no others', async () => {
    const from = (origin: string, method = 'GET', path = '/v1/goods', more = {}) =>
      fetch(`${house.url}${path}`, { method, headers: { origin, ...more } })
    for (const path of ['/v1/goods', '/v1/me', '/v1/nothing']) {
      expect((await from('https://friend.example', 'GET', path)).headers.get('access-control-allow-origin')).toBe(
        'https://friend.example',
      )
      expect((await from('https://friend.example', 'GET', path)).headers.get('access-control-expose-headers')).toMatch(
        /Retry-After.*X-Request-Id/,
      )
      expect((await from('https://other.example', 'GET', path)).headers.get('access-control-allow-origin')).toBe(
        'https://other.example',
      )
      for (const origin of [
        'https://evil.example',
        'null',
        'http://friend.example',
        'https://friend.example.evil.example',
        '*',
      ])
        expect((await from(origin, 'GET', path)).headers.get('access-control-allow-origin'), origin).toBe(null)
    }
    const ask = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    }
    const preflight = await from('https://friend.example', 'OPTIONS', '/v1/goods/1/bids', ask)
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type,idempotency-key')
    expect(preflight.headers.get('access-control-allow-credentials')).toBe(null)
    expect(
      (await from('https://evil.example', 'OPTIONS', '/v1/goods/1/bids', ask)).headers.get(
        'access-control-allow-origin',
      ),
    ).toBe(null)
  })

  it('tells of a failure of its own a code and a request id, and writes the cause to the log', async () => {
    const good = await seller.sell()
    await writeBeside(house, ['alter table bids rename to bids_gone'])
    const failures = [
      await house.anyone.get(`/v1/goods/${good.id}/bids`),
      await seller.get('/v1/me/bids'),
      await seller.get(`/v1/goods/${good.id}`),
    ]
    await writeBeside(house, ['alter table bids_gone rename to bids'])
    for (const { status, headers, body } of failures) {
      expect([status, headers.get('content-type'), headers.get('retry-after')]).toEqual([
        500,
        expect.stringMatching(/^application\/problem\+json/),
        '1',
      ])
      expect(body).toEqual({
        type: 'urn:auction:error:INTERNAL',
        title: 'Something failed in the house',
        status: 500,
        code: 'INTERNAL',
        detail: 'Something failed in the house.',
        hint: expect.any(String),
        requestId: headers.get('x-request-id'),
      })
      expect(lines.find((line) => line.includes(body.requestId))).toMatch(/bids/)
    }
    expect((await house.anyone.get(`/v1/goods/${good.id}/bids`)).status).toBe(200)
  })

  it('answers what is hardly HTTP, and goes on', async () => {
    const { hostname, port } = new URL(house.url)
    const say = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), hostname)
        let heard = ''
        socket.on('data', (bytes) => {
          heard += bytes
          // Not before: who hangs up is not answered.
          socket.end()
        })
        socket.on('error', () => {})
        socket.on('close', () => resolve(heard))
        socket.write(text, 'latin1')
      })
    const heads = await Promise.all(
      [
        'garbage\r\n\r\n',
        'GET\r\n\r\n',
        'GET /livez HTTP/9.9\r\n\r\n',
        `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(9000)}\r\n\r\n`,
        'POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n',
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      ].map(say),
    )
    for (const said of heads) {
      const [head, body] = said.split('\r\n\r\n') as [string, string]
      expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(head).toContain('\r\nContent-Type: application/problem+json\r\n')
      const problem = JSON.parse(body)
      expect(head).toContain(`\r\nX-Request-Id: ${problem.requestId}\r\n`)
      expect(problem).toMatchObject({ type: 'urn:auction:error:BAD_REQUEST', code: 'BAD_REQUEST', status: 400 })
      expect(problem.detail).toMatch(/^(That is no HTTP request|The headers of the request are too large)\.$/)
      expect(Object.keys(problem).sort()).toEqual(['code', 'detail', 'hint', 'requestId', 'status', 'title', 'type'])
    }
    expect(await say('GET /livez HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    const absolute = await say(
      'GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(absolute).toMatch(/^HTTP\/1.1 (200|404) /)
    expect((await house.anyone.get('/livez')).status).toBe(200)
  })

  /** A connection to the house, and all that it hears there. */
  function listening() {
    const { hostname, port } = new URL(house.url)
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
    })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.on('close', resolve))
    return { socket, closed, heard: () => text }
  }

  it.each([
    ['', ''],
    [', though more was asked before it', 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('says nothing of garbage in the middle of an answer%s', async (_though, more) => {
    const good = await seller.sell()
    const { socket, heard, closed } = listening()
    socket.write(`GET /v1/goods/${good.id}/events.ndjson HTTP/1.1\r\nHost: x\r\n\r\n`)
    await expect.poll(heard).toContain('"type":"listed"')
    socket.write(`${more}garbage\r\n\r\n`)
    await closed
    expect(heard().match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('tells nobody that a bid it takes is no HTTP, because of what follows it', async () => {
    const good = await seller.sell()
    const bidder = await house.member('garbler')
    const { socket, heard, closed } = listening()
    const body = JSON.stringify({ amount: 1000 })
    const head = `Authorization: Bearer ${bidder.token}\r\nIdempotency-Key: garbled\r\nContent-Type: application/json`
    socket.write(
      `POST /v1/goods/${good.id}/bids HTTP/1.1\r\nHost: x\r\n${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}garbage\r\n\r\n`,
    )
    await closed
    expect(heard()).not.toMatch(/^HTTP\/1\.1 400/)
  })

  it('answers who offers HTTP/2 in HTTP/1.1', async () => {
    const { socket, heard } = listening()
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
    socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\n${offer}\r\n`)
    await expect.poll(heard).toMatch(/^HTTP\/1\.1 200 .*"status":"ok"/s)
    socket.destroy()
  })
})

describe.each(databases)('health on %s', (kind) => {
  it('is ok, with the stores named', async () => {
    const house = await openHouse(kind)
    try {
      expect(await house.anyone.get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } })
      await expect
        .poll(async () => (await house.anyone.get('/readyz')).body)
        .toEqual({
          status: 'ok',
          database: kind,
          books: 'right',
          alarms: { store: 'embedded', ok: true, detail: null },
        })
    } finally {
      await house.close()
    }
  })

  it('is degraded while MongoDB is not there, and bids and closings go on', async () => {
    const clock = fakeClock()
    const settings = { AUCTION_MONGODB_URI: 'mongodb://user:s3cret@127.0.0.1:1/x' }
    const house = await openHouse(kind, { clock, settings })
    try {
      const [seller, ann] = [await house.member('mila'), await house.member('ann')]
      const good = await seller.sell({ endsInMs: 1500, softCloseMs: 0 })
      expect((await ann.bid(good.id, { amount: 1000 })).status).toBe(201)
      const ready = (await house.anyone.get('/readyz')).body
      expect(ready).toMatchObject({
        status: 'degraded',
        alarms: { store: 'mongodb', ok: false, detail: expect.any(String) },
      })
      expect(JSON.stringify(ready)).not.toContain('s3cret')
      await clock.advance(1_500)
      await expect.poll(async () => (await house.anyone.get(`/v1/goods/${good.id}`)).body.status).toBe('sold')
      expect((await house.anyone.get('/livez')).status).toBe(200)
    } finally {
      await house.close()
    }
  })
})
