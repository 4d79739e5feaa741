/** The states of a sale on `auction watch`, in a real pseudo-terminal: each with its word, its sign, and how it is drawn. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { whenDrawn } from '../support/cells.ts'
import type { Json, Member } from '../support/house.ts'
import { type LossyLine, openLine } from '../support/lossy-line.ts'
import { openRoom } from '../support/room.ts'
import { edit } from '../support/sale.ts'
import type { Terminal } from '../support/terminal.ts'

const [RED, GREEN, YELLOW] = [1, 2, 3]
const room = openRoom()
let line: LossyLine
beforeAll(async () => {
  line = await openLine(() => Number(new URL(room.house.url).port))
})
afterEach(() => {
  line.state = 'fair'
})
afterAll(() => line.close())

/** The screen of somebody, or of nobody; behind the line that can fail where `url` says so. */
function watch(goodId: number, by: Member | null = room.ada, url = room.house.url): Terminal {
  const env = { AUCTION_SERVER: url, AUCTION_TOKEN: by?.token ?? '', XDG_CONFIG_HOME: room.house.directory }
  return room.watch([String(goodId)], { env })
}

async function watchLive(goodId: number, by: Member | null = room.ada, url = room.house.url): Promise<Terminal> {
  const terminal = watch(goodId, by, url)
  await terminal.waitFor(/● live/)
  return terminal
}

/** A sale whose end comes near only once it is watched: on a slow machine that takes longer than some sales last. */
const bringEndNear = async (good: Json, endsInMs = 10_000) =>
  expect((await edit(room.mila, good, { endsInMs })).status).toBe(200)

/** The end is said in bold where the standing was, rung, and put into the window's title. */
async function expectOver(terminal: Terminal, bells: number, sign: string, colour: number | null): Promise<void> {
  await whenDrawn(terminal, sign, { bold: true, colour })
  await terminal.waitFor(/ENDED/)
  await expect.poll(() => terminal.bells()).toBe(bells + 1)
  await expect.poll(() => terminal.title()).toContain(sign)
}

/** From the closed line to a bid of the minimum that is sent. */
async function bidMinimum(terminal: Terminal, amount: string): Promise<void> {
  terminal.send('m')
  await terminal.waitFor(new RegExp(`YOUR BID \\$ ${amount}▏`))
  terminal.send('\r')
  await terminal.waitFor(/REVIEW/)
  await new Promise((resolve) => setTimeout(resolve, 450))
  terminal.send('\r')
}

it('connecting, until the house has let one in; then live', async () => {
  const good = await room.mila.sell()
  line.state = 'feed dead'
  const terminal = watch(good.id, room.ada, line.url)
  await whenDrawn(terminal, '◌ connecting', { colour: YELLOW })
  await terminal.waitFor(/waiting for the good…/)
  line.state = 'fair'
  await terminal.waitFor(/● live( \d+ ms)?$/)
  await whenDrawn(terminal, '● live', { colour: GREEN })
})

it('leading, and outbid with a bell and a title', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', startPrice: 1_000 })
  const terminal = await watchLive(good.id)
  await room.ada.bid(good.id, { amount: 1_000 })
  await whenDrawn(terminal, '✓ LEADING', { bold: true, colour: GREEN })
  await terminal.waitFor(/\$10\.00 of yours is held/)
  const bells = terminal.bells()
  await room.zoe.bid(good.id, { amount: 2_000 })
  await whenDrawn(terminal, '✗ OUTBID', { bold: true, colour: RED })
  await whenDrawn(terminal, '✗ Outbid by zoë at $20.00.', { colour: RED })
  await expect.poll(() => terminal.bells()).toBe(bells + 1)
  await expect.poll(() => terminal.title()).toBe(`✗ outbid: #${good.id} Leica M3`)
})

it('refused, with the reason and the new minimum, and the draft kept', async () => {
  const good = await room.mila.sell({ startPrice: 1_000, increment: { fixed: 100 } })
  const terminal = await watchLive(good.id, room.ada, line.url)
  line.state = 'feed dead'
  await room.zoe.bid(good.id, { amount: 1_500 })
  await bidMinimum(terminal, '10\\.00')
  await whenDrawn(terminal, '✗ Refused: ', { colour: RED })
  await terminal.waitFor(/✗ Refused: The least bid is now 16\.00/)
  await terminal.waitFor(/YOUR BID \$ 10\.00▏ +minimum \$16\.00/)
  expect((await room.mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(1)
})

it('ending soon in bold, with tenths under ten seconds; not before', async () => {
  const good = await room.mila.sell({ softCloseMs: 0 })
  const terminal = await watchLive(good.id)
  await whenDrawn(terminal, '00:59:', { bold: false })
  expect(terminal.screen().join('\n')).not.toContain('ending soon')
  await bringEndNear(good)
  await whenDrawn(terminal, '00:00:', { bold: true })
  await whenDrawn(terminal, '▲ ending soon', { bold: true, colour: YELLOW })
  await terminal.waitFor(/│ 00:00:0\d\.\d /)
  await whenDrawn(terminal, '00:00:0', { bold: true })
})

it('extended, by how much', async () => {
  const good = await room.mila.sell({ startPrice: 1_000, softCloseMs: 120_000 })
  const terminal = await watchLive(good.id)
  await terminal.waitFor(/last 2:00: a bid adds time/)
  await bringEndNear(good, 60_000)
  await terminal.waitFor(/│ 00:00:\d\d /)
  // It is told for some seconds only.
  const told = [
    terminal.waitFor(/▲ extended \+1:\d\d/),
    whenDrawn(terminal, '▲ extended +1:', { colour: YELLOW }),
    terminal.waitFor(/│ 00:0[12]:\d\d /),
  ]
  await room.zoe.bid(good.id, { amount: 1_000 })
  await Promise.all(told)
})

it('at zero waiting for the result, until the house says it', async () => {
  const good = await room.mila.sell({ startPrice: 1_000, softCloseMs: 0 })
  const terminal = await watchLive(good.id, room.ada, line.url)
  await bringEndNear(good, 15_000)
  expect((await room.ada.bid(good.id, { amount: 1_000 })).status).toBe(201)
  await terminal.waitFor(/✓ LEADING/)
  line.state = 'feed dead'
  await terminal.waitFor(/│ 00:00:00 /)
  await expect.poll(async () => (await room.mila.get(`/v1/goods/${good.id}`)).body.status).toBe('sold')
  await terminal.waitFor(/│ waiting for the result… +│/)
  await terminal.waitFor(/│ … waiting for the result +│/)
  terminal.send('b')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(terminal.screen().join('\n')).not.toMatch(/YOUR BID|WON|SOLD/)
  line.state = 'fair'
  await terminal.waitFor(/✓ WON: yours for \$10\.00/)
})

it.each([
  ['won', 'ada', '✓ WON', /✓ WON: yours for \$10\.00/, GREEN],
  ['lost', 'both', '✗ LOST', /✗ LOST: SOLD to zoë for \$20\.00/, RED],
  ['sold to another', 'zoë', '■ SOLD', /■ SOLD to zoë for \$10\.00/, null],
] as const)(
  '%s, with a bell and a title, when the seller takes the bid',
  async (_state, bidders, sign, words, colour) => {
    const good = await room.mila.sell({ startPrice: 1_000 })
    if (bidders !== 'zoë') await room.ada.bid(good.id, { amount: 1_000 })
    if (bidders !== 'ada') await room.zoe.bid(good.id, { amount: bidders === 'both' ? 2_000 : 1_000 })
    const terminal = await watchLive(good.id)
    const bells = terminal.bells()
    const key = { 'idempotency-key': crypto.randomUUID() }
    await room.mila.post(`/v1/goods/${good.id}/sale`, undefined, key)
    await terminal.waitFor(words)
    await expectOver(terminal, bells, sign, colour)
  },
)

it.each([
  ['without a bid', null, 'there was no bid'],
  ['below the reserve', 1_000, 'the reserve was not met'],
] as const)('unsold %s, with a bell and a title, when its time is over', async (_state, amount, why) => {
  const good = await room.mila.sell({ startPrice: 1_000, reserve: 9_000, softCloseMs: 0 })
  const terminal = await watchLive(good.id)
  const bells = terminal.bells()
  await bringEndNear(good)
  if (amount !== null) expect((await room.zoe.bid(good.id, { amount })).status).toBe(201)
  await terminal.waitFor(new RegExp(`■ UNSOLD: ${why}`))
  await expectOver(terminal, bells, '■ UNSOLD', null)
})

it('cancelled, by whom and why', async () => {
  const good = await room.mila.sell()
  const terminal = await watchLive(good.id)
  const key = { 'idempotency-key': crypto.randomUUID() }
  await room.mila.send('DELETE', `/v1/goods/${good.id}`, { reason: 'lost_or_broken' }, key)
  await terminal.waitFor(/■ CANCELLED by the seller \(.*broken.*\): no longer for sale/)
  await whenDrawn(terminal, '■ CANCELLED', { bold: true })
})

it('one’s own good, and not signed in: no bid, and why', async () => {
  const good = await room.mila.sell()
  const [own, nobody] = [await watchLive(good.id, room.mila), await watchLive(good.id, null)]
  await own.waitFor(/│ – your own good: sellers do not bid/)
  await nobody.waitFor(/│ – you are not signed in: auction login/)
  for (const terminal of [own, nobody]) {
    terminal.send('b')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(terminal.screen().join('\n')).not.toContain('YOUR BID')
  }
})

it('stale and reconnecting: what is shown is dimmed, says as of when, and when the next try is', async () => {
  const good = await room.mila.sell({ startPrice: 1_000 })
  await room.zoe.bid(good.id, { amount: 1_000 })
  const terminal = await watchLive(good.id, room.ada, line.url)
  await whenDrawn(terminal, '$10.00', { dim: false })
  line.state = 'dead'
  await whenDrawn(terminal, '◌ stale: no news', { colour: YELLOW })
  await terminal.waitFor(/\$10\.00 {2}as of \d\d:\d\d:\d\d/)
  await whenDrawn(terminal, '$10.00', { dim: true })
  await whenDrawn(terminal, '00:59:', { dim: true })
  const told = [
    terminal.waitFor(/↻ reconnecting #\d+, (next try in \d s|trying now)/),
    terminal.waitFor(/next try in \d s/),
    whenDrawn(terminal, '↻ reconnecting #', { colour: YELLOW }),
  ]
  line.cut()
  await Promise.all(told)
  await whenDrawn(terminal, '$10.00', { dim: true })
  line.state = 'fair'
  line.cut()
  await terminal.waitFor(/● live/)
  await whenDrawn(terminal, '$10.00', { dim: false })
})
