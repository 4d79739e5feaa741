/** A good's view as what a command did: a sentence for a person, the columns of `auction list` for a program. */
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import { goodColumns } from './columns.ts'
import type { Context } from './context.ts'

export function tellGood({ output }: Context, sentence: string, view: GoodView): number {
  const values = goodColumns(output).map((column) => column.value(view))
  output.done(sentence, { answer: view, id: view.id, values })
  return 0
}
