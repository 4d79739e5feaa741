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
    // Many tests wait for a clock or a process: one file more than there are cores keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
