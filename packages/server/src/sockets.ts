/** Socket.IO: who is let in, what they may ask for, who is let go; the house-wide feed. What rooms are told: hall.ts. */
import { randomUUID } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { AuctionError } from '@auction/common/errors'
import { chatRequest, followRequest, joinRequest, leaveRequest } from '@auction/common/frames'
import { limits } from '@auction/common/requests'
import { Server, type Socket } from 'socket.io'
import type { z } from 'zod'
import { parse } from './app.ts'
import type { Auth } from './auth.ts'
import type { Clerk } from './clerk.ts'
import type { Clock } from './clock.ts'
import type { Feed } from './feed.ts'
import { callerOf, goodsOf, type Hall, openHall } from './hall.ts'
import { faultOf, problemOf } from './problems.ts'
import type { Rates } from './rates.ts'
import type { Gate } from './rooms.ts'
import type { Presenter } from './routes/parts.ts'
import { speech } from './routes/rooms.ts'
import type { Queries } from './store/queries.ts'
import type { RoomQueries } from './store/room-queries.ts'

export interface Sockets {
  attach(server: HttpServer): void
  watchersOf(goodId: number): number
  /** Live connections. */
  watching(): number
  /** Closes every socket of a revoked token. */
  revoke(tokenHash: string): void
  /** Looks for lines of chat said on other servers; called once a second on a shared database. */
  catchUp(): Promise<void>
  /** Says goodbye and closes. */
  close(): Promise<void>
}

interface SocketsOptions {
  readonly epoch: string
  readonly auth: Pick<Auth, 'authenticate' | 'endedOf'>
  readonly clerk: Clerk
  readonly clock: Clock
  readonly feed: Feed
  readonly gate: Gate
  readonly queries: Pick<Queries, 'good' | 'events'>
  readonly rooms: Pick<RoomQueries, 'lines' | 'linesAfter' | 'newestLine'>
  readonly present: () => Presenter
  readonly rates: Rates
  readonly origins: readonly string[]
  /** Whether X-Forwarded-For is a proxy's own word. */
  readonly trustProxy: boolean
  readonly log: { error(facts: object, message: string): void }
}

const TICK_MS = 1_000
const RETRY_IN_MS = 2_000
/** Frames that may wait for one connection; a client that reads slower is let go and resumes by seq. */
const UNSENT_MOST = 500
const HOUSE_ROOM = 'house'
const tokenRoom = (tokenHash: string) => `token:${tokenHash}`

export function createSockets(options: SocketsOptions): Sockets {
  const { clock, feed, log, origins } = options
  const io = new Server({
    serveClient: false,
    transports: ['websocket'],
    maxHttpBufferSize: 16 * 1024,
    connectTimeout: 5_000,
    // Who follows the house, of which nothing may be heard for long, knows by the pings that it is there.
    pingInterval: 5_000,
    perMessageDeflate: false,
    // CORS does not guard WebSockets, so the Origin is checked here: programs send none, pages only from where the house allows.
    allowRequest: (request, decide) =>
      decide(null, request.headers.origin === undefined || origins.includes(request.headers.origin)),
  })
  const hall = openHall(io, options)
  let cancelTick = () => {}
  let checking: Promise<void> = Promise.resolve()

  guard(io, options)
  io.on('connection', (socket) => serveSocket(socket, hall, options))
  const stopHouse = feed.onHouse((events) => void io.to(HOUSE_ROOM).emit('house', { events }))
  const stopChat = feed.onCommit((committed) => hall.tell(committed.flatMap(({ lines }) => lines)))

  function tick(): void {
    const now = clock.now()
    cancelTick = clock.schedule(now + TICK_MS, tick)
    hall.tick(now)
    for (const socket of io.sockets.sockets.values()) if (readsTooSlowly(socket)) letGo(socket)
    checking = checking.then(letEndedGo)
  }

  const revoke = (tokenHash: string) => io.in(tokenRoom(tokenHash)).disconnectSockets(true)

  /** Sockets outlive no session, wherever it was revoked and also when it runs out. */
  async function letEndedGo(): Promise<void> {
    const tokens = new Set([...io.sockets.sockets.values()].flatMap((socket) => callerOf(socket)?.tokenHash ?? []))
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
    watchersOf: hall.watchersOf,
    watching: () => io.sockets.sockets.size,
    revoke,
    catchUp: hall.catchUp,
    async close() {
      cancelTick()
      stopHouse()
      stopChat()
      io.emit('bye', { retryInMs: RETRY_IN_MS })
      hall.close()
      await io.close()
      await checking
    },
  }
}

/** Lets in so many of one address, and of those who name a token who is signed in. */
function guard(io: Server, { auth, rates, trustProxy }: SocketsOptions): void {
  // Who was refused may try again on the same connection.
  const counted = new WeakSet<Socket['conn']>()
  io.use((socket, next) => {
    const { conn } = socket
    try {
      // One that is closed already says so no more.
      if (conn.readyState !== 'closed' && !counted.has(conn)) {
        conn.once('close', rates.connect(addressOf(socket, trustProxy)))
        counted.add(conn)
      }
    } catch (error) {
      // Who is refused and stays is disconnected when `connectTimeout` is over.
      return next(refusalOf(error))
    }
    next()
  })
  io.use((socket, next) => {
    const { token } = socket.handshake.auth
    if (token === undefined || token === null) return next()
    // Anything may come as a token, and what is thrown here, in Socket.IO's own turn, ends the process.
    const signedIn =
      typeof token === 'string'
        ? auth.authenticate(token)
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

function serveSocket(socket: Socket, hall: Hall, options: SocketsOptions): void {
  const { clerk, epoch, gate, queries, present, rates, rooms } = options
  const caller = callerOf(socket)
  const address = addressOf(socket, options.trustProxy)
  handle(socket, 'join', joinRequest, options, async ({ goodId, since, epoch: known, password }) => {
    const first = await queries.good(goodId)
    // Who is in already may ask again, to resume.
    if (!hall.has(socket, goodId)) {
      await gate(first, { caller, password, address })
      hall.enter(socket, first)
    }
    // Read again once in the room: what is committed from here on reaches the room.
    const good = await queries.good(goodId)
    const view = await present().one(good, caller)
    const chat = (await rooms.lines(goodId)).items.reverse()
    const strange = (known !== undefined && known !== epoch) || (since ?? 0) > good.seq
    if (strange) return { reset: true, good: view, chat }
    const events =
      since === undefined
        ? []
        : (await queries.events(goodId, since, limits.eventPage)).filter(({ seq }) => seq <= good.seq)
    return { good: view, events, watchers: view.watchers, chat }
  })
  handle(socket, 'leave', leaveRequest, options, async ({ goodId }) => {
    hall.leave(socket, goodId)
    return {}
  })
  handle(socket, 'chat', chatRequest, options, async ({ goodId, text }) => {
    if (!caller) throw new AuctionError('UNAUTHENTICATED')
    if (!hall.has(socket, goodId)) throw new AuctionError('FORBIDDEN', 'Only who is in the room may speak there.')
    await rates.take('chat', `user:${caller.user.id}`)
    const line = await clerk.submit<'say'>(speech({ caller, key: `own-${randomUUID()}`, goodId, text, picture: null }))
    return { line }
  })
  handle(socket, 'follow', followRequest, options, async () => {
    await socket.join(HOUSE_ROOM)
    return {}
  })
  socket.on('disconnecting', (reason) => {
    // Who says goodbye has left; whoever is cut off may be back at once.
    const go = reason === 'client namespace disconnect' ? hall.leave : hall.lose
    for (const goodId of goodsOf(socket)) go(socket, goodId)
  })
}

/** Where a socket comes from; as app.ts has it, of the addresses in X-Forwarded-For only the last is the proxy's own word. */
function addressOf({ handshake }: Socket, trustProxy: boolean): string {
  const forwarded = trustProxy ? String(handshake.headers['x-forwarded-for'] ?? '') : ''
  return forwarded.split(',').at(-1)?.trim() || handshake.address
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
        const requestId = randomUUID()
        if (!(error instanceof AuctionError)) log.error({ err: error, frame: name, requestId }, 'frame failed')
        answer({ ok: false, error: problemOf(faultOf(error), requestId) })
      })
  })
}

function refusalOf(error: unknown): Error {
  const fault = faultOf(error)
  return Object.assign(new Error(fault.message), { data: problemOf(fault, randomUUID()) })
}
