/** The rooms of goods as sockets know them: who is in, and what they are told: events, heads, presence, lines. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { chatFrame, eventsFrame, presenceFrame } from '@auction/common/frames'
import type { Good } from '@auction/common/good'
import type { Server, Socket } from 'socket.io'
import type { Caller } from './auth.ts'
import type { Clock } from './clock.ts'
import type { Feed } from './feed.ts'
import { createLineMemory, createRooms, isAtHome } from './rooms.ts'
import type { RoomQueries } from './store/room-queries.ts'

export interface HallOptions {
  readonly clock: Clock
  readonly feed: Feed
  readonly rooms: Pick<RoomQueries, 'linesAfter' | 'newestLine'>
}

/** Lines of other servers looked at in one second. */
const LINES_MOST = 1_000
const roomOf = (goodId: number) => `good:${goodId}`
/** Of whoever is in the room of this good alone, and of those in several, who hear of all of them in one frame. */
const headsRoomOf = (goodId: number) => `heads:${goodId}`
const SEVERAL_ROOM = 'heads:several'
/** The goods whose rooms a socket is in. */
export const goodsOf = (socket: Socket) =>
  [...socket.rooms].flatMap((room) => (room.startsWith('good:') ? Number(room.slice('good:'.length)) : []))
/** Who a socket signed in as. */
export const callerOf = (socket: Socket) => (socket.data.caller as Caller | undefined) ?? null

/** The rooms as sockets know them: each has one follower of the log, and is told who comes and goes and what is said. */
export function openHall(io: Server, { clock, feed, rooms: stored }: HallOptions) {
  const rooms = createRooms()
  const memory = createLineMemory()
  const stops = new Map<number, () => void>()
  let knowsLines = false
  const tell = (lines: readonly ChatLine[]) => {
    for (const line of memory.fresh(lines)) io.to(roomOf(line.goodId)).emit('chat', chatFrame.parse(line))
  }
  const tellPresence = (goodId: number, frame: object = {}) =>
    io
      .to(roomOf(goodId))
      .emit('presence', presenceFrame.parse({ goodId, watchers: rooms.watchersOf(goodId), ...frame }))

  return {
    tell,
    watchersOf: rooms.watchersOf,
    has: (socket: Socket, goodId: number) => rooms.has(goodId, socket.id),
    /** Counts, takes the place and enters without a pause, so that many at once find no more places than there are. */
    enter(socket: Socket, good: Good): void {
      if (!socket.connected) throw new AuctionError('BUSY', 'The connection is gone.')
      const caller = callerOf(socket)
      const joined = rooms.enter(
        good.id,
        socket.id,
        caller?.user ?? null,
        isAtHome(good, caller) ? null : good.capacity,
      )
      if (!stops.has(good.id))
        stops.set(
          good.id,
          feed.follow(good.id, good.seq, ({ goodId, epoch, events }) =>
            io.to(roomOf(goodId)).emit('events', eventsFrame.parse({ goodId, epoch, events })),
          ),
        )
      void socket.join(roomOf(good.id))
      placeForHeads(socket)
      if (joined) tellPresence(good.id, { joined })
    },
    leave(socket: Socket, goodId: number): void {
      const left = rooms.leave(goodId, socket.id, callerOf(socket)?.user ?? null)
      void socket.leave(roomOf(goodId))
      placeForHeads(socket)
      if (left) tellPresence(goodId, { left })
    },
    lose: (socket: Socket, goodId: number) =>
      rooms.lose(goodId, socket.id, callerOf(socket)?.user ?? null, clock.now()),
    /** Newest seqs, changed presence, and the end of rooms that everyone left. */
    tick(now: number): void {
      const news = rooms.tick(now)
      const goodIds = news.map(({ goodId }) => goodId)
      tellHeads(io, now, goodIds, feed.heads())
      for (const { goodId, changed, left, over } of news) {
        for (const person of left) tellPresence(goodId, { left: person })
        if (changed && left.length === 0) tellPresence(goodId)
        if (!over) continue
        stops.get(goodId)?.()
        stops.delete(goodId)
      }
    },
    async catchUp(): Promise<void> {
      if (knowsLines) return tell(await stored.linesAfter(memory.from(), LINES_MOST))
      // What was said before this server came stands in the answer to a join.
      memory.fresh(await stored.linesAfter(Math.max(0, (await stored.newestLine()) - LINES_MOST), LINES_MOST))
      knowsLines = true
    },
    close(): void {
      for (const stop of stops.values()) stop()
    },
  }
}
export type Hall = ReturnType<typeof openHall>

/** Puts a socket whose goods have changed among those who are told the same. */
function placeForHeads(socket: Socket): void {
  const [first, second] = goodsOf(socket)
  for (const room of [...socket.rooms]) if (room.startsWith('heads:')) void socket.leave(room)
  if (first !== undefined) void socket.join(second === undefined ? headsRoomOf(first) : SEVERAL_ROOM)
}

/** Each socket in one frame: of two volatile ones in a row the second is lost. */
function tellHeads(io: Server, now: number, goodIds: readonly number[], heads: ReadonlyMap<number, number>): void {
  const frame = (ids: readonly number[]) => ({
    now,
    seqs: Object.fromEntries(ids.map((goodId) => [goodId, heads.get(goodId) ?? 0])),
  })
  for (const goodId of goodIds) io.to(headsRoomOf(goodId)).volatile.emit('heads', frame([goodId]))
  for (const id of io.sockets.adapter.rooms.get(SEVERAL_ROOM) ?? []) {
    const socket = io.sockets.sockets.get(id)
    if (socket) socket.volatile.emit('heads', frame(goodsOf(socket)))
  }
}
