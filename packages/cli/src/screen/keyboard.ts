/** Keys by their names, and the tables that say what they mean: one table a screen. */
import type { Key } from 'ink'

/** What the edge adds to a key: the monotonic time, and a fresh key in case it places a bid. */
export interface Stamp {
  readonly at: number
  readonly key: string
}

export interface Binding<Model, Msg> {
  readonly keys: readonly string[]
  /** Any character too, whatever it means elsewhere. */
  readonly text?: true
  /** As the footer and the help write the keys. */
  readonly label: string
  readonly help: string
  /** Shown in the footer, in this order of importance; null: only in the help. */
  readonly rank: number | null
  when(model: Model): boolean
  message(model: Model, stamp: Stamp, name: string): Msg
}

type Keymap<Model, Msg> = readonly Binding<Model, Msg>[]

/** What a key means now; null for nothing. */
export function messageFor<Model, Msg>(
  keymap: Keymap<Model, Msg>,
  model: Model,
  name: string,
  stamp: Stamp,
): Msg | null {
  const isText = [...name].length === 1
  const binding = keymap.find(({ keys, text, when }) => ((text && isText) || keys.includes(name)) && when(model))
  return binding?.message(model, stamp, name) ?? null
}

/** The keys that work now and belong in the footer, the most important first. */
export function footerKeys<Model, Msg>(keymap: Keymap<Model, Msg>, model: Model): Keymap<Model, Msg> {
  const shown = keymap.filter(({ rank, when }) => rank !== null && when(model))
  return shown.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
}

const named = [
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
] as const satisfies readonly (readonly [keyof Key, string])[]

/** Names of the keys in one chunk of input: fast typing arrives as several. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.eventType === 'release') return []
  if (key.ctrl) return [`ctrl-${input}`]
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  const special = named.find(([flag]) => key[flag])
  if (special) return [special[1]]
  return key.meta ? [] : [...input].map((name) => (name === '\r' || name === '\n' ? 'enter' : name))
}
