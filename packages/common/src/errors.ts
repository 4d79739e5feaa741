/** The one catalogue of what can go wrong: code to HTTP status, exit code, retry, message and hint. */
import type { Money } from './money.ts'

interface Fault {
  /** HTTP status; 0 for faults that only a client can have. */
  readonly status: number
  /** Exit code of the program (contract.md, section 2). */
  readonly exit: number
  /** Whether the same request may simply be sent again. */
  readonly retry: boolean
  readonly title: string
  readonly hint: string
}

/** Codes of contract.md, section 3, then those that only a client can meet. */
export const faults = {
  BAD_REQUEST: {
    status: 400,
    exit: 2,
    retry: false,
    title: 'The request is malformed',
    hint: 'Correct what the message names.',
  },
  UNAUTHENTICATED: { status: 401, exit: 4, retry: false, title: 'Login needed', hint: 'Run: auction login' },
  FORBIDDEN: {
    status: 403,
    exit: 5,
    retry: false,
    title: 'Not allowed',
    hint: 'Ask the house, or use another account.',
  },
  NOT_FOUND: {
    status: 404,
    exit: 3,
    retry: false,
    title: 'Not found',
    hint: 'See what there is: auction list --status all',
  },
  OWN_GOOD: {
    status: 422,
    exit: 13,
    retry: false,
    title: 'This good is your own',
    hint: 'Sellers cannot bid on their own goods.',
  },
  NOT_OPEN: {
    status: 409,
    exit: 11,
    retry: false,
    title: 'Bidding is not open',
    hint: 'See how it ended: auction show <id>',
  },
  BID_TOO_LOW: {
    status: 409,
    exit: 10,
    retry: false,
    title: 'The bid is too low',
    hint: 'Bid the minimum: auction bid <id> min',
  },
  MAX_NOT_RAISED: {
    status: 409,
    exit: 13,
    retry: false,
    title: 'You lead already, at that maximum or more',
    hint: 'Name a higher maximum: auction bid <id> --max AMOUNT',
  },
  INSUFFICIENT_FUNDS: {
    status: 409,
    exit: 13,
    retry: false,
    title: 'Your funds do not cover this',
    hint: 'See what is held and why: auction wallet',
  },
  KEY_REUSED: {
    status: 422,
    exit: 6,
    retry: false,
    title: 'This idempotency key came with another request',
    hint: 'Use a new key for a new request.',
  },
  CONFLICT: {
    status: 409,
    exit: 6,
    retry: false,
    title: 'The present state refuses this',
    hint: 'Look at the present state and try again.',
  },
  ROOM_FULL: {
    status: 409,
    exit: 6,
    retry: true,
    title: 'The room is full',
    hint: 'Try again when somebody has left.',
  },
  WRONG_PASSWORD: {
    status: 403,
    exit: 5,
    retry: false,
    title: 'Wrong password',
    hint: 'Ask the seller for the room password.',
  },
  RATE_LIMITED: {
    status: 429,
    exit: 9,
    retry: true,
    title: 'Too many requests',
    hint: 'Wait as long as Retry-After says.',
  },
  BUSY: { status: 503, exit: 7, retry: true, title: 'The house is busy', hint: 'Nothing was done; try again shortly.' },
  STORAGE_FULL: {
    status: 503,
    exit: 1,
    retry: true,
    title: 'The house has no disk space left',
    hint: 'Nothing was done; tell whoever runs the house.',
  },
  INTERNAL: {
    status: 500,
    exit: 1,
    retry: true,
    title: 'Something failed in the house',
    hint: 'Tell whoever runs the house the request id.',
  },
  FAILED: { status: 0, exit: 1, retry: false, title: 'It failed', hint: 'Run the same with --debug for more.' },
  USAGE: { status: 0, exit: 2, retry: false, title: 'Wrong usage', hint: 'See: auction help' },
  CANNOT_START: {
    status: 0,
    exit: 1,
    retry: false,
    title: 'The server cannot start',
    hint: 'See the configuration: README.md, or auction serve --help',
  },
  UNREACHABLE: {
    status: 0,
    exit: 7,
    retry: true,
    title: 'The server cannot be reached',
    hint: 'Start one (auction serve), or name yours: --server URL',
  },
  OUTCOME_UNKNOWN: {
    status: 0,
    exit: 14,
    retry: true,
    title: 'The outcome is unknown',
    hint: 'Ask again with the same key.',
  },
} as const satisfies Record<string, Fault>

/** A code of the catalogue. */
export type FaultCode = keyof typeof faults

/** Facts that travel with an error: public values only, never another user's. */
export type FaultData = Readonly<Record<string, string | number | boolean | Money | null>>

/** A refusal or failure with a code of the catalogue. `message` is a whole sentence for people. */
export class AuctionError extends Error {
  override readonly name = 'AuctionError'
  readonly code: FaultCode
  readonly data: FaultData
  readonly hint: string
  /** The request that met it, where there was one. */
  readonly requestId: string | null

  /** Those of another copy of this class too: the program's bundle has one, the server that it runs another. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'AuctionError' && 'code' in value && isFaultCode(value.code)
  }

  constructor(
    code: FaultCode,
    message?: string,
    options: { data?: FaultData; hint?: string; requestId?: string | null; cause?: unknown } = {},
  ) {
    super(message ?? `${faults[code].title}.`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data ?? {}
    this.hint = options.hint ?? faults[code].hint
    this.requestId = options.requestId ?? null
  }
}

/** Whether a string from outside is a code of the catalogue. */
export function isFaultCode(code: unknown): code is FaultCode {
  return typeof code === 'string' && Object.hasOwn(faults, code)
}
