/** What commands share that write once: the flag for a key of one's own, its value, and what names a request. */
import { createHash, scryptSync } from 'node:crypto'
import type { Command, Input } from './command.ts'
import type { Context } from './context.ts'
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

/** The command line as it was typed, without a key; empty where it cannot be typed with more flags at its end. */
export function asTyped({ words, option, flag }: Input, name: string, { options = [] }: Command): readonly string[] {
  if (words.some((word) => word.startsWith('-'))) return []
  const given = options.map(([flags]): readonly string[] => {
    const [long = '', value] = flags.split(' ')
    const camel = long.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    if (long === '--idempotency-key') return []
    return value === undefined ? (flag(camel) ? [long] : []) : typed({ [long]: option(camel) })
  })
  return [name, ...words, ...given.flat()]
}

/** What stands for a request on disk: the same for the same, and slow to guess, as it may hold a password or a reserve. */
export function sealed({ globals }: Context, ...content: readonly unknown[]): string {
  return scryptSync(JSON.stringify(content), globals.server, 16).toString('hex')
}

/** What a picture is compared by. */
export const printOf = ({ bytes }: { bytes: Uint8Array }): string => createHash('sha256').update(bytes).digest('hex')
