/** Where the program keeps its files: the XDG directories, or those under the home directory. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Io } from './io.ts'

const under = (given: string | undefined, env: Io['env'], ...usual: string[]): string =>
  join(given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), ...usual), 'auction')

/** Settings and logins: under XDG_CONFIG_HOME, or ~/.config. */
export const configDirectory = (env: Io['env']): string => under(env.XDG_CONFIG_HOME, env, '.config')

/** What is being done, and what was noticed: under XDG_STATE_HOME, or ~/.local/state. */
export const stateDirectory = (env: Io['env']): string => under(env.XDG_STATE_HOME, env, '.local', 'state')
