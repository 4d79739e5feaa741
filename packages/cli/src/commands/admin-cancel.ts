/** `auction admin cancel <id> | --bid BID-ID`: the house cancels a good, or one bid, with a reason that everyone sees. */
import type { Command } from '../command.ts'
import { confirmWithBids } from '../confirmation.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId, usage } from '../input.ts'
import { givenKey, keyOption } from '../keyed.ts'
import { once } from '../rerun.ts'
import { standingLine } from '../wording.ts'

export const command: Command = {
  words: '[id]',
  options: [
    ['--bid <bid-id>', 'cancel this bid instead of a good'],
    ['--reason <text>', 'needed: why, up to 200 characters; everyone sees it'],
    keyOption('a cancellation'),
  ],
  examples: ['admin cancel 18 --reason "Not what it claims to be"', 'admin cancel --bid 2 --reason "Bid by mistake"'],
  notes: `A good with bids asks, or needs --yes; all that is held for it is free again at once.
When a bid goes, the best of the others leads, at a price that may be lower. "auction bids 1" lists the ids of bids.`,
  run: async (context, input) => {
    const [word, reason, bid] = [input.words[0], input.option('reason'), input.option('bid')]
    if ((word === undefined) === (bid === undefined))
      throw usage('Name a good, or a bid with --bid: one of them.', 'auction admin cancel 42 --reason TEXT')
    if (reason === undefined) throw usage('A reason is needed; everyone sees it: --reason TEXT.')
    const id = bid === undefined ? parseId(word ?? '') : parseId(bid, 'a bid')
    const client = await context.client()
    const words = ['admin', 'cancel', ...(bid === undefined ? [String(id)] : ['--bid', bid]), '--reason', reason]
    const view = await once(context, {
      what: 'cancellation',
      words,
      key: givenKey(input),
      prepare: async () => {
        if (bid === undefined) await confirmWithBids(context, await client.call('good', { params: { id } }))
        return { call: { params: { id }, body: { reason } }, line: [...words, '--yes'] }
      },
      send: (call) =>
        bid === undefined ? explained(id, () => client.call('cancelByHouse', call)) : client.call('cancelBid', call),
    })
    const bidGone = `Bid ${id} is cancelled. Good ${view.id}, ${view.name}: ${standingLine(view)}.`
    return tellGood(context, bid === undefined ? `Good ${id}, ${view.name}, is cancelled.` : bidGone, view)
  },
}
