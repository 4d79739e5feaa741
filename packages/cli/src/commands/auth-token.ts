/** `auction auth token`: the token in use, for a script. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'

export const command: Command = {
  examples: ['auth token', 'auth token --server https://house.example'],
  notes: 'Whoever has the token can bid as you. Give it to a script in AUCTION_TOKEN.',
  run: async (context) => {
    const held = await context.token()
    if (!held) throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${context.globals.server}.`)
    context.output.done(held.token, { answer: { token: held.token }, id: held.token, values: [held.token] })
    return 0
  },
}
