/** The room on `auction watch`, in a real pseudo-terminal against a real server: chat, who comes and goes, what is refused. */
import { expect, it } from 'vitest'
import type { Member } from '../support/house.ts'
import { openRoom } from '../support/room.ts'
import type { Terminal } from '../support/terminal.ts'

const room = openRoom()

function watch(goodId: number, by: Member | null, size: { cols?: number; rows?: number } = {}): Terminal {
  const env = { AUCTION_SERVER: room.house.url, AUCTION_TOKEN: by?.token ?? '', XDG_CONFIG_HOME: room.house.directory }
  return room.watch([String(goodId)], { ...size, env })
}

it('carries what one writes to the others, and what was said before to who comes later', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  await room.mila.post(`/v1/goods/${good.id}/chat`, { text: 'Ask me anything.' }, { 'idempotency-key': 'before' })
  const [one, other] = [watch(good.id, room.ada), watch(good.id, room.zoe)]
  await one.waitFor(/\d\d:\d\d mila: Ask me anything\./)
  await other.waitFor(/● live/)
  await one.waitFor(/2 watching/)
  one.send('c')
  await one.waitFor(/SAY ▏/)
  one.send('q? 快門 serviced')
  await one.waitFor(/SAY q\? 快門 serviced▏/u)
  one.send('\r')
  for (const [terminal, who] of [
    [one, 'you'],
    [other, 'ada'],
  ] as const)
    await terminal.waitFor(new RegExp(`\\d\\d:\\d\\d ${who}: q\\? 快門 serviced +│$`, 'u'))
  one.send('\u001b')
  await one.waitFor(/b to bid/)
  one.send('q')
  expect(await one.ended).toBe(0)
  await other.waitFor(/1 watching/)
})

it('says who comes and goes', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id, room.ada)
  await terminal.waitFor(/● live/)
  const guest = watch(good.id, room.zoe)
  await terminal.waitFor(/\d\d:\d\d → zoë came in/)
  await guest.waitFor(/● live/)
  guest.send('q')
  await terminal.waitFor(/\d\d:\d\d ← zoë left/)
})

it('takes a removed line away', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id, room.ada)
  await terminal.waitFor(/● live/)
  const said = await room.zoe.post(`/v1/goods/${good.id}/chat`, { text: 'a rude word' }, { 'idempotency-key': 'rude' })
  await terminal.waitFor(/zoë: a rude word/)
  await room.mila.send('DELETE', `/v1/goods/${good.id}/chat/${said.body.id}`, undefined, { 'idempotency-key': 'away' })
  const rows = await terminal.waitFor(/✗ a line of zoë was removed/)
  expect(rows.join('\n')).not.toContain('a rude word')
})

it('is for those who are signed in, and reads along without', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id, null)
  await terminal.waitFor(/CHAT +log in to chat/)
  await room.zoe.post(`/v1/goods/${good.id}/chat`, { text: 'hello' }, { 'idempotency-key': 'hello' })
  await terminal.waitFor(/zoë: hello/)
  terminal.send('c')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(terminal.screen().join('\n')).not.toContain('SAY')
})

it('is written where there is no room for it by default, at 60x15', async () => {
  const good = await room.mila.sell({ name: 'Leica M3' })
  const terminal = watch(good.id, room.ada, { cols: 60, rows: 15 })
  await terminal.waitFor(/● live/)
  await room.zoe.post(`/v1/goods/${good.id}/chat`, { text: 'hello' }, { 'idempotency-key': 'small' })
  terminal.send('c')
  await terminal.waitFor(/zoë: hello/)
  terminal.send('hi\r')
  await terminal.waitFor(/you: hi/)
  terminal.send('\u001b')
  await expect.poll(() => terminal.screen().join('\n')).not.toContain('zoë: hello')
})

it('shows a bid that goes, with the word for it', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', startPrice: 1_000 })
  await room.ada.bid(good.id, { amount: 1_000 })
  const bid = await room.zoe.bid(good.id, { amount: 2_000 })
  const terminal = watch(good.id, room.ada)
  await terminal.waitFor(/✗ OUTBID/)
  await room.zoe.send('DELETE', `/v1/goods/${good.id}/bids/${bid.body.bid.id}`, { reason: 'typo' })
  await terminal.waitFor(/zoë +\$20\.00 {2}✗ taken back/)
  await terminal.waitFor(/✓ You lead again, at \$10\.00/)
  await terminal.waitFor(/✓ LEADING up to \$10\.00/)
  await terminal.waitFor(/\$10\.00 of yours is held/)
})

it('ends with the purchase of somebody', async () => {
  const good = await room.mila.sell({ name: 'Leica M3', startPrice: 1_000, buyNow: 5_000 })
  const terminal = watch(good.id, room.ada)
  await terminal.waitFor(/or \$50\.00 at once:/)
  await terminal.waitFor(new RegExp(`auction buy ${good.id}`))
  await room.zoe.post(`/v1/goods/${good.id}/purchase`, undefined, { 'idempotency-key': 'buy' })
  await terminal.waitFor(/■ BOUGHT by zoë for \$50\.00/)
  await terminal.waitFor(/BOUGHT FOR/)
})
