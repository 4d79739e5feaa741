import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/`, import.meta.url))

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
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What comes by itself comes later on a busy machine; waiting costs time only where a test fails.
    expect: { poll: { timeout: 60_000 } },
  },
})
