/** `auction won`: the goods one has won. */
import { goodColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

export const command: Command = {
  options: [limitOption],
  examples: ['won', 'won --json'],
  run: async (context, input) => {
    const client = await context.client()
    const page = await collect(input, (query) => client.call('myWon', { query }))
    const rest = { answer: page, id: (good: { id: number }) => good.id, empty: 'You have won nothing yet.' }
    await context.output.list(goodColumns(context.output), page.items, rest)
    noteMore(context, page)
    return 0
  },
}
