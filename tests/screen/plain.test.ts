/** `auction watch --plain` in a real pseudo-terminal against a real server: sentences, and commands typed as lines. */
import { expect, it } from 'vitest'
import { auction, openRoom } from '../support/room.ts'
import { edit } from '../support/sale.ts'
import type { Terminal } from '../support/terminal.ts'

const room = openRoom()

/** `setting` is of the environment, said last: the pseudo-terminal names TERM itself. */
function watch(goodId: number, words: string[] = ['--plain'], setting: string[] = []): Terminal {
  const home = { XDG_CONFIG_HOME: room.house.directory, XDG_STATE_HOME: room.house.directory }
  const env = { AUCTION_SERVER: room.house.url, AUCTION_TOKEN: room.ada.token, ...home }
  return room.watch([String(goodId), ...words], { cols: 120, rows: 40, env }, ['/usr/bin/env', ...setting, auction])
}

it('bids, by amount, minimum and maximum, and tells what the house says', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', startPrice: 1_000, increment: { fixed: 500 } })
  const terminal = watch(good.id)
  await terminal.waitFor(/the least bid is \$10\.00/)
  terminal.send('bid 12\r')
  await terminal.waitFor(/^You lead good \d+ at \$12\.00/)
  await terminal.waitFor(/^ada bids \$12\.00 and leads/)
  terminal.send('bid lots\r')
  await terminal.waitFor(/"lots" is not an amount/)
  await room.zoe.bid(good.id, { amount: 2_000 })
  await terminal.waitFor(/You are outbid\./)
  terminal.send('min\r')
  await terminal.waitFor(/^You lead good \d+ at \$25\.00/)
  terminal.send('max 40\r')
  await expect.poll(async () => (await room.ada.get(`/v1/goods/${good.id}`)).body.you.max?.amount).toBe(4_000)
  expect(terminal.alternate()).toBe(false)
  terminal.send('quit\r')
  expect(await terminal.ended).toBe(0)
})

it('never places a very large bid without --yes', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', startPrice: 1_000 })
  const terminal = watch(good.id)
  await terminal.waitFor(/the least bid is/)
  terminal.send('bid 100\r')
  await terminal.waitFor(/\$100\.00 is 10 times the minimum/)
  expect((await room.mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(0)
  terminal.send('bid 100 --yes\r')
  await terminal.waitFor(/^You lead good \d+ at \$/)
})

it('speaks, tells the time, and says what can be typed', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id)
  await terminal.waitFor(/the least bid is/)
  terminal.send('chat  is the strap original?\r')
  await terminal.waitFor(/^ada says: is the strap original\?$/)
  terminal.send('time\r')
  await terminal.waitFor(/^5\dm( \d+s)? left\.$|^1h left\.$/)
  terminal.send('fly\r')
  await terminal.waitFor(/"fly" is nothing to type here/)
  terminal.send('help\r')
  await terminal.waitFor(/^Type: bid AMOUNT/)
})

it.each(['TERM=dumb', 'ACCESSIBLE=1'])(
  'is what one gets with %s, and quitting says how the good stands with --exit-status',
  async (setting) => {
    const good = await room.mila.sell({ name: 'Leica M3' })
    const terminal = watch(good.id, ['--exit-status'], [setting])
    await terminal.waitFor(/the least bid is/)
    terminal.send('quit\r')
    expect(await terminal.ended).toBe(8)
    expect(terminal.output()).not.toContain('\u001b')
  },
)

it('says the time left at its marks, and ends with the sale without waiting for a line', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', softCloseMs: 0 })
  const terminal = watch(good.id)
  // Only now does the end come near: on a slow machine the program takes its time to begin.
  await terminal.waitFor(/the least bid is/)
  await terminal.waitFor(/^Connected\.$/)
  expect((await edit(room.mila, good, { endsInMs: 20_000 })).status).toBe(200)
  await terminal.waitFor(/^10s left\.$/)
  await terminal.waitFor(/^5s left\.$/)
  expect(await terminal.ended).toBe(0)
  expect(terminal.screen().join('\n')).toContain('Unsold')
})
