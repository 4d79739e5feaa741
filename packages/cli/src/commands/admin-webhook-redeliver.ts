/** `auction admin webhook-redeliver ID --good ID --since SEQ`: posts everything after a place in a good's log once more. */
import type { Command } from '../command.ts'
import { parseId, parseSeq, usage } from '../input.ts'

export const command: Command = {
  words: '<id>',
  options: [
    ['--good <id>', 'needed: the good'],
    ['--since <seq>', 'needed: the last place in its log that need not be sent; 0 sends all'],
  ],
  examples: ['admin webhook-redeliver 1 --good 3 --since 1', 'admin webhook-redeliver 1 --good 3 --since 0'],
  notes: 'A webhook that was switched off after three days of failures is switched on again.',
  run: async (context, { words, option }) => {
    const id = parseId(words[0] ?? '', 'a webhook')
    const [good, place] = [option('good'), option('since')]
    if (good === undefined || place === undefined) throw usage('A redelivery needs --good ID and --since SEQ.')
    const [goodId, since] = [parseId(good), parseSeq(place)]
    const answer = await (await context.client()).call('redeliver', { params: { id }, body: { goodId, since } })
    const sentence = `Webhook ${id} is sent good ${goodId} again, from event ${since + 1} on.`
    context.output.done(sentence, { answer, id, values: [String(id), String(goodId), String(since)] })
    return 0
  },
}
