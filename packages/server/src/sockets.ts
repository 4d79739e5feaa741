/** Socket.IO: one room per good, one message per room and commit, heads once a second, the house-wide feed. */
import type { Server as HttpServer } from 'node:http'
import { AuctionError } from '@auction/common/errors'
import { eventsFrame, followRequest, houseEvents, joinRequest, leaveRequest } from '@auction/common/frames'
import { limits } from '@auction/common/requests'
import { Server, type Socket } from 'socket.io'
import type { z } from 'zod'
import { faultOf, parse, problemOf } from './app.ts'
import type { Auth, Caller } from './auth.ts'
import type { Clock } from './clock.ts'
import type { Feed } from './feed.ts'
import type { Rates } from './rates.ts'
import type { Presenter } from './routes/parts.ts'
import type { Queries } from './store/queries.ts'

export interface Sockets {
  attach(server: HttpServer): void
  watchersOf(goodId: number): number
  /** Closes every socket of a revoked token. */
  revoke(tokenHash: string): void
  /** Says goodbye and closes. */
  close(): Promise<void>
}

interface SocketsOptions {
  readonly epoch: string
  readonly auth: Pick<Auth, 'authenticate' | 'endedOf'>
  readonly clock: Clock
  readonly feed: Feed
  readonly queries: Pick<Queries, 'good' | 'events'>
  readonly present: () => Presenter
  readonly rates: Rates
  readonly origins: readonly string[]
  readonly log: { error(facts: object, message: string): void }
}

const TICK_MS = 1_000
const RETRY_IN_MS = 2_000
/** Frames that may wait for one connection; a client that reads slower is let go and resumes by seq. */
const UNSENT_MOST = 500
const HOUSE_ROOM = 'house'
const roomOf = (goodId: number) => `good:${goodId}`
const tokenRoom = (tokenHash: string) => `token:${tokenHash}`

export function createSockets(options: SocketsOptions): Sockets {
  const { clock, feed, log, origins } = options
  const io = new Server({
    serveClient: false,
    transports: ['websocket'],
    maxHttpBufferSize: 16 * 1024,
    connectTimeout: 5_000,
    perMessageDeflate: false,
    // CORS does not guard WebSockets, so the Origin is checked here: programs send none, pages only from where the house allows.
    allowRequest: (request, decide) =>
      decide(null, request.headers.origin === undefined || origins.includes(request.headers.origin)),
  })
  const rooms = createRooms(io, feed)
  let cancelTick = () => {}
  let checking: Promise<void> = Promise.resolve()

  io.use((socket, next) => {
    const { token } = socket.handshake.auth
    if (token === undefined || token === null) return next()
    // Anything may come as a token, and what is thrown here, in Socket.IO's own turn, ends the process.
    const signedIn =
      typeof token === 'string'
        ? options.auth.authenticate(token)
        : Promise.reject(new AuctionError('UNAUTHENTICATED', 'The token must be a string.'))
    signedIn.then(
      (caller) => {
        socket.data.caller = caller
        void socket.join(tokenRoom(caller.tokenHash))
        next()
      },
      (error: unknown) => next(refusalOf(error)),
    )
  })
  io.on('connection', (socket) => serveSocket(socket, rooms, options))
  const stopHouse = feed.onCommit((committed) => {
    const events = committed.flatMap((commit) => commit.events.filter(({ type }) => houseEvents.includes(type)))
    if (events.length > 0) io.to(HOUSE_ROOM).emit('house', { events })
  })

  function tick(): void {
    const now = clock.now()
    cancelTick = clock.schedule(now + TICK_MS, tick)
    rooms.tick(now)
    for (const socket of io.sockets.sockets.values()) if (readsTooSlowly(socket)) letGo(socket)
    checking = checking.then(letEndedGo)
  }

  const revoke = (tokenHash: string) => io.in(tokenRoom(tokenHash)).disconnectSockets(true)

  /** Sockets outlive no session, wherever it was revoked and also when it runs out. */
  async function letEndedGo(): Promise<void> {
    const callers = [...io.sockets.sockets.values()].map((socket) => socket.data.caller as Caller | undefined)
    const tokens = new Set(callers.flatMap((caller) => caller?.tokenHash ?? []))
    try {
      for (const tokenHash of await options.auth.endedOf([...tokens])) revoke(tokenHash)
    } catch (err) {
      log.error({ err }, 'sessions of sockets could not be checked')
    }
  }

  return {
    attach(server) {
      io.attach(server)
      cancelTick = clock.schedule(clock.now() + TICK_MS, tick)
    },
    watchersOf: rooms.watchersOf,
    revoke,
    async close() {
      cancelTick()
      stopHouse()
      io.emit('bye', { retryInMs: RETRY_IN_MS })
      rooms.close()
      await io.close()
      await checking
    },
  }
}

interface Connection {
  readonly writeBuffer: readonly unknown[]
  readonly transport: { readonly socket?: { readonly bufferedAmount: number; terminate(): void } }
}
const connectionOf = (socket: Socket) => socket.conn as unknown as Connection

function readsTooSlowly(socket: Socket): boolean {
  const { writeBuffer, transport } = connectionOf(socket)
  return writeBuffer.length > UNSENT_MOST || (transport.socket?.bufferedAmount ?? 0) > limits.followerBytes
}

/** Ends a connection together with what it has not read; an ordinary goodbye would wait for it to be read. */
function letGo(socket: Socket): void {
  const { socket: connection } = connectionOf(socket).transport
  socket.disconnect(true)
  connection?.terminate()
}

/** Who is in which room, and the one follower of the log that each room has. */
function createRooms(io: Server, feed: Feed) {
  const stops = new Map<number, () => void>()
  const told = new Map<number, number>()
  const watchersOf = (goodId: number) => io.of('/').adapter.rooms.get(roomOf(goodId))?.size ?? 0
  return {
    watchersOf,
    async join(socket: Socket, goodId: number, head: number): Promise<void> {
      if (!stops.has(goodId))
        stops.set(
          goodId,
          feed.follow(goodId, head, ({ epoch, events }) =>
            io.to(roomOf(goodId)).emit('events', eventsFrame.parse({ goodId, epoch, events })),
          ),
        )
      await socket.join(roomOf(goodId))
    },
    /** Newest seqs, changed presence, and the end of rooms that everyone left. */
    tick(now: number): void {
      const heads = feed.heads()
      for (const [goodId, stop] of stops) {
        const watchers = watchersOf(goodId)
        if (watchers === 0) {
          stop()
          stops.delete(goodId)
          told.delete(goodId)
          continue
        }
        io.to(roomOf(goodId)).volatile.emit('heads', { now, seqs: { [goodId]: heads.get(goodId) ?? 0 } })
        if (told.get(goodId) !== watchers) io.to(roomOf(goodId)).emit('presence', { goodId, watchers })
        told.set(goodId, watchers)
      }
    },
    close(): void {
      for (const stop of stops.values()) stop()
    },
  }
}

function serveSocket(socket: Socket, rooms: ReturnType<typeof createRooms>, options: SocketsOptions): void {
  const { epoch, queries, present } = options
  const caller = (socket.data.caller as Caller | undefined) ?? null
  handle(socket, 'join', joinRequest, options, async ({ goodId, since, epoch: known }) => {
    const first = await queries.good(goodId)
    await rooms.join(socket, goodId, first.seq)
    // Read again once in the room: what is committed from here on reaches the room.
    const good = await queries.good(goodId)
    const view = await present().one(good, caller)
    const strange = (known !== undefined && known !== epoch) || (since ?? 0) > good.seq
    if (strange) return { reset: true, good: view }
    const events =
      since === undefined
        ? []
        : (await queries.events(goodId, since, limits.eventPage)).filter(({ seq }) => seq <= good.seq)
    return { good: view, events, watchers: view.watchers }
  })
  handle(socket, 'leave', leaveRequest, options, async ({ goodId }) => {
    await socket.leave(roomOf(goodId))
    return {}
  })
  handle(socket, 'follow', followRequest, options, async () => {
    await socket.join(HOUSE_ROOM)
    return {}
  })
}

/** The one way in for frames: schema, rate, optional acknowledgement, nothing thrown (promises.md, trap 7). */
function handle<T extends z.ZodType>(
  socket: Socket,
  name: string,
  schema: T,
  { log, rates }: SocketsOptions,
  act: (request: z.output<T>) => Promise<object>,
): void {
  socket.on(name, (payload: unknown, acknowledge: unknown) => {
    const answer = (reply: object) => typeof acknowledge === 'function' && acknowledge(reply)
    rates
      .take('frame', socket.id)
      .then(() => act(parse(schema, payload, '')))
      .then((reply) => answer({ ok: true, ...reply }))
      .catch((error: unknown) => {
        if (!(error instanceof AuctionError)) log.error({ err: error, frame: name }, 'frame failed')
        answer({ ok: false, error: problemOf(faultOf(error)) })
      })
  })
}

function refusalOf(error: unknown): Error {
  const fault = faultOf(error)
  return Object.assign(new Error(fault.message), { data: problemOf(fault) })
}
