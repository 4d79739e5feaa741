/** `auction sell <name>`: lists a good, with a picture when there is one. */
import type { Client } from '../client.ts'
import { goodColumns } from '../columns.ts'
import type { Command, Input } from '../command.ts'
import type { Context } from '../context.ts'
import { readPicture, readText } from '../files.ts'
import { parseDurationMs, parseIncrement, parseInstant, parsePay, usage } from '../input.ts'
import { pay } from '../wording.ts'

export const command: Command = {
  words: '<name>',
  options: [
    ['--start <amount>', 'where bidding starts, in major units'],
    ['--ends-in <duration>', 'how long it is for sale: 90s, 30m, 2h30m, 7d, PT2H'],
    ['--ends-at <time>', 'or when it ends: 2026-11-22T14:07 (here) or with a zone (RFC 3339)'],
    ['--reserve <amount>', 'secret least price; above the start'],
    ['--increment <step>', 'least step between bids: an amount, or a share like 5%'],
    ['--image <file>', 'a picture: JPEG, PNG, WebP or GIF, up to 5 MB'],
    ['--description <text>', 'what it is; @FILE reads a file, - reads stdin'],
  ],
  examples: [
    'sell "Leica M3 (1954)" --start 400 --ends-in 24h',
    'sell "Leica M3 (1954)" --start 400 --ends-in 7d --reserve 900 --image leica.jpg --description @leica.txt',
  ],
  notes: 'Prints the id with -q. A bid in the last two minutes moves the end.',
  run: async (context, input) => {
    const image = input.option('image')
    const picture = image === undefined ? null : await readPicture(image)
    const client = await context.client()
    const good = await readGood(context, client, input)
    const call = picture === null ? { body: good } : { form: formOf(good, picture) }
    const view = await client.call('listGood', call)
    const { output, io } = context
    const values = goodColumns(output)
    const line = `Listed good ${view.id}, ${view.name}: starts at ${pay(view.startPrice)}, ends ${output.when(view.endsAt)}.`
    output.done(line, { answer: view, id: view.id, values: values.map((column) => column.value(view)) })
    if (io.terminal) output.note(`Follow it: auction watch ${view.id}`)
    return 0
  },
}

interface NewGood {
  name: string
  startPrice: number
  endsInMs?: number
  endsAt?: string
  reserve?: number
  increment?: { fixed: number } | { percentBp: number }
  description?: string
}

async function readGood(context: Context, client: Client, { words, option }: Input): Promise<NewGood> {
  const [name = ''] = words
  const [start, endsIn, endsAt, reserve] = [option('start'), option('endsIn'), option('endsAt'), option('reserve')]
  const [increment, description] = [option('increment'), option('description')]
  if (start === undefined) throw usage('A sale needs a start price: --start AMOUNT.')
  if ((endsIn === undefined) === (endsAt === undefined))
    throw usage('A sale needs an end: --ends-in DURATION or --ends-at TIME, one of them.')
  const end =
    endsIn !== undefined ? { endsInMs: await parseDurationMs(endsIn) } : { endsAt: await parseInstant(endsAt ?? '') }
  const text = description === undefined ? null : await readText(description, context.io.stdin)
  const { currency } = (await client.call('wallet')).balance
  const startPrice = parsePay(start, currency)
  const good: NewGood = { name, startPrice, ...end }
  if (reserve !== undefined) good.reserve = parsePay(reserve, currency)
  if (good.reserve !== undefined && good.reserve <= startPrice) throw usage('--reserve must be above --start.')
  if (increment !== undefined) good.increment = parseIncrement(increment, currency)
  if (text !== null) good.description = text
  return good
}

function formOf(good: NewGood, { bytes, name }: { bytes: Uint8Array<ArrayBuffer>; name: string }): FormData {
  const form = new FormData()
  form.set('good', JSON.stringify(good))
  form.set('image', new Blob([bytes]), name)
  return form
}
