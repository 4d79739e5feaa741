/** The feed of a good against a house that cuts, loses, doubles, reorders and babbles: every event once, in order, or said. */
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../packages/cli/src/client.ts'
import type { Pace } from '../../packages/cli/src/connection.ts'
import { type FeedMessage, follow, followHouse } from '../../packages/cli/src/follow.ts'
import { bidEvent, openFeedHouse, PING_MS, startedAt, usd, viewAt } from './stub-feed.ts'

/** Silence means nothing, however slow the machine; a house that is away is asked again soon. */
const pace: Pace = { staleMs: 60_000, deadMs: 120_000, graceMs: 30, retryMs: 40, longestRetryMs: 100 }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type House = Awaited<ReturnType<typeof openFeedHouse>>

async function houseFor(options: Parameters<typeof openFeedHouse>[0] = {}): Promise<House> {
  const house = await openFeedHouse(options)
  closing.push(() => house.close())
  return house
}

/** A follower of the house that keeps all it is told. */
function watch(
  house: House,
  options: { since?: number; userId?: number; token?: string; password?: string; pace?: Partial<Pace> } = {},
) {
  const messages: FeedMessage[] = []
  const errors: AuctionError[] = []
  const client = createClient({ server: `http://127.0.0.1:${house.port}`, token: options.token ?? null })
  const feed = follow(
    {
      client,
      goodId: 7,
      userId: options.userId ?? null,
      password: options.password,
      ...(options.since !== undefined && { since: options.since }),
      onMessage: (message) => messages.push(message),
      onError: (error) => errors.push(error),
    },
    { ...pace, ...options.pace },
  )
  closing.push(feed.close, () => client.close())
  const of = <T extends FeedMessage['type']>(type: T) =>
    messages.filter((message): message is Extract<FeedMessage, { type: T }> => message.type === type)
  return {
    messages,
    errors,
    of,
    close: feed.close,
    seqs: () => of('event').map(({ event }) => event.seq),
    states: () => of('connection').map(({ state }) => state),
    live: () => until(() => expect(of('connection').at(-1)?.state).toBe('live')),
  }
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('follow refuses', () => {
  it('ends with NOT_FOUND when there is no such good', async () => {
    const house = await houseFor()
    house.onJoin = () => ({ ok: false, error: { code: 'NOT_FOUND', detail: 'There is no \u001b[31mgood 7.' } })
    const { errors, messages } = watch(house)
    await until(() =>
      expect(errors.map(({ code, message }) => [code, message])).toEqual([['NOT_FOUND', 'There is no good 7.']]),
    )
    expect(messages).toEqual([])
    await until(() => expect(house.sockets()).toBe(0))
  })

  it('ends with UNAUTHENTICATED when the house does not let it in', async () => {
    const house = await houseFor()
    house.admit = () =>
      Object.assign(new Error('no'), { data: { code: 'UNAUTHENTICATED', detail: 'Session expired.' } })
    const { errors } = watch(house, { token: 'auc_old' })
    await until(() => expect(errors.map(({ code }) => code)).toEqual(['UNAUTHENTICATED']))
  })

  it('tries again when the house is busy', async () => {
    const house = await houseFor()
    house.onJoin = (_socket, usual) =>
      house.joins.length < 3 ? { ok: false, error: { code: 'BUSY', detail: 'Later.' } } : usual()
    const { live, errors, of, states } = watch(house)
    await live()
    expect([house.joins.length, errors, of('snapshot').length]).toEqual([3, [], 1])
    expect(states()).toEqual(['live'])
  })

  it('ends with FAILED when the answer to a join is nonsense', async () => {
    const house = await houseFor()
    house.onJoin = () => ({ ok: true, good: 'yes' })
    const { errors } = watch(house)
    await until(() => expect(errors.map(({ code }) => code)).toEqual(['FAILED']))
  })

  it('tells nothing once it is closed', async () => {
    const house = await houseFor()
    const watcher = watch(house)
    await watcher.live()
    watcher.close()
    const told = watcher.messages.length
    house.tell(house.commit(1))
    await until(() => expect(house.sockets()).toBe(0))
    expect(watcher.messages.length).toBe(told)
  })
})

describe('follow', () => {
  it('tells the snapshot, then live events with the view after each', async () => {
    const house = await houseFor()
    const { messages, of, seqs, live } = watch(house)
    await live()
    expect(messages.map(({ type }) => type)).toEqual(['snapshot', 'connection'])
    expect(of('snapshot')[0]?.good).toEqual(viewAt(3, 'first'))
    house.tell(house.commit(2))
    await until(() => expect(seqs()).toEqual([4, 5]))
    expect(of('event').map(({ good }) => [good.seq, good.price?.amount, good.bidCount])).toEqual([
      [4, 400, 4],
      [5, 500, 5],
    ])
    expect(of('gap')).toEqual([])
  })

  it('tells every event after since, paging where the room answers few', async () => {
    const house = await houseFor({ length: 1_203 })
    house.onJoin = (_socket, usual) => ({ ...usual(), events: house.log.slice(10, 60) })
    const { of, seqs } = watch(house, { since: 10 })
    await until(() => expect(seqs().length).toBe(1_193))
    expect(seqs()).toEqual(range(11, 1_203))
    expect([of('gap'), of('snapshot').length]).toEqual([[], 1])
    expect(of('event')[0]?.good.seq).toBe(1_203)
    house.tell(house.commit(1))
    await until(() => expect(of('event').at(-1)?.good.price?.amount).toBe(120_400))
  })

  it('keeps frames that come before the room answers', async () => {
    const house = await houseFor()
    house.onJoin = (_socket, usual) => {
      const answer = usual()
      house.tell(house.commit(2))
      return answer
    }
    const { seqs, of } = watch(house)
    await until(() => expect(seqs()).toEqual([4, 5]))
    expect([of('gap'), house.fetches]).toEqual([[], []])
  })

  it('drops what it has, however often and in whatever order it comes', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    const [four, five, six] = house.commit(3) as [FeedEvent, FeedEvent, FeedEvent]
    house.tell([four, four])
    house.tell([four, five])
    house.tell([bidEvent(1), six, five])
    house.tell([six])
    await until(() => expect(seqs()).toEqual([4, 5, 6]))
    expect(of('gap')).toEqual([])
  })

  it('fetches what is missing before an event that came too early, and says so', async () => {
    const house = await houseFor()
    const { messages, seqs, live, of } = watch(house)
    await live()
    house.tell(house.commit(6).slice(5))
    await until(() => expect(of('gap')).toEqual([{ type: 'gap', from: 4, to: 8, repaired: 5 }]))
    await until(() => expect(seqs()).toEqual(range(4, 9)))
    expect(messages.findIndex(({ type }) => type === 'gap')).toBe(messages.length - 2)
  })

  it('notices a lost last message by the heads', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    house.commit(2)
    house.heads()
    await until(() => expect(seqs()).toEqual([4, 5]))
    await until(() => expect(of('gap')).toEqual([{ type: 'gap', from: 4, to: 5, repaired: 2 }]))
    expect(house.joins.length).toBe(1)
  })

  it('takes heads that are a moment ahead of their events for no gap', async () => {
    const house = await houseFor()
    const graceMs = 2_500
    const { seqs, live, of } = watch(house, { pace: { graceMs } })
    await live()
    const events = house.commit(2)
    house.heads()
    await new Promise((resolve) => setTimeout(resolve, 100))
    house.tell(events)
    await until(() => expect(seqs()).toEqual([4, 5]))
    await new Promise((resolve) => setTimeout(resolve, graceMs + 100))
    expect([of('gap'), house.fetches]).toEqual([[], []])
  })

  it('goes on fetching while the house cannot answer', async () => {
    const house = await houseFor()
    const { seqs, live, errors } = watch(house)
    await live()
    house.onFetch = () => (house.fetches.length < 3 ? { status: 500, body: { code: 'INTERNAL', detail: 'Oh.' } } : null)
    house.tell(house.commit(3).slice(2))
    await until(() => expect(seqs()).toEqual([4, 5, 6]))
    expect(errors).toEqual([])
  })

  it('says what is lost when the house no longer has it', async () => {
    const house = await houseFor()
    const { messages, seqs, live, of } = watch(house)
    await live()
    house.onFetch = () => ({ status: 200, body: { items: [], next: null, epoch: house.epoch } })
    house.tell(house.commit(3).slice(2))
    await until(() => expect(of('gap')).toEqual([{ type: 'gap', from: 4, to: 6, repaired: 0 }]))
    expect([seqs(), of('snapshot').at(-1)?.good.seq]).toEqual([[], 6])
    expect(messages.at(-1)?.type).toBe('gap')
  })

  it('starts over from a snapshot when the log is answered with nonsense', async () => {
    const house = await houseFor()
    const { live, of, errors } = watch(house)
    await live()
    house.onFetch = () => ({ status: 200, body: { items: 'all' } })
    house.tell(house.commit(3).slice(2))
    await until(() => expect(of('gap')).toEqual([{ type: 'gap', from: 4, to: 6, repaired: 0 }]))
    expect([of('snapshot').at(-1)?.good.seq, errors]).toEqual([6, []])
  })

  it('survives garbage of every kind and misses nothing', async () => {
    const house = await houseFor()
    const { seqs, live, errors } = watch(house)
    await live()
    for (const name of ['events', 'heads', 'presence', 'bye', 'unheard of'])
      for (const junk of [
        null,
        0,
        'x',
        [],
        {},
        { goodId: 7 },
        { goodId: 7, epoch: 1, events: {} },
        { seqs: { 7: 'many' } },
      ])
        house.emit(name, junk)
    house.emit('events')
    house.tell([{ seq: 4, type: 'explosion', at: 'never', data: {} }])
    house.tell(house.commit(2))
    await until(() => expect(seqs()).toEqual([4, 5]))
    expect(errors).toEqual([])
  })

  it('starts over from a snapshot after a known event without its facts', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    house.log.push({ ...bidEvent(4), data: { price: 'much' } })
    house.tell(house.log.slice(3))
    await until(() => expect(of('snapshot').map(({ good }) => good.seq)).toEqual([3, 4]))
    expect(of('gap')).toEqual([{ type: 'gap', from: 4, to: 4, repaired: 0 }])
    house.tell(house.commit(1))
    await until(() => expect(seqs()).toEqual([5]))
  })

  it('takes what it cleans for text: no control, no escape, line breaks only in descriptions', async () => {
    const house = await houseFor()
    const hostile = '\u001b]0;owned\u0007a\u202eb\nc'
    house.view = () => ({ ...viewAt(3, 'first'), name: hostile, description: hostile })
    const { of, live } = watch(house)
    await live()
    expect([of('snapshot')[0]?.good.name, of('snapshot')[0]?.good.description]).toEqual(['ab c', 'ab\nc'])
    const event = bidEvent(4)
    house.tell([{ ...event, data: { ...event.data, bidder: { id: 9, nick: hostile }, message: hostile } }])
    await until(() => expect(of('event')[0]?.event.data).toMatchObject({ message: 'ab c', bidder: { nick: 'ab c' } }))
  })

  it('keeps whose turn it is for the person watching', async () => {
    const house = await houseFor()
    house.view = () => ({ ...viewAt(3, 'first'), you: { standing: 'leading', max: usd(300), hold: usd(300) } })
    const { of, live } = watch(house, { userId: 3, token: 'auc_mine' })
    await live()
    house.tell(house.commit(1))
    await until(() => expect(of('event')[0]?.good.you).toEqual({ standing: 'outbid', max: usd(300), hold: null }))
  })

  it('tells watchers when their number changes', async () => {
    const house = await houseFor()
    const { of, live } = watch(house)
    await live()
    for (const watchers of [1, 4, 4]) house.emit('presence', { goodId: 7, watchers })
    await until(() => expect(of('watchers')).toEqual([{ type: 'watchers', watchers: 4 }]))
  })
})

describe('a broken connection', () => {
  it('resumes after the last event, loading what was missed', async () => {
    const house = await houseFor()
    const { seqs, live, of, states } = watch(house)
    await live()
    house.cut()
    house.commit(4)
    await until(() => expect(seqs()).toEqual([4, 5, 6, 7]))
    await live()
    expect(house.joins.at(-1)).toEqual({ goodId: 7, since: 3, epoch: 'first' })
    expect([of('gap'), of('snapshot').length]).toEqual([[{ type: 'gap', from: 4, to: 7, repaired: 4 }], 1])
    expect(states()).toContain('reconnecting')
  })

  it('comes out whole from many cuts at any moment', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    for (let round = 0; round < 40; round++) {
      const events = house.commit(3)
      if (round % 3 === 0) house.tell(events)
      if (round % 4 !== 3) house.cut()
      if (round % 3 === 1) house.tell(events.slice(1))
      await new Promise((resolve) => setTimeout(resolve, (round * 13) % 90))
    }
    await until(() => {
      house.heads()
      expect(seqs().at(-1)).toBe(123)
    })
    expect(seqs()).toEqual(range(4, 123))
    expect(of('snapshot').length).toBe(1)
  })

  it('tells attempts and the next try while the house is away, and resumes with the one that comes back', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    house.leave()
    await until(() => expect(of('connection').at(-1)?.attempt).toBeGreaterThanOrEqual(3))
    expect(of('connection').some(({ state, retryAt }) => state === 'reconnecting' && retryAt !== null)).toBe(true)
    house.commit(2)
    house.comeBack()
    await until(() => expect(seqs()).toEqual([4, 5]))
    await live()
    expect(of('connection').at(-1)).toMatchObject({ attempt: 0, retryAt: null })
  })

  it('waits for a house that is not there yet', async () => {
    const house = await houseFor()
    house.leave()
    const { states, live, of } = watch(house)
    await until(() => expect(states()).toContain('reconnecting'))
    house.comeBack()
    await live()
    expect(of('snapshot').length).toBe(1)
  })

  it('comes back after the house hung up, and says when it drains', async () => {
    const house = await houseFor()
    const { states, live, seqs } = watch(house)
    await live()
    house.emit('bye', { retryInMs: 60 })
    await until(() => expect(states()).toContain('draining'))
    house.hangUp()
    house.commit(1)
    await until(() => expect(seqs()).toEqual([4]))
    await live()
    expect(states().slice(-3)).toEqual(['draining', 'reconnecting', 'live'])
  })

  it('says stale after silence, and live after news', async () => {
    const house = await houseFor()
    const { states } = watch(house, { pace: { staleMs: 600 } })
    await until(() => expect(states()).toContain('stale'))
    house.heads()
    await until(() => expect(states().slice(0, 3)).toEqual(['live', 'stale', 'live']))
    expect(house.joins.length).toBe(1)
  })

  it('makes the connection anew when silence lasts', async () => {
    const house = await houseFor()
    const { states } = watch(house, { pace: { staleMs: 200, deadMs: 600 } })
    await until(() => expect(house.joins.length).toBeGreaterThan(1))
    expect(states().slice(0, 3)).toEqual(['live', 'stale', 'reconnecting'])
  })

  it.each([4, 12])(
    'takes the snapshot of another epoch with %i events, and says that the log is another',
    async (length) => {
      const house = await houseFor({ length: 9 })
      const { seqs, live, of } = watch(house)
      await live()
      house.epoch = 'second'
      house.log.length = 0
      house.commit(length)
      house.cut()
      const snapshots = () => of('snapshot').map(({ good }) => [good.epoch, good.seq])
      await until(() =>
        expect(snapshots()).toEqual([
          ['first', 9],
          ['second', length],
        ]),
      )
      expect(of('gap')).toEqual([{ type: 'gap', from: 1, to: length, repaired: 0 }])
      house.tell(house.commit(1))
      await until(() => expect(seqs()).toEqual([length + 1]))
    },
  )

  it('mixes no events of another epoch into this one', async () => {
    const house = await houseFor()
    const { seqs, live, of } = watch(house)
    await live()
    const foreign = bidEvent(4)
    house.tell([{ ...foreign, data: { ...foreign.data, message: 'from elsewhere' } }], 'second')
    await until(() => expect(house.joins.length).toBe(2))
    await live()
    house.tell(house.commit(1))
    await until(() => expect(seqs()).toEqual([4]))
    expect(of('event')[0]?.event).toEqual(bidEvent(4))
  })
})

describe('a room', () => {
  const line = (id: number, rest = {}) => ({
    ...{ id, goodId: 7, author: { id: 3, nick: 'zo\u202eë' }, at: new Date(startedAt).toISOString() },
    ...{ text: `line\u001b[2J ${id}`, picture: null, removedBy: null, ...rest },
  })

  it('is entered with its password, after every cut again; a wrong one ends it', async () => {
    const house = await houseFor()
    const { live } = watch(house, { password: 'sesame' })
    await live()
    house.cut()
    await until(() => expect(house.joins.map(({ password }) => password)).toEqual(['sesame', 'sesame']))
    house.onJoin = () => ({ ok: false, error: { code: 'WRONG_PASSWORD', detail: 'No.' } })
    const { errors } = watch(house)
    await until(() => expect(errors.map(({ code }) => code)).toEqual(['WRONG_PASSWORD']))
    expect(house.joins.at(-1)).toEqual({ goodId: 7 })
  })

  it('is told of as it is heard: who comes and goes, what is said, what is removed; cleaned', async () => {
    const house = await houseFor()
    const { live, messages, of } = watch(house)
    await live()
    house.emit('presence', { goodId: 7, watchers: 1, joined: { id: 3, nick: 'zo\u202eë' } })
    house.emit('presence', { goodId: 7, watchers: 1, left: { id: 3, nick: 'zoë' } })
    house.emit('presence', { goodId: 8, watchers: 9, left: { id: 3, nick: 'zoë' } })
    house.emit('chat', line(4))
    house.emit('chat', line(5, { goodId: 8 }))
    house.emit('chat', { ...line(6), author: 'nobody' })
    house.emit('chat', line(4, { text: null, removedBy: { id: 1, nick: 'mila' } }))
    await until(() => expect(of('chat').length).toBe(2))
    const zoe = { id: 3, nick: 'zoë' }
    expect(of('watchers')).toEqual([
      { type: 'watchers', watchers: 1, joined: zoe },
      { type: 'watchers', watchers: 1, left: zoe },
    ])
    expect(of('chat').map((told) => told.line)).toEqual([
      { ...line(4), author: zoe, text: 'line 4' },
      { ...line(4), author: zoe, text: null, removedBy: { id: 1, nick: 'mila' } },
    ])
    expect(messages[0]?.type).toBe('snapshot')
  })

  it('tells after a cut what was said meanwhile, once, and nothing of before it was entered', async () => {
    const house = await houseFor()
    const said = [line(1), line(2)]
    house.onJoin = (_socket, usual) => ({ ...usual(), chat: [...said] })
    const { live, of } = watch(house)
    await live()
    house.emit('chat', line(3))
    await until(() => expect(of('chat').length).toBe(1))
    said.push(line(3), line(4))
    house.cut()
    await until(() => expect(of('chat').map((told) => told.line.id)).toEqual([3, 4]))
  })
})

describe('followHouse', () => {
  it('tells what the house tells everyone, and lives through a cut', async () => {
    const house = await houseFor()
    const [events, states]: [FeedEvent[], string[]] = [[], []]
    // Many pings long, so that one which comes late does not tell.
    const silence = { staleMs: 14 * PING_MS, deadMs: 16 * PING_MS }
    const client = createClient({ server: `http://127.0.0.1:${house.port}`, token: null })
    const feed = followHouse(
      {
        client,
        onEvent: (event) => events.push(event),
        onConnection: ({ state }) => states.push(state),
        onError: (error) => expect.fail(error.message),
      },
      { ...pace, ...silence },
    )
    closing.push(feed.close, () => client.close())
    await until(() => expect(states).toEqual(['live']))
    house.emit('house', { events: 'all' })
    house.emit('house', { events: [bidEvent(1)] })
    await until(() => expect(events).toEqual([bidEvent(1)]))
    house.cut()
    await until(() => expect(states.slice(1)).toContain('live'))
    house.emit('house', { events: [bidEvent(2)] })
    await until(() => expect(events.length).toBe(2))
    // Nothing happens for longer than a good's feed may be silent: the pings tell that the house is there.
    const told = states.length
    await new Promise((resolve) => setTimeout(resolve, silence.deadMs + PING_MS))
    expect(states.slice(told)).toEqual([])
  })
})
