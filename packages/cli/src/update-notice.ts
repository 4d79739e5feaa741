/** One line, once a day, when the house in use is of a newer version than this program. Nobody else is asked about versions. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { safeText } from '@auction/common/text'
import { VERSION } from '@auction/common/version'
import type { Globals } from './context.ts'
import { stateDirectory } from './directories.ts'
import { codeOf, makeDirectory } from './disk.ts'
import { isNewer } from './house-version.ts'
import type { Io } from './io.ts'
import { settingOf } from './settings.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Tells a person on a terminal; never a program, and never twice a day. */
export function noticeUpdate(io: Io, { json, quiet, server }: Globals, version: string): void {
  const told = io.terminal && io.stderr.isTTY === true && !json && !quiet
  if (!told || !isNewer(version, VERSION) || settingOf(io.env, 'update-check').value === 'off') return
  if (!isDue(io)) return
  io.err(
    `The house at ${safeText(server)} is version ${version}, this program ${VERSION}. Silence this: auction config set update-check off\n`,
  )
}

/** Whether a day has passed; from now on it has not. False where that cannot be kept, so that it does not come every time. */
function isDue({ env, now }: Io): boolean {
  const directory = stateDirectory(env)
  const path = join(directory, 'update-notice')
  try {
    makeDirectory(directory)
    const since = now() - lastIn(path)
    // A clock that was set back must not silence it for years.
    if (since >= 0 && since < DAY_MS) return false
    writeFileSync(path, new Date(now()).toISOString(), { mode: 0o600 })
    return true
  } catch {
    return false
  }
}

function lastIn(path: string): number {
  try {
    const at = Date.parse(readFileSync(path, 'utf8'))
    return Number.isNaN(at) ? 0 : at
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}
