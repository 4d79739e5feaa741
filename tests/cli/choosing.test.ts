/** --fields and --jq: what of a result is shown, in every mode, and what happens on a slip of the pen. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { globalFlags } from '../../packages/cli/src/command-table.ts'
import { type Home, openHome } from './command-line.ts'
import { bidAnswer, good, openStub, type StubHouse, usd, user, wallet } from './stub-house.ts'

let home: Home
let house: StubHouse
let items: unknown[]

beforeEach(async () => {
  home = openHome()
  items = [good(), good({ id: 43, name: 'A\u001b[31m\tB', price: usd(5), relistOf: 7 })]
  house = await openStub(({ method, path }) => {
    if (method === 'POST') return { status: 201, json: bidAnswer() }
    if (path.startsWith('/v1/goods?')) return { json: { items, next: null } }
    if (path.includes('/events')) return { json: { items: [], next: null, epoch: 'e1' } }
    if (path.startsWith('/v1/goods/42/bids')) return { json: { items: [], next: null } }
    if (path.startsWith('/v1/goods/42/image')) return { text: 'no json' }
    if (path.startsWith('/v1/goods/')) return { json: good({ minimumBid: usd(1050) }) }
    return { json: path === '/v1/me/wallet' ? wallet : user }
  })
})
afterEach(async () => {
  await house.close()
  home.close()
})
const auction = (words: readonly string[], terminal = false) =>
  home.auction(words, { server: house.url, terminal, columns: 120, env: { NO_COLOR: '1' } })

describe('--fields', () => {
  it('are the columns of a list, in that order, in a pipe and on a terminal', async () => {
    expect((await auction(['list', '--fields', 'price,currency,id'])).out).toBe('10.00\tUSD\t42\n0.05\tUSD\t43\n')
    const shown = (await auction(['list', '--fields', 'name,id,buy-now'], true)).out.split('\n')
    expect(shown[0]).toMatch(/^NAME +ID +BUY NOW$/)
    expect(shown).toHaveLength(4)
  })

  it('are the keys of each item with --json, also of one that not all have', async () => {
    const ran = await auction(['--fields=id,relistOf', 'list', '--json'])
    expect(JSON.parse(ran.out)).toEqual({ items: [{ id: 42 }, { id: 43, relistOf: 7 }], next: null })
  })

  it('are the facts or keys of one thing', async () => {
    expect((await auction(['show', '42', '--fields', 'minimum,currency'])).out).toBe('minimum\t10.50\ncurrency\tUSD\n')
    expect((await auction(['show', '42', '--fields', 'currency'], true)).out).toBe('currency  USD\n')
    const answer = JSON.parse((await auction(['show', '42', '--json', '--fields', 'id,minimumBid'])).out)
    expect(answer).toEqual({ id: 42, minimumBid: usd(1050) })
    expect((await auction(['wallet', '--fields', 'available'])).out).toBe('available\t489.50\n')
    expect((await auction(['whoami', '--fields', 'id,role'])).out).toBe('2\tmember\n')
  })

  it.each([
    ['list', '--fields', 'id,nope'],
    ['list', '--json', '--fields', 'nope'],
    ['show', '42', '--fields', 'nope'],
    ['show', '42', '--json', '--fields', 'nope'],
  ])('%s %s %s %s with an unknown one is 2 and names those there are', async (...words) => {
    const ran = await auction(words)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toMatch(/There is no field .*nope/)
    expect(ran.err).toMatch(/The fields are: .*\bname\b/)
  })

  it('unknown in a list without rows are told all the same', async () => {
    items = []
    expect((await auction(['list', '--fields', 'nope'])).code).toBe(2)
  })

  it('unknown never make an accepted bid look refused: all is shown, and they are told', async () => {
    const ran = await auction(['bid', '42', 'min', '--json', '--fields', 'nope'])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.out)).toMatchObject({ standing: 'leading' })
    expect(JSON.parse(ran.err).error.message).toContain('nope')
  })

  it('of a bid are keys of its answer', async () => {
    expect((await auction(['bid', '42', 'min', '--fields', 'standing'])).out).toBe('leading\n')
  })

  it('without a name, or beside -q, are 2 before anything is asked', async () => {
    for (const words of [
      ['list', '--fields', ''],
      ['list', '--fields', 'id,,name'],
      ['list', '-q', '--fields', 'id'],
    ])
      expect((await auction(words)).code).toBe(2)
    expect(house.asked).toEqual([])
  })
})

describe('--jq', () => {
  it('is what jq makes of the document: strings as they are, the rest as JSON on a line', async () => {
    expect(await auction(['list', '--jq', '.items[] | .id, .name'])).toEqual({
      code: 0,
      err: '',
      out: '42\nLeica M3\n43\nA B\n',
    })
    expect((await auction(['show', '42', '--jq', '.minimumBid'])).out).toBe('{"amount":1050,"currency":"USD"}\n')
    expect((await auction(['list', '--jq', '.items[] | [.id, .bidCount] | @tsv # rows'])).out).toBe('42\t1\n43\t1\n')
    expect((await auction(['list', '--jq', 'empty'])).out).toBe('')
  })

  it('comes after --fields', async () => {
    expect((await auction(['list', '--fields', 'id', '--jq', '.items'])).out).toBe('[{"id":42},{"id":43}]\n')
  })

  it('lets no control byte out that its own expression makes', async () => {
    const ran = await auction(['list', '--jq', '"\\u001b[31mred\\u0007\\u202e", {a:"\\u001b"}'])
    expect(ran.out).toBe('red\n{"a":"\\u001b"}\n')
  })

  it.each(['.items[', 'nope(1)', ')', '-n'])('%s is 2 before anything is asked', async (expression) => {
    const ran = await auction(['bid', '42', 'min', '--jq', expression])
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(JSON.parse(ran.err).error.message).toMatch(/^--jq: /)
    expect(house.asked).toEqual([])
  })

  it('that gives up shows what came before it, says so, and is 1', async () => {
    const ran = await auction(['list', '--jq', '.items[0].id, .items[0].id.x, 3'])
    expect(ran).toMatchObject({ code: 1, out: '42\n' })
    expect(JSON.parse(ran.err).error.message).toMatch(/^--jq: Cannot index number/)
  })

  it('that gives up on the answer to a bid shows all of it; the bid is no failure', async () => {
    const ran = await auction(['bid', '42', 'min', '--jq', '.standing.x'])
    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.out)).toMatchObject({ standing: 'leading' })
    expect(JSON.parse(ran.err).error.hint).toContain('It was done')
  })

  it('works on any answer that is JSON by `auction api`', async () => {
    expect((await auction(['api', 'GET', '/v1/me', '--jq', '.nick'])).out).toBe('noor\n')
    expect((await auction(['api', 'GET', '/v1/goods/42/image', '--jq', '.'])).code).toBe(1)
  })

  it.each([['serve'], ['export', '42'], ['completion', 'bash']])('%s has no document for it', async (...words) => {
    const ran = await auction([...words, '--jq', '.'])
    expect(ran.code).toBe(2)
    expect(ran.err).toContain('no document')
  })
})

it('both stand among the flags of every command', () => {
  expect(globalFlags.map(([flags]) => flags).join(' ')).toMatch(/--fields <.*--jq </)
})
