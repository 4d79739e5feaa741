/** What the screen asks of the house, and how the answers come back as messages. */
import { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { Increment } from '@auction/common/good'
import type { Client } from '../client.ts'
import type { PictureFrames } from '../picture-cells.ts'
import type { ServerClock } from '../server-clock.ts'
import { MOST_EVENTS } from './bid-rows.ts'
import type { HouseEffect, Msg } from './model.ts'

/** Of what was said before one came. */
const CHAT_LINES = 100

interface Surroundings {
  readonly client: Client
  readonly goodId: number
  /** Of a private good's room. */
  readonly password: string | undefined
  readonly clock: Pick<ServerClock, 'sample'>
  fetchPicture(cells: { columns: number; rows: number; moving: boolean }): Promise<PictureFrames>
  /** Aborted when the screen is left: nothing is sent or told any more. */
  readonly leaving: AbortSignal
  dispatch(msg: Msg): void
}

/** Runs one effect; its failure is a message too. Never rejects. */
export async function askHouse(effect: HouseEffect, surroundings: Surroundings): Promise<void> {
  const { client, goodId, password: roomPassword, leaving: signal, dispatch } = surroundings
  const params = { id: goodId }
  try {
    switch (effect.type) {
      case 'placeBid':
        return await placeBid(effect, surroundings)
      case 'fetchEvents': {
        const query = { since: Math.max(0, effect.upTo - MOST_EVENTS) }
        const { items, epoch } = await client.call('events', { params, query, signal })
        return dispatch({ type: 'events', epoch, events: items })
      }
      case 'fetchGood':
        return dispatch({ type: 'good', good: await client.call('good', { params, signal }) })
      case 'fetchTerms': {
        const first = await client.call('events', { params, query: { since: 0, limit: 1 }, signal })
        const terms = termsOf(first.items[0])
        if (terms) dispatch({ type: 'terms', terms })
        return
      }
      case 'fetchChat': {
        const { items } = await client.call('chat', { params, query: { limit: CHAT_LINES }, roomPassword, signal })
        return dispatch({ type: 'chat', lines: items })
      }
      case 'fetchPicture': {
        const { asked } = effect
        // A picture is worth no notice: words stand in its place.
        const picture = await surroundings.fetchPicture(effect).catch(() => null)
        if (picture === null) return dispatch({ type: 'picture', asked, grid: null })
        const { width, height, frames } = picture
        return dispatch({ type: 'picture', asked, grid: { width, height, rows: frames[0].rows }, frames })
      }
      case 'awaitFrame':
        await pause(effect.afterMs, signal)
        return dispatch({ type: 'frame', turn: effect.turn })
      case 'say':
        return await say(effect, surroundings)
      default:
        return effect satisfies never
    }
  } catch (error) {
    if (!signal.aborted) dispatch({ type: 'fetch_failed', error: asAuctionError(error) })
  }
}

async function placeBid(effect: Extract<HouseEffect, { type: 'placeBid' }>, surroundings: Surroundings): Promise<void> {
  const { client, goodId, clock, leaving, dispatch } = surroundings
  const { key, kind, amount, afterMs } = effect
  try {
    if (afterMs > 0) await pause(afterMs, leaving)
    const sentAt = performance.now()
    const body = kind === 'max' ? { max: amount } : { amount }
    const answer = await client.call('placeBid', { params: { id: goodId }, body, key, signal: leaving })
    if (!answer.replayed) clock.sample(Date.parse(answer.bid.at), sentAt, performance.now())
    dispatch({ type: 'bid_answered', key, answer })
  } catch (error) {
    if (!leaving.aborted) dispatch({ type: 'bid_refused', key, error: asAuctionError(error) })
  }
}

async function say({ key, text }: Extract<HouseEffect, { type: 'say' }>, surroundings: Surroundings): Promise<void> {
  const { client, goodId, password: roomPassword, leaving, dispatch } = surroundings
  try {
    const request = { params: { id: goodId }, body: { text }, key, roomPassword, signal: leaving }
    dispatch({ type: 'said', key, line: await client.call('say', request) })
  } catch (error) {
    if (!leaving.aborted) dispatch({ type: 'unsaid', key, error: asAuctionError(error) })
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop)
  })
}

/** When the good was listed and how its increments go; null when the log does not begin with its listing. */
function termsOf(listed: FeedEvent | undefined): { listedAt: number; increment: Increment | null } | null {
  if (listed?.type !== 'listed') return null
  return { listedAt: Date.parse(listed.at), increment: incrementOf(listed.data.increment) }
}

function incrementOf(raw: unknown): Increment | null {
  if (raw === null || typeof raw !== 'object') return null
  if ('fixed' in raw && typeof raw.fixed === 'number') return { fixed: raw.fixed }
  if ('percentBp' in raw && typeof raw.percentBp === 'number') return { percentBp: raw.percentBp }
  if (!('bands' in raw) || !Array.isArray(raw.bands)) return null
  const bands: (readonly [number, number])[] = []
  for (const [from, step] of raw.bands) {
    if (typeof from !== 'number' || typeof step !== 'number') return null
    bands.push([from, step])
  }
  return { bands }
}

function asAuctionError(error: unknown): AuctionError {
  return error instanceof AuctionError ? error : new AuctionError('FAILED', undefined, { cause: error })
}
