/** Webhooks: the log posted in order, at least once, whatever becomes of receivers and servers (decision 14). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FeedEvent } from '@auction/common/events'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clerk } from '../../packages/server/src/clerk.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { createServer } from '../../packages/server/src/server.ts'
import type { Committed, Order, StoredWebhook } from '../../packages/server/src/store/orders.ts'
import { fitting, signatureOf } from '../../packages/server/src/webhook-delivery.ts'
import { createWebhooks } from '../../packages/server/src/webhooks.ts'
import { bidAmongMany, crowd, writeBeside } from '../support/crowd.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, memberAt, openHouse } from '../support/house.ts'
import { isSigned, openReceiver, type Receiver, type Treatment } from '../support/receiver.ts'
import { stopwatch } from '../support/stopwatch.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
const distinct = (seqs: readonly number[]) => [...new Set(seqs)]

let clock: FakeClock
let house: House
let admin: Member
let seller: Member
let receivers: Receiver[]
let logged: string

const headOf = async (goodId: number): Promise<number> => (await house.anyone.get(`/v1/goods/${goodId}`)).body.seq

async function open(kind: (typeof databases)[number]) {
  clock = fakeClock()
  logged = ''
  receivers = []
  const write = (line: string) => {
    logged += line
  }
  const log = pino({ level: 'trace' }, { write })
  house = await openHouse(kind, { clock, log })
  admin = await house.member('vera')
  await admin.post('/v1/admin/house', { code: house.houseCode })
  seller = await house.member('mila')
}

async function shut() {
  await house.close()
  for (const receiver of receivers) await receiver.close()
}

async function receive(treat?: Receiver['treat']): Promise<Receiver> {
  const receiver = await openReceiver(treat)
  receivers.push(receiver)
  return receiver
}

async function hook(url: string, rest: object = {}): Promise<Json> {
  const { status, body } = await admin.post('/v1/admin/webhooks', { url, ...rest })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}
const listed = async (): Promise<Json[]> => (await admin.get('/v1/admin/webhooks')).body.items

/** What comes soon by itself, on however slow a machine. */
const eventually = <T>(read: () => T) => expect.poll(read)

/**
 * Lets time pass until it is so; what waits for a moment to come gets it. With a call for each step, so that on however
 * slow a machine a delivery has time before its ten seconds are over.
 */
async function passTimeUntil(done: () => boolean | Promise<boolean>, stepMs = 500, most = 3_000): Promise<void> {
  for (let step = 0; step < most; step++) {
    if (await done()) return
    await clock.advance(stepMs)
    await listed()
  }
  throw new Error(`It did not come to be: ${JSON.stringify(await listed())}`)
}

/** Bids of `people` in turn, so many that each outbids the one before. */
async function bidInTurn(people: readonly Member[], goodId: number, bids: number): Promise<void> {
  for (let turn = 0; turn < bids; turn++)
    await bidAmongMany(people[turn % people.length] as Member, goodId, { amount: 1000 + turn * 10 })
}

describe.each(databases)('webhooks on %s', (kind) => {
  beforeEach(() => open(kind))
  afterEach(shut)

  it('post the feed, event for event, in order, signed, and named by what is in it', async () => {
    const receiver = await receive()
    const { id, secret } = await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 }, reserve: 5000 })
    await bidInTurn(await crowd(house, 2), good.id, 6)
    const head = await headOf(good.id)
    await eventually(() => receiver.seqs(good.id).at(-1)).toBe(head)
    expect(receiver.seqs(good.id)).toEqual(upTo(head))
    const feed = (await house.anyone.get(`/v1/goods/${good.id}/events`)).body
    expect(receiver.posted.flatMap(({ body }) => body.events)).toEqual(feed.items)
    for (const { headers, text, body, path } of receiver.posted) {
      expect(path).toBe('/take')
      expect(headers['content-type']).toBe('application/json')
      expect(isSigned(secret, headers['auction-signature'] as string, text)).toBe(true)
      expect(isSigned(`${secret}x`, headers['auction-signature'] as string, text)).toBe(false)
      expect(headers['auction-signature']).toMatch(new RegExp(`^t=${Math.floor(clock.now() / 1000)},v1=[0-9a-f]{64}$`))
      expect([body.id, body.epoch, body.goodId]).toEqual([id, feed.epoch, good.id])
      const [first, last] = [body.events[0]?.seq, body.events.at(-1)?.seq]
      expect(headers['auction-delivery']).toBe(`${id}-${good.id}-${first}-${last}`)
    }
  })

  it('begin at the present, or at the first event where that is asked for', async () => {
    const old = await seller.sell({ increment: { fixed: 10 } })
    const people = await crowd(house, 2)
    await bidInTurn(people, old.id, 2)
    const head = await headOf(old.id)
    const [from, whole] = [await receive(), await receive()]
    await hook(from.url)
    await hook(whole.url, { since: 0 })
    await bidAmongMany(people[0] as Member, old.id, { amount: 2000 })
    const fresh = await seller.sell()
    await eventually(() => from.seqs(fresh.id)).toEqual([1])
    await eventually(() => from.seqs(old.id)).toEqual([head + 1])
    await eventually(() => whole.seqs(old.id)).toEqual(upTo(head + 1))
    await eventually(() => whole.seqs(fresh.id)).toEqual([1])
  })

  it('follow one good alone where one is named', async () => {
    const [followed, other] = [await seller.sell(), await seller.sell()]
    const receiver = await receive()
    expect(await hook(receiver.url, { goodId: followed.id })).toMatchObject({ goodId: followed.id })
    const people = await crowd(house, 1)
    for (const { id } of [other, followed]) await bidAmongMany(people[0] as Member, id, { amount: 1000 })
    await eventually(() => receiver.seqs(followed.id)).toEqual([2])
    await clock.advance(5_000)
    expect(receiver.seqs(other.id)).toEqual([])
  })

  it('leave nothing out and keep the order while a receiver fails at random', { timeout: 600_000 }, async () => {
    const kinds = [204, 500, 'cut', 200, 302, 204, 404, 'hang'] as const
    let turn = 7
    const receiver = await receive(() => {
      turn = (turn * 48_271) % 2_147_483_647
      return kinds[turn % kinds.length] ?? 204
    })
    await hook(receiver.url)
    const goods: Json[] = []
    for (let index = 0; index < 5; index++)
      goods.push(await seller.sell({ increment: { fixed: 10 }, endsInMs: 30 * DAY_MS }))
    const people = await crowd(house, 3)
    for (let round = 0; round < 6; round++) {
      for (const { id } of goods) await bidAmongMany(people[round % 3] as Member, id, { amount: 1000 + round * 10 })
      await clock.advance(1_000)
    }
    const heads = new Map<number, number>()
    for (const { id } of goods) heads.set(id, await headOf(id))
    const complete = () => goods.every(({ id }) => receiver.seqs(id).at(-1) === heads.get(id))
    await passTimeUntil(complete, 2_000)
    for (const { id } of goods) {
      const seqs = receiver.seqs(id)
      expect(distinct(seqs)).toEqual(upTo(heads.get(id) ?? 0))
      // Whatever comes twice comes as what follows it does: never a seq before the one it follows was taken.
      for (const [at, seq] of seqs.entries()) expect(seqs.slice(0, at).includes(seq - 1) || seq === 1).toBe(true)
    }
    expect(receiver.posted.some(({ taken }) => !taken)).toBe(true)
    await passTimeUntil(async () => (await listed())[0].failures === 0)
    expect((await listed())[0]).toMatchObject({ enabled: true, fault: null, failingSince: null, nextTryAt: null })
  })

  it('move the cursor after a 2xx alone', async () => {
    const receiver = await receive(() => 500)
    const { id } = await hook(receiver.url)
    const good = await seller.sell()
    await eventually(async () => (await listed())[0].failures).toBe(1)
    expect(await house.query('select * from webhook_cursors')).toEqual([])
    expect((await listed())[0]).toMatchObject({ id, enabled: true, fault: 'answered 500' })
    receiver.treat = () => 204
    await passTimeUntil(() => receiver.seqs(good.id).length === 1)
    await eventually(() => house.query('select webhook_id, good_id, seq from webhook_cursors')).toEqual([
      { webhook_id: id, good_id: good.id, seq: 1 },
    ])
  })

  it('follow no redirect', async () => {
    const elsewhere = await receive()
    const receiver = await receive(() => ({ redirect: elsewhere.url }))
    await hook(receiver.url)
    await seller.sell()
    await eventually(async () => (await listed())[0].fault).toBe('answered 302')
    expect(elsewhere.posted).toEqual([])
  })

  it('wait longer after each failure, up to an hour, and are switched off after three days', async () => {
    const receiver = await receive(() => 503)
    const { id } = await hook(receiver.url)
    const good = await seller.sell({ endsInMs: 30 * DAY_MS })
    const failed = async (times: number): Promise<Json> => {
      await passTimeUntil(async () => (await listed())[0].failures === times, 1_000)
      return (await listed())[0]
    }
    const set = async (facts: string) => writeBeside(house, [`update webhooks set ${facts}`])
    let wait = 0
    for (let failures = 1; failures <= 6; failures++) {
      await clock.advance(wait)
      // Time stands while it is tried, or a second failure could come before the first is seen.
      await eventually(async () => (await listed())[0].failures).toBe(failures)
      wait = Date.parse((await listed())[0].nextTryAt) - clock.now()
      const longest = 1_000 * 2 ** (failures - 1)
      expect(wait).toBeGreaterThanOrEqual(longest / 2)
      expect(wait).toBeLessThanOrEqual(longest)
    }
    await set(`failures = 40, failing_since = ${clock.now() - 2.9 * DAY_MS}, next_try_at = ${clock.now()}`)
    const late = await failed(41)
    expect(Date.parse(late.nextTryAt) - clock.now()).toBeGreaterThan(29 * 60_000)
    expect(Date.parse(late.nextTryAt) - clock.now()).toBeLessThanOrEqual(60 * 60_000)
    expect(late.enabled).toBe(true)
    await set(`failing_since = ${clock.now() - 3 * DAY_MS}, next_try_at = ${clock.now()}`)
    expect(await failed(42)).toMatchObject({ enabled: false, nextTryAt: null, fault: 'answered 503' })
    expect(logged).toContain('was switched off')
    const posts = receiver.posted.length
    await set(`next_try_at = ${clock.now()}`)
    await clock.advance(5_000)
    expect(receiver.posted).toHaveLength(posts)

    receiver.treat = () => 204
    const again = await admin.post(`/v1/admin/webhooks/${id}/redeliveries`, { goodId: good.id, since: 0 })
    expect([again.status, again.body]).toEqual([201, expect.objectContaining({ enabled: true, failures: 0 })])
    await passTimeUntil(() => receiver.seqs(good.id).length === 1)
  })

  it('send again from any seq, and never on from where they are', async () => {
    const receiver = await receive()
    const { id } = await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    const people = await crowd(house, 2)
    await bidInTurn(people, good.id, 5)
    const head = await headOf(good.id)
    const caughtUp = async () => (await house.query('select seq from webhook_cursors'))[0]?.seq === head
    for (const since of [0, 3, head - 1]) {
      await passTimeUntil(caughtUp)
      const before = receiver.seqs(good.id).length
      await admin.post(`/v1/admin/webhooks/${id}/redeliveries`, { goodId: good.id, since })
      await passTimeUntil(() => receiver.seqs(good.id).length >= before + head - since)
      expect(receiver.seqs(good.id).slice(before)).toEqual(upTo(head, since + 1))
    }
    await passTimeUntil(caughtUp)
    const before = receiver.seqs(good.id).length
    await admin.post(`/v1/admin/webhooks/${id}/redeliveries`, { goodId: good.id, since: head + 50 })
    await bidAmongMany(people[1] as Member, good.id, { amount: 9000 })
    await eventually(() => receiver.seqs(good.id).slice(before)).toEqual([head + 1])
  })

  it('send again what was asked for while a delivery was under way, though it was taken in the end', async () => {
    let answer: ((treatment: Treatment) => void) | null = null
    const receiver = await receive(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const { id } = await hook(receiver.url)
    const good = await seller.sell()
    await eventually(() => answer).not.toBeNull()
    const underWay = answer as unknown as (treatment: Treatment) => void
    await admin.post(`/v1/admin/webhooks/${id}/redeliveries`, { goodId: good.id, since: 0 })
    receiver.treat = () => 204
    underWay(204)
    await passTimeUntil(() => receiver.seqs(good.id).length > 1)
    expect(receiver.seqs(good.id)).toEqual([1, 1])
  })

  it('go on after a restart in mid delivery, and after one while the receiver was away', async () => {
    const receiver = await receive(() => 'hang')
    await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    const people = await crowd(house, 2)
    await bidInTurn(people, good.id, 4)
    await eventually(() => receiver.posted.length).toBe(1)
    await house.stop()
    receiver.treat = () => 503
    await house.start()
    const head = await headOf(good.id)
    await clock.advance(1_000)
    await eventually(() => receiver.posted.length).toBeGreaterThan(1)
    await house.stop()
    receiver.treat = () => 204
    await house.start()
    await passTimeUntil(() => receiver.seqs(good.id).at(-1) === head)
    expect(receiver.seqs(good.id)).toEqual(upTo(head))
  })

  it('let a receiver that never answers hold up neither a bid, nor another webhook, nor the end', async () => {
    const stuck = await receive(() => 'hang')
    const well = await receive()
    await hook(stuck.url)
    await hook(well.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    await eventually(() => stuck.posted.length).toBe(1)
    await bidInTurn(await crowd(house, 2), good.id, 10)
    const head = await headOf(good.id)
    await eventually(() => well.seqs(good.id).at(-1)).toBe(head)
    expect(stuck.posted).toHaveLength(1)
    const took = stopwatch()
    await house.stop()
    expect(took()).toBeLessThan(5_000)
    await house.start()
  })

  it('give up on an answer after ten seconds', async () => {
    const receiver = await receive(() => 'hang')
    await hook(receiver.url)
    await seller.sell()
    await eventually(() => receiver.posted.length).toBe(1)
    await clock.advance(9_000)
    expect((await listed())[0].failures).toBe(0)
    await clock.advance(1_000)
    await eventually(async () => (await listed())[0]).toMatchObject({ failures: 1, fault: 'no answer in time' })
  })

  it('post at most a hundred events at once', async () => {
    const receiver = await receive(() => 500)
    await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 1 } })
    const people = await crowd(house, 2)
    await bidInTurn(people, good.id, 230)
    receiver.treat = () => 204
    const head = await headOf(good.id)
    await passTimeUntil(() => receiver.seqs(good.id).at(-1) === head)
    expect(receiver.seqs(good.id)).toEqual(upTo(head))
    expect(Math.max(...receiver.posted.map(({ body }) => body.events.length))).toBe(100)
  })

  it('post nothing more once removed', async () => {
    const receiver = await receive()
    const { id } = await hook(receiver.url)
    const good = await seller.sell()
    await eventually(() => receiver.seqs(good.id)).toEqual([1])
    expect((await admin.send('DELETE', `/v1/admin/webhooks/${id}`)).status).toBe(204)
    await seller.sell()
    await clock.advance(3_000)
    expect(receiver.posted).toHaveLength(1)
    expect(await listed()).toEqual([])
    expect(await house.query('select * from webhook_cursors')).toEqual([])
    expect((await admin.send('DELETE', `/v1/admin/webhooks/${id}`)).body.code).toBe('NOT_FOUND')
  })

  it('show their secret once, in no list and no log', async () => {
    const receiver = await receive(() => 500)
    const { secret } = await hook(`${receiver.url}?key=between-us`)
    expect(secret).toMatch(/^whsec_[A-Za-z0-9_-]{43}$/)
    await seller.sell()
    await eventually(async () => (await listed())[0].failures).toBe(1)
    expect(JSON.stringify(await listed())).not.toContain(secret)
    await house.stop()
    expect(logged).toContain('a webhook did not take its events')
    expect(logged).not.toContain(secret)
    expect(logged).not.toContain('between-us')
    await house.start()
  })

  it('are for the house alone, and refuse what is no receiver', async () => {
    const { status, body } = await seller.post('/v1/admin/webhooks', { url: 'http://127.0.0.1:1/' })
    expect([status, body.code]).toEqual([403, 'FORBIDDEN'])
    expect((await house.anyone.get('/v1/admin/webhooks')).status).toBe(401)
    const refused = async (request: object) => (await admin.post('/v1/admin/webhooks', request)).body.code
    for (const url of [
      'ftp://a.example/',
      'file:///etc/passwd',
      'a.example',
      'http://u:p@a.example/',
      'http://u@a.example/',
      'https://a.example/#x',
      '',
    ])
      expect(await refused({ url })).toBe('BAD_REQUEST')
    expect(await refused({ url: 'https://a.example', since: 3 })).toBe('BAD_REQUEST')
    expect(await refused({ url: 'https://a.example', goodId: 99 })).toBe('NOT_FOUND')
    expect(await refused({})).toBe('BAD_REQUEST')
    expect(await listed()).toEqual([])
    const [good, other] = [await seller.sell(), await seller.sell()]
    const { id } = await hook('http://127.0.0.1:1/', { goodId: good.id })
    const again = async (path: string, request: object) => (await admin.post(path, request)).body.code
    const path = `/v1/admin/webhooks/${id}/redeliveries`
    expect(await again(path, { goodId: good.id, since: -1 })).toBe('BAD_REQUEST')
    expect(await again(path, { goodId: 99, since: 0 })).toBe('NOT_FOUND')
    expect(await again(path, { goodId: other.id, since: 0 })).toBe('CONFLICT')
    expect(await again('/v1/admin/webhooks/77/redeliveries', { goodId: good.id, since: 0 })).toBe('NOT_FOUND')
    for (let more = 1; more < 20; more++) await hook('http://127.0.0.1:1/')
    expect(await refused({ url: 'http://127.0.0.1:1/' })).toBe('CONFLICT')
  })
})

describe('webhooks of two servers on one PostgreSQL', () => {
  let second: { url: string; close(): Promise<void> }
  beforeEach(async () => {
    await open('postgresql')
    const directory = mkdtempSync(join(tmpdir(), 'auction-second-'))
    const config = readConfig({}, { ...house.settings, AUCTION_DATA: directory })
    const server = await createServer(config, { clock, log: pino({ level: 'silent' }) })
    second = {
      url: (await server.listen()).url,
      async close() {
        await server.close()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  })
  afterEach(shut)

  it('are told once, in order, of what was bid on both', async () => {
    const receiver = await receive()
    await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    const people = await crowd(house, 2)
    for (let turn = 0; turn < 20; turn++) {
      const person = people[turn % 2] as Member
      const there = turn % 4 < 2 ? person : memberAt(() => second.url, person)
      await bidAmongMany(there, good.id, { amount: 1000 + turn * 10 })
      if (turn % 5 === 0) await clock.advance(1_000)
    }
    const head = await headOf(good.id)
    await passTimeUntil(() => receiver.seqs(good.id).at(-1) === head)
    expect(receiver.seqs(good.id)).toEqual(upTo(head))
    await second.close()
  })

  it('are told within seconds of what is bid on the server that does not deliver', async () => {
    const receiver = await receive()
    await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    await eventually(() => receiver.seqs(good.id)).toEqual([1])
    const people = (await crowd(house, 2)).map((person) => memberAt(() => second.url, person))
    await bidInTurn(people, good.id, 3)
    await clock.advance(2_000)
    await eventually(() => receiver.seqs(good.id)).toEqual(upTo(4))
    await second.close()
  })

  it('are told once though both servers have news at the same moment', async () => {
    const receiver = await receive()
    await hook(receiver.url)
    await clock.advance(1_000)
    for (let round = 0; round < 3; round++) {
      const both = [seller, memberAt(() => second.url, seller)]
      const goods = await Promise.all(both.map((each) => each.sell({ endsInMs: DAY_MS })))
      await passTimeUntil(() => goods.every(({ id }) => receiver.seqs(id).length > 0))
      // Taken, and known to be: a minute that passes in between would end the lease.
      const recorded = `select count(*) as n from webhook_cursors where good_id in (${goods.map(({ id }) => id).join(', ')})`
      await eventually(() => house.query(recorded)).toEqual([{ n: 2 }])
      await clock.advance(60_000)
      expect(goods.map(({ id }) => receiver.seqs(id))).toEqual([[1], [1]])
    }
    await second.close()
  })

  it('are served by the other once one is gone', async () => {
    const receiver = await receive()
    await hook(receiver.url)
    const good = await seller.sell({ increment: { fixed: 10 } })
    await eventually(() => receiver.seqs(good.id)).toEqual([1])
    await clock.advance(1_000)
    const people = (await crowd(house, 2)).map((person) => memberAt(() => second.url, person))
    await house.stop()
    await bidInTurn(people, good.id, 4)
    const passed = async () => {
      await clock.advance(500)
      await people[0]?.get('/v1/me')
      return receiver.seqs(good.id)
    }
    await eventually(passed).toEqual(upTo(5))
    await second.close()
    await house.start()
  })
})

describe('a list of webhooks', () => {
  /** Serves one webhook, stored here, of a good that lacks `news` events; each list is as it was before `whileListing`. */
  function openOne(url: string, whileListing: (lists: number) => Promise<unknown>) {
    const clock = fakeClock()
    const none = { goodId: null, failingSince: null, fault: null, holder: '', leaseUntil: 0 }
    const event = { seq: 1, type: 'note', at: new Date(clock.now()).toISOString(), goodId: 1, data: { text: '' } }
    const stored: StoredWebhook = {
      ...{ id: 1, url, secret: 's', createdAt: 0, enabled: 1, failures: 0, nextTryAt: 0 },
      ...none,
    }
    const one = { stored, lists: 0, news: 1, commit: (_committed: readonly Committed[]) => {} }
    const submit = async (order: Order) => {
      if (order.type === 'lease_webhook')
        one.stored = { ...one.stored, holder: order.holder, leaseUntil: clock.now() + order.leaseMs }
      if (order.type === 'record_deliveries' && order.failure)
        one.stored = { ...one.stored, failures: 1, nextTryAt: clock.now() + 1_000 }
      if (order.type === 'record_deliveries') one.news -= order.taken.length
      return { ...one.stored }
    }
    const webhooks = createWebhooks({
      clock,
      epoch: 'e',
      shared: true,
      clerk: { submit: submit as Clerk['submit'] } as Clerk,
      feed: {
        onCommit(tell) {
          one.commit = tell
          return () => {}
        },
      },
      queries: {
        async webhooks() {
          const rows = [one.stored]
          await whileListing(++one.lists)
          return rows
        },
        behind: async () => (one.news > 0 ? [{ goodId: 1, cursor: 0 }] : []),
      },
      events: async () => [event as FeedEvent],
      log: { error: (facts) => expect.fail(JSON.stringify(facts)), warn: () => {} },
    })
    return Object.assign(one, webhooks)
  }

  it('undoes nothing of what has happened since it was asked for', async () => {
    const receiver = await openReceiver(() => 503)
    const late = Promise.withResolvers<void>()
    const webhooks = openOne(receiver.url, async (lists) => lists === 2 && late.promise)
    await webhooks.look()
    const looked = webhooks.look()
    await eventually(() => webhooks.stored.failures).toBe(1)
    late.resolve()
    await looked
    await webhooks.close()
    // By the list it would be time to try.
    expect(receiver.posted).toHaveLength(1)
    await receiver.close()
  })

  it('is not asked for again because a delivery ended meanwhile, as on a busy house one always does', async () => {
    const receiver = await openReceiver()
    const webhooks = openOne(receiver.url, async (lists) => {
      if (lists === 1) return
      webhooks.news = 1
      webhooks.commit([{ good: { id: 1 }, events: [{}] } as unknown as Committed])
      await eventually(() => webhooks.news).toBe(0)
    })
    await webhooks.look()
    await eventually(() => webhooks.news).toBe(0)
    await webhooks.look()
    expect(webhooks.lists).toBe(2)
    expect(receiver.posted).toHaveLength(2)
    await webhooks.close()
    await receiver.close()
  })
})

describe('a delivery', () => {
  const event = (seq: number, text = ''): FeedEvent => ({
    seq,
    type: 'note',
    at: '2026-11-22T12:00:00.000Z',
    goodId: 1,
    data: { text },
  })
  it('holds at most 256 kB of events, and one however long it is', () => {
    const long = upTo(5).map((seq) => event(seq, 'ж'.repeat(40 * 1024)))
    expect(fitting(long).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(fitting([event(1, 'x'.repeat(300 * 1024)), event(2)]).map(({ seq }) => seq)).toEqual([1])
    expect(fitting([event(1, 'short'), event(2, 'x'.repeat(300 * 1024))]).map(({ seq }) => seq)).toEqual([1])
    expect(fitting([])).toEqual([])
  })
  it('is signed as anyone can compute it', () => {
    // echo -n '1766404800.{"id":1}' | openssl dgst -sha256 -hmac whsec_test
    expect(signatureOf('whsec_test', 1766404800, '{"id":1}')).toBe(
      't=1766404800,v1=1b93cd03815c10b50cc7fc119feab17cf59161bbd97e3d4ab53feac82285b6af',
    )
  })
})
