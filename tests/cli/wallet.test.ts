/** `auction wallet`: each hold, why it is held and what frees it; what everything led may cost, and is likely to. */
import type { GoodView } from '@auction/common/view'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome } from './command-line.ts'
import { type Answer, good, openStub, refusal, type StubHouse, usd } from './stub-house.ts'

let home: Home
const open: StubHouse[] = []

beforeEach(() => {
  home = openHome()
})
afterEach(async () => {
  home.close()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

interface Led {
  readonly view: GoodView
  readonly premiumBp: number
  readonly hold: number
}

const led = (id: number, hold: number, premiumBp: number, rest: Partial<GoodView>): Led => ({
  view: good({ id, you: { standing: 'leading', max: usd(hold), hold: usd(hold) }, ...rest }),
  premiumBp,
  hold,
})
/** Premium of 10 %, none, a reserve that is not met. */
const leica = led(1, 44_000, 1_000, {
  name: 'Leica',
  price: usd(21_005),
  you: { standing: 'leading', max: usd(40_000), hold: usd(44_000) },
})
const book = led(2, 1_500, 0, { name: 'Book', price: usd(1_200) })
const sword = led(3, 9_900, 1_000, { name: 'Sword', price: usd(5_000), reserve: 'unmet' })

async function house(goods: readonly Led[], missing: Answer = refusal(404, 'NOT_FOUND')): Promise<StubHouse> {
  const held = goods.reduce((sum, { hold }) => sum + hold, 0)
  const stub = await openStub(({ path }) => {
    if (path === '/v1/me/wallet')
      return {
        json: {
          balance: usd(100_000),
          available: usd(100_000 - held),
          held: usd(held),
          holds: goods.map(({ view, hold }) => ({ goodId: view.id, amount: usd(hold) })),
        },
      }
    const [, id, events] = /^\/v1\/goods\/(\d+)(\/events)?/.exec(path) ?? []
    const one = goods.find(({ view }) => view.id === Number(id))
    if (!one || one.view.id >= 1_000) return missing
    if (!events) return { json: one.view }
    const { endsAt, epoch } = one.view
    const data = { premiumBp: one.premiumBp }
    return { json: { items: [{ seq: 1, type: 'listed', at: endsAt, goodId: one.view.id, data }], next: null, epoch } }
  })
  open.push(stub)
  return stub
}

const freed = ({ view }: Led): string =>
  `when you are outbid, when it ends (${view.endsAt}), or when you take the bid back while that is allowed`

const wallet = async (stub: StubHouse, words: readonly string[] = [], terminal = true) =>
  home.auction(['wallet', ...words], { server: stub.url, terminal, env: { NO_COLOR: '1' } })

describe('wallet', () => {
  it('says of each hold which good it is for, how you lead it, and what frees it', async () => {
    const { out, code, err } = await wallet(await house([leica, sword]))
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('good 1       $440.00 held for Leica: you lead at $210.05, your maximum is $400.00\n')
    expect(out).toContain(
      '             free when you are outbid, when it ends (in 4m 37s), or when you take the bid back while that is allowed\n',
    )
    expect(out).toContain('good 3       $99.00 held for Sword: you lead at $50.00, below the reserve')
  })

  it('adds up the worst case, all holds, and the likely case, present prices with their premium, to the cent', async () => {
    const stub = await house([leica, book, sword])
    const { out } = await wallet(stub)
    // 210.05 + 21.00 (rounded down) + 12.00; the sword is not sold below its reserve.
    expect(out).toContain('worst case   $554.00 if everything you lead goes at your maximum\n')
    expect(out).toContain('likely case  $243.05 if everything you lead ends at its present price\n')
    expect((await wallet(stub, [], false)).out).toBe(
      [
        'balance\t1000.00\navailable\t446.00\nheld\t554.00\ncurrency\tUSD\n',
        `good 1\t440.00\tLeica\tyou lead at 210.05, your maximum is 400.00\t${freed(leica)}\n`,
        `good 2\t15.00\tBook\tyou lead at 12.00, your maximum is 15.00\t${freed(book)}\n`,
        `good 3\t99.00\tSword\tyou lead at 50.00, below the reserve, your maximum is 99.00\t${freed(sword)}\n`,
        'worst case\t554.00\nlikely case\t243.05\n',
      ].join(''),
    )
    const fields = await wallet(stub, ['--fields', 'good 3,held'], false)
    expect(fields.out.split('\n').map((line) => line.split('\t').length)).toEqual([5, 2, 1])
  })

  it('is the answer of the house with --json and the available amount with -q, for one call', async () => {
    const stub = await house([leica])
    const document: unknown = JSON.parse((await wallet(stub, ['--json'])).out)
    expect(document).toEqual({
      balance: usd(100_000),
      available: usd(56_000),
      held: usd(44_000),
      holds: [{ goodId: 1, amount: usd(44_000) }],
    })
    expect((await wallet(stub, ['-q'], false)).out).toBe('560.00\n')
    expect(stub.asked).toHaveLength(2)
  })

  it('says nothing of cases when nothing is held; a program gets them as 0.00', async () => {
    const stub = await house([])
    expect((await wallet(stub)).out).toBe('balance      $1,000.00\navailable    $1,000.00\nheld         $0.00\n')
    expect((await wallet(stub, [], false)).out).toMatch(/worst case\t0\.00\nlikely case\t0\.00\n$/)
  })

  it('lists a hold whose good cannot be seen, and counts it whole', async () => {
    const hidden = led(1_000, 700, 0, {})
    const { out, code } = await wallet(await house([book, hidden]))
    expect(code).toBe(0)
    expect(out).toContain('good 1000    $7.00 held until you are outbid, or the good ends\n')
    expect(out).toContain('likely case  $19.00 ')
    const piped = await wallet(await house([book, hidden]), [], false)
    expect(piped.out).toContain('good 1000\t7.00\t\t\twhen you are outbid, or the good ends\n')
    expect((await wallet(await house([hidden], refusal(500, 'INTERNAL')))).code).toBe(1)
  })

  it('asks about many goods a few at a time', async () => {
    let [now, most] = [0, 0]
    const many = Array.from({ length: 30 }, (_, index) => led(index + 1, 1_000, 0, {}))
    const inner = await house(many)
    const outer = await openStub(async ({ path }) => {
      most = Math.max(most, ++now)
      const answer = await fetch(inner.url + path)
      // The first about a good is answered once another came, as more of them do meanwhile.
      while (path.startsWith('/v1/goods') && most < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 60))
      now--
      return { json: await answer.json() }
    })
    open.push(outer)
    const { out } = await wallet(outer, [], false)
    expect(out.match(/^good /gm)).toHaveLength(30)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(16)
  })

  it('shows a hostile name harmlessly', async () => {
    const { out } = await wallet(await house([led(1, 1_000, 0, { name: 'A\u001b[31m\u202e\nB' })]))
    for (const hostile of ['\u001b', '\u202e', '\nB']) expect(out).not.toContain(hostile)
    expect(out).toContain('held for A')
  })
})
