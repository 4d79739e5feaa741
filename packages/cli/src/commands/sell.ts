/** `auction sell <name>`: lists a good, with a picture when there is one; or with --from all goods of a file. */
import type { Client } from '../client.ts'
import type { Command, Input } from '../command.ts'
import type { Context } from '../context.ts'
import { readPicture } from '../files.ts'
import { tellGood } from '../good-line.ts'
import { formats } from '../import-rows.ts'
import { usage } from '../input.ts'
import { asTyped, givenKey, keyOption, printOf, sealed } from '../keyed.ts'
import { listGood } from '../new-good.ts'
import { once } from '../rerun.ts'
import { readTerms, type SaleTerms, termOptions } from '../sale-terms.ts'
import { pay } from '../wording.ts'

export const command: Command = {
  chooses: 'json',
  words: '[name]',
  options: [
    ...termOptions,
    ['--image <file>', 'a picture: JPEG, PNG, WebP or GIF, up to 5 MB'],
    ['--from <file>', 'list all goods of a file instead; - reads stdin'],
    ['--format <format>', 'what the file holds, where its name does not say: yaml, csv or json', formats],
    ['--dry-run', 'with --from: show what would be listed, send nothing'],
    keyOption('a sale'),
  ],
  examples: [
    'sell "Leica M3 (1954)" --start 400 --ends-in 24h',
    'sell "Leica M3 (1954)" --start 400 --ends-in 7d --reserve 900 --image leica.jpg --description @leica.txt',
    'sell "Leica M3 (1954)" --start 400 --ends-in 24h --buy-now 1200 --password-stdin < password.txt',
    'sell --from goods.yaml --dry-run',
    'sell --from goods.csv --yes',
  ],
  notes: `Prints the id with -q. A bid in the last two minutes moves the end.
Exits with 14 when its outcome is unknown: run the same again, or the line it prints; it is listed once.
A file has one entry a good: key (yours, one for each), name, start, ends-in or ends-at, and if wanted reserve,
buy-now, increment, description, image (beside the file), soft-close, capacity, password. All faults of the file
are told at once, and nothing is sent; the plan asks, or needs --yes. Run it again as often as you like: what is
listed already is not listed twice.
With --from it exits with 0 when all are listed, 6 when some were refused.`,
  run: async (context, input) => {
    const [file, key] = [input.option('from'), givenKey(input)]
    if (file !== undefined && key !== null)
      throw usage('With --from each good has a key of its own, in the file.', 'Leave --idempotency-key away.')
    if (file !== undefined) return (await import('./sell-from.ts')).sellFrom(context, input, file)
    if (input.flag('dryRun') || input.option('format') !== undefined)
      throw usage('--dry-run and --format go with --from.')
    const [name] = input.words
    if (name === undefined) throw usage('A sale needs a name, or a file of goods: --from FILE.')
    const image = input.option('image')
    const picture = image === undefined ? null : await readPicture(image)
    const client = await context.client()
    const good = await readGood(context, client, input, name)
    const view = await once(context, {
      what: 'sale',
      words: ['sell', sealed(context, good, picture && printOf(picture))],
      key,
      secret: true,
      prepare: async () => ({ call: { params: {} }, line: asTyped(input, 'sell', command) }),
      send: ({ params: _, ...rest }) => listGood(client, good, picture, rest),
    })
    const { output, io } = context
    const line = `Listed good ${view.id}, ${view.name}: starts at ${pay(view.startPrice)}, ends ${output.when(view.endsAt)}.`
    tellGood(context, line, view)
    if (io.terminal) output.note(`Follow it: auction watch ${view.id}`)
    return 0
  },
}

async function readGood(context: Context, client: Client, input: Input, name: string): Promise<SaleTerms> {
  const [start, endsIn, endsAt] = [input.option('start'), input.option('endsIn'), input.option('endsAt')]
  if (start === undefined) throw usage('A sale needs a start price: --start AMOUNT.')
  if ((endsIn === undefined) === (endsAt === undefined))
    throw usage('A sale needs an end: --ends-in DURATION or --ends-at TIME, one of them.')
  return { name, ...(await readTerms(context, client, input, false)) }
}
