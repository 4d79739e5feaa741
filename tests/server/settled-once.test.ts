import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clerk, createClerk } from '../../packages/server/src/clerk.ts'
import { type Database, openDatabase } from '../../packages/server/src/store/database.ts'
import { type LedgerBook, openLedgerBook } from '../../packages/server/src/store/ledger-book.ts'
import type { Committed, Order } from '../../packages/server/src/store/orders.ts'
import { bidAmongMany, crowd, expectBalancedBooks } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type DatabaseKind, databases, type House, type Json, type Member, openHouse } from '../support/house.ts'
import { booksOf } from '../support/sale.ts'

const fees = { AUCTION_PREMIUM_BP: '1000', AUCTION_COMMISSION_BP: '500', AUCTION_STARTING_BALANCE: '100000000' }
const ROUNDS = 1_000
const WORKERS = 8

interface Opened {
  readonly database: Database
  readonly book: LedgerBook
}

describe.each(databases)('case 5 on %s', (kind) => {
  const clock = fakeClock()
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind, { clock, settings: fees })
    seller = await house.member('mila')
  })
  afterAll(async () => {
    await expectBalancedBooks(house)
    await house.close()
  })
  async function open(): Promise<Opened> {
    const database = await openDatabase(house.directory, house.settings.AUCTION_DATABASE_URL ?? null)
    return { database, book: await openLedgerBook(database, 'USD', clock.now()) }
  }
  const counts = async (goods: readonly Json[], what: string, table: string): Promise<Json[]> =>
    house.query(
      `select good_id as id, count(*) as n from ${table} where ${what} and good_id in (${goods.map(({ id }) => id).join(', ')}) group by good_id having count(*) <> 1`,
    )
  const available = async (who: { id: number }) =>
    (await house.query(`select balance from accounts where id = 'user:${who.id}/available'`))[0].balance

  it(`${WORKERS} workers settle one good ${ROUNDS} times: once each time`, async () => {
    const buyers = await crowd(house, 20, 10_000_000)
    const before = await available(seller)
    const first = clock.now() + 120_000
    const terms = { softCloseMs: 0, startPrice: 100, endsInMs: undefined }
    const goods: Json[] = []
    // One good a round, each due a millisecond after the one before.
    while (goods.length < ROUNDS)
      goods.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            seller.sell({ ...terms, endsAt: new Date(first + goods.length + index).toISOString() }),
          ),
        )),
      )
    await Promise.all(
      goods.map((good, index) => bidAmongMany(buyers[index % buyers.length] as Member, good.id, { amount: 100 })),
    )
    await house.stop()
    await clock.advance(first - clock.now())
    const workers = await Promise.all(Array.from({ length: WORKERS }, open))
    const settled: number[] = []
    const told = (committed: readonly Committed[]) => settled.push(...committed.map(({ good }) => good.id))
    try {
      const clerks = workers.map(
        ({ book }): Clerk =>
          createClerk({ book, clock, onCommit: told, log: { error: (facts) => expect.fail(JSON.stringify(facts)) } }),
      )
      for (let round = 0; round < ROUNDS; round++) {
        const order = { type: 'close_due', now: first + round } as const
        await Promise.all(clerks.map((clerk) => clerk.submit<'close_due'>(order)))
        expect(settled.length).toBe(round + 1)
      }
    } finally {
      for (const { database } of workers) await database.close()
    }
    expect(settled).toEqual(goods.map(({ id }) => id))
    expect(await counts(goods, "type = 'sold'", 'events')).toEqual([])
    for (const what of ['sale', 'premium', 'commission', 'hold'])
      expect(await counts(goods, `kind = '${what}'`, 'entries'), what).toEqual([])
    expect(await available(seller)).toBe(before + ROUNDS * 95)
    for (const buyer of buyers) expect(await available(buyer)).toBe(10_000_000 - (ROUNDS / 20) * 110)
    await house.start()
    await expectBalancedBooks(house)
  }, 900_000)

  it('a settlement killed at any statement has done nothing, and the next does all of it once', async () => {
    const [ann] = (await crowd(house, 1)) as [Member]
    const good = await seller.sell({ endsInMs: 10_000, softCloseMs: 0 })
    await ann.bid(good.id, { max: 5000 })
    await house.stop()
    await clock.advance(10_000)
    const before = await booksOf(house)
    const commit = ({ book }: Opened) => book.commit([{ type: 'close_due', now: clock.now() }], clock.now())
    const statements = await killedAtEach(kind, open, commit, async (nth) => {
      expect(await booksOf(house), `killed at statement ${nth}`).toEqual(before)
      expect(await house.query(`select status, seq from goods where id = ${good.id}`)).toEqual([
        { status: 'open', seq: 2 },
      ])
    })
    // To begin, to look, to lock, to write events, entries, the good, the accounts, and to commit.
    expect(statements).toBeGreaterThanOrEqual(8)
    expect(await counts([good], "type = 'sold'", 'events')).toEqual([])
    expect(await counts([good], "kind = 'sale'", 'entries')).toEqual([])
    expect(await available(ann)).toBe(1_000_000 - 1100)
    // Dead after the commit, before anyone was told: whoever comes next finds nothing to do.
    const next = await open()
    expect((await commit(next)).committed).toEqual([])
    await next.database.close()
    await house.start()
  })

  it('so has a purchase, a bid and its retraction, each with its key', async () => {
    const [ann, bob] = (await crowd(house, 2)) as [Member, Member]
    const good = await seller.sell({ buyNow: 5000, reserve: 4000 })
    const { bid } = (await ann.bid(good.id, { max: 3000 })).body
    await house.stop()
    const by = ({ id, nick }: Member) => ({ id, nick })
    const order = (who: Member) => ({
      keyed: { scope: who.id, key: randomUUID(), fingerprint: 'f' },
      goodId: good.id,
      by: by(who),
      receivedAt: clock.now(),
    })
    const orders: Order[] = [
      { type: 'place_bid', amount: null, max: 3500, message: null, ifSeq: null, ...order(bob) },
      { type: 'retract_bid', bidId: bid.id, reason: 'typo', allowed: true, ...order(ann) },
      { type: 'purchase', ...order(ann) },
    ]
    for (const each of orders) {
      const before = await booksOf(house)
      const commit = ({ book }: Opened) => book.commit([each], clock.now())
      await killedAtEach(kind, open, commit, async (nth) =>
        expect(await booksOf(house), `${each.type} killed at statement ${nth}`).toEqual(before),
      )
      const after = await booksOf(house)
      expect(after).not.toEqual(before)
      // The answer was lost; asked again with the same key, it is the same and nothing more is done.
      const next = await open()
      const { outcomes, committed } = await commit(next)
      await next.database.close()
      expect(committed).toEqual([])
      expect(outcomes[0]).toHaveProperty('result')
      expect(await booksOf(house)).toEqual(after)
    }
    await house.start()
    expect((await house.anyone.get(`/v1/goods/${good.id}`)).body).toMatchObject({
      status: 'bought',
      winner: { id: ann.id },
    })
  })
})

/**
 * Does `work` on a database of its own whose process dies at its first statement, then at its second, and so on, until it
 * gets through; answers how many statements it took. `look` is told of each death once the database has been given up.
 */
async function killedAtEach(
  kind: DatabaseKind,
  open: () => Promise<Opened>,
  work: (opened: Opened) => Promise<unknown>,
  look: (nth: number) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth++) {
    const opened = await open()
    const death = dieAt(kind, opened.database, nth)
    const failure = await work(opened).then(
      () => null,
      (error: unknown) => error,
    )
    death.over()
    await opened.database.close().catch(() => {})
    if (failure === null) return nth - 1
    expect(String(failure)).toContain('killed')
    await look(nth)
  }
}

/** The driver as MikroORM has it, which may be another copy than ours. */
const driver: typeof pg = createRequire(createRequire(import.meta.url).resolve('@mikro-orm/postgresql/package.json'))(
  'pg',
)

/** From the nth statement on nothing of this database's gets through any more, its rollback neither. */
function dieAt(kind: DatabaseKind, { native }: Database, nth: number): { over(): void } {
  let done = 0
  const count = (kill: () => void) => {
    if (++done < nth) return
    kill()
    throw new Error('killed')
  }
  if (kind === 'postgresql') {
    const { query } = driver.Client.prototype
    driver.Client.prototype.query = function (this: Json, ...args: Json[]) {
      // The connection goes as that of a dead process does, and PostgreSQL rolls back.
      count(() => this.connection.stream.destroy())
      return query.apply(this, args as never)
    } as typeof query
    return {
      over() {
        driver.Client.prototype.query = query
      },
    }
  }
  if (!native) throw new Error('SQLite has a native connection.')
  const prepare = native.prepare.bind(native)
  const dying = (sql: string) => {
    const statement = prepare(sql)
    return new Proxy(statement, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (name === 'run' || name === 'all' || name === 'get' || name === 'iterate') count(() => {})
          return (value as (...args: unknown[]) => unknown).apply(target, args)
        }
      },
    })
  }
  native.prepare = dying as typeof native.prepare
  return {
    over() {
      native.prepare = prepare as typeof native.prepare
    },
  }
}
