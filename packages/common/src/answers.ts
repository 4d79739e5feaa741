/** What calls answer: the shapes of everything that leaves the house, by allow-list. */
import { z } from 'zod'
import { isFaultCode } from './errors.ts'
import { feedEvent, id, instant, money, person } from './events.ts'
import { goodView, standing } from './view.ts'

/** An account: who, in which role, since when. */
export const user = z.object({ id, nick: z.string(), role: z.enum(['member', 'house']), createdAt: instant })
export type User = z.infer<typeof user>

/** The answer to a bid; `replayed` when its key had been answered before. */
export const bidAnswer = z.object({
  bid: z.object({ id, amount: money, max: money, seq: id, at: instant }),
  standing: z.enum(['leading', 'outbid']),
  good: goodView,
  replayed: z.boolean(),
})
export type BidAnswer = z.infer<typeof bidAnswer>

/** How a bid came to stand no more: taken back, cancelled by the house, or without the funds when its turn came. */
export const removal = z.enum(['retracted', 'cancelled', 'lapsed'])
/** A bid as anyone may see it: without its maximum. */
export const publicBid = z.object({
  id,
  bidder: person,
  amount: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
  /** Why it no longer stands; left out of one that does. */
  removed: removal.optional(),
})
export type PublicBid = z.infer<typeof publicBid>
/** A bid as its bidder sees it, with how they stand on the good now. */
export const ownBid = z.object({
  id,
  goodId: id,
  name: z.string(),
  amount: money,
  max: money,
  seq: id,
  at: instant,
  message: z.string().nullable(),
  standing,
  removed: removal.optional(),
})
export type OwnBid = z.infer<typeof ownBid>

/** `held` is the sum of `holds`: what each good led still open reserves. */
export const wallet = z.object({
  balance: money,
  available: money,
  held: money,
  holds: z.array(z.object({ goodId: id, amount: money })),
})
export type Wallet = z.infer<typeof wallet>
/** `debit` is where the amount left, `credit` where it arrived. */
export const ledgerEntry = z.object({
  id,
  at: instant,
  debit: z.string(),
  credit: z.string(),
  amount: money,
  kind: z.string(),
  goodId: id.nullable(),
})
export type LedgerEntry = z.infer<typeof ledgerEntry>

/** An alarm in the job store. */
export const job = z.object({ id: z.string(), name: z.string(), dueAt: instant.nullable(), state: z.string() })
/** An event of the public log; `opened` once the good was sold or bought. */
export const logged = feedEvent.extend({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  opened: z
    .union([
      z.object({ max: z.int(), named: z.int().nullable(), salt: z.string() }),
      z.object({ reserve: z.int(), salt: z.string() }),
    ])
    .optional(),
})
/** A line of a good's chat: a text or a picture; one that was removed keeps its place without either. */
export const chatLine = z.object({
  id,
  goodId: id,
  author: person,
  at: instant,
  text: z.string().nullable(),
  picture: z.string().nullable(),
  removedBy: person.nullable(),
})
export type ChatLine = z.infer<typeof chatLine>

/** What a recomputation from the logs of goods and from the entries says: nothing in `differences` when the books are right. */
export const audit = z.object({
  ok: z.boolean(),
  at: instant,
  checked: z.object({ goods: z.int(), events: z.int(), entries: z.int(), accounts: z.int() }),
  differences: z.array(z.object({ what: z.string(), expected: z.string(), found: z.string() })),
})
export type Audit = z.infer<typeof audit>
/** A program that the house tells of every event; `failingSince`, `fault` and `nextTryAt` while it does not take them. */
export const webhook = z.object({
  id,
  url: z.string(),
  /** The one good it follows; null: all. */
  goodId: id.nullable(),
  createdAt: instant,
  /** False after three days of failures; a redelivery switches it on again. */
  enabled: z.boolean(),
  failures: z.int(),
  failingSince: instant.nullable(),
  fault: z.string().nullable(),
  nextTryAt: instant.nullable(),
})
export type Webhook = z.infer<typeof webhook>
/** The answer to a movement of money by the house. */
export const moved = z.object({ entry: ledgerEntry, wallet, replayed: z.boolean() })
/** A page of a list and the cursor of the next; null at the end. */
export const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

/** Whether the server can serve: `store` is the database, `alarms` the job store, whose loss delays nothing. */
export const readiness = z.object({
  status: z.enum(['ok', 'degraded']),
  database: z.enum(['sqlite', 'postgresql']),
  /** Whether the boot audit found the books right; wrong, the house is read-only. */
  books: z.enum(['right', 'wrong']),
  alarms: z.object({ store: z.enum(['mongodb', 'embedded']), ok: z.boolean(), detail: z.string().nullable() }),
})

/** An error on the wire (`application/problem+json`); further keys are its data. */
export const problem = z.looseObject({
  code: z.string().refine(isFaultCode),
  detail: z.string(),
  hint: z.string().optional(),
  requestId: z.string().nullish(),
})
