/** Which pictures a terminal shows: as its environment says, else as it answers when it is asked. */

/** How a terminal is given a picture. */
export type Protocol = 'kitty' | 'iterm2' | 'sixel'

type Environment = Readonly<Record<string, string | undefined>>

const programs: Readonly<Record<string, Protocol | 'none'>> = {
  'iTerm.app': 'iterm2',
  WezTerm: 'iterm2',
  mintty: 'iterm2',
  ghostty: 'kitty',
  WarpTerminal: 'kitty',
  // Writes what it is asked in kitty's way onto its screen.
  Apple_Terminal: 'none',
}

/** What the environment says: a protocol, none, or that the terminal has to be asked. */
export function protocolBy(env: Environment): Protocol | 'ask' | 'none' {
  const term = env.TERM ?? ''
  // What stands between us and the terminal shows text alone, whatever terminal it stands in.
  if (env.TMUX || env.STY || env.ZELLIJ || /^(screen|tmux|linux|dumb|vt)/.test(term)) return 'none'
  if (env.KITTY_WINDOW_ID || /^xterm-(kitty|ghostty)/.test(term)) return 'kitty'
  const program = env.TERM_PROGRAM ?? ''
  if (Object.hasOwn(programs, program)) return programs[program] ?? 'ask'
  return env.LC_TERMINAL === 'iTerm2' ? 'iterm2' : 'ask'
}

/**
 * Whether it knows kitty's pictures (a picture of one pixel that is only looked at), how large a cell is, and what it is: every
 * terminal answers the last, so after that answer no other comes.
 */
const IS_KITTY = '\u001b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u001b\\'
const CELL_SIZE = '\u001b[16t'
const WHAT_ARE_YOU = '\u001b[c'

/** What to write to a terminal to learn of it; `protocol` too, where the environment does not say. */
export const questions = (protocol: boolean): string => `${protocol ? IS_KITTY : ''}${CELL_SIZE}${WHAT_ARE_YOU}`

export interface Answers {
  readonly protocol: Protocol | null
  /** In pixels; null where it is not told. */
  readonly cell: { readonly width: number; readonly height: number } | null
  /** Whether nothing more will come. */
  readonly done: boolean
  /** What was typed meanwhile, and the beginning of an answer. */
  readonly rest: string
}

// biome-ignore lint/complexity/useRegexLiterals: a control character in a literal is taken for a mistake
const kittyAnswer = new RegExp('\u001b_Gi=31;([^\u001b]*)\u001b\\\\', 'g')
// biome-ignore lint/complexity/useRegexLiterals: a control character in a literal is taken for a mistake
const cellAnswer = new RegExp('\u001b\\[6;([0-9]{1,4});([0-9]{1,4})t', 'g')
// biome-ignore lint/complexity/useRegexLiterals: a control character in a literal is taken for a mistake
const attributes = new RegExp('\u001b\\[\\?([0-9;]*)c', 'g')

/** What a terminal has said so far, in what came in from it. */
export function readAnswers(text: string): Answers {
  const kitty = [...text.matchAll(kittyAnswer)].some(([, answer]) => answer === 'OK')
  const [, height, width] = [...text.matchAll(cellAnswer)].at(-1) ?? []
  const said = [...text.matchAll(attributes)].at(-1)?.[1]
  const sixel = said?.split(';').slice(1).includes('4') === true
  const cell = { width: Number(width), height: Number(height) }
  return {
    protocol: kitty ? 'kitty' : sixel ? 'sixel' : null,
    cell: cell.width > 0 && cell.height > 0 ? cell : null,
    done: said !== undefined,
    rest: text.replace(kittyAnswer, '').replace(cellAnswer, '').replace(attributes, ''),
  }
}

/** Whether this, in what Ink hands over as typed, is an answer that came too late; of kitty's it takes the beginning for a key. */
export const isLateAnswer = (input: string): boolean => /^(Gi=31;.*|\[6;\d+;\d+t|\[\?[\d;]*c)$/.test(input)
