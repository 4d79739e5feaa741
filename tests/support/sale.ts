/** What the tests of one sale say again and again: calls on a good, how it stands, what a refusal looks like. */
import { expect } from 'vitest'
import type { Answer, House, Json, Member } from './house.ts'

export const HOUR_MS = 60 * 60_000
export const DAY_MS = 24 * HOUR_MS

export const usd = (amount: number) => ({ amount, currency: 'USD' })

/** A refusal as the wire has it: its status, its code, its data, with words for a person. */
export const problem = (status: number, code: string, data: Json = {}) => ({
  status,
  body: {
    type: `urn:auction:error:${code}`,
    status,
    code,
    ...data,
    detail: expect.any(String),
    hint: expect.any(String),
  },
})

export const viewOf = async (house: House, good: { id: number }): Promise<Json> =>
  (await house.anyone.get(`/v1/goods/${good.id}`)).body
export const eventsOf = async (house: House, good: { id: number }): Promise<Json[]> =>
  (await house.anyone.get(`/v1/goods/${good.id}/events`)).body.items
export const typesOf = async (house: House, good: { id: number }): Promise<string[]> =>
  (await eventsOf(house, good)).map(({ type }) => type)

/** Whole amounts of a wallet, and the holds by good. */
export async function walletOf(person: Member): Promise<{ balance: number; available: number; held: number }> {
  const { balance, available, held, holds } = (await person.get('/v1/me/wallet')).body
  expect(holds.reduce((sum: number, { amount }: Json) => sum + amount.amount, 0)).toBe(held.amount)
  return { balance: balance.amount, available: available.amount, held: held.amount }
}

/** Everything of the books that a refused call must leave alone. */
export async function booksOf(house: House): Promise<Json> {
  const counts = ['events', 'entries', 'goods', 'bids', 'users', 'keys'].map(
    (table) => `(select count(*) from ${table}) as ${table}`,
  )
  return house.query(`select ${counts.join(', ')}, (select sum(abs(balance)) from accounts) as money`)
}

/** Somebody who has claimed the house. */
export async function keeperOf(house: House): Promise<Member> {
  const keeper = await house.member('keeper')
  expect((await keeper.post('/v1/admin/house', { code: house.houseCode })).status).toBe(200)
  return keeper
}

const keyed = (key?: string): Record<string, string> => (key === undefined ? {} : { 'idempotency-key': key })

export const buy = (by: Member, good: Json, key?: string): Promise<Answer> =>
  by.post(`/v1/goods/${good.id}/purchase`, undefined, keyed(key))
export const retract = (by: Member, good: Json, bidId: number, reason: unknown = 'typo', key?: string) =>
  by.send('DELETE', `/v1/goods/${good.id}/bids/${bidId}`, { reason }, keyed(key))
export const edit = (by: Member, good: Json, changes: Json, key?: string) =>
  by.send('PATCH', `/v1/goods/${good.id}`, changes, keyed(key))
export const cancel = (by: Member, good: Json, reason?: unknown, key?: string) =>
  by.send('DELETE', `/v1/goods/${good.id}`, reason === undefined ? {} : { reason }, keyed(key))
export const accept = (by: Member, good: Json, key?: string) =>
  by.post(`/v1/goods/${good.id}/sale`, undefined, keyed(key))
export const relist = (by: Member, good: Json, terms: Json = { endsInMs: HOUR_MS }, key?: string) =>
  by.post(`/v1/goods/${good.id}/relist`, terms, keyed(key))
export const offer = (by: Member, good: Json, endsInMs: unknown = DAY_MS, key?: string) =>
  by.post(`/v1/goods/${good.id}/offers`, { endsInMs }, keyed(key))
