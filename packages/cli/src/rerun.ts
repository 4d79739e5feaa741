/** The command line that asks again after an outcome that is unknown, ready to be pasted into a shell. */
import { AuctionError } from '@auction/common/errors'
import type { Context } from './context.ts'

/** `auction ...` with every word quoted as a POSIX shell needs it, naming the server when it is not the usual one. */
export function commandLine({ globals, io }: Context, words: readonly string[]): string {
  const usual = io.env.AUCTION_SERVER === undefined || io.env.AUCTION_SERVER === '' ? 'http://127.0.0.1:8010' : null
  const server = usual === globals.server ? [] : ['--server', globals.server]
  return ['auction', ...words, ...server].map(quoted).join(' ')
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** Does `work`; an unknown outcome names `line` as what asks again. */
export async function naming<T>(line: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AuctionError) || error.code !== 'OUTCOME_UNKNOWN') throw error
    const { message, data, requestId } = error
    throw new AuctionError('OUTCOME_UNKNOWN', message, {
      hint: `Ask again, it counts once: ${line}`,
      data,
      requestId,
      cause: error,
    })
  }
}
