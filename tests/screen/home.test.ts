/** `auction` alone, in a real pseudo-terminal against a real house: tabs, news, goods opened and left again. */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type House, type Member, openHouse } from '../support/house.ts'
import { openLine } from '../support/lossy-line.ts'
import { ASSETS } from '../support/program.ts'
import { auction } from '../support/room.ts'
import { expectQuiet, expectWhole, start, type Terminal } from '../support/terminal.ts'

let house: House
let mila: Member
let ada: Member
let zoe: Member
const open: Terminal[] = []
beforeAll(async () => {
  house = await openHouse('sqlite')
  mila = await house.member('mila')
  ada = await house.member('ada')
  zoe = await house.member('zoë')
})
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(() => house.close())

/** `auction` as ada, or as `who`; `words` after it, `options` of the terminal. */
function home(
  who: Member | null = ada,
  {
    words = [],
    env = {},
    ...size
  }: { words?: string[]; env?: Record<string, string>; cols?: number; rows?: number } = {},
): Terminal {
  const login = who ? { AUCTION_TOKEN: who.token } : {}
  const usual = { AUCTION_SERVER: house.url, XDG_CONFIG_HOME: house.directory, ...login }
  const terminal = start([auction, ...words], { ...size, env: { ...usual, ...env } })
  open.push(terminal)
  return terminal
}
/** Goods whose names share a word that nobody else uses. */
let shelves = 0
async function shelf(count: number, good: Record<string, unknown> = {}) {
  const word = `shelf${++shelves}`
  const goods = []
  for (let index = 1; index <= count; index++)
    goods.push(await mila.sell({ name: `Lot ${index} ${word}`, startPrice: index * 1_000, ...good }))
  return { word, goods }
}
/** The screen with the tab in sight filtered by a word. */
async function filtered(terminal: Terminal, word: string): Promise<void> {
  await terminal.waitFor(/● live/)
  terminal.send(`/${word}`)
  await terminal.waitFor(new RegExp(`/${word}▏`))
  terminal.send('\r')
  await terminal.waitFor(new RegExp(`/${word} +sort`))
  await terminal.waitFor(new RegExp(`▸ .* ${word}`))
}

describe('the list', () => {
  it.each([{ CI: '' }, { CONTINUOUS_INTEGRATION: 'yes' }])('is drawn with %j, which is no CI here', async (env) => {
    await home(ada, { env }).waitFor(/● live/)
  })

  it('counts down and keeps itself: a new good comes, a cancelled one goes, a bid moves the price', async () => {
    const { word, goods } = await shelf(2)
    const terminal = home()
    await filtered(terminal, word)
    await terminal.waitFor(/Lot 1 shelf\d+ +\$10\.00 +0 +00:59:\d\d/)
    await terminal.waitFor(/▸ +\d+ +Lot 2/)
    await mila.sell({ name: `Lot 3 ${word}` })
    await terminal.waitFor(/\+ mila lists good \d+, Lot 3/)
    await terminal.waitFor(/Lot 3 shelf.* 0 +00:59/)
    await zoe.bid(goods[0].id, { amount: 7_700 })
    await terminal.waitFor(/Lot 1 shelf\d+ +\$77\.00 +1 /)
    await mila.send('DELETE', `/v1/goods/${goods[1].id}`, { reason: 'incorrect' })
    await terminal.waitFor(/✗ Cancelled: good \d+, Lot 2/)
    await expect.poll(() => terminal.screen().some((row) => /^│.*Lot 2/.test(row))).toBe(false)
    // The cursor was on the one that went.
    await terminal.waitFor(/▸ +\d+ +Lot [13]/)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expectWhole(terminal)
  })

  it('has six tabs, sorts, filters, and says what is not there', async () => {
    const { word, goods } = await shelf(3)
    await ada.bid(goods[1].id, { amount: 2_000 })
    const terminal = home()
    await filtered(terminal, word)
    await terminal.waitFor(/▸ +\d+ +Lot 3/)
    terminal.send('s')
    await terminal.waitFor(/sort: price/)
    await terminal.waitFor(/▸ +\d+ +Lot 1/)
    terminal.send('4')
    await terminal.waitFor(/\[4 Bids\]/)
    await terminal.waitFor(/▸ +\d+ +Lot 2 .*✓ leading/)
    expect(terminal.screen().join('\n')).not.toMatch(/Lot [13] /)
    terminal.send('3')
    await terminal.waitFor(/No good has all of: shelf/)
    terminal.send('\u001b')
    await terminal.waitFor(/You sell nothing/)
    terminal.send('\t')
    await terminal.waitFor(/\[4 Bids\]/)
    terminal.send('?')
    await terminal.waitFor(/suspend; fg resumes/)
  })

  it('tells of being outbid, and of winning, with the bell', async () => {
    const { word, goods } = await shelf(1, { increment: { fixed: 100 } })
    await ada.bid(goods[0].id, { amount: 1_000 })
    const terminal = home()
    await filtered(terminal, word)
    await terminal.waitFor(/✓ leading/)
    const bells = terminal.bells()
    await zoe.bid(goods[0].id, { amount: 5_000 })
    await terminal.waitFor(/✗ Outbid on #\d+ Lot 1 shelf\d+: zoë at \$50\.00\./)
    await terminal.waitFor(/✗ outbid/)
    await expect.poll(() => terminal.bells()).toBe(bells + 1)
    await ada.bid(goods[0].id, { amount: 6_000 })
    await mila.post(`/v1/goods/${goods[0].id}/sale`, {}, { 'idempotency-key': 'sold-early' })
    await terminal.waitFor(/★ You won: /)
    await expect.poll(() => terminal.bells()).toBe(bells + 2)
    terminal.send('5')
    await terminal.waitFor(/sold .*★ won/)
  })

  it('shows nobody what needs a login, and says how to get one', async () => {
    const terminal = home(null)
    await terminal.waitFor(/not logged in +● live/)
    terminal.send('5')
    await terminal.waitFor(/– you are not logged in: auction login/)
  })
})

describe('a good', () => {
  it('opens with Enter and is left with Esc, back to the same row; a bid is placed meanwhile', async () => {
    const { word } = await shelf(4)
    const terminal = home()
    await filtered(terminal, word)
    await terminal.waitFor(/▸ +\d+ +Lot 4/)
    terminal.send('jj')
    await terminal.waitFor(/▸ +\d+ +Lot 2/)
    terminal.send('\r')
    await terminal.waitFor(/#\d+ +Lot 2/)
    await terminal.waitFor(/Esc back to the list/)
    terminal.send('m')
    await terminal.waitFor(/YOUR BID \$ 20\.00/)
    // In the field Esc leaves the field, not the good.
    terminal.send('\u001b')
    await terminal.waitFor(/b to bid · minimum/)
    terminal.send('m\r')
    await terminal.waitFor(/REVIEW/)
    await new Promise((resolve) => setTimeout(resolve, 450))
    terminal.send('\r')
    await terminal.waitFor(/LEADING/)
    // The event may be there before the answer, without which the bid is not let out of sight.
    await terminal.waitFor(/b to bid · minimum/)
    terminal.send('\u001b')
    await terminal.waitFor(/▸ +\d+ +Lot 2 .*\$20\.00 +1 .*✓ leading/)
    expect(terminal.screen()[1]).toContain(`/${word}`)
    terminal.send('\r')
    await terminal.waitFor(/#\d+ +Lot 2/)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expectWhole(terminal)
  })

  it('opens once, however often Enter is pressed in one breath', async () => {
    const { word, goods } = await shelf(1)
    const terminal = home()
    await filtered(terminal, word)
    terminal.send('\r')
    terminal.send('\r')
    await terminal.waitFor(/1 watching/)
    terminal.send('\u001b')
    await terminal.waitFor(/\[1 Live\]/)
    const watchers = async () => (await mila.get(`/v1/goods/${goods[0].id}`)).body.watchers
    await expect.poll(watchers).toBe(0)
  })

  it('of a private room asks for its password on the terminal, and keys work afterwards', async () => {
    const { word } = await shelf(1, { password: 'sesame' })
    const terminal = home()
    await filtered(terminal, word)
    // What the terminal showed before the window stands there still: only what is written anew is the question.
    const asked = (times: number) =>
      expect
        .poll(() => terminal.output().split('Password of the room of good').length - 1)
        .toBeGreaterThanOrEqual(times)
    terminal.send('\r')
    await asked(1)
    terminal.send('quite wrong\r')
    await terminal.waitFor(/✗ That is not the password/)
    const before = terminal.output().split('Password of the room of good').length
    terminal.send('\r')
    await asked(before)
    terminal.send('sesame\r')
    await terminal.waitFor(/private · 1 watching/)
    terminal.send('\u001b')
    await terminal.waitFor(/\[1 Live\]/)
    expect(terminal.output()).not.toContain('sesame')
  })

  it('of a private room goes on with the question after Ctrl-Z and fg', async () => {
    const { word } = await shelf(1, { password: 'sesame' })
    const env = { AUCTION_SERVER: house.url, XDG_CONFIG_HOME: house.directory, AUCTION_TOKEN: ada.token }
    const terminal = start(['/bin/bash', '--norc', '--noprofile', '-i'], { env })
    open.push(terminal)
    terminal.send(`PS1='ready> '; ${auction}\r`)
    await filtered(terminal, word)
    terminal.send('\r')
    await terminal.waitFor(/Password of the room of good/)
    terminal.send('\u001a')
    await terminal.waitFor(/Stopped/)
    terminal.send('fg\r')
    await new Promise((resolve) => setTimeout(resolve, 500))
    terminal.send('sesame\r')
    await terminal.waitFor(/private · 1 watching/)
  })

  it('has a preview with its picture beside the list at 120 columns', async () => {
    const { word } = await shelf(1)
    const form = new FormData()
    const good = { name: `Pictured ${word}`, startPrice: 100, endsInMs: 3_600_000, description: 'Serviced 2023.' }
    form.set('good', JSON.stringify(good))
    const picture = readFileSync(`${ASSETS}/camera.png`)
    form.set('image', new Blob([picture]), 'camera.png')
    await mila.post('/v1/goods', form, { 'idempotency-key': 'pictured' })
    const terminal = home(ada, { cols: 120, rows: 40, env: { COLORTERM: 'truecolor' } })
    await filtered(terminal, word)
    await terminal.waitFor(/Serviced 2023\./)
    const rows = await terminal.waitFor(/▀{20}/)
    const row = rows.findIndex((each) => /▀{20}/.test(each))
    const column = (rows[row] ?? '').indexOf('▀')
    expect(terminal.cell(column, row)?.isFgRGB()).toBe(true)
    await terminal.resize(80, 24)
    await terminal.waitFor(/^╰─{78}╯$/)
    await expect.poll(() => terminal.screen().join('\n')).not.toContain('▀')
  })
})

describe('the window', () => {
  it('is filled exactly at every size, resized while live', async () => {
    const { word } = await shelf(5)
    const terminal = home()
    await filtered(terminal, word)
    for (const [columns, rows] of [
      [250, 80],
      [60, 15],
      [119, 33],
      [120, 24],
      [61, 80],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows)
      await terminal.waitFor(/^╰─+╯(╰─+╯)?$/)
      await expect
        .poll(() => terminal.screen().filter((row) => row.length === columns && /^[╭│╰].*[╮│╯]$/u.test(row)).length)
        .toBe(rows - 4)
    }
    await terminal.resize(50, 10)
    await terminal.waitFor(/Window is 50x10; auction needs 60x15/)
  })

  it('that is idle costs less than 3 KB a second', async () => {
    const terminal = home(null)
    await terminal.waitFor(/● live/)
    await expectQuiet(terminal)
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is whole after %s', async (signal, code) => {
    const terminal = home()
    await terminal.waitFor(/● live/)
    terminal.signal(signal)
    expect(await terminal.ended).toBe(code)
    expectWhole(terminal)
  })

  it('is whole after Ctrl-C, from the list and from a good', async () => {
    const { word } = await shelf(1)
    for (const keys of ['', '\r']) {
      const terminal = home()
      await filtered(terminal, word)
      await terminal.waitFor(/Lot 1/)
      terminal.send(keys)
      if (keys) await terminal.waitFor(/CURRENT BID|STARTING PRICE/)
      terminal.send('\u0003')
      expect(await terminal.ended).toBe(130)
      expectWhole(terminal)
    }
  })
})

describe('the house', () => {
  it('that stops and comes back is waited for, and what changed meanwhile is there', async () => {
    const { word } = await shelf(1)
    const line = await openLine(() => Number(new URL(house.url).port))
    try {
      const terminal = home(ada, { env: { AUCTION_SERVER: line.url } })
      await filtered(terminal, word)
      await house.stop()
      await terminal.waitFor(/↻ reconnecting #\d/)
      await house.start()
      await mila.sell({ name: `Lot 9 ${word}` })
      await terminal.waitFor(/● live/)
      await terminal.waitFor(/Lot 9/)
    } finally {
      await line.close()
    }
  })

  it('that cannot be reached ends with 7 before there is a screen', async () => {
    const terminal = home(null, { env: { AUCTION_SERVER: 'http://127.0.0.1:1' } })
    expect(await terminal.ended).toBe(7)
    expect(terminal.output()).not.toContain('\u001b[?1049h')
    expect(terminal.screen().join('\n')).toMatch(/cannot be reached/)
  })

  it.each([[['--no-input']], [['--json']]])('is not shown with %j: help instead', async (words) => {
    const terminal = home(ada, { words })
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen().join('\n')).toMatch(/auction --help|Flags|help/)
    expect(terminal.output()).not.toContain('\u001b[?1049h')
  })
})
