/** An aligned table for people: a header, colours, and no line wider than the terminal. */
import { safeText } from '@auction/common/text'
import truncate from 'cli-truncate'
import widthOf from 'string-width'
import { type Io, paint } from './io.ts'

/** A column of a list. `value` is for programs: full, plain; `cell` is for people, where that reads differently. */
export interface Column<Row> {
  readonly title: string
  value(row: Row): string
  cell?(row: Row): string
  readonly right?: boolean
  /** Cut when the terminal is narrow; others are not. */
  readonly wide?: boolean
  /** For programs only. */
  readonly pipe?: boolean
  /** Left out where the terminal is too narrow for all. */
  readonly spare?: boolean
  colour?(row: Row): 'green' | 'red' | 'dim' | null
}

const GAP = '  '
/** Widths below which a wide column, and then any, is not cut. */
const LEAST_WIDE = 8
const LEAST = 3

interface Drawn<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  readonly width: number
}

/** The table of `rows`, ending in a newline. */
export function table<Row>(io: Io, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const all = columns.map((column): Drawn<Row> => {
    const cells = rows.map((row) => safeText((column.cell ?? column.value)(row)))
    return { column, cells, width: Math.max(column.title.length, ...cells.map((cell) => widthOf(cell))) }
  })
  const drawn = fit(all, io.width)
  const header = line(drawn, ({ column, width }) => [column.title.toUpperCase(), width, 'dim'], io)
  const lines = rows.map((row, at) =>
    line(drawn, ({ column, cells, width }) => [cells[at] ?? '', width, column.colour?.(row) ?? null], io),
  )
  return `${[header, ...lines].join('\n')}\n`
}

type Cell = readonly [text: string, width: number, style: 'green' | 'red' | 'dim' | null]

function line<Row>(drawn: readonly Drawn<Row>[], cellOf: (drawn: Drawn<Row>) => Cell, io: Io): string {
  const cells = drawn.map((each, at) => {
    const [text, width, style] = cellOf(each)
    const cut = truncate(text, width)
    const gap = ' '.repeat(Math.max(0, width - widthOf(cut)))
    const painted = style === null ? cut : paint(io, style, cut)
    if (each.column.right) return gap + painted
    return at === drawn.length - 1 ? painted : painted + gap
  })
  return cells.join(GAP)
}

/** Cuts the wide columns, then leaves spare ones out from the right, then cuts any, until a row fits. */
function fit<Row>(all: readonly Drawn<Row>[], width: number): readonly Drawn<Row>[] {
  const narrower = cut(all, width, LEAST_WIDE, ({ column }) => column.wide === true)
  if (whole(narrower) <= width) return narrower
  const spare = all.findLast(({ column }) => column.spare === true)
  if (spare)
    return fit(
      all.filter((each) => each !== spare),
      width,
    )
  return cut(narrower, width, LEAST, () => true)
}

const whole = (drawn: readonly Drawn<never>[]): number =>
  drawn.reduce((sum, { width }) => sum + width, 0) + GAP.length * (drawn.length - 1)

/** Takes from the widest column that may be cut what is too much, and again. */
function cut<Row>(
  all: readonly Drawn<Row>[],
  most: number,
  least: number,
  mayCut: (drawn: Drawn<Row>) => boolean,
): readonly Drawn<Row>[] {
  const surplus = whole(all) - most
  const widest = all.filter((each) => mayCut(each) && each.width > least).sort((a, b) => b.width - a.width)[0]
  if (surplus <= 0 || !widest) return all
  const width = Math.max(least, widest.width - surplus)
  return cut(
    all.map((each) => (each === widest ? { ...each, width } : each)),
    most,
    least,
    mayCut,
  )
}
