/** What bringing money in and paying it out share: the user by nick or id, the amount, the key, the words. */
import type { User } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { Client } from './client.ts'
import type { Command } from './command.ts'
import { parsePay } from './input.ts'
import { givenKey, keyOption } from './keyed.ts'
import { once } from './rerun.ts'
import { pay, plainPay } from './wording.ts'

/** Pages of users looked through for a nick. */
const MOST_PAGES = 100

/** The command that moves money for a user; `done` says of the amount what happened to it. */
export function movementCommand(name: 'deposit' | 'withdraw', done: string, notes: string): Command {
  return {
    words: '<user> <amount>',
    options: [keyOption(name === 'deposit' ? 'a deposit' : 'a withdrawal')],
    examples: [`admin ${name} mila 500`, `admin ${name} 7 1280.50`],
    notes: `The user is a nick or an id. ${notes}`,
    run: async (context, input) => {
      const [who = '', text = ''] = input.words
      const client = await context.client()
      const { id, answer } = await once(context, {
        what: name === 'deposit' ? 'deposit' : 'withdrawal',
        words: ['admin', name, who, text],
        key: givenKey(input),
        prepare: async () => {
          const { currency } = (await client.call('wallet')).balance
          const amount = parsePay(text, currency)
          const id = await userId(client, who)
          return { call: { params: { id }, body: { amount } }, line: ['admin', name, String(id), text] }
        },
        send: async (call) => ({ id: call.params.id, answer: await client.call(name, call) }),
      })
      const { entry, wallet, replayed } = answer
      const sentence = `${pay(entry.amount)} ${done} user ${id}${replayed ? ' (by an earlier try)' : ''}; ${pay(wallet.available)} available.`
      const values = [String(entry.id), plainPay(entry.amount), entry.amount.currency, plainPay(wallet.available)]
      context.output.done(sentence, { answer, id: entry.id, values })
      return 0
    },
  }
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
