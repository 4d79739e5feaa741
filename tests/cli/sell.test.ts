/** `auction sell`, `admin deposit` and `api`: what is sent, from flags, files and stdin. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome } from './command-line.ts'
import { good, openStub, refusal, type StubHouse, usd, user, wallet } from './stub-house.ts'

let home: Home
let house: StubHouse
const entry = {
  id: 5,
  at: user.createdAt,
  debit: 'world',
  credit: 'user:2/available',
  amount: usd(50_000),
  kind: 'deposit',
  goodId: null,
}

beforeEach(async () => {
  home = openHome()
  house = await openStub(({ method, path }) => {
    if (path === '/v1/me') return { json: user }
    if (path === '/v1/me/wallet') return { json: wallet }
    if (path.includes('/deposits')) return { status: 201, json: { entry, wallet, replayed: false } }
    if (path.startsWith('/v1/admin/users')) return { json: { items: [user], next: null } }
    return { status: method === 'POST' ? 201 : 200, json: good({ description: '' }) }
  })
})
afterEach(async () => {
  home.close()
  await house.close()
})

const auction = (words: readonly string[], stdin: string | null = '') =>
  home.auction(words, { server: house.url, stdin })
const sell = (...words: string[]) => auction(['sell', 'Leica M3', '--start', '400', ...words])
const posted = () => house.asked.filter(({ method }) => method === 'POST')
const body = () => JSON.parse(posted()[0]?.body ?? 'null') as unknown

describe('sell', () => {
  it('sends amounts in minor units and a duration in milliseconds', async () => {
    const ran = await sell('--ends-in', '2h30m', '--reserve', '900.50', '--increment', '5%', '--description', ' boxed ')
    expect(ran.code).toBe(0)
    expect(ran.out.split('\t')[0]).toBe('42')
    expect(body()).toEqual({
      name: 'Leica M3',
      startPrice: 40_000,
      endsInMs: 9_000_000,
      reserve: 90_050,
      increment: { percentBp: 500 },
      description: ' boxed ',
    })
  })

  it('takes an end as a time, and prints the id alone with -q', async () => {
    expect((await sell('--ends-at', '2026-12-01T10:00:00+01:00', '-q')).out).toBe('42\n')
    expect(body()).toMatchObject({ endsAt: '2026-12-01T09:00:00.000Z' })
  })

  it('reads the description from a file or from stdin', async () => {
    const file = join(home.path, 'leica.txt')
    writeFileSync(file, 'from a file\nsecond line\n')
    await sell('--ends-in', '1h', '--description', `@${file}`)
    expect(body()).toMatchObject({ description: 'from a file\nsecond line' })
    house.asked.length = 0
    await auction(['sell', 'x', '--start', '1', '--ends-in', '1h', '--description', '-'], 'from stdin\n')
    expect(body()).toMatchObject({ description: 'from stdin' })
  })

  it('does not touch a stdin that is held open', async () => {
    expect((await auction(['sell', 'x', '--start', '1', '--ends-in', '1h'], null)).code).toBe(0)
  })

  it('sends a picture as multipart, the good beside it as JSON, once', async () => {
    const file = join(home.path, 'leica.png')
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
    writeFileSync(file, bytes)
    expect((await sell('--ends-in', '1h', '--image', file)).code).toBe(0)
    const [asked, more] = posted()
    expect(more).toBeUndefined()
    const form = await new Response(asked?.body, {
      headers: { 'content-type': asked?.headers['content-type'] ?? '' },
    }).formData()
    expect(JSON.parse(String(form.get('good')))).toMatchObject({ name: 'Leica M3', startPrice: 40_000 })
    expect(form.get('image')).toMatchObject({ name: 'leica.png' })
    expect(asked?.headers['content-length']).toMatch(/^[0-9]+$/)
  })

  it('sends a key given by hand; a file of goods has its own', async () => {
    expect((await sell('--ends-in', '1h', '--idempotency-key', 'mine')).code).toBe(0)
    expect(posted().map(({ headers }) => headers['idempotency-key'])).toEqual(['mine'])
    const ran = await auction(['sell', '--from', '-', '--format', 'csv', '--idempotency-key', 'mine'])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('--from') })
  })

  it('names the line that asks again when the outcome is unknown, or its key alone where that line cannot be shown', async () => {
    const stub = await openStub(({ method, path }) => {
      if (method === 'POST') return { status: 201, json: { odd: true } }
      return { json: path === '/v1/me' ? user : wallet }
    })
    const hints: string[] = []
    for (const words of [
      ["Ann's lamp", '--image', 'a.png'],
      ['--', '-1 lamp'],
      ['Lamp', '--description', 'two\nlines'],
    ]) {
      const image = words.map((word) => (word === 'a.png' ? join(home.path, word) : word))
      writeFileSync(join(home.path, 'a.png'), 'picture')
      const ran = await home.auction(['sell', '--start', '1', '--ends-in', '1h', ...image], { server: stub.url })
      expect(ran.code).toBe(14)
      hints.push(/^hint: Ask again, it counts once: (.+)$/m.exec(ran.err)?.[1] ?? '')
    }
    const keys = stub.asked.filter(({ method }) => method === 'POST').map(({ headers }) => headers['idempotency-key'])
    expect(hints).toEqual([
      `auction sell 'Ann'\\''s lamp' --start 1 --ends-in 1h --image ${join(home.path, 'a.png')} --idempotency-key ${keys[0]} --server ${stub.url}`,
      `the same line with --idempotency-key ${keys[1]}`,
      `the same line with --idempotency-key ${keys[2]}`,
    ])
    await stub.close()
  })

  it.each([
    [['--ends-in', '5'], 'duration'],
    [['--ends-in', '2h30mx'], 'duration'],
    [['--ends-in', '1h', '--ends-at', '2026-12-01T10:00'], '--ends-at'],
    [[], '--ends-in'],
    [['--ends-at', 'soon'], 'time'],
    [['--ends-in', '1h', '--reserve', '400'], 'reserve'],
    [['--ends-in', '1h', '--reserve', '1,000'], 'grouping'],
    [['--ends-in', '1h', '--start', '0'], 'more than 0'],
    [['--ends-in', '1h', '--start', '1.005'], 'decimals'],
    [['--ends-in', '1h', '--increment', '0%'], 'percent'],
    [['--ends-in', '1h', '--description', '@/no/such/file'], 'no such file'],
    [['--ends-in', '1h', '--image', '/no/such/file'], 'no such file'],
    [['--ends-in', '1h', '--image', '/tmp'], 'not a file'],
    [['--ends-in', '1h', '--image', '/dev/null'], 'not a file'],
    [['--ends-in', '1h', '--buy-now', '5'], 'buy-now'],
  ])('refuses %j with 2, sending nothing', async (words, about) => {
    const ran = await sell(...words)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(about)
    expect(posted()).toEqual([])
  })

  it('refuses a picture of more than 5 MB, an empty one, and a pipe in its place, without reading them', async () => {
    const [big, empty, pipe] = ['big', 'empty', 'pipe'].map((name) => join(home.path, name)) as [string, string, string]
    writeFileSync(big, '')
    truncateSync(big, 5 * 1024 * 1024 + 1)
    writeFileSync(empty, '')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    for (const file of [big, empty, pipe]) expect((await sell('--ends-in', '1h', '--image', file)).code).toBe(2)
    expect(house.asked).toEqual([])
  })

  it('refuses a description that is not UTF-8', async () => {
    const file = join(home.path, 'latin1.txt')
    writeFileSync(file, Buffer.from([0x6c, 0xe9, 0x69]))
    expect((await sell('--ends-in', '1h', '--description', `@${file}`)).code).toBe(2)
  })
})

describe('admin deposit', () => {
  it('finds the user by nick or takes an id, and sends a key', async () => {
    expect((await auction(['admin', 'deposit', 'Noor', '500'])).code).toBe(0)
    expect((await auction(['admin', 'deposit', '7', '0.01', '--idempotency-key', 'mine'])).out).toBe(
      '5\t500.00\tUSD\t489.50\n',
    )
    expect(posted().map(({ path, body: text }) => [path, text])).toEqual([
      ['/v1/admin/users/2/deposits', '{"amount":50000}'],
      ['/v1/admin/users/7/deposits', '{"amount":1}'],
    ])
    expect(posted()[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(posted()[1]?.headers['idempotency-key']).toBe('mine')
  })

  it('says so when there is no such user, or the amount is odd', async () => {
    expect((await auction(['admin', 'deposit', 'nobody', '500'])).code).toBe(3)
    for (const text of ['-5', '1,000', '0', 'all'])
      expect((await auction(['admin', 'deposit', '7', text])).code).toBe(2)
    expect(posted()).toEqual([])
  })
})

describe('api', () => {
  it('sends a body from stdin or a file, with the token and a key, and prints the answer', async () => {
    const ran = await auction(['api', 'post', '/v1/goods'], '{"name":"x"}')
    expect(JSON.parse(ran.out)).toEqual(good({ description: '' }))
    expect(posted()[0]).toMatchObject({
      body: '{"name":"x"}',
      headers: { authorization: 'Bearer auc_test', 'content-type': 'application/json' },
    })
    mkdirSync(join(home.path, 'd'))
    writeFileSync(join(home.path, 'd/b.json'), '{"a":1}')
    await auction(['api', 'POST', '/v1/goods', '--input', join(home.path, 'd/b.json')], null)
    expect(posted()[1]?.body).toBe('{"a":1}')
  })

  it('ends when stdin is held open and says nothing; a read never waits for it', async () => {
    expect((await auction(['api', 'GET', '/v1/goods'], null)).code).toBe(0)
    const ran = await auction(['api', 'POST', '/v1/goods'], null)
    expect(ran.code).toBe(2)
    expect(ran.err).toContain('--input')
  })

  it.each([
    ['text/plain', 'a\n\u001b[31mb\u001b]0;x\u0007\n', 'a\nb\n'],
    ['Text/HTML; charset=utf-8', '<b>\u009b2J\u202e</b>', '<b></b>\n'],
    ['', '\u001b[2Jc', 'c\n'],
    ['application/xml', '<a>\u001b[1m</a>', '<a></a>\n'],
    ['application/x-ndjson', '{"a": "\u009b"}\n{"a":\u001b[1m}\n', '{"a":"\\u009b"}\n{"a":}\n'],
    ['image/png', '\u001bPNG\n', '\u001bPNG\n'],
    ['application/octet-stream', '\u001b\u0000', '\u001b\u0000'],
  ])(
    'prints an answer of type "%s" without a control byte, unless it is a picture or the like',
    async (type, text, said) => {
      const stub = await openStub(() => ({ text, headers: { 'content-type': type } }))
      expect((await home.auction(['api', 'GET', '/'], { server: stub.url })).out).toBe(said)
      const shown = (await home.auction(['api', 'GET', '/'], { server: stub.url, terminal: true })).out
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      await stub.close()
    },
  )

  it('shows a refusal, and exits with what the catalogue says', async () => {
    const stub = await openStub(() => refusal(409, 'BID_TOO_LOW'))
    const ran = await home.auction(['api', 'GET', '/v1/goods/1'], { server: stub.url })
    expect(ran.code).toBe(10)
    expect(JSON.parse(ran.out)).toMatchObject({ code: 'BID_TOO_LOW' })
    expect((await home.auction(['api', 'GET', '/v1/goods/1', '--json'], { server: stub.url })).out).toBe('')
    await stub.close()
  })
})
