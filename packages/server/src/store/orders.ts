/** What may be asked of the ledger book, and what each order answers. Facts from outside ride in as values. */
import type { BidAnswer, LedgerEntry, User, Wallet } from '@auction/common/api'
import type { AuctionError } from '@auction/common/errors'
import type { Good, Person, Terms } from '@auction/common/good'
import type { FeedEvent, GoodView } from '@auction/common/view'

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

export type Order =
  | {
      readonly type: 'place_bid'
      readonly keyed: Keyed
      readonly goodId: number
      readonly bidder: Person
      readonly amount: number | null
      readonly max: number | null
      readonly message: string | null
      readonly receivedAt: number
    }
  | { readonly type: 'close_due'; readonly now: number }
  | { readonly type: 'list_good'; readonly keyed: Keyed; readonly terms: Terms; readonly picture: StoredPicture | null }
  | { readonly type: 'deposit'; readonly keyed: Keyed; readonly userId: number; readonly amount: number }
  | { readonly type: 'sign_up'; readonly nick: string; readonly passwordHash: string; readonly startingBalance: number }
  | { readonly type: 'open_session'; readonly userId: number; readonly tokenHash: string; readonly expiresAt: number }
  | { readonly type: 'touch_session'; readonly tokenHash: string }
  | { readonly type: 'close_session'; readonly tokenHash: string }
  | { readonly type: 'claim_house'; readonly userId: number; readonly code: string }

/** What each order answers when it is done. Views come without `watchers`: the book does not know who looks on. */
export interface Results {
  readonly place_bid: BidAnswer
  /** How many goods the batch looked at; a full batch means there may be more. */
  readonly close_due: { readonly found: number }
  readonly list_good: GoodView
  readonly deposit: {
    readonly entry: Omit<LedgerEntry, 'id'> & { readonly key: string }
    readonly wallet: Omit<Wallet, 'holds'>
    readonly replayed: boolean
  }
  readonly sign_up: User
  readonly open_session: null
  readonly touch_session: null
  readonly close_session: null
  readonly claim_house: User
}

export type Result = Results[Order['type']]
export type Outcome = { readonly result: Result } | { readonly refusal: AuctionError }

/** One good's events of one commit, in order, and the good after them. */
export interface Committed {
  readonly epoch: string
  readonly good: Good
  readonly events: readonly FeedEvent[]
}
