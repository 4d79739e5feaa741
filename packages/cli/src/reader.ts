/**
 * Whether anybody still reads what we write. A pipe tells only at the next write, which a quiet good may owe for days, and Node
 * asks for no other sign. The kernel knows: it is asked with poll, which Node has as `poll_oneoff` of its WASI.
 */

/** How often the kernel is asked. */
const EVERY_MS = 500
/** How long a question may take: some wait is needed, as one of 0 ends before the kernel is asked. */
const WAIT_NS = 1_000_000n

/**
 * The WebAssembly module that hands `poll_oneoff` out:
 * (module (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))
 *   (memory (export "memory") 1) (export "poll" (func 0)))
 */
const POLL =
  'AGFzbQEAAAABCQFgBH9/f38BfwImARZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxC3BvbGxfb25lb2ZmAAAFAwEAAQcRAgZtZW1vcnkCAARwb2xsAAA='

/** Calls `gone` once when nobody reads the pipe or socket `fd` any more; never for a file. Call what it returns to end it. */
export function heedReader(fd: number, gone: () => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let ended = false
  const end = (): void => {
    ended = true
    if (timer) clearInterval(timer)
  }
  const begin = async (): Promise<void> => {
    const ask = await createQuestion(fd)
    if (ended) return
    timer = setInterval(() => {
      const answer = ask()
      if (answer === 'read') return
      end()
      if (answer === 'gone') gone()
    }, EVERY_MS)
    timer.unref()
  }
  // A Node without WASI: the next write tells, as before.
  begin().catch(end)
  return end
}

/** What is used of it; the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

/** What the module has to offer. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  poll(subscriptions: number, events: number, count: number, counted: number): number
}

/** Offsets in the module's memory: two subscriptions of 48 bytes, one event of 32 for each, the number of events. */
const [CLOCK, FD, EVENTS, COUNT] = [0, 48, 96, 160]
/** Values of wasi_snapshot_preview1. */
const [CLOCK_MONOTONIC, TAG_FD_WRITE, FLAG_HANGUP] = [1, 2, 1]

/** Asks poll about `fd`: it is read, its reader is gone, or that cannot be told. */
async function createQuestion(fd: number): Promise<() => 'read' | 'gone' | 'unknown'> {
  const { WASI } = await import('node:wasi')
  const wasi = new WASI({ version: 'preview1', stdout: fd })
  const module = new WebAssembly.Module(Buffer.from(POLL, 'base64'))
  const instance = new WebAssembly.Instance(module, wasi.getImportObject())
  wasi.initialize(instance)
  const { memory, poll } = instance.exports as Exports
  const view = new DataView(memory.buffer)
  view.setUint32(CLOCK + 16, CLOCK_MONOTONIC, true)
  view.setBigUint64(CLOCK + 24, WAIT_NS, true)
  view.setUint8(FD + 8, TAG_FD_WRITE)
  // Inside the module, our `fd` is its stdout.
  view.setUint32(FD + 16, 1, true)
  return () => {
    if (poll(CLOCK, EVENTS, 2, COUNT) !== 0) return 'unknown'
    for (let event = 0; event < view.getUint32(COUNT, true); event++) {
      const at = EVENTS + 32 * event
      if (view.getUint8(at + 10) !== TAG_FD_WRITE) continue
      const failed = view.getUint16(at + 8, true) !== 0
      if (failed || (view.getUint16(at + 24, true) & FLAG_HANGUP) !== 0) return 'gone'
    }
    return 'read'
  }
}
