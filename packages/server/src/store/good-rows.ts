/** A good's row and a good's state, each from the other. */
import type { Good, Increment, Person } from '@auction/common/good'
import type { GoodRow } from './entities.ts'
import type { Row } from './statements.ts'

const personOf = (id: number | null | undefined, nick: string | null | undefined): Person | null =>
  id == null || nick == null ? null : { id, nick }

/** The state that the rules work on. */
export function toGood(row: GoodRow): Good {
  return {
    id: row.id,
    owner: { id: row.ownerId, nick: row.ownerNick },
    name: row.name,
    description: row.description,
    image: row.image ?? null,
    currency: row.currency,
    startPrice: row.startPrice,
    reserve: row.reserve ?? null,
    buyNow: row.buyNow ?? null,
    increment: JSON.parse(row.increment) as Increment,
    softCloseMs: row.softCloseMs,
    listedAt: row.listedAt,
    endsAt: row.endsAt,
    hardEndsAt: row.hardEndsAt,
    premiumBp: row.premiumBp,
    commissionBp: row.commissionBp,
    private: row.roomPassword != null,
    capacity: row.capacity ?? null,
    relistOf: row.relistOf ?? null,
    offeredTo: personOf(row.offeredToId, row.offeredToNick),
    status: row.status,
    seq: row.seq,
    price: row.price ?? null,
    leader: personOf(row.leaderId, row.leaderNick),
    max: row.max ?? null,
    bidCount: row.bidCount,
    winner: personOf(row.winnerId, row.winnerNick),
  }
}

/** What a good's row keeps beside the good. */
export interface Kept {
  readonly good: Good
  /** Hash of the newest event. */
  readonly head: string
  /** The room's password, hashed. */
  readonly roomPassword: string | null
}

/** The row to store. */
export function toRow({ good, head, roomPassword }: Kept): Row {
  return {
    id: good.id,
    ownerId: good.owner.id,
    ownerNick: good.owner.nick,
    name: good.name,
    description: good.description,
    search: `${good.name}\n${good.description}`.toLowerCase(),
    image: good.image,
    currency: good.currency,
    startPrice: good.startPrice,
    reserve: good.reserve,
    buyNow: good.buyNow,
    increment: JSON.stringify(good.increment),
    softCloseMs: good.softCloseMs,
    listedAt: good.listedAt,
    endsAt: good.endsAt,
    hardEndsAt: good.hardEndsAt,
    premiumBp: good.premiumBp,
    commissionBp: good.commissionBp,
    status: good.status,
    seq: good.seq,
    head,
    price: good.price,
    sortPrice: good.price ?? good.startPrice,
    leaderId: good.leader?.id ?? null,
    leaderNick: good.leader?.nick ?? null,
    max: good.max,
    bidCount: good.bidCount,
    winnerId: good.winner?.id ?? null,
    winnerNick: good.winner?.nick ?? null,
    roomPassword,
    capacity: good.capacity,
    relistOf: good.relistOf,
    offeredToId: good.offeredTo?.id ?? null,
    offeredToNick: good.offeredTo?.nick ?? null,
  }
}
