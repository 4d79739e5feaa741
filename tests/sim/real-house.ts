/** The real clerk, ledger book and database for the model test, with a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AuctionError, type FaultCode } from '@auction/common/errors'
import { defaultIncrement, HARD_END_MS } from '@auction/common/increments'
import { toView } from '@auction/common/view'
import { type Clerk, createClerk } from '../../packages/server/src/clerk.ts'
import { type Database, openDatabase } from '../../packages/server/src/store/database.ts'
import { type LedgerBook, openLedgerBook } from '../../packages/server/src/store/ledger-book.ts'
import type { Keyed, Order, Result } from '../../packages/server/src/store/orders.ts'
import { openQueries, type Queries } from '../../packages/server/src/store/queries.ts'
import type { Action } from './actions.ts'
import type { NaiveTerms, Seen } from './naive-house.ts'
import type { RealHouse, Retraction } from './sale.ts'

const CURRENCY = 'USD'
const START = Date.UTC(2026, 10, 22, 12)

interface Running {
  readonly database: Database
  readonly book: LedgerBook
  readonly clerk: Clerk
  readonly queries: Queries
}

/** An order that was accepted, and what it answered. */
interface Done {
  readonly order: Order & { readonly keyed: Keyed }
  readonly result: Result
}

export interface TestHouse {
  /** The house for one more sale, of people and goods of its own. */
  newSale(): RealHouse
  close(): Promise<void>
}
