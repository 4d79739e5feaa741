/** What stands beside price and bids: picture, chart, description with its notes, notices, and the keys that open them. */
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import { Text } from 'ink'
import { render } from 'ink-testing-library'
import { describe, expect, it } from 'vitest'
import { gridIn, type PictureGrid } from '../../packages/cli/src/picture-cells.ts'
import type { BidRow } from '../../packages/cli/src/screen/bid-rows.ts'
import { pricesOf, sparkLine, thinned } from '../../packages/cli/src/screen/chart.ts'
import { pictureBox } from '../../packages/cli/src/screen/geometry.ts'
import { footerLine } from '../../packages/cli/src/screen/key-lines.ts'
import { messageFor } from '../../packages/cli/src/screen/keyboard.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { Screen } from '../../packages/cli/src/screen/layout.tsx'
import { type Change, initialModel, type Model, type Msg } from '../../packages/cli/src/screen/model.ts'
import { descriptionLines, headerLines, noticeLine } from '../../packages/cli/src/screen/panes.ts'
import { altText } from '../../packages/cli/src/screen/picture.tsx'
import { update } from '../../packages/cli/src/screen/update.ts'
import type { Line } from '../../packages/cli/src/screen/words.ts'
import { now } from './command-line.ts'
import { good, usd } from './stub-house.ts'

const ada = { id: 5, nick: 'ada' }
const small = { columns: 80, rows: 24 }
const large = { columns: 120, rows: 40 }
const image = '/v1/goods/42/image'

interface Start {
  size?: Model['size']
  colour?: boolean
  changes?: Partial<GoodView>
}

/** The screen after its first snapshot, and what that asks for. */
function begin({ size = small, colour = true, changes = {} }: Start = {}): Change {
  const first = initialModel({ me: ada, server: 'http://house', zone: 'UTC', size, colour, now })
  return update(first, { type: 'feed', message: { type: 'snapshot', good: good({ seq: 12, ...changes }) }, now })
}

function press(model: Model, name: string): Change {
  const msg = messageFor(keymap, model, name, { at: 0, key: 'k' })
  return msg ? update(model, msg) : [model, []]
}

/** A notice for each of the texts, a minute apart. */
function told(model: Model, ...texts: string[]): Model {
  for (const [at, text] of texts.entries()) {
    const later = { ...model, time: { ...model.time, now: now + at * 60_000 } }
    model = update(later, { type: 'feed_ended', error: new AuctionError('FAILED', text) })[0]
  }
  return model
}
const wordsOf = (line: Line) => line.map(({ text }) => text).join('')
const fetching = (columns: number, rows: number) => {
  return { type: 'fetchPicture', asked: `${columns}x${rows}`, columns, rows, moving: false }
}
const gridOf = (width: number, height: number, colour = '336699'): PictureGrid => {
  return { width, height, rows: Array.from({ length: height }, () => colour.repeat(width)) }
}
/** The frame as Ink writes it, colours too where the test has them. */
function draw(model: Model): string {
  const app = render(<Text> </Text>)
  Object.defineProperty(app.stdout, 'columns', { value: model.size.columns, configurable: true })
  app.rerender(<Screen model={model} />)
  const frame = app.lastFrame() ?? ''
  app.unmount()
  return frame
}

describe('the picture', () => {
  it('is asked for where it has a pane of its own, once for each size', () => {
    const [model, effects] = begin({ size: large, changes: { image } })
    expect(effects).toContainEqual(fetching(32, 11))
    expect(update(model, { type: 'mute' })[1]).toEqual([])
    const [, resized] = update(model, { type: 'resized', size: { columns: 150, rows: 60 } })
    expect(resized).toEqual([fetching(32, 19)])
  })

  it.each([
    ['in a smaller window', { changes: { image } }],
    ['without colours', { size: large, colour: false, changes: { image } }],
    ['of a good that has none', { size: large }],
  ] as const)('is not asked for %s', (_where, start) => {
    const [model, effects] = begin(start)
    expect([pictureBox(model), effects.map(({ type }) => type)]).toEqual([
      null,
      expect.not.arrayContaining(['fetchPicture']),
    ])
  })

  it('opens with i in any window, in place of the panes, and goes with i or Esc', () => {
    const [open, effects] = press(begin({ changes: { image } })[0], 'i')
    expect([open.panel, effects]).toEqual(['picture', [fetching(76, 15)]])
    expect([press(open, 'i')[0].panel, press(open, 'escape')[0].panel]).toEqual(['none', 'none'])
    const shown = update(open, { type: 'picture', asked: '76x15', grid: gridOf(40, 30) })[0]
    const rows = draw(shown)
      .split('\n')
      .filter((line) => line.includes('▀'.repeat(40)))
    expect(rows).toHaveLength(15)
  })

  it('has no key where there is none', () => {
    expect(messageFor(keymap, begin()[0], 'i', { at: 0, key: 'k' })).toBeNull()
  })

  it('of a size that is no longer wanted is not shown', () => {
    const [open] = press(begin({ changes: { image } })[0], 'i')
    expect(update(open, { type: 'picture', asked: '32x11', grid: gridOf(10, 10) })[0]).toBe(open)
    const larger = { ...open, picture: { ...open.picture, grid: gridOf(200, 90) } }
    expect(draw(larger)).toContain('▣ Picture of Leica M3')
  })

  it('has its words where it cannot be seen', () => {
    const [open] = press(begin({ colour: false, changes: { image } })[0], 'i')
    expect(draw(open)).toContain('no colours here: http://house/v1/goods/42/image')
    const [coloured] = press(begin({ changes: { image } })[0], 'i')
    expect(altText(coloured)).toContain('loading…')
    expect(altText(update(coloured, { type: 'picture', asked: '76x15', grid: null })[0])).toContain('cannot be loaded')
  })

  it.each([
    ['what is no JSON', '<html>'],
    ['another shape', '{"width":1}'],
    ['more than was asked for', JSON.stringify(gridOf(9, 2))],
    ['a row too few', JSON.stringify({ ...gridOf(2, 2), rows: ['336699336699'] })],
    ['no colours', JSON.stringify({ width: 1, height: 1, rows: ['\u001b[2J\u001b'] })],
    ['sizes that are none', JSON.stringify({ width: 0, height: 0, rows: [] })],
  ])('is never made of %s', (_what, text) => {
    expect(gridIn(text, { columns: 8, rows: 4 })).toBeNull()
  })

  it('is made of the rows of the house', () => {
    expect(gridIn(JSON.stringify(gridOf(8, 7)), { columns: 8, rows: 4 })).toEqual(gridOf(8, 7))
  })
})

describe('the chart', () => {
  const bids = (...amounts: number[]): BidRow[] =>
    amounts
      .map((amount, at) => ({
        seq: at,
        at: now,
        bidder: ada,
        amount: usd(amount),
        message: null,
        id: at,
        proxy: false,
        price: amount,
        removed: null,
      }))
      .reverse()
  const withBids = (rows: readonly BidRow[], size = small): Model => {
    return { ...begin({ size, changes: { price: usd(900) } })[0], bids: rows }
  }

  it('is the price after each bid that stands, never above a later one or the price now', () => {
    const rows = bids(100, 300, 600, 850)
    expect(pricesOf(withBids(rows))).toEqual([100, 300, 600, 900])
    const beaten = rows.map((row) => (row.price === 300 ? { ...row, amount: usd(200) } : row))
    expect(pricesOf(withBids(beaten.toSpliced(2, 0, { ...rows[2], proxy: true } as BidRow)))).toEqual([
      100, 300, 600, 900,
    ])
    const taken = rows.map((row) => (row.price === 300 ? { ...row, removed: 'retracted' as const } : row))
    expect(pricesOf(withBids(taken))).toEqual([100, 600, 900])
    expect(pricesOf({ ...withBids(rows), good: good({ price: usd(400) }) })).toEqual([100, 300, 400, 400])
  })

  it('is one line where there is little room, and says nothing of a single bid', () => {
    expect(wordsOf(sparkLine(withBids(bids(100, 500, 900)), 30) ?? [])).toBe('PRICE  ▁▄█')
    expect(sparkLine(withBids(bids(900)), 30)).toBeNull()
    const many = withBids(bids(...Array.from({ length: 300 }, (_, at) => at * 3)))
    expect(wordsOf(sparkLine(many, 30) ?? [])).toHaveLength(30)
    expect(draw(withBids(bids(100, 500, 900)))).toContain('PRICE  ▁▄█')
  })

  it('has rows and both ends of its scale where there is room', () => {
    const frame = draw(withBids(bids(100, 500, 900), large))
    expect(frame).toContain('PRICE of 3 bids')
    expect(frame).toMatch(/\$9\.00│[ ⎺⎻─⎼⎽]+ │/u)
    expect(frame).toMatch(/\$1\.00│[⎺⎻─⎼⎽]/u)
  })

  it('keeps the first and the last of many', () => {
    const values = Array.from({ length: 1_000 }, (_, at) => at)
    for (const most of [2, 3, 23, 999]) {
      const chosen = thinned(values, most)
      expect([chosen.length, chosen[0], chosen.at(-1)]).toEqual([most, 0, 999])
    }
    expect(thinned(values, 1)).toEqual([])
  })
})

describe('the description', () => {
  const description = `Boxed, first owner.\n\n[2026-11-22 12:00 UTC] ${'The strap is original. '.repeat(20)}`

  it('opens with d, scrolls to its end and no further, and closes', () => {
    const [open] = press(begin({ changes: { description } })[0], 'd')
    expect(draw(open)).toMatch(/DESCRIPTION +│/)
    const long = { ...open, good: good({ description: description.repeat(4) }) }
    expect(draw(long)).toMatch(/DESCRIPTION +\d+ more below │/)
    const [end] = press(long, 'G')
    expect([draw(end), press(end, 'j')[0].panelScroll]).toEqual([expect.stringMatching(/\d+ above │/), end.panelScroll])
    expect(press(end, 'g')[0].panelScroll).toBe(0)
    expect(press(end, 'd')[0]).toMatchObject({ panel: 'none', panelScroll: 0 })
  })

  it('shows when each note was added', () => {
    const [model] = begin({ changes: { description } })
    const dated = descriptionLines(model, 40, 10).find((line) => wordsOf(line).startsWith('[2026'))
    expect(dated?.[0]).toEqual({ text: '[2026-11-22 12:00 UTC]', bold: true })
  })

  it('gets a note of the seller as it comes', () => {
    const [model] = begin({ size: large })
    const event = { seq: 13, type: 'note', at: new Date(now).toISOString(), goodId: 42, data: { text: 'New strap.' } }
    const described = good({ seq: 13, description: 'boxed\n\n[2026-11-22 12:00 UTC] New strap.' })
    const message = { type: 'event', event, good: described } as const
    const [next] = update(model, { type: 'feed', message, now } as Msg)
    expect(draw(next)).toContain('[2026-11-22 12:00 UTC] New')
    expect(next.activity.at(-1)?.text).toBe('The seller notes: New strap.')
  })
})

describe('notices', () => {
  it('are kept, and n goes back through them one by one, and round', () => {
    const model = told(begin()[0], 'first', 'second', 'third')
    expect(wordsOf(noticeLine(model, 60))).toMatch(/^ ■ Offline: third +n: 2 earlier $/)
    const seen = [1, 2, 3, 4].map((times) => {
      let at = model
      for (let i = 0; i < times; i++) [at] = press(at, 'n')
      return wordsOf(noticeLine(at, 60)).replace(/ +/g, ' ')
    })
    expect(seen).toEqual([
      ' ■ Offline: second 2 of 3, 12:01:00 ',
      ' ■ Offline: first 3 of 3, 12:00:00 ',
      ' ■ Offline: third 1 of 3, 12:02:00 ',
      ' ■ Offline: second 2 of 3, 12:01:00 ',
    ])
  })

  it('are bounded, and news shows at once whatever was looked at', () => {
    const model = told(begin()[0], ...Array.from({ length: 80 }, (_, at) => `number ${at}`))
    expect(model.notices).toHaveLength(50)
    const next = told(press(model, 'n')[0], 'news')
    expect([next.noticeBack, wordsOf(noticeLine(next, 60))]).toEqual([null, expect.stringContaining('news')])
  })

  it('stay whole where there is no room to say that there are more', () => {
    const model = told(begin()[0], 'first', 'x'.repeat(43))
    expect(wordsOf(noticeLine(model, 60))).toBe(` ■ Offline: ${'x'.repeat(43)}`)
  })

  it('have no key before there are any', () => {
    expect(messageFor(keymap, begin()[0], 'n', { at: 0, key: 'k' })).toBeNull()
  })
})

describe('other keys', () => {
  it('y copies the link of the good, and says which', () => {
    const [model, effects] = press(begin()[0], 'y')
    expect(effects).toEqual([{ type: 'copy', text: 'http://house/v1/goods/42' }])
    expect(model.notice?.text).toBe('✓ Copied: http://house/v1/goods/42')
  })

  it('R asks for everything anew', () => {
    expect(press(begin()[0], 'R')[1].map(({ type }) => type)).toEqual(['fetchGood', 'fetchEvents', 'fetchChat'])
  })

  it('B turns the bell off and on', () => {
    const [off] = press(begin()[0], 'B')
    expect([off.muted, off.notice?.text]).toEqual([true, '– The bell is off.'])
    expect(press(off, 'B')[0].muted).toBe(false)
  })
})

it('says how many are in a room with a limit', () => {
  const [model] = begin({ changes: { capacity: 40, watchers: 3 } })
  expect(wordsOf(headerLines(model, 80)[1] ?? [])).toContain('3 of 40 watching')
})

it('says what kind of auction it is and its step, where there is room', () => {
  const [model] = begin({ changes: { price: usd(124_000), minimumBid: usd(128_000) } })
  expect(wordsOf(headerLines(model, 80)[1] ?? [])).toContain(' watching · English, +$40 · ends ')
  expect(wordsOf(headerLines(model, 60)[1] ?? [])).not.toContain('English')
  const fine = begin({ changes: { price: usd(1_000), minimumBid: usd(1_050) } })[0]
  expect(wordsOf(headerLines(fine, 80)[1] ?? [])).toContain('English, +$0.50')
  const [unknown] = begin({ changes: { price: null, minimumBid: usd(1_000), startPrice: usd(1_000) } })
  expect(wordsOf(headerLines(unknown, 80)[1] ?? [])).not.toContain('English')
  expect(wordsOf(headerLines(begin({ changes: { status: 'sold' } })[0], 80)[1] ?? [])).not.toContain('English')
})

it('has the link to copy among the keys of 80 columns', () => {
  expect(wordsOf(footerLine(keymap, begin({ changes: { image } })[0], 80))).toBe(
    ' b bid  m min bid  x max bid  c chat  i picture  y copy link  ? help  q quit ',
  )
  expect(wordsOf(footerLine(keymap, begin()[0], 80))).toBe(
    ' b bid  m min bid  x max bid  c chat  + step up  y copy link  ? help  q quit ',
  )
})
