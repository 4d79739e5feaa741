/** The process of the `auction` program: colour decided before anything is loaded, streams that close, the exit code. */
import { AuctionError } from '@auction/common/errors'
import { processIo } from './io.ts'
import { refusesColour } from './settings.ts'

const words = process.argv.slice(2)
const io = processIo()

// chalk and Ink ignore NO_COLOR on a terminal, and a FORCE_COLOR beats it; this they all heed.
if (!io.colour || refusesColour(process.env)) process.env.FORCE_COLOR = '0'

// Who has a better end than this (a server that drains, a screen that restores the terminal) listens as well.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(signal, () => {
    if (!io.interruption.begin() && process.listenerCount(signal) === 1) process.exit(code)
  })

// React that looks out for its authors' mistakes costs the screen half as much again, and memory that never comes back.
process.env.NODE_ENV ??= 'production'

let failed = false
// A server goes on when nobody reads it any more: it listens as well.
const goesOn = () => process.stdout.listenerCount('error') > 1
// A reader that has gone (`| head -1`) ends us quietly; a terminal that has gone takes stderr along.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (goesOn()) return
  if (error.code === 'EPIPE') process.exit(0)
  const reason = error.code === 'ENOSPC' ? 'no space is left there' : (error.code ?? error.message)
  const hint = 'What was asked may well have been done: look before you do it again.'
  void failWith(new AuctionError('FAILED', `The result could not be written: ${reason}.`, { hint, cause: error }))
})
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => void failWith(error))

async function failWith(error: unknown): Promise<void> {
  failed = true
  const { fail, modesIn } = await import('./cli.ts')
  fail(error, io, modesIn(words))
  process.exit(1)
}

const { run } = await import('./cli.ts')
const code = await run(words, io)
// Once a command is done nothing may hold the process: a pipe left open on stdin, a library's timer. What could not be
// written is told by the 'error' event, which comes after this callback.
process.stdout.write('', (lost) => {
  if ((!lost || goesOn()) && !failed) process.exit(code)
})
