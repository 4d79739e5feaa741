/** `auction admin webhooks`: the programs that the house posts its log to, and how they fare. */
import type { Webhook } from '@auction/common/answers'
import type { Command } from '../command.ts'
import type { Column } from '../table.ts'

export const command: Command = {
  examples: ['admin webhooks', 'admin webhooks --json'],
  run: async (context) => {
    const { output } = context
    const page = await (await context.client()).call('webhooks')
    const stateOf = ({ enabled, failures }: Webhook) => (!enabled ? 'off' : failures > 0 ? 'failing' : 'well')
    const columns: readonly Column<Webhook>[] = [
      { title: 'id', value: (hook) => String(hook.id), right: true },
      { title: 'url', value: (hook) => hook.url, wide: true },
      {
        title: 'good',
        value: (hook) => String(hook.goodId ?? ''),
        cell: (hook) => String(hook.goodId ?? 'all'),
        right: true,
      },
      { title: 'state', value: stateOf, colour: (hook) => (stateOf(hook) === 'well' ? 'green' : 'red') },
      { title: 'failures', value: (hook) => String(hook.failures), right: true, spare: true },
      { title: 'fault', value: (hook) => hook.fault ?? '', wide: true },
      {
        title: 'next try',
        value: (hook) => hook.nextTryAt ?? '',
        cell: (hook) => (hook.nextTryAt === null ? '–' : output.when(hook.nextTryAt)),
      },
    ]
    await output.list(columns, page.items, { answer: page, id: (hook) => hook.id, empty: 'There are no webhooks.' })
    return 0
  },
}
