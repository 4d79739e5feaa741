/** `auction admin audit`: the books recomputed from the log; what differs, and 1, when something does. */
import type { Answer } from '../client.ts'
import type { Command } from '../command.ts'
import type { Column } from '../table.ts'

type Difference = Answer<'audit'>['differences'][number]

/** A house with millions of events takes minutes. */
const PATIENCE_MS = 10 * 60_000

const columns: readonly Column<Difference>[] = [
  { title: 'what', value: ({ what }) => what },
  { title: 'expected', value: ({ expected }) => expected, wide: true },
  { title: 'found', value: ({ found }) => found, wide: true },
]

/** What no recomputation can find. */
const unseen = 'Deposits and withdrawals stand in no log: compare them with what was paid in and out.'

export const command: Command = {
  examples: ['admin audit', 'admin audit --json'],
  notes: `Every price, leader, hold and entry of a good is recomputed from its log, every balance from the entries; nothing is changed.
${unseen} It looks neither at who may log in nor at chat.
It ends with 0 when the books are right and with 1 when they are not. While they are wrong when a server starts,
it opens its house read-only.`,
  run: async ({ client, io, output }) => {
    const answer = await (await client()).call('audit', { patienceMs: PATIENCE_MS })
    const { ok, checked, differences } = answer
    if (!ok || output.modes.json || output.modes.quiet)
      await output.list(columns, differences, { answer, id: ({ what }) => what, empty: '' })
    else if (io.terminal) {
      const { goods, events, entries, accounts } = checked
      output.line(
        `The books are right: ${goods} ${goods === 1 ? 'good' : 'goods'}, ${events} events, ${entries} entries and ${accounts} accounts recomputed.`,
      )
      output.line(unseen)
    }
    return ok ? 0 : 1
  },
}
