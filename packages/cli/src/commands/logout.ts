/** `auction logout`: revokes the token and forgets it. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'

export const command: Command = {
  examples: ['logout', 'logout --server https://house.example'],
  notes: 'A token in AUCTION_TOKEN is revoked as well when it is the one in use.',
  run: async (context) => {
    const { server } = context.globals
    const held = await context.token()
    if (!held) throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${server}.`)
    let fault: AuctionError | null = null
    try {
      await (await context.clientAs(held.token)).call('logOut')
    } catch (error) {
      // An expired token is as good as revoked; any other failure leaves it alive, and is told once it is forgotten here.
      if (!(error instanceof AuctionError)) throw error
      if (error.code !== 'UNAUTHENTICATED') fault = error
    }
    if (held.from === 'file') await (await context.credentials()).remove(server)
    if (fault)
      throw new AuctionError(
        fault.code,
        `The token is forgotten here, but the house did not revoke it: ${fault.message}`,
        { cause: fault },
      )
    context.output.done(`Logged out at ${server}.`, { answer: { server }, id: null, values: [server] })
    return 0
  },
}
