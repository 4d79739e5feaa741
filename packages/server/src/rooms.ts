/** The rooms of goods: who may enter, who is there, whose coming and going is told, which lines were told. Sends nothing. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { Good, Person } from '@auction/common/good'
import type { Auth, Caller } from './auth.ts'
import type { Rates } from './rates.ts'
import type { RoomQueries } from './store/room-queries.ts'

/** Who stands before a room, and from where. */
export interface Visitor {
  readonly caller: Caller | null
  readonly password: string | undefined
  readonly address: string
}

export type Gate = ReturnType<typeof createGate>

/** Whether the caller is the good's seller or the house, for whom its room is always open. */
export const isAtHome = (good: Pick<Good, 'owner'>, caller: Caller | null): boolean =>
  caller !== null && (caller.user.id === good.owner.id || caller.user.role === 'house')

/**
 * The one gate of private goods: of their rooms, their live streams and their chat. The sale itself stays public, so that
 * anyone can verify it: a good's page, bids, events as JSON and log pass no gate. A password that is changed later is asked
 * of whoever comes next; who is in stays in.
 */
export function createGate({
  auth,
  rates,
  rooms,
}: {
  auth: Pick<Auth, 'checkSecret'>
  rates: Rates
  rooms: Pick<RoomQueries, 'passwordHash'>
}) {
  /** Throws WRONG_PASSWORD, RATE_LIMITED and BUSY. */
  return async (good: Good, { caller, password, address }: Visitor): Promise<void> => {
    if (!good.private || isAtHome(good, caller)) return
    if (!password) throw new AuctionError('WRONG_PASSWORD', `The room of good ${good.id} has a password.`)
    // Counted before the hash is looked at, or the right guess among many would come through.
    const guesser = `room:${good.id}:${address}`
    await rates.take('failedLogin', guesser)
    const hash = await rooms.passwordHash(good.id)
    if (hash === null || !(await auth.checkSecret(hash, password.normalize('NFC'))))
      throw new AuctionError('WRONG_PASSWORD', `That is not the password of good ${good.id}'s room.`)
    await rates.giveBack('failedLogin', guesser)
  }
}

/** How long a person's place is kept, and nothing said, after their last connection was cut. */
const GRACE_MS = 5_000
/** Comings and goings told of one room in a second; the rest is only counted. */
const TOLD_MOST = 10

interface Room {
  readonly sockets: Set<string>
  readonly people: Map<number, { readonly person: Person; readonly sockets: Set<string>; readonly announced: boolean }>
  /** Since when people without a connection have been gone, in that order. */
  readonly gone: Map<number, number>
  told: { watchers: number; lines: number }
}

/** What is to be told of a room, once a second. */
export interface RoomNews {
  readonly goodId: number
  readonly watchers: number
  /** Whether the number is another than was told last. */
  readonly changed: boolean
  readonly left: readonly Person[]
  /** Whether it is no more: nobody is in it, and nobody is waited for. */
  readonly over: boolean
}

/** Who is in which room. Everything happens in the turn of the event loop in which it is called. */
export function createRooms() {
  const rooms = new Map<number, Room>()

  return {
    watchersOf: (goodId: number): number => rooms.get(goodId)?.sockets.size ?? 0,
    has: (goodId: number, socketId: string): boolean => rooms.get(goodId)?.sockets.has(socketId) ?? false,
    /** Answers who is to be told to have come: a person with their first connection. Throws ROOM_FULL. */
    enter(goodId: number, socketId: string, person: Person | null, capacity: number | null): Person | null {
      const room = rooms.get(goodId) ?? emptyRoom()
      if (room.sockets.has(socketId)) return null
      const keptForOthers = room.gone.size - (person && room.gone.has(person.id) ? 1 : 0)
      if (capacity !== null && room.sockets.size + keptForOthers >= capacity)
        throw new AuctionError('ROOM_FULL', `The room of good ${goodId} is full: it takes ${capacity}.`)
      rooms.set(goodId, room)
      room.sockets.add(socketId)
      if (!person) return null
      room.gone.delete(person.id)
      const known = room.people.get(person.id)
      const present = known ?? { person, sockets: new Set<string>(), announced: mayTell(room) }
      present.sockets.add(socketId)
      room.people.set(person.id, present)
      if (known || !present.announced) return null
      room.told.watchers = room.sockets.size
      return person
    },
    /** Answers who is to be told to have left: a person who went with their last connection. */
    leave(goodId: number, socketId: string, person: Person | null): Person | null {
      const room = rooms.get(goodId)
      const present = room && without(room, socketId, person)
      if (!present) return null
      room.people.delete(present.person.id)
      if (!present.announced || !mayTell(room)) return null
      room.told.watchers = room.sockets.size
      return present.person
    },
    /** As `leave`, but of a connection that was cut: a person's place is kept for a while, and nothing told. */
    lose(goodId: number, socketId: string, person: Person | null, now: number): void {
      const room = rooms.get(goodId)
      const present = room && without(room, socketId, person)
      if (present) room.gone.set(present.person.id, now)
    },
    /** News of every room; called once a second. */
    tick(now: number): RoomNews[] {
      return [...rooms].map(([goodId, room]) => {
        room.told.lines = 0
        const left = departed(room, now)
        const watchers = room.sockets.size
        const changed = room.told.watchers !== watchers
        room.told.watchers = watchers
        const over = watchers === 0 && room.people.size === 0
        if (over) rooms.delete(goodId)
        return { goodId, watchers, changed, left, over }
      })
    },
  }
}

const emptyRoom = (): Room => ({
  sockets: new Set(),
  people: new Map(),
  gone: new Map(),
  told: { watchers: 0, lines: 0 },
})

/** Takes a connection out; answers whose last in this room it was. */
function without(room: Room, socketId: string, person: Person | null) {
  if (!room.sockets.delete(socketId) || !person) return null
  const present = room.people.get(person.id)
  present?.sockets.delete(socketId)
  return present?.sockets.size === 0 ? present : null
}

function mayTell(room: Room): boolean {
  if (room.told.lines >= TOLD_MOST) return false
  room.told.lines++
  return true
}

/** Takes out whoever has been gone for long enough; of those whose coming was told, answers as many as may be told. */
function departed(room: Room, now: number): Person[] {
  const left: Person[] = []
  for (const [id, since] of room.gone) {
    if (now - since < GRACE_MS) break
    room.gone.delete(id)
    const present = room.people.get(id)
    room.people.delete(id)
    if (present?.announced && mayTell(room)) left.push(present.person)
  }
  return left
}

/** Ids are given out before they are committed: a line of another server may come after one with a higher id. */
const LATE_BY = 256

/** Which of the newest lines were told, so that each is told once, whichever server it was said on. */
export function createLineMemory() {
  /** Ids, and whether the line was told as removed. */
  const told = new Map<number, boolean>()
  let head = 0
  return {
    /** After which id lines may be that were not told yet. */
    from: (): number => Math.max(0, head - LATE_BY),
    /** Those of `lines` that are new, or newly removed. */
    fresh(lines: readonly ChatLine[]): ChatLine[] {
      const news = lines.filter(({ id, removedBy }) => {
        const known = told.get(id)
        return known === undefined || (!known && removedBy !== null)
      })
      for (const { id, removedBy } of news) {
        told.set(id, removedBy !== null)
        head = Math.max(head, id)
      }
      // Twice as many as are asked for: while a read is under way, the head moves on.
      if (told.size > LATE_BY * 4) for (const id of told.keys()) if (id <= head - LATE_BY * 2) told.delete(id)
      return news
    },
  }
}
