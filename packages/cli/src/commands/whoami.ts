/** `auction whoami`: the account of the token in use. */
import type { Command } from '../command.ts'

export const command: Command = {
  examples: ['whoami', 'whoami --json'],
  run: async (context) => {
    const user = await (await context.client()).call('me')
    const line = user.role === 'house' ? `${user.nick}, the house` : user.nick
    context.output.done(line, { answer: user, id: user.nick, values: [user.nick] })
    return 0
  },
}
