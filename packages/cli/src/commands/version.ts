/** `auction version`: this program's version, and Node's. */
import { VERSION } from '@auction/common/version'
import type { Command } from '../command.ts'

export const command: Command = {
  examples: ['version', 'version --json'],
  run: async ({ output }) => {
    output.done(`auction ${VERSION}`, { answer: { version: VERSION }, id: VERSION, values: [VERSION] })
    return 0
  },
}
