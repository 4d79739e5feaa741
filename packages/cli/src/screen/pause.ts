/** Of what is to be done in quick succession, only the last. */
export interface Pause {
  /** Does it once nothing else was asked for so long. */
  run(act: () => unknown): void
  cancel(): void
}

/** What a window that is being resized, or somebody who types, is given to rest. */
const REST_MS = 150

export function createPause(): Pause {
  let timer: NodeJS.Timeout | undefined
  return {
    run(act) {
      clearTimeout(timer)
      timer = setTimeout(act, REST_MS)
    },
    cancel: () => clearTimeout(timer),
  }
}
