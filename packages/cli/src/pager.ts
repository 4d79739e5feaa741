/** Text longer than the terminal goes to a pager, as people know it from git; nothing else ever does. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { asAscii } from './ascii.ts'
import { Interrupted } from './interruption.ts'
import type { Io } from './io.ts'
import { settingOf } from './settings.ts'

/** Exit codes of a shell that could not start what it was told to. */
const NOT_STARTED = [126, 127]
/** What a shell exits with when what it ran was interrupted. */
const INTERRUPTED = 130

/** Writes text, through the pager where a person is there and it does not fit. Rejects with Interrupted on Ctrl-C. */
export async function page(io: Io, text: string): Promise<void> {
  const rows = io.stdout.rows ?? 0
  const fits = rows === 0 || text.split('\n').length <= rows
  const command = fits || !io.interactive ? null : pagerOf(io.env)
  if (command === null || !(await shownBy(io, command, text))) io.out(text)
}

/** The pager; null for none. `less` is only the default where it is there. */
function pagerOf(env: Io['env']): string | null {
  const { value, from } = settingOf(env, 'pager')
  if (value === 'off' || value === 'cat') return null
  return from === 'default' && !isThere(value.split(' ')[0] ?? '', env.PATH) ? null : value
}

const isThere = (program: string, path = ''): boolean =>
  path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return directory !== ''
    } catch {
      return false
    }
  })

/** Whether the pager could be started; when it could, it has shown what its reader wanted to see. */
async function shownBy(io: Io, command: string, text: string): Promise<boolean> {
  const { spawn } = await import('node:child_process')
  const env = { ...io.env, LESS: io.env.LESS ?? 'FRX' }
  return io.interruption.heeding(async (signal) => {
    const child = spawn(command, { shell: true, env, stdio: ['pipe', 'inherit', 'inherit'] })
    // Who leaves the pager early has seen enough.
    child.stdin.on('error', () => {})
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop)
    const [code, by] = await new Promise<[number | null, string | null]>((resolve) => {
      child.on('error', () => resolve([NOT_STARTED[0] ?? null, null]))
      child.on('close', (status, killedBy) => resolve([status, killedBy]))
      child.stdin.end(io.ascii ? asAscii(text) : text)
    })
    signal.removeEventListener('abort', stop)
    // Ctrl-C reaches both; the pager may be gone before we hear of it.
    if (signal.aborted || by === 'SIGINT' || code === INTERRUPTED) throw new Interrupted()
    return code === null || !NOT_STARTED.includes(code)
  })
}
