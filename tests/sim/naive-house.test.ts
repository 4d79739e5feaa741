/** The golden vectors of rules.md, section 2, for the naive house: what the model test holds the real one against must be right. */
import { describe, expect, it } from 'vitest'
import { openNaiveHouse } from './naive-house.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const DAY = 86_400_000
const people = { A: 11, B: 12, C: 13 }

/** Major units: `A 50` a maximum, `A =50` an exact bid, `A -` his first bid taken back. */
function play(sequence: string, reserve: number | null) {
  const house = openNaiveHouse({ retraction: 'allowed' })
  for (const user of Object.values(people)) house.deposit(user, 1_000_000)
  house.list(1, {
    owner: 1,
    name: 'Leica M3',
    startPrice: 1_000,
    reserve,
    buyNow: null,
    increment: 'house',
    softCloseMs: 120_000,
    listedAt: NOW,
    endsAt: NOW + DAY,
    premiumBp: 0,
    commissionBp: 0,
    offeredTo: null,
    relistOf: null,
  })
  const verdicts = sequence.split(', ').map((step, index) => {
    const [who = 'A', what = ''] = step.split(' ') as [keyof typeof people, string]
    const user = people[who]
    if (what === '-') {
      const first = house.secrets(1).bids.find((bid) => bid.user === user)
      return house.retract(1, first?.id ?? 0, user, NOW)
    }
    const exact = what.startsWith('=')
    const value = Math.round(Number(what.replace('=', '')) * 100)
    return house.place(
      1,
      {
        id: index + 1,
        user,
        amount: exact ? value : null,
        max: exact ? null : value,
        receivedAt: NOW,
        stale: false,
      },
      NOW,
    )
  })
  const { leader, price, minimumBid, reserve: flag } = house.see(1)
  const name = Object.entries(people).find(([, id]) => id === leader)?.[0]
  return { leads: `${name} ${price}`, minimumBid, flag, verdicts: verdicts.flat() }
}

describe('the naive house', () => {
  it.each([
    ['A 50', 'A 1000'],
    ['A 50, B 20', 'A 2050'],
    ['A 50, B 49.75', 'A 5000'],
    ['A 50, B 50', 'A 5000'],
    ['A 50, B 50.01', 'B 5001'],
    ['A 50, B 100', 'B 5100'],
    ['A 50, B 100, B 150', 'B 5100'],
    ['A 200, B 24.99', 'A 2549'],
    ['A 50, B 50.01, B 100', 'B 5001'],
    ['A 50, B 50.01, B 100, B -', 'B 5001'],
    ['A =50, B =52', 'B 5200'],
    ['A =50, B =52, C 100', 'C 5300'],
    ['A =50, B =52, C 100, B =60', 'C 6100'],
  ])('comes to what the rules say: %s, %s', (sequence, leads) => {
    expect(play(sequence, null)).toMatchObject({ leads, verdicts: [] })
  })
  it.each([
    ['A 30', 'A 1000', 'unmet'],
    ['A 30, B 60', 'B 4000', 'met'],
    ['A 45', 'A 4000', 'met'],
    ['A 30, A 45', 'A 4000', 'met'],
    ['A 39.50, B 45', 'B 4050', 'met'],
  ])('comes to what the rules say with a reserve of 40: %s, %s, %s', (sequence, leads, flag) => {
    expect(play(sequence, 4_000)).toMatchObject({ leads, flag, verdicts: [] })
  })
  it('refuses what lies below the next increment', () => {
    expect(play('A 50, B 10.25', null)).toMatchObject({ leads: 'A 1000', minimumBid: 1050, verdicts: ['BID_TOO_LOW'] })
    expect(play('A 200, B 24.99', null)).toMatchObject({ minimumBid: 2649 })
  })
})
