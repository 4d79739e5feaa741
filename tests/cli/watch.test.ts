/** `auction watch` and `auction notifications` for programs and in sentences, against a house that tells what the test says. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import { Server } from 'socket.io'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome, type Ran } from './command-line.ts'
import { good, refusal, usd, user } from './stub-house.ts'

let home: Home
let house: Awaited<ReturnType<typeof openHouse>>

/** A house with one good: `view` is its snapshot, `past` its events, `live` are told once somebody has joined. */
async function openHouse() {
  const scene = {
    view: good(),
    past: [] as FeedEvent[],
    live: [] as FeedEvent[],
    house: [] as FeedEvent[],
    followers: 0,
    status: 200,
  }
  const http = createServer((request, response) => {
    const json = request.url === '/v1/me' ? user : request.url === '/livez' ? { status: 'ok' } : scene.view
    const answer = scene.status === 200 ? { json } : refusal(scene.status, 'NOT_FOUND')
    response.writeHead(scene.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.json))
  })
  const io = new Server(http)
  io.on('connection', (socket) => {
    socket.on('join', ({ since }: { since?: number }, ack: (answer: object) => void) => {
      const events = scene.past.filter(({ seq }) => since !== undefined && seq > since)
      ack({ ok: true, good: scene.view, events, watchers: 1 })
      setTimeout(() => {
        const { goodId, epoch } = { goodId: 42, epoch: scene.view.epoch }
        socket.emit('events', { goodId, epoch, events: scene.live.map(({ goodId: _id, ...event }) => event) })
      }, 30)
    })
    // A feed of the house never ends by itself: who comes back after what there is to tell is let in no more.
    socket.on('follow', (_request: unknown, ack: (answer: object) => void) => {
      if (scene.followers++ % 2) return ack({ ok: false, error: { code: 'UNAUTHENTICATED', detail: 'It ended.' } })
      ack({ ok: true })
      socket.emit('house', { events: scene.house })
      setTimeout(() => socket.disconnect(true), 50)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => void io.close(() => resolve()))
  return { scene, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close }
}

beforeEach(async () => {
  home = openHome()
  house = await openHouse()
})
afterEach(async () => {
  home.close()
  await house.close()
})

const at = '2026-11-22T12:00:01.000Z'
const event = (seq: number, type: FeedEvent['type'], data: FeedEvent['data']): FeedEvent => ({
  seq,
  type,
  at,
  goodId: 42,
  data,
})
const bidBy = (seq: number, person: { id: number; nick: string }, message: string | null = null) =>
  event(seq, 'bid', {
    bidId: seq,
    bidder: person,
    leader: person,
    amount: usd(1050),
    price: usd(1050),
    minimumBid: usd(1100),
    bidCount: 2,
    message,
    receivedAt: at,
    commitment: '0'.repeat(64),
  })
const noor = { id: 2, nick: 'noor' }
const zoe = { id: 3, nick: 'zoë' }
const sold = (seq: number, winner = noor) =>
  event(seq, 'sold', { name: 'Leica M3', winner, price: usd(1050), receivedAt: null })
const unsold = (seq: number) => event(seq, 'unsold', { name: 'Leica M3', reason: 'no_bids' })
const you = (standing: 'none' | 'leading' | 'outbid'): GoodView['you'] => ({ standing, max: null, hold: null })

const watch = (words: string[] = [], setting: object = {}): Promise<Ran> =>
  home.auction(['watch', '42', ...words], { server: house.url, ...setting })
const lines = (ran: Ran) =>
  ran.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('in a pipe', () => {
  it('is one object a line: the snapshot first, then events, the end last', async () => {
    house.scene.view = good({ you: you('outbid') as NonNullable<GoodView['you']> })
    house.scene.live = [bidBy(3, noor, 'for Ann'), sold(4)]
    const ran = await watch()
    expect(ran).toMatchObject({ code: 0, err: '' })
    const all = lines(ran)
    expect(all[0]).toMatchObject({ v: 1, type: 'snapshot', seq: 2, goodId: 42, good: { id: 42, price: usd(1000) } })
    const events = all.filter(({ type }) => type !== 'connection')
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([
      ['snapshot', 2],
      ['bid', 3],
      ['sold', 4],
      ['end', 4],
    ])
    expect(events[1]).toEqual({ v: 1, type: 'bid', seq: 3, at, goodId: 42, data: bidBy(3, noor, 'for Ann').data })
    expect(all.at(-1)).toEqual({
      v: 1,
      type: 'end',
      seq: 4,
      at: '2026-11-22T12:00:00.000Z',
      goodId: 42,
      outcome: 'sold',
      you: 'won',
    })
    expect(all.find(({ type }) => type === 'connection')).toMatchObject({ state: 'live' })
  })

  it('of a good that has ended is its snapshot and its end', async () => {
    house.scene.view = good({ status: 'sold', winner: zoe, seq: 9 })
    expect(lines(await watch()).map(({ type, outcome }) => [type, outcome])).toEqual([
      ['snapshot', undefined],
      ['end', 'sold'],
    ])
  })

  it('with --since has the events after that place, also of a good that has ended', async () => {
    house.scene.past = [event(1, 'listed', {}), bidBy(2, noor), sold(3)]
    house.scene.view = good({ status: 'sold', winner: noor, seq: 3 })
    const types = lines(await watch(['--since', '1'])).map(({ type }) => type)
    expect(types.filter((type) => type !== 'connection')).toEqual(['snapshot', 'bid', 'sold', 'end'])
  })

  it('with --since after the last event of a good that has ended has the gap before the end', async () => {
    house.scene.view = good({ status: 'sold', winner: noor, seq: 3 })
    expect(lines(await watch(['--since', '9'])).map(({ type, to }) => [type, to])).toEqual([
      ['snapshot', undefined],
      ['gap', 9],
      ['end', undefined],
    ])
  })

  it('says in sentences what the log no longer has', async () => {
    house.scene.view = good({ status: 'sold', winner: noor, seq: 3 })
    expect((await watch(['--plain', '--since', '4'])).out).toContain('\n1 event cannot be loaded again.\n')
  })

  it('has no raw hostile byte', async () => {
    house.scene.live = [bidBy(3, { id: 3, nick: 'z\u001b[31m\u202eoë' }, 'hi\u001b]0;x\u0007\u200b'), unsold(4)]
    const ran = await watch()
    expect(ran.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    expect(ran.out).toContain('hi')
  })
})

describe('the exit code', () => {
  it.each([
    ['won', you('leading'), [sold(3)], [], 0, 0],
    ['lost', you('outbid'), [sold(3, zoe)], [], 0, 20],
    ['none', undefined, [sold(3, zoe)], [], 0, 20],
    ['none', undefined, [unsold(3)], [], 0, 21],
    ['none', undefined, [event(3, 'cancelled', {})], [], 0, 21],
    ['won', you('leading'), [sold(3)], ['--until', 'won'], 0, 0],
    ['lost', you('outbid'), [sold(3, zoe)], ['--until', 'won'], 20, 20],
    ['outbid', you('leading'), [bidBy(3, zoe)], ['--until', 'outbid'], 22, 22],
    ['outbid', you('outbid'), [], ['--until', 'outbid'], 22, 22],
    ['won', you('leading'), [sold(3)], ['--until', 'outbid'], 0, 0],
  ] as const)('when you: %s', async (how, standing, live, words, code, statusCode) => {
    house.scene.view = good({
      leader: standing?.standing === 'leading' ? noor : zoe,
      ...(standing && { you: standing }),
    })
    house.scene.live = [...live]
    const ran = await watch([...words])
    expect(ran.code).toBe(code)
    expect(lines(ran).at(-1)).toMatchObject({ type: 'end', you: how })
    expect((await watch([...words, '--exit-status'])).code).toBe(statusCode)
  })

  it('is 4 when --until needs to know who you are, 3 when there is no such good', async () => {
    expect((await watch(['--until', 'outbid'], { env: { AUCTION_TOKEN: '' } })).code).toBe(4)
    house.scene.status = 404
    expect((await watch()).code).toBe(3)
  })
})

describe('in sentences', () => {
  it('--plain says one per event, in a pipe and on a terminal, without a control byte', async () => {
    house.scene.view = good({ you: you('outbid') as NonNullable<GoodView['you']> })
    house.scene.live = [
      bidBy(3, noor, 'for Ann'),
      event(4, 'extended', {
        endsAt: '2026-11-22T12:10:00.000Z',
        hardEndsAt: '2026-11-22T13:04:37.000Z',
        cause: 'bid',
      }),
      sold(5),
    ]
    for (const setting of [{}, { terminal: true, env: { NO_COLOR: '1' } }]) {
      const ran = await watch(['--plain', '--utc'], setting)
      expect(ran.code).toBe(0)
      expect(ran.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
      const said = ran.out.trimEnd().split('\n')
      expect(said[0]).toBe('Good 42, Leica M3, by mila: $10.00 by zoë.')
      expect(said).toContain('noor bids $10.50 and leads at $10.50. "for Ann"')
      expect(said).toContain('You lead.')
      expect(said.some((line) => line.startsWith('The end moves to Sun 22 Nov 2026 12:10:00'))).toBe(true)
      expect(said.slice(-2)).toEqual(['Sold: good 42, Leica M3, goes to noor for $10.50.', 'You won.'])
    }
  })

  it('is what a terminal that cannot redraw, or a screen reader, gets', async () => {
    house.scene.live = [unsold(3)]
    for (const env of [{ TERM: 'dumb' }, { ACCESSIBLE: '1' }, { INK_SCREEN_READER: 'true' }])
      expect((await watch([], { terminal: true, env })).out).toMatch(/^Good 42/)
    expect((await watch([], { env: { ACCESSIBLE: '1' } })).out).toMatch(/^\{/)
  })
})

describe('notifications --follow', () => {
  const listed = event(1, 'listed', { name: 'Leica\tM3', owner: { id: 1, nick: 'mila' }, startPrice: usd(1000) })

  it('tells what happens in the house, in every mode', async () => {
    house.scene.house = [listed, sold(2)]
    const modes = [
      [[], {}, `${at}\tlisted\t42\tLeica M3\tmila\t10.00\tUSD\n${at}\tsold\t42\tLeica M3\tnoor\t10.50\tUSD\n`],
      [['-q'], {}, '42\n42\n'],
      [
        [],
        { terminal: true },
        'mila lists good 42, Leica M3, from $10.00.\nSold: good 42, Leica M3, goes to noor for $10.50.\n',
      ],
    ] as const
    const heard = (words: readonly string[], setting: object) =>
      home.auction(['notifications', '--follow', ...words], { server: house.url, ...setting })
    for (const [words, setting, out] of modes) expect(await heard(words, setting)).toMatchObject({ code: 4, out })
    const first = (await heard(['--json'], {})).out.split('\n')[0] ?? ''
    expect(JSON.parse(first)).toMatchObject({ v: 1, type: 'listed', seq: 1, at, goodId: 42 })
  })
})
