/** The one place where a screen's model lives: every message changes it at once, what is drawn follows ten times a second. */

/** The shortest time between two redraws. */
const FLUSH_MS = 100

export interface Store<Model, Msg> {
  /** The model as drawn; stable between flushes. */
  drawn(): Model
  /** The model as it is. */
  current(): Model
  subscribe(onFlush: () => void): () => void
  dispatch(msg: Msg): void
  close(): void
}

/** Runs `update` on every message and hands its effects to `run`. */
export function createStore<Model, Msg extends { readonly type: string }, Effect>(
  initial: Model,
  update: (model: Model, msg: Msg) => readonly [Model, readonly Effect[]],
  run: (effect: Effect) => void,
): Store<Model, Msg> {
  const listeners = new Set<() => void>()
  let current = initial
  let drawn = initial
  let lastFlush = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    lastFlush = performance.now()
    drawn = current
    for (const listener of listeners) listener()
  }
  return {
    drawn: () => drawn,
    current: () => current,
    subscribe(onFlush) {
      listeners.add(onFlush)
      return () => listeners.delete(onFlush)
    },
    dispatch(msg) {
      const [next, effects] = update(current, msg)
      const changed = next !== current
      current = next
      for (const effect of effects) run(effect)
      if (!changed) return
      const wait = FLUSH_MS - (performance.now() - lastFlush)
      // A window of another size cannot wait: the old frame does not fit it.
      if (wait <= 0 || msg.type === 'resized') flush()
      else timer ??= setTimeout(flush, wait)
    },
    close() {
      clearTimeout(timer)
      listeners.clear()
    },
  }
}
