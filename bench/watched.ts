/** `auction watch` in a real pseudo-terminal, as something to measure: its bytes, its processor time, its memory. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawn } from '@lydell/node-pty'
import { AUCTION, environment } from '../tests/support/program.ts'

/** Clock ticks of /proc per second: fixed in Linux, whatever the kernel's own. */
const TICKS = 100
const HOOK = fileURLToPath(new URL('./heap-hook.ts', import.meta.url))

export interface Size {
  readonly cols: number
  readonly rows: number
}

/** A watch screen that is live. */
export interface Watched {
  /** Bytes written to the terminal so far. */
  bytes(): number
  /** Seconds of processor time used so far, all threads, in user and system mode. */
  cpu(): number
  /** Bytes in use once the garbage is collected: V8's heap and what it holds outside, and the resident set. */
  memory(): Promise<{ heap: number; resident: number }>
  close(): Promise<void>
}

/** Opens the screen and waits until it is live. */
export async function openScreen(
  house: { url: string; directory: string },
  watching: { goodId: number; token: string; size: Size; hooked?: boolean },
): Promise<Watched> {
  const { goodId, token, size, hooked = false } = watching
  const memoryFile = join(house.directory, `memory-${goodId}-${size.cols}`)
  const hook = hooked ? { NODE_OPTIONS: `--import=${HOOK}`, AUCTION_BENCH_MEMORY: memoryFile } : {}
  const env = { AUCTION_SERVER: house.url, AUCTION_TOKEN: token, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...hook }
  const child = spawn(AUCTION, ['watch', String(goodId)], {
    name: 'xterm-256color',
    ...size,
    env: environment(join(house.directory, 'home'), env),
  })
  let bytes = 0
  let opening = ''
  const ended = new Promise<void>((resolve) => child.onExit(() => resolve()))
  const live = Promise.withResolvers<void>()
  child.onData((text) => {
    bytes += Buffer.byteLength(text)
    if (opening.includes('● live')) return live.resolve()
    opening += text
  })
  void ended.then(() => live.reject(new Error(`The screen ended before it was live: ${opening}`)))
  await live.promise
  return {
    bytes: () => bytes,
    cpu: () => processorTime(child.pid),
    async memory() {
      rmSync(memoryFile, { force: true })
      child.kill('SIGUSR2')
      let over = false
      void ended.then(() => {
        over = true
      })
      for (;;) {
        if (over) throw new Error('The program has ended.')
        await new Promise((resolve) => setTimeout(resolve, 50))
        const text = existsSync(memoryFile) ? readFileSync(memoryFile, 'utf8') : ''
        if (!text.endsWith('\n')) continue
        const { heapUsed, external, rss } = JSON.parse(text)
        return { heap: heapUsed + external, resident: rss }
      }
    },
    async close() {
      child.write('q')
      await ended
    },
  }
}

/** Seconds of user and system time of a process; without /proc as `ps` says it, `0:07.31`. */
function processorTime(pid: number): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file))
    return execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' })
      .split(':')
      .reduce((sum, part) => sum * 60 + Number(part), 0)
  const stat = readFileSync(file, 'latin1')
  // The program's name, which may hold spaces, ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}
