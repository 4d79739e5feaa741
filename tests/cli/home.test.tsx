/** The home screen as data and as drawn: tabs, cursor, filter, news, and frames that fill every window. */
import { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import { renderToString } from 'ink'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { ConnectionState } from '../../packages/cli/src/connection.ts'
import { keymap } from '../../packages/cli/src/home/keymap.ts'
import { HomeScreen } from '../../packages/cli/src/home/layout.tsx'
import {
  chosen,
  type Effect,
  type Home,
  initialHome,
  type Msg,
  shelfOf,
  type Tab,
  tabNames,
  type Wanted,
  wantedOf,
} from '../../packages/cli/src/home/model.ts'
import { goodLines } from '../../packages/cli/src/home/panes.ts'
import { update } from '../../packages/cli/src/home/update.ts'
import { footerKeys, messageFor } from '../../packages/cli/src/screen/keyboard.ts'
import { fc } from '../support/chance.ts'

const now = Date.UTC(2026, 10, 22, 14, 2, 23)
const usd = (amount: number) => ({ amount, currency: 'USD' })
const ada = { id: 5, nick: 'ada' }
const mila = { id: 1, nick: 'mila' }
const kestrel = { id: 6, nick: 'kestrel' }

function good(id: number, changes: Partial<GoodView> = {}): GoodView {
  return {
    id,
    name: `Lot ${id}`,
    description: 'As seen.',
    owner: mila,
    status: 'open',
    price: null,
    startPrice: usd(id * 100),
    minimumBid: usd(id * 100),
    bidCount: 0,
    leader: null,
    reserve: 'none',
    buyNow: null,
    endsAt: new Date(now + id * 61_000).toISOString(),
    hardEndsAt: new Date(now + id * 61_000 + 3_600_000).toISOString(),
    softCloseMs: 120_000,
    seq: 1,
    epoch: 'first',
    image: null,
    watchers: 0,
    private: false,
    capacity: null,
    winner: null,
    you: { standing: 'none', max: null, hold: null },
    ...changes,
  }
}

const first = (changes: Partial<Home> = {}): Home => {
  const known = { me: ada, server: 'http://127.0.0.1:8010', zone: 'UTC', size: { columns: 80, rows: 24 }, colour: true }
  const live = { state: 'live', attempt: 0, retryAt: null } as const
  return { ...initialHome({ ...known, now }), connection: live, ...changes }
}
const told = (home: Home, ...messages: readonly Msg[]): Home =>
  messages.reduce((each, message) => update(each, message)[0], home)
const effectsOf = (home: Home, message: Msg): readonly Effect[] => update(home, message)[1]
const fill = (home: Home, items: readonly GoodView[], { tab = home.tab, more = false } = {}): Home =>
  told(home, { type: 'goods', wanted: wantedOf(home, tab), items, more })
const press = (home: Home, ...names: readonly string[]): Home =>
  names.reduce((each, name) => {
    const msg = messageFor(keymap, each, name, { at: 0, key: 'k' })
    return msg ? told(each, msg) : each
  }, home)
const goodsOf = (wanted: Wanted, items: readonly GoodView[]): Msg => ({ type: 'goods', wanted, items, more: false })
const draw = (home: Home) => renderToString(<HomeScreen home={home} />, { columns: home.size.columns }).split('\n')
const listed = (id: number): FeedEvent => ({
  seq: 1,
  type: 'listed',
  at: new Date(now).toISOString(),
  goodId: id,
  data: { name: `Lot ${id}`, owner: mila, startPrice: usd(100) },
})
const sold = (id: number, winner = kestrel): FeedEvent => ({
  ...listed(id),
  seq: 9,
  type: 'sold',
  data: { name: `Lot ${id}`, winner, price: usd(900) },
})

describe('the list', () => {
  it('shows id, name, price, bids, what is left and how one stands, the cursor by a sign', () => {
    const leading = good(2, { price: usd(124_000), bidCount: 23, you: { standing: 'leading', max: null, hold: null } })
    const lines = draw(fill(first(), [good(1), leading, good(3, { owner: ada })]))
    expect(lines.join('\n')).toMatch(/ID +NAME +PRICE +BIDS +ENDS IN +YOU/)
    expect(lines.join('\n')).toMatch(/▸ +1 {2}Lot 1 .* \$1\.00 +0 {2}00:01:01/)
    expect(lines.join('\n')).toMatch(/ {2}2 {2}Lot 2 .* \$1,240\.00 +23 {2}00:02:02 +✓ leading/)
    expect(lines.join('\n')).toMatch(/Lot 3 .*– yours/)
  })
  it('counts every good down by the server clock, and waits for the house at zero', () => {
    const home = fill(first(), [good(1), good(2)])
    const later = told(home, { type: 'time', time: { now: now + 60_000, skewMs: 0, roundTripMs: 1 } })
    expect(draw(later).join('\n')).toMatch(/Lot 1 .*00:00:01/)
    const over = told(home, { type: 'time', time: { now: now + 61_000, skewMs: 0, roundTripMs: 1 } })
    expect(draw(over).join('\n')).toMatch(/Lot 1 .*00:00:00 …/)
  })
  it('dims what may be true no more', () => {
    const home = fill(first(), [good(1, { you: { standing: 'leading', max: null, hold: null } })])
    const tones = (state: ConnectionState['state']) =>
      goodLines({ ...home, connection: { state, attempt: 1, retryAt: null } }, 76, 2)[1]?.map(({ tone }) => tone)
    expect(new Set(tones('reconnecting'))).toContain('dim')
    expect(tones('stale')).not.toContain('good')
    expect(tones('live')).toContain('good')
    expect(tones('live')).not.toContain('dim')
  })
  it('keeps its place by the good, whatever comes and goes around it', () => {
    const home = press(fill(first(), [good(1), good(2), good(3)]), 'j')
    expect(chosen(home)?.id).toBe(2)
    expect(chosen(fill(home, [good(9), good(1), good(2)]))?.id).toBe(2)
    const gone = fill(home, [good(1), good(3)])
    expect(chosen(gone)?.id).toBe(3)
    expect(chosen(fill(gone, []))).toBeNull()
  })
  it('remembers the place of each tab', () => {
    let home = press(fill(first(), [good(1), good(2)]), 'j', '2')
    home = press(fill(home, [good(7), good(8), good(9)]), 'G')
    expect(chosen(home)?.id).toBe(9)
    expect(chosen(press(home, '1'))?.id).toBe(2)
    expect(chosen(press(home, '1', 'tab'))?.id).toBe(9)
  })
  it.each([
    ['j', 2],
    ['down', 2],
    ['G', 3],
    ['end', 3],
    ['pagedown', 3],
  ])('moves by %s, and no further than its ends', (name, id) => {
    const home = fill(first(), [good(1), good(2), good(3)])
    expect(chosen(press(home, name))?.id).toBe(id)
    expect(chosen(press(home, name, name, name, name))?.id).toBe(3)
    expect(chosen(press(home, 'G', 'k', 'g', 'up'))?.id).toBe(1)
  })
  it('asks for the next page before the cursor comes to the end of this one, once', () => {
    const page = Array.from({ length: 100 }, (_, index) => good(index + 1))
    const home = fill(first(), page, { more: true })
    expect(effectsOf(home, { type: 'scroll', by: 50 })).toEqual([])
    const [near, effects] = update(home, { type: 'scroll', by: 90 })
    expect(effects).toMatchObject([{ type: 'fetch', wanted: { tab: 'live', pages: 2 } }])
    expect(effectsOf(near, { type: 'scroll', by: 1 })).toEqual([])
  })
  it('goes by G to the end of all there are, also past the pages that are known', () => {
    const goods = Array.from({ length: 350 }, (_, index) => good(index + 1))
    const [going, effects] = update(fill(first(), goods.slice(0, 100), { more: true }), {
      type: 'scroll',
      by: Infinity,
    })
    expect(effects).toMatchObject([{ type: 'fetch', wanted: { tab: 'live', pages: 10 } }])
    expect(draw(going).join('\n')).toContain('Lot 100')
    expect(chosen(fill(going, goods))?.id).toBe(350)
    expect(chosen(press(going, 'k'))?.id).toBe(99)
    expect(chosen(press(going, 'g'))?.id).toBe(1)
  })
  it('knows a good that moved between two pages once', () => {
    expect(shelfOf(fill(first(), [good(1), good(2), good(1)])).ids).toEqual([1, 2])
  })
  it('forgets goods that are on no shelf', () => {
    expect([...fill(fill(first(), [good(1), good(2)]), [good(2)]).goods.keys()]).toEqual([2])
  })
  it('takes no older view for news', () => {
    const home = fill(first(), [good(1, { seq: 5, bidCount: 4 })])
    expect(fill(home, [good(1, { seq: 4, bidCount: 3 })]).goods.get(1)?.bidCount).toBe(4)
  })
})

describe('tabs', () => {
  it('of ended goods tell when, but nothing where it was before the time that is known', () => {
    const past = new Date(now - 60_000).toISOString()
    const later = new Date(now + 60_000).toISOString()
    const items = [
      good(1, { status: 'sold', endsAt: past }),
      good(2, { status: 'sold', endsAt: later }),
      good(3, { status: 'cancelled', endsAt: past }),
    ]
    const home = fill(first({ tab: 'ended', zone: 'Asia/Kolkata', size: { columns: 120, rows: 24 } }), items)
    expect(draw(home).join('\n')).toMatch(/Lot 1 .* sold 22 Nov 19:31:23 /)
    expect(draw(home).join('\n')).toMatch(/Lot 2 .* sold {3,}/)
    expect(draw(home).join('\n')).toMatch(/Lot 3 .* cancelled {3,}/)
    expect(draw(home).join('\n')).toContain('ended Sun 22 Nov 19:31:23 GMT+5:30')
    expect(draw(press(home, 'j')).join('\n')).toContain('was to end Sun 22 Nov 19:33:23')
  })
  it('are six, each by its number; Tab and l go on, h goes back, around the end', () => {
    expect(tabNames).toEqual(['live', 'ending', 'mine', 'bids', 'won', 'ended'])
    for (const [index, tab] of tabNames.entries()) expect(press(first(), String(index + 1)).tab).toBe(tab)
    expect(press(first(), 'tab', 'l', 'right').tab).toBe('bids')
    expect(press(first(), 'h').tab).toBe('ended')
    expect(press(first(), 'shift-tab', 'left').tab).toBe('won')
  })
  it.each(['mine', 'bids', 'won'] as const)('%s says to log in, and asks for nothing, when nobody is', (tab) => {
    const home = first({ me: null })
    expect(effectsOf(home, { type: 'tab', to: tab })).toEqual([])
    expect(draw(told(home, { type: 'tab', to: tab })).join('\n')).toMatch(/you are not logged in: auction login/)
  })
  it('that are empty say what to do', () => {
    expect(draw(first()).join('\n')).toContain('loading…')
    expect(draw(fill(first(), [])).join('\n')).toContain('Nothing is for sale now. Sell something: auction sell')
  })
})

describe('a failure', () => {
  const failed = (home: Home): Msg => ({
    type: 'fetch_failed',
    wanted: wantedOf(home, home.tab),
    error: new AuctionError('UNAUTHENTICATED', 'The session has ended.'),
  })
  it('is told once, with what to do, however often the tab is tried again', () => {
    const home = told(first(), failed(first()), { type: 'event', event: listed(2) }, failed(first()))
    expect(home.notices.map(({ notice }) => notice.text)).toEqual([
      '✗ The session has ended. Run: auction login',
      expect.stringContaining('lists good 2'),
    ])
    expect(draw(home).join('\n')).not.toContain('loading…')
  })
  it('is no news any more once the tab has come', () => {
    const home = told(first(), failed(first()))
    expect(fill(home, []).notice).toBeNull()
    expect(fill(home, [], { tab: 'ending' }).notice).not.toBeNull()
    expect(fill(told(home, { type: 'event', event: listed(2) }), []).notice?.text).toContain('lists good 2')
  })
  it('is told again to who asks again', () => {
    const asked = press(told(first(), failed(first())), 'R')
    expect(asked.notice).toBeNull()
    expect(told(asked, failed(asked)).notice?.text).toContain('auction login')
  })
})

describe('sorting and filtering', () => {
  it('s goes through the orders and starts from the top', () => {
    const home = press(fill(first(), [good(1), good(2)]), 'j')
    const [sorted, effects] = update(home, { type: 'sort' })
    expect(effects).toMatchObject([{ type: 'fetch', wanted: { order: 'price', pages: 1 } }])
    expect(chosen(fill(sorted, [good(4), good(1)]))?.id).toBe(4)
    expect(shelfOf(press(home, 's', 's', 's', 's')).order).toBe('new')
  })
  it('a filter is typed, edited, kept, and taken away; letters are no keys meanwhile', () => {
    const typing = press(first(), '/', 'q', 's', 'j')
    expect(typing).toMatchObject({ filter: { text: 'qsj', typing: true }, tab: 'live' })
    expect(draw(typing)[1]).toContain('/qsj▏')
    expect(press(typing, 'backspace').filter.text).toBe('qs')
    const kept = press(typing, 'enter')
    expect(kept.filter).toEqual({ text: 'qsj', typing: false })
    expect(press(kept, 'escape').filter).toEqual({ text: '', typing: false })
    expect(effectsOf(typing, { type: 'typed', text: 'x' })).toEqual([
      { type: 'fetch', wanted: { tab: 'live', order: 'new', filter: 'qsjx', pages: 1 }, settled: true },
    ])
  })
  it('a paste is its first line, made harmless, and nothing outside the field', () => {
    const pasted = (home: Home) => told(home, { type: 'pasted', text: 'le\u001b[31mica\nq' }).filter.text
    expect(pasted(press(first(), '/'))).toBe('leica')
    expect(pasted(first())).toBe('')
  })
  it('an answer to an earlier filter or order is not shown', () => {
    const wanted = wantedOf(first(), 'live')
    const home = press(first(), '/', 'x')
    expect(shelfOf(told(home, { type: 'goods', wanted, items: [good(1)], more: false })).loaded).toBe(false)
  })
  it('a filter that fits nothing is named', () => {
    expect(draw(fill(press(first(), '/', 'x', 'enter'), [])).join('\n')).toContain('No good has all of: x')
  })
})

describe('news', () => {
  it('of what the house tells everyone stands at the bottom, and is fetched a moment later', () => {
    const home = fill(first(), [good(1)])
    const [heard, effects] = update(home, { type: 'event', event: listed(2) })
    expect(draw(heard).at(-2)).toContain('+ mila lists good 2, Lot 2, from $1.00.')
    expect(effects).toMatchObject([
      { type: 'fetch', wanted: { tab: 'live' }, settled: true },
      { type: 'fetch', wanted: { tab: 'bids' }, settled: true },
    ])
  })
  it('takes an ended good from the live tabs at once', () => {
    const home = press(fill(fill(first(), [good(1), good(2)]), [good(1), good(2)], { tab: 'ending' }), 'j')
    const left = told(home, { type: 'event', event: sold(2) })
    expect([left.shelves.live.ids, left.shelves.ending.ids]).toEqual([[1], [1]])
    expect(chosen(left)?.id).toBe(1)
  })
  it('of winning and of being outbid rings, unless muted', () => {
    const won: Msg = { type: 'event', event: sold(2, ada) }
    expect(effectsOf(first(), won)).toContainEqual({ type: 'bell' })
    expect(told(first(), won).notice?.text).toMatch(/^★ You won: .*ada/)
    const leads = fill(first(), [good(1, { you: { standing: 'leading', max: null, hold: null } })])
    const outbid = good(1, {
      seq: 2,
      price: usd(500),
      leader: kestrel,
      you: { standing: 'outbid', max: null, hold: null },
    })
    const news: Msg = { type: 'goods', wanted: wantedOf(leads, 'bids'), items: [outbid], more: false }
    expect(told(leads, news).notice?.text).toBe('✗ Outbid on #1 Lot 1: kestrel at $5.00.')
    expect(effectsOf(leads, news)).toEqual([{ type: 'bell' }])
    expect(effectsOf(press(leads, 'B'), news)).toEqual([])
  })
  it('of being outbid comes through whatever filter, and names every good', () => {
    const standing = (id: number, is: 'leading' | 'outbid', seq: number) =>
      good(id, { seq, price: usd(500), leader: kestrel, you: { standing: is, max: null, hold: null } })
    const all = { ...wantedOf(first(), 'bids'), filter: '' }
    const home = told(press(first(), '/', 'x'), goodsOf(all, [standing(1, 'leading', 2), standing(2, 'leading', 2)]))
    expect(effectsOf(home, { type: 'look' })).toContainEqual({ type: 'fetch', wanted: all, settled: false })
    const heard = told(home, goodsOf(all, [standing(1, 'outbid', 3), standing(2, 'outbid', 3)]))
    expect(heard.notice?.text).toBe('✗ Outbid on #1 Lot 1: kestrel at $5.00; #2 Lot 2.')
    expect(heard.shelves.bids.loaded).toBe(false)
    // An older answer that comes late is none.
    expect(told(heard, goodsOf(all, [standing(1, 'leading', 2)]), goodsOf(all, [standing(1, 'outbid', 3)]))).toEqual(
      heard,
    )
  })
  it('is gone through with n', () => {
    const home = told(first(), { type: 'event', event: listed(2) }, { type: 'event', event: listed(3) })
    expect(press(home, 'n').notice?.text).toContain('Lot 2')
    expect(press(home, 'n', 'n').notice?.text).toContain('Lot 3')
  })
})

describe('keys', () => {
  it('Enter opens the good under the cursor, and nothing where there is none', () => {
    const home = press(fill(first(), [good(1), good(2)]), 'j')
    expect(effectsOf(home, { type: 'open' })).toEqual([{ type: 'open', good: good(2) }])
    expect(messageFor(keymap, first(), 'enter', { at: 0, key: 'k' })).toBeNull()
  })
  it('y copies the link of the good under the cursor, and nothing where there is none', () => {
    const home = fill(first(), [good(1)])
    expect(effectsOf(home, { type: 'copy' })).toEqual([{ type: 'copy', text: 'http://127.0.0.1:8010/v1/goods/1' }])
    expect(messageFor(keymap, home, 'y', { at: 0, key: 'k' })).toEqual({ type: 'copy' })
    expect(messageFor(keymap, first(), 'y', { at: 0, key: 'k' })).toBeNull()
  })
  it('of the footer all do something', () => {
    for (const home of [first(), fill(first(), [good(1)]), press(first(), '/'), press(first(), '?')])
      for (const { keys } of footerKeys(keymap, home))
        expect(messageFor(keymap, home, keys[0] as string, { at: 0, key: 'k' })).not.toBeNull()
  })
  it('? shows every key, and Esc hides them', () => {
    const help = press(fill(first(), [good(1)]), '?')
    expect(draw(help).join('\n')).toMatch(/KEYS[\s\S]*filter[\s\S]*suspend; fg resumes/)
    expect(press(help, 'escape').panel).toBe('none')
  })
  it('of the help are scrolled to where they do not fit, and none is cut', () => {
    const help = press(fill(first({ size: { columns: 60, rows: 15 } }), [good(1)]), '?')
    const [top, end] = [draw(help).join('\n'), draw(press(help, 'G', 'j')).join('\n')]
    expect(top).toMatch(/Enter +keep the filter/)
    expect(top).not.toContain('Ctrl-Z')
    expect(end).toMatch(/q +quit[\s\S]*Ctrl-Z +suspend; fg resumes/)
    expect(top + end).not.toContain('…')
    expect(draw(press(help, 'G', 'k')).join('\n')).not.toBe(end)
    expect(press(help, 'G', '?', '?').panelScroll).toBe(0)
  })
  it('none acts in a window too small to show it, but those that leave', () => {
    const small = fill(first({ size: { columns: 40, rows: 10 } }), [good(1)])
    for (const name of ['enter', 'j', 's', '/', '2'])
      expect(messageFor(keymap, small, name, { at: 0, key: 'k' })).toBeNull()
    expect(messageFor(keymap, small, 'q', { at: 0, key: 'k' })).toEqual({ type: 'leave', code: 0 })
  })
})

describe('the preview', () => {
  const wide = (changes: Partial<Home> = {}) => first({ size: { columns: 120, rows: 40 }, ...changes })
  it('asks once for the picture of the good under the cursor, from 120 columns on', () => {
    const pictured = good(1, { image: '/v1/goods/1/image' })
    const wanted = wantedOf(wide(), 'live')
    const filled: Msg = { type: 'goods', wanted, items: [pictured, good(2)], more: false }
    const [home, effects] = update(wide(), filled)
    expect(effects).toEqual([{ type: 'fetchPicture', goodId: 1, columns: 42, rows: 17 }])
    expect(effectsOf(home, { type: 'look' }).map(({ type }) => type)).toEqual(['fetch', 'fetch'])
    expect(effectsOf(first(), filled)).toEqual([])
    expect(effectsOf(wide({ colour: false }), filled)).toEqual([])
  })
  it('tells price, leader, terms and the description', () => {
    const facts = {
      reserve: 'met',
      buyNow: usd(9_900),
      leader: kestrel,
      price: usd(500),
      description: 'Serviced 2023.',
    }
    const lines = draw(fill(wide(), [good(1, facts as Partial<GoodView>)])).join('\n')
    for (const words of ['#1 by mila', '$5.00  by kestrel', 'reserve met · buy now for $99.00', 'Serviced 2023.'])
      expect(lines).toContain(words)
  })
})

describe('a frame', () => {
  const texts = fc.constantFrom(
    'Lot',
    '陳大文 的相機 '.repeat(6),
    '👨‍👩‍👧‍👦 family camera',
    'e\u0301te\u0301',
    'x'.repeat(90),
  )
  it('of 60 columns names every tab and the way to help and out, and keeps a filter in its place', () => {
    const narrow = first({ size: { columns: 60, rows: 15 }, tab: 'ended' })
    for (const home of [narrow, press(fill(narrow, [good(1)]), '/', ...'x'.repeat(60), 'enter')]) {
      const lines = draw(home)
      expect(lines[1]).toMatch(/Live +Ending +Mine +Bids +Won +\[Ended\]/)
      expect(lines.at(-1)).toMatch(/\? help {2}q quit/)
    }
    expect(draw(press(narrow, '/', 'l', 'e'))[1]).toMatch(/\[Ended\] .*\/le▏/)
  })
  it('fills every window from 60x15 to 250x80 exactly, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 250 }),
        fc.integer({ min: 15, max: 80 }),
        fc.array(texts, { maxLength: 90 }),
        fc.constantFrom<Tab>(...tabNames),
        fc.constantFrom('none' as const, 'help' as const),
        fc.record({ text: fc.constantFrom('', 'leica', 'x'.repeat(60)), typing: fc.boolean() }),
        (columns, rows, names, tab, panel, filter) => {
          const base = first({ size: { columns, rows }, tab, panel, filter })
          const items = names.map((name, index) =>
            good(index + 1, { name, description: name.repeat(3), status: index % 4 === 3 ? 'sold' : 'open' }),
          )
          const lines = draw(press(fill(base, items), 'G'))
          expect(lines.length).toBe(rows)
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
          for (const line of lines.slice(2, -2)) expect(stringWidth(line)).toBe(columns)
        },
      ),
      { numRuns: 60 },
    )
  })
  it('is one line below 60x15', () => {
    const [line = ''] = draw(fill(first({ size: { columns: 59, rows: 14 } }), [good(1)]))
    expect(line).toContain('Window is 59x14; auction needs 60x15. 1 in Live')
  })
})
