/**
 * Random people, bids, retractions, cancellations, purchases, ends and restarts, in the real house and in a naive second one.
 * AUCTION_SIM_SEED=<seed> plays one sale again; `npm run test:deep` plays 10,000.
 */
import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { databases } from '../support/house.ts'
import { openTestHouse } from './real-house.ts'
import { playSale } from './sale.ts'

const one = process.env.AUCTION_SIM_SEED
const deep = process.env.MODE === 'deep'
// The same sales each time but in a deep run: what is green stays green.
const first = one !== undefined ? Number(one) : deep ? randomInt(2 ** 31) : 20_261_122
const wanted = { sqlite: deep ? 10_000 : 300, postgresql: deep ? 300 : 10 }
/** A house grows with its sales, and the audit with the house. */
const SALES_PER_HOUSE = 10

const verdicts = (action: string, codes: string) => codes.split(' ').map((code) => `${action} ${code}`)
/** What a few hundred sales must have come to: a model test that never gets there proves nothing. */
const reached = [
  ...['sold', 'unsold', 'bought', 'cancelled', 'lapsed', 'outage'],
  ...verdicts('place', 'done BID_TOO_LOW MAX_NOT_RAISED INSUFFICIENT_FUNDS CONFLICT NOT_OPEN OWN_GOOD FORBIDDEN'),
  ...verdicts('purchase', 'done CONFLICT'),
  ...verdicts('retract', 'done CONFLICT FORBIDDEN NOT_FOUND'),
  ...verdicts('cancel_bid', 'done NOT_FOUND'),
  ...verdicts('cancel_good', 'done'),
  ...verdicts('accept', 'done CONFLICT'),
  ...verdicts('edit', 'done CONFLICT'),
  ...verdicts('withdraw', 'done INSUFFICIENT_FUNDS'),
  ...verdicts('relist', 'done CONFLICT'),
  ...verdicts('offer', 'done CONFLICT'),
]

describe.each(databases)('the house on %s', (kind) => {
  const runs = one === undefined ? wanted[kind] : 1
  // On a machine that does much else besides, too.
  const timeout = 60_000 + runs * 4_000

  it(`keeps the rules in ${runs} random sales, as a second, naive house does`, { timeout }, async () => {
    const last = first + runs - 1
    console.log(`AUCTION_SIM_SEED=${first}${runs > 1 ? ` to ${last}` : ''} on ${kind}`)
    const tally = new Map<string, number>()
    for (let seed = first; seed <= last; ) {
      const house = await openTestHouse(kind)
      try {
        for (const end = Math.min(seed + SALES_PER_HOUSE - 1, last); seed <= end; seed++)
          for (const [what, times] of await playSale(seed, house.newSale()))
            tally.set(what, (tally.get(what) ?? 0) + times)
      } finally {
        await house.close()
      }
      if ((seed - first) % 1_000 === 0) console.log(`${seed - first} sales`)
    }
    if (runs >= 300) expect(reached.filter((what) => !tally.has(what) || tally.get(what) === 0)).toEqual([])
  })
})
