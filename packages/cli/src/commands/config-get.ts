/** `auction config get <name>`: one setting as it is in effect. */
import type { Command } from '../command.ts'
import { parseSetting, settingNames, settingOf } from '../settings.ts'

export const command: Command = {
  words: '<name>',
  choices: settingNames,
  examples: ['config get server', 'config get pager --json'],
  run: async ({ io, output }, { words }) => {
    const name = parseSetting(words[0] ?? '')
    const { value, from } = settingOf(io.env, name)
    output.done(value, { answer: { name, value, from }, id: value, values: [value] })
    return 0
  },
}
