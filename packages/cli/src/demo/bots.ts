/** Keeps a demo house alive: bots bid gently, what has ended is listed again, and whoever runs out of money is given some. */
import { randomUUID } from 'node:crypto'
import { setInterval } from 'node:timers/promises'
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import type { Exhibit } from './goods.ts'
import { list, type Player, playerOf } from './people.ts'
import { bidders } from './script.ts'

/** A good of the demo as it is listed now. */
export interface OnShow {
  readonly exhibit: Exhibit
  id: number
}

/** One bid of one bot so often. */
const BEAT_MS = 5_000
const ALLOWANCE = 1_000_000

/** Goes on until `signal`; `house` brings money in. */
export async function keepAlive(
  shown: readonly OnShow[],
  players: ReadonlyMap<string, Player>,
  house: Client,
  signal: AbortSignal,
): Promise<void> {
  const lasting = shown.filter(({ exhibit }) => exhibit.lasting)
  try {
    let beat = 0
    for await (const _ of setInterval(BEAT_MS, undefined, { signal })) {
      try {
        const wanted = await look(lasting, players, signal)
        await bid(wanted, beat++, players, house, signal)
      } catch (error) {
        // A house that is busy for a moment, or a good that ended meanwhile: the next beat sees how things are then.
        if (!(error instanceof AuctionError)) throw error
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** The goods that are worth more than their least bid; those that have ended are listed again. */
async function look(
  lasting: readonly OnShow[],
  players: ReadonlyMap<string, Player>,
  signal: AbortSignal,
): Promise<readonly GoodView[]> {
  const wanted: GoodView[] = []
  for (const each of lasting) {
    const { exhibit } = each
    const { client } = playerOf(players, exhibit.by)
    const good = await client.call('good', { params: { id: each.id }, signal })
    if (good.status !== 'open') each.id = (await list(client, exhibit)).id
    else if (good.minimumBid.amount <= (exhibit.worth ?? 0)) wanted.push(good)
  }
  return wanted
}

/** The next good gets the least bid there is, of the next bot that does not lead it. */
async function bid(
  wanted: readonly GoodView[],
  beat: number,
  players: ReadonlyMap<string, Player>,
  house: Client,
  signal: AbortSignal,
): Promise<void> {
  const good = wanted[beat % wanted.length]
  if (!good) return
  const others = bidders.filter((nick) => nick !== good.leader?.nick)
  const { client, user } = playerOf(players, others[beat % others.length] ?? bidders[0])
  const body = { amount: good.minimumBid.amount }
  try {
    await client.call('placeBid', { params: { id: good.id }, body, key: randomUUID(), signal })
  } catch (error) {
    if (!(error instanceof AuctionError && error.code === 'INSUFFICIENT_FUNDS')) throw error
    await house.call('deposit', { params: { id: user.id }, body: { amount: ALLOWANCE }, key: randomUUID(), signal })
  }
}
