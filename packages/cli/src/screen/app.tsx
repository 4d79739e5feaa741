/** The screen as a component: the store's Model drawn, keys looked up in the keymap and sent to the store. */
import { randomUUID } from 'node:crypto'
import { useApp, useInput, usePaste } from 'ink'
import { type ReactNode, useEffect, useSyncExternalStore } from 'react'
import { keyNames, messageFor } from './keymap.ts'
import { Screen } from './layout.tsx'
import type { Store } from './store.ts'

/** What the terminal can be asked to do once the app is mounted. */
export type SuspendTerminal = ReturnType<typeof useApp>['suspendTerminal']

export function App({ store, onReady }: { store: Store; onReady(suspend: SuspendTerminal): void }): ReactNode {
  const model = useSyncExternalStore(store.subscribe, store.drawn)
  const { suspendTerminal } = useApp()
  useEffect(() => {
    onReady(suspendTerminal)
  }, [onReady, suspendTerminal])
  useInput((input, key) => {
    // A terminal without bracketed paste hands a paste over as typing; text after a line break is what tells. Line breaks at
    // the end are Enter typed fast: the first one only opens a review, and the others come too early for it.
    if (/[\r\n][^\r\n]/.test(input)) return store.dispatch({ type: 'pasted', text: input })
    for (const name of keyNames(input, key)) {
      const msg = messageFor(store.current(), name, { at: performance.now(), key: randomUUID() })
      if (msg) store.dispatch(msg)
    }
  })
  usePaste((text) => store.dispatch({ type: 'pasted', text }))
  return <Screen model={model} />
}
