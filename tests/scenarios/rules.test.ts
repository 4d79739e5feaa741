/**
 * A scenario for each rule: text that reads like documentation, typed into the real program against a real house of its own.
 * docs/recipes quotes the scenarios word for word, and this test sees to it.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signatureOf } from '../../packages/server/src/webhook-delivery.ts'
import { matches, openPlace, stepsOf } from '../support/session.ts'

const read = (pattern: string) =>
  globSync(pattern)
    .sort()
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))
const scenarios = read('tests/scenarios/rules/*.md').map(({ file, text }) => ({
  name: basename(file, '.md'),
  text,
  steps: stepsOf(text),
}))
const recipes = read('docs/recipes/*.md')

const SCENARIO_MS = 600_000

/** The `console` blocks of a page, as text. */
const blocksOf = (text: string) => [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)

describe('recipes', () => {
  it('show nothing that is not in a scenario, word for word', () => {
    const played = new Set(scenarios.flatMap(({ text }) => blocksOf(text)))
    const strange = recipes.flatMap(({ file, text }) =>
      blocksOf(text).flatMap((block) => (played.has(block) ? [] : [`${file}: ${block.split('\n')[0]}`])),
    )
    expect(strange).toEqual([])
  })
  it('check a webhook as they say', async () => {
    const text = readFileSync('docs/recipes/automating.md', 'utf8')
    const [, source = ''] = /^```js\n([\s\S]*?)^```$/m.exec(text) ?? []
    const { isFromTheHouse } = await import(`data:text/javascript,${encodeURIComponent(source)}`)
    const header = `t=1000,v1=${signatureOf('whsec_x', 1000, '{"id":1}')}`
    expect(isFromTheHouse('whsec_x', header, '{"id":1}', 1_000_000)).toBe(true)
    expect(isFromTheHouse('whsec_x', header, '{"id":2}', 1_000_000)).toBe(false)
    expect(isFromTheHouse('whsec_y', header, '{"id":1}', 1_000_000)).toBe(false)
    expect(isFromTheHouse('whsec_x', header, '{"id":1}', 2_000_000)).toBe(false)
    for (const strange of ['', 't=1000', `t=1000,v1=${'é'.repeat(64)}`])
      expect(isFromTheHouse('whsec_x', strange, '{"id":1}', 1_000_000)).toBe(false)
  })
  it('quote every scenario', () => {
    const shown = new Set(recipes.flatMap(({ text }) => blocksOf(text)))
    expect(
      scenarios.filter(({ text }) => !blocksOf(text).some((block) => shown.has(block))).map(({ name }) => name),
    ).toEqual([])
  })
})

describe('the scenario of', () => {
  // Mostly they wait for an end, which is far enough for a slow machine; each has a house and people of its own.
  it.concurrent.each(scenarios)('$name', { timeout: SCENARIO_MS }, async ({ name, steps }) => {
    const place = await openPlace()
    try {
      for (const step of steps) {
        const actual = await place.run(step)
        if (!matches(step.expected, actual))
          expect(actual.join('\n'), `${name}.md, line ${step.line}: ${step.who}$ ${step.command}`).toBe(
            step.expected.join('\n'),
          )
      }
    } finally {
      await place.close()
    }
  })
})
