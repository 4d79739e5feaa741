/** Buying, taking back, cancelling, accepting, editing, relisting, offering; the house's own: what is sent, asked and said. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, now, openHome } from './command-line.ts'
import { type Answer, type Asked, good, openStub, refusal, type StubHouse, usd, user, wallet } from './stub-house.ts'

let home: Home
const open: StubHouse[] = []

beforeEach(() => {
  home = openHome()
})
afterEach(async () => {
  home.close()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const ownBid = (id: number) => ({
  id,
  goodId: 42,
  name: 'Leica M3',
  amount: usd(1_000),
  max: usd(2_000),
  seq: id,
  at: good().endsAt,
  message: null,
  standing: 'leading',
})
const listed = {
  items: [{ seq: 1, type: 'listed', at: good().endsAt, goodId: 42, data: { premiumBp: 1_000 } }],
  next: null,
  epoch: 'e1',
}

/** A house with one good; every write is answered by `onWrite`. */
async function house(view = good(), onWrite: (asked: Asked) => Answer = () => ({ json: view })): Promise<StubHouse> {
  const stub = await openStub((asked) => {
    const { method, path } = asked
    if (method !== 'GET') return onWrite(asked)
    if (path === '/v1/me') return { json: user }
    if (path === '/v1/me/wallet') return { json: wallet }
    if (path.startsWith('/v1/me/bids'))
      return path.includes('cursor=c2')
        ? { json: { items: [ownBid(7)], next: null } }
        : { json: { items: [ownBid(9), ownBid(8)], next: 'c2' } }
    if (path.startsWith('/v1/admin/users')) return { json: { items: [user], next: null } }
    return path.includes('/events') ? { json: listed } : { json: view }
  })
  open.push(stub)
  return stub
}

const writes = ({ asked }: StubHouse) =>
  asked
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path, body }) => [method, path, body === '' ? null : (JSON.parse(body) as unknown)])
const keys = ({ asked }: StubHouse) =>
  asked.filter(({ method }) => method !== 'GET').map(({ headers }) => headers['idempotency-key'])

const buyable = good({ buyNow: usd(1_300), price: null, leader: null, bidCount: 0 })
const bare = good({ price: null, leader: null, bidCount: 0 })
const ended = good({ status: 'sold', winner: { id: 3, nick: 'zoë' } })

describe('refuses with 2, sending nothing', () => {
  it.each([
    [['buy', 'x'], buyable, 'id'],
    [['buy', '42'], buyable, '--yes'],
    [['retract', '7'], good(), '--reason'],
    [['retract', '7', '--reason', 'regret'], good(), 'seller_unreachable'],
    [['retract', 'x', '--reason', 'typo'], good(), 'a bid'],
    [['cancel', '42'], good(), 'lost_or_broken'],
    [['cancel', '42', '--reason', 'regret'], good(), '--reason'],
    [['cancel', '42', '--reason', 'incorrect'], good(), '--yes'],
    [['accept', '42'], good(), '--yes'],
    [['edit', '42'], good(), '--help'],
    [['edit', '42', '--start', '1,000'], good(), 'grouping'],
    [['edit', '42', '--start', 'none'], good(), 'amount'],
    [['edit', '42', '--ends-in', '1d', '--ends-at', '2026-12-01T10:00'], good(), '--ends-at'],
    [['edit', '42', '--capacity', '0'], good(), '--capacity'],
    [['edit', '42', '--note', '-', '--password-stdin'], good(), 'stdin'],
    [['edit', '42', '--public', '--password-stdin'], good(), '--public'],
    [['relist', '42'], ended, '--ends-in'],
    [['relist', '42', '--ends-in', '7d', '--start', '10', '--buy-now', '12'], ended, '--buy-now must be at least 1.3'],
    [['offer', '42'], ended, '--for'],
    [['offer', '42', '--for', '23h'], ended, '1d to 7d'],
    [['offer', '42', '--for', '8d'], ended, '1d to 7d'],
    [['admin', 'cancel', '42'], good(), '--reason'],
    [['admin', 'cancel', '--reason', 'x'], good(), '--bid'],
    [['admin', 'cancel', '42', '--bid', '7', '--reason', 'x'], good(), '--bid'],
    [['admin', 'cancel', '42', '--reason', 'x'], good(), '--yes'],
    [['admin', 'withdraw', 'noor', '0'], good(), 'more than 0'],
  ] as const)('%j', async (words, view, about) => {
    const stub = await house(view)
    const ran = await home.auction(words, { server: stub.url })
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(about)
    expect(writes(stub)).toEqual([])
  })
})

describe('buy', () => {
  it('with --yes buys under a key, and says so in every mode', async () => {
    const bought = good({
      ...buyable,
      status: 'bought',
      price: usd(1_300),
      buyNow: null,
      winner: { id: 2, nick: 'noor' },
    })
    const stub = await house(buyable, () => ({ json: bought }))
    const ran = await home.auction(['buy', '42', '--yes'], { server: stub.url, terminal: true })
    expect(ran).toEqual({ code: 0, err: '', out: 'You bought good 42, Leica M3, for $13.00.\n' })
    expect(writes(stub)).toEqual([['POST', '/v1/goods/42/purchase', null]])
    expect(keys(stub)[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.parse((await home.auction(['-y', 'buy', '42', '--json'], { server: stub.url })).out)).toEqual(bought)
    expect((await home.auction(['buy', '42', '-y', '-q'], { server: stub.url })).out).toBe('42\n')
    expect((await home.auction(['buy', '42', '-y'], { server: stub.url })).out).toMatch(
      /^42\tLeica M3\tbought\t13\.00\tUSD\t/,
    )
  })

  it('names the whole price where it asks, premium included; --dry-run sends nothing', async () => {
    const stub = await house(buyable)
    expect((await home.auction(['buy', '42'], { server: stub.url })).err).toBe(
      'error: Good 42, Leica M3, costs $13.00, with the premium of the house $14.30.\nhint: Add --yes if you mean it.\n',
    )
    const dry = await home.auction(['buy', '42', '--dry-run', '--json'], { server: stub.url })
    expect(JSON.parse(dry.out)).toMatchObject({ price: usd(1_300), cost: usd(1_430) })
    expect(writes(stub)).toEqual([])
  })

  it.each([
    [good(), 6, 'auction bid 42 min'],
    [ended, 11, 'auction show 42'],
  ])('of a good that cannot be bought is refused, and nothing is sent', async (view, code, about) => {
    const stub = await house(view)
    for (const flags of [['--yes'], ['--dry-run']]) {
      const ran = await home.auction(['buy', '42', ...flags], { server: stub.url })
      expect(ran.code).toBe(code)
      expect(ran.err).toContain(about)
    }
    expect(writes(stub)).toEqual([])
  })

  it('asks the house about a key of before, whatever became of the good', async () => {
    const bought = good({ status: 'bought', price: usd(1_300), winner: { id: 2, nick: 'noor' } })
    const stub = await house(bought)
    const ran = await home.auction(['buy', '42', '--yes', '--idempotency-key', 'mine-1'], { server: stub.url })
    expect(ran.code).toBe(0)
    expect(keys(stub)).toEqual(['mine-1'])
  })

  it.each([
    [409, 'INSUFFICIENT_FUNDS', 13],
    [422, 'OWN_GOOD', 13],
    [409, 'NOT_OPEN', 11],
    [403, 'FORBIDDEN', 5],
  ])('%d %s exits with what the catalogue says, its hint naming the good', async (status, code, exit) => {
    const stub = await house(buyable, () => refusal(status, code))
    const ran = await home.auction(['buy', '42', '--yes'], { server: stub.url })
    expect(ran.code).toBe(exit)
    expect(ran.err).not.toContain('<id>')
  })
})

describe('retract', () => {
  it('finds the good of a bid on any page, and says how things stand', async () => {
    const after = good({ you: { standing: 'outbid', max: usd(900), hold: null } })
    const stub = await house(good(), () => ({ json: after }))
    const ran = await home.auction(['retract', '7', '--reason', 'typo'], { server: stub.url, terminal: true })
    expect(ran.out).toBe('Bid 7 is taken back. Good 42, Leica M3: $10.00 by zoë. Your other bids are outbid.\n')
    expect(writes(stub)).toEqual([['DELETE', '/v1/goods/42/bids/7', { reason: 'typo' }]])
  })

  it('of a bid of somebody else is 3', async () => {
    const stub = await house()
    const ran = await home.auction(['retract', '77', '--reason', 'typo'], { server: stub.url })
    expect(ran.code).toBe(3)
    expect(ran.err).toContain('auction bids')
    expect(writes(stub)).toEqual([])
  })

  it('too late is 6', async () => {
    const stub = await house(good(), () => refusal(409, 'CONFLICT'))
    expect((await home.auction(['retract', '7', '--reason', 'typo'], { server: stub.url })).code).toBe(6)
  })
})

describe('a seller', () => {
  it('cancels a good without bids at once, one with bids with a reason and --yes', async () => {
    const without = await house(bare)
    expect((await home.auction(['cancel', '42'], { server: without.url })).code).toBe(0)
    expect(writes(without)).toEqual([['DELETE', '/v1/goods/42', {}]])
    const bids = await house()
    await home.auction(['cancel', '42', '--reason', 'incorrect', '--yes'], { server: bids.url })
    expect(writes(bids)).toEqual([['DELETE', '/v1/goods/42', { reason: 'incorrect' }]])
  })

  it('accepts the highest bid with --yes; of a good without bids there is nothing to accept', async () => {
    const bids = await house(good(), () => ({ json: ended }))
    const ran = await home.auction(['accept', '42', '--yes'], { server: bids.url, terminal: true })
    expect(ran.out).toBe('Good 42, Leica M3: sold to zoë for $10.00.\n')
    expect(writes(bids)).toEqual([['POST', '/v1/goods/42/sale', null]])
    const without = await house(bare)
    expect((await home.auction(['accept', '42', '--yes'], { server: without.url })).code).toBe(6)
    expect(writes(without)).toEqual([])
  })

  it.each([
    [['--name', 'Leica M4'], { name: 'Leica M4' }],
    [['--reserve', 'none', '--buy-now', 'none', '--capacity', 'none'], { reserve: null, buyNow: null, capacity: null }],
    [['--start', '9.50', '--increment', '5%'], { startPrice: 950, increment: { percentBp: 500 } }],
    [['--ends-in', '2h'], { endsInMs: 7_200_000 }],
    [['--note', 'Two lines', '--capacity', '5'], { note: 'Two lines', capacity: 5 }],
    [['--note', '-'], { note: 'from stdin' }],
    [['--password-stdin'], { password: 'from stdin' }],
    [['--public'], { password: null }],
  ])('edits with %j, sending %j', async (flags, body) => {
    const stub = await house(bare)
    const ran = await home.auction(['edit', '42', ...flags], { server: stub.url, stdin: 'from stdin\n' })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(writes(stub)).toEqual([['PATCH', '/v1/goods/42', body]])
  })

  it('relists as a new good, with what is to be another', async () => {
    const again = good({ ...bare, id: 57, relistOf: 42 })
    const stub = await house(ended, () => ({ status: 201, json: again }))
    const words = ['relist', '42', '--ends-in', '7d', '--start', '8', '--reserve', 'none']
    const ran = await home.auction(words, { server: stub.url, terminal: true })
    expect(ran.out).toMatch(/^Listed good 42 again as good 57, Leica M3: starts at \$10\.00/)
    expect(writes(stub)).toEqual([
      ['POST', '/v1/goods/42/relist', { startPrice: 800, reserve: null, endsInMs: 604_800_000 }],
    ])
    expect((await home.auction([...words, '-q'], { server: stub.url })).out).toBe('57\n')
  })

  it('offers a second chance to one person', async () => {
    const offered = good({ ...bare, id: 57, relistOf: 42, offeredTo: { id: 3, nick: 'zoë' }, buyNow: usd(1_000) })
    const stub = await house(ended, () => ({ status: 201, json: offered }))
    const ran = await home.auction(['offer', '42', '--for', '3d'], { server: stub.url, terminal: true })
    expect(ran.out).toMatch(/^Good 57, Leica M3, is offered to zoë alone for \$10\.00\. The offer ends in /)
    expect(writes(stub)).toEqual([['POST', '/v1/goods/42/offers', { endsInMs: 259_200_000 }]])
  })

  it('sells with a buy-now price, a bounded room and a password that is in no output', async () => {
    const stub = await house(bare)
    const words = ['sell', 'Leica', '--start', '10', '--ends-in', '1d', '--buy-now', '13', '--capacity', '5']
    const ran = await home.auction([...words, '--password-stdin'], { server: stub.url, stdin: 'sesame\n' })
    expect(ran.code).toBe(0)
    expect(ran.out + ran.err).not.toContain('sesame')
    expect(writes(stub)).toEqual([
      [
        'POST',
        '/v1/goods',
        { name: 'Leica', startPrice: 1_000, endsInMs: 86_400_000, buyNow: 1_300, capacity: 5, password: 'sesame' },
      ],
    ])
  })
})

describe('the house', () => {
  it('cancels a good, or one bid, with a reason', async () => {
    const stub = await house()
    await home.auction(['admin', 'cancel', '42', '--reason', 'Fake.', '--yes'], { server: stub.url })
    const ran = await home.auction(['admin', 'cancel', '--bid', '7', '--reason', 'Late.'], {
      server: stub.url,
      terminal: true,
    })
    expect(ran.out).toBe('Bid 7 is cancelled. Good 42, Leica M3: $10.00 by zoë.\n')
    expect(writes(stub)).toEqual([
      ['DELETE', '/v1/admin/goods/42', { reason: 'Fake.' }],
      ['DELETE', '/v1/admin/bids/7', { reason: 'Late.' }],
    ])
  })

  it('pays out to a user by nick, under a key', async () => {
    const entry = {
      id: 5,
      at: user.createdAt,
      debit: 'user:2/available',
      credit: 'world',
      amount: usd(5_000),
      kind: 'withdrawal',
      goodId: null,
    }
    const stub = await house(good(), () => ({ status: 201, json: { entry, wallet, replayed: false } }))
    const ran = await home.auction(['admin', 'withdraw', 'Noor', '50'], { server: stub.url, terminal: true })
    expect(ran.out).toBe('$50.00 paid out to user 2; $489.50 available.\n')
    expect(writes(stub)).toEqual([['POST', '/v1/admin/users/2/withdrawals', { amount: 5_000 }]])
    expect(keys(stub)[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('prints an invite, the code alone with -q, and the line to give away', async () => {
    const invite = { code: 'K7Q2-9XWM', expiresAt: new Date(now + 604_800_000).toISOString() }
    const stub = await house(good(), () => ({ status: 201, json: invite }))
    expect((await home.auction(['admin', 'invite', '-q'], { server: stub.url })).out).toBe('K7Q2-9XWM\n')
    expect((await home.auction(['admin', 'invite'], { server: stub.url })).out).toBe(`K7Q2-9XWM\t${invite.expiresAt}\n`)
    expect(JSON.parse((await home.auction(['admin', 'invite', '--json'], { server: stub.url })).out)).toEqual(invite)
    const shown = await home.auction(['admin', 'invite', '--server', stub.url], { terminal: true })
    expect(shown.out).toBe('K7Q2-9XWM (ends in 7d)\n')
    expect(shown.err).toContain(`auction signup --invite K7Q2-9XWM --server ${stub.url}\n`)
  })

  it('takes an invite at sign-up', async () => {
    const token = { token: 'auc_new', expiresAt: new Date(now + 1_000).toISOString(), user }
    const stub = await house(good(), ({ path }) => ({ status: 201, json: path === '/v1/users' ? user : token }))
    const words = ['signup', 'noor', '--invite', 'K7Q2-9XWM', '--password-stdin']
    expect((await home.auction(words, { server: stub.url, stdin: 'password-1\n' })).code).toBe(0)
    expect(writes(stub)[0]).toEqual([
      'POST',
      '/v1/users',
      { nick: 'noor', password: 'password-1', invite: 'K7Q2-9XWM' },
    ])
  })
})

it('says what became of an edit is unknown, and the line that asks again with the same key', async () => {
  const stub = await house(bare, () => ({ bytes: '' }))
  const ran = await home.auction(['edit', '42', '--name', 'an x'], { server: stub.url })
  expect(ran.code).toBe(14)
  expect(ran.err).toContain(
    `hint: Ask again, it counts once: auction edit 42 --name 'an x' --idempotency-key ${keys(stub)[0]} --server ${stub.url}\n`,
  )
})
