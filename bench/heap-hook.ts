/** Loaded into a measured program by NODE_OPTIONS: on SIGUSR2 it collects garbage and appends what memory is left in use to a file. */
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const file = process.env.AUCTION_BENCH_MEMORY
setFlagsFromString('--expose-gc')
// V8 forgets code that has not run for a while, megabytes at a time: that would hide what grows.
setFlagsFromString('--no-flush-bytecode')
const collect = runInNewContext('gc') as () => void

if (file)
  process.on('SIGUSR2', () => {
    // What the first round finalizes, the second frees.
    collect()
    setImmediate(() => {
      collect()
      appendFileSync(file, `${JSON.stringify(process.memoryUsage())}\n`)
    })
  })
