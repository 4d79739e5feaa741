/** `auction admin invite`: a code with which one person may sign up. */
import type { Command } from '../command.ts'
import { commandLine } from '../rerun.ts'

export const command: Command = {
  examples: ['admin invite', 'admin invite -q'],
  notes: 'The code lets one person in, once. -q prints it alone; a pipe gets it with its end.',
  run: async (context) => {
    const { output, io } = context
    const invite = await (await context.client()).call('invite')
    const { code, expiresAt } = invite
    output.done(`${code} (ends ${output.when(expiresAt)})`, { answer: invite, id: code, values: [code, expiresAt] })
    if (io.terminal) output.note(`Give the person this line: ${commandLine(context, ['signup', '--invite', code])}`)
    return 0
  },
}
