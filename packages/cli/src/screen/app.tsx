/** The watch screen as a view: its Model drawn, keys looked up in the keymap and sent to the store. */
import { randomUUID } from 'node:crypto'
import { messageFor } from './keyboard.ts'
import { keymap } from './keymap.ts'
import { Screen } from './layout.tsx'
import type { Model, Msg } from './model.ts'
import type { Store } from './store.ts'
import { Drawn, type View } from './window.tsx'

export function watchView(store: Store<Model, Msg>): View {
  return {
    node: () => <Drawn store={store} draw={(model) => <Screen model={model} />} />,
    onKey(name) {
      const msg = messageFor(keymap, store.current(), name, { at: performance.now(), key: randomUUID() })
      if (msg) store.dispatch(msg)
    },
    onPaste: (text) => store.dispatch({ type: 'pasted', text }),
    onResize: (size) => store.dispatch({ type: 'resized', size }),
  }
}
