/** Whether it is meant: asked of a person, said with --yes by a program. */
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import type { Context } from './context.ts'
import { usage } from './input.ts'
import { standingLine } from './wording.ts'

/**
 * Asks `question` after `sentence`, which says what it comes to. Nothing is asked with --yes, which is needed where nobody
 * can be asked. Throws FAILED with `instead` as its hint when the answer is no.
 */
export async function confirm(
  context: Context,
  { sentence, question, instead }: { sentence: string; question: string; instead: string },
): Promise<void> {
  if (context.globals.yes) return
  const prompts = await context.prompts(usage(sentence, 'Add --yes if you mean it.'))
  if (!(await prompts.confirm(`${sentence} ${question}`)))
    throw new AuctionError('FAILED', 'Nothing was sent.', { hint: instead })
}

/** Asks before a good that has bids is cancelled. */
export async function confirmWithBids(context: Context, good: GoodView): Promise<void> {
  if (good.status !== 'open' || good.bidCount === 0) return
  await confirm(context, {
    sentence: `Good ${good.id}, ${good.name}, has bids: ${standingLine(good)}.`,
    question: 'Cancel it?',
    instead: `Look at it: auction show ${good.id}`,
  })
}
