/** An end from outside, by Ctrl-C or a signal: the program ends at once, unless work is under way that has a last word. */
import type { AuctionError } from '@auction/common/errors'

export interface Interruption {
  /** Does work that ends soon after `signal`, and then says what must be said. */
  heeding<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Tells such work; false when there is none, or when it has been told before. */
  begin(): boolean
}

/** Ends the program with 130; `told` is what must be said before. */
export class Interrupted extends Error {
  readonly told: AuctionError | null
  constructor(told: AuctionError | null = null) {
    super(told?.message ?? 'Interrupted.')
    this.told = told
  }
}

/** A question left by Esc: who asked may go on without; else the program ends. */
export class Escaped extends Interrupted {}

export function createInterruption(): Interruption {
  const told = new AbortController()
  let working = 0
  return {
    heeding: async (work) => {
      working++
      try {
        return await work(told.signal)
      } finally {
        working--
      }
    },
    begin: () => {
      if (working === 0 || told.signal.aborted) return false
      told.abort()
      return true
    },
  }
}
