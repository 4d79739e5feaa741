/** `auction admin users`: every account. */
import { userColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import { collect, limitOption, noteMore } from '../pages.ts'

export const command: Command = {
  options: [limitOption],
  examples: ['admin users', 'admin users --json'],
  run: async (context, input) => {
    const client = await context.client()
    const page = await collect(input, (query) => client.call('users', { query }))
    const rest = { answer: page, id: (user: { id: number }) => user.id, empty: 'Nobody has signed up.' }
    await context.output.list(userColumns(context.output), page.items, rest)
    noteMore(context, page)
    return 0
  },
}
