/** `auction doctor`: what is wrong here, and the command that mends each thing. */
import { safeText } from '@auction/common/text'
import type { Command } from '../command.ts'
import type { Check } from '../doctor.ts'
import { paint } from '../io.ts'
import type { Column } from '../table.ts'

const columns: readonly Column<Check>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'state', value: ({ state }) => state },
  { title: 'found', value: ({ found }) => found, wide: true },
  { title: 'mend', value: ({ mend }) => mend ?? '' },
]

const signs = { ok: '✓', failed: '✗', skipped: '-' } as const
const shades = { ok: 'green', failed: 'red', skipped: 'dim' } as const

export const command: Command = {
  examples: ['doctor', 'doctor --server https://house.example --json'],
  notes: `It looks at Node, the house and its version, the clock, the file of logins, the login and when it ends, the directory
where keys of bids are kept, the terminal, and the data of a house that is kept here (AUCTION_DATA, or ./.auction).
It ends with 0 when all is well and with 1 when something failed; -q shows only what failed.`,
  run: async (context) => {
    const { examine } = await import('../doctor.ts')
    const { io, output, globals } = context
    const checks = await examine(context)
    const bad = checks.filter(({ state }) => state === 'failed')
    if (io.terminal && !globals.json && !globals.quiet && globals.fields === null) {
      for (const { name, state, found, mend } of checks) {
        io.out(`${paint(io, shades[state], signs[state])} `)
        output.line(`${name}: ${found}`)
        if (mend !== null) io.out(`  mend it: ${safeText(mend)}\n`)
      }
    } else {
      const rest = { answer: { ok: bad.length === 0, items: checks }, id: ({ name }: Check) => name, empty: '' }
      await output.list(columns, globals.quiet ? bad : checks, rest)
    }
    return bad.length === 0 ? 0 : 1
  },
}
