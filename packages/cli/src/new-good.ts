/** Sends a new good to the house: as JSON, or with its picture beside it. */
import type { Answer, Client, Request } from './client.ts'
import type { SaleTerms } from './sale-terms.ts'

/** A picture as it was read from a file. */
export interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly name: string
}

/** Lists the good; `rest` is what else the call has: key and signal. */
export function listGood(
  client: Client,
  good: SaleTerms & { softCloseMs?: number },
  picture: Picture | null,
  rest: Pick<Request, 'key' | 'signal' | 'doubtful'> = {},
): Promise<Answer<'listGood'>> {
  if (picture === null) return client.call('listGood', { body: good, ...rest })
  const form = new FormData()
  form.set('good', JSON.stringify(good))
  form.set('image', new Blob([picture.bytes]), picture.name)
  return client.call('listGood', { form, ...rest })
}
