/** A line to a house, for bytes of any kind, on which what the house says can be held, and which can be cut. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface LossyLine {
  readonly url: string
  /** While it is dead nothing that the house says arrives, and nobody is told; `feed dead` holds only what the feed says. */
  state: 'fair' | 'dead' | 'feed dead'
  /** Ends every connection. */
  cut(): void
  close(): Promise<unknown>
}

/** Stands before the server at `port()`. */
export async function openLine(port: () => number): Promise<LossyLine> {
  const held: (() => void)[] = []
  const sockets = new Set<Socket>()
  let state: LossyLine['state'] = 'fair'
  const server: Server = createServer((near) => {
    const far = connect(port(), '127.0.0.1')
    let feed = false
    for (const each of [near, far]) {
      sockets.add(each)
      each.on('error', () => {})
      each.on('close', () => sockets.delete(each))
    }
    near.on('data', (bytes) => {
      if (bytes.includes('GET /socket.io/')) feed = true
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (state === 'dead' || (state === 'feed dead' && feed)) held.push(() => near.write(bytes))
      else near.write(bytes)
    })
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get state() {
      return state
    },
    set state(next) {
      state = next
      if (next === 'fair') for (const say of held.splice(0)) say()
    },
    cut,
    close() {
      cut()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
