/** A way to a house on which answers, or requests, can be lost: what is between a program and its server on a bad day. */
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of writes: passed on; done but never answered; never passed on; done, and the connection broken, or nonsense said. */
export type Weather = 'fair' | 'answers held' | 'requests held' | 'answers lost' | 'answers garbled'

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
  /** Waits until so many writes more than now, each with a key of its own, have been held after the house did what it was to do. */
  held(count: number): Promise<void>
  close(): Promise<void>
}

/** Stands before the server at `target`. */
export async function openHoldingProxy(target: string): Promise<HoldingProxy> {
  const writes: Write[] = []
  let weather: Weather = 'fair'
  // By their keys: who is not answered asks again with the same.
  const held = new Set<string>()
  const server = createServer(async (incoming, outgoing) => {
    const body = await bytesOf(incoming)
    const { method = '', url = '', headers } = incoming
    const key = String(headers['idempotency-key'])
    const now = method === 'GET' ? 'fair' : weather
    if (method !== 'GET') writes.push({ path: url, key, body: body.toString('utf8') })
    if (now === 'requests held') {
      held.add(key)
      return
    }
    const onward = request(new URL(url, target), { method, headers }, async (answer) => {
      const [bytes, { statusCode = 500 }] = [await bytesOf(answer), answer]
      // A busy house has done nothing, and who hears so asks again.
      if (now === 'fair' || statusCode === 503) outgoing.writeHead(statusCode, answer.headers).end(bytes)
      else if (now === 'answers held') held.add(key)
      else if (now === 'answers lost') outgoing.destroy()
      else outgoing.writeHead(201, { 'content-type': 'text/html' }).end('<h1>Done!</h1>')
    })
    onward.on('error', () => outgoing.destroy())
    onward.end(body)
  })
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
      const before = held.size
      while (held.size < before + count) await new Promise((resolve) => setTimeout(resolve, 10))
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
