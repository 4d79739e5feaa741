/** Exports, and what `auction verify` says of them: with a terminal and without, of files, of stdin, of a good. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoggedEvent } from '@auction/common/events'
import { toView } from '@auction/common/view'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { A, B } from '../rules/given.ts'
import { exported, type LoggedSale, openSale, rechained, richSale } from '../rules/logged-sale.ts'
import { type Home, openHome } from './command-line.ts'
import { type Asked, openStub, refusal, type StubHouse } from './stub-house.ts'

let home: Home
const open: StubHouse[] = []
beforeEach(() => {
  home = openHome()
})
afterEach(async () => {
  home.close()
  await Promise.all(open.splice(0).map((each) => each.close()))
})

/** A house with these goods, its logs in pages of seven; `log` may be another than that of the sale. */
async function houseOf(
  sales: ReadonlyMap<number, LoggedSale>,
  log = (sale: LoggedSale) => sale.log(),
): Promise<string> {
  const stub = await openStub(({ path }: Asked) => {
    const [, id = '', part, since = '0'] = /^\/v1\/goods\/(\d+)(\/log)?(?:\?since=(\d+))?$/.exec(path) ?? []
    const sale = sales.get(Number(id))
    if (!sale) return refusal(404, 'NOT_FOUND')
    if (!part) return { json: toView(sale.good(), { epoch: 'e1', watchers: 0 }) }
    const items = log(sale)
      .filter(({ seq }) => seq > Number(since))
      .slice(0, 7)
    return { json: { items, next: items.length === 7 ? (items.at(-1)?.seq ?? null) : null } }
  })
  open.push(stub)
  return stub.url
}

/** A good still open, with a name and a message that try things. */
const hostile = '=1+1\u001b[31m\u202e"a, b"'
function openOne(id = 43) {
  const sale = openSale({ name: hostile }, id)
  sale.bid(A, { max: 3_000, message: '+HYPERLINK("http://evil")' })
  sale.bid(B, { max: 6_000, message: 'two\nlines, "quoted"' })
  return sale
}

const rich = richSale()
const head = rich.log().at(-1)?.hash ?? ''
const goods = () =>
  houseOf(
    new Map([
      [42, rich],
      [43, openOne()],
    ]),
  )
const written = (text: string, name = 'sale.ndjson') => {
  const path = join(home.path, name)
  writeFileSync(path, text)
  return path
}

describe('auction export', () => {
  it('writes canonical lines and the head, of one good after the other, from as many pages as there are', async () => {
    const ran = await home.auction(['export', '42', '43', '42'], { server: await goods() })
    expect(ran).toEqual({ code: 0, err: '', out: exported(rich.log()) + exported(openOne().log()) })
  })

  it('is verified by what reads it', async () => {
    const { out } = await home.auction(['export', '42', '43'], { server: await goods() })
    const ran = await home.auction(['verify', '-'], { stdin: out })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out.split('\n').map((line) => line.split('\t').slice(0, 4))).toEqual([
      ['42', '20', 'sold', '85.00'],
      ['43', '3', 'open', '31.00'],
      [''],
    ])
  })

  it('tells of a good as it was when it was asked for, though it ends meanwhile', async () => {
    const [before, after] = [openOne(), openOne()]
    after.at = after.good().endsAt
    after.play({ type: 'close_due', now: after.at })
    const url = await houseOf(new Map([[43, before]]), () => after.log())
    expect((await home.auction(['export', '43'], { server: url })).out).toBe(exported(before.log()))
    expect((await home.auction(['verify', '43'], { server: url })).code).toBe(0)
  })

  it('writes nothing when one of the goods is not there', async () => {
    const ran = await home.auction(['export', '42', '9'], { server: await goods() })
    expect(ran).toMatchObject({ code: 3, out: '' })
  })

  it('writes no raw text of others to a terminal', async () => {
    for (const more of [[], ['--csv']]) {
      const ran = await home.auction(['export', '43', ...more], { server: await goods(), terminal: true })
      expect(ran.out).not.toMatch(/(?![\r\n])[\p{Cc}\p{Cf}]/u)
    }
  })

  it('writes a file whole, and replaces one that is there only with --yes', async () => {
    const path = join(home.path, 'out.ndjson')
    const url = await goods()
    const run = (...more: string[]) => home.auction(['export', '42', '--out', path, ...more], { server: url })
    expect(await run()).toEqual({ code: 0, err: '', out: `${path}\n` })
    expect(readFileSync(path, 'utf8')).toBe(exported(rich.log()))
    writeFileSync(path, 'mine')
    expect(await run()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('is there already') })
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect((await run('--yes')).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(exported(rich.log()))
    expect(readdirSync(home.path).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('leaves no half of a file when the house fails on the way, or the file cannot be written', async () => {
    const failing = await openStub(({ path }) => {
      if (path.endsWith('since=7')) return refusal(500, 'INTERNAL')
      if (path.includes('/log')) return { json: { items: rich.log().slice(0, 7), next: 7 } }
      return { json: toView(rich.good(), { epoch: 'e1', watchers: 0 }) }
    })
    open.push(failing)
    const path = join(home.path, 'half.ndjson')
    const ran = await home.auction(['export', '42', '--out', path], { server: failing.url })
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('INTERNAL') })
    expect(failing.asked.some((asked) => asked.path.endsWith('since=7'))).toBe(true)
    const nowhere = join(home.path, 'nowhere', 'x.ndjson')
    expect((await home.auction(['export', '42', '--out', nowhere], { server: await goods() })).code).toBe(1)
    const underFile = join(home.path, 'out.ndjson', 'x')
    writeFileSync(join(home.path, 'out.ndjson'), '')
    expect(await home.auction(['export', '42', '--out', underFile], { server: await goods() })).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${underFile} cannot be written: `),
    })
    mkdirSync(join(home.path, 'there'))
    const there = ['export', '42', '--yes', '--out', join(home.path, 'there')]
    expect((await home.auction(there, { server: await goods() })).code).toBe(2)
    expect(readdirSync(home.path).filter((name) => /half|^\./.test(name))).toEqual([])
  })
})

describe('auction export --csv', () => {
  it('has a header and a row for each event, money in major units, formulas defused, quotes doubled', async () => {
    const ran = await home.auction(['export', '43', '--csv'], { server: await goods() })
    const rows = csv(ran.out)
    const header = rows[0] ?? []
    const cell = (row: number, name: string) => rows[row]?.[header.indexOf(name)]
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([header.length]))
    expect([1, 2, 3].map((row) => cell(row, 'type'))).toEqual(['listed', 'bid', 'bid'])
    expect([1, 2, 3].map((row) => cell(row, 'amount'))).toEqual(['10.00', '10.00', '31.00'])
    expect([1, 2, 3].map((row) => cell(row, 'currency'))).toEqual(['USD', 'USD', 'USD'])
    expect([1, 2, 3].map((row) => cell(row, 'text'))).toEqual([
      `'=1+1"a, b"`,
      '\'+HYPERLINK("http://evil")',
      'two\nlines, "quoted"',
    ])
    expect(cell(3, 'leader')).toBe('bob')
    expect(cell(3, 'maximum')).toBe('')
  })

  it('of an ended good has what was opened', async () => {
    const { out } = await home.auction(['export', '42', '--csv'], { server: await goods() })
    const rows = csv(out)
    const maxima = rows.slice(1).map((row) => row[(rows[0] ?? []).indexOf('maximum')])
    expect(maxima.filter((each) => each !== '')).toEqual(
      '30.00 60.00 70.00 123.45 200.00 90.00 80.00 111.11'.split(' '),
    )
    const reserves = rows.slice(1, 3).map((row) => row[(rows[0] ?? []).indexOf('reserve')])
    // The first was changed before it was met.
    expect(reserves).toEqual(['', '45.00'])
  })
})

/** RFC 4180, read back. */
function csv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    const [, cell = '', end] = match
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

describe('auction verify', () => {
  it('says of a right log what was proved, and what could not be', async () => {
    const path = written(exported(rich.log()) + exported(openOne().log()))
    const ran = await home.auction(['verify', path], { terminal: true, env: { NO_COLOR: '1' } })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out.split('\n')).toEqual([
      `Good 42 is right: 20 events, sold to dan for $85.00. Head ${head}`,
      expect.stringMatching(
        /^Good 43 is right: 3 events, open at \$31\.00, led by bob\. 2 maxima are still sealed: they open when the good is sold; .* Head [0-9a-f]{64}$/,
      ),
      '',
    ])
  })

  it('says of a good that nobody bought that its maxima stay sealed', async () => {
    const sale = openOne()
    const { at: receivedAt } = sale
    sale.play({ type: 'cancel_good', by: A, as: 'house', reason: 'stolen', receivedAt })
    const { out } = await home.auction(['verify', written(exported(sale.log()))], { terminal: true })
    expect(out).toMatch(/4 events, cancelled\. 2 maxima stay sealed because nobody bought: /)
  })

  it('names the line, the event and the fault of a wrong one, and ends with 1', async () => {
    const path = written(exported(rich.log()).replace('"amount":7000', '"amount":7001'))
    const ran = await home.auction(['verify', path], { terminal: true })
    expect(ran.code).toBe(1)
    expect(ran.out.split('\n')[0]).toMatch(/^line 6, event 6 of good 42: Its hash/)
    const piped = await home.auction(['verify', path])
    expect(piped.out.split('\n')[0]).toMatch(/^6\t42\t6\tIts hash/)
    expect(await home.auction(['verify', path, '-q'])).toEqual({ code: 1, out: '', err: '' })
  })

  it('with --json is the report', async () => {
    const right = await home.auction(['verify', written(exported(rich.log())), '--json'])
    expect(JSON.parse(right.out)).toMatchObject({ ok: true, goods: [{ goodId: 42, head }], differences: [], more: 0 })
    const wrong = await home.auction(['verify', written('x\n'.repeat(300)), '--json'])
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.out)).toMatchObject({ ok: false, goods: [], more: 200 })
  })

  it('of a good fetches the log first, and believes no house that gives less than it showed', async () => {
    const ran = await home.auction(['verify', '42'], { server: await goods() })
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^42\t20\tsold\t85\.00\tUSD\tdan\t0\topened\t/) })
    const short = await houseOf(new Map([[42, rich]]), (sale) => sale.log().slice(0, 12))
    expect((await home.auction(['verify', '42'], { server: short })).code).toBe(1)
    const empty = await houseOf(new Map([[42, rich]]), () => [])
    expect((await home.auction(['verify', '42'], { server: empty })).code).toBe(1)
  })

  it('takes text of several lines, and text that tries things, as it came', async () => {
    expect((await home.auction(['verify', '43'], { server: await goods() })).code).toBe(0)
    const forged = rechained(
      openOne()
        .log()
        .map((entry) =>
          entry.type === 'bid' ? { ...entry, data: { ...entry.data, leader: { id: 9, nick: hostile } } } : entry,
        ),
    )
    const ran = await home.auction(['verify', written(exported(forged))], { terminal: true })
    expect(ran.code).toBe(1)
    expect(ran.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  it('compares the head with one known from elsewhere', async () => {
    const path = written(exported(rich.log()))
    expect((await home.auction(['verify', path, '--head', head.toUpperCase()])).code).toBe(0)
    const other = await home.auction(['verify', path, '--head', 'f'.repeat(64)], { terminal: true })
    expect(other).toMatchObject({ code: 1, out: expect.stringMatching(/another than that of --head/) })
    expect((await home.auction(['verify', path, '--head', 'f00'])).code).toBe(2)
  })

  it('takes a word of digits for an id, and a file of that name by its path', async () => {
    const path = written(exported(rich.log()), '42')
    expect((await home.auction(['verify', path])).code).toBe(0)
    expect((await home.auction(['verify', '9'], { server: await goods() })).code).toBe(3)
  })

  it.each([
    ['a file that is not there', () => join(home.path, 'none'), 2],
    ['a directory', () => home.path, 2],
    ['an empty file', () => written(''), 1],
    ['bytes that are no text', () => written(Buffer.from([0xff, 0xfe, 0x0a, 0x00]).toString('latin1')), 1],
    ['a file that is one endless line', () => written('x'.repeat(5_000_000)), 1],
  ])('ends of %s as it should', async (_, path, code) => {
    const ran = await home.auction(['verify', path()])
    expect(ran.code).toBe(code)
    expect(ran.out.length).toBeLessThan(1_000)
  })
})

describe('auction show --verify', () => {
  it('checks the log it shows', async () => {
    const url = await goods()
    const ran = await home.auction(['show', '42', '--log', '--verify'], { server: url, terminal: true, columns: 120 })
    expect(ran.code).toBe(0)
    expect(ran.out).toContain('Good 42 is right: 20 events, sold to dan for $85.00.')
    const json = await home.auction(['show', '42', '--verify', '--json'], { server: url })
    expect(JSON.parse(json.out)).toMatchObject({ id: 42, verified: { ok: true } })
  })

  it('ends with 1 when something is not right', async () => {
    const forged = rich.log().map((entry): LoggedEvent => ({ ...entry, data: { ...entry.data, extra: 1 } }))
    const url = await houseOf(new Map([[42, rich]]), () => rechained(forged))
    expect((await home.auction(['show', '42', '--verify', '-q'], { server: url })).code).toBe(1)
    expect((await home.auction(['show', '42', '--log'], { server: url })).code).toBe(0)
  })
})

describe('auction admin audit', () => {
  const at = '2026-11-22T12:00:00.000Z'
  const checked = { goods: 4, events: 23, entries: 34, accounts: 14 }
  const houseSaying = async (answer: object) => {
    const stub = await openStub(() => ({ json: answer }))
    open.push(stub)
    return stub.url
  }

  it('says that the books are right, and what was recomputed', async () => {
    const server = await houseSaying({ ok: true, at, checked, differences: [] })
    expect(await home.auction(['admin', 'audit'], { server, terminal: true })).toEqual({
      code: 0,
      err: '',
      out: 'The books are right: 4 goods, 23 events, 34 entries and 14 accounts recomputed.\nDeposits and withdrawals stand in no log: compare them with what was paid in and out.\n',
    })
    expect(await home.auction(['admin', 'audit'], { server })).toEqual({ code: 0, err: '', out: '' })
  })

  it('lists what differs, and ends with 1', async () => {
    const differences = [{ what: 'good 4: price', expected: '61.00 USD', found: `62.00 USD${hostile}` }]
    const answer = { ok: false, at, checked, differences }
    const server = await houseSaying(answer)
    const ran = await home.auction(['admin', 'audit'], { server })
    expect(ran).toMatchObject({
      code: 1,
      err: '',
      out: expect.stringMatching(/^good 4: price\t61\.00 USD\t62\.00 USD/),
    })
    const shown = await home.auction(['admin', 'audit'], { server, terminal: true, env: { NO_COLOR: '1' } })
    expect(shown.out).toMatch(/^WHAT +EXPECTED +FOUND\ngood 4: price +61\.00 USD +62\.00 USD/)
    expect(shown.out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    const json = await home.auction(['admin', 'audit', '--json'], { server })
    expect([json.code, JSON.parse(json.out).ok]).toEqual([1, false])
  })
})
