/** `auction notifications --follow`: what the house tells everyone, as it happens. */
import type { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { usage } from '../input.ts'
import { moneyIn, nickIn, plainPay, sentence } from '../wording.ts'

export const command: Command = {
  chooses: 'json',
  options: [['--follow', 'needed, as they are known only as they happen; Ctrl-C ends it']],
  examples: ['notifications --follow', 'notifications --follow --json'],
  notes: 'A pipe gets: time, type, good, name, person, amount, currency. --json prints one object a line.',
  run: async (context, { flag }) => {
    if (!flag('follow')) throw usage('Notifications are only known as they happen; add --follow.')
    const client = await context.client()
    await client.call('live')
    const { followHouse } = await import('../follow.ts')
    context.io.heedReader()
    return new Promise<number>((_resolve, reject) => {
      const feed = followHouse({
        client,
        onEvent: (event) => tell(context, event),
        onConnection: ({ state }) => context.output.note(`Connection: ${state}.`),
        onError: (error: AuctionError) => {
          feed.close()
          reject(error)
        },
      })
    })
  },
}

function tell({ output, io, globals }: Context, event: FeedEvent): void {
  const { seq, type, at, goodId, data } = event
  if (globals.json) output.json({ v: 1, type, seq, at, goodId, data })
  else if (globals.quiet) output.line(String(goodId))
  else if (io.terminal) output.line(sentence(event))
  else {
    const amount = moneyIn(data, 'price') ?? moneyIn(data, 'startPrice')
    const person = data.winner ? nickIn(data, 'winner') : data.owner ? nickIn(data, 'owner') : ''
    const name = typeof data.name === 'string' ? data.name : ''
    output.values([at, type, String(goodId), name, person, plainPay(amount), amount?.currency ?? ''])
  }
}
