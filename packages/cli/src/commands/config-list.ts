/** `auction config list`: every setting, its value, and who says so. */
import type { Command } from '../command.ts'
import { rules, type Setting, settingNames, settingOf } from '../settings.ts'
import type { Column } from '../table.ts'

interface Row {
  readonly name: Setting
  readonly value: string
  readonly from: string
}

const columns: readonly Column<Row>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'value', value: ({ value }) => value, wide: true },
  { title: 'from', value: ({ from }) => from },
  { title: 'meaning', value: ({ name }) => rules[name].meaning, spare: true },
]

export const command: Command = {
  examples: ['config list', 'config list --json'],
  notes: `Flags beat the environment, which beats the file, which beats the default.
The file is auction/config.json under XDG_CONFIG_HOME (usually ~/.config).`,
  run: async ({ io, output }) => {
    const items = settingNames.map((name) => ({ name, ...settingOf(io.env, name) }))
    await output.list(columns, items, { answer: { items, next: null }, id: ({ name }) => name, empty: '' })
    return 0
  },
}
