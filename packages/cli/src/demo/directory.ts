/** The directory of a demo's data: never one that somebody else's data is in. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { usage } from '../input.ts'

/** The directory at `given`, which is empty or not there yet. Throws USAGE. */
export function emptyDirectory(given: string, hint: string): string {
  const directory = resolve(given)
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw usage(`${directory} is not a directory.`, 'Name a directory of its own for the demo.')
  if (existsSync(directory) && readdirSync(directory).length > 0) throw usage(`${directory} is not empty.`, hint)
  return directory
}
