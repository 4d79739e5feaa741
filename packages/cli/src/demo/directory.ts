/** The directory of a demo's data: never one that somebody else's data is in. */
import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { usage } from '../input.ts'

/** The directory at `given`, which is empty or not there yet. Throws USAGE. */
export function emptyDirectory(given: string, hint: string): string {
  const directory = resolve(given)
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw usage(`${directory} is not a directory.`, 'Name a directory of its own for the demo.')
  if (existsSync(directory) && readdirSync(directory).length > 0) throw usage(`${directory} is not empty.`, hint)
  return directory
}

/** A new temporary directory; whoever makes it removes it. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'auction-demo-'))
}
