/** The hash chain of a good's public log: each event's hash covers the one before it, so that no edit goes unseen. */
import { hash } from 'node:crypto'
import type { FeedEvent } from './view.ts'

/** An event of the public log with its link in the chain; `hash` is lower-case hex SHA-256. */
export interface LoggedEvent extends FeedEvent {
  readonly hash: string
}

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

/** SHA-256 of the previous hash, a newline, and the canonical JSON of `{at, data, goodId, seq, type}`. */
export function chainHash(previous: string, { goodId, seq, type, at, data }: FeedEvent): string {
  return hash('sha256', `${previous}\n${canonicalJson({ at, data, goodId, seq, type })}`)
}
