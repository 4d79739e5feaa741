import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crowd, expectBalancedBooks } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { eventsOf, keeperOf, retract, viewOf } from '../support/sale.ts'

type Vector = readonly [reserve: number | null, ...steps: (readonly [step: string, outcome: string])[]]

const start = [
  ['A 50', 'A 10.00'],
  ['B 100', 'B 51.00'],
] as const
const fourteen = [
  ['A 50', 'A 10.00'],
  ['B 50.01', 'B 50.01'],
  ['B 100', 'B 50.01'],
] as const
const sixteen = [
  ['A =50', 'A 50.00'],
  ['B =52', 'B 52.00'],
] as const

/** Who bids what (`=` an exact amount, else a maximum), and who then leads at what price, or why it was refused. */
const vectors: Readonly<Record<string, Vector>> = {
  '1: A 50': [null, ['A 50', 'A 10.00']],
  '2: A 50, B 10.25': [null, ['A 50', 'A 10.00'], ['B 10.25', 'refused, minimum 10.50']],
  '3: A 50, B 20': [null, ['A 50', 'A 10.00'], ['B 20', 'A 20.50']],
  '4: A 50, B 49.75': [null, ['A 50', 'A 10.00'], ['B 49.75', 'A 50.00']],
  '5: A 50, B 50': [null, ['A 50', 'A 10.00'], ['B 50', 'A 50.00']],
  '6: A 50, B 50.01': [null, ['A 50', 'A 10.00'], ['B 50.01', 'B 50.01']],
  '7: A 50, B 100': [null, ...start],
  '8: 7, B 150': [null, ...start, ['B 150', 'B 51.00']],
  '9: R=40: A 30, B 60': [40_00, ['A 30', 'A 10.00 unmet'], ['B 60', 'B 40.00 met']],
  '10: R=40: A 45': [40_00, ['A 45', 'A 40.00 met']],
  '11: R=40: A 30, A 45': [40_00, ['A 30', 'A 10.00 unmet'], ['A 45', 'A 40.00 met']],
  '12: R=40: A 39.50, B 45': [40_00, ['A 39.50', 'A 10.00 unmet'], ['B 45', 'B 40.50 met']],
  '13: A 200, B 24.99': [null, ['A 200', 'A 10.00'], ['B 24.99', 'A 25.49, minimum 26.49']],
  '14: A 50, B 50.01, B 100': [null, ...fourteen],
  '15: 14, B takes 50.01 back': [null, ...fourteen, ['B retracts 50.01', 'B 50.01']],
  "15: 14, the house cancels B's 50.01": [null, ...fourteen, ["house cancels B's 50.01", 'B 50.01']],
  '16: A =50, B =52': [null, ...sixteen],
  '17: 16, C 100, B =60': [null, ...sixteen, ['C 100', 'C 53.00'], ['B =60', 'C 61.00']],
}

describe.each(databases)('the golden vectors of rules.md, section 2, on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let keeper: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    keeper = await keeperOf(house)
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  const cents = (sum: string) => Math.round(Number(sum) * 100)
  const inWords = (amount: number) => (amount / 100).toFixed(2)

  it.each(Object.entries(vectors))('%s', async (_, [reserve, ...steps]) => {
    const people = await crowd(house, 3)
    const [A, B, C] = people as [Member, Member, Member]
    const named: Record<string, Member> = { A, B, C }
    // Ten minutes, within an hour of soft close: whatever moves price or leader moves the end as well.
    const good = await seller.sell({
      startPrice: 1000,
      endsInMs: 600_000,
      softCloseMs: 3_600_000,
      ...(reserve === null ? {} : { reserve }),
    })
    const bids: { of: string; amount: string; id: number }[] = []
    async function take(step: string): Promise<string> {
      const [who = '', ...rest] = step.split(' ')
      const sum = rest.at(-1) ?? ''
      const placed = bids.find(({ amount }) => amount === sum)
      const reason = { reason: 'a slip of the pen' }
      const answer =
        rest[0] === 'retracts'
          ? await retract(named[who] as Member, good, placed?.id ?? 0)
          : who === 'house'
            ? await keeper.send('DELETE', `/v1/admin/bids/${placed?.id}`, reason)
            : await (named[who] as Member).bid(
                good.id,
                sum.startsWith('=') ? { amount: cents(sum.slice(1)) } : { max: cents(sum) },
              )
      if (answer.body.bid) bids.push({ of: who, amount: sum, id: answer.body.bid.id })
      return answer.body.code === 'BID_TOO_LOW'
        ? `refused, minimum ${inWords(answer.body.minimumBid.amount)}`
        : String(answer.status)
    }

    let before: Json = await viewOf(house, good)
    for (const [step, outcome] of steps) {
      await clock.advance(1000)
      const said = await take(step)
      const after = await viewOf(house, good)
      const leader = Object.keys(named).find((name) => named[name]?.id === after.leader?.id)
      const state = `${leader} ${inWords(after.price.amount)}${reserve === null ? '' : ` ${after.reserve}`}`
      const more = outcome.includes(', minimum') ? `, minimum ${inWords(after.minimumBid.amount)}` : ''
      if (!said.startsWith('refused')) expect(said, step).toMatch(/^20[01]$/)
      expect(said.startsWith('refused') ? said : state + more, step).toBe(outcome)
      expect(after.reserve).toBe(reserve === null ? 'none' : after.price.amount >= reserve ? 'met' : 'unmet')
      // The view is what the log says, and a price or a leader that stays leaves the end alone.
      const news = (await eventsOf(house, good)).slice(before.seq)
      const moved = before.price?.amount !== after.price.amount || before.leader?.id !== after.leader.id
      expect(
        news.some(({ type }) => type === 'extended'),
        step,
      ).toBe(moved && /^[ABC] =?[0-9]/.test(step))
      expect(news.filter(({ type }) => type === 'reserve_met')).toHaveLength(
        before.reserve === 'unmet' && after.reserve === 'met' ? 1 : 0,
      )
      before = after
    }
  })

  it('are all there', () => {
    const numbers = Object.keys(vectors).map((name) => Number.parseInt(name, 10))
    expect([...new Set(numbers)]).toEqual(Array.from({ length: 17 }, (_, index) => index + 1))
  })
})
