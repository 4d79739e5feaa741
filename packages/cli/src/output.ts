/** Results on stdout: a table for a person, tab-separated lines for a program, one document with --json; errors on stderr. */
import { AuctionError } from '@auction/common/errors'
import { safeJson, safeLines, safeText } from '@auction/common/text'
import { type Io, paint } from './io.ts'
import type { Column } from './table.ts'
import { calendar, faultSentence, relative } from './wording.ts'

/** How results are wanted: flags that stand before or after any command. */
export interface Modes {
  readonly json: boolean
  readonly quiet: boolean
  readonly utc: boolean
  readonly debug: boolean
}

/** A named value of a single result: `[name, for people, for programs]`; the last may be left out when both read alike. */
export type Fact = readonly [name: string, cell: string, value?: string]

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
  /** One line that says the same in every mode but --json and -q; `line` is for people, `values` for programs. */
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
}

/** The output of one run. */
export function createOutput(io: Io, modes: Modes): Output {
  const json = (value: unknown, indent?: number): void => io.out(`${safeJson(value, indent)}\n`)
  const line = (text: string): void => io.out(`${safeText(text)}\n`)
  const values = (row: readonly string[]): void => io.out(`${row.map(safeText).join('\t')}\n`)
  return {
    modes,
    json,
    line,
    values,
    list: async (columns, rows, { answer, id, empty }) => {
      if (modes.json) return json(answer, 2)
      if (modes.quiet) for (const row of rows) line(String(id(row)))
      else if (!io.terminal) for (const row of rows) values(columns.map((column) => column.value(row)))
      else if (rows.length === 0) io.err(`${empty}\n`)
      else {
        // What may be left out for want of room is left out where it says nothing too.
        const shown = columns.filter(
          (column) => !column.pipe && (!column.spare || rows.some((row) => (column.cell ?? column.value)(row) !== '')),
        )
        const { table } = await import('./table.ts')
        io.out(table(io, shown, rows))
      }
    },
    facts: (facts, { answer, id }) => {
      if (modes.json) return json(answer, 2)
      if (modes.quiet) return id === null ? undefined : line(String(id))
      const width = Math.max(...facts.map(([name]) => name.length))
      for (const [name, cell, value = cell] of facts) {
        if (!io.terminal) values([name, value])
        else if (cell !== '') io.out(`${paint(io, 'dim', name.padEnd(width))}  ${indented(cell, width + 2)}\n`)
      }
    },
    done: (text, { answer, id, values: row }) => {
      if (modes.json) return json(answer, 2)
      if (modes.quiet) return id === null ? undefined : line(String(id))
      if (io.terminal) line(text)
      else values(row)
    },
    note: (text) => {
      if (!modes.json && !modes.quiet) io.err(`${safeText(text)}\n`)
    },
    when: (instant) => (modes.utc ? calendar(instant, true) : relative(instant, io.now())),
    error: (error) => io.err(modes.json ? errorDocument(error) : errorLines(error, modes.debug)),
  }
}

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
  const message = error instanceof Error ? error.message : String(error)
  const first = safeText(message.split('\n')[0] ?? '').slice(0, 300)
  return new AuctionError('FAILED', `Something in this program failed: ${first || 'it did not say what'}`, {
    cause: error,
  })
}
