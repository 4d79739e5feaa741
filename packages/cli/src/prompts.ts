/** Questions to a person, on stderr; and secrets that a script gives on stdin. */
import type { Readable } from 'node:stream'
import { AuctionError } from '@auction/common/errors'
import { Escaped, Interrupted } from './interruption.ts'
import type { Io } from './io.ts'

export interface Prompts {
  text(question: string): Promise<string>
  /** Esc leaves this one too: throws Escaped. */
  password(question: string): Promise<string>
  confirm(question: string): Promise<boolean>
}

/** Prompts on a terminal; one left by Ctrl-C or a signal throws Interrupted. Throws `otherwise` when there is nobody to ask. */
export async function createPrompts(io: Io, interactive: boolean, otherwise: AuctionError): Promise<Prompts> {
  if (!interactive) throw otherwise
  const { confirm, input, password } = await import('@inquirer/prompts')
  const streams = { input: io.stdin, output: io.stderr }
  type Streams = typeof streams & { signal: AbortSignal }
  // After Ctrl-Z and fg readline leaves its input paused, and whoever asks the question is to go on.
  const resume = () => setImmediate(() => io.stdin.resume())
  const ask = async <T>(question: (context: Streams) => Promise<T>): Promise<T> => {
    process.on('SIGCONT', resume)
    try {
      return await io.interruption.heeding((signal) => question({ ...streams, signal }))
    } catch (error) {
      throw error instanceof Error && /^(ExitPrompt|AbortPrompt)Error$/.test(error.name) ? new Interrupted() : error
    } finally {
      process.off('SIGCONT', resume)
    }
  }
  return {
    text: (message) => ask((context) => input({ message }, context)),
    password: async (message) => {
      const escaped = new AbortController()
      const heed = (_text: string, { name }: { name?: string }) => name === 'escape' && escaped.abort()
      io.stdin.on('keypress', heed)
      try {
        return await ask((context) => {
          const signal = AbortSignal.any([context.signal, escaped.signal])
          return password({ message, mask: '*' }, { ...context, signal })
        })
      } catch (error) {
        throw escaped.signal.aborted ? new Escaped() : error
      } finally {
        io.stdin.off('keypress', heed)
      }
    },
    confirm: (message) => ask((context) => confirm({ message, default: false }, context)),
  }
}

/** Longest line taken for a secret. */
const SECRET_BYTES = 4_096

/** The first line of stdin, without its end; stops reading there, so that a pipe held open does not matter. */
export function readSecretLine(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (): void => {
      stdin.removeAllListeners('data')
      stdin.destroy()
      const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/)
      if (line === '')
        reject(
          new AuctionError('USAGE', 'No password arrived on stdin.', {
            hint: 'Give it as one line: ... --password-stdin < FILE',
          }),
        )
      else resolve(line)
    }
    stdin.on('data', (chunk: Buffer | string) => {
      const bytes = Buffer.from(chunk)
      chunks.push(bytes)
      size += bytes.length
      if (bytes.includes(0x0a) || size > SECRET_BYTES) finish()
    })
    stdin.on('end', finish)
    stdin.on('error', reject)
  })
}
