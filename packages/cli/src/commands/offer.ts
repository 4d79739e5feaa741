/** `auction offer <id> --for 3d`: a second chance for the highest bidder of a good whose reserve was not met. */
import type { Command } from '../command.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseDurationMs, parseId, usage } from '../input.ts'
import { givenKey, keyOption } from '../keyed.ts'
import { once } from '../rerun.ts'
import { pay } from '../wording.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export const command: Command = {
  words: '<id>',
  options: [['--for <duration>', 'needed: how long the offer stands, 1d to 7d'], keyOption('an offer')],
  examples: ['offer 12 --for 3d', 'offer 14 --for 36h --json'],
  notes: `Makes a new good that only the highest bidder may buy, at the last price: auction buy <new id>. Nobody pays
before saying yes. "auction relist" lists it for everyone instead.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const span = input.option('for')
    if (span === undefined) throw usage('Say how long the offer stands: --for 3d.')
    const endsInMs = await parseDurationMs(span)
    if (endsInMs < DAY_MS || endsInMs > 7 * DAY_MS) throw usage(`--for takes 1d to 7d, not "${span}".`)
    const client = await context.client()
    const words = ['offer', String(id), '--for', span]
    const view = await once(context, {
      what: 'offer',
      words,
      key: givenKey(input),
      prepare: async () => ({ call: { params: { id }, body: { endsInMs } }, line: words }),
      send: (call) => explained(id, () => client.call('offer', call)),
    })
    const who = view.offeredTo?.nick ?? 'the highest bidder'
    const line = `Good ${view.id}, ${view.name}, is offered to ${who} alone for ${pay(view.startPrice)}. The offer ends ${context.output.when(view.endsAt)}.`
    return tellGood(context, line, view)
  },
}
