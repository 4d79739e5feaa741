/** `auction serve`: runs a house in this process, where the server is installed. */
import type { Command, Input } from '../command.ts'
import { usage } from '../input.ts'
import { loadServer, type ServeFlags } from '../server-package.ts'

export const command: Command = {
  chooses: 'nothing',
  options: [
    ['--port <port>', 'port to listen on (AUCTION_PORT; 8010)'],
    ['--host <host>', 'address to listen on (AUCTION_HOST; 127.0.0.1)'],
    ['--data <directory>', 'where everything is kept (AUCTION_DATA)'],
    ['--check', 'look at the configuration and end'],
    ['--demo', 'a house of goods to try every command on, for as long as it runs'],
  ],
  examples: ['serve --demo', 'serve --data ./house', 'serve --data ./house --port 9000 --check'],
  notes: `More is set in the environment; README.md lists it all. It goes on until Ctrl-C or SIGTERM, and then ends what it has begun.
A demo heeds of it only the port and the log level. Its data is in a temporary directory that is removed at the end, or kept
in one of its own: --demo --data DIRECTORY. It says how to log in; everybody knows its passwords, so leave it on 127.0.0.1.`,
  run: async ({ output }, input) => {
    if (input.flag('demo')) return serveDemo(input)
    const { check, serve } = await loadServer()
    if (!input.flag('check')) return serve({ flags: flagsOf(input) })
    await check(flagsOf(input))
    const right = 'The configuration is right.'
    output.done(right, { answer: { ok: true }, id: null, values: [right] })
    return 0
  },
}

function flagsOf({ option }: Input): ServeFlags {
  const values = { port: option('port'), host: option('host'), data: option('data') }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

async function serveDemo(input: Input): Promise<number> {
  if (input.flag('check')) throw usage('--check looks at a house of your own; leave --demo away.')
  const { emptyDirectory } = await import('../demo/directory.ts')
  const data = input.option('data')
  if (data !== undefined) emptyDirectory(data, `To go on with what is there: auction serve --data ${data}`)
  const { serve } = await loadServer()
  const { furnish } = await import('../demo/house.ts')
  return serve({ flags: flagsOf(input), furnish })
}
