/** `auction admin claim CODE`: makes the account in use the house. */
import type { Command } from '../command.ts'

export const command: Command = {
  words: '<code>',
  examples: ['admin claim K7Q2-9XWM', 'admin claim K7Q2-9XWM --json'],
  notes: 'The server prints the code whenever it starts, until the house is claimed.',
  run: async (context, { words }) => {
    const user = await (await context.client()).call('claimHouse', { body: { code: words[0] } })
    context.output.done(`${user.nick} is the house now.`, {
      answer: user,
      id: user.id,
      values: [String(user.id), user.nick, user.role],
    })
    return 0
  },
}
