/** The directory of everything a server keeps. */
import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AuctionError } from '@auction/common/errors'

/** Where pictures lie while they come in. */
export const uploadsIn = (directory: string) => join(directory, 'uploads')

/** Makes the directory where it is not there. Throws CANNOT_START. */
export function openDirectory(directory: string): string {
  checkDirectory(directory)
  orCannotStart(directory, () => makeDirectory(directory))
  return directory
}

/** With all it stands in. Node's own `recursive` never ends where a file system takes no directories (/proc). */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** Whether the data directory can be used or made, without making it. Throws CANNOT_START. */
export function checkDirectory(directory: string): void {
  let there = directory
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  orCannotStart(directory, () => {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a directory`)
    accessSync(there, constants.W_OK | constants.X_OK)
  })
}

function orCannotStart(directory: string, use: () => void): void {
  try {
    use()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AuctionError('CANNOT_START', `The data directory ${directory} cannot be used: ${reason}.`, {
      hint: 'Name another with --data.',
      cause,
    })
  }
}

/** Throws away the uploads that a killed server was taking. */
export function sweepDirectory(directory: string): void {
  rmSync(uploadsIn(directory), { recursive: true, force: true })
}
