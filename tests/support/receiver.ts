/** A program that takes what a webhook posts, or does not, as a test tells it to. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { FeedEvent } from '@auction/common/events'

export interface Posted {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: { id: number; epoch: string; goodId: number; events: FeedEvent[] }
  /** Whether it was taken. */
  readonly taken: boolean
}

/** A status to answer with, a cut connection, or no answer ever. */
export type Treatment = number | 'cut' | 'hang' | { readonly redirect: string }

export interface Receiver {
  readonly url: string
  readonly posted: Posted[]
  /** What becomes of the next posts. */
  treat: (posted: Omit<Posted, 'taken'>) => Treatment | Promise<Treatment>
  /** Seqs taken of a good, in order of arrival. */
  seqs(goodId: number): number[]
  close(): Promise<void>
}

export async function openReceiver(treat: Receiver['treat'] = () => 204): Promise<Receiver> {
  const posted: Posted[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const text = Buffer.concat(chunks).toString('utf8')
    const one = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
    const treatment = await receiver.treat(one)
    const status = typeof treatment === 'number' ? treatment : 0
    posted.push({ ...one, taken: status >= 200 && status < 300 })
    if (treatment === 'cut') request.socket.destroy()
    else if (typeof treatment === 'object') response.writeHead(302, { location: treatment.redirect }).end()
    else if (treatment !== 'hang') response.writeHead(treatment).end(status === 204 ? undefined : 'whatever')
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/take`,
    posted,
    treat,
    seqs: (goodId) =>
      posted.flatMap(({ body, taken }) => (taken && body.goodId === goodId ? body.events.map(({ seq }) => seq) : [])),
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return receiver
}

/** What a receiver does to know that a post is the house's: as in docs/recipes. */
export function isSigned(secret: string, header: string | undefined, body: string): boolean {
  const { t = '', v1 = '' } = Object.fromEntries((header ?? '').split(',').map((part) => part.split('=')))
  return v1 === createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
}
