/** What the parts of an audit share: what was found so far, and every row of a table by and by. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Audit } from '@auction/common/answers'
import { inShort } from '@auction/common/doubts'
import type { Snapshot } from './snapshot.ts'
import type { Row } from './statements.ts'

type Difference = Audit['differences'][number]
type Checked = { -readonly [K in keyof Audit['checked']]: number }

export const MOST_DIFFERENCES = 100
/** Rows of a page. */
export const PAGE = 100
/** How long the event loop may be held before others have their turn. */
const TURN_MS = 10

/** One recomputation at work. */
export interface Work {
  readonly snapshot: Snapshot
  readonly currency: string
  readonly checked: Checked
  readonly differences: Difference[]
  /** What the entries come to, by account; and how many each good has. */
  readonly sums: Map<string, number>
  readonly entriesOf: Map<number, number>
  /** What the open goods reserve, by leader. */
  readonly held: Map<number, number>
  readonly nicks: Map<number, string>
  turn: number
}

export function differ({ differences }: Work, what: string, expected: unknown, found: unknown): void {
  if (differences.length < MOST_DIFFERENCES)
    differences.push({ what, expected: inShort(expected), found: inShort(found) })
}

/** Every page of what `tail` selects; `next` makes the values of the following page from a page's last row. */
export async function* pages<R extends Row>(
  work: Work,
  table: Parameters<Snapshot['rows']>[0],
  tail: string,
  start: readonly (string | number)[],
  next: (last: R) => readonly (string | number)[],
): AsyncGenerator<R[]> {
  for (let values = start; ; ) {
    const rows = await work.snapshot.rows<R>(table, `${tail} limit ${PAGE}`, values)
    yield rows
    if (performance.now() - work.turn > TURN_MS) {
      await nextTurn()
      work.turn = performance.now()
    }
    const last = rows.at(-1)
    if (!last || rows.length < PAGE) return
    values = next(last)
  }
}

export type Stored<R> = R & Row
