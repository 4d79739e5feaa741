/** `auction auth status`: whether the login works, where it is kept, until when. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'
import type { Fact } from '../output.ts'

export const command: Command = {
  examples: ['auth status', 'auth status --json'],
  notes: 'Exits with 4 when nobody is logged in, or the house no longer takes the token.',
  run: async (context) => {
    const { server } = context.globals
    const held = await context.token()
    if (!held) throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${server}.`)
    const user = await (await context.client()).call('me')
    const credentials = await context.credentials()
    const expiresAt = held.from === 'file' ? (credentials.read(server)?.expiresAt ?? null) : null
    const from = held.from === 'file' ? credentials.path : 'AUCTION_TOKEN'
    const facts: Fact[] = [
      ['server', server],
      ['nick', user.nick],
      ['role', user.role],
      ['token', `from ${from}`, from],
      ['expires', expiresAt === null ? '' : context.output.when(expiresAt), expiresAt ?? ''],
    ]
    context.output.facts(facts, { answer: { server, user, token: { from, expiresAt } }, id: user.nick })
    return 0
  },
}
