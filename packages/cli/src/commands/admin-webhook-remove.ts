/** `auction admin webhook-remove ID`: posts nothing more to a webhook. */
import type { Command } from '../command.ts'
import { parseId } from '../input.ts'

export const command: Command = {
  words: '<id>',
  examples: ['admin webhook-remove 1', 'admin webhook-remove 2 --json'],
  run: async (context, { words }) => {
    const id = parseId(words[0] ?? '', 'a webhook')
    await (await context.client()).call('removeWebhook', { params: { id } })
    context.output.done(`Webhook ${id} is removed.`, { answer: { id }, id, values: [String(id)] })
    return 0
  },
}
