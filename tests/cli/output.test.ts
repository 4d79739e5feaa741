/** Results and errors in every mode: a table for people, lines for programs, one document; hostile text in none of them raw. */

import stringWidth from 'string-width'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, now, openHome } from './command-line.ts'
import { type Answer, good, openStub, refusal, type StubHouse, usd, user } from './stub-house.ts'

let home: Home
const open: StubHouse[] = []

beforeEach(() => {
  home = openHome()
})
afterEach(async () => {
  home.close()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function house(answer: (path: string) => Answer): Promise<string> {
  const stub = await openStub(({ path }) => answer(path))
  open.push(stub)
  return stub.url
}
const goods = (...items: unknown[]) => house(() => ({ json: { items, next: null } }))

/** Everything a name could try: colours, titles, links, clear screen, 8-bit, unterminated, bidi, zero-width, tags, tabs, lines. */
const hostile =
  'A\u001b[31mred\u001b[0m\u001b]0;title\u0007\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\\u009b2J\u0090q\u009c\u202eB\u200b\u2066\ufeff\u{e0041}\tC\r\nD\u0000\u0008E\u001b['
const harmful = /(?![\n\t])[\p{Cc}\p{Cf}]/u

describe('a list', () => {
  it('in a pipe is tab-separated, in full, without a header, times in RFC 3339 UTC', async () => {
    const long = 'x'.repeat(300)
    const url = await goods(good({ name: long }), good({ id: 43, status: 'sold', price: usd(5) }))
    const ran = await home.auction(['list'], { server: url })
    expect(ran).toEqual({
      code: 0,
      err: '',
      out: `42\t${long}\topen\t10.00\tUSD\t1\t2026-11-22T12:04:37.000Z\tnone\tmila\t\t\n43\tLeica M3\tsold\t0.05\tUSD\t1\t2026-11-22T12:04:37.000Z\tnone\tmila\t\t\n`,
    })
  })

  it('on a terminal has a header, relative times, and no line wider than the window', async () => {
    const url = await goods(
      good({ name: '陳大文 '.repeat(40) }),
      good({ id: 1234, name: 'e\u0301'.repeat(60), owner: { id: 1, nick: 'mila' } }),
    )
    for (const columns of [40, 60, 80, 120]) {
      const ran = await home.auction(['list'], { server: url, terminal: true, columns, env: { NO_COLOR: '1' } })
      const lines = ran.out.trimEnd().split('\n')
      expect(lines[0]).toMatch(/^ *ID +NAME/)
      expect(lines).toHaveLength(3)
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns)
      expect(ran.out).not.toContain('\u001b')
    }
    const wide = await home.auction(['list'], { server: url, terminal: true, columns: 120 })
    expect(wide.out).toContain('in 4m 37s')
    expect(wide.out).toContain('$10.00')
  })

  it('has colours on a terminal that wants them, and nowhere else', async () => {
    const url = await goods(good())
    expect((await home.auction(['list'], { server: url, terminal: true })).out).toContain('\u001b[')
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }, { CLICOLOR: '0' }])
      expect((await home.auction(['list'], { server: url, terminal: true, env })).out).not.toContain('\u001b')
    expect((await home.auction(['list', '--no-color'], { server: url, terminal: true })).out).not.toContain('\u001b')
    expect(
      (await home.auction(['list'], { server: url, env: { FORCE_COLOR: '3', CLICOLOR_FORCE: '1' } })).out,
    ).not.toContain('\u001b')
  })

  it('with --json is the answer of the house, with -q its ids', async () => {
    const url = await goods(good(), good({ id: 43 }))
    const ran = await home.auction(['list', '--json'], { server: url, terminal: true })
    expect(JSON.parse(ran.out)).toEqual({ items: [good(), good({ id: 43 })], next: null })
    expect(ran.err).toBe('')
    expect((await home.auction(['list', '-q'], { server: url })).out).toBe('42\n43\n')
  })

  it('with --utc has absolute times', async () => {
    const url = await goods(good())
    expect((await home.auction(['list', '--utc'], { server: url, terminal: true, columns: 120 })).out).toContain(
      '22 Nov 2026 12:04:37 UTC',
    )
  })

  it('of nothing is empty in a pipe, and says so to a person on stderr', async () => {
    const url = await goods()
    expect(await home.auction(['list'], { server: url })).toEqual({ code: 0, out: '', err: '' })
    const ran = await home.auction(['list'], { server: url, terminal: true })
    expect(ran).toEqual({ code: 0, out: '', err: 'Nothing is for sale now.\n' })
  })

  it('goes through as many pages as --limit asks for, and no further', async () => {
    const url = await house((path) => {
      const query = new URL(path, 'http://x').searchParams
      const from = Number(query.get('cursor') ?? '1')
      const count = Number(query.get('limit'))
      return {
        json: { items: Array.from({ length: count }, (_, at) => good({ id: from + at })), next: String(from + count) },
      }
    })
    const ids = (await home.auction(['list', '-q', '--limit', '250'], { server: url })).out.trim().split('\n')
    expect(ids).toEqual(Array.from({ length: 250 }, (_, at) => String(at + 1)))
    for (const limit of ['0', '-1', '1001', 'x', '1.5', ''])
      expect((await home.auction(['list', '--limit', limit], { server: url })).code).toBe(2)
  })

  it('asks the house with the words, status and order given', async () => {
    const url = await goods()
    await home.auction(['list', 'leica', 'm3', '--status', 'all', '--sort', 'price'], { server: url })
    await home.auction(['list', '--mine'], { server: url })
    expect(open[0]?.asked.map(({ path }) => path)).toEqual([
      '/v1/goods?status=all&sort=price&q=leica+m3&limit=30',
      '/v1/me/sales?status=live&sort=ending&limit=30',
    ])
    expect((await home.auction(['list', '--status', 'melted'], { server: url })).code).toBe(2)
  })
})

describe('hostile text', () => {
  const bid = { id: 7, bidder: { id: 3, nick: hostile }, amount: usd(1), seq: 3, at: good().endsAt, message: hostile }
  const log = {
    ...{ seq: 1, type: 'note', at: good().endsAt, goodId: 42 },
    data: { text: hostile, [hostile]: 1 },
    hash: 'a'.repeat(64),
  }
  const answer = (path: string): Answer => {
    if (path.includes('/bids')) return { json: { items: [bid], next: null } }
    if (path.includes('/log')) return { json: { items: [log], next: null } }
    const view = good({
      name: hostile,
      description: hostile,
      owner: { id: 1, nick: hostile },
      leader: { id: 3, nick: hostile },
      image: hostile,
    })
    return { json: path.startsWith('/v1/goods?') ? { items: [view], next: null } : view }
  }

  it.each([['list'], ['show', '42', '--bids', '--log'], ['bids', '42'], ['api', 'GET', '/v1/goods/42']])(
    'is harmless in %s %s %s %s',
    async (...words) => {
      const url = await house(answer)
      for (const mode of [{ terminal: true, env: { NO_COLOR: '1' } }, { terminal: false }])
        for (const flags of [[], ['--json']]) {
          const ran = await home.auction([...words, ...flags], { server: url, ...mode })
          expect(ran.code).toBe(0)
          expect(ran.out + ran.err).not.toMatch(harmful)
          expect(ran.out).toMatch(/A/)
        }
    },
  )

  it('does not break the lines of a pipe', async () => {
    const url = await house(answer)
    const ran = await home.auction(['list'], { server: url })
    expect(ran.out.match(/\n/g)).toHaveLength(1)
    expect(ran.out.split('\t')).toHaveLength(11)
  })

  it('in an error, a redirect, a content type is harmless too', async () => {
    const answers: Answer[] = [
      refusal(409, 'CONFLICT', { detail: hostile, hint: hostile, requestId: hostile }),
      { status: 302, text: '', headers: { location: 'http://x/%1b[31m' } },
      { status: 200, text: hostile },
    ]
    for (const one of answers) {
      const url = await house(() => one)
      for (const flags of [[], ['--json'], ['--debug']]) {
        const ran = await home.auction(['show', '42', ...flags], { server: url })
        expect(ran.code).not.toBe(0)
        expect(ran.out + ran.err).not.toMatch(harmful)
      }
    }
  })

  it('typed by the user is harmless in the error about it', async () => {
    const ran = await home.auction(['show', hostile])
    expect(ran.code).toBe(2)
    expect(ran.err).not.toMatch(harmful)
    expect((await home.auction([hostile])).err).not.toMatch(harmful)
    expect((await home.auction([hostile, '--json'])).err).not.toMatch(harmful)
  })
})

describe('an error', () => {
  it('is a sentence and a hint on stderr, with nothing on stdout', async () => {
    const url = await house(() => refusal(404, 'NOT_FOUND', { detail: 'There is no good 42.' }))
    const ran = await home.auction(['show', '42'], { server: url })
    expect(ran).toEqual({
      code: 3,
      out: '',
      err: 'error: There is no good 42.\nhint: See what there is: auction list --status all\n',
    })
  })

  it('with --json, before or after the command, is one document with exactly code, message, hint and requestId', async () => {
    const url = await house(() => refusal(404, 'NOT_FOUND'))
    for (const words of [
      ['show', '42', '--json'],
      ['--json', 'show', '42'],
    ]) {
      const ran = await home.auction(words, { server: url })
      expect(ran.out).toBe('')
      expect(Object.keys((JSON.parse(ran.err) as { error: object }).error)).toEqual([
        'code',
        'message',
        'hint',
        'requestId',
      ])
    }
  })

  it('of the house’s own says the request id, and shows no stack without --debug', async () => {
    const url = await house(() => refusal(500, 'INTERNAL'))
    const ran = await home.auction(['show', '42'], { server: url })
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('r-1')
    expect(ran.err).not.toMatch(/\n\s+at /)
    const debug = await home.auction(['show', '42', '--debug'], { server: url })
    expect(debug.err).toContain('debug: GET /v1/goods/42 500')
    expect(debug.err).not.toContain('auc_test')
  })
})

describe('a single result', () => {
  it('show in a pipe is names and plain values', async () => {
    const url = await house(() => ({ json: good({ you: { standing: 'outbid', max: usd(900), hold: null } }) }))
    const lines = (await home.auction(['show', '42'], { server: url })).out.trimEnd().split('\n')
    expect(lines).toContain('price\t10.00')
    expect(lines).toContain('ends\t2026-11-22T12:04:37.000Z')
    expect(lines).toContain('your max\t9.00')
    expect(lines.every((line) => line.split('\t').length === 2)).toBe(true)
  })

  it('show in a pipe keeps a description of several lines on one', async () => {
    const url = await house(() => ({ json: good({ description: 'one\n\ttwo\nthree' }) }))
    expect((await home.auction(['show', '42'], { server: url })).out).toContain('about\tone two three\n')
    expect((await home.auction(['show', '42'], { server: url, terminal: true, env: { NO_COLOR: '1' } })).out).toMatch(
      /about {5}one\n {11}two\n {10}three\n/,
    )
  })

  it('show with --json is the view of the good', async () => {
    const url = await house(() => ({ json: good() }))
    expect(JSON.parse((await home.auction(['show', '42', '--json'], { server: url })).out)).toEqual(good())
  })

  it('wallet log keeps the shape of the house with --json', async () => {
    const entry = {
      id: 1,
      at: new Date(now).toISOString(),
      debit: 'world',
      credit: 'user:2/available',
      amount: usd(50_000),
      kind: 'deposit',
      goodId: null,
    }
    const url = await house(() => ({ json: { entries: [entry], next: null } }))
    expect(JSON.parse((await home.auction(['wallet', 'log', '--json'], { server: url })).out)).toEqual({
      entries: [entry],
      next: null,
    })
    expect((await home.auction(['wallet', 'log'], { server: url })).out).toBe(
      `1\t2026-11-22T12:00:00.000Z\tdeposit\t500.00\tUSD\tworld\tuser:2/available\t\n`,
    )
  })

  it('whoami is the nick', async () => {
    const url = await house(() => ({ json: user }))
    expect((await home.auction(['whoami'], { server: url })).out).toBe('noor\n')
    expect(JSON.parse((await home.auction(['whoami', '--json'], { server: url })).out)).toEqual(user)
  })
})
