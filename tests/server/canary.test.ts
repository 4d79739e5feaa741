/** Case 9 of rules.md, section 9: every secret is a canary here, and every route, frame, stream and log line is listened to. */
import { pino } from 'pino'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RouteName, routes } from '../../packages/common/src/api.ts'
import type { Route } from '../../packages/common/src/route.ts'
import { aloneIn } from '../support/ears.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Answer, type Caller, callerAt, databases, type House, type Json, openHouse } from '../support/house.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { DAY_MS, HOUR_MS, viewOf } from '../support/sale.ts'
import { type Watcher, watch } from '../support/watcher.ts'

// Amounts that occur nowhere else, so that their digits betray them in any byte of any answer.
const MAXIMA = {
  first: 7_654_321,
  raised: 8_765_432,
  named: 8_123_457,
  retracted: 6_543_217,
  lapsed: 5_912_348,
  unmet: 3_123_459,
}
const RESERVES = { unmet: 5_432_109, given_up: 4_987_653 }
const MET = 3_456_789
const BALANCE = 95_173_246
const WORDS = {
  seller: 'seller canary passphrase',
  bidder: 'bidder canary passphrase',
  room: 'room canary sesame',
  changed: 'room canary changed',
}
const digits = new RegExp(Object.values({ ...MAXIMA, ...RESERVES }).join('|'))

interface Heard {
  readonly what: string
  readonly text: string
}
interface Ear extends Caller {
  readonly heard: Heard[]
}

describe.each(databases)('case 9: secrets on %s', (kind) => {
  const clock = fakeClock()
  const lines: string[] = []
  const watchers: Watcher[] = []
  let house: House
  let receiver: Receiver
  beforeAll(async () => {
    house = await openHouse(kind, {
      clock,
      settings: { AUCTION_STARTING_BALANCE: String(BALANCE) },
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    })
    receiver = await openReceiver()
  })
  afterAll(async () => {
    for (const watcher of watchers) watcher.close()
    await house.close()
    await receiver.close()
  })

  /** A caller whose every answer is kept, with its headers. */
  function listening(token: string | null): Ear {
    const heard: Heard[] = []
    const caller = callerAt(() => house.url, token)
    const keep = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await caller.send(method, path, body, headers)
      heard.push({ what: `${method} ${path}`, text: JSON.stringify([[...answer.headers], answer.body]) })
      return answer
    }
    return {
      token,
      heard,
      send: keep,
      get: (path) => keep('GET', path),
      post: (path, body, headers) => keep('POST', path, body, headers),
    }
  }
  async function person(nick: string, password: string): Promise<Ear & { id: number }> {
    const { id } = (await house.anyone.post('/v1/users', { nick, password })).body
    const { token } = (await house.anyone.post('/v1/sessions', { nick, password })).body
    return { ...listening(token), id }
  }
  /** What a stream says at once, and within a moment more. */
  async function stream(by: Ear, path: string, moment: () => Promise<unknown>): Promise<void> {
    const abort = new AbortController()
    const headers = { authorization: `Bearer ${by.token}`, 'room-password': WORDS.room }
    const response = await fetch(`${house.url}${path}`, { signal: abort.signal, headers: by.token ? headers : {} })
    let text = JSON.stringify([...response.headers])
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
    })().catch(() => {})
    await moment()
    abort.abort()
    await reading
    by.heard.push({ what: `GET ${path}`, text })
  }

  let key = 0
  const bid = (by: Caller, id: number, body: Json) =>
    by.post(`/v1/goods/${id}/bids`, body, { 'idempotency-key': `k${key++}` })

  /** Every GET there is, about every one of these goods and in every order and filter. */
  async function look(by: Ear, goods: readonly number[]): Promise<Set<RouteName>> {
    const called = new Set<RouteName>()
    const queries: Partial<Record<RouteName, readonly string[]>> = {
      goods: [
        '',
        '?sort=price',
        '?sort=bids',
        '?sort=ending',
        '?sort=new',
        '?status=live',
        '?status=ended',
        '?q=canary',
        '?limit=1',
      ],
      mySales: ['', '?sort=price'],
      image: ['', '?cells=4x4'],
      eventsNdjson: ['?poll=1', '?poll=1&since=2'],
      calendar: [`?ids=${goods.join(',')}`],
      events: ['', '?since=1&limit=2'],
    }
    for (const name of Object.keys(routes) as RouteName[]) {
      const { method, path }: Route = routes[name]
      if (method !== 'GET') continue
      called.add(name)
      // Those without an end are listened to below.
      if (name === 'eventsSse' || name === 'clock') continue
      const paths = path.includes(':id') ? goods.map((id) => path.replace(':id', String(id))) : [path]
      for (const each of paths)
        for (const query of queries[name] ?? ['']) {
          const where = each.replace(':lineId', '1').replace(':file', 'start.js')
          await by.send('GET', where + query, undefined, { 'room-password': 'a wrong one' })
        }
    }
    return called
  }
  /** Every call that changes something, by somebody who may not, or too late, or too little. */
  async function meddle(by: Ear, id: number, bidId: number, otherId: number): Promise<void> {
    const bodies: Partial<Record<RouteName, readonly unknown[]>> = {
      signUp: [
        { nick: 'Mila', password: 'an ordinary password' },
        { nick: '', password: 7 },
      ],
      logIn: [{ nick: 'mila', password: 'a wrong password' }],
      claimHouse: [{ code: 'a wrong code' }],
      listGood: [{ name: 'x', startPrice: 0, endsInMs: 1 }],
      editGood: [{ reserve: 1 }, { note: 'x' }],
      cancelGood: [{}, { reason: 'incorrect' }],
      relist: [{ endsInMs: HOUR_MS }],
      offer: [{ endsInMs: DAY_MS }],
      placeBid: [{ max: 1 }, { amount: 1, max: 2 }, { max: 90_000_000_000 }, { max: 2_000, ifSeq: 1 }, { max: '1' }],
      retractBid: [{ reason: 'typo' }, { reason: 'x' }],
      say: [{ text: 'hello?' }, { text: '' }],
      deposit: [{ amount: 1 }],
      withdraw: [{ amount: 1 }, { amount: 900_000_000_000 }],
      cancelBid: [{ reason: '' }],
      cancelByHouse: [{ reason: '' }],
      addWebhook: [{ url: 'nowhere' }],
      redeliver: [{ goodId: 999_999, since: 0 }],
    }
    for (const name of Object.keys(routes) as RouteName[]) {
      const { method, path }: Route = routes[name]
      if (method === 'GET' || name === 'logOut' || name === 'invite') continue
      const of = path.startsWith('/v1/admin/users') ? otherId : path.startsWith('/v1/admin/bids') ? 999_999 : id
      const where = path.replace(':id', String(path.includes('webhooks/') ? 999_999 : of))
      for (const body of bodies[name] ?? [undefined])
        await by.send(method, where.replace(':bidId', String(bidId)).replace(':lineId', '999'), body, {
          'idempotency-key': `m${key++}`,
          'room-password': 'a wrong one',
        })
    }
  }

  it('reach nobody but their owners, before the end, and after it only by the log that opens them', {
    timeout: 600_000,
  }, async () => {
    const seller = await person('mila', WORDS.seller)
    const bidder = await person('ann', WORDS.bidder)
    const other = await person('olaf', 'an ordinary password')
    const keeper = await person('keeper', 'an ordinary password')
    const stranger = listening(null)
    const others = [other, stranger, keeper]
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    const invited = (
      await house.anyone.send('POST', '/v1/admin/invites', undefined, { authorization: `Bearer ${keeper.token}` })
    ).body
    const hook = (
      await house.anyone.post('/v1/admin/webhooks', { url: receiver.url }, { authorization: `Bearer ${keeper.token}` })
    ).body
    watchers.push(
      ...(await Promise.all([
        watch(house.url),
        watch(house.url, other.token),
        watch(house.url, seller.token),
        watch(house.url, keeper.token),
      ])),
    )

    const pixel = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
      .png()
      .toBuffer()
    async function sell(terms: Json): Promise<number> {
      const form = new FormData()
      form.append(
        'good',
        JSON.stringify({ name: 'Canary', startPrice: 1000, endsInMs: 60_000, softCloseMs: 0, ...terms }),
      )
      form.append('image', new Blob([new Uint8Array(pixel)], { type: 'image/png' }))
      return (await seller.post('/v1/goods', form)).body.id
    }
    const [met, unmet, lowered, locked, gone] = [
      await sell({ reserve: MET }),
      await sell({ reserve: RESERVES.unmet, buyNow: 90_000_000 }),
      await sell({ reserve: RESERVES.given_up }),
      await sell({ password: WORDS.room, capacity: 2 }),
      await sell({}),
    ]
    const goods = [met, unmet, lowered, locked, gone]
    await seller.send('PATCH', `/v1/goods/${locked}`, { password: WORDS.changed })
    await seller.send('PATCH', `/v1/goods/${locked}`, { password: WORDS.room })
    const answers: Answer[] = []
    const asked = async (watcher: Watcher, name: string, payload: Json) => {
      const reply = await watcher.ask(name, payload)
      answers.push({ status: 0, headers: new Headers(), body: reply })
    }
    for (const watcher of watchers) {
      for (const goodId of goods) {
        await asked(watcher, 'join', { goodId, since: 0, password: 'a wrong one' })
        await asked(watcher, 'chat', { goodId, text: 'in the room' })
      }
      await asked(watcher, 'join', { goodId: met, since: 999, epoch: 'another' })
      await asked(watcher, 'join', { goodId: 'x' })
      await asked(watcher, 'follow', { house: true })
      await asked(watcher, 'leave', { goodId: gone })
    }

    /** All that anyone but the bidder has heard, of any kind. */
    const heardBy = (ears: readonly Ear[]): Heard[] => [
      ...ears.flatMap(({ heard }) => heard),
      ...watchers.map((watcher) => ({ what: 'frames', text: JSON.stringify(watcher.frames) })),
      ...answers.map(({ body }) => ({ what: 'acknowledgement', text: JSON.stringify(body) })),
      ...receiver.posted.map((each) => ({ what: 'delivery', text: JSON.stringify(each) })),
      ...lines.map((text) => ({ what: 'log line', text })),
    ]
    const expectUnheard = (secrets: readonly unknown[], by: readonly Heard[]) => {
      for (const secret of secrets)
        for (const { what, text } of by) {
          const place = typeof secret === 'number' ? text.search(aloneIn(secret)) : text.indexOf(String(secret))
          if (place >= 0) expect.fail(`${secret} in ${what}: ${text.slice(Math.max(0, place - 200), place + 100)}`)
        }
    }
    const salts = async (where: string): Promise<string[]> =>
      (await house.query(`select secret from events where secret is not null and ${where}`)).map(
        ({ secret }) => JSON.parse(secret).salt,
      )

    // Under the reserves first; then one is met, contested, raised, refused, taken back, and lapses.
    await bid(other, unmet, { amount: 2000 })
    await bid(other, met, { amount: 2000 })
    await bid(other, lowered, { amount: 2000 })
    for (const by of others) await look(by, goods)
    expectUnheard([MET, ...Object.values(RESERVES)], heardBy([...others, bidder]))
    const secondId = (await bid(bidder, gone, { max: MAXIMA.retracted })).body.bid.id
    await bid(other, gone, { amount: 3000 })
    await bidder.send('DELETE', `/v1/goods/${gone}/bids/${secondId}`, { reason: 'typo' })
    await bid(bidder, locked, { max: MAXIMA.lapsed })
    const top = (await bid(other, locked, { max: 20_000_000 })).body.bid.id
    await bid(bidder, met, { max: MAXIMA.first })
    await bid(other, met, { amount: MET + 100_000 })
    // Named as an exact amount by who leads already, it shows no more than the price.
    await bid(bidder, met, { amount: MAXIMA.named, max: MAXIMA.raised })
    await bid(bidder, unmet, { max: MAXIMA.unmet })
    await seller.send('PATCH', `/v1/goods/${lowered}`, { reserve: 2000, note: 'Lower now.' })
    for (const [by, id] of [
      [other, met],
      [keeper, met],
      [stranger, met],
      [other, locked],
      [other, unmet],
    ] as const)
      await meddle(by, id, secondId, other.id)
    // What the bidder has left is not enough for the maximum that would lead: it lapses when the house cancels the other.
    await bid(bidder, gone, { max: BALANCE - MAXIMA.raised - MAXIMA.unmet })
    await keeper.send('DELETE', `/v1/admin/bids/${top}`, { reason: 'not serious' })
    for (const by of [...others, seller]) await look(by, goods)
    await stream(stranger, `/v1/goods/${met}/events.sse`, () =>
      stream(other, `/v1/goods/${unmet}/events.ndjson`, () =>
        stream(stranger, '/sse', async () => {
          await bid(other, met, { amount: 4_000_000 })
          await bid(other, unmet, { amount: 4_000 })
          await clock.advance(1_000)
        }),
      ),
    )
    expect((await viewOf(house, { id: locked })).leader).toBe(null)

    const sealed = await salts('true')
    expect(sealed.length).toBeGreaterThan(12)
    const always = [...Object.values(WORDS), bidder.token, seller.token, house.houseCode, invited.code, hook.secret]
    expectUnheard([...Object.values(MAXIMA), ...sealed], heardBy([...others, seller]))
    expectUnheard([...Object.values(RESERVES), ...always, '$argon2', 'passwordHash'], heardBy([...others, bidder]))
    expectUnheard([...Object.values(WORDS), house.houseCode], heardBy([seller]))

    // Time stands still until then: what is on its way to the receiver would be given up.
    const delivered = () => receiver.posted.reduce((sum, { body }) => sum + body.events.length, 0)
    await expect.poll(delivered).toBeGreaterThan(10)
    await clock.advance(60_000)
    for (const id of goods) await expect.poll(async () => (await viewOf(house, { id })).status).not.toBe('open')
    expect((await viewOf(house, { id: unmet })).status).toBe('unsold')
    expect((await viewOf(house, { id: lowered })).status).toBe('sold')
    for (const by of [...others, seller]) {
      await look(by, goods)
      await meddle(by, met, secondId, other.id)
    }
    const told = (watcher: Watcher) => watcher.of('house').flatMap(({ events }) => events)
    await expect.poll(() => watchers.every((watcher) => told(watcher).length === goods.length)).toBe(true)

    // Now the log opens every maximum on what was sold, and of the reserves the one that was met; nothing else says them.
    const isLog = ({ what }: Heard) => /^GET \/v1\/goods\/\d+\/log/.test(what)
    const logs = heardBy([...others, seller]).filter(isLog)
    const opened = logs.flatMap(({ text }) => JSON.parse(text)[1].items.flatMap((item: Json) => item.opened ?? []))
    const { named, unmet: unsold, lapsed, ...opening } = MAXIMA
    for (const max of Object.values(opening)) expect(opened.map((each) => each.max)).toContain(max)
    expect(opened.map(({ named }) => named)).toContain(named)
    expect(new Set(opened.flatMap(({ reserve }) => reserve ?? []))).toEqual(new Set([MET, 2000]))
    const unopened = logs.map(({ what, text }) => {
      const [headers, body] = JSON.parse(text)
      return { what, text: JSON.stringify([headers, body.items.map(({ opened: _, ...item }: Json) => item)]) }
    })
    const rest = heardBy([...others, seller]).filter((each) => !isLog(each))
    expectUnheard([...Object.values(MAXIMA), ...sealed], [...rest, ...unopened])
    expectUnheard([...Object.values(RESERVES), ...always, '$argon2'], heardBy([...others, bidder]))
    const ofUnsold = (await salts(`good_id in (${unmet}, ${locked})`)).concat(
      await salts(`good_id = ${lowered} and seq = 1`),
    )
    expect(ofUnsold.length).toBeGreaterThan(6)
    expectUnheard([unsold, lapsed], heardBy([...others, seller]))
    expectUnheard(ofUnsold, heardBy([...others, seller, bidder]))
    expectUnheard([BALANCE], [...stranger.heard, ...lines.map((text) => ({ what: 'log line', text }))])

    // What the test would miss if it were not there at all.
    expect(bidder.heard.map(({ text }) => text).join('\n')).toMatch(digits)
    expect(lines.length).toBeGreaterThan(0)
    const kinds = await house.query('select distinct type from events order by type')
    expect(kinds.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'bid',
        'bid_cancelled',
        'lapsed',
        'listed',
        'note',
        'reserve_met',
        'retracted',
        'sold',
        'unsold',
      ]),
    )
  })
})
