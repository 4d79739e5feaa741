/** A way to a house on which answers, or requests, can be lost: what is between a program and its server on a bad day. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of writes: passed on; done but never answered; never passed on; done, and the connection broken. */
export type Weather = 'fair' | 'answers held' | 'requests held' | 'answers lost'

export interface Write {
  readonly path: string
  readonly key: string
  readonly body: string
}

export interface HoldingProxy {
  readonly url: string
  /** Every write that came by, in order. */
  readonly writes: readonly Write[]
  weather: Weather
  /** Waits until so many writes more than now have been held or lost, each after the house did what it was to do. */
  held(count: number): Promise<void>
  close(): Promise<void>
}

/** Stands before the server at `target`. */
export async function openHoldingProxy(target: string): Promise<HoldingProxy> {
  const writes: Write[] = []
  let [weather, heldSoFar]: [Weather, number] = ['fair', 0]
  const server = createServer(async (incoming, outgoing) => {
    const body = await bytesOf(incoming)
    const { method = '', url = '', headers } = incoming
    const now = method === 'GET' ? 'fair' : weather
    if (method !== 'GET')
      writes.push({ path: url, key: String(headers['idempotency-key']), body: body.toString('utf8') })
    if (now === 'requests held') {
      heldSoFar++
      return
    }
    const onward = request(new URL(url, target), { method, headers }, (answer) => void passOn(now, answer, outgoing))
    onward.on('error', () => outgoing.destroy())
    onward.end(body)
  })
  async function passOn(now: Weather, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const bytes = await bytesOf(answer)
    if (now === 'fair') outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(bytes)
    else heldSoFar++
    if (now === 'answers lost') outgoing.destroy()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes,
    get weather() {
      return weather
    },
    set weather(next) {
      weather = next
    },
    async held(count) {
      const before = heldSoFar
      while (heldSoFar < before + count) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
