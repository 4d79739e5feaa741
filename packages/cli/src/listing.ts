/** What only the first event of a good's log tells: the terms it was listed with. */
import { eventData } from '@auction/common/events'
import type { Client } from './client.ts'

const { increment, premiumBp } = eventData.listed.shape

/** The increments and the buyer's premium; undefined where the log does not tell. */
export async function listingOf(client: Client, id: number) {
  const { items } = await client.call('events', { params: { id }, query: { since: 0, limit: 1 } })
  const data = items.find(({ type }) => type === 'listed')?.data
  return { increment: increment.safeParse(data?.increment).data, premiumBp: premiumBp.safeParse(data?.premiumBp).data }
}

/** The buyer's premium in basis points; 0 where the log does not tell. */
export async function premiumOf(client: Client, id: number): Promise<number> {
  return (await listingOf(client, id)).premiumBp ?? 0
}
