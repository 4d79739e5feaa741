import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../packages/server/src/clock.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { type AuctionServer, createServer } from '../../packages/server/src/server.ts'
import { bidAmongMany, crowd, expectBalancedBooks, writeBeside } from '../support/crowd.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { callerAt, type House, type Json, type Member, memberAt, openHouse } from '../support/house.ts'
import { watch } from '../support/watcher.ts'

describe('two servers on one PostgreSQL', () => {
  let house: House
  let second: { url: string; close(): Promise<void> }
  const clock = fakeClock()

  async function openSecond(ticking = systemClock()): Promise<typeof second> {
    const directory = mkdtempSync(join(tmpdir(), 'auction-second-'))
    const settings = { ...house.settings, AUCTION_DATA: directory }
    const server: AuctionServer = await createServer(readConfig({}, settings), {
      clock: ticking,
      log: pino({ level: 'silent' }),
    })
    const { url } = await server.listen()
    return {
      url,
      async close() {
        await server.close()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  }
  const onSecond = (person: Member) => memberAt(() => second.url, person)

  describe('on the real clock', () => {
    let seller: Member
    beforeEach(async () => {
      house = await openHouse('postgresql')
      second = await openSecond()
      seller = await house.member('mila')
    })
    afterEach(async () => {
      await expectBalancedBooks(house)
      await second.close()
      await house.close()
    })

    it('show a watcher on one the bids made on both, each once and in order', async () => {
      const people = await crowd(house, 10)
      const good = await seller.sell({ increment: { fixed: 1 } })
      const watcher = await watch(second.url)
      const joined = await watcher.ask('join', { goodId: good.id, since: 0 })
      for (let round = 0; round < 6; round++)
        await Promise.all(
          people.map((person, index) =>
            (index % 2 ? person : onSecond(person)).bid(good.id, { amount: 1000 + round * 100 + index }),
          ),
        )
      const { seq } = (await house.anyone.get(`/v1/goods/${good.id}`)).body
      const seen = () => [...joined.events, ...watcher.eventsOf(good.id)].map((event: Json) => event.seq)
      await expect.poll(() => seen().at(-1)).toBe(seq)
      expect(seen()).toEqual(Array.from({ length: seq }, (_, index) => index + 1))
      watcher.close()
    })

    it('tell everyone in the house what happened on both, once', async () => {
      const watchers = [await watch(house.url), await watch(second.url)]
      for (const watcher of watchers) await watcher.ask('follow', { house: true })
      const goods = [await seller.sell(), await onSecond(seller).sell()]
      await seller.send('DELETE', `/v1/goods/${goods[1].id}`)
      const heard = (watcher: (typeof watchers)[number]) =>
        watcher.of('house').flatMap((frame: Json) => frame.events.map((event: Json) => `${event.goodId}/${event.seq}`))
      const wanted = [`${goods[0].id}/1`, `${goods[1].id}/1`, `${goods[1].id}/2`].sort()
      for (const watcher of watchers) await expect.poll(() => heard(watcher).sort()).toEqual(wanted)
      // Once more than the look-back is read again, and nothing is told twice.
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      for (const watcher of watchers) {
        expect(heard(watcher).sort()).toEqual(wanted)
        watcher.close()
      }
    })

    it('answer one key once, whichever is asked', async () => {
      const [ann] = (await crowd(house, 1)) as [Member]
      const good = await seller.sell()
      const key = randomUUID()
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          bidAmongMany(index % 2 ? ann : onSecond(ann), good.id, { max: 5000 }, key),
        ),
      )
      expect(answers.filter(({ status, body }) => status === 201 && !body.replayed)).toHaveLength(1)
      expect(new Set(answers.map(({ body }) => body.bid.id)).size).toBe(1)
      expect(await house.query('select count(*) as n from bids')).toEqual([{ n: 1 }])
    })

    it('let nobody spend on one what they have spent on the other', async () => {
      const [ann] = (await crowd(house, 1, 10_000)) as [Member]
      const goods = await Promise.all(Array.from({ length: 12 }, () => seller.sell()))
      const answers = await Promise.all(
        goods.map((good, index) => bidAmongMany(index % 2 ? ann : onSecond(ann), good.id, { max: 8000 })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)])
    })

    it('give a nick once, whichever is asked', async () => {
      const ask = (url: string) =>
        callerAt(() => url, null).post('/v1/users', { nick: 'coveted', password: 'long enough' })
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => ask(index % 2 ? house.url : second.url)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
    })

    it('both soon refuse a token that was revoked on one, and close its sockets', async () => {
      const watcher = await watch(second.url, seller.token)
      expect((await onSecond(seller).get('/v1/me')).status).toBe(200)
      await seller.send('DELETE', '/v1/sessions/current')
      await expect.poll(async () => (await onSecond(seller).get('/v1/me')).status).toBe(401)
      await expect.poll(() => watcher.socket.connected).toBe(false)
    })
  })

  it('settle each of 50 goods once when both close at the same instant', async () => {
    house = await openHouse('postgresql', { clock })
    try {
      second = await openSecond(clock)
      const seller = await house.member('mila')
      const people = await crowd(house, 10)
      const goods = await Promise.all(
        Array.from({ length: 50 }, () => seller.sell({ endsInMs: 30_000, softCloseMs: 0 })),
      )
      await Promise.all(
        goods.map((good, index) => bidAmongMany(people[index % 10] as Member, good.id, { amount: 1000 + index })),
      )
      for (let second = 0; second < 31; second++) await clock.advance(1_000)
      await expect.poll(() => house.query("select count(*) as n from goods where status = 'open'")).toEqual([{ n: 0 }])
      expect(
        await house.query("select count(*) as n, count(distinct good_id) as goods from events where type = 'sold'"),
      ).toEqual([{ n: 50, goods: 50 }])
      expect(await house.query("select count(*) as n from entries where kind = 'sale'")).toEqual([{ n: 50 }])
      const spent = goods.reduce((sum, _, index) => sum + 1000 + index, 0)
      expect((await seller.get('/v1/me/wallet')).body.balance.amount).toBe(1_000_000 + spent)
      await expectBalancedBooks(house)
      await second.close()
    } finally {
      await house.close()
    }
  })

  it('may start at the same moment on an empty database', async () => {
    house = await openHouse('postgresql')
    try {
      await house.stop()
      for (let round = 0; round < 3; round++) {
        await writeBeside(house, ['drop schema public cascade', 'create schema public'])
        const both = await Promise.all([openSecond(), openSecond()])
        expect(await house.query('select count(*) as n from house')).toEqual([{ n: 1 }])
        for (const each of both) await each.close()
      }
      await house.start()
    } finally {
      await house.close()
    }
  })
})
