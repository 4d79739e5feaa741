/** What may be asked of the ledger book, and what each order answers. Facts from outside ride in as values. */
import type { BidAnswer, ChatLine, LedgerEntry, User, Wallet } from '@auction/common/answers'
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { Good, Person, RetractionReason, Terms } from '@auction/common/good'
import type { EditGood } from '@auction/common/sale'
import type { GoodView } from '@auction/common/view'

/** Makes an order happen once: the same key of the same scope answers as before; another fingerprint is KEY_REUSED. */
export interface Keyed {
  /** The user; 0 where there is none yet. */
  readonly scope: number
  readonly key: string
  /** Hash of what was asked. */
  readonly fingerprint: string
}

export interface StoredPicture {
  readonly id: string
  readonly type: string
  readonly width: number
  readonly height: number
  readonly bytes: Buffer
}

/** A webhook as the house keeps it; 0 in a time is none. */
export type StoredWebhook = {
  readonly id: number
  readonly url: string
  readonly secret: string
  readonly goodId: number | null
  readonly createdAt: number
  /** 1, or 0 once it was given up. */
  readonly enabled: number
  readonly failures: number
  readonly failingSince: number | null
  readonly fault: string | null
  readonly nextTryAt: number
  /** The server that delivers until `leaseUntil`; empty for none. */
  readonly holder: string
  readonly leaseUntil: number
}

/** What a caller asks of one good, once. */
interface OnGood {
  readonly keyed: Keyed
  readonly goodId: number
  readonly by: Person
  readonly receivedAt: number
}

interface MoneyMoved {
  readonly keyed: Keyed
  readonly userId: number
  readonly amount: number
}

export type Order =
  | ({
      readonly type: 'place_bid'
      readonly amount: number | null
      readonly max: number | null
      readonly message: string | null
      readonly ifSeq: number | null
    } & OnGood)
  | ({ readonly type: 'purchase' } & OnGood)
  | ({
      readonly type: 'retract_bid'
      readonly bidId: number
      readonly reason: RetractionReason
      /** The house's setting. */
      readonly allowed: boolean
    } & OnGood)
  | ({ readonly type: 'cancel_bid'; readonly bidId: number; readonly reason: string } & OnGood)
  | ({
      readonly type: 'edit_good'
      readonly changes: EditGood['changes']
      readonly note: string | null
      /** The room's password, hashed: undefined leaves it, null takes it away. */
      readonly roomPassword?: string | null
    } & OnGood)
  | ({ readonly type: 'cancel_good'; readonly as: 'seller' | 'house'; readonly reason: string | null } & OnGood)
  | ({ readonly type: 'accept_bid' } & OnGood)
  | { readonly type: 'close_due'; readonly now: number }
  | { readonly type: 'extend_for_outage'; readonly downSince: number; readonly now: number }
  | {
      readonly type: 'list_good'
      readonly keyed: Keyed
      readonly terms: Terms
      readonly picture: StoredPicture | null
      readonly roomPassword: string | null
    }
  | ({ readonly type: 'deposit' } & MoneyMoved)
  | ({ readonly type: 'withdraw' } & MoneyMoved)
  | {
      readonly type: 'sign_up'
      readonly nick: string
      readonly passwordHash: string
      readonly startingBalance: number
      /** Who may come in; the house code opens every door until the house is claimed. */
      readonly registration: 'open' | 'invite' | 'closed'
      readonly invite: string | null
    }
  | { readonly type: 'invite'; readonly codeHash: string; readonly expiresAt: number }
  | { readonly type: 'open_session'; readonly userId: number; readonly tokenHash: string; readonly expiresAt: number }
  | { readonly type: 'touch_session'; readonly tokenHash: string }
  | { readonly type: 'close_session'; readonly tokenHash: string }
  | { readonly type: 'claim_house'; readonly userId: number; readonly code: string }
  /** The house is up: what the outage rule goes by. */
  | { readonly type: 'be_alive' }
  | {
      readonly type: 'say'
      readonly keyed: Keyed
      readonly goodId: number
      readonly author: Person
      readonly text: string | null
      readonly picture: StoredPicture | null
    }
  | {
      readonly type: 'remove_line'
      readonly goodId: number
      readonly lineId: number
      readonly by: Person
      readonly house: boolean
    }
  | {
      readonly type: 'add_webhook'
      readonly url: string
      readonly secret: string
      /** The one good it is to follow; null for all. */
      readonly only: number | null
      /** Whether it is to be told what happened before. */
      readonly fromStart: boolean
    }
  | { readonly type: 'remove_webhook'; readonly webhookId: number }
  | { readonly type: 'redeliver'; readonly webhookId: number; readonly of: number; readonly since: number }
  | {
      readonly type: 'lease_webhook'
      readonly webhookId: number
      /** Names the server that delivers. */
      readonly holder: string
      readonly leaseMs: number
    }
  | {
      readonly type: 'record_deliveries'
      readonly webhookId: number
      readonly holder: string
      readonly leaseMs: number
      /** How far it has taken each of these goods. */
      readonly taken: readonly { readonly goodId: number; readonly seq: number }[]
      /** Why something was not taken, and when to try again; null when all was. */
      readonly failure: { readonly fault: string; readonly retryInMs: number } | null
    }

/** What each order answers when it is done. Views come without `watchers`: the book does not know who looks on. */
export interface Results {
  readonly place_bid: BidAnswer
  readonly purchase: null
  readonly retract_bid: null
  readonly cancel_bid: null
  readonly edit_good: null
  readonly cancel_good: null
  readonly accept_bid: null
  /** How many goods the batch looked at; a full batch means there may be more. */
  readonly close_due: { readonly found: number }
  readonly extend_for_outage: { readonly found: number }
  readonly list_good: GoodView
  readonly deposit: Movement
  readonly withdraw: Movement
  readonly sign_up: User
  readonly invite: null
  readonly open_session: null
  readonly touch_session: null
  readonly close_session: null
  readonly claim_house: User
  readonly be_alive: null
  readonly say: ChatLine
  readonly remove_line: ChatLine
  readonly add_webhook: StoredWebhook
  readonly remove_webhook: null
  readonly redeliver: StoredWebhook
  readonly lease_webhook: StoredWebhook | null
  readonly record_deliveries: StoredWebhook | null
}

interface Movement {
  readonly entry: Omit<LedgerEntry, 'id'> & { readonly key: string }
  readonly wallet: Omit<Wallet, 'holds'>
  readonly replayed: boolean
}

export type OrderOf<T extends Order['type']> = Extract<Order, { type: T }>
export type Result = Results[Order['type']]
export type Outcome = { readonly result: Result } | { readonly refusal: AuctionError }

/** One good's events of one commit, in order, and the good after them. */
export interface Committed {
  readonly epoch: string
  readonly good: Good
  readonly events: readonly FeedEvent[]
  /** Lines of its chat that are new, or removed. */
  readonly lines: readonly ChatLine[]
}
