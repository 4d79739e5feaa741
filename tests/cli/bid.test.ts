/** `auction bid`: what is sent, what is asked, and what the exit code says. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome } from './command-line.ts'
import {
  type Answer,
  type Asked,
  bidAnswer,
  good,
  openStub,
  refusal,
  type StubHouse,
  usd,
  user,
  wallet,
} from './stub-house.ts'

let home: Home
const open: StubHouse[] = []

beforeEach(() => {
  home = openHome()
})
afterEach(async () => {
  home.close()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const listed = {
  items: [
    {
      seq: 1,
      type: 'listed',
      at: good().endsAt,
      goodId: 42,
      data: {
        increment: {
          bands: [
            [0, 5],
            [1000, 50],
          ],
        },
        premiumBp: 1000,
      },
    },
  ],
  next: null,
  epoch: 'e1',
}

/** A house with one good, which answers a bid with `onBid`. */
async function house(
  onBid: (asked: Asked, before: number) => Answer = () => ({ status: 201, json: bidAnswer() }),
  view = good(),
): Promise<StubHouse> {
  const stub = await openStub((asked, before) => {
    if (asked.method === 'POST') return onBid(asked, before)
    if (asked.path.includes('/events')) return { json: listed }
    if (asked.path === '/v1/me') return { json: user }
    return asked.path.endsWith('/wallet') ? { json: wallet } : { json: view }
  })
  open.push(stub)
  return stub
}

const sent = ({ asked }: StubHouse) =>
  asked.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as unknown)

describe('the amount', () => {
  it.each([
    [['1280.50', '--yes'], { amount: 128_050 }],
    [['min'], { amount: 1_050 }],
    [['+1'], { amount: 1_050 }],
    [['+3'], { amount: 1_150 }],
    [['--max', '30'], { max: 3_000 }],
    [['min', '--if-seq', '17'], { amount: 1_050, ifSeq: 17 }],
    [['min', '--max', '2000', '--yes', '--message', 'for Ann'], { amount: 1_050, max: 200_000, message: 'for Ann' }],
  ])('%j sends %j', async (words, body) => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', ...words], { server: stub.url })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(sent(stub)).toEqual([body])
  })

  it('+N on a good without bids goes by the increment it was listed with', async () => {
    const stub = await house(undefined, good({ price: null, leader: null, bidCount: 0, minimumBid: usd(1_000) }))
    await home.auction(['bid', '42', '+3'], { server: stub.url })
    expect(sent(stub)).toEqual([{ amount: 1_100 }])
  })

  it.each([
    '1,000',
    '10.505',
    '-5',
    '1e3',
    'max',
    'MIN',
    '+0',
    '+x',
    '+1.5',
    '++1',
    '+9999',
    '0',
    '５',
    'NaN',
    '',
    '10 50',
  ])('refuses %j with 2, sending nothing', async (text) => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', text], { server: stub.url })
    expect(ran.code).toBe(2)
    expect(ran.out).toBe('')
    expect(ran.err).toMatch(/^error: .+\nhint: .+\n$/)
    expect(sent(stub)).toEqual([])
  })

  it.each([
    [['42'], 'amount'],
    [['x', 'min'], 'id'],
    [['42', '20', '--max', '19'], '--max'],
    [['42', 'min', 'more'], 'arguments'],
    [['42', 'min', '--idempotency-key', 'a b'], 'key'],
    [['42', 'min', '--if-seq', 'x'], 'place in the log'],
    [['42', 'min', '--if-seq', '-1'], 'place in the log'],
  ])('refuses %j with 2', async (words, about) => {
    const stub = await house()
    const ran = await home.auction(['bid', ...words], { server: stub.url })
    expect(ran.code).toBe(2)
    expect(ran.err).toContain(about)
    expect(sent(stub)).toEqual([])
  })
})

describe('a bid of three times the minimum', () => {
  it('needs --yes where nobody can be asked, and is not sent without', async () => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', '31.50'], { server: stub.url })
    expect(ran.code).toBe(2)
    expect(ran.err).toContain('--yes')
    expect(sent(stub)).toEqual([])
  })

  it.each([
    [['--max', '31.50'], good()],
    [['min', '--max', '2000'], good()],
    [['--max', '2000'], good({ you: { standing: 'leading', max: usd(150_000), hold: usd(150_000) } })],
  ])('is one by its maximum too: %j', async (words, view) => {
    const stub = await house(undefined, view)
    const ran = await home.auction(['bid', '42', ...words], { server: stub.url })
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(/^error: \$[\d,.]+ is \d+ times the minimum of \$10\.50\.\nhint: Add --yes/)
    expect(sent(stub)).toEqual([])
    expect((await home.auction(['bid', '42', ...words, '--yes'], { server: stub.url })).code).toBe(0)
  })

  it('is sent with --yes, or -y before the command; just below it needs neither', async () => {
    const stub = await house()
    expect((await home.auction(['bid', '42', '31.50', '--yes'], { server: stub.url })).code).toBe(0)
    expect((await home.auction(['-y', 'bid', '42', '31.50'], { server: stub.url })).code).toBe(0)
    expect((await home.auction(['bid', '42', '31.49'], { server: stub.url })).code).toBe(0)
    expect(sent(stub)).toHaveLength(3)
  })
})

describe('the outcome', () => {
  it('in a pipe is one line of ids, standing, amounts and end', async () => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', 'min'], { server: stub.url })
    expect(ran.out).toBe(`7\t42\tleading\t10.50\t10.50\tUSD\t${good().endsAt}\n`)
  })

  it('for a person is a sentence', async () => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', 'min'], { server: stub.url, terminal: true })
    expect(ran.out).toBe('You lead good 42 at $10.50; ends in 4m 37s.\n')
  })

  it('with --json is the answer of the house, and nothing else', async () => {
    const stub = await house()
    const ran = await home.auction(['bid', '42', 'min', '--json'], { server: stub.url })
    expect(JSON.parse(ran.out)).toEqual(bidAnswer())
    expect(ran.err).toBe('')
  })

  it('accepted but outbid at once is 12, with the least next bid', async () => {
    const stub = await house(() => ({ status: 201, json: bidAnswer('outbid') }))
    const ran = await home.auction(['bid', '42', 'min'], { server: stub.url })
    expect(ran.code).toBe(12)
    expect(ran.out).toContain('\toutbid\t')
    expect(ran.err).toContain('auction bid 42 min')
    const quiet = await home.auction(['bid', '42', 'min', '-q'], { server: stub.url })
    expect(quiet).toEqual({ code: 12, out: '7\n', err: '' })
  })

  it.each([
    [409, 'BID_TOO_LOW', 10],
    [409, 'NOT_OPEN', 11],
    [422, 'OWN_GOOD', 13],
    [409, 'MAX_NOT_RAISED', 13],
    [409, 'INSUFFICIENT_FUNDS', 13],
    [401, 'UNAUTHENTICATED', 4],
    [403, 'FORBIDDEN', 5],
    [404, 'NOT_FOUND', 3],
    [422, 'KEY_REUSED', 6],
    [409, 'CONFLICT', 6],
    [429, 'RATE_LIMITED', 9],
  ])('%d %s exits with what the catalogue says', async (status, code, exit) => {
    const stub = await house(() => refusal(status, code))
    const ran = await home.auction(['bid', '42', 'min', '--json'], { server: stub.url })
    expect(ran.code).toBe(exit)
    expect(ran.out).toBe('')
    expect(JSON.parse(ran.err)).toMatchObject({
      error: { code, requestId: 'r-1', hint: expect.not.stringContaining('<id>') },
    })
  })

  it('a refusal names the new minimum in the currency of the house', async () => {
    const stub = await house(() => refusal(409, 'BID_TOO_LOW', { minimumBid: usd(123_450) }))
    const ran = await home.auction(['bid', '42', 'min'], { server: stub.url })
    expect(ran.err).toBe(
      'error: It is BID_TOO_LOW. The minimum is $1,234.50.\nhint: Bid the minimum: auction bid 42 min\n',
    )
  })

  it('unknown is 14 after 10 s of trying, and the printed line asks again for this very bid', async () => {
    const stub = await house(() => ({ bytes: '' }))
    const words = ['bid', '42', '40', '--max', '50', '--message', "it's Ann's", '--yes']
    const again = await home.auction([...words, '--server', stub.url])
    expect(again.code).toBe(14)
    // Waits of 0.1 s that double up to 2 s leave room for nine tries in ten seconds, and on a slow machine for fewer.
    const tries = sent(stub).length
    expect([tries > 1, tries <= 9]).toEqual([true, true])
    const key = stub.asked.find(({ method }) => method === 'POST')?.headers['idempotency-key']
    expect(again.err).toContain(
      `auction bid 42 40.00 --max 50.00 --message 'it'\\''s Ann'\\''s' --yes --idempotency-key ${String(key)} --server ${stub.url}\n`,
    )
  })

  it('a key of one’s own is sent as it is, and a replay is told', async () => {
    const stub = await house(() => ({ status: 201, json: bidAnswer('leading', true) }))
    const ran = await home.auction(['bid', '42', 'min', '--idempotency-key', 'mine-1'], {
      server: stub.url,
      terminal: true,
    })
    expect(stub.asked.at(-1)?.headers['idempotency-key']).toBe('mine-1')
    expect(ran.out).toContain('accepted already')
  })
})

it('--dry-run sends nothing and says what it would cost at worst, premium included', async () => {
  const stub = await house()
  const ran = await home.auction(['bid', '42', 'min', '--max', '2000', '--dry-run', '--json'], { server: stub.url })
  expect(JSON.parse(ran.out)).toEqual({
    request: { method: 'POST', path: '/v1/goods/42/bids', body: { amount: 1_050, max: 200_000 } },
    minimumBid: usd(1_050),
    worstCase: usd(220_000),
  })
  expect(sent(stub)).toEqual([])
})
