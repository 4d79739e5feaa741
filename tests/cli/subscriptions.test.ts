/** `auction calendar` and `auction admin webhook…`: what is asked of the house, and what is shown. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, now, openHome } from './command-line.ts'
import { good, openStub, refusal, type StubHouse, usd, user } from './stub-house.ts'

const at = new Date(now).toISOString()
const hook = {
  id: 3,
  url: 'https://shop.example/auction',
  goodId: null,
  createdAt: at,
  enabled: true,
  failures: 0,
  failingSince: null,
  fault: null,
  nextTryAt: null,
}
const secret = `whsec_${'a'.repeat(43)}`
const calendar = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'SUMMARY:Leica', ' M3', 'END:VCALENDAR', ''].join('\r\n')
const bid = (goodId: number, standing: string) => ({
  id: 100 + goodId,
  goodId,
  name: 'Leica M3',
  amount: usd(1000),
  max: usd(1000),
  seq: 2,
  at,
  message: null,
  standing,
})

let home: Home
let house: StubHouse
let ics: { text: string; headers: Record<string, string>; status?: number }
let bids: object[]
let hooks: object[]

beforeEach(async () => {
  home = openHome()
  ics = { text: calendar, headers: { 'content-type': 'text/calendar; charset=utf-8' } }
  bids = [bid(7, 'leading'), bid(8, 'lost'), bid(9, 'outbid'), bid(7, 'leading'), bid(5, 'none')]
  hooks = [hook]
  house = await openStub(({ method, path }) => {
    if (path.startsWith('/v1/goods.ics')) return ics
    if (path.startsWith('/v1/me/bids')) return { json: { items: bids, next: null } }
    if (path.startsWith('/v1/me/sales'))
      return path.includes('cursor=two')
        ? { json: { items: [good({ id: 12 })], next: null } }
        : { json: { items: [good({ id: 11 })], next: 'two' } }
    if (path.endsWith('/redeliveries')) return { status: 201, json: hook }
    if (path === '/v1/admin/webhooks' && method === 'POST') return { status: 201, json: { ...hook, secret } }
    if (path === '/v1/admin/webhooks') return { json: { items: hooks, next: null } }
    if (method === 'DELETE') return { status: 204, text: '' }
    return { json: user }
  })
})
afterEach(async () => {
  home.close()
  await house.close()
})

const auction = (words: readonly string[], terminal = false, columns = 100) =>
  home.auction(words, { server: house.url, terminal, columns })
const last = () => house.asked.at(-1)

describe('calendar', () => {
  it('prints the file as it is to be kept, and plainly on a terminal', async () => {
    const ran = await auction(['calendar', '42', '43', '42'])
    expect([ran.code, ran.out, ran.err]).toEqual([0, calendar, ''])
    expect(last()?.path).toBe('/v1/goods.ics?ids=42,43')
    expect((await auction(['calendar', '42'], true)).out).toBe(calendar.replaceAll('\r\n', '\n'))
  })

  it('sends no token along: what it shows is public', async () => {
    await auction(['calendar', '42'])
    expect(last()?.headers.authorization).toBeUndefined()
  })

  it('takes the open goods one sells and bids on where none is named', async () => {
    expect((await auction(['calendar', '--url'])).out).toBe(`${house.url}/v1/goods.ics?ids=11,12,7,9\n`)
    expect(house.asked.map(({ path }) => path).filter((path) => path.startsWith('/v1/me/sales'))[0]).toContain(
      'status=open',
    )
  })

  it('says so when there are none', async () => {
    await house.close()
    house = await openStub(() => ({ json: { items: [], next: null } }))
    const ran = await auction(['calendar'])
    expect([ran.code, ran.out]).toEqual([3, ''])
    expect(ran.err).toContain('auction calendar 42 43')
  })

  it('holds a hundred goods, and says what it left out', async () => {
    bids = Array.from({ length: 150 }, (_, index) => bid(1000 + index, 'leading'))
    const { out, err } = await auction(['calendar', '--url'])
    expect(out.split('=')[1]?.split(',')).toHaveLength(100)
    expect(err).toBe('Only the first 100 of 152 goods fit.\n')
    const many = Array.from({ length: 101 }, (_, index) => String(index + 1))
    expect((await auction(['calendar', ...many])).code).toBe(2)
    expect((await auction(['calendar', '42x'])).code).toBe(2)
  })

  it('is one document with --json, and the ids with -q', async () => {
    const url = `${house.url}/v1/goods.ics?ids=42,43`
    expect(JSON.parse((await auction(['calendar', '42', '43', '--json'])).out)).toEqual({
      url,
      ids: [42, 43],
      calendar,
    })
    expect(JSON.parse((await auction(['calendar', '42', '43', '--url', '--json'])).out)).toEqual({ url, ids: [42, 43] })
    expect((await auction(['calendar', '42', '43', '-q'])).out).toBe('42\n43\n')
  })

  it('lets nothing through that a terminal would act on', async () => {
    ics.text = `BEGIN:VCALENDAR\r\nSUMMARY:\u001b]0;x\u0007a\u009b31mb\u202ec\r\nEND:VCALENDAR\r\n`
    expect((await auction(['calendar', '42'], true)).out).toBe('BEGIN:VCALENDAR\nSUMMARY:abc\nEND:VCALENDAR\n')
  })

  it('passes a refusal on, and knows what is no calendar', async () => {
    ics = {
      text: JSON.stringify(refusal(404, 'NOT_FOUND').json),
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    }
    expect((await auction(['calendar', '42'])).code).toBe(3)
    ics = { text: '<html>', headers: {} }
    expect((await auction(['calendar', '42'])).code).toBe(7)
  })
})

describe('admin webhooks', () => {
  it('lists them: a table for people, full values for programs', async () => {
    const failing = { ...hook, id: 4, goodId: 42, failures: 5, fault: 'answered 500', failingSince: at, nextTryAt: at }
    hooks = [hook, failing, { ...failing, id: 5, enabled: false, nextTryAt: null }]
    const { out } = await auction(['admin', 'webhooks', '--no-color'], true)
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
    expect(rows.map((row) => row[0])).toEqual(['ID', '3', '4', '5'])
    expect(rows.slice(1).map((row) => row[3])).toEqual(['well', 'failing', 'off'])
    expect(rows[1]?.[2]).toBe('all')
    const piped = (await auction(['admin', 'webhooks'])).out.trimEnd().split('\n')
    expect(piped[1]).toBe(['4', hook.url, '42', 'failing', '5', 'answered 500', at].join('\t'))
    hooks = []
    expect((await auction(['admin', 'webhooks'], true)).err).toBe('There are no webhooks.\n')
  })

  it('adds one, and shows the secret this once', async () => {
    expect((await auction(['admin', 'webhook-add', hook.url])).out).toBe(`3\t${secret}\n`)
    expect(JSON.parse(last()?.body ?? '')).toEqual({ url: hook.url })
    expect((await auction(['admin', 'webhook-add', hook.url], true)).out).toBe(
      `Webhook 3 posts everything to ${hook.url}. Its secret, shown this once: ${secret}\n`,
    )
    await auction(['admin', 'webhook-add', hook.url, '--good', '42', '--from-start'])
    expect(JSON.parse(last()?.body ?? '')).toEqual({ url: hook.url, goodId: 42, since: 0 })
    expect((await auction(['admin', 'webhook-add', hook.url, '--good', 'x'])).code).toBe(2)
  })

  it('removes one', async () => {
    expect((await auction(['admin', 'webhook-remove', '3'])).out).toBe('3\n')
    expect([last()?.method, last()?.path]).toEqual(['DELETE', '/v1/admin/webhooks/3'])
    expect((await auction(['admin', 'webhook-remove', 'x'])).code).toBe(2)
  })

  it('sends again from a place in the log', async () => {
    const words = ['admin', 'webhook-redeliver', '3', '--good', '42', '--since', '17']
    expect((await auction(words)).out).toBe('3\t42\t17\n')
    expect([last()?.path, JSON.parse(last()?.body ?? '')]).toEqual([
      '/v1/admin/webhooks/3/redeliveries',
      { goodId: 42, since: 17 },
    ])
    expect((await auction(words, true)).out).toBe('Webhook 3 is sent good 42 again, from event 18 on.\n')
    expect((await auction(['admin', 'webhook-redeliver', '3', '--good', '42'])).code).toBe(2)
    expect((await auction(['admin', 'webhook-redeliver', '3', '--good', '42', '--since', '-1'])).code).toBe(2)
  })
})
