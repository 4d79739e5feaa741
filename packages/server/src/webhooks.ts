/**
 * Posts the log to webhooks: each good's events in order, each at least once, none left out (decision 14).
 *
 * Nothing is queued. Commits, and a look once a second, only say which goods to look at; what a webhook lacks is what SQL
 * has after its cursor, and the cursor moves by an order of the clerk once the receiver has taken the events. A restart, a
 * lost wake-up or another server changes nothing of that. Of several servers the one with the webhook's lease delivers.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FeedEvent } from '@auction/common/events'
import type { Clerk } from './clerk.ts'
import type { Clock } from './clock.ts'
import type { Feed } from './feed.ts'
import type { StoredWebhook } from './store/orders.ts'
import type { Behind, WebhookQueries } from './store/webhook-queries.ts'
import { BATCH_EVENTS, fitting, post } from './webhook-delivery.ts'

export interface WebhooksOptions {
  readonly clock: Clock
  readonly clerk: Clerk
  readonly feed: Pick<Feed, 'onCommit'>
  readonly queries: WebhookQueries
  /** Events of a good after a seq, oldest first. */
  readonly events: (goodId: number, since: number, most: number) => Promise<readonly FeedEvent[]>
  readonly epoch: string
  /** Whether other servers may write to the same database. */
  readonly shared: boolean
  readonly log: { error(facts: object, message: string): void; warn(facts: object, message: string): void }
}

export interface Webhooks {
  /** All of them, oldest first, with their secrets. */
  list(): Promise<readonly StoredWebhook[]>
  /** Reads the list anew and looks for news, of `goodId` in any case; called once a second. */
  look(goodId?: number): Promise<void>
  /** Gives deliveries under way a moment, then leaves them for the next start; within 3 s. */
  close(): Promise<void>
}

/** How long a receiver may take. */
const TIMEOUT_MS = 10_000
/** A lease outlives a delivery and what is written after it. */
const LEASE_MS = 30_000
const LEAST_LEASE_MS = 15_000
/** Goods posted to one webhook at the same time, and goods looked at by one query. */
const PARALLEL = 4
const LOOK_AT = 100
/** Goods remembered as worth a look; of more, all are. */
const MOST_TOUCHED = 1_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60 * 60 * 1000
/** How far back a look for what other servers wrote goes. */
const RECENT_MS = 60 * 60 * 1000
const CLOSE_MS = 1_000

/** What this process knows of one webhook. */
interface Line {
  hook: StoredWebhook
  /** Names this line on the lease: of another server, or of a removed webhook whose id is used again, nothing counts. */
  readonly holder: string
  /** Goods that may have news. */
  readonly touched: Set<number>
  /** Goods after this id are still to be looked through; null when all were. */
  sweepAfter: number | null
  leasedUntil: number
  working: Promise<void> | null
  cancelRetry: () => void
}

/** The webhooks of one server; nothing happens before the first `look`. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { clock, clerk, feed, queries, shared, log } = options
  const lines = new Map<number, Line>()
  const stopping = new AbortController()
  let closed = false

  const mayTry = ({ hook, holder }: Line) =>
    !closed &&
    hook.enabled === 1 &&
    hook.nextTryAt <= clock.now() &&
    (hook.holder === holder || hook.leaseUntil <= clock.now())

  function touch(line: Line, goodId: number): void {
    if (line.hook.goodId !== null && line.hook.goodId !== goodId) return
    if (line.touched.size < MOST_TOUCHED) line.touched.add(goodId)
    else line.sweepAfter = 0
  }

  function run(line: Line): void {
    // As the loop asks, so that the work waits for something before it ends.
    if (!line.working && mayTry(line) && mayHaveNews(line)) line.working = work(line)
  }

  async function work(line: Line): Promise<void> {
    try {
      while (mayTry(line) && mayHaveNews(line)) {
        const goods = await behind(line)
        if (goods.length === 0) continue
        if (!(await lease(line))) return
        await deliver(line, goods)
      }
    } catch (err) {
      if (!closed) log.error({ err, webhook: line.hook.id }, 'a webhook could not be served; trying again')
    } finally {
      line.working = null
    }
  }

  /** Goods with events that the webhook has not taken, a few at once; the others stay touched. */
  async function behind(line: Line): Promise<Behind[]> {
    const { id, goodId: only } = line.hook
    const [ids, after] = [[...line.touched].slice(0, LOOK_AT), line.sweepAfter]
    // Forgotten first: what is touched while SQL is asked may not be in its answer.
    for (const each of ids) line.touched.delete(each)
    if (ids.length === 0) line.sweepAfter = null
    const where = ids.length > 0 ? { ids } : { after: after ?? 0, only, changedSince: null }
    const found = await queries.behind(id, where, LOOK_AT).catch((error: unknown) => {
      for (const each of ids) line.touched.add(each)
      line.sweepAfter ??= after
      throw error
    })
    for (const { goodId } of found) line.touched.add(goodId)
    if (ids.length === 0 && found.length === LOOK_AT) line.sweepAfter ??= found.at(-1)?.goodId ?? 0
    return found.slice(0, PARALLEL)
  }

  /** Whether this server is the one to deliver, for long enough. */
  async function lease(line: Line): Promise<boolean> {
    if (line.leasedUntil - clock.now() >= LEAST_LEASE_MS) return true
    const inherited = line.hook.holder !== line.holder
    const hook = await clerk.submit<'lease_webhook'>({
      type: 'lease_webhook',
      webhookId: line.hook.id,
      holder: line.holder,
      leaseMs: LEASE_MS,
    })
    // What the other server had in mind is not known here.
    if (shared && inherited) line.sweepAfter = 0
    return settle(line, hook)
  }

  function settle(line: Line, hook: StoredWebhook | null): boolean {
    if (hook) line.hook = hook
    else if (lines.get(line.hook.id) === line) lines.delete(line.hook.id)
    // A redelivery takes the lease away.
    const held = hook?.holder === line.holder
    line.leasedUntil = held ? hook.leaseUntil : 0
    return held
  }

  async function deliver(line: Line, goods: readonly Behind[]): Promise<void> {
    const { hook } = line
    const results = await Promise.all(goods.map((good) => send(hook, good)))
    const taken = results.flatMap(({ goodId, seq, fault }) => (fault === null ? [{ goodId, seq }] : []))
    const fault = stopping.signal.aborted ? null : (results.find((each) => each.fault !== null)?.fault ?? null)
    if (taken.length === 0 && fault === null) return
    const retryInMs = waitAfter(hook.failures)
    const after = await clerk.submit<'record_deliveries'>({
      type: 'record_deliveries',
      webhookId: hook.id,
      holder: line.holder,
      leaseMs: LEASE_MS,
      taken,
      failure: fault === null ? null : { fault, retryInMs },
    })
    if (!settle(line, after) || !after || fault === null) return
    if (shared) line.sweepAfter = 0
    log.warn({ webhook: hook.id, fault, failures: after.failures }, 'a webhook did not take its events')
    if (after.enabled === 0) return log.warn({ webhook: hook.id }, 'a webhook has failed for days and was switched off')
    line.cancelRetry()
    line.cancelRetry = clock.schedule(after.nextTryAt, () => run(line))
  }

  /** Posts what a good has after the cursor; `fault` says why it was not taken. */
  async function send({ id, url, secret }: StoredWebhook, { goodId, cursor }: Behind) {
    const events = fitting(await options.events(goodId, cursor, BATCH_EVENTS))
    const late = new AbortController()
    const cancel = clock.schedule(clock.now() + TIMEOUT_MS, () => late.abort())
    try {
      const signal = AbortSignal.any([late.signal, stopping.signal])
      const delivery = { webhookId: id, epoch: options.epoch, goodId, events }
      const fault = await post({ url, secret, now: clock.now(), signal }, delivery)
      return { goodId, seq: events.at(-1)?.seq ?? cursor, fault }
    } finally {
      cancel()
    }
  }

  /** The list as SQL has it; a new webhook begins with a look at everything. */
  async function refresh(): Promise<void> {
    const before = new Map([...lines].map(([id, { hook }]) => [id, hook]))
    const hooks = await queries.webhooks()
    const known = new Set(hooks.map(({ id }) => id))
    for (const [id, line] of lines)
      if (!known.has(id)) {
        line.cancelRetry()
        lines.delete(id)
      }
    for (const hook of hooks) {
      const line = lines.get(hook.id)
      if (!line) lines.set(hook.id, newLine(hook))
      // What an order has answered meanwhile is newer than this list.
      else if (!line.working && line.hook === before.get(hook.id)) settle(line, hook)
    }
  }

  async function lookNow(goodId?: number): Promise<void> {
    await refresh()
    for (const line of lines.values()) {
      if (goodId !== undefined) touch(line, goodId)
      if (shared && mayTry(line)) {
        const recent = { after: 0, only: line.hook.goodId, changedSince: clock.now() - RECENT_MS }
        const found = await queries.behind(line.hook.id, recent, LOOK_AT)
        for (const each of found) touch(line, each.goodId)
        if (found.length === LOOK_AT) line.sweepAfter ??= 0
      }
      run(line)
    }
  }

  // One after the other, or an older list could undo a newer.
  let looking: Promise<unknown> = Promise.resolve()
  function look(goodId?: number): Promise<void> {
    const looked = looking.then(() => lookNow(goodId))
    looking = looked.catch(() => {})
    return looked
  }

  const stopListening = feed.onCommit((committed) => {
    for (const line of lines.values()) {
      for (const { good, events } of committed) if (events.length > 0) touch(line, good.id)
      run(line)
    }
  })

  async function close(): Promise<void> {
    closed = true
    stopListening()
    const all = [...lines.values()]
    for (const line of all) line.cancelRetry()
    const done = Promise.all(all.flatMap(({ working }) => working ?? []))
    await Promise.race([done, moment()])
    stopping.abort()
    await Promise.race([done, moment()])
    const held = all.filter(({ leasedUntil }) => leasedUntil > 0)
    // The next start need not wait for the lease; where this fails it does.
    const release = held.map(({ hook, holder }) =>
      clerk.submit<'lease_webhook'>({ type: 'lease_webhook', webhookId: hook.id, holder, leaseMs: 0 }),
    )
    await Promise.race([Promise.allSettled(release), moment()])
  }

  return { list: queries.webhooks, look, close }
}

const mayHaveNews = ({ touched, sweepAfter }: Line) => touched.size > 0 || sweepAfter !== null
const moment = () => sleep(CLOSE_MS, undefined, { ref: false })

const newLine = (hook: StoredWebhook): Line => ({
  hook,
  holder: randomUUID(),
  touched: new Set(),
  sweepAfter: 0,
  leasedUntil: 0,
  working: null,
  cancelRetry: () => {},
})

/** Twice as long after each failure up to an hour, and between half of that and all of it, so that not all come at once. */
function waitAfter(failures: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 20))
  return longest / 2 + randomInt(longest / 2 + 1)
}
