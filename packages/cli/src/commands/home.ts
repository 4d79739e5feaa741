/** `auction home`, and `auction` alone, on a terminal: the goods of the house, live. */
import type { Command } from '../command.ts'
import { usage } from '../input.ts'
import { isSpoken } from '../io.ts'
import { readRoomPassword } from '../room-password.ts'

export const command: Command = {
  chooses: 'nothing',
  examples: ['home', 'home --server https://house.example'],
  notes:
    'Enter opens a good, Esc comes back, ? shows every key. For programs: auction list, auction notifications --follow.',
  run: async (context) => {
    if (!context.interactive || context.globals.json || isSpoken(context.io.env))
      throw usage('The home screen needs a terminal that it may redraw.', 'List goods: auction list')
    const client = await context.client()
    // A house that cannot be reached is told of before there is a screen.
    await client.call('live')
    const me = await context.me()
    const roomPassword = (good: Parameters<typeof readRoomPassword>[2]) => readRoomPassword(context, noFlags, good, me)
    const { runHome } = await import('../home/run.tsx')
    return runHome({ client, me, io: context.io, utc: context.globals.utc, roomPassword })
  },
}

const noFlags = { words: [], option: () => undefined, flag: () => false }
