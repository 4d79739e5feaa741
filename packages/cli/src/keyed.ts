/** What commands share that write once: the flag for a key of one's own, and its value. */
import { AuctionError } from '@auction/common/errors'
import type { Input } from './command.ts'
import { parseKey } from './input.ts'

/** The flag of `what`. */
export const keyOption = (what: string) =>
  ['--idempotency-key <key>', `send ${what} again whose outcome is unknown`] as const

/** The key given by hand; null without one. */
export function givenKey({ option }: Input): string | null {
  const given = option('idempotencyKey')
  return given === undefined ? null : parseKey(given)
}

/** Those of `flags` that were given, as the words they were typed as: `{ '--reason': 'typo' }`. */
export function typed(flags: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]))
}

/**
 * An unknown outcome with the command that shows what became of it: of a write that may hold a reserve or a password, whose
 * body is not kept on disk to be sent again. Any other error as it is.
 */
export function lookFirst(error: unknown, command: string): unknown {
  if (!(error instanceof AuctionError) || error.code !== 'OUTCOME_UNKNOWN') return error
  const { code, message, requestId } = error
  return new AuctionError(code, message, { hint: `See whether it was done: ${command}`, requestId, cause: error })
}
