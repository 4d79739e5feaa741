/** `auction relist <id>`: lists an unsold good again, as a new good. */
import type { Command } from '../command.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId, usage } from '../input.ts'
import { asTyped, givenKey, keyOption, sealed } from '../keyed.ts'
import { once } from '../rerun.ts'
import { againOptions, readTerms } from '../sale-terms.ts'
import { pay } from '../wording.ts'

export const command: Command = {
  words: '<id>',
  options: [['--name <name>', 'what it is called'], ...againOptions, keyOption('a sale')],
  examples: ['relist 11 --ends-in 7d', 'relist 13 --ends-in 24h --start 350 --reserve none'],
  notes: `What is not named stays as it was, the picture too. --reserve and --buy-now take "none". Prints the new id with -q.
Exits with 14 when its outcome is unknown: run the same again, or the line it prints; it is listed once.`,
  run: async (context, input) => {
    const [id, key] = [parseId(input.words[0] ?? ''), givenKey(input)]
    if (input.option('endsIn') === undefined && input.option('endsAt') === undefined)
      throw usage('A sale needs an end: --ends-in DURATION or --ends-at TIME.')
    if (input.option('capacity') === 'none') throw usage('--capacity takes a number here.')
    const client = await context.client()
    const name = input.option('name')
    const body = { ...(name !== undefined && { name }), ...(await readTerms(context, client, input, true)) }
    const view = await explained(id, () =>
      once(context, {
        what: 'sale',
        words: ['relist', sealed(context, id, body)],
        key,
        secret: true,
        prepare: async () => ({ call: { params: { id }, body }, line: asTyped(input, 'relist', command) }),
        send: (call) => client.call('relist', call),
      }),
    )
    const { output, io } = context
    const line = `Listed good ${id} again as good ${view.id}, ${view.name}: starts at ${pay(view.startPrice)}, ends ${output.when(view.endsAt)}.`
    tellGood(context, line, view)
    if (io.terminal) output.note(`Follow it: auction watch ${view.id}`)
    return 0
  },
}
