/** What stands beside price and bids on `auction watch`, in a real pseudo-terminal: picture, description, notices, resizing. */
import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { Json } from '../support/house.ts'
import { openRoom } from '../support/room.ts'
import type { Terminal } from '../support/terminal.ts'

const [RED, BLUE] = [0xff0000, 0x0000ff]
const room = openRoom()

interface Size {
  cols: number
  rows: number
}
const large = { cols: 120, rows: 40 }

function watch(goodId: number, size: Size = { cols: 80, rows: 24 }, rest: Record<string, string> = {}): Terminal {
  const env = {
    AUCTION_SERVER: room.house.url,
    AUCTION_TOKEN: room.ada.token,
    XDG_CONFIG_HOME: room.house.directory,
    ...rest,
  }
  return room.watch([String(goodId)], { ...size, env })
}

/** A good with a picture whose upper half is red and whose lower half is blue. */
async function sellPictured(): Promise<Json> {
  const half = (background: { r: number; g: number; b: number }) =>
    sharp({ create: { width: 60, height: 20, channels: 3, background } })
      .png()
      .toBuffer()
  const lower = await half({ r: 0, g: 0, b: 255 })
  const bytes = await sharp(await half({ r: 255, g: 0, b: 0 }))
    .extend({ bottom: 20 })
    .composite([{ input: lower, top: 20, left: 0 }])
    .png()
    .toBuffer()
  const form = new FormData()
  form.set('good', JSON.stringify({ name: 'Leica M3', startPrice: 1_000, endsInMs: 3_600_000 }))
  form.set('image', new Blob([new Uint8Array(bytes)], { type: 'image/png' }))
  return (await room.mila.post('/v1/goods', form, { 'idempotency-key': crypto.randomUUID() })).body
}

/** Colours of every half-block on the screen, above and below, in the order of the rows. */
function halfBlocks(terminal: Terminal): { rows: number; above: number[]; below: number[] } {
  const found = terminal.screen().flatMap((row, at) => {
    const column = row.indexOf('▀')
    const cell = column < 0 ? undefined : terminal.cell(column, at)
    return cell ? [{ above: cell.getFgColor(), below: cell.getBgColor() }] : []
  })
  return { rows: found.length, above: found.map(({ above }) => above), below: found.map(({ below }) => below) }
}

/** Every row that a box touches ends in the last column. */
async function expectStraight(terminal: Terminal, columns: number): Promise<void> {
  const bent = () =>
    terminal
      .screen()
      .filter((row, at) => /^[│╭╰]/u.test(row) && !/[│╮╯]/u.test(terminal.cell(columns - 1, at)?.getChars() ?? ''))
  await expect.poll(bent).toEqual([])
}

it('shows the picture in half-blocks beside the rest at 120x40, and large with i', async () => {
  const terminal = watch((await sellPictured()).id, large, { COLORTERM: 'truecolor' })
  await terminal.waitFor(/│ +▀{20,}/u)
  // The first row may be there before the last.
  const ends = () => {
    const { above } = halfBlocks(terminal)
    return [above[0], above.at(-1)]
  }
  await expect.poll(ends).toEqual([RED, BLUE])
  const beside = halfBlocks(terminal)
  await expectStraight(terminal, 120)
  terminal.send('i')
  await terminal.waitFor(/▀{60,}/u)
  await expect.poll(() => halfBlocks(terminal).rows).toBeGreaterThan(beside.rows)
  await expect.poll(ends).toEqual([RED, BLUE])
  await expect.poll(() => halfBlocks(terminal).below.at(-1)).toBe(BLUE)
  await expectStraight(terminal, 120)
  terminal.send('\u001b')
  await terminal.waitFor(/ACTIVITY/)
})

it('names the picture where there is no colour', async () => {
  const good = await sellPictured()
  const terminal = watch(good.id, undefined, { NO_COLOR: '1' })
  await terminal.waitFor(/● live/)
  terminal.send('i')
  await terminal.waitFor(/▣ Picture of Leica M3/)
  await terminal.waitFor(new RegExp(`no colours here: ${room.house.url}/v1/goods/${good.id}/image`))
})

it('shows notes of the seller with their date, the price as a chart, and what happened', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', description: 'boxed', startPrice: 1_000 })
  const terminal = watch(good.id, large)
  await terminal.waitFor(/● live/)
  for (const [at, bidder] of [room.ada, room.zoe, room.ada].entries())
    await bidder.bid(good.id, { amount: 1_000 + at * 1_000 })
  await terminal.waitFor(/PRICE of 3 bids/)
  await terminal.waitFor(/\$30\.00│[ ⎺⎻─⎼⎽]+ │/u)
  await room.mila.send('PATCH', `/v1/goods/${good.id}`, { note: 'New strap.' })
  await terminal.waitFor(/\[\d{4}-\d\d-\d\d \d\d:\d\d UTC\] New strap\./)
  await terminal.waitFor(/The seller notes: New strap\./)
  terminal.send('d')
  await expect.poll(() => terminal.screen().join('\n')).not.toContain('ACTIVITY')
  await terminal.waitFor(/^│ \[\d{4}-\d\d-\d\d \d\d:\d\d UTC\] New strap\./)
})

it('copies the link by OSC 52, goes through notices with n, and refetches with R', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id)
  await terminal.waitFor(/● live/)
  terminal.send('y')
  await terminal.waitFor(/✓ Copied: http/)
  const link = Buffer.from(`${room.house.url}/v1/goods/${good.id}`).toString('base64')
  expect(terminal.output()).toContain(`\u001b]52;c;${link}\u0007`)
  terminal.send('B')
  await terminal.waitFor(/– The bell is off\. +n: 1 earlier/)
  terminal.send('n')
  await terminal.waitFor(/✓ Copied: http.* 2 of 2, \d\d:\d\d:\d\d/)
  terminal.send('R')
  await expect.poll(() => terminal.screen().join('\n')).not.toContain('Copied')
})

it('ends with the word of who cancelled it', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id)
  await terminal.waitFor(/● live/)
  await room.mila.send('DELETE', `/v1/goods/${good.id}`, {}, { 'idempotency-key': 'cancel' })
  await terminal.waitFor(/■ CANCELLED by the seller: no longer for sale/)
})

it('survives a storm of resizes: in the end it is drawn as if just started', async () => {
  const good = await sellPictured()
  await room.ada.bid(good.id, { amount: 1_000 })
  const terminal = watch(good.id, large, { COLORTERM: 'truecolor' })
  await terminal.waitFor(/● live/)
  let seed = 7
  const next = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % most
  }
  for (let storm = 0; storm < 3; storm++) {
    for (let at = 0; at < 40; at++) {
      await terminal.resize(40 + next(211), 10 + next(71))
      if (at % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 15))
    }
    const size = [large, { cols: 60, rows: 15 }, { cols: 250, rows: 80 }][storm] ?? large
    await terminal.resize(size.cols, size.rows)
    const fresh = watch(good.id, size, { COLORTERM: 'truecolor' })
    await fresh.waitFor(/● live/)
    const frame = (each: Terminal) => each.screen().map((row) => row.replace(/\d+/g, '#').replace(/ +/g, ' '))
    // One heard the other come in; both count the same watchers.
    const differing = () =>
      frame(terminal).filter((row, at) => row !== frame(fresh)[at] && !/came in|left|said yet/.test(row))
    await expect.poll(differing).toEqual([])
    await expectStraight(terminal, size.cols)
    fresh.close()
  }
  terminal.send('q')
  expect(await terminal.ended).toBe(0)
  expect([terminal.alternate(), terminal.cursorShown()]).toEqual([false, true])
})

it('is drawn whole again where the window was smaller for a moment, of which only its signal tells', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id)
  await terminal.waitFor(/● live/)
  // It has no time to look meanwhile; the terminal cuts off what does not fit.
  terminal.signal('SIGSTOP')
  await terminal.resize(40, 10)
  await terminal.resize(80, 24)
  terminal.signal('SIGCONT')
  const boxed = () => terminal.screen().filter((row) => row.length === 80 && /^[╭│╰].*[╮│╯]$/u.test(row)).length
  await expect.poll(boxed).toBe(20)
  expect(terminal.screen()[23]).toContain('q quit')
})
