/** The terminal as one window: Ink in it, what it is told, its signals; it is left whole however the program ends. */
import { render, useApp, useInput, usePaste } from 'ink'
import { type ReactNode, useEffect, useSyncExternalStore } from 'react'
import type { Io } from '../io.ts'
import { keyNames } from './keyboard.ts'
import { createPause } from './pause.ts'
import type { Store } from './store.ts'
import { type SuspendTerminal, suspendProcess, watchSignals } from './terminal.ts'

export type WindowIo = Pick<Io, 'stdin' | 'stdout' | 'stderr' | 'env' | 'err' | 'colour' | 'ascii'>

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Something that fills the window: drawn anew at every `node()`, told of keys and of another size. */
export interface View {
  node(): ReactNode
  onKey(name: string): void
  onPaste(text: string): void
  onResize(size: Size): void
}

/** What a terminal can be told. */
export type Signal =
  | { readonly type: 'bell' }
  | { readonly type: 'title'; readonly text: string }
  | { readonly type: 'copy'; readonly text: string }
  | { readonly type: 'suspend' }

export interface Window {
  size(): Size
  /** Fills the window with this view, in place of the one before. */
  show(view: View): void
  tell(signal: Signal): void
  /** The terminal for `use` alone, and then the view again. */
  lend(use: () => Promise<void>): Promise<void>
  /** Settles when something ends the program: 128 and the number of a signal; rejects with what broke. */
  readonly ended: Promise<number>
  /** Said on stderr once the terminal is whole again. */
  sayLast(text: string): void
}

/** What the terminal keeps: its title is put on its stack, and taken back from it. */
const KEEP_TITLE = '\u001b[22;2t'
const RESTORE_TITLE = '\u001b[23;2t'
/** An empty window, written from its first cell on. */
const WIPE = '\u001b[2J\u001b[H'

/** Opens the window for as long as `use` runs. Throws what `use` throws. */
export async function inWindow(io: WindowIo, use: (window: Window) => Promise<number>): Promise<number> {
  const { window, close } = openWindow(io)
  try {
    return await use(window)
  } finally {
    await close()
  }
}

function openWindow(io: WindowIo): { window: Window; close(): Promise<void> } {
  const [ended, repaint] = [Promise.withResolvers<number>(), createPause()]
  ended.promise.catch(() => {}) // Whoever shows something awaits it.
  const shown: { view: View | null; suspend: SuspendTerminal | null } = { view: null, suspend: null }
  let last = ''
  let [lent, away, closed] = [false, false, false]
  const onReady = (suspend: SuspendTerminal) => Object.assign(shown, { suspend })
  // Keys typed in one breath may ask twice for what Ink gives away once, and breaks over the second time.
  const handOver: SuspendTerminal = async (use) => {
    if (away) return
    away = true
    const used = async () => {
      try {
        await use()
      } finally {
        // Before Ink draws: whoever sees that may press a key at once.
        away = false
      }
    }
    await (shown.suspend ? shown.suspend(used) : used())
  }
  // Keys typed in one breath reach what the first of them brought up, drawn or not.
  const front: View = {
    node: () => shown.view?.node(),
    onKey: (name) => shown.view?.onKey(name),
    onPaste: (text) => shown.view?.onPaste(text),
    onResize: (size) => shown.view?.onResize(size),
  }
  const frame = () => shown.view && <Frame view={front} onReady={onReady} />
  io.stdout.write(KEEP_TITLE)
  const screen = render(frame(), {
    stdin: io.stdin as NodeJS.ReadStream,
    stdout: io.stdout as NodeJS.WriteStream,
    stderr: io.stderr as NodeJS.WriteStream,
    alternateScreen: true,
    incrementalRendering: true,
    maxFps: 30,
    exitOnCtrlC: false,
    // Whether there is a screen was decided before Ink was loaded; it takes CI= and others for a CI.
    interactive: true,
  })
  // A frame may have met a window that was of another size again by then: what it left there, no later frame would wipe.
  const repaintSoon = () => {
    if (lent || closed) return
    repaint.run(() => {
      screen.clear()
      io.stdout.write(WIPE)
      screen.rerender(frame())
    })
  }
  const resized = () => {
    if (lent || closed) return
    front.onResize(sizeOf(io))
    repaintSoon()
  }
  io.stdout.on('resize', resized)
  const stopSignals = watchSignals({
    onSignal: ended.resolve,
    onError: ended.reject,
    // What a window that was smaller for a moment cut off is gone.
    onWindow: repaintSoon,
    restore: screen.unmount,
  })
  screen.waitUntilExit().then(() => ended.resolve(0), ended.reject)
  const window: Window = {
    size: () => sizeOf(io),
    show(view) {
      shown.view = view
      screen.rerender(frame())
    },
    tell(signal) {
      if (signal.type !== 'suspend') return void io.stdout.write(escapeFor(signal))
      // The terminal is the shell's meanwhile.
      repaint.cancel()
      if (shown.suspend) void suspendProcess(handOver)
    },
    async lend(use) {
      if (away) return
      repaint.cancel()
      lent = true
      const used = async () => {
        try {
          await use()
        } finally {
          // A prompt that was answered or left stops the reading of stdin a moment later: not after Ink has begun to read again.
          await new Promise((resolve) => setImmediate(resolve))
          // Before Ink has the terminal back, which draws at once.
          lent = false
          front.onResize(sizeOf(io))
        }
      }
      try {
        await handOver(used)
      } finally {
        resized()
      }
    },
    ended: ended.promise,
    sayLast: (text) => {
      last += text
    },
  }
  const close = async () => {
    // Whoever has the terminal lent may give it back later: it is the shell's again then, and nothing of it is wiped.
    closed = true
    repaint.cancel()
    io.stdout.off('resize', resized)
    screen.unmount()
    await screen.waitUntilExit().catch(() => {})
    stopSignals()
    io.stdout.write(RESTORE_TITLE)
    io.err(last)
  }
  return { window, close }
}

const sizeOf = ({ stdout }: Pick<Io, 'stdout'>): Size => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })

/** What a terminal understands as bell, title, clipboard. The text has passed safeText on its way in. */
function escapeFor(signal: Exclude<Signal, { type: 'suspend' }>): string {
  if (signal.type === 'bell') return '\u0007'
  if (signal.type === 'title') return `\u001b]2;${signal.text}\u0007`
  return `\u001b]52;c;${Buffer.from(signal.text).toString('base64')}\u0007`
}

/** A view at the keyboard. */
export function Frame({ view, onReady }: { view: View; onReady?(suspend: SuspendTerminal): void }): ReactNode {
  const { suspendTerminal } = useApp()
  useEffect(() => {
    onReady?.(suspendTerminal)
  }, [onReady, suspendTerminal])
  useInput((input, key) => {
    // A terminal without bracketed paste hands a paste over as typing; text after a line break is what tells. Line breaks at
    // the end, or one key after them, are typed fast: the first Enter only opens a review, and others come too early for it.
    if (/[\r\n][^\r\n]./su.test(input)) return view.onPaste(input)
    for (const name of keyNames(input, key)) view.onKey(name)
  })
  usePaste((text) => view.onPaste(text))
  return view.node()
}

/** What a store holds, drawn whenever it is flushed. */
export function Drawn<Model>({
  store,
  draw,
}: {
  store: Pick<Store<Model, never>, 'subscribe' | 'drawn'>
  draw(model: Model): ReactNode
}): ReactNode {
  return draw(useSyncExternalStore(store.subscribe, store.drawn))
}
