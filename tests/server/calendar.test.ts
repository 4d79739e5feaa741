/** The iCalendar feed of some goods: whole, folded, escaped, public, and the same bytes while nothing happens. */
import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../packages/server/src/calendar.ts'
import { goodWith } from '../rules/given.ts'
import { bidAmongMany, crowd, writeBeside } from '../support/crowd.ts'
import { aloneIn } from '../support/ears.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Member, openHouse } from '../support/house.ts'

/** `20261122T130000Z` of epoch ms. */
const stamp = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** Asks as a program with an older answer does; fetch would ask that nothing be left out. */
function ask(url: string, etag: string): Promise<{ status: number; body: string; etag: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { 'if-none-match': etag } }, async (response) => {
      let body = ''
      for await (const chunk of response) body += String(chunk)
      resolve({ status: response.statusCode ?? 0, body, etag: response.headers.etag ?? '' })
    })
    asked.on('error', reject).end()
  })
}

/** Lines as written, then unfolded, then the properties of each VEVENT. */
function read(text: string) {
  expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true)
  const written = text.slice(0, -2).split('\r\n')
  const lines = text.slice(0, -2).replace(/\r\n /g, '').split('\r\n')
  const events: Map<string, string>[] = []
  for (const line of lines) {
    const [, name = '', value = ''] = /^([A-Z-]+)[^:]*:(.*)$/su.exec(line) ?? []
    if (line === 'BEGIN:VEVENT') events.push(new Map())
    else events.at(-1)?.set(name, value)
  }
  return { written, lines, events }
}

describe.each(databases)('the calendar on %s', (kind) => {
  let clock: FakeClock
  let house: House
  let seller: Member
  beforeEach(async () => {
    clock = fakeClock()
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
  })
  afterEach(() => house.close())

  const get = (path: string) => house.anyone.get(path)

  it('shows the end of each good that exists, once, by id', async () => {
    const first = await seller.sell({ name: 'Leica M3', endsInMs: 3_600_000, increment: { fixed: 50 } })
    const second = await seller.sell({ name: 'Sword', endsInMs: 7_200_000 })
    await seller.sell({ name: 'Not watched' })
    const [ann] = (await crowd(house, 1)) as [Member]
    await bidAmongMany(ann, first.id, { max: 9_000 })
    await clock.advance(5_000)
    const { status, headers, body } = await get(`/v1/goods.ics?ids=${second.id},99,${first.id},${second.id}`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/calendar; charset=utf-8')
    const { lines, events } = read(body)
    expect(lines.slice(0, 2)).toEqual(['BEGIN:VCALENDAR', 'VERSION:2.0'])
    expect(lines).toContain('REFRESH-INTERVAL;VALUE=DURATION:PT15M')
    expect(lines).toContain('X-PUBLISHED-TTL:PT15M')
    expect(events).toHaveLength(2)
    const end = Date.parse(first.endsAt)
    expect(Object.fromEntries(events[0] ?? [])).toMatchObject({
      UID: `good-${first.id}@${first.epoch}`,
      SEQUENCE: '2',
      SUMMARY: 'Leica M3',
      DTSTART: stamp(end - 600_000),
      DTEND: stamp(end),
      STATUS: 'CONFIRMED',
      'LAST-MODIFIED': stamp(clock.now() - 5_000),
      DTSTAMP: stamp(clock.now() - 5_000),
      DESCRIPTION: `Price: $10.00 (1 bid). Minimum bid: $10.50.\\nauction bid ${first.id} min`,
    })
    expect(events[1]?.get('DESCRIPTION')).toMatch(/^Starts at \$10\.00\. Minimum bid: \$10\.00\.\\nauction bid/)
    // The leader's maximum, which is nobody's business.
    expect(body).not.toContain('90.00')
    expect(body).not.toMatch(aloneIn(9000))
  })

  it('is the same until something happens, and is not sent twice to who has it', async () => {
    const good = await seller.sell()
    const path = `/v1/goods.ics?ids=${good.id}`
    const before = await get(path)
    const etag = before.headers.get('etag') ?? ''
    expect(before.headers.get('cache-control')).toBe('public, max-age=60')
    await clock.advance(60_000)
    const again = await ask(`${house.url}${path}`, etag)
    expect(again).toEqual({ status: 304, body: '', etag })
    const [ann] = (await crowd(house, 1)) as [Member]
    await bidAmongMany(ann, good.id, { amount: 1000 })
    const after = await ask(`${house.url}${path}`, etag)
    expect(after.status).toBe(200)
    expect(after.etag).not.toBe(etag)
  })

  it('lets no name write a line of its own, and folds what is long', async () => {
    const hostile = 'A\r\nBEGIN:VEVENT\u0007\u001b[31m, B; C\\n \u2028 D 🏺'
    const good = await seller.sell({ name: hostile, description: 'DTEND:20260101T000000Z' })
    const long = await seller.sell({ name: '漢字🏺'.repeat(20) })
    // As an older house may have stored it.
    await writeBeside(house, [
      `update goods set name = 'X' || ${kind === 'sqlite' ? 'char(13) || char(10)' : 'chr(13) || chr(10)'} || 'ATTENDEE:y' where id = ${long.id}`,
    ])
    const { written, events, lines } = read((await get(`/v1/goods.ics?ids=${good.id},${long.id}`)).body)
    expect(events).toHaveLength(2)
    expect(events[0]?.get('SUMMARY')).toBe('A BEGIN:VEVENT\\, B\\; C\\\\n D 🏺')
    expect(events[1]?.get('SUMMARY')).toBe('X ATTENDEE:y')
    expect(lines.filter((line) => /^(ATTENDEE|BEGIN:VEVENT)/.test(line))).toEqual(['BEGIN:VEVENT', 'BEGIN:VEVENT'])
    for (const line of written) {
      expect(line).not.toMatch(/\p{Cc}/u)
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    }
  })

  it('folds a long name between its characters', async () => {
    const name = '漢字🏺é'.repeat(25)
    const good = await seller.sell({ name })
    const { written, events } = read((await get(`/v1/goods.ics?ids=${good.id}`)).body)
    expect(events[0]?.get('SUMMARY')).toBe(name)
    for (const line of written) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    expect(written.filter((line) => line.startsWith(' ')).length).toBeGreaterThan(3)
  })

  it('takes off what will not end any more, and says how the rest ended', async () => {
    const [cancelled, sold, unsold] = [
      await seller.sell(),
      await seller.sell({ endsInMs: 60_000, softCloseMs: 0 }),
      await seller.sell({ endsInMs: 60_000 }),
    ]
    const [ann] = (await crowd(house, 1)) as [Member]
    await bidAmongMany(ann, sold.id, { amount: 1500 })
    expect((await seller.send('DELETE', `/v1/goods/${cancelled.id}`, {})).body).toMatchObject({ status: 'cancelled' })
    await clock.advance(61_000)
    const path = `/v1/goods.ics?ids=${cancelled.id},${sold.id},${unsold.id}`
    const facts = async () =>
      read((await get(path)).body).events.map((event) => [
        event.get('STATUS'),
        event.get('DESCRIPTION')?.split('\\n')[0],
      ])
    await expect.poll(facts).toEqual([
      ['CANCELLED', 'Cancelled.'],
      ['CONFIRMED', 'Sold for $15.00.'],
      ['CONFIRMED', 'Not sold.'],
    ])
    expect((await get(path)).body).toContain(`auction show ${sold.id}`)
  })

  it('takes off what was bought before its end', async () => {
    const good = await seller.sell({ buyNow: 5000 })
    const [ann] = (await crowd(house, 1)) as [Member]
    expect((await ann.post(`/v1/goods/${good.id}/purchase`)).status).toBeLessThan(300)
    const [event] = read((await get(`/v1/goods.ics?ids=${good.id}`)).body).events
    expect([event?.get('STATUS'), event?.get('DESCRIPTION')?.split('\\n')[0]]).toEqual([
      'CANCELLED',
      'Sold for $50.00.',
    ])
  })

  it('refuses what is no list of 1 to 100 ids, and says so when none of them exists', async () => {
    const codeOf = async (query: string) => (await get(`/v1/goods.ics${query}`)).body.code
    const many = Array.from({ length: 101 }, (_, index) => index + 1).join(',')
    for (const query of [
      '',
      '?ids=',
      '?ids=0',
      '?ids=1,,2',
      '?ids=1,',
      '?ids=a',
      '?ids=1%0d%0a',
      '?ids=1&x=2',
      `?ids=${many}`,
    ])
      expect(await codeOf(query), query).toBe('BAD_REQUEST')
    expect(await codeOf('?ids=1,2')).toBe('NOT_FOUND')
    const good = await seller.sell()
    expect((await get(`/v1/goods.ics?ids=${good.id},${many.split(',').slice(1, 100).join(',')}`)).status).toBe(200)
  })
})

it('a calendar names the house in its commands where it knows how people reach it', () => {
  const text = calendarOf([{ good: goodWith(), changedAt: 0 }], 'e1', 'https://house.example')
  expect(read(text).events[0]?.get('DESCRIPTION')).toMatch(/auction bid \d+ min --server https:\/\/house\.example$/)
})
