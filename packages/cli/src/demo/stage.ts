/** Puts the play on in a real house: signs everybody up, lists the goods, lets the bots bid over HTTP, watches the feed. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import { follow } from '../follow.ts'
import { list, type Player, playerOf, signUp } from './people.ts'
import { type Act, bidders, guest, type Step, seller } from './script.ts'

export interface Stage {
  readonly players: ReadonlyMap<string, Player>
  readonly goods: readonly GoodView[]
  /** Resolves when every good has ended and every bot is done; rejects when the house fails. */
  readonly played: Promise<readonly Ending[]>
  close(): Promise<void>
}

/** How a good of the play ended. */
export interface Ending {
  readonly good: GoodView
  /** How long after its end the house closed it, ms. */
  readonly lateMs: number
}

/** Everything the stage tells as it happens. */
export interface Audience {
  /** The wall clock, epoch ms. */
  now(): number
  event(good: GoodView, event: FeedEvent): void
  refused(good: GoodView, nick: string, error: AuctionError): void
}

/** Opens the play at the house at `server`; `signal` ends it early. */
export async function openStage(
  server: string,
  acts: readonly Act[],
  audience: Audience,
  signal: AbortSignal,
): Promise<Stage> {
  const players = new Map<string, Player>()
  for (const nick of [seller, ...bidders, guest]) players.set(nick, await signUp(server, nick, randomUUID()))
  const mila = playerOf(players, seller)
  const goods: GoodView[] = []
  for (const act of acts) goods.push(await list(mila.client, act))
  const feeds: { close(): void }[] = []
  const performances = acts.map(async (act, index) => {
    const good = goods[index]
    if (!good) throw new Error('Every act has its good.')
    const ended = watch(mila, good, audience, feeds, signal)
    ended.catch(() => {}) // Awaited below, unless a bid fails first.
    await perform(act.steps, good, players, audience, signal)
    return ended
  })
  const played = Promise.all(performances)
  played.catch(() => {})
  return {
    players,
    goods,
    played,
    async close() {
      for (const feed of feeds) feed.close()
      await Promise.all([...players.values()].map(({ client }) => client.close()))
    },
  }
}

function watch(
  { client, user }: Player,
  good: GoodView,
  audience: Audience,
  feeds: { close(): void }[],
  signal: AbortSignal,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    const feed = follow({
      client,
      goodId: good.id,
      userId: user.id,
      since: 1,
      onMessage(message) {
        if (message.type !== 'event') return
        audience.event(message.good, message.event)
        if (message.event.type === 'sold' || message.event.type === 'unsold')
          resolve({ good: message.good, lateMs: Date.parse(message.event.at) - Date.parse(message.good.endsAt) })
      },
      onError: reject,
    })
    feeds.push(feed)
  })
}

async function perform(
  steps: readonly Step[],
  good: GoodView,
  players: ReadonlyMap<string, Player>,
  audience: Audience,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  for (const { by, when, bid } of steps) {
    const { client } = playerOf(players, by)
    if ('afterMs' in when) await sleep(Math.max(0, began + when.afterMs - performance.now()), undefined, { signal })
    else {
      const now = await client.call('good', { params: { id: good.id } })
      await sleep(Math.max(0, Date.parse(now.endsAt) - audience.now() - when.beforeEndMs), undefined, { signal })
    }
    try {
      await client.call('placeBid', { params: { id: good.id }, body: bid, key: randomUUID() })
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      audience.refused(good, by, error)
    }
  }
}
