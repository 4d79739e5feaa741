import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { environment, type RunningServer, serve } from '../support/program.ts'

/** Two signals less than half a second apart are one word. */
const ONE_WORD_MS = 500
const BODY = JSON.stringify({ nick: 'ann', password: 'a long password' })

let directory: string
let server: RunningServer
let socket: Socket
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'auction-signals-'))
  const env = environment(join(directory, 'home'), { AUCTION_DATA: join(directory, 'data'), AUCTION_PORT: '0' })
  server = await serve(env)
})
afterEach(async () => {
  socket.destroy()
  await server.kill()
  rmSync(directory, { recursive: true, force: true })
})

/** A call whose body is not whole yet: the server waits for it before it ends. */
async function callUnderWay(): Promise<void> {
  const { hostname, port } = new URL(server.url)
  socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  const head = [
    'POST /v1/users HTTP/1.1',
    'Host: x',
    'Content-Type: application/json',
    `Content-Length: ${BODY.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\nExpect: 100-continue\r\n\r\n`)
  // It is in the server's hands once the server asks for the body.
  await once(socket, 'data')
}

it.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
] as const)('a Ctrl-C that arrives twice, as %s and %s, lets what is under way be answered', async (first, second) => {
  await callUnderWay()
  let answer = ''
  socket.on('data', (part) => {
    answer += String(part)
  })
  server.signal(first)
  // Without a turn of the event loop, which on a busy machine may take longer than one word.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ONE_WORD_MS / 20)
  server.signal(second)
  await sleep(ONE_WORD_MS / 2)
  socket.write(BODY)
  expect(await server.ended).toBe(0)
  expect(answer).toMatch(/^HTTP\/1\.1 201 /)
})

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s, meant as one, ends it at once', async (signal, code) => {
  await callUnderWay()
  server.signal('SIGTERM')
  // Nobody else is let in: it was heard.
  const asks = () =>
    fetch(`${server.url}/livez`).then(
      () => 'answered',
      () => 'refused',
    )
  await expect.poll(asks).toBe('refused')
  await sleep(ONE_WORD_MS * 2)
  server.signal(signal)
  expect(await server.ended).toBe(code)
})
