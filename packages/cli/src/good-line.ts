/** A good's view as what a command did: a sentence for a person, the columns of `auction list` for a program; and what was refused. */
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import { goodColumns } from './columns.ts'
import type { Context } from './context.ts'

export function tellGood({ output }: Context, sentence: string, view: GoodView): number {
  const values = goodColumns(output).map((column) => column.value(view))
  output.done(sentence, { answer: view, id: view.id, values })
  return 0
}

/** A refusal with hints that name this good. */
export async function explained<T>(id: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AuctionError) || !error.hint.includes('<id>')) throw error
    const { code, message, data, requestId } = error
    throw new AuctionError(code, message, {
      hint: error.hint.replaceAll('<id>', String(id)),
      data,
      requestId,
      cause: error,
    })
  }
}
