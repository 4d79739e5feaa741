/** The command line that asks again after an outcome that is unknown, ready to be pasted into a shell. */
import { AuctionError } from '@auction/common/errors'
import type { Context } from './context.ts'
import { Interrupted } from './interruption.ts'

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
export function naming<T>(
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
