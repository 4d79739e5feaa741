/** `auction admin jobs`: what the alarms have in their job store. */
import type { Answer } from '../client.ts'
import type { Command } from '../command.ts'
import type { Column } from '../table.ts'

type Job = Answer<'jobs'>['items'][number]

export const command: Command = {
  examples: ['admin jobs', 'admin jobs --json'],
  run: async (context) => {
    const { output } = context
    const page = await (await context.client()).call('jobs')
    const columns: readonly Column<Job>[] = [
      { title: 'id', value: (job) => job.id },
      { title: 'name', value: (job) => job.name, wide: true },
      { title: 'state', value: (job) => job.state },
      {
        title: 'due',
        value: (job) => job.dueAt ?? '',
        cell: (job) => (job.dueAt === null ? '–' : output.when(job.dueAt)),
      },
    ]
    await output.list(columns, page.items, { answer: page, id: (job) => job.id, empty: 'No alarms are set.' })
    return 0
  },
}
