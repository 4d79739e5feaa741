/** The books recomputed from the log: nothing to say of honest ones, and every kind of tampering named. */
import { Writable } from 'node:stream'
import { CHAIN_START, chainHash } from '@auction/common/log'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHome } from '../cli/command-line.ts'
import { crowd, writeBeside } from '../support/crowd.ts'
import { aloneIn } from '../support/ears.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

/** Maxima and a reserve that no output may hold. */
const secrets = { cat: 73_313, ann: 81_817, reserve: 987_651 }

describe.each(databases)('the audit on %s', (kind) => {
  const clock = fakeClock()
  const logged: string[] = []
  const log = pino(
    { level: 'warn' },
    new Writable({ write: (chunk, _, done) => done(void logged.push(String(chunk))) }),
  )
  let house: House
  let seller: Member
  let keeper: Member
  let people: Member[]
  let open: Json
  let sold: Json

  const audit = async () => (await keeper.get('/v1/admin/audit')).body
  const differences = async () => (await audit()).differences.map(({ what }: Json) => what) as string[]
  const remove = (who: Member, path: string, body: Json) => who.send('DELETE', path, body)

  beforeAll(async () => {
    const settings = { AUCTION_PREMIUM_BP: '1000', AUCTION_COMMISSION_BP: '500' }
    house = await openHouse(kind, { clock, log, settings })
    seller = await house.member('mila')
    keeper = await house.member('olga')
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    people = await crowd(house, 4)
  })
  afterAll(() => house.close())

  /** A sale that ends: bids, proxies, a retraction, a cancelled bid, a lapse, notes, money in and out. */
  async function aLivelySale(): Promise<Json> {
    const [ann, bob, cat] = people as [Member, Member, Member]
    const good = await seller.sell({ endsInMs: 60_000, reserve: 4_747, buyNow: 900_000 })
    await seller.send('PATCH', `/v1/goods/${good.id}`, { note: 'With\nstrap.', reserve: 4_000 })
    await ann.bid(good.id, { max: 30_000 })
    const { bid } = (await bob.bid(good.id, { amount: 31_000, max: 50_000, message: 'for grandpa' })).body
    const mistake = (await cat.bid(good.id, { max: 60_000 })).body.bid
    expect((await remove(cat, `/v1/goods/${good.id}/bids/${mistake.id}`, { reason: 'typo' })).status).toBe(200)
    const { available } = (await ann.get('/v1/me/wallet')).body
    await keeper.post(
      `/v1/admin/users/${ann.id}/withdrawals`,
      { amount: available.amount },
      { 'idempotency-key': `w-${kind}` },
    )
    await cat.bid(good.id, { amount: 1_100, max: 12_000 })
    expect((await remove(keeper, `/v1/admin/bids/${bid.id}`, { reason: 'a shill' })).status).toBe(200)
    await keeper.post(`/v1/admin/users/${ann.id}/deposits`, { amount: 5_000_000 }, { 'idempotency-key': `d-${kind}` })
    await bob.bid(good.id, { amount: 20_000 })
    const unsold = await seller.sell({ endsInMs: 60_000, reserve: 9_000 })
    await cat.bid(unsold.id, { amount: 2_000 })
    const bought = await seller.sell({ endsInMs: 60_000, buyNow: 5_000 })
    await cat.post(`/v1/goods/${bought.id}/purchase`)
    await clock.advance(60_000)
    for (const { id } of [good, unsold])
      await expect.poll(async () => (await house.anyone.get(`/v1/goods/${id}`)).body.status).not.toBe('open')
    expect((await house.anyone.get(`/v1/goods/${good.id}`)).body.status).toBe('sold')
    return good
  }

  async function anOpenSale(): Promise<Json> {
    const [ann, bob, cat] = people as [Member, Member, Member]
    const good = await seller.sell({ endsInMs: 60_000, reserve: secrets.reserve })
    await bob.bid(good.id, { amount: 2_000 })
    await cat.bid(good.id, { max: secrets.cat })
    const mistake = (await bob.bid(good.id, { amount: 90_000 })).body.bid
    await remove(bob, `/v1/goods/${good.id}/bids/${mistake.id}`, { reason: 'typo' })
    await ann.bid(good.id, { max: secrets.ann })
    return good
  }

  it('finds nothing in a house where nothing has been for sale yet', async () => {
    expect(await audit()).toMatchObject({ ok: true, checked: { goods: 0, events: 0 }, differences: [] })
    expect((await house.anyone.get('/readyz')).body.books).toBe('right')
  })

  it('finds the books of a lively sale right, and says what it looked at', async () => {
    sold = await aLivelySale()
    open = await anOpenSale()
    const [{ events }] = await house.query('select count(*) as events from events')
    const [{ entries }] = await house.query('select count(*) as entries from entries')
    const [{ accounts }] = await house.query('select count(*) as accounts from accounts')
    expect(await audit()).toEqual({
      ok: true,
      at: new Date(clock.now()).toISOString(),
      checked: { goods: 4, events, entries, accounts },
      differences: [],
    })
    const types = await house.query('select distinct type from events order by type')
    const happened = 'bid bid_cancelled bought extended lapsed listed note reserve_met retracted sold unsold'.split(' ')
    expect(types.map(({ type }) => type)).toEqual(happened.filter((type) => type !== 'extended'))
  })

  it('checks the links and the money of goods that the first release listed, whose logs say less', async () => {
    const [ann] = people as [Member]
    const good = await seller.sell({ endsInMs: 3_600_000 })
    await ann.bid(good.id, { max: 3_000 })
    const rows = await house.query(`select * from events where good_id = ${good.id} order by seq`)
    const before = rows.map(({ seq, data, hash }) => ({ seq, data, hash }))
    let head = CHAIN_START
    const old = rows.map(({ seq, type, at, data: text }) => {
      const { rules: _, commitment: __, listedAt: ___, description: ____, ...data } = JSON.parse(text)
      head = chainHash(head, { goodId: good.id, seq, type, at: new Date(at).toISOString(), data })
      return { seq, data: JSON.stringify(data), hash: head }
    })
    const rewrite = (log: typeof before) => [
      ...log.map(
        ({ seq, data, hash }) =>
          `update events set data = '${data.replaceAll("'", "''")}', hash = '${hash}' where good_id = ${good.id} and seq = ${seq}`,
      ),
      `update goods set head = '${log.at(-1)?.hash}' where id = ${good.id}`,
    ]
    await writeBeside(house, rewrite(old))
    expect((await audit()).differences).toEqual([])
    await writeBeside(house, [`update events set data = '{}' where good_id = ${good.id} and seq = 2`])
    expect(await differences()).toEqual([`good ${good.id}, event 2: hash`])
    await writeBeside(house, [...rewrite(old), `update goods set max = 4000 where id = ${good.id}`])
    expect(await differences()).toContain(`account user:${ann.id}/held`)
    await writeBeside(house, [...rewrite(before), `update goods set max = 3000 where id = ${good.id}`])
    expect((await audit()).ok).toBe(true)
    await seller.send('DELETE', `/v1/goods/${good.id}`, { reason: 'incorrect' })
  })

  it('is for the house alone', async () => {
    expect((await seller.get('/v1/admin/audit')).status).toBe(403)
    expect((await house.anyone.get('/v1/admin/audit')).status).toBe(401)
  })

  /** SQL that tampers and SQL that undoes it, with what the audit must name; `G` and `E` are a sold and an open good, `A`, `C` ann and cat. */
  const tamperings: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'a balance moved to another account',
      "update accounts set balance = balance + case when id = 'user:A/available' then 5 else -5 end where id in ('user:A/available', 'user:C/available')",
      "update accounts set balance = balance - case when id = 'user:A/available' then 5 else -5 end where id in ('user:A/available', 'user:C/available')",
      /^account user:A\/available[\s\S]*^account user:C\/available/m,
    ],
    [
      'a hold let go',
      "update accounts set balance = balance + case when id = 'user:A/available' then 5 else -5 end where id like 'user:A/%'",
      "update accounts set balance = balance - case when id = 'user:A/available' then 5 else -5 end where id like 'user:A/%'",
      /^account user:A\/held/m,
    ],
    [
      'a balance out of nothing',
      "update accounts set balance = balance + 7 where id = 'house'",
      "update accounts set balance = balance - 7 where id = 'house'",
      /^all accounts together$/m,
    ],
    [
      'a price',
      'update goods set price = price + 1 where id = E',
      'update goods set price = price - 1 where id = E',
      /^good E: price$/m,
    ],
    [
      'a leader',
      'update goods set leader_id = C where id = E',
      'update goods set leader_id = A where id = E',
      /^good E: leaderId$/m,
    ],
    [
      'a maximum',
      'update goods set max = max + 1 where id = E',
      'update goods set max = max - 1 where id = E',
      /^good E: max$/m,
    ],
    [
      'a reserve',
      'update goods set reserve = reserve + 1 where id = E',
      'update goods set reserve = reserve - 1 where id = E',
      /^good E: reserve$/m,
    ],
    [
      'an end',
      'update goods set ends_at = ends_at + 1 where id = E',
      'update goods set ends_at = ends_at - 1 where id = E',
      /^good E: endsAt$/m,
    ],
    [
      'a name',
      "update goods set name = 'A fake' where id = G",
      "update goods set name = 'Leica M3' where id = G",
      /^good G: name$/m,
    ],
    [
      'a status',
      "update goods set status = 'unsold' where id = G",
      "update goods set status = 'sold' where id = G",
      /^good G: status$/m,
    ],
    [
      'a winner',
      'update goods set winner_id = C where id = G',
      'update goods set winner_id = B where id = G',
      /^good G: winnerId$/m,
    ],
    [
      'a head',
      "update goods set head = 'f' || head where id = G",
      'update goods set head = substr(head, 2) where id = G',
      /^good G: head$/m,
    ],
    [
      'a count of bids',
      'update goods set bid_count = 9 where id = E',
      'update goods set bid_count = 3 where id = E',
      /^good E: bidCount$/m,
    ],
    [
      'a deleted event',
      'delete from events where good_id = E and seq = 3',
      'insert into events select * from kept_events where good_id = E and seq = 3',
      /^good E, event 4: hash[\s\S]*^good E, event 4: seq/m,
    ],
    [
      'the last event deleted',
      "delete from events where good_id = G and type = 'sold'",
      "insert into events select * from kept_events where good_id = G and type = 'sold'",
      /^good G: status/m,
    ],
    [
      'an edited event',
      'update events set data = replace(data, \'"bidCount":2\', \'"bidCount":3\') where good_id = E and seq = 3',
      'update events set data = replace(data, \'"bidCount":3\', \'"bidCount":2\') where good_id = E and seq = 3',
      /^good E, event 3: hash[\s\S]*^good E, event 3: bidCount/m,
    ],
    [
      'an event made unreadable',
      "update events set data = 'x' || data where good_id = E and seq = 3",
      'update events set data = substr(data, 2) where good_id = E and seq = 3',
      /^good E, event 3$/m,
    ],
    [
      'another secret',
      'update events set secret = replace(secret, \'"max":\', \'"max":1\') where good_id = E and seq = 3',
      'update events set secret = replace(secret, \'"max":1\', \'"max":\') where good_id = E and seq = 3',
      /^good E, event 3: the seal$/m,
    ],
    [
      'a secret lost',
      'update events set secret = null where good_id = E and seq = 3',
      'update events set secret = (select secret from kept_events where good_id = E and seq = 3) where good_id = E and seq = 3',
      /^good E, event 3: secret$/m,
    ],
    [
      'an edited entry',
      "update entries set amount = amount + 1 where key = 'good:G/sale'",
      "update entries set amount = amount - 1 where key = 'good:G/sale'",
      /^account user:[\s\S]*|^entry good:G\/sale: amount$/m,
    ],
    [
      'an entry of another good',
      "update entries set good_id = E where key = 'good:G/sale'",
      "update entries set good_id = G where key = 'good:G/sale'",
      /^entry good:G\/sale: goodId$/m,
    ],
    [
      'an entry of no event',
      "update entries set key = key || 'x' where key = 'good:G/sale'",
      "update entries set key = 'good:G/sale' where key = 'good:G/salex'",
      /^entry good:G\/sale$[\s\S]*^entry good:G\/salex$/m,
    ],
    [
      'a doubled entry',
      "insert into entries (key, debit, credit, user_id, payee_id, amount, kind, good_id, at) select key || '/2', debit, credit, user_id, payee_id, amount, kind, good_id, at from entries where key = 'good:G/sale'",
      "delete from entries where key = 'good:G/sale/2'",
      /^entry good:G\/sale\/2$/m,
    ],
    [
      'a deposit of no kind',
      "update entries set kind = 'gift' where key = 'start:A'",
      "update entries set kind = 'deposit' where key = 'start:A'",
      /^entry \d+$/m,
    ],
    [
      'a mark of removal taken off',
      "update bids set removed = null where good_id = E and removed = 'retracted'",
      "update bids set removed = 'retracted' where good_id = E and max = 90000",
      /^bid \d+ on good E: removed$/m,
    ],
    [
      'a mark of removal put on',
      "update bids set removed = 'lapsed' where good_id = E and bidder_id = C",
      'update bids set removed = null where good_id = E and bidder_id = C',
      /^bid \d+ on good E: removed$/m,
    ],
    [
      'a bid of another maximum',
      'update bids set max = max + 1 where good_id = E and bidder_id = C',
      'update bids set max = max - 1 where good_id = E and bidder_id = C',
      /^bid \d+ on good E: max$/m,
    ],
    [
      'the row of a sold good deleted',
      'delete from goods where id = G',
      'insert into goods select * from kept_goods where id = G',
      /^entry good:G\/sale$[\s\S]*^events of good G$[\s\S]*^bids of good G$/m,
    ],
    [
      'the row of an open good deleted',
      'delete from goods where id = E',
      'insert into goods select * from kept_goods where id = E',
      /^events of good E$[\s\S]*^bids of good E$/m,
    ],
    [
      'money moved as an entry of a good that there never was',
      "insert into entries (key, debit, credit, user_id, payee_id, amount, kind, good_id, at) select 'good:999/sale', debit, credit, user_id, payee_id, 5, kind, 999, at from entries where key = 'good:G/sale'",
      "delete from entries where key = 'good:999/sale'",
      /^entry good:999\/sale$/m,
    ],
    [
      'events of a good that there never was',
      'insert into events select 998, seq, type, at, data, secret, hash from kept_events where good_id = E',
      'delete from events where good_id = 998',
      /^events of good 998$/m,
    ],
    [
      'an account deleted',
      "delete from accounts where id = 'user:A/held'",
      "insert into accounts select * from kept_accounts where id = 'user:A/held'",
      /^account user:A\/held$/m,
    ],
    [
      'an empty account that nobody has',
      "insert into accounts (id, balance) values ('user:977/available', 0)",
      "delete from accounts where id = 'user:977/available'",
      /^account user:977\/available$/m,
    ],
    [
      'another nick of a user',
      "update users set nick = 'anton' where id = A",
      'update users set nick = (select nick from kept_users where id = A) where id = A',
      /^good E: its leader's nick$/m,
    ],
    [
      'a hold that is gone',
      "delete from entries where key in (select key from entries where good_id = E and kind = 'hold' and user_id = A)",
      `insert into entries ${kind === 'postgresql' ? 'overriding system value ' : ''}select * from kept_entries where id not in (select id from entries)`,
      /^entry good:E[\s\S]*^account user:A\/available$[\s\S]*^account user:A\/held$/m,
    ],
    [
      'a bid that is gone',
      'delete from bids where good_id = G and bidder_id = B',
      'insert into bids select * from kept_bids where good_id = G and bidder_id = B',
      /^bid \d+ on good G$/m,
    ],
  ]

  const filled = (text: string) => {
    const [ann, bob, cat] = people as [Member, Member, Member]
    const values: Record<string, number> = { G: sold.id, E: open.id, A: ann.id, B: bob.id, C: cat.id }
    return text.replace(/\b[GEABC]\b/g, (letter) => String(values[letter]))
  }

  /** Rows may then refer to what is not there: who edits a file need not keep PostgreSQL's word either. */
  const unbound = kind === 'postgresql' ? ['set local session_replication_role = replica'] : []

  it('names whatever was tampered with, and no secret', async () => {
    await writeBeside(house, [
      'create table kept_events as select * from events',
      'create table kept_bids as select * from bids',
      'create table kept_goods as select * from goods',
      'create table kept_accounts as select * from accounts',
      'create table kept_entries as select * from entries',
      'create table kept_users as select * from users',
    ])
    const before = await audit()
    expect(before.differences).toEqual([])
    for (const [what, tamper, undo, named] of tamperings) {
      await writeBeside(house, [...unbound, filled(tamper)])
      const after = await audit()
      await writeBeside(house, [...unbound, filled(undo)])
      expect(after.ok, what).toBe(false)
      expect(after.differences.map((each: Json) => each.what).join('\n'), what).toMatch(
        new RegExp(filled(named.source), named.flags),
      )
      for (const secret of Object.values(secrets)) {
        expect(JSON.stringify(after), what).not.toMatch(aloneIn(secret))
        expect(JSON.stringify(after), what).not.toContain((secret / 100).toFixed(2))
      }
      const ofUsers = after.differences.filter((each: Json) => each.what.startsWith('account user:'))
      expect(JSON.stringify(ofUsers), what).not.toContain('USD')
      expect(await differences(), `${what}, undone`).toEqual([])
    }
  })

  it('tells at most a hundred differences', async () => {
    await writeBeside(house, ["update entries set kind = 'gift'"])
    const { differences: told } = await audit()
    await writeBeside(house, [
      "update entries set kind = 'deposit' where debit = 'world'",
      "update entries set kind = 'withdrawal' where credit = 'world'",
      ...['hold', 'release', 'sale', 'premium', 'commission'].map(
        (each) => `update entries set kind = '${each}' where key like 'good:%/${each}'`,
      ),
    ])
    expect(told.length).toBeGreaterThan(20)
    expect(told.length).toBeLessThanOrEqual(100)
    expect(await differences()).toEqual([])
  })

  describe('at boot', () => {
    const spoil = () => writeBeside(house, [filled('update goods set price = price + 1 where id = E')])
    const repair = () => writeBeside(house, [filled('update goods set price = price - 1 where id = E')])
    const restart = async () => {
      await house.stop()
      await house.start()
    }

    it('opens the house when the books are right', async () => {
      await restart()
      expect((await house.anyone.get('/readyz')).body).toMatchObject({ books: 'right' })
      expect(logged.join('')).not.toMatch(/disagree/)
    })

    it('opens it read-only when they are not, and says in its log why, without a secret', async () => {
      await spoil()
      logged.length = 0
      await restart()
      expect((await house.anyone.get('/readyz')).body).toMatchObject({ status: 'degraded', books: 'wrong' })
      expect(logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 60)).toMatchObject([
        { msg: 'the books disagree with the log', what: `good ${open.id}: price` },
      ])
      for (const secret of Object.values(secrets)) expect(logged.join('')).not.toMatch(aloneIn(secret))
    })

    it('lets people log in and look, and nobody change anything', async () => {
      const [ann] = people as [Member]
      const forbidden = {
        code: 'FORBIDDEN',
        detail: 'The house is read-only: its books disagree with its log.',
        hint: 'See: auction admin audit',
      }
      const refused = [
        await ann.bid(open.id, { max: 100_000 }),
        await ann.post(`/v1/goods/${open.id}/purchase`),
        await seller.post('/v1/goods', { name: 'A hat', startPrice: 100, endsInMs: 60_000 }),
        await seller.send('PATCH', `/v1/goods/${open.id}`, { note: 'x' }),
        await remove(keeper, `/v1/admin/goods/${open.id}`, { reason: 'x' }),
        await keeper.post(`/v1/admin/users/${ann.id}/deposits`, { amount: 5 }, { 'idempotency-key': 'd2' }),
        await house.anyone.post('/v1/users', { nick: 'late', password: 'correct horse battery' }),
      ]
      for (const { status, body } of refused) expect([status, body]).toMatchObject([403, forbidden])
      const login = await house.anyone.post('/v1/sessions', { nick: 'mila', password: 'correct horse battery' })
      expect(login.status).toBe(201)
      expect((await house.anyone.get(`/v1/goods/${open.id}`)).body.status).toBe('open')
      expect((await ann.get('/v1/me/wallet')).status).toBe(200)
    })

    it('closes nothing, however late it is', async () => {
      await clock.advance(70_000)
      await clock.advance(5_000)
      expect((await house.anyone.get(`/v1/goods/${open.id}`)).body).toMatchObject({ status: 'open', seq: open.seq + 5 })
    })

    it('shows `auction admin audit` why, which then ends with 1', async () => {
      const home = openHome()
      const env = { AUCTION_TOKEN: keeper.token }
      const ran = await home.auction(['admin', 'audit'], { server: house.url, env })
      expect(ran).toMatchObject({ code: 1, out: expect.stringContaining(`good ${open.id}: price\t`) })
      await repair()
      await restart()
      expect(await home.auction(['admin', 'audit', '-q'], { server: house.url, env })).toEqual({
        code: 0,
        out: '',
        err: '',
      })
      home.close()
    })

    it('settles what is overdue once the books are right again', async () => {
      await expect.poll(async () => (await house.anyone.get(`/v1/goods/${open.id}`)).body.status).toBe('unsold')
      expect(await differences()).toEqual([])
    })

    it('is read-only also when there is a log of no good', async () => {
      await writeBeside(house, [
        ...unbound,
        filled('insert into events select 998, seq, type, at, data, secret, hash from kept_events where good_id = E'),
      ])
      await restart()
      expect((await house.anyone.get('/readyz')).body.books).toBe('wrong')
      await writeBeside(house, ['delete from events where good_id = 998'])
      expect(await differences()).toEqual([])
    })

    it('is read-only also when the accounts do not sum to 0', async () => {
      await writeBeside(house, ["update accounts set balance = balance + 5 where id = 'house'"])
      await restart()
      expect((await house.anyone.get('/readyz')).body.books).toBe('wrong')
      expect(await differences()).toContain('all accounts together')
    })
  })
})
