/** The tables, as MikroORM reads them. Money is minor units, times are epoch milliseconds; both fit a safe integer. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core'

const count = () => p.bigint('number')

export const House = defineEntity({
  name: 'House',
  tableName: 'house',
  properties: {
    id: count().primary(),
    currency: p.text(),
    /** Names this log; another database has another, so that clients never splice two histories. */
    epoch: p.text(),
    /** The one-time code that makes an account the house; null once claimed. */
    code: p.text().nullable(),
    createdAt: count(),
    /** When a server of this house last said that it runs. */
    aliveAt: count().nullable(),
  },
})

/** A code that lets one person sign up. */
export const Invite = defineEntity({
  name: 'Invite',
  tableName: 'invites',
  properties: {
    codeHash: p.text().primary(),
    createdAt: count(),
    expiresAt: count(),
    usedById: count().nullable(),
  },
})

export const User = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: count().primary(),
    nick: p.text(),
    /** What nicks that look alike share; unique. */
    skeleton: p.text(),
    passwordHash: p.text(),
    role: p.text().$type<'member' | 'house'>(),
    createdAt: count(),
  },
})

export const Session = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    tokenHash: p.text().primary(),
    userId: count(),
    createdAt: count(),
    usedAt: count(),
    expiresAt: count(),
  },
})

export const GoodRow = defineEntity({
  name: 'GoodRow',
  tableName: 'goods',
  properties: {
    id: count().primary(),
    ownerId: count(),
    ownerNick: p.text(),
    name: p.text(),
    description: p.text(),
    /** Name and description in lower case, for the list's filter. */
    search: p.text(),
    image: p.text().nullable(),
    currency: p.text(),
    startPrice: count(),
    reserve: count().nullable(),
    buyNow: count().nullable(),
    increment: p.text(),
    softCloseMs: count(),
    listedAt: count(),
    endsAt: count(),
    hardEndsAt: count(),
    premiumBp: count(),
    commissionBp: count(),
    status: p.text().$type<'open' | 'sold' | 'unsold' | 'bought' | 'cancelled'>(),
    seq: count(),
    /** Hash of the newest event. */
    head: p.text(),
    price: count().nullable(),
    /** What lists sort by: the price, or the start price while there is none. */
    sortPrice: count(),
    leaderId: count().nullable(),
    leaderNick: p.text().nullable(),
    max: count().nullable(),
    bidCount: count(),
    winnerId: count().nullable(),
    winnerNick: p.text().nullable(),
    /** The room's password, hashed; null for an open room. */
    roomPassword: p.text().nullable(),
    capacity: count().nullable(),
    relistOf: count().nullable(),
    offeredToId: count().nullable(),
    offeredToNick: p.text().nullable(),
  },
})
export type GoodRow = InferEntity<typeof GoodRow>

export const BidRow = defineEntity({
  name: 'BidRow',
  tableName: 'bids',
  properties: {
    id: count().primary(),
    goodId: count(),
    seq: count(),
    bidderId: count(),
    bidderNick: p.text(),
    amount: count(),
    max: count(),
    message: p.text().nullable(),
    at: count(),
    /** Why it no longer stands; null while it does. */
    removed: p.text().$type<'retracted' | 'cancelled' | 'lapsed'>().nullable(),
  },
})
export type BidRow = InferEntity<typeof BidRow>

export const EventRow = defineEntity({
  name: 'EventRow',
  tableName: 'events',
  properties: {
    goodId: count().primary(),
    seq: count().primary(),
    type: p.text(),
    at: count(),
    /** The public facts, JSON. */
    data: p.text(),
    /** The opening of its seal (log.ts), JSON; null when it keeps no secret. */
    secret: p.text().nullable(),
    hash: p.text(),
  },
})
export type EventRow = InferEntity<typeof EventRow>

export const AccountRow = defineEntity({
  name: 'AccountRow',
  tableName: 'accounts',
  properties: { id: p.text().primary(), balance: count() },
})

export const EntryRow = defineEntity({
  name: 'EntryRow',
  tableName: 'entries',
  properties: {
    id: count().primary(),
    key: p.text(),
    debit: p.text(),
    credit: p.text(),
    /** Whose account it touches; of a sale the buyer, who pays. */
    userId: count(),
    /** Who is paid, where that is another user. */
    payeeId: count().nullable(),
    amount: count(),
    kind: p.text(),
    goodId: count().nullable(),
    at: count(),
  },
})
export type EntryRow = InferEntity<typeof EntryRow>

/** An answer already given to an Idempotency-Key; `scope` is the user, 0 for sign-ups. */
export const KeyRow = defineEntity({
  name: 'KeyRow',
  tableName: 'keys',
  properties: {
    scope: count().primary(),
    key: p.text().primary(),
    fingerprint: p.text(),
    answer: p.text(),
    at: count(),
  },
})

export const Picture = defineEntity({
  name: 'Picture',
  tableName: 'pictures',
  properties: { id: p.text().primary(), type: p.text(), width: count(), height: count(), bytes: p.blob() },
})

/** A line of a good's chat: a text or a picture; neither once it was removed. */
export const ChatRow = defineEntity({
  name: 'ChatRow',
  tableName: 'chat_lines',
  properties: {
    id: count().primary(),
    goodId: count(),
    authorId: count(),
    authorNick: p.text(),
    text: p.text().nullable(),
    pictureId: p.text().nullable(),
    at: count(),
    removedById: count().nullable(),
    removedByNick: p.text().nullable(),
  },
})
export type ChatRow = InferEntity<typeof ChatRow>

/** A program that the house posts its log to. */
export const WebhookRow = defineEntity({
  name: 'WebhookRow',
  tableName: 'webhooks',
  properties: {
    id: count().primary(),
    url: p.text(),
    /** Signs what is posted; as it is, because a signature needs it. */
    secret: p.text(),
    /** The one good it follows; null: all. */
    goodId: count().nullable(),
    createdAt: count(),
    /** 1, or 0 once it was given up. */
    enabled: count(),
    failures: count(),
    failingSince: count().nullable(),
    fault: p.text().nullable(),
    nextTryAt: count(),
    /** The server that delivers until `leaseUntil`; empty for none. */
    holder: p.text(),
    leaseUntil: count(),
  },
})
export type WebhookRow = InferEntity<typeof WebhookRow>

export const entities = [
  House,
  Invite,
  User,
  Session,
  GoodRow,
  BidRow,
  EventRow,
  AccountRow,
  EntryRow,
  KeyRow,
  Picture,
  ChatRow,
  WebhookRow,
]
