/** A good's public log from its house, page by page: as it was when it was asked for. */
import type { LoggedEvent } from '@auction/common/events'
import type { Answer, Client } from './client.ts'

/**
 * The log of `good` up to the event with which the house showed it. While the good was open then, nothing is opened, though it
 * may have ended since. Strings are as they came: make them harmless before they are shown.
 */
export async function* readLog(
  client: Client,
  { id, seq, status }: Pick<Answer<'good'>, 'id' | 'seq' | 'status'>,
): AsyncGenerator<LoggedEvent[]> {
  for (let since = 0; since < seq; ) {
    const { items } = await client.call('log', { params: { id }, query: { since }, raw: true })
    const page = items.filter((event) => event.seq <= seq) as LoggedEvent[]
    yield status === 'open' ? page.map(({ opened: _, ...event }) => event) : page
    const last = items.at(-1)?.seq ?? since
    if (last <= since) return
    since = last
  }
}
