import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

/** A WebSocket by hand, that reads only when it is told to. */
async function stubborn(url: string): Promise<{ socket: Socket; say(text: string): void }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  )
  let heard = ''
  const answered = (what: RegExp) => expect.poll(() => heard).toMatch(what)
  const hear = (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  }
  socket.on('data', hear)
  await answered(/0\{"sid"/)
  // A client's frame is masked; the mask of zeros leaves it as it is.
  const say = (text: string) =>
    void socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]))
  say('40')
  // A join before that is no frame of anybody's.
  await answered(/40\{"sid"/)
  socket.off('data', hear)
  return { socket, say }
}

describe.each(databases)('a client that does not read on %s', (kind) => {
  let house: House
  let good: Json
  beforeAll(async () => {
    house = await openHouse(kind)
    const seller: Member = await house.member('mila')
    good = await seller.sell({ description: '長'.repeat(4990) })
  })
  afterAll(() => house.close())

  const watchers = async () => (await house.anyone.get(`/v1/goods/${good.id}`)).body.watchers

  it('is let go, with what it did not read, while others are served', { timeout: 400_000 }, async () => {
    const asked = 1500
    const { socket, say } = await stubborn(house.url)
    say(`42["join",{"goodId":${good.id}}]`)
    await expect.poll(watchers).toBe(1)
    socket.pause()
    for (let index = 0; index < asked; index++) say(`42${index}["join",{"goodId":${good.id}}]`)
    await expect.poll(watchers, { timeout: 200_000 }).toBe(0)
    let received = ''
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    expect(received.split('"ok":true').length - 1).toBeLessThan(asked)
  })
})
