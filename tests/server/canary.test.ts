import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, callerAt, databases, type House, type Json, openHouse } from '../support/house.ts'
import { type Watcher, watch } from '../support/watcher.ts'

// Amounts that occur nowhere else, so that their digits betray them in any byte of any answer.
const MAX = 7_654_321
const RAISED = 8_765_432
const RESERVE = 3_456_789
const UNMET = 5_432_109
const BALANCE = 95_173_246
const SELLERS_PASSWORD = 'seller canary passphrase'
const BIDDERS_PASSWORD = 'bidder canary passphrase'

describe.each(databases)('secrets on %s', (kind) => {
  const lines: string[] = []
  let house: House
  const open: Watcher[] = []
  beforeAll(async () => {
    house = await openHouse(kind, {
      settings: { AUCTION_STARTING_BALANCE: String(BALANCE) },
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    })
  })
  afterAll(async () => {
    for (const watcher of open) watcher.close()
    await house.close()
  })

  /** A person whose every answer is kept. */
  async function person(nick: string, password: string): Promise<Caller & { heard: string[] }> {
    await house.anyone.post('/v1/users', { nick, password })
    const { token } = (await house.anyone.post('/v1/sessions', { nick, password })).body
    return listening(token)
  }
  function listening(token: string | null): Caller & { heard: string[] } {
    const heard: string[] = []
    const caller = callerAt(() => house.url, token)
    const keep = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await caller.send(method, path, body, headers)
      heard.push(JSON.stringify([...answer.headers]), JSON.stringify(answer.body))
      return answer
    }
    return {
      token,
      heard,
      send: keep,
      get: (path) => keep('GET', path),
      post: (path, body, headers) => keep('POST', path, body, headers),
    }
  }

  it('of a sale reach nobody but their owners, in no answer, frame or log line', async () => {
    const seller = await person('mila', SELLERS_PASSWORD)
    const bidder = await person('ann', BIDDERS_PASSWORD)
    const other = await person('olaf', 'an ordinary password')
    const keeper = await person('keeper', 'an ordinary password')
    const stranger = listening(null)
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    const watchers = await Promise.all([
      watch(house.url),
      watch(house.url, other.token),
      watch(house.url, seller.token),
    ])
    open.push(...watchers)
    let key = 0
    const bid = (by: Caller, id: number, body: Json) =>
      by.post(`/v1/goods/${id}/bids`, body, { 'idempotency-key': `k${key++}` })

    const sell = async (reserve: number): Promise<number> =>
      (await seller.post('/v1/goods', { name: 'Canary', startPrice: 1000, reserve, endsInMs: 4_000, softCloseMs: 0 }))
        .body.id
    const [id, unmet] = [await sell(RESERVE), await sell(UNMET)]
    const acknowledged = await Promise.all(
      watchers.flatMap((watcher) => [
        watcher.ask('join', { goodId: id, since: 0 }),
        watcher.ask('join', { goodId: unmet, since: 0 }),
        watcher.ask('follow', { house: true }),
      ]),
    )
    const others = [other, stranger, keeper]
    const heardByOthers = () => [
      ...others.flatMap(({ heard }) => heard),
      ...watchers.map((watcher) => JSON.stringify(watcher.frames)),
      JSON.stringify(acknowledged.slice(0, 6)),
      ...lines,
    ]
    const expectUnheard = (secrets: readonly unknown[], texts = heardByOthers()) => {
      for (const secret of secrets)
        expect(texts.find((text) => text.includes(String(secret)))?.slice(0, 400), String(secret)).toBeUndefined()
    }
    const look = async (by: Caller) => {
      for (const path of ['', '/bids', '/events', '/events.ndjson?poll=1', '/log', '/image'])
        for (const good of [id, unmet]) await by.get(`/v1/goods/${good}${path}`)
      for (const query of ['', '?sort=price', '?sort=bids', '?status=live', '?status=ended'])
        await by.get(`/v1/goods${query}`)
      for (const path of [
        '/v1/me',
        '/v1/me/wallet',
        '/v1/me/ledger',
        '/v1/me/bids',
        '/v1/me/sales',
        '/v1/me/won',
        '/v1/admin/users',
        '/v1/admin/jobs',
        '/readyz',
        '/livez',
      ])
        await by.get(path)
    }
    // Under the reserves first; then one is met, contested, raised, refused.
    await bid(other, unmet, { amount: 2000 })
    await bid(other, id, { amount: 2000 })
    for (const by of others) await look(by)
    expectUnheard([RESERVE, UNMET])
    await bid(bidder, id, { max: MAX })
    for (const by of others) await look(by)
    await bid(other, id, { amount: RESERVE + 100_000 })
    await bid(bidder, id, { max: RAISED })
    await bid(other, id, { max: 1 })
    await bid(other, id, { amount: 4_000_000, max: 4_000_000 })
    await bid(seller, id, { max: RAISED + 1 })
    await bid(bidder, id, { max: MAX })
    await bid(stranger, id, { max: 9_999_999 })
    for (const by of others) await look(by)
    await expect.poll(async () => (await other.get(`/v1/goods/${id}`)).body.status, { timeout: 15_000 }).toBe('sold')
    for (const by of [...others, seller]) await look(by)
    await expect
      .poll(() => watchers.every((watcher) => watcher.of('house').some(({ events }) => events[0].type === 'sold')))
      .toBe(true)

    expectUnheard([MAX, RAISED, UNMET, SELLERS_PASSWORD, BIDDERS_PASSWORD, bidder.token, seller.token, house.houseCode])
    // Of a bidder's maximum the seller learns no more than others, and nobody learns another's balance.
    expectUnheard([MAX, RAISED, BIDDERS_PASSWORD, bidder.token], seller.heard)
    expectUnheard([BALANCE], [...stranger.heard, ...lines])
    // What the tests would miss if it were not there at all.
    expect(bidder.heard.join('\n')).toContain(String(MAX))
    expect(JSON.stringify(await house.query('select secret from events'))).toContain(String(RESERVE))
  })
})
