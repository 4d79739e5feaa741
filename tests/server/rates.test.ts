import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, callerAt, databases, type House, openHouse, PASSWORD } from '../support/house.ts'

const times = <T>(count: number, call: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))
const refused = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 429)

function expectPatience(answers: readonly Answer[]): void {
  expect(refused(answers).length).toBeGreaterThan(0)
  for (const { headers, body } of refused(answers)) {
    expect(body).toMatchObject({ code: 'RATE_LIMITED', status: 429 })
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  }
}

describe.each(databases)('rate limits on %s', (kind) => {
  let house: House
  beforeAll(async () => {
    house = await openHouse(kind, { settings: { AUCTION_RATE_LIMITS: 'on', AUCTION_TRUST_PROXY: 'on' } })
  })
  afterAll(() => house.close())

  // Each test comes from an address of its own, as a proxy before the house reports it.
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const logIn = (nick: string, password: string, address: string) =>
    house.anyone.post('/v1/sessions', { nick, password }, from(address))

  it('let a burst of 20 bids through and hold back the rest of that user alone', async () => {
    const [seller, ann, bob] = [await house.member('mila'), await house.member('ann'), await house.member('bob')]
    const good = await seller.sell()
    const answers = await times(100, (index) => ann.bid(good.id, { max: 2000 + index }))
    expectPatience(answers)
    expect(refused(answers).length).toBeLessThanOrEqual(80)
    expect((await bob.bid(good.id, { max: 50_000 })).status).toBe(201)
    expect((await ann.get('/v1/me')).status).toBe(200)
  })

  it('slow down guesses at one password, also the right guess, and nobody else', async () => {
    await house.member('victim')
    const guesses = await times(14, () => logIn('victim', 'a wrong guess', '192.0.2.1'))
    expectPatience(guesses)
    expect(guesses.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10)
    expect((await logIn('victim', PASSWORD, '192.0.2.1')).status).toBe(429)
    expect((await logIn('V1CTIM', PASSWORD, '192.0.2.1')).status).toBe(429)
    expect((await logIn('victim', PASSWORD, '192.0.2.2')).status).toBe(201)
    await house.member('neighbour')
    expect((await logIn('neighbour', PASSWORD, '192.0.2.1')).status).toBe(201)
  })

  it('count sign-ins by address, malformed ones too', async () => {
    expectPatience(await times(320, () => house.anyone.post('/v1/users', {}, from('192.0.2.3'))))
    expect((await house.anyone.post('/v1/users', {}, from('192.0.2.4'))).status).toBe(400)
  })

  it('count calls with tokens that nobody has', async () => {
    const guesser = callerAt(() => house.url, 'auc_guess')
    // A write, of which fewer are let through: on a slow machine six hundred reads come too slowly to be held back.
    expectPatience(await times(300, () => guesser.send('DELETE', '/v1/sessions/current', undefined, from('192.0.2.5'))))
  })

  it('believe the address the proxy saw, not one the caller made up', async () => {
    expectPatience(
      await times(320, (index) => house.anyone.post('/v1/users', {}, from(`198.51.100.${index % 250}, 192.0.2.6`))),
    )
  })
})

describe('the address of a caller', () => {
  it("is the connection's, whatever headers say, unless a proxy is trusted", async () => {
    const house = await openHouse('sqlite', { settings: { AUCTION_RATE_LIMITS: 'on' } })
    try {
      expectPatience(
        await times(320, (index) =>
          house.anyone.post('/v1/users', {}, { 'x-forwarded-for': `203.0.113.${index % 250}` }),
        ),
      )
    } finally {
      await house.close()
    }
  })
})
