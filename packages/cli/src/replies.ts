/** What a reply of the house says: its error in full, when to come again, and its texts made harmless. */
import { problem } from '@auction/common/answers'
import { AuctionError, type FaultCode, type FaultData, faults, isFaultCode } from '@auction/common/errors'
import { money } from '@auction/common/events'
import { safeLines, safeText } from '@auction/common/text'
import type { Outcome } from './transport.ts'

export type Reply = Extract<Outcome, { type: 'reply' }>

/** The error that a reply of 300 or more stands for. */
export function faultOf(base: string, reply: Reply): AuctionError {
  return reply.status < 400 ? redirected(base, reply.headers.location) : refused(base, reply)
}

function redirected(base: string, location: string | undefined): AuctionError {
  const there = location === undefined ? 'elsewhere' : `to ${safeText(location).slice(0, 200)}`
  return new AuctionError(
    'UNREACHABLE',
    `The server at ${base} sends everything ${there}, and redirects are not followed.`,
    {
      hint: 'Name the house itself: --server URL',
    },
  )
}

export function foreign(base: string, type: string | undefined): AuctionError {
  const what = type === undefined ? '' : ` (it sent ${safeText(type).slice(0, 60)})`
  return new AuctionError('UNREACHABLE', `What answers at ${base} is not an auction house${what}.`)
}

// What a status means when its code is not of our catalogue: a newer house, or something in between.
const codes: readonly FaultCode[] = [
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'RATE_LIMITED',
  'BUSY',
  'INTERNAL',
]

function refused(base: string, reply: Reply): AuctionError {
  const said = problemOf(reply)
  if (!said) return foreign(base, reply.headers['content-type'])
  const { detail, hint, requestId, data } = said
  const usual =
    codes.find((code) => faults[code].status === reply.status) ?? (reply.status < 500 ? 'BAD_REQUEST' : 'INTERNAL')
  const code = isFaultCode(said.code) && faults[said.code].status > 0 ? said.code : usual
  const wait = retryAfterMs(reply)
  // What the house says beyond the usual is worth more than when to come again.
  const usualHint = hint === null || hint === faults[code].hint
  const advice = wait !== null && faults[code].retry && usualHint ? `Try again in ${wait / 1000} s.` : hint
  return new AuctionError(code, safeText(detail) || undefined, {
    requestId: requestId === null ? null : safeText(requestId),
    data,
    ...(advice ? { hint: safeText(advice) } : {}),
  })
}

interface Problem {
  code: string
  detail: string
  hint: string | null
  requestId: string | null
  data: FaultData
}

// Any code passes here: one this program does not know still has its status.
const envelope = problem.extend({ code: problem.shape.detail })

/** The error in a reply, made harmless; null when it is not one of a house. */
export function problemOf(reply: Reply): Problem | null {
  const parsed = envelope.safeParse(jsonOf(reply))
  if (!parsed.success) return null
  const {
    code,
    detail,
    hint = null,
    requestId = null,
    type: _type,
    title: _title,
    status: _status,
    ...rest
  } = parsed.data
  const data: Record<string, FaultData[string]> = {}
  for (const [name, value] of Object.entries(rest)) {
    const pay = money.safeParse(value)
    if (pay.success) data[name] = cleaned(pay.data) as FaultData[string]
    else if (typeof value === 'string') data[name] = safeText(value)
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null) data[name] = value
  }
  return { code, detail, hint, requestId, data }
}

export function jsonOf({ headers, body }: Reply): unknown {
  if (!/\bjson\b/i.test(headers['content-type'] ?? '')) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Every string of an answer made harmless as it enters: on one line, but for descriptions (terminal.md, section 8). */
export function cleaned(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'description' ? safeLines(value) : safeText(value)
  if (Array.isArray(value)) return value.map((member) => cleaned(member, name))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [safeText(key), cleaned(member, key)]))
}

/** Milliseconds a refusal asks to wait: Retry-After in seconds. */
export function retryAfterMs(outcome: Outcome): number | null {
  const seconds = outcome.type === 'reply' ? outcome.headers['retry-after'] : undefined
  return seconds !== undefined && /^[0-9]{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null
}
