/** The states of `auction watch` that only a bad day brings, in a real pseudo-terminal, with the house behind a line that can fail. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type House, type Member, openHouse, PASSWORD } from '../support/house.ts'
import { type LossyLine, openLine } from '../support/lossy-line.ts'
import { start, type Terminal } from '../support/terminal.ts'

const auction = join(fileURLToPath(new URL('../..', import.meta.url)), 'packages/cli/bin/auction')
let house: House
let mila: Member
let zoe: Member
let line: LossyLine
const open: Terminal[] = []
beforeAll(async () => {
  house = await openHouse('sqlite')
  mila = await house.member('mila')
  zoe = await house.member('zoë')
  await house.member('ada')
  line = await openLine(() => Number(new URL(house.url).port))
})
afterEach(() => {
  line.state = 'fair'
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(async () => {
  await line.close()
  await house.close()
})

async function tokenOfAda(): Promise<string> {
  return (await house.anyone.post('/v1/sessions', { nick: 'ada', password: PASSWORD })).body.token
}

async function watch(goodId: number, token: string, rest: Record<string, string> = {}): Promise<Terminal> {
  const env = { AUCTION_SERVER: line.url, AUCTION_TOKEN: token, XDG_CONFIG_HOME: house.directory, ...rest }
  const terminal = start([auction, 'watch', String(goodId)], { env })
  open.push(terminal)
  await terminal.waitFor(/● live/)
  // Ink and React complain on the screen itself.
  expect(terminal.output()).not.toMatch(/useEffect|Warning/)
  return terminal
}

it('a bid whose answer is lost: unknown, stale, reconnecting, and resolved by its key', async () => {
  const good = await mila.sell({ startPrice: 1_000, increment: { fixed: 100 } })
  const terminal = await watch(good.id, await tokenOfAda())
  terminal.send('m')
  await terminal.waitFor(/YOUR BID \$ 10\.00/)
  terminal.send('\r')
  await terminal.waitFor(/REVIEW: bid \$10\.00/)
  await new Promise((resolve) => setTimeout(resolve, 450))
  line.state = 'dead'
  terminal.send('\r')
  await terminal.waitFor(/… SENDING your bid of \$10\.00/)
  await expect.poll(async () => (await mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(1)
  await terminal.waitFor(/\? OUTCOME UNKNOWN of \$10\.00: asking again/)
  await terminal.waitFor(/◌ stale: no news|↻ reconnecting/)
  await terminal.waitFor(/as of \d\d:\d\d:\d\d/)
  await terminal.waitFor(/↻ reconnecting #\d+/)
  await zoe.bid(good.id, { amount: 1_100 })
  line.state = 'fair'
  line.cut()
  await terminal.waitFor(/● live/)
  await expect.poll(() => terminal.output()).toContain('Bid accepted')
  await terminal.waitFor(/✗ OUTBID: you are at \$10\.00/)
  expect((await mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(2)
})

it('silence: stale, and live again with the next news', async () => {
  const good = await mila.sell({ startPrice: 1_000 })
  const terminal = await watch(good.id, await tokenOfAda())
  line.state = 'dead'
  await terminal.waitFor(/◌ stale: no news/)
  await zoe.bid(good.id, { amount: 1_000 })
  line.state = 'fair'
  await terminal.waitFor(/● live/)
  await terminal.waitFor(/zoë +\$10\.00/)
})

it('a lost connection: what was missed is loaded, and said', async () => {
  const good = await mila.sell({ startPrice: 1_000, increment: { fixed: 100 } })
  const terminal = await watch(good.id, await tokenOfAda())
  line.state = 'dead'
  line.cut()
  await terminal.waitFor(/↻ reconnecting #\d+/)
  for (const amount of [1_000, 2_000]) await zoe.bid(good.id, { amount })
  line.state = 'fair'
  line.cut()
  await terminal.waitFor(/● live/)
  await terminal.waitFor(/↻ Resynced: \d+ missed bids? loaded\./)
  await terminal.waitFor(/zoë +\$10\.00/)
})

it('a session that ends: the bid is refused, and the line offline', async () => {
  const good = await mila.sell({ startPrice: 1_000 })
  const token = await tokenOfAda()
  const terminal = await watch(good.id, token)
  // The house ends the feed of the session with it, and lets nobody in again: the bid would come too late to be refused.
  line.state = 'feed dead'
  const headers = { authorization: `Bearer ${token}` }
  await fetch(`${house.url}/v1/sessions/current`, { method: 'DELETE', headers })
  terminal.send('m')
  await terminal.waitFor(/YOUR BID \$ 10\.00/)
  terminal.send('\r')
  await terminal.waitFor(/REVIEW/)
  await new Promise((resolve) => setTimeout(resolve, 450))
  terminal.send('\r')
  await terminal.waitFor(/■ your session has expired: auction login/)
  line.state = 'fair'
  line.cut()
  await terminal.waitFor(/^ #.* ■ offline/)
  terminal.send('b')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(terminal.screen().join('\n')).not.toContain('YOUR BID')
  terminal.send('q')
  expect(await terminal.ended).toBe(0)
})

it.each([
  ['fast', 7_200_000, /▲ clock here 7\d{3}\.\d s fast, corrected/],
  ['slow', -5_000, /▲ clock here [45]\.\d s slow, corrected/],
  ['right but for a second', 1_000, null],
] as const)(
  'a clock that is %s: said if it matters, and the countdown right all the same',
  async (_how, byMs, said) => {
    const good = await mila.sell({ endsInMs: 3_600_000 })
    const skewed = join(house.directory, `skewed${byMs}.mjs`)
    writeFileSync(skewed, `const { now } = Date\nDate.now = () => now() + ${byMs}\n`)
    const terminal = await watch(good.id, await tokenOfAda(), { NODE_OPTIONS: `--import=${skewed}` })
    if (said) await terminal.waitFor(said)
    await terminal.waitFor(/00:59:\d\d/)
    if (said) return
    // The house's clock is heard once a second. The first words of it may come late, and are then no longer believed.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await expect.poll(() => terminal.screen().join('\n')).not.toContain('clock here')
  },
)

it('a house that goes down says so first', async () => {
  const good = await mila.sell()
  const terminal = await watch(good.id, await tokenOfAda())
  await house.stop()
  await terminal.waitFor(/▽ The server is going down/)
  await terminal.waitFor(/↻ reconnecting|▽ server going down/)
  await house.start()
  await terminal.waitFor(/● live/)
})
