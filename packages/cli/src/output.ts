/** Results on stdout: a table for a person, tab-separated lines for a program, one document with --json; errors on stderr. */
import { AuctionError } from '@auction/common/errors'
import { safeJson, safeLines, safeText } from '@auction/common/text'
import { asAsciiJson } from './ascii.ts'
import { pick, pickSome, placesOf } from './fields.ts'
import { type Io, paint } from './io.ts'
import type { Column } from './table.ts'
import { calendar, faultSentence, relative } from './wording.ts'

/** How results are wanted: flags that stand before or after any command. */
export interface Modes {
  readonly json: boolean
  readonly quiet: boolean
  readonly utc: boolean
  readonly debug: boolean
  /** The value of --fields; null: everything. */
  readonly fields: readonly string[] | null
  /** The value of --jq, which goes with `json`. */
  readonly jq: string | null
}

/** A named value of a single result: `[name, for people, ...for programs]`; the latter may be left out when both read alike. */
export type Fact = readonly [name: string, cell: string, ...values: string[]]

export interface Output {
  readonly modes: Modes
  /** A list: `answer` with --json, `id` of each with -q. `empty` tells a person, on stderr, that there is nothing. */
  list<Row>(
    columns: readonly Column<Row>[],
    rows: readonly Row[],
    rest: { answer: unknown; id(row: Row): string | number; empty: string },
  ): Promise<void>
  /** One result. */
  facts(facts: readonly Fact[], rest: { answer: unknown; id: string | number | null }): void
  /**
   * One line that says the same in every mode but --json and -q; `line` is for people, `values` for programs. What was done
   * stays done: a field that is not there is told, and all is shown.
   */
  done(line: string, rest: { answer: unknown; id: string | number | null; values: readonly string[] }): void
  /** One JSON value on one line, or indented as a document. */
  json(value: unknown, indent?: number): void
  /** A line for people on stderr; silent with --json and -q. */
  note(text: string): void
  /** Values for a program: one line, separated by tabs. */
  values(row: readonly string[]): void
  /** A line on stdout, as it is after `safeText`. */
  line(text: string): void
  /** An instant for people: relative, or absolute with --utc. */
  when(instant: string): string
  /** An error, on stderr. */
  error(error: AuctionError): void
  /** Waits for what is still to be written; whether all of it could be made. */
  finish(): Promise<boolean>
}

/** The output of one run; `show` writes what may be long, on a terminal. */
export function createOutput(
  io: Io,
  modes: Modes,
  show: (text: string) => Promise<void> = async (text) => io.out(text),
): Output {
  const document = createDocuments(io, modes)
  const line = (text: string): void => io.out(`${safeText(text)}\n`)
  const values = (row: readonly string[]): void => io.out(`${row.map(safeText).join('\t')}\n`)
  const error = (fault: AuctionError): void =>
    io.err(modes.json ? errorDocument(fault) : errorLines(fault, modes.debug))
  // Of what comes in several parts, --fields speaks of the first.
  let wanted = modes.fields
  const once = (): readonly string[] | null => {
    const now = wanted
    wanted = null
    return now
  }
  return {
    modes,
    json: (value, indent) =>
      document.write(modes.fields ? (indent === undefined ? pickSome : pick)(value, modes.fields) : value, indent),
    line,
    values,
    list: async (columns, rows, { answer, id, empty }) => {
      if (modes.json) return document.write(modes.fields ? pick(answer, modes.fields) : answer, 2)
      if (modes.quiet) for (const row of rows) line(String(id(row)))
      else {
        const shown = columnsFor(io, columns, rows, once())
        if (!io.terminal) for (const row of rows) values(shown.map((column) => column.value(row)))
        else if (rows.length === 0) io.err(`${empty}\n`)
        else await show((await import('./table.ts')).table(io, shown, rows))
      }
    },
    facts: (facts, { answer, id }) => {
      if (modes.json) return document.write(modes.fields ? pick(answer, modes.fields) : answer, 2)
      if (modes.quiet) return id === null ? undefined : line(String(id))
      const shown = factsFor(facts, once())
      const width = Math.max(...shown.map(([name]) => name.length))
      for (const [name, cell, ...row] of shown) {
        if (!io.terminal) values([name, ...(row.length === 0 ? [cell] : row)])
        else if (cell !== '') io.out(`${paint(io, 'dim', name.padEnd(width))}  ${indented(cell, width + 2)}\n`)
      }
    },
    done: (text, { answer, id, values: row }) => {
      const picked = pickDone(answer, modes.fields, error)
      if (modes.json) return document.write(picked ?? answer, 2, true)
      if (modes.quiet) return id === null ? undefined : line(String(id))
      if (picked !== null) values(Object.values(picked).map(cellOf))
      else if (io.terminal) line(text)
      else values(row)
    },
    note: (text) => {
      if (!modes.json && !modes.quiet) io.err(`${safeText(text)}\n`)
    },
    when: (instant) => (modes.utc ? calendar(instant, true) : relative(instant, io.now())),
    error,
    finish: document.finish,
  }
}

/** Writes JSON, through jq where it is wanted, one after the other. */
function createDocuments(io: Io, { jq }: Modes) {
  let whole = true
  let last = Promise.resolve()
  const written = (value: unknown, indent?: number): string =>
    io.ascii && io.terminal ? asAsciiJson(safeJson(value, indent)) : safeJson(value, indent)
  const write = (value: unknown, indent?: number): void => io.out(`${written(value, indent)}\n`)
  return {
    /** `done`: it is the answer to a write, which must not be lost, nor be taken for refused, for want of a good expression. */
    write: (value: unknown, indent?: number, done = false): void => {
      if (jq === null) {
        write(value, indent)
        return
      }
      last = last.then(async () => {
        const { lines, fault } = await (await import('./jq.ts')).select(value, jq)
        if (fault === null || !done) io.out(lines.map((each) => `${each}\n`).join(''))
        if (fault === null) return
        if (done) write(value, indent)
        else whole = false
        const hint = done ? 'It was done; above is all of the answer.' : 'See all of it: --json without --jq.'
        io.err(errorDocument(new AuctionError('FAILED', `--jq: ${fault}.`, { hint })))
      })
    },
    finish: () => last.then(() => whole),
  }
}

/** The columns to show: those of --fields in its order, else what says something. */
function columnsFor<Row>(
  { terminal }: Io,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  fields: readonly string[] | null,
): readonly Column<Row>[] {
  if (fields) {
    const places = placesOf(
      fields,
      columns.map(({ title }) => title),
    )
    return places.flatMap((place) => columns[place] ?? []).map((column) => ({ ...column, spare: false }))
  }
  if (!terminal) return columns
  // What may be left out for want of room is left out where it says nothing too.
  const says = (column: Column<Row>) => rows.some((row) => (column.cell ?? column.value)(row) !== '')
  return columns.filter((column) => !column.pipe && (!column.spare || says(column)))
}

function factsFor(facts: readonly Fact[], fields: readonly string[] | null): readonly Fact[] {
  if (!fields) return facts
  const names = facts.map(([name]) => name)
  // What people are spared usually was asked for here.
  return placesOf(fields, names).flatMap((place) => {
    const fact = facts[place]
    if (!fact) return []
    const [name, cell, ...row] = fact
    return [[name, cell || (row[0] ?? ''), ...(row.length === 0 ? [cell] : row)] as const]
  })
}

/** The wanted keys of an answer; null for all of it. */
function pickDone(answer: unknown, fields: readonly string[] | null, tell: (error: AuctionError) => void) {
  if (fields === null) return null
  try {
    return pick(answer, fields) as Readonly<Record<string, unknown>>
  } catch (error) {
    tell(toAuctionError(error))
    return null
  }
}

const cellOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? safeJson(value) : String(value)

/** Text of several lines, all but the first moved in. */
const indented = (text: string, by: number): string => safeLines(text).replaceAll('\n', `\n${' '.repeat(by)}`)

function errorDocument(error: AuctionError): string {
  const { code, hint, requestId } = error
  return `${safeJson({ error: { code, message: safeText(faultSentence(error)), hint: safeText(hint), requestId } })}\n`
}

function errorLines(error: AuctionError, debug: boolean): string {
  const request = error.requestId !== null && error.code === 'INTERNAL' ? ` (request ${safeText(error.requestId)})` : ''
  const lines = [`error: ${safeText(faultSentence(error))}${request}`, `hint: ${safeText(error.hint)}`]
  return `${lines.join('\n')}\n${debug ? trace(error) : ''}`
}

function trace(error: unknown): string {
  const texts: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) texts.push(cause.stack ?? cause.message)
  return `${texts.map((text) => text.split('\n').map(safeText).join('\n  ')).join('\ncaused by ')}\n`
}

/** Any thrown value as the AuctionError to show for it. */
export function toAuctionError(error: unknown): AuctionError {
  if (error instanceof AuctionError) return error
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd')
    return new AuctionError('FAILED', 'The directory you are in is no more.', {
      hint: 'Go to one that is there, as: cd',
      cause: error,
    })
  const message = error instanceof Error ? error.message : String(error)
  const first = safeText(message.split('\n')[0] ?? '').slice(0, 300)
  return new AuctionError('FAILED', `Something in this program failed: ${first || 'it did not say what'}`, {
    cause: error,
  })
}
