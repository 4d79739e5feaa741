/** A file of goods as rows of text with their lines: YAML, CSV or JSON alike, every value as it is written. */
export const formats = ['yaml', 'csv', 'json'] as const
export type Format = (typeof formats)[number]

/** What stands in a column: the text, its line, and the line that names the column. */
interface Cell {
  readonly text: string
  readonly line: number
  readonly namedIn: number
}

/** One good of a file. */
export interface Row {
  readonly line: number
  readonly cells: ReadonlyMap<string, Cell>
}

/** What is no row at all. */
interface Broken {
  readonly line: number
  readonly column: string | null
  readonly message: string
}

interface Rows {
  readonly rows: readonly Row[]
  readonly faults: readonly Broken[]
}

/** The format by the file's name; null where that does not say. */
export function formatOf(path: string): Format | null {
  const [, ending = ''] = /\.([A-Za-z]+)$/.exec(path) ?? []
  const name = ending.toLowerCase()
  return name === 'yml' ? 'yaml' : (formats.find((each) => each === name) ?? null)
}

/** The rows of the text, and what could not be read as one. */
export async function rowsOf(text: string, format: Format): Promise<Rows> {
  if (format === 'csv') return csvRows(text)
  const broken = format === 'json' ? jsonFault(text) : null
  return broken ? { rows: [], faults: [broken] } : yamlRows(text, format)
}

function jsonFault(text: string): Broken | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    // The parser quotes what it met, which may be a password.
    const [, line] = /line (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
    return {
      line: line === undefined ? text.split('\n').length : Number(line),
      column: null,
      message: 'It is not JSON.',
    }
  }
}

/** What a parser says, without what it quotes of the file, which may be a password. */
const bare = (message: string): string => `${message.split(/[:;]/)[0] ?? ''}.`

/** JSON too is read as YAML, which knows lines; with its failsafe schema every value is the text that was written. */
async function yamlRows(text: string, format: 'yaml' | 'json'): Promise<Rows> {
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
  })
  const lineAt = (at: number | undefined): number => lines.linePos(at ?? 0).line
  const lineOf = (node: unknown): number => lineAt((node as { range?: readonly number[] | null } | null)?.range?.[0])
  const faults: Broken[] = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    column: null,
    message: bare(message),
  }))
  if (faults.length > 0) return { rows: [], faults }
  const { contents } = document
  const isList = isSeq(contents)
  if (!isList) {
    const message = `A ${format === 'json' ? 'JSON' : 'YAML'} file of goods is a list, one entry a good.`
    return { rows: [], faults: [{ line: lineOf(contents), column: null, message }] }
  }
  const rows = contents.items.map((item): Row => {
    const line = lineOf(item)
    const cells = new Map<string, Cell>()
    if (!isMap(item)) {
      faults.push({ line, column: null, message: 'It is not a good: a good has a key, a name, a start and an end.' })
      return { line, cells }
    }
    for (const { key, value } of item.items) {
      const column = isScalar(key) ? String(key.value) : ''
      if (isScalar(value) || value === null) {
        // An empty value, and null where it is not quoted, are as good as left out.
        const none = value === null || (value.type === 'PLAIN' && /^(?:~|null)$/.test(String(value.value)))
        const at = lineOf(key)
        cells.set(column, { text: none ? '' : String(value.value), line: at, namedIn: at })
      } else faults.push({ line: lineOf(key), column, message: 'It is not one value.' })
    }
    return { line, cells }
  })
  return { rows: rows.filter(({ cells }) => cells.size > 0), faults }
}

/** The first line names the columns; an empty cell is as good as left out. */
async function csvRows(text: string): Promise<Rows> {
  const { CsvError, parse } = await import('csv-parse/sync')
  type Parsed = { record: string[]; info: { lines: number }; raw: string }
  let records: readonly Parsed[]
  try {
    const options = { bom: true, info: true, raw: true, relax_column_count: true, skip_empty_lines: true, trim: true }
    records = parse(text.replace(/\r\n?/g, '\n'), options) as unknown as Parsed[]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = 'lines' in error && typeof error.lines === 'number' ? error.lines : 1
    return { rows: [], faults: [{ line, column: null, message: bare(error.message) }] }
  }
  const [header, ...rest] = records.map(({ record, info, raw }) => ({ record, line: startOf(info.lines, raw) }))
  const names = header?.record ?? []
  const faults: Broken[] = names.flatMap((name, at) =>
    names.indexOf(name) < at
      ? [{ line: header?.line ?? 1, column: name, message: 'There are two of this column.' }]
      : [],
  )
  const rows = rest.map(({ record, line }): Row => {
    if (record.length !== names.length) {
      const message = `It has ${record.length} values; the first line names ${names.length} columns.`
      faults.push({ line, column: null, message })
    }
    const cells = names.map((name, at) => [name, { text: record[at] ?? '', line, namedIn: header?.line ?? 1 }] as const)
    return { line, cells: new Map(cells) }
  })
  return { rows, faults }
}

/** The line a record begins in, of the line it ends in. */
const startOf = (end: number, raw: string): number => end - (raw.trim().split('\n').length - 1)
