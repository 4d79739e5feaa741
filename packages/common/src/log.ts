/** The hash chain of a good's public log, so that no edit goes unseen, and the seals of its secrets, opened at the end. */
import { hash } from 'node:crypto'

/** JSON with keys in code-unit order and no spaces (RFC 8785 for the strings, integers, booleans and nulls we use). */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const pairs = Object.entries(value).filter(([, member]) => member !== undefined)
  pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}

/** What the first event of a good's log follows. */
export const CHAIN_START = '0'.repeat(64)

interface Link {
  readonly goodId: number
  readonly seq: number
  readonly type: string
  readonly at: string
  readonly data: unknown
}

/** SHA-256 of the previous hash, a newline, and the canonical JSON of `{at, data, goodId, seq, type}`; lower-case hex. */
export function chainHash(previous: string, { goodId, seq, type, at, data }: Link): string {
  return hash('sha256', `${previous}\n${canonicalJson({ at, data, goodId, seq, type })}`)
}

/** What an event keeps secret until it is opened, with the chance that keeps anyone from guessing it; minor units. */
export type Opening =
  | { readonly max: number; readonly named: number | null; readonly salt: string }
  | { readonly reserve: number; readonly salt: string }

/** The seal of a secret in the public log: SHA-256 of its canonical JSON; lower-case hex. */
export function commitmentOf(opening: Opening): string {
  return hash('sha256', canonicalJson(opening))
}
