/** `auction sales`: the goods one sells and has sold. */
import { goodColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

export const command: Command = {
  options: [limitOption],
  examples: ['sales', 'sales --json --limit 100'],
  run: async (context, input) => {
    const client = await context.client()
    const page = await collect(input, (query) =>
      client.call('mySales', { query: { status: 'all', sort: 'new', ...query } }),
    )
    const rest = {
      answer: page,
      id: (good: { id: number }) => good.id,
      empty: 'You have listed nothing yet: auction sell NAME --start A --ends-in 24h',
    }
    await context.output.list(goodColumns(context.output), page.items, rest)
    noteMore(context, page)
    return 0
  },
}
