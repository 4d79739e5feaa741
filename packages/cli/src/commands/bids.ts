/** `auction bids [<id>]`: one's own bids, or those of a good. */
import { bidColumns, ownBidColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { parseId } from '../input.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

export const command: Command = {
  words: '[id]',
  options: [limitOption],
  examples: ['bids', 'bids 1'],
  run: async (context, input) => {
    const { output } = context
    const client = await context.client()
    const id = (bid: { id: number }): number => bid.id
    if (input.words[0] === undefined) {
      const page = await collect(input, (query) => client.call('myBids', { query }))
      await output.list(ownBidColumns(output), page.items, { answer: page, id, empty: 'You have not bid yet.' })
      noteMore(context, page)
      return 0
    }
    const params = { id: parseId(input.words[0]) }
    const page = await collect(input, (query) => client.call('bids', { params, query }))
    await output.list(bidColumns(output), page.items, { answer: page, id, empty: 'No bids yet.' })
    noteMore(context, page)
    return 0
  },
}
