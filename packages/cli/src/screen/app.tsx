/** A screen as a view of the window: what its store holds, drawn; keys looked up in its table and sent to the store. */
import { randomUUID } from 'node:crypto'
import type { ReactNode } from 'react'
import { type Binding, messageFor } from './keyboard.ts'
import type { Store } from './store.ts'
import { Drawn, type Size, type View } from './window.tsx'

/** What every screen is told beside keys. */
type WindowMsg = { readonly type: 'pasted'; readonly text: string } | { readonly type: 'resized'; readonly size: Size }

export function viewOf<Model, Msg>(
  store: Store<Model, Msg | WindowMsg>,
  keymap: readonly Binding<Model, Msg>[],
  draw: (model: Model) => ReactNode,
): View {
  return {
    node: () => <Drawn store={store} draw={draw} />,
    onKey(name) {
      const msg = messageFor(keymap, store.current(), name, { at: performance.now(), key: randomUUID() })
      if (msg) store.dispatch(msg)
    },
    onPaste: (text) => store.dispatch({ type: 'pasted', text }),
    onResize: (size) => store.dispatch({ type: 'resized', size }),
  }
}
