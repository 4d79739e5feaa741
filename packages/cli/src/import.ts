/** A file of goods to sell: read whole, every fault of it told at once, before anything is sent (docs/decisions/0013). */
import { dirname, isAbsolute, join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { newGood } from '@auction/common/requests'
import { readPicture } from './files.ts'
import type { Row } from './import-rows.ts'
import { parseCount, parseDurationMs, parseIncrement, parseInstant, parsePay } from './input.ts'
import type { SaleTerms } from './sale-terms.ts'

/** Most goods of one file. */
export const MOST_GOODS = 1_000

/** What is wrong, and where; `column` is null where it is the whole line. */
export interface FileFault {
  readonly line: number
  readonly column: string | null
  readonly message: string
}

/** A good as the file tells it, ready to be sent. */
export interface Entry {
  /** The seller's own key, unique in the file. */
  readonly key: string
  readonly line: number
  readonly good: SaleTerms & { softCloseMs?: number }
  /** Path of its picture; null for none. */
  readonly image: string | null
}

const columns = [
  'key',
  'name',
  'start',
  'ends-in',
  'ends-at',
  'reserve',
  'buy-now',
  'increment',
  'description',
  'image',
  'soft-close',
  'capacity',
  'password',
] as const
type Column = (typeof columns)[number]
const isColumn = (name: string): name is Column => columns.some((each) => each === name)

/** The house's names of terms, as the file calls them. */
const columnOf: Readonly<Record<string, Column>> = {
  startPrice: 'start',
  endsInMs: 'ends-in',
  endsAt: 'ends-at',
  buyNow: 'buy-now',
  softCloseMs: 'soft-close',
}

/** The rows as goods in the house's `currency`, and every fault; `path` is the file, beside which pictures are. */
export async function readEntries(
  rows: readonly Row[],
  { currency, path }: { currency: string; path: string },
): Promise<{ entries: readonly Entry[]; faults: readonly FileFault[] }> {
  const faults: FileFault[] = []
  const entries: Entry[] = []
  const lineOfKey = new Map<string, number>()
  if (rows.length > MOST_GOODS)
    faults.push({ line: rows[MOST_GOODS]?.line ?? 1, column: null, message: `A file has at most ${MOST_GOODS} goods.` })
  for (const row of rows.slice(0, MOST_GOODS)) {
    const { entry, faults: own } = await readEntry(row, currency, dirname(path))
    faults.push(...own)
    const earlier = lineOfKey.get(entry.key)
    if (earlier !== undefined && entry.key !== '')
      faults.push({ line: lineOf(row, 'key'), column: 'key', message: `The good of line ${earlier} has the same key.` })
    else lineOfKey.set(entry.key, lineOf(row, 'key'))
    entries.push(entry)
  }
  return { entries, faults: [...unknownColumns(rows), ...faults] }
}

/** Columns that nobody knows, each where it is named, once. */
function unknownColumns(rows: readonly Row[]): FileFault[] {
  const named = rows.flatMap(({ cells }) => [...cells].map(([name, { namedIn }]) => [name, namedIn] as const))
  const unknown = named.filter(([name]) => !isColumn(name))
  const message = `There is no such column; there are ${columns.join(', ')}.`
  const once = new Map(unknown.map(([column, line]) => [`${line} ${column}`, { line, column, message }]))
  return [...once.values()]
}

const lineOf = ({ cells, line }: Row, column: string): number => cells.get(column)?.line ?? line

async function readEntry(
  row: Row,
  currency: string,
  beside: string,
): Promise<{ entry: Entry; faults: readonly FileFault[] }> {
  const faults: FileFault[] = []
  const fault = (column: Column | null, message: string): void => {
    faults.push({ line: column === null ? row.line : lineOf(row, column), column, message })
  }
  /** What a cell says; undefined where it is empty, and where it is a fault. */
  const read = async <T>(column: Column, parse: (text: string) => T | Promise<T>): Promise<T | undefined> => {
    const text = row.cells.get(column)?.text ?? ''
    if (text === '') return undefined
    try {
      return await parse(text)
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      fault(column, error.message)
      return undefined
    }
  }
  const pay = (text: string): number => parsePay(text, currency)
  const key = (await read('key', (text) => text)) ?? ''
  if (key === '') fault(null, 'It has no key: a word of yours by which it is known when the file is read again.')
  else if (!/^[\x21-\x7e]{1,200}$/.test(key)) fault('key', 'A key has 1 to 200 visible ASCII characters.')
  const good = defined({
    name: await read('name', (text) => text),
    startPrice: await read('start', pay),
    endsInMs: await read('ends-in', parseDurationMs),
    endsAt: await read('ends-at', parseInstant),
    reserve: await read('reserve', pay),
    buyNow: await read('buy-now', pay),
    increment: await read('increment', (text) => parseIncrement(text, currency)),
    description: await read('description', (text) => text),
    softCloseMs: await read('soft-close', async (text) => (/^0+s?$/.test(text) ? 0 : parseDurationMs(text))),
    capacity: await read('capacity', (text) => parseCount(text, 'capacity', 1, 100_000)),
    password: await read('password', (text) => text),
  })
  const image = await read('image', async (text) => {
    const place = isAbsolute(text) ? text : join(beside, text)
    await readPicture(place)
    return place
  })
  const told = new Set(faults.map(({ column }) => column))
  for (const { columns: about, message } of againstRules(good))
    if (!about.some((column) => told.has(column))) fault(about.length === 1 ? (about[0] ?? null) : null, message)
  return { entry: { key, line: row.line, good, image: image ?? null }, faults }
}

interface Breach {
  /** What it is about; a fault of one of them that is told already says enough. */
  readonly columns: readonly Column[]
  readonly message: string
}

/** What the house would refuse, by the columns of the file. */
function againstRules(good: SaleTerms): readonly Breach[] {
  const { name, startPrice, endsInMs, endsAt } = good
  const breaches: Breach[] = []
  if (name === undefined) breaches.push({ columns: ['name'], message: 'It has no name.' })
  if (startPrice === undefined) breaches.push({ columns: ['start'], message: 'It has no start: where bidding starts.' })
  if ((endsInMs === undefined) === (endsAt === undefined))
    breaches.push({ columns: ['ends-in', 'ends-at'], message: 'It needs ends-in or ends-at, one of them.' })
  const { endsAt: _, ...rest } = good
  // The house's own rules look at a good that lacks nothing.
  const stand = { name: '-', startPrice: 1, endsInMs: 60_000, ...rest }
  const checked = newGood.safeParse(breaches.length === 0 ? good : stand)
  const issues = checked.success ? [] : checked.error.issues
  return [
    ...breaches,
    ...issues.map(({ path: [first], message }): Breach => {
      const term = String(first ?? '')
      const column = isColumn(term) ? term : columnOf[term]
      const sentence = message.replace(/startPrice/g, 'start')
      return { columns: column ? [column] : [], message: `It ${sentence}.` }
    }),
  ]
}

/** Without what is undefined, which the house would not take. */
function defined(good: { [K in keyof Entry['good']]: Entry['good'][K] | undefined }): Entry['good'] {
  return Object.fromEntries(Object.entries(good).filter(([, value]) => value !== undefined))
}
