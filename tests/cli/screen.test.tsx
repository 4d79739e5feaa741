/** Drawn frames: whatever the size of the window and the text in it, they fill it exactly and their borders stay straight. */
import { safeLines, safeText } from '@auction/common/text'
import type { GoodView } from '@auction/common/view'
import { renderToString } from 'ink'
import { render } from 'ink-testing-library'
import stringWidth from 'string-width'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { viewOf } from '../../packages/cli/src/screen/app.tsx'
import { REVIEW_MS } from '../../packages/cli/src/screen/bid-line.ts'
import type { BidRow } from '../../packages/cli/src/screen/bid-rows.ts'
import { pictureBox } from '../../packages/cli/src/screen/geometry.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { Screen } from '../../packages/cli/src/screen/layout.tsx'
import { type Effect, initialModel, type Model, type Msg } from '../../packages/cli/src/screen/model.ts'
import { createStore } from '../../packages/cli/src/screen/store.ts'
import { update } from '../../packages/cli/src/screen/update.ts'
import { Frame } from '../../packages/cli/src/screen/window.tsx'
import { added, countdown, fitTo } from '../../packages/cli/src/screen/words.ts'
import { fc } from '../support/chance.ts'

const now = Date.UTC(2026, 10, 22, 14, 2, 23)
const usd = (amount: number) => ({ amount, currency: 'USD' })
const iso = (ms: number) => new Date(ms).toISOString()
const ada = { id: 5, nick: 'ada' }
const kestrel = { id: 6, nick: 'kestrel' }

const good: GoodView = {
  id: 42,
  name: 'Leica M3 (1954), boxed, first owner',
  description: 'Double stroke, serviced 2023.\nSmall dent in the lens cap.',
  owner: { id: 1, nick: 'mila' },
  status: 'open',
  price: usd(124_000),
  startPrice: usd(80_000),
  minimumBid: usd(128_000),
  bidCount: 23,
  leader: kestrel,
  reserve: 'met',
  buyNow: null,
  endsAt: iso(now + 277_000),
  hardEndsAt: iso(now + 3_600_000),
  softCloseMs: 120_000,
  seq: 30,
  epoch: 'first',
  image: null,
  watchers: 31,
  private: false,
  capacity: null,
  winner: null,
  you: { standing: 'outbid', max: usd(120_000), hold: null },
}

const bids: BidRow[] = Array.from({ length: 40 }, (_, index) => ({
  id: 140 - index,
  removed: null,
  seq: 40 - index,
  at: now - index * 13_000,
  bidder: index % 3 === 0 ? kestrel : index % 3 === 1 ? ada : { id: 9, nick: '陳大文' },
  amount: usd(124_000 - index * 1_000),
  message: index % 5 === 2 ? 'for Ann' : null,
  proxy: index % 6 === 4,
  price: 124_000 - index * 1_000,
}))

function modelAt(columns: number, rows: number, changes: Partial<Model> = {}): Model {
  const first = initialModel({ me: ada, server: 'http://127.0.0.1:8010', zone: 'UTC', size: { columns, rows }, now })
  const live = { state: 'live', attempt: 0, retryAt: null, since: null } as const
  const terms = { listedAt: now - 100_000, increment: null }
  const time = { now, skewMs: 0, roundTripMs: 42.4 }
  return { ...first, good, bids, connection: live, terms, time, ...changes }
}

const draw = (model: Model) => renderToString(<Screen model={model} />, { columns: model.size.columns }).split('\n')

/** Columns, in cells, where a line has a vertical border. */
function borders(line: string): number[] {
  return [...line.matchAll(/[│╭╮╰╯]/gu)].map(({ index }) => stringWidth(line.slice(0, index)))
}

/** The frame is a window's worth of lines, none wider than it, and every box has its sides below its corners. */
function expectWhole(lines: string[], { columns, rows }: Model['size']): void {
  expect(lines.length).toBe(rows)
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
  // Every box that begins ends before the next begins: none stands over another.
  const corners = lines.flatMap((line) => /^[╭╰]/u.exec(line)?.[0] ?? []).join('')
  expect(corners).toMatch(/^(╭╰)*$/u)
  let sides: number[] = []
  for (const line of lines) {
    if (/[╭╰]/u.test(line)) sides = borders(line)
    const found = borders(line)
    // A chart has an axis of its own beside the sides.
    if (found.length > 0) expect([line, found]).toEqual([line, expect.arrayContaining(sides)])
    if (found.length > sides.length) expect(line).toMatch(/│ +[^│]*│[ ⎺⎻─⎼⎽]+ │/u)
    if (found.length > 0) expect(stringWidth(line)).toBe(columns)
  }
}

/** Texts as they come from outside, cleaned at the client's edge as everything is. */
const texts = {
  plain: 'Leica',
  chinese: '徠卡相機一九五四年製造原廠盒裝第一位主人陳大文先生收藏品拍賣會',
  hangul: '라이카 카메라 한국어 이름 아주 긴 이름입니다 정말로 아주 아주 길어요',
  combining: 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞ zoë naïve Ångström é́́́',
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 camera 📷 ☎️ ✈ 1️⃣ 🀄🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉',
  hostile:
    '\u001b[2J\u001b]0;owned\u0007\u001b[31mred\u202egnp.exe\u200b\u0000\u009b5A\r\n\tend\u001b]8;;http://x\u0007link',
  arabic: 'كاميرا لايكا قديمة جدا من عام ١٩٥٤ في صندوقها الأصلي مع كل الأوراق',
  thai: 'กล้องถ่ายรูปไลก้าเก่าจากปีหนึ่งพันเก้าร้อยห้าสิบสี่พร้อมกล่อง',
  long: 'x'.repeat(300),
}

function modelWith(columns: number, rows: number, raw: string): Model {
  const text = safeText(raw)
  const nick = text.slice(0, 24)
  const someone = { id: 6, nick }
  const described = { ...good, name: text, description: safeLines(`${raw}\n${raw}`), owner: someone, leader: someone }
  const rows40 = bids.map((row) => ({ ...row, bidder: { id: 6, nick }, message: text }))
  const activity = bids.map((row) => ({ at: row.at, text: `${text} bids` }))
  return modelAt(columns, rows, { good: described, bids: rows40, activity, notice: { tone: 'bad', text: `✗ ${text}` } })
}

interface Odd {
  panel: Model['panel']
  writing: boolean
  focus: Model['focus']
  status: GoodView['status']
  step: 'closed' | 'amount'
  image: string | null
  colour: boolean
  removed: BidRow['removed']
  scroll: number
}

type Drawn = Odd & { columns: number; rows: number; text: string }

/** The model with everything that can stand on a screen. */
function dressed(model: Model, text: string, odd: Odd): Model {
  const { panel, writing, focus, status, step, image, colour, removed, scroll } = odd
  const kinds = ['said', 'picture', 'removed', 'joined', 'left'] as const
  const rows = kinds.map((kind, id) => ({ id, at: now, who: { id: 6, nick: text.slice(0, 24) }, kind, text }))
  const first = {
    ...model,
    ...{ panel, panelScroll: scroll, focus, colour, scroll },
    chat: { rows, scroll: Math.min(scroll, 4), writing, draft: text, sending: null },
    bids: model.bids.map((row) => ({ ...row, removed })),
    good: model.good && { ...model.good, status, image, buyNow: usd(999_999_999), capacity: 40, winner: kestrel },
    notices: [{ at: now, notice: { tone: 'bad', text } }] as const,
    line: { step, kind: 'max', text: '1280' } as const,
  }
  const box = pictureBox(first)
  const grid = box && {
    width: box.columns,
    height: box.rows * 2,
    rows: Array<string>(box.rows * 2).fill('0a0b0c'.repeat(box.columns)),
  }
  return { ...first, picture: { ...first.picture, grid } }
}

describe('a frame', () => {
  const sizes = [
    [80, 24],
    [120, 40],
    [60, 15],
    [79, 24],
    [80, 15],
    [100, 32],
    [99, 50],
    [200, 60],
    [61, 16],
  ] as const

  for (const [name, raw] of Object.entries(texts)) {
    it.each(sizes)(`with ${name} text fills %ix%i, borders straight`, (columns, rows) => {
      for (const panel of ['none', 'help', 'description'] as const) {
        const model = { ...modelWith(columns, rows, raw), panel }
        expectWhole(draw(model), model.size)
      }
    })
  }

  it('of whatever is shown fills every window from 60x15 to 250x80', () => {
    const shown: fc.Arbitrary<Drawn> = fc.record({
      columns: fc.integer({ min: 60, max: 250 }),
      rows: fc.integer({ min: 15, max: 80 }),
      text: fc.constantFrom(...Object.values(texts)),
      panel: fc.constantFrom('none', 'none', 'help', 'description', 'picture' as const),
      writing: fc.boolean(),
      focus: fc.constantFrom('bids', 'chat' as const),
      status: fc.constantFrom('open', 'sold', 'bought', 'unsold', 'cancelled' as const),
      step: fc.constantFrom('closed', 'amount' as const),
      image: fc.constantFrom(null, '/v1/goods/42/image'),
      colour: fc.boolean(),
      removed: fc.constantFrom(null, 'retracted', 'lapsed' as const),
      scroll: fc.integer({ min: 0, max: 60 }),
    })
    const corners = [60, 250].flatMap((columns) => [15, 80].map((rows) => ({ columns, rows })))
    const usual = {
      text: texts.chinese,
      panel: 'none',
      writing: true,
      focus: 'chat',
      status: 'open',
      step: 'amount',
    } as const
    const rest = { image: '/v1/goods/42/image', colour: true, removed: null, scroll: 3 } as const
    fc.assert(
      fc.property(shown, ({ columns, rows, text, ...odd }) => {
        const model = dressed(modelWith(columns, rows, text), safeText(text), odd)
        expectWhole(draw(model), model.size)
      }),
      { numRuns: 150, examples: corners.map((size): [Drawn] => [{ ...size, ...usual, ...rest }]) },
    )
  })

  it.each([
    [52, 12],
    [59, 40],
    [200, 14],
    [30, 5],
    [10, 1],
  ])('says in a window of %ix%i that it is too small, with what matters', (columns, rows) => {
    const model = modelAt(columns, rows)
    const lines = draw(model)
    expect(lines.length).toBe(rows)
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
    const said = lines.map((line) => line.trim()).join(' ')
    expect('Window is 52x12; auction needs 60x15. $1,240.00 · 4m 37s left · q quit').toContain(
      said.replace(`${columns}x${rows}`, '52x12').slice(0, 9),
    )
    if (columns * rows > 100) expect(said).toMatch(/\$1,240\.00 · 4m 37s left · q quit/)
  })

  it.each([
    ['connecting', { connection: { state: 'connecting', attempt: 0, retryAt: null, since: now } }],
    ['live 42 ms', {}],
    ['stale', { connection: { state: 'stale', attempt: 0, retryAt: null, since: now } }],
    [
      'reconnecting #3, next try in 4 s',
      { connection: { state: 'reconnecting', attempt: 3, retryAt: now + 3_500, since: now } },
    ],
    ['as of 14:02:23', { connection: { state: 'reconnecting', attempt: 3, retryAt: null, since: now } }],
    ['server going down', { connection: { state: 'draining', attempt: 0, retryAt: null, since: now } }],
    ['clock here 3.5 s fast, corrected', { time: { now, skewMs: 3_500, roundTripMs: 1 } }],
    ['✗ OUTBID: you are at $1,200.00', {}],
    [
      '✓ LEADING up to $1,300.00',
      { good: { ...good, you: { standing: 'leading', max: usd(130_000), hold: usd(130_000) } } },
    ],
    ['– you have not bid', { good: { ...good, you: { standing: 'none', max: null, hold: null } } }],
    ['– your own good: sellers do not bid', { good: { ...good, owner: ada } }],
    ['– you are not signed in: auction login', { me: null }],
    ['▲ extended +2:00', { extended: { byMs: 120_000, at: now - 1_000, outage: false } }],
    ['waiting for the result…', { good: { ...good, endsAt: iso(now) } }],
    ['00:00:09.4', { good: { ...good, endsAt: iso(now + 9_400) } }],
    ['✓ WON', { good: { ...good, status: 'sold', winner: ada } }],
    [
      '✗ LOST: SOLD to kestrel for $1,240.00',
      { good: { ...good, status: 'sold', winner: kestrel, you: { standing: 'lost', max: null, hold: null } } },
    ],
    ['■ UNSOLD: the reserve was not met', { good: { ...good, status: 'unsold' } }],
    ['■ CANCELLED', { good: { ...good, status: 'cancelled' } }],
    [
      '… SENDING your bid of $1,280.00',
      { line: { step: 'sending', kind: 'exact', text: '1280', amount: 128_000, key: 'k' } },
    ],
    [
      '? OUTCOME UNKNOWN of $1,280.00',
      { line: { step: 'unknown', kind: 'exact', text: '1280', amount: 128_000, key: 'k', tries: 2 } },
    ],
    ['REVIEW: bid up to $1,280.00', { line: { step: 'review', kind: 'max', text: '1280', amount: 128_000, at: 0 } }],
    ['YOUR BID $ 1280▏   minimum $1,280.00', { line: { step: 'amount', kind: 'exact', text: '1280' } }],
  ] as [string, Partial<Model>][])('says %s in words and signs', (words, changes) => {
    const model = modelAt(80, 24, changes)
    const lines = draw(model)
    expectWhole(lines, model.size)
    expect(lines.join('\n')).toContain(words)
  })

  it('before anything is known fills the window too', () => {
    const model = modelAt(80, 24, { good: null, bids: [], terms: null })
    expectWhole(draw(model), model.size)
  })

  it('shows more bids in a larger window, and description and activity', () => {
    const activity = [{ at: now, text: 'kestrel bids' }]
    const rowsOf = (lines: string[]) =>
      lines.filter((line) => /\d\d:\d\d:\d\d (you|kestrel|陳大文) /u.test(line)).length
    const [small, large] = [draw(modelAt(80, 24)), draw(modelAt(120, 40, { activity }))]
    expect(rowsOf(large)).toBeGreaterThan(rowsOf(small))
    for (const words of ['DESCRIPTION', 'Small dent', 'ACTIVITY', 'kestrel bids'])
      expect(large.join('\n')).toContain(words)
  })

  it('scrolls the bids as far as the oldest', () => {
    const lines = draw(modelAt(80, 24, { scroll: 39 }))
    expect(lines.join('\n')).toContain('$850.00')
    expect(lines.join('\n')).not.toContain('$1,230.00')
  })

  it('never cuts help and quit from the footer', () => {
    for (const columns of [60, 70, 80, 120]) {
      const last = draw(modelAt(columns, 24)).at(-1)
      expect(last).toMatch(/\? help {2}q quit/)
    }
  })
})

describe('keys', () => {
  afterEach(() => void vi.restoreAllMocks())
  const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000 })

  /** The app on a keyboard of its own, where time stands until the test moves it; answers what it draws and the effects so far. */
  function open() {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const effects: Effect[] = []
    const store = createStore<Model, Msg, Effect>(modelAt(80, 24), update, (effect) => effects.push(effect))
    const app = render(<Frame view={viewOf(store, keymap, (model) => <Screen model={model} />)} />)
    const press = async (keys: string, words: string) => {
      app.stdin.write(keys)
      await eventually(() => expect(app.lastFrame()).toContain(words))
    }
    return { ...app, press, effects, store, clock }
  }

  it('type an amount, review it and place it, one Enter at a time', async () => {
    const { press, stdin, effects, clock, unmount } = open()
    await press('b', 'YOUR BID $ ▏')
    await press('1300.5', 'YOUR BID $ 1300.5▏')
    await press('\u007f', 'YOUR BID $ 1300.▏')
    await press('\u007f', 'YOUR BID $ 1300▏')
    await press('\r', 'REVIEW: bid $1,300.00')
    clock.mockReturnValue(1_000 + REVIEW_MS - 1)
    stdin.write('\r')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(effects).toEqual([])
    clock.mockReturnValue(1_000 + REVIEW_MS)
    await press('\r', 'SENDING your bid of $1,300.00')
    expect(effects).toMatchObject([
      { type: 'placeBid', kind: 'exact', amount: 130_000, key: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ])
    unmount()
  })

  it('pasted never submit: neither bracketed nor as a burst with line breaks', async () => {
    const { press, effects, unmount } = open()
    await press('b', 'YOUR BID $ ▏')
    await press('\u001b[200~1300\r\r1400\r\u001b[201~', 'YOUR BID $ 1300▏')
    await press('\u001b[200~1e3\u001b[201~', 'YOUR BID $ 1e3▏')
    await press('1500\r1600\r', 'YOUR BID $ 1500▏')
    await press('0\r\r\r', 'REVIEW: bid $15,000.00')
    expect(effects).toEqual([])
    unmount()
  })

  it('typed so fast that Enter and the next come as one are keys all the same, not a paste', async () => {
    const { press, effects, unmount } = open()
    await press('b', 'YOUR BID $ ▏')
    await press('1300\r?', 'KEYS')
    await press('?', 'REVIEW: bid $1,300.00')
    await press('\u001b', 'YOUR BID $ 1300▏')
    await press('\r🎉', 'REVIEW: bid $1,300.00')
    expect(effects).toEqual([])
    unmount()
  })

  it('with Esc leave the field without losing the screen, q then quits', async () => {
    const { press, stdin, effects, unmount } = open()
    await press('x', 'YOUR MAXIMUM $ ▏')
    stdin.write('q')
    await press('\u001b', 'b to bid')
    expect(effects).toEqual([])
    stdin.write('q')
    await eventually(() => expect(effects).toEqual([{ type: 'leave', code: 0 }]))
    unmount()
  })
})

describe('words', () => {
  it.each([
    [0, '00:00:00'],
    [-5, '00:00:00'],
    [1, '00:00:00.1'],
    [9_400, '00:00:09.4'],
    [9_999, '00:00:09.9'],
    [10_000, '00:00:10'],
    [277_000, '00:04:37'],
    [86_399_001, '1d 00:00:00'],
    [2 * 86_400_000 + 3_600_000, '2d 01:00:00'],
  ])('count %i ms down as %s', (ms, text) => {
    expect(countdown(ms)).toBe(text)
  })

  it('say how much was added', () => {
    expect([added(120_000), added(5_000), added(4_600)]).toEqual(['+2:00', '+0:05', '+0:05'])
  })

  it('fit any text into any width exactly', () => {
    for (const raw of Object.values(texts))
      for (let width = 0; width < 40; width++) {
        const line = fitTo([{ text: safeText(raw) }, { text: '陳' }], width)
        expect(stringWidth(line.map(({ text }) => text).join(''))).toBe(width)
      }
  })
})
