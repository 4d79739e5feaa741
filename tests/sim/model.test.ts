/**
 * Random people, bids, retractions, cancellations, purchases, ends and restarts, in the real house and in a naive second one.
 * AUCTION_SIM_SEED=<seed> plays one sale again; `npm run test:deep` plays 10,000.
 */
import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { openTestHouse } from './real-house.ts'
import { playSale } from './sale.ts'

const one = process.env.AUCTION_SIM_SEED
const first = one === undefined ? randomInt(2 ** 31) : Number(one)
const runs = one !== undefined ? 1 : process.env.MODE === 'deep' ? 10_000 : 300
/** A house grows with its sales: another now and then. */
const SALES_PER_HOUSE = 50

it(`keeps the rules in ${runs} random sales`, { timeout: 60_000 + runs * 1_000 }, async () => {
  console.log(`AUCTION_SIM_SEED=${first}${runs > 1 ? ` to ${first + runs - 1}` : ''}`)
  const tally = new Map<string, number>()
  for (let seed = first; seed < first + runs; ) {
    const house = await openTestHouse()
    try {
      for (let sales = 0; sales < SALES_PER_HOUSE && seed < first + runs; sales++, seed++)
        for (const [what, times] of await playSale(seed, house.newSale()))
          tally.set(what, (tally.get(what) ?? 0) + times)
    } finally {
      await house.close()
    }
  }
  if (runs >= 300) expect([...needed].filter((what) => !tally.has(what))).toEqual([])
})

/** What a few hundred sales must have come to: a model test that never gets there proves nothing. */
const needed = new Set([
  ...['sold', 'unsold', 'bought', 'cancelled', 'lapsed', 'outage'],
  ...['done', 'BID_TOO_LOW', 'MAX_NOT_RAISED', 'INSUFFICIENT_FUNDS', 'CONFLICT', 'NOT_OPEN', 'OWN_GOOD'].map(
    (verdict) => `place ${verdict}`,
  ),
  ...['done', 'CONFLICT', 'OWN_GOOD'].map((verdict) => `purchase ${verdict}`),
  ...['done', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND'].map((verdict) => `retract ${verdict}`),
  ...['done', 'NOT_FOUND'].map((verdict) => `cancel_bid ${verdict}`),
  ...['cancel_good done', 'accept done', 'accept CONFLICT', 'edit done', 'edit CONFLICT'],
  ...['withdraw done', 'withdraw INSUFFICIENT_FUNDS', 'deposit done'],
])
