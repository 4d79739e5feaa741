/** `auction retract <bid-id> --reason R`: takes a bid of one's own back. */
import type { OwnBid } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { retractionReasons } from '@auction/common/good'
import type { GoodView } from '@auction/common/view'
import type { Answer, Client } from '../client.ts'
import type { Command } from '../command.ts'
import { explained, tellGood } from '../good-line.ts'
import { oneOf, parseId, usage } from '../input.ts'
import { givenKey, keyOption } from '../keyed.ts'
import { once } from '../rerun.ts'
import { standingLine } from '../wording.ts'

/** Pages of one's own bids looked through. */
const MOST_PAGES = 100

export const command: Command = {
  words: '<bid-id>',
  options: [
    ['--reason <reason>', `needed: ${retractionReasons.join(', ')}`, retractionReasons],
    keyOption('a retraction'),
  ],
  examples: ['retract 1 --reason typo', 'retract 6 --reason seller_unreachable --json'],
  notes: `"auction bids" lists the ids of your bids. With more than 12 h left (of a short sale: half of it) you may take
any of them back; after that your last one only, for an hour, and none once a bid would move the end.
Everyone sees it in the log.`,
  run: async (context, input) => {
    const bidId = parseId(input.words[0] ?? '', 'a bid')
    const given = input.option('reason')
    if (given === undefined)
      throw usage('A reason is needed.', `Add --reason with one of: ${retractionReasons.join(', ')}.`)
    const reason = oneOf(retractionReasons, '--reason', given)
    const client = await context.client()
    const words = ['retract', String(bidId), '--reason', reason]
    const view = await once(context, {
      what: 'retraction',
      words,
      key: givenKey(input),
      prepare: async () => {
        const { goodId: id } = await ownBid(client, bidId)
        return { call: { params: { id, bidId }, body: { reason } }, line: words }
      },
      send: (call) => explained(call.params.id, () => client.call('retractBid', call)),
    })
    const { id } = view
    const state = `Good ${id}, ${view.name}: ${standingLine(view)}.${ownWords(view)}`
    return tellGood(context, `Bid ${bidId} is taken back. ${state}`, view)
  },
}

async function ownBid(client: Client, bidId: number): Promise<OwnBid> {
  let cursor: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page: Answer<'myBids'> = await client.call('myBids', { query: { limit: 100, cursor } })
    const found = page.items.find(({ id }) => id === bidId)
    if (found) return found
    if (page.next === null || page.items.length === 0) break
    cursor = page.next
  }
  throw new AuctionError('NOT_FOUND', `You have no bid ${bidId}.`, {
    hint: 'See your bids and their ids: auction bids',
  })
}

function ownWords({ you }: GoodView): string {
  if (you?.standing === 'leading') return ' You lead with another bid.'
  return you?.standing === 'outbid' ? ' Your other bids are outbid.' : ''
}
