import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../packages/server/src/store/database.ts'
import { openLedgerBook } from '../../packages/server/src/store/ledger-book.ts'
import { bidAmongMany, crowd, expectBalancedBooks } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

describe.each(databases)('settlement on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: { AUCTION_PREMIUM_BP: '1000', AUCTION_COMMISSION_BP: '500' } })
    seller = await house.member('mila')
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  const pair = async () => (await crowd(house, 2)) as [Member, Member]
  const view = async (good: Json) => (await house.anyone.get(`/v1/goods/${good.id}`)).body
  const types = async (good: Json) =>
    (await house.anyone.get(`/v1/goods/${good.id}/events`)).body.items.map(({ type }: Json) => type)
  const wallet = async (person: Member) => {
    const { balance, available, held, holds } = (await person.get('/v1/me/wallet')).body
    return { balance: balance.amount, available: available.amount, held: held.amount, holds: holds.length }
  }
  const untilEnded = (good: Json) => expect.poll(async () => (await view(good)).status).not.toBe('open')
  const short = { endsInMs: 10_000, softCloseMs: 0 }

  it('of a good without bids is none: unsold', async () => {
    const good = await seller.sell(short)
    const before = await wallet(seller)
    await clock.advance(10_000)
    await untilEnded(good)
    expect(await view(good)).toMatchObject({ status: 'unsold', price: null, winner: null, seq: 2 })
    expect((await house.anyone.get(`/v1/goods/${good.id}/events?since=1`)).body.items).toMatchObject([
      { type: 'unsold', data: { reason: 'no_bids' } },
    ])
    expect(await wallet(seller)).toEqual(before)
  })

  it('under the reserve is none: unsold, and the hold comes back', async () => {
    const [ann] = await pair()
    const good = await seller.sell({ ...short, reserve: 5000 })
    expect((await ann.bid(good.id, { max: 4999 })).body.good.reserve).toBe('unmet')
    expect(await wallet(ann)).toMatchObject({ held: 5498, holds: 1 })
    await clock.advance(10_000)
    await untilEnded(good)
    expect(await view(good)).toMatchObject({ status: 'unsold', reserve: 'unmet', winner: null })
    expect(await types(good)).toEqual(['listed', 'bid', 'unsold'])
    expect(await wallet(ann)).toEqual({ balance: 1_000_000, available: 1_000_000, held: 0, holds: 0 })
  })

  it('charges the price and the premium, releases the rest, pays the seller less the commission', async () => {
    const [ann, bob] = await pair()
    const before = await wallet(seller)
    const [{ balance: houseBefore }] = await house.query("select balance from accounts where id = 'house'")
    const good = await seller.sell({ ...short, reserve: 3000 })
    await ann.bid(good.id, { max: 9999 })
    await bob.bid(good.id, { amount: 4000 })
    expect(await wallet(bob)).toMatchObject({ held: 0 })
    await clock.advance(10_000)
    await untilEnded(good)
    // 41.00 hammer price; 10 % premium; 5 % commission.
    expect(await view(good)).toMatchObject({
      status: 'sold',
      price: { amount: 4100 },
      winner: { id: ann.id },
      reserve: 'met',
    })
    expect(await types(good)).toEqual(['listed', 'bid', 'reserve_met', 'bid', 'sold'])
    expect(await wallet(ann)).toEqual({ balance: 995_490, available: 995_490, held: 0, holds: 0 })
    expect(await wallet(seller)).toMatchObject({ available: before.available + 4100 - 205 })
    expect(await house.query("select balance from accounts where id = 'house'")).toEqual([
      { balance: houseBefore + 410 + 205 },
    ])
    const entries = (await ann.get('/v1/me/ledger')).body.entries.filter(({ goodId }: Json) => goodId === good.id)
    expect(entries.map(({ kind: what, amount }: Json) => [what, amount.amount])).toEqual([
      ['release', 10_998 - 4510],
      ['premium', 410],
      ['sale', 4100],
      ['hold', 10_998],
    ])
    expect((await ann.get('/v1/me/won')).body.items).toMatchObject([{ id: good.id, you: { standing: 'won' } }])
    expect((await bob.get(`/v1/goods/${good.id}`)).body.you).toMatchObject({ standing: 'lost', hold: null })
  })

  it('waits for the last of the late bids, once, and never beyond the hard end', async () => {
    const [ann, bob] = await pair()
    const good = await seller.sell({ endsInMs: 10_000, softCloseMs: 4_000 })
    await clock.advance(9_000)
    await ann.bid(good.id, { amount: 1000 })
    await clock.advance(3_999)
    expect((await bob.bid(good.id, { amount: 2000 })).body.good.endsAt).toBe(
      new Date(clock.now() + 4_000).toISOString(),
    )
    // Raising one's own maximum moves neither price nor end.
    await clock.advance(3_000)
    expect((await bob.bid(good.id, { max: 3000 })).body.good.endsAt).toBe(new Date(clock.now() + 1_000).toISOString())
    await clock.advance(999)
    expect((await view(good)).status).toBe('open')
    await clock.advance(1)
    await untilEnded(good)
    expect(await types(good)).toEqual(['listed', 'bid', 'extended', 'bid', 'extended', 'bid', 'sold'])
    const limited = await seller.sell({ endsInMs: 10_000, softCloseMs: 3_600_000 })
    await clock.advance(5_000)
    await ann.bid(limited.id, { amount: 1000 })
    const { endsAt, hardEndsAt } = (await bob.bid(limited.id, { amount: 2000 })).body.good
    expect(Date.parse(endsAt)).toBe(Math.min(clock.now() + 3_600_000, Date.parse(hardEndsAt)))
    expect(Date.parse(hardEndsAt) - Date.parse(limited.endsAt)).toBe(3_600_000)
  })

  it('of all that ended while the server was away is done when it answers again', async () => {
    const [ann] = await pair()
    // More than one batch of them.
    const goods = await Promise.all(Array.from({ length: 260 }, () => seller.sell({ ...short, startPrice: 10 })))
    const wanted = goods.slice(0, 40)
    await Promise.all(wanted.map((good) => bidAmongMany(ann, good.id, { amount: 10 })))
    await house.stop()
    await clock.advance(3_600_000)
    await house.start()
    const ids = goods.map(({ id }) => id).join(', ')
    expect(
      await house.query(`select status, count(*) as n from goods where id in (${ids}) group by status order by status`),
    ).toEqual([
      { status: 'sold', n: 40 },
      { status: 'unsold', n: 220 },
    ])
    expect(await ann.bid(goods[0].id, { amount: 100 })).toMatchObject({ status: 409, body: { code: 'NOT_OPEN' } })
    expect(await wallet(ann)).toMatchObject({ balance: 1_000_000 - 40 * 11, held: 0 })
  })

  it('happens once however many close at once', async () => {
    const people = await crowd(house, 10)
    const goods = await Promise.all(Array.from({ length: 30 }, () => seller.sell(short)))
    await Promise.all(
      goods.map((good, index) => bidAmongMany(people[index % 10] as Member, good.id, { amount: 1000 + index * 100 })),
    )
    await house.stop()
    await clock.advance(20_000)
    const before = (await house.query("select balance from accounts where id = 'house'"))[0].balance
    const database = await openDatabase(house.directory, house.settings.AUCTION_DATABASE_URL ?? null)
    try {
      const book = await openLedgerBook(database, 'USD', clock.now())
      const close = async () => {
        for (let tries = 0; ; tries++) {
          try {
            return await book.commit([{ type: 'close_due', now: clock.now() }], clock.now())
          } catch (error) {
            if (tries === 20) throw error
          }
        }
      }
      const closings = await Promise.all(Array.from({ length: 16 }, close))
      const sold = closings.flatMap(({ committed }) => committed.map(({ good }) => good.id))
      expect(sold.sort((a, b) => a - b)).toEqual(goods.map(({ id }) => id).sort((a, b) => a - b))
    } finally {
      await database.close()
    }
    const ids = goods.map(({ id }) => id).join(', ')
    expect(await house.query(`select count(*) as n from events where type = 'sold' and good_id in (${ids})`)).toEqual([
      { n: 30 },
    ])
    expect(await house.query(`select count(*) as n from entries where kind = 'sale' and good_id in (${ids})`)).toEqual([
      { n: 30 },
    ])
    const hammered = goods.reduce((sum, _, index) => sum + 1000 + index * 100, 0)
    expect(await house.query("select balance from accounts where id = 'house'")).toEqual([
      { balance: before + (hammered * 15) / 100 },
    ])
    await house.start()
  })
})
