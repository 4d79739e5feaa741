/** `auction wallet log`: every movement of one's money. */
import { entryColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

export const command: Command = {
  options: [limitOption],
  examples: ['wallet log', 'wallet log --json --limit 1000'],
  notes: 'Newest first. "from" and "to" are accounts: yours is available or held; world is outside the house.',
  run: async (context, input) => {
    const client = await context.client()
    const page = await collect(input, async (query) => {
      const { entries, next } = await client.call('ledger', { query })
      return { items: entries, next }
    })
    const answer = { entries: page.items, next: page.next }
    const rest = { answer, id: (entry: { id: number }) => entry.id, empty: 'No money has moved yet.' }
    await context.output.list(entryColumns(context.output), page.items, rest)
    noteMore(context, page)
    return 0
  },
}
