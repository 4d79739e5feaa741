/** Committed events to whoever follows: each good's in order, each once, read on from a cursor when something was missed. */
import type { FeedEvent } from '@auction/common/events'
import { houseEvents } from '@auction/common/frames'
import type { Clock } from './clock.ts'
import type { Committed } from './store/orders.ts'

/** New events of one good, contiguous. */
export interface Delivery {
  readonly goodId: number
  readonly epoch: string
  readonly events: readonly FeedEvent[]
}

export interface Feed {
  /** What the clerk committed, in the order of commits. */
  publish(committed: readonly Committed[]): void
  /** Tells `listener` of every event of a good after `since`, until the answered function is called. */
  follow(goodId: number, since: number, listener: (delivery: Delivery) => void): () => void
  /** Tells `listener` of every commit of this process. */
  onCommit(listener: (committed: readonly Committed[]) => void): () => void
  /** Tells `listener` of what the whole house hears, once each, by whichever server it was committed. */
  onHouse(listener: (events: readonly FeedEvent[]) => void): () => void
  /** Newest seq of each good followed, as far as delivered. */
  heads(): ReadonlyMap<number, number>
  /** Looks in the log for what other servers wrote; called once a second on a shared database. */
  catchUp(): Promise<void>
}

interface Follower {
  cursor: number
  readonly listener: (delivery: Delivery) => void
}

interface FeedOptions {
  readonly epoch: string
  /** Events of a good after a seq, oldest first, a page at most. */
  readonly read: (goodId: number, since: number) => Promise<readonly FeedEvent[]>
  /** What the whole house hears of what was committed since an instant (epoch ms), by any server. */
  readonly houseSince: (at: number) => Promise<readonly FeedEvent[]>
  readonly clock: Pick<Clock, 'now'>
  /** Newest seqs from the database. */
  readonly headsOf: (goodIds: readonly number[]) => Promise<ReadonlyMap<number, number>>
  readonly log: { error(facts: object, message: string): void }
}

/** How far back other servers' commits are looked for: longer than clocks differ and a commit takes. */
const LOOK_BACK_MS = 15_000

export function createFeed({ epoch, read, headsOf, houseSince, clock, log }: FeedOptions): Feed {
  const followers = new Map<number, Set<Follower>>()
  const listeners = new Set<(committed: readonly Committed[]) => void>()
  const heads = new Map<number, number>()
  const reading = new Set<number>()
  const houseListeners = new Set<(events: readonly FeedEvent[]) => void>()
  /** What the house was told of lately, by good and seq, with its instant. */
  const told = new Map<string, number>()
  const began = clock.now()

  /** What is committed stays so: a listener that fails harms nobody else. */
  function tell(listen: () => void): void {
    try {
      listen()
    } catch (err) {
      log.error({ err }, 'a follower of the log failed')
    }
  }

  /** Hands on what each follower lacks; answers false when one lacks more than these events hold. */
  function deliver(goodId: number, events: readonly FeedEvent[]): boolean {
    let whole = true
    const first = events[0]?.seq ?? 0
    for (const follower of followers.get(goodId) ?? []) {
      const lacking = events.filter(({ seq }) => seq > follower.cursor)
      const last = lacking.at(-1)
      if (!last) continue
      if (follower.cursor < first - 1) {
        whole = false
        continue
      }
      follower.cursor = last.seq
      tell(() => follower.listener({ goodId, epoch, events: lacking }))
    }
    return whole
  }

  /** Reads on from the furthest-back follower until everyone has the good's head. */
  async function repair(goodId: number): Promise<void> {
    if (reading.has(goodId)) return
    reading.add(goodId)
    try {
      for (;;) {
        const behind = [...(followers.get(goodId) ?? [])].map(({ cursor }) => cursor)
        const from = Math.min(...behind)
        if (behind.length === 0 || from >= (heads.get(goodId) ?? 0)) return
        const events = await read(goodId, from)
        if (events.length === 0) return
        deliver(goodId, events)
      }
    } catch (err) {
      log.error({ err, goodId }, 'feed could not read on')
    } finally {
      reading.delete(goodId)
    }
  }

  /** Tells the house of what it has not heard yet. */
  function tellHouse(events: readonly FeedEvent[]): void {
    const news = events.filter(({ goodId, seq, type }) => houseEvents.includes(type) && !told.has(`${goodId}/${seq}`))
    if (news.length === 0) return
    for (const { goodId, seq, at } of news) told.set(`${goodId}/${seq}`, Date.parse(at))
    const forgotten = clock.now() - 2 * LOOK_BACK_MS
    for (const [event, at] of told) {
      if (at >= forgotten) break
      told.delete(event)
    }
    for (const listener of houseListeners) tell(() => listener(news))
  }

  function raise(goodId: number, seq: number): void {
    if (followers.has(goodId) && seq > (heads.get(goodId) ?? 0)) heads.set(goodId, seq)
  }

  return {
    publish(committed) {
      for (const { good, events } of committed) {
        raise(good.id, good.seq)
        if (!deliver(good.id, events)) void repair(good.id)
      }
      for (const listener of listeners) tell(() => listener(committed))
      tellHouse(committed.flatMap(({ events }) => events))
    },
    follow(goodId, since, listener) {
      const follower: Follower = { cursor: since, listener }
      const all = followers.get(goodId) ?? new Set()
      followers.set(goodId, all.add(follower))
      void headsOf([goodId]).then(
        (found) => {
          raise(goodId, found.get(goodId) ?? 0)
          return repair(goodId)
        },
        (err: unknown) => log.error({ err, goodId }, 'feed could not read on'),
      )
      return () => {
        all.delete(follower)
        if (all.size > 0 || followers.get(goodId) !== all) return
        followers.delete(goodId)
        heads.delete(goodId)
      }
    },
    onCommit(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onHouse(listener) {
      houseListeners.add(listener)
      return () => void houseListeners.delete(listener)
    },
    heads: () => heads,
    async catchUp() {
      tellHouse(await houseSince(Math.max(began, clock.now() - LOOK_BACK_MS)))
      const found = await headsOf([...followers.keys()])
      for (const [goodId, seq] of found) {
        raise(goodId, seq)
        await repair(goodId)
      }
    },
  }
}
