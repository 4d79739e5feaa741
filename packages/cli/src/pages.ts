/** Lists longer than one page of the house: as many rows as were asked for. */
import type { Input } from './command.ts'
import type { Context } from './context.ts'
import { parseCount } from './input.ts'

/** Rows the house gives at once. */
const PAGE = 100
const MOST = 1_000
const USUAL = 30

export const limitOption = ['--limit <n>', `how many rows, 1 to ${MOST} (${USUAL})`] as const

/** A page of rows; `next` is the cursor of the following one. */
export interface Page<Row> {
  items: Row[]
  next: string | null
}

/** Up to --limit rows. */
export async function collect<Row>(
  input: Input,
  fetch: (query: { limit: number; cursor: string | undefined }) => Promise<Page<Row>>,
): Promise<Page<Row>> {
  const limit = parseCount(input.option('limit') ?? String(USUAL), '--limit', 1, MOST)
  const all: Page<Row> = { items: [], next: null }
  do {
    const page = await fetch({ limit: Math.min(PAGE, limit - all.items.length), cursor: all.next ?? undefined })
    all.items.push(...page.items.slice(0, limit - all.items.length))
    all.next = page.items.length === 0 ? null : page.next
  } while (all.next !== null && all.items.length < limit)
  return all
}

/** Tells a person that there are more rows than were shown. */
export function noteMore({ io, output }: Context, { items, next }: Page<unknown>): void {
  if (next !== null && io.terminal)
    output.note(`There are more; see them with --limit ${Math.min(MOST, items.length * 4)}.`)
}
