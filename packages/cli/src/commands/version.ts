/** `auction version`: this program's version, and Node's. */
import type { Command } from '../command.ts'
import { VERSION } from '../version.ts'

export const command: Command = {
  examples: ['version', 'version --json'],
  run: async ({ output }) => {
    output.done(`auction ${VERSION}`, { answer: { version: VERSION }, id: VERSION, values: [VERSION] })
    return 0
  },
}
