/** `auction config set <name> [value]`: keeps a setting, or goes back to the default. */
import type { Command } from '../command.ts'
import { choicesOf, keepSetting, parseSetting, rules, settingNames, settingOf, settingsPath } from '../settings.ts'

const meanings = settingNames.map((name) => `  ${name.padEnd(14)}${rules[name].meaning}`).join('\n')

export const command: Command = {
  words: '<name> [value]',
  choices: settingNames,
  choicesAfter: choicesOf,
  examples: ['config set server https://house.example', 'config set pager off', 'config set utc'],
  notes: `Without a value it goes back to the default. The settings:\n${meanings}`,
  run: async ({ io, output }, { words }) => {
    const name = parseSetting(words[0] ?? '')
    await keepSetting(io.env, name, words[1] ?? null)
    const { value, from } = settingOf(io.env, name)
    if (from !== 'config' && from !== 'default') output.note(`${from} is set and still beats it.`)
    const line = `${name} is ${value} (${from === 'config' ? settingsPath(io.env) : from})`
    output.done(line, { answer: { name, value, from }, id: value, values: [name, value, from] })
    return 0
  },
}
