/** The process of the `auction` program: colour decided before anything is loaded, streams that close, the exit code. */
import { processIo } from './io.ts'

const words = process.argv.slice(2)
const io = processIo()

// chalk and Ink ignore NO_COLOR on a terminal, and a FORCE_COLOR beats it; this they all heed.
if (!io.colour) process.env.FORCE_COLOR = '0'

// A reader that has gone (`| head -1`) ends us quietly; a terminal that has gone takes stderr along.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.stderr.on('error', () => {})
// Who has a better end than this (a server that drains, a screen that restores the terminal) listens as well.
process.on('SIGINT', () => process.listenerCount('SIGINT') === 1 && process.exit(130))
process.on('uncaughtException', (error) => void crash(error))

async function crash(error: unknown): Promise<void> {
  const { fail, modesIn } = await import('./cli.ts')
  fail(error, io, modesIn(words))
  process.exit(1)
}

const { run } = await import('./cli.ts')
const code = await run(words, io)
// Once a command is done nothing may hold the process: a pipe left open on stdin, a library's timer.
process.stdout.write('', () => process.exit(code))
