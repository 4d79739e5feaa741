/** `auction admin deposit USER AMOUNT`: brings money in for a user, once. */

import type { User } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { Client } from '../client.ts'
import type { Command } from '../command.ts'
import { parseKey, parsePay } from '../input.ts'
import { once } from '../rerun.ts'
import { pay, plainPay } from '../wording.ts'

/** Pages of users looked through for a nick. */
const MOST_PAGES = 100

export const command: Command = {
  words: '<user> <amount>',
  options: [['--idempotency-key <key>', 'send a deposit again whose outcome is unknown']],
  examples: ['admin deposit mila 500', 'admin deposit 7 1280.50'],
  notes: 'The user is a nick or an id.',
  run: async (context, { words, option }) => {
    const [who = '', text = ''] = words
    const given = option('idempotencyKey')
    const client = await context.client()
    const { id, answer } = await once(context, {
      what: 'deposit',
      words: ['admin', 'deposit', who, text],
      key: given === undefined ? null : parseKey(given),
      prepare: async () => {
        const { currency } = (await client.call('wallet')).balance
        const amount = parsePay(text, currency)
        const id = await userId(client, who)
        return { call: { params: { id }, body: { amount } }, line: ['admin', 'deposit', String(id), text] }
      },
      send: async (call) => ({ id: call.params.id, answer: await client.call('deposit', call) }),
    })
    const { entry, wallet, replayed } = answer
    const sentence = `${pay(entry.amount)} brought in for user ${id}${replayed ? ' (by an earlier try)' : ''}; ${pay(wallet.available)} available.`
    const values = [String(entry.id), plainPay(entry.amount), entry.amount.currency, plainPay(wallet.available)]
    context.output.done(sentence, { answer, id: entry.id, values })
    return 0
  },
}

async function userId(client: Client, who: string): Promise<number> {
  if (/^[1-9][0-9]{0,14}$/.test(who)) return Number(who)
  const same = (nick: string): boolean => nick.normalize('NFKC').toLowerCase() === who.normalize('NFKC').toLowerCase()
  let cursor: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next }: { items: User[]; next: string | null } = await client.call('users', {
      query: { limit: 100, cursor },
    })
    const found = items.find(({ nick }) => same(nick))
    if (found) return found.id
    if (next === null) break
    cursor = next
  }
  throw new AuctionError('NOT_FOUND', `There is no user "${who}".`, { hint: 'See who there is: auction admin users' })
}
