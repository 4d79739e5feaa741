/** jq over what would be printed as JSON; the library is loaded when somebody asks for it, as it is slow to start. */
import { safeJson, safeLines } from '@auction/common/text'
import { usage } from './input.ts'

/** The lines an expression makes of a value; `fault` is where jq gave up, in jq's words. */
export interface Selected {
  readonly lines: readonly string[]
  readonly fault: string | null
}

/** Throws USAGE when `expression` is not one; before anything is asked, so that nothing happens on a slip of the pen. */
export async function checkJq(expression: string): Promise<void> {
  const { raw } = await import('jq-wasm')
  const fault = await raw('null', ` if false then (${expression}\n) else empty end`).then(
    () => null,
    (error: unknown) => faultOf(error),
  )
  if (fault !== null)
    throw usage(`--jq: ${fault}.`, 'An expression reads like: .items[] | .name; its language: https://jqlang.org')
}

/** Strings as they are, for a shell; everything else as JSON on one line. */
export async function select(value: unknown, expression: string): Promise<Selected> {
  const { raw } = await import('jq-wasm')
  // The library drops an error that comes after a result, so each is wrapped here.
  const filter = ` try ((${expression}\n) | [.]) catch [., "fault"]`
  try {
    const results = (await raw(JSON.stringify(value), filter, ['-c'])).split('\n').filter((line) => line !== '')
    const lines: string[] = []
    for (const line of results) {
      const [result, fault] = JSON.parse(line) as [unknown, string?]
      if (fault !== undefined) return { lines, fault: written(result) }
      lines.push(written(result))
    }
    return { lines, fault: null }
  } catch (error) {
    return { lines: [], fault: faultOf(error) }
  }
}

/** Tabs stay, for @tsv. */
const written = (result: unknown): string =>
  typeof result === 'string' ? result.split('\t').map(safeLines).join('\t') : safeJson(result)

function faultOf(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return safeLines(first)
    .replace(/^Failed to execute raw query: /, '')
    .replace(/^jq: error( \(at .*?\))?: /, '')
    .replace(/ \(Unix shell quoting issues\?\)| at <top-level>, line \d+:?/g, '')
    .replace(/\.$/, '')
}
