/** `auction cancel <id>`: ends a sale of one's own without a buyer. */
import { cancellationReasons } from '@auction/common/good'
import type { Command } from '../command.ts'
import { confirmWithBids } from '../confirmation.ts'
import { explained, tellGood } from '../good-line.ts'
import { oneOf, parseId, usage } from '../input.ts'
import { givenKey, keyOption, typed } from '../keyed.ts'
import { once } from '../rerun.ts'

export const command: Command = {
  words: '<id>',
  options: [
    ['--reason <reason>', `needed once there are bids: ${cancellationReasons.join(', ')}`, cancellationReasons],
    keyOption('a cancellation'),
  ],
  examples: ['cancel 9', 'cancel 10 --reason lost_or_broken --yes'],
  notes: `With bids it asks, or needs --yes, and is refused in the last 12 h (of a short sale: its second half).
What was held for the bids is free again at once. Everyone sees the reason.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const given = input.option('reason')
    const reason = given === undefined ? undefined : oneOf(cancellationReasons, '--reason', given)
    const client = await context.client()
    const words = ['cancel', String(id), ...typed({ '--reason': reason })]
    const view = await once(context, {
      what: 'cancellation',
      words,
      key: givenKey(input),
      prepare: async () => {
        const good = await client.call('good', { params: { id } })
        if (good.status === 'open' && good.bidCount > 0 && reason === undefined)
          throw usage(
            `Good ${id} has bids: cancelling it needs a reason.`,
            `Add --reason with one of: ${cancellationReasons.join(', ')}.`,
          )
        await confirmWithBids(context, good)
        return { call: { params: { id }, body: reason === undefined ? {} : { reason } }, line: [...words, '--yes'] }
      },
      send: (call) => explained(id, () => client.call('cancelGood', call)),
    })
    return tellGood(context, `Good ${id}, ${view.name}, is cancelled.`, view)
  },
}
