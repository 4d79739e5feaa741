/** The server side of a test: answers exactly what it is told to, however wrong, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net'
import type { GoodView } from '@auction/common/view'
import { now } from './command-line.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What to do with a request: a JSON answer, raw bytes, or nothing at all. */
export type Answer =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Record<string, string> }
  | { readonly status?: number; readonly text: string; readonly headers?: Record<string, string> }
  /** Writes these bytes to the socket, then closes it. */
  | { readonly bytes: string }
  | 'hang'

export interface StubHouse {
  readonly url: string
  readonly asked: Asked[]
  close(): Promise<void>
}

/** A house whose answers are `answer(request, how many came before it)`. */
export async function openStub(answer: (asked: Asked, before: number) => Answer | Promise<Answer>): Promise<StubHouse> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = request
    const one = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') }
    const before = asked.push(one) - 1
    reply(request, response, await answer(one, before))
  })
  return { ...(await listen(server)), asked }
}

function reply(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return
  if ('bytes' in answer) {
    request.socket.end(answer.bytes)
    return
  }
  const isJson = 'json' in answer
  const type = isJson ? ((answer.status ?? 200) < 400 ? 'application/json' : 'application/problem+json') : 'text/html'
  response.writeHead(answer.status ?? 200, { 'content-type': type, ...answer.headers })
  response.end(isJson ? JSON.stringify(answer.json) : answer.text)
}

/** A server that is not even HTTP: whatever comes, it does `talk` with the connection. */
export async function openRaw(talk: (socket: Socket) => void): Promise<Omit<StubHouse, 'asked'>> {
  return listen(
    createRawServer((socket) => {
      socket.on('error', () => {})
      talk(socket)
    }),
  )
}

async function listen(server: Server): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** A URL where nothing listens, nor ever will: no port below 1024 is given to whoever asks for any. */
export const deadUrl = 'http://127.0.0.1:1'

export const usd = (amount: number) => ({ amount, currency: 'USD' })

/** An error as the house sends it. */
export const refusal = (status: number, code: string, rest: object = {}) => ({
  status,
  json: { type: 'about:blank', title: code, status, code, detail: `It is ${code}.`, requestId: 'r-1', ...rest },
})

/** A good for sale at 10.00, minimum 10.50. */
export function good(rest: Partial<GoodView> = {}): GoodView {
  return {
    id: 42,
    name: 'Leica M3',
    description: 'boxed',
    owner: { id: 1, nick: 'mila' },
    status: 'open',
    price: usd(1000),
    startPrice: usd(1000),
    minimumBid: usd(1050),
    bidCount: 1,
    leader: { id: 3, nick: 'zoë' },
    reserve: 'none',
    buyNow: null,
    endsAt: new Date(now + 277_000).toISOString(),
    hardEndsAt: new Date(now + 3_877_000).toISOString(),
    softCloseMs: 120_000,
    seq: 2,
    epoch: 'e1',
    image: null,
    watchers: 3,
    private: false,
    capacity: null,
    winner: null,
    ...rest,
  }
}

export const wallet = {
  balance: usd(50_000),
  available: usd(48_950),
  held: usd(1_050),
  holds: [{ goodId: 42, amount: usd(1_050) }],
}
export const user = {
  id: 2,
  nick: 'noor',
  role: 'member' as const,
  createdAt: new Date(now - 86_400_000).toISOString(),
}

/** The answer to an accepted bid. */
export const bidAnswer = (standing: 'leading' | 'outbid' = 'leading', replayed = false) => ({
  bid: { id: 7, amount: usd(1050), max: usd(1050), seq: 3, at: new Date(now).toISOString() },
  standing,
  good: good({
    price: usd(standing === 'leading' ? 1050 : 1100),
    leader: standing === 'leading' ? { id: 2, nick: 'noor' } : { id: 3, nick: 'zoë' },
    seq: 3,
  }),
  replayed,
})
