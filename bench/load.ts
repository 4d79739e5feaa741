/** The load: 64 connections that bid on one good as fast as they are answered, from a process of its own. */
import { connect, type Socket } from 'node:net'

/** What the parent asks for. */
export interface Task {
  readonly port: number
  readonly goodId: number
  readonly tokens: readonly string[]
  readonly firstAmount: number
  readonly ms: number
}

/** Accepted bids per second, the share that was refused, the next free amount. */
export interface Score {
  readonly perSecond: number
  readonly refused: number
  readonly nextAmount: number
}

process.on('message', (task: Task) => {
  void run(task).then((score) => process.send?.(score))
})

async function run({ port, goodId, tokens, firstAmount, ms }: Task): Promise<Score> {
  let amount = firstAmount
  let accepted = 0
  let refused = 0
  let warm = false
  const began = performance.now()
  const end = began + ms
  const next = (token: string) => {
    const body = `{"amount":${amount++}}`
    return `POST /v1/goods/${goodId}/bids HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nIdempotency-Key: ${port}-${amount}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  // Amounts must rise in the order the server takes them, or it rightly refuses them. That order is only known of the last
  // round (epoll keeps its ready list), so the connections go in rounds: all are answered, then all bid, in the order of seq.
  const answered: { seq: number; write: () => void }[] = []
  const bidAgain = (seq: number, write: () => void) => {
    answered.push({ seq, write })
    if (answered.length < tokens.length) return
    answered.sort((one, other) => one.seq - other.seq)
    for (const each of answered.splice(0)) each.write()
  }
  const bidder = (token: string) =>
    new Promise<void>((resolve, reject) => {
      let socket: Socket | null = null
      let answer = ''
      // A server may close a connection that rests; the next bid then opens another, as any client would.
      const open = () => {
        const opened = connect(port, '127.0.0.1')
        opened.setNoDelay(true)
        opened.setEncoding('latin1')
        opened.on('data', read)
        opened.on('error', reject)
        opened.on('end', () => {
          socket = null
        })
        return opened
      }
      const bid = () => {
        socket ??= open()
        socket.write(next(token))
      }
      const read = (chunk: string) => {
        answer += chunk
        const head = answer.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/content-length: (\d+)/i.exec(answer)?.[1])
        if (answer.length < head + 4 + length) return
        if (warm) answer.startsWith('HTTP/1.1 201') ? accepted++ : refused++
        const seq = Number(/"seq":(\d+)/.exec(answer)?.[1] ?? Number.MAX_SAFE_INTEGER)
        answer = ''
        bidAgain(seq, () => {
          if (performance.now() < end) return bid()
          socket?.end()
          resolve()
        })
      }
      bid()
    })
  // The first fifth warms up and does not count.
  setTimeout(() => {
    warm = true
  }, ms / 5)
  await Promise.all(tokens.map(bidder))
  return {
    perSecond: accepted / ((ms * 0.8) / 1000),
    refused: refused / Math.max(1, accepted + refused),
    nextAmount: amount,
  }
}
