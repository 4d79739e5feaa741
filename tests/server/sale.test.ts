import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Member, openHouse } from '../support/house.ts'

describe.each(databases)('a sale on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  let ann: Member
  let bob: Member
  beforeEach(async () => {
    house = await openHouse(kind, { clock })
    seller = await house.member('mila')
    ann = await house.member('ann')
    bob = await house.member('bob')
  })
  afterEach(() => house.close())

  it('runs from listing to settlement and pays the seller', async () => {
    const good = await seller.sell({ endsInMs: 60_000, softCloseMs: 0 })
    expect((await ann.bid(good.id, { max: 5000 })).body).toMatchObject({
      standing: 'leading',
      good: { price: { amount: 1000 } },
    })
    expect((await bob.bid(good.id, { amount: 2000 })).body).toMatchObject({
      standing: 'outbid',
      good: { price: { amount: 2050 } },
    })
    expect((await ann.get('/v1/me/wallet')).body).toMatchObject({
      held: { amount: 5000 },
      holds: [{ goodId: good.id, amount: { amount: 5000 } }],
    })
    await clock.advance(61_000)
    await expect
      .poll(async () => (await ann.get(`/v1/goods/${good.id}`)).body)
      .toMatchObject({ status: 'sold', winner: { nick: 'ann' }, you: { standing: 'won' } })
    expect((await ann.get('/v1/me/wallet')).body).toMatchObject({
      balance: { amount: 997_950 },
      held: { amount: 0 },
      holds: [],
    })
    expect((await seller.get('/v1/me/wallet')).body).toMatchObject({ balance: { amount: 1_002_050 } })
    expect((await house.query('select sum(balance) as total from accounts'))[0].total).toBe(0)
  })
})
