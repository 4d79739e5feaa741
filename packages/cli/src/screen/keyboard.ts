/** Keys by their names, and the tables that say what they mean: one table a screen. */
import type { Key } from 'ink'
import { isLateAnswer } from './graphics-support.ts'

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
  /** The only place where it means that, for who reads of it without the screen; left out where it is all of the screen. */
  readonly where?: string
  /** Shown in the footer, in this order of importance; null: only in the help. */
  readonly rank: number | null
  when(model: Model): boolean
  message(model: Model, stamp: Stamp, name: string): Msg
}

/** What the keys of every screen say. */
export type ScreenMsg =
  /** Rows down the list that has the focus; infinite for its ends. */
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'panel'; readonly panel: 'help' }
  | { readonly type: 'next_notice' }
  | { readonly type: 'mute' }
  | { readonly type: 'copy' }
  | { readonly type: 'refetch' }
  | { readonly type: 'suspend' }
  | { readonly type: 'leave'; readonly code: 0 | 130 }

/** Rows that PgUp and PgDn move; the list itself may show more or fewer. */
const PAGE = 10
const scroll = (by: number) => (): ScreenMsg => ({ type: 'scroll', by })

/**
 * The keys of every screen. `shown` is whether the window shows what they act on, `free` whether letters are not text,
 * `canCopy` whether there is a good whose link is meant, and `canQuit` whether q is no text either.
 */
export function screenKeys<Model extends { readonly notices: readonly unknown[] }>({
  shown,
  free,
  canCopy,
  canQuit,
}: Record<'shown' | 'free' | 'canCopy' | 'canQuit', (model: Model) => boolean>): readonly Binding<Model, ScreenMsg>[] {
  const only = (keys: readonly string[], label: string, help: string) => ({ keys, label, help, rank: null })
  return [
    { ...only(['up', 'k'], '↑ k', 'scroll up'), when: shown, message: scroll(-1) },
    { ...only(['down', 'j'], '↓ j', 'scroll down'), when: shown, message: scroll(1) },
    { ...only(['pageup'], 'PgUp', 'a page up'), when: shown, message: scroll(-PAGE) },
    { ...only(['pagedown'], 'PgDn', 'a page down'), when: shown, message: scroll(PAGE) },
    { ...only(['g', 'home'], 'g', 'top'), when: free, message: scroll(-Infinity) },
    { ...only(['G', 'end'], 'G', 'bottom'), when: free, message: scroll(Infinity) },
    {
      keys: ['n'],
      label: 'n',
      help: 'next notice',
      rank: 14,
      when: (model) => free(model) && model.notices.length > 0,
      message: () => ({ type: 'next_notice' }),
    },
    { keys: ['y'], label: 'y', help: 'copy link', rank: 11, when: canCopy, message: () => ({ type: 'copy' }) },
    { ...only(['R'], 'R', 'refetch'), when: free, message: () => ({ type: 'refetch' }) },
    { ...only(['B'], 'B', 'bell on or off'), when: free, message: () => ({ type: 'mute' }) },
    { keys: ['?'], label: '?', help: 'help', rank: 8, when: free, message: () => ({ type: 'panel', panel: 'help' }) },
    { keys: ['q'], label: 'q', help: 'quit', rank: 9, when: canQuit, message: () => ({ type: 'leave', code: 0 }) },
    {
      ...only(['ctrl-c'], 'Ctrl-C', 'leave at once'),
      when: () => true,
      message: () => ({ type: 'leave', code: 130 }),
    },
    { ...only(['ctrl-z'], 'Ctrl-Z', 'suspend; fg resumes'), when: () => true, message: () => ({ type: 'suspend' }) },
  ]
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
  if (key.eventType === 'release' || isLateAnswer(input)) return []
  if (key.ctrl) return [`ctrl-${input}`]
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  const special = named.find(([flag]) => key[flag])
  if (special) return [special[1]]
  return key.meta ? [] : [...input].map(nameOf)
}

/** The name of a key that came in one chunk with others; control characters are letters held with Ctrl. */
function nameOf(character: string): string {
  if (character === '\r' || character === '\n') return 'enter'
  if (character === '\t') return 'tab'
  return character < ' ' ? `ctrl-${String.fromCharCode(character.charCodeAt(0) + 96)}` : character
}
