/** Writes that count once: the key is kept until the outcome is known, and the line that asks again is named. */
import { AuctionError } from '@auction/common/errors'
import { safeText } from '@auction/common/text'
import type { Context } from './context.ts'
import { Interrupted } from './interruption.ts'
import type { Call, Pending, PendingRequests } from './pending.ts'

/** What makes a call one that counts once: its key, and whether an earlier run may have made it already. */
interface Keyed {
  readonly key: string
  readonly doubtful: boolean
  readonly signal: AbortSignal
}

/** A write with a key. */
export interface Once<C extends Call, T> {
  /** What it is, in a sentence: `bid`. */
  readonly what: string
  /** The command line as it was typed: all that makes this request another than the next. */
  readonly words: readonly string[]
  /** A key given by hand, which its owner keeps; null for one of ours, kept on disk. */
  readonly key: string | null
  /** Whether it may hold what should not lie on disk: then only its key is kept, `words` hold it `sealed`, and it is prepared anew. */
  readonly secret?: boolean
  /** What to send, and the command line that says the same, empty where none can; not called when an earlier run left all of it. */
  prepare(): Promise<{ call: C; line: readonly string[] }>
  send(call: C & Keyed): Promise<T>
}

/** Makes the request once, over retries, kills and reruns of the same command line (docs/decisions/0012). */
export async function once<C extends Call, T>(context: Context, request: Once<C, T>): Promise<T> {
  const { io, output, globals } = context
  const { createPending } = await import('./pending.ts')
  const pending = createPending(io)
  if (request.key !== null) {
    const { key, prepare } = request
    return deliver(context, pending, request, { ...(await prepare()), key, doubtful: pending.has(key) })
  }
  for (const at of pending.dropOld())
    output.note(`Forgotten after a day: what was asked on ${new Date(at).toISOString()}, its outcome was never known.`)
  const me = await context.me()
  if (me === null) throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${globals.server}.`)
  const asked = { server: globals.server, account: me.id, words: request.words }
  const left = pending.find(asked)
  if (left) {
    output.note(`Asking again about the ${request.what} of ${timeOf(left.at, globals.utc)}, whose outcome is unknown.`)
    const { call, line } = request.secret ? await request.prepare() : { call: left.call as C, line: left.line }
    return deliver(context, pending, request, { key: left.key, call, line, doubtful: true })
  }
  const fresh: Pending & { call: C } = { ...(await request.prepare()), key: crypto.randomUUID(), at: io.now() }
  pending.keep(asked, request.secret ? { ...fresh, call: { params: {} }, line: [] } : fresh)
  return deliver(context, pending, request, { ...fresh, doubtful: false })
}

const timeOf = (at: number, utc: boolean): string =>
  new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...(utc && { timeZone: 'UTC' }) }).format(at)

/** Sends it, and forgets it as soon as its outcome is known. */
async function deliver<C extends Call, T>(
  context: Context,
  pending: PendingRequests,
  { what, send, key: given }: Once<C, T>,
  { call, key, line, doubtful }: Pick<Pending, 'key' | 'line'> & { call: C; doubtful: boolean },
): Promise<T> {
  const again = lineAgain(context, line, key)
  const forget = (): void => {
    if (given !== null && !doubtful) return
    const failure = pending.forget(key)
    if (failure !== null) context.io.err(`warning: ${safeText(failure)}\n`)
  }
  try {
    const answer = await naming(context, { what, line: again }, (signal) => send({ ...call, key, doubtful, signal }))
    forget()
    return answer
  } catch (error) {
    if (isKnown(error)) forget()
    throw error
  }
}

/** The line that asks again; what cannot be shown as it was typed is not shown. */
function lineAgain(context: Context, line: readonly string[], key: string): string {
  const again = commandLine(context, [...line, '--idempotency-key', key])
  return line.length > 0 && again === safeText(again) ? again : `the same line with --idempotency-key ${key}`
}

/** Whether a failure tells the outcome: an answer of the house, or that nothing was sent. */
function isKnown(error: unknown): boolean {
  if (error instanceof Interrupted) return error.told === null
  return error instanceof AuctionError && error.code !== 'OUTCOME_UNKNOWN'
}

/** `auction ...` with every word quoted as a POSIX shell needs it, naming the server when it is not the usual one. */
export function commandLine({ globals, io }: Context, words: readonly string[]): string {
  const usual = io.env.AUCTION_SERVER === undefined || io.env.AUCTION_SERVER === '' ? 'http://127.0.0.1:8010' : null
  const server = usual === globals.server ? [] : ['--server', globals.server]
  return ['auction', ...words, ...server].map(quoted).join(' ')
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/**
 * Sends a keyed write; `line` is named as what asks again when its outcome is unknown in the end, or when Ctrl-C comes before
 * it is known.
 */
function naming<T>(
  { io }: Context,
  { what, line }: { what: string; line: string },
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return io.interruption.heeding(async (signal) => {
    try {
      return await send(signal)
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      const { code, message, data, requestId } = error
      if (signal.aborted && code === 'UNREACHABLE') throw new Interrupted()
      if (code !== 'OUTCOME_UNKNOWN') throw error
      const unknown = (sentence: string, advice: string) =>
        new AuctionError(code, sentence, { hint: `${advice}: ${line}`, data, requestId, cause: error })
      if (!signal.aborted) throw unknown(message, 'Ask again, it counts once')
      const sentence = `Interrupted: the outcome of this ${what} is unknown.`
      throw new Interrupted(unknown(sentence, 'Ask again with the same key'))
    }
  })
}
