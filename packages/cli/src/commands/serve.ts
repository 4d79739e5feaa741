/** `auction serve`: runs a house in this process, where the server is installed. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'

export const command: Command = {
  options: [
    ['--port <port>', 'port to listen on (AUCTION_PORT; 8010)'],
    ['--host <host>', 'address to listen on (AUCTION_HOST; 127.0.0.1)'],
    ['--data <directory>', 'where everything is kept (AUCTION_DATA)'],
    ['--check', 'look at the configuration and end'],
  ],
  examples: ['serve --data ./house', 'serve --data ./house --port 9000 --check'],
  notes: 'More is set in the environment; see docs/reference.',
  run: async (_context, { option, flag }) => {
    const values = { port: option('port'), host: option('host'), data: option('data') }
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
    const serve = await loadServe()
    return serve({ flags: { ...given, ...(flag('check') && { check: true }) } })
  },
}

interface Flags {
  port?: string
  host?: string
  data?: string
  check?: boolean
}

/** The server is another package, which need not be there: named so that neither compiler nor bundler reaches for it. */
async function loadServe(): Promise<(options: { flags: Flags }) => Promise<number>> {
  const name: string = '@auction/server/main'
  const loaded: unknown = await import(name).catch((cause: unknown) => {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
    if (!missing || !cause.message.includes('@auction/server')) throw cause
    throw new AuctionError('FAILED', 'The server is not installed here.', {
      hint: 'Install @auction/server beside this program.',
      cause,
    })
  })
  if (isServer(loaded)) return loaded.serve
  throw new AuctionError('FAILED', 'The server installed here is of another version.', {
    hint: 'Install the same version of both.',
  })
}

function isServer(loaded: unknown): loaded is { serve(options: { flags: Flags }): Promise<number> } {
  return loaded !== null && typeof loaded === 'object' && 'serve' in loaded && typeof loaded.serve === 'function'
}
