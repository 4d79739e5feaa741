/** Of what is to be done in quick succession, only the last. */
export interface Pause {
  /** Does it once nothing else was asked for so long. */
  run(act: () => unknown): void
  cancel(): void
}

export function createPause(ms: number): Pause {
  let timer: NodeJS.Timeout | undefined
  return {
    run(act) {
      clearTimeout(timer)
      timer = setTimeout(act, ms)
    },
    cancel: () => clearTimeout(timer),
  }
}
