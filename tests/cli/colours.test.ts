/** Who wants no colours gets none, from any command: results, help, errors, questions, screens (terminal.md, section 8). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HUNG, startWith, TEST_MS } from '../support/streams.ts'
import { attend, environmentOf, type Line, lines, openStage, type Stage, waitFor } from './every-command.ts'

interface Refusal {
  readonly name: string
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
}

const deep = process.env.MODE === 'deep'
const refusals: readonly Refusal[] = [
  { name: 'NO_COLOR=1', env: { NO_COLOR: '1' } },
  // Nobody is asked there, and nothing rewritten.
  { name: 'TERM=dumb', env: { TERM: 'dumb' } },
  { name: 'CLICOLOR=0', env: { CLICOLOR: '0', FORCE_COLOR: '3' } },
  { name: '--no-color', flags: ['--no-color'], env: { CLICOLOR_FORCE: '1' } },
]
/** Select Graphic Rendition, a reset too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const SGR = /\u001b\[[0-9;:]*m/

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

/** All that the line writes to a terminal whose person leaves every question by Ctrl-C. */
async function shown(line: Line, { env = {}, flags = [] }: Omit<Refusal, 'name'>): Promise<string> {
  const words = [...(await line.words(stage)), ...flags]
  const around = { ...(await environmentOf(line, stage)), ...env }
  const started = await startWith(words, { stdin: 'terminal', stdout: 'terminal', env: around, held: stage.held })
  const person = env.TERM !== 'dumb'
  try {
    const [question] = line.asks?.questions ?? []
    if (question && person) {
      await waitFor(started, question[0])
      started.terminal?.send('\u0003')
    } else await attend(started, line, person)
    expect(await started.ended, `auction ${words.join(' ')}`).not.toBe(HUNG)
    return started.out()
  } finally {
    started.close()
  }
}

/** What draws is refused colours in every way; what only writes or asks, in one after the other. */
const refusalsOf = ({ runs }: Line, nth: number) =>
  deep || runs ? refusals : refusals.filter((_, place) => place === nth % refusals.length)

describe('no colours', () => {
  const each = lines.map((line, nth) => ({ line, nth, name: line.command }))

  it.each(each)('in auction $name where none are wanted ($nth)', { timeout: TEST_MS }, async ({ line, nth }) => {
    await Promise.all(
      refusalsOf(line, nth).map(async ({ name, ...refusal }) => {
        expect(await shown(line, refusal), name).not.toMatch(SGR)
      }),
    )
  })

  it.each(['login', 'list', 'watch', 'doctor', 'wallet', 'buy'])(
    'but in auction %s where nobody minds',
    async (name) => {
      const line = lines.find(({ command }) => command === name) as Line
      expect(await shown(line, {})).toMatch(SGR)
    },
  )
})
