/** `auction watch` of a room with a password, in a real pseudo-terminal: the question, then the screen that needs the same keys. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type House, type Member, openHouse } from '../support/house.ts'
import { start, type Terminal } from '../support/terminal.ts'

const auction = join(fileURLToPath(new URL('../..', import.meta.url)), 'packages/cli/bin/auction')
let house: House
let seller: Member
let noor: Member
const open: Terminal[] = []
beforeAll(async () => {
  house = await openHouse('sqlite')
  seller = await house.member('mila')
  noor = await house.member('noor')
})
afterAll(async () => {
  for (const terminal of open) terminal.close()
  await house.close()
})

function watch(goodId: number, by: Member): Terminal {
  const env = { AUCTION_SERVER: house.url, AUCTION_TOKEN: by.token, XDG_CONFIG_HOME: house.directory }
  const terminal = start([auction, 'watch', String(goodId)], { env })
  open.push(terminal)
  return terminal
}

it('asks for the password, shows the good, and leaves the terminal whole', async () => {
  const good = await seller.sell({ name: 'Behind a door', password: 'sesame' })
  const terminal = watch(good.id, noor)
  await terminal.waitFor(/Password of the room of good/)
  terminal.send('sesame\r')
  await terminal.waitFor(/Behind a door/)
  expect(terminal.alternate()).toBe(true)
  await noor.bid(good.id, { amount: 1000 })
  await terminal.waitFor(/You lead|leading/i)
  terminal.send('chello inside\r')
  await terminal.waitFor(/you: hello inside/)
  terminal.send('\u001b')
  await terminal.waitFor(/b to bid/)
  terminal.send('q')
  expect(await terminal.ended).toBe(0)
  expect(terminal.alternate()).toBe(false)
  expect(terminal.output()).not.toContain('sesame')
})

it('leaves with 5 when it is wrong, and asks the seller for none', async () => {
  const good = await seller.sell({ name: 'Behind a door', password: 'sesame' })
  const guesser = watch(good.id, noor)
  await guesser.waitFor(/Password of the room of good/)
  guesser.send('open\r')
  expect(await guesser.ended).toBe(5)
  expect(guesser.alternate()).toBe(false)
  const owner = watch(good.id, seller)
  await owner.waitFor(/Behind a door/)
  expect(owner.output()).not.toContain('Password')
})
