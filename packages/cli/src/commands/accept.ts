/** `auction accept <id>`: sells a good of one's own to the highest bidder now. */
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import type { Command } from '../command.ts'
import { confirm } from '../confirmation.ts'
import type { Context } from '../context.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId } from '../input.ts'
import { givenKey, keyOption } from '../keyed.ts'
import { once } from '../rerun.ts'
import { pay, standingLine } from '../wording.ts'

export const command: Command = {
  words: '<id>',
  options: [keyOption('a sale')],
  examples: ['accept 7', 'accept 8 --yes --json'],
  notes: `Asks, or needs --yes: it ends the sale at the price there is. Refused while the reserve is not met, and in the
last 12 h (of a short sale: its second half), when it is sold at its end.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const client = await context.client()
    const words = ['accept', String(id)]
    const view = await once(context, {
      what: 'sale',
      words,
      key: givenKey(input),
      prepare: async () => {
        await confirmSale(context, await client.call('good', { params: { id } }))
        return { call: { params: { id } }, line: [...words, '--yes'] }
      },
      send: (call) => explained(id, () => client.call('acceptBid', call)),
    })
    return tellGood(context, `Good ${id}, ${view.name}: ${standingLine(view)}.`, view)
  },
}

async function confirmSale(context: Context, { id, name, status, leader, price }: GoodView): Promise<void> {
  if (status !== 'open') return
  if (leader === null)
    throw new AuctionError('CONFLICT', `Nobody has bid on good ${id}.`, { hint: `End it: auction cancel ${id}` })
  await confirm(context, {
    sentence: `Good ${id}, ${name}, goes to ${leader.nick} for ${pay(price)}.`,
    question: 'Sell it now?',
    instead: `It is sold at its end; look at it: auction show ${id}`,
  })
}
