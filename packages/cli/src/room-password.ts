/** The password of a private good's room: asked for, or taken from stdin; kept in memory only. */
import type { User } from '@auction/common/answers'
import type { GoodView } from '@auction/common/view'
import type { Input } from './command.ts'
import type { Context } from './context.ts'
import { usage } from './input.ts'

export const roomPasswordOption = [
  '--password-stdin',
  "take a private room's password from the first line of stdin",
] as const

/** Undefined where none is needed: of an open room, for its seller, for the house. */
export async function readRoomPassword(
  context: Context,
  { flag }: Input,
  good: Pick<GoodView, 'id' | 'owner' | 'private'>,
  me: User | null,
): Promise<string | undefined> {
  if (!good.private || (me && (me.id === good.owner.id || me.role === 'house'))) return undefined
  const prompts = await import('./prompts.ts')
  // Where a person can be asked, stdin is their terminal, which is needed for more than this.
  if (flag('passwordStdin') && !context.interactive) return checked(await prompts.readSecretLine(context.io.stdin))
  const otherwise = usage(
    `The room of good ${good.id} has a password, and there is no terminal to ask for it on.`,
    'Give it on stdin: --password-stdin < FILE',
  )
  return checked(
    await (await context.prompts(otherwise)).password(`Password of the room of good ${good.id} (Esc leaves)`),
  )
}

function checked(password: string): string {
  if (/\p{Cc}/u.test(password)) throw usage('A room password has no control characters.')
  return password
}
