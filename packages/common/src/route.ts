/** What a route is made of, and what routes of a kind have in common. */
import type { z } from 'zod'
import { none } from './requests.ts'

/** One call: who may make it, what it takes, what it answers. `answer: null` marks a stream, a file or nothing. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly access: 'anyone' | 'member' | 'house'
  readonly params: z.ZodType
  readonly query: z.ZodType
  readonly body: z.ZodType | null
  readonly answer: z.ZodType | null
  readonly status: number
  /** Whether the call needs an Idempotency-Key. */
  readonly keyed: boolean
  /** Whether the body may be multipart: the JSON in a field, a picture beside it. */
  readonly upload?: { readonly json: string; readonly file: string }
  /** Which bound its callers share (server/src/rates.ts). */
  readonly rate: 'read' | 'picture' | 'write' | 'bid' | 'signIn'
  readonly summary: string
}

/** Reading, by anyone. */
export const get = {
  method: 'GET',
  access: 'anyone',
  params: none,
  query: none,
  body: null,
  status: 200,
  keyed: false,
  rate: 'read',
} as const
/** Making something. */
export const post = { ...get, method: 'POST', status: 201, rate: 'write' } as const
/** Taking something away, signed in. */
export const remove = { ...get, method: 'DELETE', access: 'member', rate: 'write' } as const
