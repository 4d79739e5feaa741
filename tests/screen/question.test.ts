/** The question for a room's password, left by Esc: home is there again, watch ends. In a real pseudo-terminal. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type House, type Member, openHouse } from '../support/house.ts'
import { auction } from '../support/room.ts'
import { start, type Terminal } from '../support/terminal.ts'

let house: House
let mila: Member
let ada: Member
const open: Terminal[] = []
beforeAll(async () => {
  house = await openHouse('sqlite')
  mila = await house.member('mila')
  ada = await house.member('ada')
})
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(() => house.close())

function run(words: readonly string[]): Terminal {
  const env = { AUCTION_SERVER: house.url, AUCTION_TOKEN: ada.token, XDG_CONFIG_HOME: house.directory }
  const terminal = start([auction, ...words], { env })
  open.push(terminal)
  return terminal
}

it('Esc goes back to the list, where keys work as before, and the good can be opened after all', async () => {
  await mila.sell({ name: 'Behind a door', password: 'sesame' })
  const terminal = run([])
  await terminal.waitFor(/▸ +\d+ +Behind a door/)
  terminal.send('\r')
  await terminal.waitFor(/Password of the room of good \d+ \(Esc leaves\)/)
  terminal.send('half a word\u001b')
  await terminal.waitFor(/\[1 Live\]/)
  terminal.send('?')
  await terminal.waitFor(/KEYS/)
  terminal.send('?')
  await terminal.waitFor(/▸ +\d+ +Behind a door/)
  const asked = () => terminal.output().split('Password of the room').length
  const before = asked()
  terminal.send('\r')
  await expect.poll(asked).toBeGreaterThan(before)
  terminal.send('sesame\r')
  await terminal.waitFor(/private · 1 watching/)
})

it('Esc ends watch with 130, without a trace', async () => {
  const good = await mila.sell({ name: 'Behind a door', password: 'sesame' })
  const terminal = run(['watch', String(good.id)])
  await terminal.waitFor(/Password of the room of good/)
  terminal.send('\u001b')
  expect(await terminal.ended).toBe(130)
  expect(terminal.output()).not.toMatch(/error|at /)
  expect(terminal.cursorShown()).toBe(true)
})
