/** `auction wallet`: balance, what is held, for which good, and what frees it. */
import type { Command } from '../command.ts'
import type { Fact } from '../output.ts'
import { pay, plainPay } from '../wording.ts'

export const command: Command = {
  examples: ['wallet', 'wallet log'],
  notes: 'What you lead with is held in full; it is free again at once when somebody outbids you.',
  run: async (context) => {
    const wallet = await (await context.client()).call('wallet')
    const { balance, available, held, holds } = wallet
    const facts: Fact[] = [
      ['balance', pay(balance), plainPay(balance)],
      ['available', pay(available), plainPay(available)],
      ['held', pay(held), plainPay(held)],
      ['currency', '', balance.currency],
      ...holds.map(
        ({ goodId, amount }): Fact => [
          `good ${goodId}`,
          `${pay(amount)} held until you are outbid, or the good ends`,
          plainPay(amount),
        ],
      ),
    ]
    context.output.facts(facts, { answer: wallet, id: plainPay(available) })
    return 0
  },
}
