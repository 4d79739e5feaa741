/** The terminal's signals: the screen leaves it whole however it ends, and can be suspended and resumed. */
import { constants } from 'node:os'

/** Ink's own: hands the terminal over to `use`, takes it back and draws anew. */
export type SuspendTerminal = (use: () => Promise<void>) => Promise<void>

const ENDINGS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const
/** A shell without job control ignores the suspension; then the screen simply comes back. */
const IGNORED_MS = 150

/**
 * Ends the screen on a signal with 128 and its number, and puts the terminal right before anybody prints a crash.
 * Answers what stops watching.
 */
export function watchSignals(watch: {
  onSignal(code: number): void
  onError(error: unknown): void
  /** The window may have another size; stdout does not tell where it has its old one back by the time it looks. */
  onWindow(): void
  restore(): void
}): () => void {
  const ends = ENDINGS.map((signal) => [signal, () => watch.onSignal(128 + constants.signals[signal])] as const)
  const crashed = (error: unknown) => {
    watch.restore()
    watch.onError(error)
  }
  for (const [signal, end] of ends) process.on(signal, end)
  process.on('SIGWINCH', watch.onWindow)
  // First of all listeners: what the others print must not end up on a screen that is about to vanish.
  process.prependListener('uncaughtException', crashed)
  return () => {
    for (const [signal, end] of ends) process.off(signal, end)
    process.off('SIGWINCH', watch.onWindow)
    process.off('uncaughtException', crashed)
  }
}

/**
 * Hands the terminal to the shell until `fg`, then draws anew, at the size the window has by then: it is asked for before Ink
 * has the terminal back, as a first frame of the old size would leave all that follow in the wrong rows.
 */
export async function suspendProcess(suspendTerminal: SuspendTerminal): Promise<void> {
  await suspendTerminal(
    () =>
      new Promise<void>((resolve) => {
        const resume = () => {
          clearTimeout(ignored)
          process.off('SIGCONT', resume)
          process.once('SIGWINCH', resolve)
          process.kill(process.pid, 'SIGWINCH')
        }
        process.on('SIGCONT', resume)
        // The whole foreground job, as the terminal itself would: npm and the shell around us stop with us.
        process.kill(0, 'SIGTSTP')
        const ignored = setTimeout(resume, IGNORED_MS)
      }),
  )
}
