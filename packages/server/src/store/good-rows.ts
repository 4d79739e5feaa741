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
    increment: JSON.parse(row.increment) as Increment,
    softCloseMs: row.softCloseMs,
    endsAt: row.endsAt,
    hardEndsAt: row.hardEndsAt,
    premiumBp: row.premiumBp,
    commissionBp: row.commissionBp,
    status: row.status,
    seq: row.seq,
    price: row.price ?? null,
    leader: personOf(row.leaderId, row.leaderNick),
    max: row.max ?? null,
    bidCount: row.bidCount,
    winner: personOf(row.winnerId, row.winnerNick),
  }
}

/** The row to store, with the hash of its newest event. */
export function toRow(good: Good, head: string, listedAt: number): Row {
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
    increment: JSON.stringify(good.increment),
    softCloseMs: good.softCloseMs,
    listedAt,
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
  }
}
