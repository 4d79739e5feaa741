/** `auction sell --from FILE`: lists every good of a file, each once however often it is run (docs/decisions/0013). */
import { AuctionError, faults as catalogue } from '@auction/common/errors'
import { safeText } from '@auction/common/text'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import type { Input } from '../command.ts'
import { confirm } from '../confirmation.ts'
import type { Context } from '../context.ts'
import { readPicture, readWhole } from '../files.ts'
import { type Entry, type FileFault, readEntries } from '../import.ts'
import { type Format, formatOf, formats, rowsOf } from '../import-rows.ts'
import { oneOf, usage } from '../input.ts'
import { Interrupted } from '../interruption.ts'
import { listGood } from '../new-good.ts'
import type { Column } from '../table.ts'
import { duration, faultSentence, pay, plainPay } from '../wording.ts'

const EXIT_REFUSED = catalogue.CONFLICT.exit
/** Faults that are told one by one; a file with more was hardly meant. */
const MOST_FAULTS = 50

/** What became of an entry: `good` where it is listed, `error` where the house refused it. */
interface Outcome {
  readonly key: string
  readonly good: GoodView | null
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
  /** It had been listed before this run. */
  readonly replayed: boolean
}

/** Lists what the file names; the exit code. Throws USAGE with every fault of the file, nothing sent. */
export async function sellFrom(context: Context, input: Input, path: string): Promise<number> {
  const format = readFormat(input, path)
  const { output, globals } = context
  const text = await readWhole(path, context.io.stdin)
  const client = await context.client()
  const { currency } = (await client.call('wallet')).balance
  const { rows, faults: broken } = await rowsOf(text, format)
  const { entries, faults } = await readEntries(rows, { currency, path: path === '-' ? '' : path })
  refuseFaults(context, [...broken, ...faults], path)
  if (entries.length === 0) throw usage(`There is no good in ${nameOf(path)}.`)
  if (input.flag('dryRun')) {
    await output.list(planColumns(currency), entries, {
      answer: { items: entries.map(({ key, good, image }) => ({ key, good: shown(good), image })), next: null },
      id: ({ key }) => key,
      empty: '',
    })
    return 0
  }
  await showPlan(context, entries, currency)
  const count = entries.length === 1 ? 'one good' : `${entries.length} goods`
  await confirm(context, {
    sentence: `${nameOf(path)} lists ${count}.`,
    question: 'List them?',
    instead: 'Look at the plan: --dry-run',
  })
  const outcomes: Outcome[] = []
  try {
    await listAll(context, client, entries, outcomes)
  } finally {
    if (globals.json) output.json({ items: outcomes, next: null }, 2)
    else summarise(context, outcomes, entries.length)
  }
  return outcomes.some(({ error }) => error) ? EXIT_REFUSED : 0
}

const nameOf = (path: string): string => (path === '-' ? 'stdin' : path)

function readFormat(input: Input, path: string): Format {
  const others = ['start', 'endsIn', 'endsAt', 'reserve', 'buyNow', 'increment', 'description', 'capacity', 'image']
  if (input.words.length > 0 || others.some((name) => input.option(name) !== undefined) || input.flag('passwordStdin'))
    throw usage('With --from the file says it all.', 'Leave the name and the other flags of the sale away.')
  const named = input.option('format')
  const format = named === undefined ? formatOf(path) : oneOf(formats, '--format', named)
  if (format === null)
    throw usage(
      `What ${nameOf(path)} holds is not known from its name.`,
      `Add --format with one of: ${formats.join(', ')}.`,
    )
  return format
}

/** Says every fault, one a line as compilers do; with --json in the message of the error. */
function refuseFaults({ io, globals }: Context, faults: readonly FileFault[], path: string): void {
  if (faults.length === 0) return
  const lines = faults
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, column, message }) =>
      safeText(`${nameOf(path)}:${line}: ${column === null ? '' : `${column}: `}${message}`),
    )
  const told = lines.slice(0, MOST_FAULTS)
  if (lines.length > told.length) told.push(`... and ${lines.length - told.length} more.`)
  if (!globals.json) io.err(told.map((line) => `${line}\n`).join(''))
  const many = faults.length === 1 ? 'a fault' : `${faults.length} faults`
  const sentence = `${nameOf(path)} has ${many}; nothing was sent.`
  const hint = 'Correct the file, then run the same again.'
  throw usage(globals.json ? [sentence, ...told].join(' ') : sentence, hint)
}

/** What may be shown of a good: neither its reserve nor its password. */
function shown({ reserve, password, ...good }: Entry['good']) {
  return { ...good, hasReserve: reserve !== undefined, private: password !== undefined }
}

function planColumns(currency: string): readonly Column<Entry>[] {
  const money = (amount: number | null | undefined) => (amount == null ? null : { amount, currency })
  const price = (amount: number | null | undefined) => plainPay(money(amount))
  const cell = (amount: number | null | undefined) => (amount == null ? '' : pay(money(amount)))
  return [
    { title: 'line', value: ({ line }) => String(line), right: true },
    { title: 'key', value: ({ key }) => key, wide: true },
    { title: 'name', value: ({ good }) => good.name ?? '', wide: true },
    {
      title: 'start',
      value: ({ good }) => price(good.startPrice),
      cell: ({ good }) => cell(good.startPrice),
      right: true,
    },
    { title: 'currency', value: () => currency, pipe: true },
    {
      title: 'ends',
      value: ({ good }) => good.endsAt ?? String(good.endsInMs ?? ''),
      cell: ({ good }) => good.endsAt ?? `in ${duration(good.endsInMs ?? 0)}`,
    },
    {
      title: 'buy now',
      value: ({ good }) => price(good.buyNow),
      cell: ({ good }) => cell(good.buyNow),
      right: true,
      spare: true,
    },
    { title: 'with', value: ({ good, image }) => extrasOf(good, image).join(','), spare: true },
  ]
}

function extrasOf({ reserve, password, capacity }: Entry['good'], image: string | null): readonly string[] {
  return [
    ...(reserve === undefined ? [] : ['reserve']),
    ...(password === undefined ? [] : ['password']),
    ...(capacity === undefined ? [] : [`capacity ${capacity}`]),
    ...(image === null ? [] : ['picture']),
  ]
}

/** For whoever is asked; a program has --dry-run. */
async function showPlan(
  { io, globals, interactive }: Context,
  entries: readonly Entry[],
  currency: string,
): Promise<void> {
  if (!interactive || globals.yes) return
  const { table } = await import('../table.ts')
  const forPeople = planColumns(currency).filter(({ pipe }) => !pipe)
  io.err(table(io, forPeople, entries))
}

/** One after the other, each under its own key. What the house refuses is told and the next goes on; any other failure ends it. */
async function listAll(
  context: Context,
  client: Client,
  entries: readonly Entry[],
  outcomes: Outcome[],
): Promise<void> {
  const mine = await client.call('mySales', { query: { status: 'all', sort: 'new', limit: 1 } })
  // Goods are numbered upwards: what has a smaller number than this run could give was there before it.
  const newest = mine.items[0]?.id ?? 0
  for (const { key, good, image } of entries) {
    const picture = image === null ? null : await readPicture(image)
    const outcome = await context.io.interruption.heeding(async (signal): Promise<Outcome> => {
      try {
        const view = await listGood(client, good, picture, { key: `sell:${key}`, signal })
        return { key, good: view, error: null, replayed: view.id <= newest }
      } catch (error) {
        return { key, good: null, error: refusalOf(error, key, signal.aborted), replayed: false }
      }
    })
    outcomes.push(outcome)
    tell(context, outcome)
  }
}

// The rest of these is the whole run's: who one is, whether the house is there.
const refusals = ['BAD_REQUEST', 'CONFLICT', 'KEY_REUSED', 'FORBIDDEN', 'OWN_GOOD', 'NOT_FOUND']

/** A refusal of one good; whatever else came is thrown, as it would meet the next one too. */
function refusalOf(error: unknown, key: string, aborted: boolean): NonNullable<Outcome['error']> {
  if (!(error instanceof AuctionError)) throw error
  const { code, requestId } = error
  const hint = 'Run the same again: what is listed is not listed twice.'
  if (code === 'UNREACHABLE' || code === 'OUTCOME_UNKNOWN') {
    if (aborted && code === 'UNREACHABLE') throw new Interrupted()
    const told = new AuctionError(code, error.message, { hint, requestId, cause: error })
    throw aborted ? new Interrupted(told) : told
  }
  if (!refusals.includes(code)) throw error
  const reused = `The good with the key ${key} is listed already, with other terms.`
  return code === 'KEY_REUSED'
    ? { code, message: reused, hint: 'Change that good (auction edit), or give this one a key of its own.' }
    : { code, message: faultSentence(error), hint: error.hint }
}

function tell({ output, io, globals }: Context, outcome: Outcome): void {
  if (globals.json) return
  const { key, good, error, replayed } = outcome
  if (globals.quiet) {
    if (good) output.line(String(good.id))
  } else if (!io.terminal) {
    const became = error ? 'refused' : replayed ? 'already' : 'listed'
    output.values([key, became, good ? String(good.id) : '', error?.code ?? '', error?.message ?? ''])
  } else if (good) output.line(`${key}: ${replayed ? 'already listed as' : 'listed as'} good ${good.id}, ${good.name}.`)
  else output.line(`${key}: refused. ${error?.message ?? ''}`)
}

function summarise({ output }: Context, outcomes: readonly Outcome[], planned: number): void {
  const listed = outcomes.filter(({ good, replayed }) => good && !replayed).length
  const already = outcomes.filter(({ replayed }) => replayed).length
  const refused = outcomes.filter(({ error }) => error).length
  const left = planned - outcomes.length
  const parts = [`${listed} listed`, `${already} listed before`, `${refused} refused`]
  output.note(`${[...parts, ...(left > 0 ? [`${left} not reached`] : [])].join(', ')}.`)
}
