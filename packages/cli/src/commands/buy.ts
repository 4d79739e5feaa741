/** `auction buy <id>`: buys a good at once, at its buy-now price. */
import { AuctionError } from '@auction/common/errors'
import { type Money, shareOf } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirmation.ts'
import type { Context } from '../context.ts'
import { explained, tellGood } from '../good-line.ts'
import { parseId } from '../input.ts'
import { givenKey, keyOption } from '../keyed.ts'
import { premiumOf } from '../listing.ts'
import { once } from '../rerun.ts'
import { pay, plainPay } from '../wording.ts'

export const command: Command = {
  words: '<id>',
  options: [['--dry-run', 'show what would be sent and what it costs, send nothing'], keyOption('a purchase')],
  examples: ['buy 5 --dry-run', 'buy 5'],
  notes: `Asks first, or needs --yes: it costs the whole price, at once. "auction show 5" says whether it can be bought now.
Exits with 0 when it is yours, 6 when it cannot be bought at once any more, 11 not open, 13 own good or funds,
14 outcome unknown: run the same again, or the line it prints; the purchase counts once.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const key = givenKey(input)
    const client = await context.client()
    const look = async () => {
      const good = await client.call('good', { params: { id } })
      return { good, cost: good.buyNow && (await costOf(client, good, good.buyNow)) }
    }
    if (input.flag('dryRun')) return dryRun(context, await look())
    const view = await once(context, {
      what: 'purchase',
      words: ['buy', String(id)],
      key,
      prepare: async () => {
        const { good, cost } = await look()
        // Under a key that was sent before it may be bought already, by this very purchase: the house knows.
        if (key === null && cost === null) throw refusal(good)
        if (cost)
          await confirm(context, {
            sentence: `Good ${id}, ${good.name}, costs ${costWords(cost)}.`,
            question: 'Buy it now?',
            instead: `Or bid for it: auction bid ${id} min`,
          })
        return { call: { params: { id } }, line: ['buy', String(id), '--yes'] }
      },
      send: (call) => explained(id, () => client.call('purchase', call)),
    })
    return tellGood(context, `You bought good ${id}, ${view.name}, for ${pay(view.price)}.`, view)
  },
}

interface Cost {
  readonly price: Money
  /** With the house's premium. */
  readonly whole: Money
}

async function costOf(client: Client, { id }: GoodView, price: Money): Promise<Cost> {
  const premium = shareOf(price.amount, await premiumOf(client, id))
  return { price, whole: { ...price, amount: price.amount + premium } }
}

function costWords({ price, whole }: Cost): string {
  return whole.amount === price.amount ? pay(price) : `${pay(price)}, with the premium of the house ${pay(whole)}`
}

function refusal({ id, status }: GoodView): AuctionError {
  if (status !== 'open')
    return new AuctionError('NOT_OPEN', `Good ${id} is not for sale any more.`, {
      hint: `See how it ended: auction show ${id}`,
    })
  return new AuctionError('CONFLICT', `Good ${id} cannot be bought at once now.`, {
    hint: `Bid instead: auction bid ${id} min`,
  })
}

function dryRun({ output, globals }: Context, { good, cost }: { good: GoodView; cost: Cost | null }): number {
  if (cost === null) throw refusal(good)
  const request = { method: 'POST', path: `/v1/goods/${good.id}/purchase` }
  output.facts(
    [
      ['would send', `${request.method} ${globals.server}${request.path}`],
      ['price', pay(cost.price), plainPay(cost.price)],
      ['you pay', pay(cost.whole), plainPay(cost.whole)],
    ],
    { answer: { request, price: cost.price, cost: cost.whole }, id: null },
  )
  return 0
}
