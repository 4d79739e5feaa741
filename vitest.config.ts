import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/`, import.meta.url))

/** Where nothing is known of earlier runs the largest files come first; these take longer than they are large. */
const long = /\/(scenarios|sim)\/|\/cli\/(colours|matrix)\./

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [first, rest] = [true, false].map((early) => files.filter(({ moduleId }) => long.test(moduleId) === early))
    return [...(await super.sort(first ?? [])), ...(await super.sort(rest ?? []))]
  }
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@auction\/(common|server)\/(.+)$/, replacement: '$1:$2' },
      { find: /^common:(.+)$/, replacement: `${source('common')}$1.ts` },
      { find: /^server:(.+)$/, replacement: `${source('server')}$1.ts` },
    ],
  },
  test: {
    globalSetup: ['tests/support/postgres-setup.ts'],
    include: ['tests/**/*.test.{ts,tsx}'],
    // Many tests wait for a clock or a process: two files more than there are cores keep the cores busy.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What comes by itself comes later on a busy machine; waiting costs time only where a test fails.
    expect: { poll: { timeout: 60_000 } },
  },
})
