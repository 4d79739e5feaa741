/** `auction auth switch <nick|server>`: goes on as another account of this house, or at another house. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { parseServer } from '../input.ts'
import { keepSetting } from '../settings.ts'

export const command: Command = {
  words: '<nick|server>',
  examples: [
    'auth switch mila',
    'auth switch https://house.example',
    'auth switch mila --server https://house.example',
  ],
  notes: `A nick is one of those logged in at the house in use; log in once for each: auction login NICK.
A URL becomes the house in use, as auction config set server does. See both: auction auth status --all`,
  run: async (context, { words }) => {
    const [word = ''] = words
    const { io, output } = context
    const [server, nick] = word.includes('://') ? await toServer(context, word) : await toNick(context, word)
    if (io.env.AUCTION_TOKEN) output.note('AUCTION_TOKEN is set and still beats this login.')
    output.done(`Now ${nick} at ${server}.`, { answer: { server, nick }, id: nick, values: [server, nick] })
    return 0
  },
}

async function toServer(context: Context, url: string): Promise<[string, string]> {
  const { io, output } = context
  const server = parseServer(url)
  const login = (await context.credentials()).read(server)
  if (!login)
    throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${server}.`, {
      hint: `Log in there: auction login --server ${server}`,
    })
  await keepSetting(io.env, 'server', server)
  if (io.env.AUCTION_SERVER) output.note('AUCTION_SERVER is set and still beats this server.')
  return [server, login.nick]
}

async function toNick(context: Context, nick: string): Promise<[string, string]> {
  const { server } = context.globals
  const credentials = await context.credentials()
  if (await credentials.choose(server, nick)) return [server, nick]
  const nicks = credentials.all().flatMap((each) => (each.server === server ? [each.login.nick] : []))
  const there = nicks.length === 0 ? 'nobody is' : nicks.length === 1 ? `${nicks[0]} is` : `${nicks.join(', ')} are`
  throw new AuctionError('UNAUTHENTICATED', `${nick} is not logged in at ${server}; ${there}.`, {
    hint: `Log in: auction login ${nick}`,
  })
}
