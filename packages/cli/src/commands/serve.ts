/** `auction serve`: runs a house in this process, where the server is installed. */
import type { Command } from '../command.ts'
import { loadServer } from '../server-package.ts'

export const command: Command = {
  chooses: 'nothing',
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
    const { serve } = await loadServer()
    return serve({ flags: { ...given, ...(flag('check') && { check: true }) } })
  },
}
