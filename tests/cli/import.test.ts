/** `auction sell --from`: what is wrong with a file, all of it, first; then the plan, and each good listed once. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEntries } from '../../packages/cli/src/import.ts'
import { type Format, rowsOf } from '../../packages/cli/src/import-rows.ts'
import { fc } from '../support/chance.ts'
import { type Home, openHome } from './command-line.ts'
import { type Answer, type Asked, good, openStub, refusal, type StubHouse, usd, wallet } from './stub-house.ts'

let home: Home
let house: StubHouse
let answer: (asked: Asked, key: string) => Answer

beforeEach(async () => {
  home = openHome()
  const known = new Map<string, number>()
  answer = (_asked, key) => {
    known.set(key, known.get(key) ?? 42 + known.size)
    return { status: 201, json: good({ id: known.get(key) ?? 0, name: `Good of ${key}` }) }
  }
  house = await openStub((asked) => {
    if (asked.method === 'POST') return answer(asked, String(asked.headers['idempotency-key']))
    const mine = known.size === 0 ? [good({ id: 41 })] : [good({ id: 41 + known.size })]
    return { json: asked.path.startsWith('/v1/me/sales') ? { items: mine, next: null } : wallet }
  })
})
afterEach(async () => {
  home.close()
  await house.close()
})

const file = (name: string, text: string | Buffer) => {
  const path = join(home.path, name)
  writeFileSync(path, text)
  return path
}
const sell = (path: string, ...flags: string[]) =>
  home.auction(['sell', '--from', path, ...flags], { server: house.url })
const posted = () => house.asked.filter(({ method }) => method === 'POST')
const bodies = () => posted().map(({ body }) => JSON.parse(body) as unknown)

const yaml = `# The attic
- key: lamp-1
  name: Brass lamp
  start: 12.50
  ends-in: 7d
  reserve: 20
  buy-now: 30.10
  description: |
    Two lines,
    of brass.
- key: chair-1
  name: "Chair: 1960"
  start: 5
  ends-at: 2027-01-05T18:00:00Z
  increment: 5%
  soft-close: 0
  capacity: 10
  password: sesame
  image:
`
const lamp = {
  name: 'Brass lamp',
  startPrice: 1_250,
  endsInMs: 604_800_000,
  reserve: 2_000,
  buyNow: 3_010,
  description: 'Two lines,\nof brass.\n',
}
const chair = {
  name: 'Chair: 1960',
  startPrice: 500,
  endsAt: '2027-01-05T18:00:00.000Z',
  increment: { percentBp: 500 },
  softCloseMs: 0,
  capacity: 10,
  password: 'sesame',
}
const csv =
  'key,name,start,ends-in,ends-at,reserve,buy-now,increment,description,soft-close,capacity,password\r\n' +
  'lamp-1,Brass lamp,12.50,7d,,20,30.10,,"Two lines,\r\nof brass.\r\n",,,\r\n\r\n' +
  'chair-1,Chair: 1960,5,,2027-01-05T18:00:00Z,,,5%,,0,10,sesame\r\n'
const json = `[
\t{"key": "lamp-1", "name": "Brass lamp", "start": 12.50, "ends-in": "7d", "reserve": 20, "buy-now": 30.10,
\t "description": "Two lines,\\nof brass.\\n", "image": null},
\t{"key": "chair-1", "name": "Chair: 1960", "start": 5, "ends-at": "2027-01-05T18:00:00Z", "increment": "5%",
\t "soft-close": 0, "capacity": 10, "password": "sesame"}
]`

describe('a file with faults', () => {
  it.each([
    ['a number with an exponent', '- {key: a, name: N, start: 1e3, ends-in: 1d}', ['x.yaml:1: start: "1e3" is not']],
    ['a number with grouping', '- {key: a, name: N, start: "1,000", ends-in: 1d}', ['x.yaml:1: start:']],
    ['decimals the currency lacks', '- {key: a, name: N, start: 1.005, ends-in: 1d}', ['x.yaml:1: start: USD has 2']],
    [
      'an unknown column',
      '- key: a\n  colour: red\n  name: N\n  start: 1\n  ends-in: 1d',
      ['x.yaml:2: colour: There is no'],
    ],
    ['no key', '- name: N\n  start: 1\n  ends-in: 1d', ['x.yaml:1: It has no key']],
    [
      'a key twice',
      '- &a {key: a, name: N, start: 1, ends-in: 1d}\n- {key: a, name: M, start: 1, ends-in: 1d}',
      ['x.yaml:2: key: The good of line 1'],
    ],
    ['nothing but a key', '- key: a', ['It has no name', 'It has no start', 'It needs ends-in or ends-at']],
    [
      'both ends',
      '- {key: a, name: N, start: 1, ends-in: 1d, ends-at: 2027-01-05T18:00:00Z}',
      ['ends-in or ends-at, one'],
    ],
    [
      'a reserve not above the start',
      '- {key: a, name: N, start: 5, reserve: 5, ends-in: 1d}',
      ['reserve: It must be above start.'],
    ],
    [
      'a buy-now price too near the start',
      '- {key: a, name: N, start: 10, buy-now: 12.99, ends-in: 1d}',
      ['buy-now: It must be at least 1.3 times start.'],
    ],
    ['a name too long', `- {key: a, name: ${'x'.repeat(101)}, start: 1, ends-in: 1d}`, ['name: It must have 1 to 100']],
    [
      'a picture that is not there',
      '- {key: a, name: N, start: 1, ends-in: 1d, image: no.png}',
      ['image: ', 'no such file'],
    ],
    [
      'a value that is a list',
      '- key: a\n  name: [N]\n  start: 1\n  ends-in: 1d',
      ['x.yaml:2: name: It is not one value.'],
    ],
    ['an alias', '- {key: &k a, name: *k, start: 1, ends-in: 1d}', ['name: It is not one value.']],
    ['a column twice', '- key: a\n  key: b', ['x.yaml:2: Map keys must be unique.']],
    ['no list', 'key: a', ['is a list']],
    ['two documents', '- key: a\n---\n- key: b', ['multiple documents']],
  ])('is refused for %s', async (_what, text, sentences) => {
    const ran = await sell(file('x.yaml', text), '--yes')
    expect(ran).toMatchObject({ code: 2, out: '' })
    for (const sentence of sentences) expect(ran.err.replaceAll(`${home.path}/`, '')).toContain(sentence)
    expect(posted()).toEqual([])
  })

  it('is told of all of them at once, each with its line, in the order of a compiler', async () => {
    const text = 'key,name,start,ends-in,colour\na,"A\nname",1.005,7d,red\na,,5,7dd,\n\n,b,5,7d,\nd,b\n'
    const ran = await sell(file('x.csv', text), '--yes')
    const places = ran.err.replaceAll(`${home.path}/`, '').match(/^x\.csv:\d+: (?:[a-z-]+:)?/gm)
    expect(places).toEqual([
      'x.csv:1: colour:',
      'x.csv:2: start:',
      'x.csv:4: ends-in:',
      'x.csv:4: name:',
      'x.csv:4: key:',
      'x.csv:6: ',
      'x.csv:7: ',
      'x.csv:7: start:',
      'x.csv:7: ',
    ])
    expect(ran.err).toContain('has 9 faults; nothing was sent.')
    const asJson = await sell(file('x.csv', text), '--yes', '--json')
    expect(JSON.parse(asJson.err)).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining('x.csv:7: start:') },
    })
  })

  it.each([
    ['x.json', '[{"key": "a", "password": "sesame" "x"}]', 'x.json:1: It is not JSON.'],
    ['x.json', '[\n{"key": "a",\n"password": sesame}]', 'x.json:3: It is not JSON.'],
    ['x.csv', 'key,password\na,x"sesame"y\n', 'x.csv:2: Invalid Opening Quote.'],
    ['x.yaml', '- key: a\n  password: "sesame\n', 'x.yaml:'],
    ['x.yaml', '- key: a\n  "sesame\\q": 1\n', 'x.yaml:2: '],
    ['x.yaml', '- key: a\n  password: sesame: x\n', 'x.yaml:2: '],
  ])('%s of no known shape is refused with its line, and not quoted: %j', async (name, text, about) => {
    const ran = await sell(file(name, text), '--yes')
    expect(ran.code).toBe(2)
    expect(ran.err.replaceAll(`${home.path}/`, '')).toContain(about)
    expect(ran.err).not.toContain('sesame')
  })

  it.each([
    [['--format', 'xml'], 'x.yaml', '--format'],
    [['--start', '5'], 'x.yaml', '--from'],
    [[], 'x.txt', '--format'],
    [[], 'no.yaml', 'no such file'],
    [[], 'empty.yaml', 'is a list'],
    [[], 'empty.csv', 'no good'],
    [[], 'latin.yaml', 'UTF-8'],
  ])('or flags that do not fit are refused: %j %s', async (flags, name, about) => {
    for (const each of ['x.yaml', 'x.txt']) file(each, yaml)
    for (const each of ['empty.yaml', 'empty.csv']) file(each, '')
    file('latin.yaml', Buffer.from('- name: L\xe9ica', 'latin1'))
    const ran = await sell(join(home.path, name), ...flags)
    expect(ran.code).toBe(2)
    expect(ran.err).toContain(about)
    expect(posted()).toEqual([])
  })

  it('is never worse than refused: any bytes are read or told, by every format', async () => {
    const formats = fc.constantFrom<Format>('yaml', 'csv', 'json')
    const texts = fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(...'-: ,"\n{}[]&*!|>#ab1.\t') }))
    await fc.assert(
      fc.asyncProperty(formats, texts, async (format, text) => {
        const { rows } = await rowsOf(text, format)
        const { faults } = await readEntries(rows, { currency: 'USD', path: '' })
        for (const { line } of faults) expect(line).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a file of goods', () => {
  it.each([
    ['x.yaml', yaml],
    ['x.yml', yaml],
    ['x.csv', csv],
    ['x.CSV', `\ufeff${csv.replaceAll('\r\n', '\n')}`],
    ['x.json', json],
  ])('%s is listed good by good, amounts exact, under keys of the seller', async (name, text) => {
    const ran = await sell(file(name, text), '--yes')
    expect(ran).toEqual({
      code: 0,
      err: '2 listed, 0 listed before, 0 refused.\n',
      out: 'lamp-1\tlisted\t42\t\t\nchair-1\tlisted\t43\t\t\n',
    })
    expect(bodies()).toEqual([lamp, chair])
    expect(posted().map(({ headers }) => headers['idempotency-key'])).toEqual(['sell:lamp-1', 'sell:chair-1'])
  })

  it('comes from stdin with --format', async () => {
    const ran = await home.auction(['sell', '--from', '-', '--format', 'yaml', '-y', '-q'], {
      server: house.url,
      stdin: yaml,
    })
    expect(ran).toEqual({ code: 0, err: '', out: '42\n43\n' })
  })

  it('takes pictures from beside it', async () => {
    file('lamp.png', Buffer.from([0x89, 0x50, 0x4e, 0x47]))
    await sell(file('x.yaml', '- {key: a, name: N, start: 1, ends-in: 1d, image: lamp.png}'), '--yes')
    expect(posted()[0]?.headers['content-type']).toContain('multipart/form-data')
    expect(posted()[0]?.body).toContain('lamp.png')
  })

  it('read again lists nothing twice, and says as which goods it is there', async () => {
    const path = file('x.yaml', yaml)
    await sell(path, '--yes')
    expect(await sell(path, '--yes')).toEqual({
      code: 0,
      err: '0 listed, 2 listed before, 0 refused.\n',
      out: 'lamp-1\talready\t42\t\t\nchair-1\talready\t43\t\t\n',
    })
    const more = file('x.yaml', `${yaml}- {key: c, name: N, start: 1, ends-in: 1d}\n`)
    const ran = await home.auction(['sell', '--from', more, '--yes'], { server: house.url, terminal: true })
    expect(ran.out).toBe(
      'lamp-1: already listed as good 42, Good of sell:lamp-1.\nchair-1: already listed as good 43, Good of sell:chair-1.\nc: listed as good 44, Good of sell:c.\n',
    )
  })

  it('with --json is one document: the good or the error of each, and whether it was there before', async () => {
    const usual = answer
    answer = (asked, key) => (key === 'sell:lamp-1' ? refusal(422, 'KEY_REUSED') : usual(asked, key))
    const ran = await sell(file('x.yaml', yaml), '--yes', '--json')
    expect(ran).toMatchObject({ code: 6, err: '' })
    expect(JSON.parse(ran.out)).toMatchObject({
      items: [
        { key: 'lamp-1', good: null, error: { code: 'KEY_REUSED' }, replayed: false },
        { key: 'chair-1', good: { id: 42 }, error: null, replayed: false },
      ],
      next: null,
    })
  })

  it('goes on after a refusal of one good, and exits with 6', async () => {
    const usual = answer
    answer = (asked, key) => (key === 'sell:lamp-1' ? refusal(422, 'KEY_REUSED') : usual(asked, key))
    const ran = await sell(file('x.yaml', yaml), '--yes')
    expect(ran.code).toBe(6)
    expect(ran.out).toMatch(/^lamp-1\trefused\t\tKEY_REUSED\t.+other terms\.\nchair-1\tlisted\t42\t\t\n$/)
    expect(ran.err).toBe('1 listed, 0 listed before, 1 refused.\n')
  })

  it.each([
    [refusal(401, 'UNAUTHENTICATED'), 4],
    [refusal(500, 'INTERNAL'), 14],
    [{ bytes: '' } as const, 14],
  ])('ends where the next good would fare no better, saying what was reached', async (reply, code) => {
    const usual = answer
    answer = (asked, key) => (key === 'sell:chair-1' ? reply : usual(asked, key))
    const ran = await sell(file('x.yaml', `${yaml}- {key: c, name: N, start: 1, ends-in: 1d}\n`), '--yes')
    expect(ran.code).toBe(code)
    expect(ran.out).toBe('lamp-1\tlisted\t42\t\t\n')
    expect(ran.err).toContain('1 listed, 0 listed before, 0 refused, 2 not reached.\n')
  })

  it('is shown as a plan by --dry-run, without its secrets, and needs --yes where nobody can be asked', async () => {
    const path = file('x.yaml', yaml)
    const dry = await sell(path, '--dry-run')
    expect(dry).toEqual({
      code: 0,
      err: '',
      out: '2\tlamp-1\tBrass lamp\t12.50\tUSD\t604800000\t30.10\treserve\n11\tchair-1\tChair: 1960\t5.00\tUSD\t2027-01-05T18:00:00.000Z\t\tpassword,capacity 10\n',
    })
    const plan = (await sell(path, '--dry-run', '--json')).out
    expect(JSON.parse(plan)).toMatchObject({
      items: [{ key: 'lamp-1', good: { hasReserve: true, buyNow: 3_010 } }, { good: { private: true } }],
    })
    expect(plan).not.toMatch(/sesame|2000\b/)
    const ran = await sell(path)
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain('lists 2 goods.\nhint: Add --yes')
    expect(posted()).toEqual([])
  })

  it('has amounts as they are written, whatever they are as numbers', async () => {
    const text =
      '- {key: a, name: N, start: 0.10, ends-in: 1d}\n- {key: b, name: 007, start: 1234567.89, ends-in: 1d}\n'
    await sell(file('x.yaml', text), '--yes')
    expect(bodies()).toMatchObject([{ startPrice: 10 }, { name: '007', startPrice: usd(123_456_789).amount }])
  })
})
