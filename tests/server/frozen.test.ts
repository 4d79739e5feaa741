import { headLine, logLine, verifyLog } from '@auction/common/verify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clerk, createClerk } from '../../packages/server/src/clerk.ts'
import { openDatabase } from '../../packages/server/src/store/database.ts'
import { openLedgerBook } from '../../packages/server/src/store/ledger-book.ts'
import type { OrderOf } from '../../packages/server/src/store/orders.ts'
import { crowd, expectBalancedBooks } from '../support/crowd.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { booksOf, HOUR_MS, viewOf } from '../support/sale.ts'

describe.each(databases)('a house that stands still on %s', (kind) => {
  let clock: FakeClock
  let house: House
  let ann: Member
  let good: Json
  beforeEach(async () => {
    clock = fakeClock()
    house = await openHouse(kind, { clock })
    ann = (await crowd(house, 1))[0] as Member
    good = await (await house.member('mila')).sell({ endsInMs: 2 * HOUR_MS })
    await house.stop()
  })
  afterEach(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })

  /** Of a stopped house, its clerk alone; time passes only as it is told. */
  async function withClerk(work: (clerk: Clerk, time: { now: number }) => Promise<void>): Promise<void> {
    const database = await openDatabase(house.directory, house.settings.AUCTION_DATABASE_URL ?? null)
    const time = { now: clock.now() }
    try {
      const book = await openLedgerBook(database, 'USD', time.now)
      const at = { now: () => time.now, schedule: clock.schedule }
      const log = { error: (facts: object) => expect.fail(JSON.stringify(facts)) }
      await work(createClerk({ book, clock: at, onCommit: () => {}, log }), time)
    } finally {
      await database.close()
      await clock.advance(time.now - clock.now())
    }
  }
  const bidAt = (receivedAt: number): OrderOf<'place_bid'> => ({
    type: 'place_bid',
    ...{ amount: null, max: 5_000, message: null, ifSeq: null },
    ...{ goodId: good.id, by: { id: ann.id, nick: ann.nick }, receivedAt },
    keyed: { scope: ann.id, key: 'one-bid', fingerprint: 'the same' },
  })
  const listingAt = ({ now }: { now: number }): OrderOf<'list_good'> => ({
    type: 'list_good',
    keyed: { scope: ann.id, key: 'one-good', fingerprint: 'the same' },
    ...{ picture: null, roomPassword: null },
    terms: {
      owner: { id: ann.id, nick: ann.nick },
      ...{ name: 'A lamp', description: '', image: null, currency: 'USD' },
      ...{ startPrice: 100, reserve: null, buyNow: null, increment: { fixed: 5 }, softCloseMs: 0 },
      ...{ listedAt: now, endsAt: now + HOUR_MS, hardEndsAt: now + 2 * HOUR_MS, premiumBp: 0, commissionBp: 0 },
      ...{ private: false, capacity: null, relistOf: null, offeredTo: null },
    },
  })
  async function verified(goodId: number) {
    const { items } = (await house.anyone.get(`/v1/goods/${goodId}/log`)).body
    const head = { goodId, events: items.length, hash: items.at(-1).hash }
    return verifyLog([...items.map(logLine), headLine(head)].join('\n'))
  }

  it('with orders in the queue refuses them when it goes on, so that its log holds no time that nobody believes', async () => {
    const before = await booksOf(house)
    await withClerk(async (clerk, time) => {
      const orders = [clerk.submit<'place_bid'>(bidAt(time.now)), clerk.submit<'list_good'>(listingAt(time))]
      time.now += 60_001
      for (const order of orders)
        await expect(order).rejects.toMatchObject({ code: 'BUSY', message: 'The house stood still for a while.' })
      expect(await booksOf(house)).toEqual(before)
      // Sent again with the same key, it is another try.
      expect(await clerk.submit<'place_bid'>(bidAt(time.now))).toMatchObject({ standing: 'leading', replayed: false })
    })
    await house.start()
    expect(await viewOf(house, good)).toMatchObject({ bidCount: 1, leader: { id: ann.id } })
    expect(await verified(good.id)).toMatchObject({ ok: true, differences: [] })
  })

  it('for a minute records them, and says again what it said before, however late', async () => {
    await withClerk(async (clerk, time) => {
      const receivedAt = time.now
      const order = clerk.submit<'place_bid'>(bidAt(receivedAt))
      time.now += 60_000
      expect(await order).toMatchObject({ standing: 'leading' })
      const repeated = clerk.submit<'place_bid'>(bidAt(receivedAt))
      time.now += 60_000
      expect(await repeated).toMatchObject({ standing: 'leading', replayed: true })
    })
    await house.start()
    expect(await verified(good.id)).toMatchObject({ ok: true, differences: [] })
  })
})
