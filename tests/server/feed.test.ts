import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { EventSource } from 'eventsource'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../packages/common/src/log.ts'
import { evolveView } from '../../packages/common/src/view.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

/** Lines of a stream as they come, and whether it has ended. */
function readLines(url: string): { lines: Json[]; ended: Promise<void>; status: Promise<number>; stop(): void } {
  const lines: Json[] = []
  const abort = new AbortController()
  const response = fetch(url, { signal: abort.signal })
  const read = async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of (await response).body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts.map((line) => JSON.parse(line)))
    }
    expect(rest).toBe('')
  }
  return { lines, ended: read(), status: response.then(({ status }) => status), stop: () => abort.abort() }
}

/** What a standard EventSource hears, from a seq it had. */
function listen(url: string, lastEventId?: number) {
  const heard: { type: string; id: string; data: Json }[] = []
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  })
  for (const type of ['listed', 'bid', 'extended', 'reserve_met', 'sold', 'unsold', 'message'])
    source.addEventListener(type, ({ data, lastEventId: id }) => void heard.push({ type, id, data: JSON.parse(data) }))
  return { heard, source }
}

describe.each(databases)('the feed on %s', (kind) => {
  let clock: FakeClock
  let house: House
  let seller: Member
  let ann: Member
  let bob: Member
  beforeAll(async () => {
    clock = fakeClock()
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    ann = await house.member('ann')
    bob = await house.member('bob')
  })
  afterAll(() => house.close())

  const of = (good: Json, rest: string) => `/v1/goods/${good.id}/${rest}`
  const events = async (good: Json, query = '') => (await house.anyone.get(of(good, `events${query}`))).body
  const seqs = (items: Json[]) => items.map(({ seq }) => seq)
  const upTo = (seq: number, from = 1) => Array.from({ length: seq - from + 1 }, (_, index) => from + index)
  async function contested(good: Json, bids: number): Promise<void> {
    for (let index = 0; index < bids; index++)
      await (index % 2 ? bob : ann).bid(good.id, { amount: 1000 + index * 100 })
  }

  it('pages through all events of a good as JSON', async () => {
    const good = await seller.sell({ reserve: 1500 })
    await contested(good, 10)
    const { epoch, seq } = (await house.anyone.get(`/v1/goods/${good.id}`)).body
    const seen: Json[] = []
    for (let since = 0; ; ) {
      const page = await events(good, `?since=${since}&limit=3`)
      expect(page.epoch).toBe(epoch)
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items)
      if (page.next === null) break
      since = page.next
    }
    expect(seqs(seen)).toEqual(upTo(seq))
    expect(seqs((await events(good, `?since=${seq}`)).items)).toEqual([])
    expect(seqs((await events(good, '?since=999999')).items)).toEqual([])
    for (const query of [
      '?since=-1',
      '?since=1.5',
      '?since=x',
      '?since=',
      '?since=01',
      '?since=1&since=2',
      '?limit=0',
      '?limit=1e2',
      '?from=1',
      '?since=9999999999999999',
    ])
      expect(await house.anyone.get(of(good, `events${query}`)), query).toMatchObject({
        status: 400,
        body: { code: 'BAD_REQUEST' },
      })
  })

  it('folds to the view that the house shows', async () => {
    const listed = await seller.sell({ reserve: 1500, endsInMs: 60_000, softCloseMs: 59_000 })
    await clock.advance(1_500)
    await contested(listed, 9)
    const shown = (await house.anyone.get(`/v1/goods/${listed.id}`)).body
    const { you: _, ...start } = listed
    const folded = (await events(listed, '?since=1')).items.reduce(
      (view: Json, event: Json) => evolveView(view, event),
      start,
    )
    expect(folded).toEqual(shown)
  })

  it('chains its log by hashes that anyone can compute again', async () => {
    const good = await seller.sell({
      endsInMs: 1500,
      softCloseMs: 0,
      reserve: 1100,
      name: 'Ключ "quoted" \u2028 ünïcode',
    })
    await contested(good, 4)
    await clock.advance(1_500)
    await expect.poll(async () => (await house.anyone.get(`/v1/goods/${good.id}`)).body.status).toBe('sold')
    const { items, next } = (await house.anyone.get(of(good, 'log'))).body
    expect(next).toBe(null)
    expect(seqs(items)).toEqual(upTo(items.length))
    let previous = '0'.repeat(64)
    for (const { hash, opened: _, ...event } of items) {
      previous = createHash('sha256')
        .update(`${previous}\n${canonicalJson(event)}`)
        .digest('hex')
      expect(hash).toBe(previous)
    }
    expect(await house.query(`select head from goods where id = ${good.id}`)).toEqual([{ head: previous }])
    expect((await events(good)).items).toEqual(items.map(({ hash: _, opened: __, ...event }: Json) => event))
    expect((await house.anyone.get(of(good, 'log?since=2'))).body.items).toEqual(items.slice(2))
  })

  it('streams lines from any seq until the good has ended, and then ends', async () => {
    const good = await seller.sell({ endsInMs: 2500, softCloseMs: 0 })
    await contested(good, 3)
    const [whole, late] = [
      readLines(`${house.url}${of(good, 'events.ndjson')}`),
      readLines(`${house.url}${of(good, 'events.ndjson?since=2')}`),
    ]
    await expect.poll(() => whole.lines.length).toBe(4)
    await contested(good, 5)
    await clock.advance(2_500)
    await Promise.all([whole.ended, late.ended])
    expect(seqs(whole.lines)).toEqual(upTo(whole.lines.length))
    expect(seqs(late.lines)).toEqual(upTo(whole.lines.length, 3))
    expect(whole.lines.at(-1)).toMatchObject({ v: 1, type: 'sold', goodId: good.id })
    // An ended good says what it has to say and ends at once.
    for (const since of [0, 3, whole.lines.length, whole.lines.length + 5]) {
      const again = readLines(`${house.url}${of(good, `events.ndjson?since=${since}`)}`)
      await again.ended
      expect(seqs(again.lines)).toEqual(upTo(whole.lines.length, since + 1))
    }
  })

  it('stops at the present when polled', async () => {
    const good = await seller.sell()
    await contested(good, 3)
    const polled = readLines(`${house.url}${of(good, 'events.ndjson?poll=1&since=1')}`)
    await polled.ended
    expect(seqs(polled.lines)).toEqual([2, 3, 4])
    for (const query of ['poll=2', 'poll=', 'poll=1&poll=1', 'since=-1'])
      expect((await house.anyone.get(of(good, `events.ndjson?${query}`))).status, query).toBe(400)
  })

  it('streams Server-Sent Events, resumed by Last-Event-ID', async () => {
    const good = await seller.sell()
    await contested(good, 3)
    const [whole, resumed, since] = [
      listen(`${house.url}${of(good, 'events.sse')}`),
      listen(`${house.url}${of(good, 'events.sse?since=1')}`, 3),
      listen(`${house.url}${of(good, 'events.sse?since=2')}`),
    ]
    await expect.poll(() => whole.heard.length).toBe(4)
    await contested(good, 5)
    await expect.poll(() => whole.heard.length).toBe(6)
    await expect.poll(() => [resumed.heard.length, since.heard.length]).toEqual([3, 4])
    for (const { source } of [whole, resumed, since]) source.close()
    expect(whole.heard.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4, 5, 6])
    expect(resumed.heard.map(({ id }) => Number(id))).toEqual([4, 5, 6])
    expect(whole.heard.map(({ data }) => data)).toEqual((await events(good)).items)
    expect(whole.heard.every(({ type, data }) => type === data.type)).toBe(true)
    for (const id of ['x', '-1', '1.5', '9'.repeat(16)])
      expect(
        (await house.anyone.send('GET', of(good, 'events.sse'), undefined, { 'last-event-id': id })).status,
        id,
      ).toBe(400)
  })

  it('tells a listener who has heard all of an ended good not to come back', async () => {
    const good = await seller.sell({ endsInMs: 1_000, softCloseMs: 0 })
    await clock.advance(1_000)
    await expect.poll(async () => (await events(good)).items.length).toBe(2)
    const after = await house.anyone.send('GET', of(good, 'events.sse'), undefined, { 'last-event-id': '2' })
    expect(after).toMatchObject({ status: 204, body: '' })
  })

  it('streams without buffering or caching on the way', async () => {
    const good = await seller.sell()
    for (const [path, type] of [
      [of(good, 'events.sse'), 'text/event-stream'],
      [of(good, 'events.ndjson'), 'application/x-ndjson'],
      ['/sse', 'text/event-stream'],
    ] as const) {
      const abort = new AbortController()
      const { status, headers } = await fetch(`${house.url}${path}`, { signal: abort.signal })
      expect([
        status,
        headers.get('content-type'),
        headers.get('x-accel-buffering'),
        headers.get('cache-control'),
      ]).toEqual([200, type, 'no', 'no-store'])
      expect(headers.get('x-request-id')).toBeTruthy()
      abort.abort()
    }
  })

  it('tells its clock once a second, to everyone at once and to nobody alone', async () => {
    const sources: EventSource[] = []
    const begin = async () => {
      const { heard, source } = listen(`${house.url}/sse`)
      sources.push(source)
      await expect.poll(() => source.readyState).toBe(source.OPEN)
      return () => heard.map(({ data }) => data)
    }
    const first = await begin()
    await clock.advance(1_000)
    await expect.poll(() => first().length).toBe(1)
    const [start] = first() as [number]
    await clock.advance(400)
    const second = await begin()
    for (const _ of [1, 2, 3]) await clock.advance(1_000)
    const ticks = [1, 2, 3].map((seconds) => start + seconds * 1_000)
    await expect.poll(first).toEqual([start, ...ticks])
    await expect.poll(second).toEqual(ticks)
    for (const source of sources) source.close()
  })

  it.each(['/sse', 'events.sse', 'events.ndjson'])('ends its answer to HEAD %s', async (path) => {
    const good = await seller.sell()
    const { hostname, port } = new URL(house.url)
    const socket = connect(Number(port), hostname)
    let heard = ''
    socket.on('data', (bytes) => {
      heard += bytes
    })
    // A second request on the same connection is answered only when the first answer has ended.
    socket.write(`HEAD ${path.startsWith('/') ? path : of(good, path)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => heard.match(/HTTP\/1.1 200/g)?.length).toBe(2)
    socket.destroy()
  })
})
