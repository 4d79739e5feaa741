/** A house with one good for followers: its log and its manners are the test's. */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket as Connection } from 'node:net'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import { Server, type Socket } from 'socket.io'

export const startedAt = Date.UTC(2026, 10, 22, 12)
export const usd = (amount: number) => ({ amount, currency: 'USD' })

/** The nth event of the log: a bid of n dollars by one of two bidders. */
export function bidEvent(seq: number): FeedEvent {
  const bidder = { id: 2 + (seq % 2), nick: `bidder${seq % 2}` }
  const data = {
    bidId: seq,
    bidder,
    amount: usd(seq * 100),
    message: null,
    receivedAt: new Date(startedAt + seq).toISOString(),
    price: usd(seq * 100),
    leader: bidder,
    minimumBid: usd(seq * 100 + 100),
    bidCount: seq,
    commitment: '0'.repeat(64),
  }
  return { seq, type: 'bid', at: new Date(startedAt + seq).toISOString(), goodId: 7, data }
}

/** Between the house's pings. */
export const PING_MS = 250

/** How the house behaves where a test wants it to misbehave. */
interface Manners {
  onJoin: ((socket: Socket, usual: () => object) => object) | null
  onFetch: ((since: number) => { status: number; body: object } | null) | null
  admit: (() => Error | null) | null
}

/** A house with one good, whose log and whose manners are the test's. */
export async function openFeedHouse(options: { epoch?: string; length?: number } = {}) {
  const log: FeedEvent[] = []
  const connections = new Set<Connection>()
  let away = false
  const manners: Manners = { onJoin: null, onFetch: null, admit: null }
  const house = Object.assign(manners, {
    epoch: options.epoch ?? 'first',
    log,
    joins: [] as { since?: number; epoch?: string; password?: string }[],
    fetches: [] as number[],
    pageSize: 500,
    view: null as (() => GoodView) | null,
    /** Commits `count` events and answers them, telling nobody. */
    commit(count: number): FeedEvent[] {
      const events = Array.from({ length: count }, (_, index) => bidEvent(log.length + index + 1))
      log.push(...events)
      return events
    },
    tell: (events: readonly object[], epoch: string = house.epoch): boolean =>
      io
        .to('room')
        .emit('events', { goodId: 7, epoch, events: events.map((event) => ({ ...event, goodId: undefined })) }),
    heads: () => io.to('room').emit('heads', { now: Date.now(), seqs: { 7: log.length } }),
    emit: (name: string, ...words: unknown[]) => io.to('room').emit(name, ...words),
    cut: () => {
      for (const socket of io.sockets.sockets.values()) socket.conn.close()
    },
    hangUp: () => io.disconnectSockets(true),
    /** As a house that is down, but that nobody else gets its port meanwhile. */
    leave: () => {
      away = true
      for (const connection of connections) connection.destroy()
    },
    comeBack: () => {
      away = false
    },
    sockets: () => io.sockets.sockets.size,
    port: 0,
    close: () => new Promise<void>((resolve) => void io.close(() => resolve())),
  })
  house.commit(options.length ?? 3)
  const http: HttpServer = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://house')
    if (url.pathname !== '/v1/goods/7/events') return
    const since = Number(url.searchParams.get('since'))
    house.fetches.push(since)
    const items = log.slice(since, since + house.pageSize)
    const next = since + items.length < log.length ? since + items.length : null
    const { status, body } = house.onFetch?.(since) ?? { status: 200, body: { items, next, epoch: house.epoch } }
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
    response.end(JSON.stringify(body))
  })
  http.on('connection', (connection: Connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    if (away) connection.destroy()
  })
  const io = new Server(http, { serveClient: false, pingInterval: PING_MS })
  io.use((_socket, next) => next(house.admit?.() ?? undefined))
  io.on('connection', (socket) => {
    socket.on(
      'join',
      (request: { since?: number; epoch?: string; password?: string }, answer: (answer: object) => void) => {
        house.joins.push(request)
        void socket.join('room')
        const { since, epoch } = request
        const usual = () => {
          const good = house.view?.() ?? viewAt(log.length, house.epoch)
          if (since !== undefined && ((epoch ?? house.epoch) !== house.epoch || since > log.length))
            return { ok: true, reset: true, good }
          return { ok: true, good, events: since === undefined ? [] : log.slice(since), watchers: 1 }
        }
        answer(house.onJoin ? house.onJoin(socket, usual) : usual())
      },
    )
    socket.on('follow', (_request: object, answer: (answer: object) => void) => {
      void socket.join('room')
      answer({ ok: true })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  house.port = (http.address() as AddressInfo).port
  return house
}

export function viewAt(seq: number, epoch: string): GoodView {
  const last = seq > 0 ? bidEvent(seq) : null
  return {
    id: 7,
    name: 'Leica M3',
    description: 'boxed',
    owner: { id: 1, nick: 'mila' },
    status: 'open',
    price: last ? usd(seq * 100) : null,
    startPrice: usd(100),
    minimumBid: usd(seq * 100 + 100),
    bidCount: seq,
    leader: last ? { id: 2 + (seq % 2), nick: `bidder${seq % 2}` } : null,
    reserve: 'none',
    buyNow: null,
    endsAt: new Date(startedAt + 60_000).toISOString(),
    hardEndsAt: new Date(startedAt + 3_660_000).toISOString(),
    softCloseMs: 5_000,
    seq,
    epoch,
    image: null,
    watchers: 1,
    private: false,
    capacity: null,
    winner: null,
  }
}
