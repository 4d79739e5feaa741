/** How often a caller may call: per token, or per address without one; and how many connections an address may keep open. */
import { AuctionError } from '@auction/common/errors'
import type { Route } from '@auction/common/route'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

type Bound = Route['rate'] | 'failedLogin' | 'frame' | 'chat'

export interface Rates {
  /** Counts one call. Throws RATE_LIMITED {retryAfterS}. */
  take(kind: Bound, caller: string): Promise<void>
  /** Uncounts one call. */
  giveBack(kind: Bound, caller: string): Promise<void>
  /** Counts a connection that stays open, until the answered function is called. Throws RATE_LIMITED. */
  connect(address: string): () => void
}

// Points per seconds: the burst that is allowed, and over which time it comes back.
const bounds = {
  read: { points: 400, duration: 2 },
  // Each is decoded and encoded anew.
  picture: { points: 60, duration: 3 },
  write: { points: 60, duration: 3 },
  bid: { points: 20, duration: 2 },
  signIn: { points: 300, duration: 60 },
  failedLogin: { points: 10, duration: 60 },
  frame: { points: 40, duration: 2 },
  chat: { points: 5, duration: 5 },
} as const

/** Streams and sockets of one address at once; `auction watch` keeps two open, and an office may have one address. */
const CONNECTIONS_MOST = 2_000

/** The bounds of this process; with `on` false, none. */
export function createRates(on: boolean): Rates {
  if (!on) return { take: () => Promise.resolve(), giveBack: () => Promise.resolve(), connect: () => () => {} }
  const limiters = new Map(
    Object.entries(bounds).map(([kind, bound]) => [kind, new RateLimiterMemory({ keyPrefix: kind, ...bound })]),
  )
  return {
    async take(kind, caller) {
      try {
        await limiters.get(kind)?.consume(caller)
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused
        throw new AuctionError('RATE_LIMITED', undefined, {
          data: { retryAfterS: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) },
        })
      }
    },
    async giveBack(kind, caller) {
      await limiters.get(kind)?.reward(caller)
    },
    connect: connectionCounter(),
  }
}

function connectionCounter(): Rates['connect'] {
  const open = new Map<string, number>()
  return (address) => {
    const before = open.get(address) ?? 0
    if (before >= CONNECTIONS_MOST)
      throw new AuctionError(
        'RATE_LIMITED',
        `Your address has ${CONNECTIONS_MOST} connections open, which is the most.`,
        {
          hint: 'Close some of them first.',
        },
      )
    open.set(address, before + 1)
    let counted = true
    return () => {
      if (!counted) return
      counted = false
      const left = (open.get(address) ?? 0) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    }
  }
}
