/** `auction wallet`: balance, each hold with its reason and what frees it, and what everything led may cost. */
import { AuctionError } from '@auction/common/errors'
import { type Money, shareOf } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import type { Answer, Client } from '../client.ts'
import type { Command } from '../command.ts'
import { premiumOf } from '../listing.ts'
import type { Fact } from '../output.ts'
import { pay, plainPay } from '../wording.ts'

/** Goods asked about at a time. */
const AT_ONCE = 8

export const command: Command = {
  examples: ['wallet', 'wallet log'],
  notes: `What you lead with is held in full, premium included; it is free again at once when somebody outbids you.
"worst case" is what you pay if everything you lead goes at your maximum, "likely case" if it ends at its present price.
A pipe gets, of each good: good and its id, what is held, its name, why it is held, what frees it.
--json is the house's answer alone, without the two cases.`,
  run: async ({ client: connect, output, globals }) => {
    const client = await connect()
    const wallet = await client.call('wallet')
    const { balance, available, held, holds } = wallet
    const told = globals.json || globals.quiet ? [] : await lookedInto(client, holds)
    const likely: Money = { amount: told.reduce((sum, hold) => sum + likelyOf(hold), 0), currency: held.currency }
    const forPeople = (sentence: string): string => (holds.length === 0 ? '' : sentence)
    const facts: Fact[] = [
      ['balance', pay(balance), plainPay(balance)],
      ['available', pay(available), plainPay(available)],
      ['held', pay(held), plainPay(held)],
      ['currency', '', balance.currency],
      ...told.map((hold): Fact => [`good ${hold.goodId}`, reasonOf(hold, output.when), ...columnsOf(hold)]),
      ['worst case', forPeople(`${pay(held)} if everything you lead goes at your maximum`), plainPay(held)],
      ['likely case', forPeople(`${pay(likely)} if everything you lead ends at its present price`), plainPay(likely)],
    ]
    output.facts(facts, { answer: wallet, id: plainPay(available) })
    return 0
  },
}

type Hold = Answer<'wallet'>['holds'][number]
/** A hold with the good it is for; null where the good cannot be seen. */
interface Told extends Hold {
  readonly seen: { readonly good: GoodView; readonly premiumBp: number } | null
}

/** Every hold with its good, a few at a time. */
async function lookedInto(client: Client, holds: readonly Hold[]): Promise<readonly Told[]> {
  const told: Told[] = []
  for (let at = 0; at < holds.length; at += AT_ONCE)
    told.push(...(await Promise.all(holds.slice(at, at + AT_ONCE).map((hold) => lookInto(client, hold)))))
  return told
}

async function lookInto(client: Client, hold: Hold): Promise<Told> {
  const { goodId: id } = hold
  try {
    const [good, premiumBp] = await Promise.all([client.call('good', { params: { id } }), premiumOf(client, id)])
    return { ...hold, seen: { good, premiumBp } }
  } catch (error) {
    // A good that went, or is shut, while the wallet was read.
    if (error instanceof AuctionError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN'))
      return { ...hold, seen: null }
    throw error
  }
}

/** What is to be paid when the good ends as it stands: nothing below the reserve; all that is held, of one that is not seen. */
function likelyOf({ amount, seen }: Told): number {
  if (!seen) return amount.amount
  const { good, premiumBp } = seen
  if (good.price === null || good.reserve === 'unmet') return 0
  return good.price.amount + shareOf(good.price.amount, premiumBp)
}

/** Why it is held, and what frees it, for people. */
function reasonOf(hold: Told, when: (instant: string) => string): string {
  const { amount, seen } = hold
  if (!seen) return `${pay(amount)} held until ${GONE}`
  return `${pay(amount)} held for ${seen.good.name}: ${whyOf(seen.good, pay)}\nfree ${freesOf(when(seen.good.endsAt))}`
}

/** What is held, of which good, why, and what frees it, for programs. */
function columnsOf({ amount, seen }: Told): readonly string[] {
  const told = seen ? [seen.good.name, whyOf(seen.good, plainPay), freesOf(seen.good.endsAt)] : ['', '', `when ${GONE}`]
  return [plainPay(amount), ...told]
}

const GONE = 'you are outbid, or the good ends'

function whyOf({ price, reserve, you }: GoodView, money: (amount: Money | null) => string): string {
  const max = you?.max ? `, your maximum is ${money(you.max)}` : ''
  const unmet = reserve === 'unmet' ? ', below the reserve' : ''
  return `you lead at ${money(price)}${unmet}${max}`
}

const freesOf = (end: string): string =>
  `when you are outbid, when it ends (${end}), or when you take the bid back while that is allowed`
