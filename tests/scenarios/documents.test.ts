/** Every command that a document shows is run here, in the order of the document, in one house per document. */
import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generated } from '../../docs/generate.ts'
import { matches, openPlace, type Place, type Step, stepsOf } from '../support/session.ts'

const documents = ['README.md', ...globSync('docs/**/*.md')].map((file) => ({ file, text: readFileSync(file, 'utf8') }))
// What docs/recipes shows is quoted from tests/scenarios/rules, where it is run.
const withSessions = documents
  .filter(({ file }) => !file.startsWith('docs/recipes/'))
  .map(({ file, text }) => ({ file, steps: stepsOf(text) }))
  .filter(({ steps }) => steps.length > 0)

/** Commands in `sh` blocks run elsewhere: npm's by .ci/run in a clean clone, the rest by the test named here. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm ci && npm run demo': '.ci/run',
  'npm ci && npm test': '.ci/run',
  'auction serve --demo': 'tests/cli/examples.test.ts',
  'auction login demo': 'tests/cli/examples.test.ts',
}

describe('documents', () => {
  it('show no command that nothing runs', () => {
    const shown = documents.flatMap(({ text }) =>
      [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n')),
    )
    expect(shown.filter((command) => !(command in runElsewhere))).toEqual([])
  })
  it('are what `npm run docs` writes from the code', async () => {
    for (const [path, text] of await generated()) expect(readFileSync(path, 'utf8'), path).toBe(text)
  })
})

describe.each(withSessions)('$file', ({ steps }) => {
  let place: Place
  beforeAll(async () => {
    place = await openPlace()
  })
  afterAll(() => place.close())

  it.each(steps)('line $line: $who$$ $command', async (step: Step) => {
    const actual = await place.run(step)
    if (!matches(step.expected, actual)) expect(actual.join('\n')).toBe(step.expected.join('\n'))
  })
})
