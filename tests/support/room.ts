/** A house with a seller and two who watch, and `auction watch` of it in real pseudo-terminals that close with each test. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type House, type Member, openHouse } from './house.ts'
import { start, type Terminal } from './terminal.ts'

/** The program as it is built. */
export const auction = join(fileURLToPath(new URL('../..', import.meta.url)), 'packages/cli/bin/auction')

export interface Room {
  readonly house: House
  readonly mila: Member
  readonly ada: Member
  readonly zoe: Member
  /** Runs `auction watch` with these words; `program` may put something before the program, as `env NAME=VALUE` is. */
  watch(
    words: readonly string[],
    options: Parameters<typeof start>[1],
    program?: readonly [string, ...string[]],
  ): Terminal
}

/** Opens before the tests of a file and closes after them; its parts are there once a test runs. */
export function openRoom(): Room {
  const open: Terminal[] = []
  const room = {
    watch(words, options, [program, ...rest] = [auction]) {
      const terminal = start([program, ...rest, 'watch', ...words], options)
      open.push(terminal)
      return terminal
    },
  } as { -readonly [K in keyof Room]: Room[K] }
  beforeAll(async () => {
    room.house = await openHouse('sqlite')
    room.mila = await room.house.member('mila')
    room.ada = await room.house.member('ada')
    room.zoe = await room.house.member('zoë')
  })
  afterEach(() => {
    for (const terminal of open.splice(0)) terminal.close()
  })
  afterAll(() => room.house.close())
  return room
}
