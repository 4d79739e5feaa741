/** Text from outside made harmless for terminals and tables (terminal.md, section 8), and the rules for nicks. */
// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what this file looks for
import stripAnsi from 'strip-ansi'

// OSC, DCS, APC, PM and SOS strings, 7-bit and 8-bit, also those that never end.
const controlStrings = /(?:\x1b[\]P_^X]|[\x9d\x90\x9f\x9e\x98])[\s\S]*?(?:\x07|\x1b\\|\x9c|$)/g
// CSI and other escape sequences that are cut short or 8-bit, which strip-ansi leaves.
const escapeLeftovers = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
/** Bidi and zero-width controls, variation selectors, tags, fillers, interlinear marks; what makes one sign of two, which terminals count as two. */
const invisibleSource =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u20e3\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1f3fb}-\\u{1f3ff}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}'
const invisible = new RegExp(`[${invisibleSource}]`, 'gu')
// Format characters that terminals and string-width disagree about, private use, unassigned, lone surrogates.
const unprintable = /[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu
const surplusMarks = /(\p{M}{4})\p{M}+/gu
const strayMarks = /(^|\n)\p{M}+/gu
// Spaces around a line, and marks that would stand at its beginning without them.
const edges = /^[\s\p{M}]+|\s+$/gu

/** Any text to lines that no terminal acts on: no control but newline, no escape, bidi, zero-width or private character. */
export function safeLines(text: string): string {
  return stripAnsi(text.replace(controlStrings, ''))
    .replace(escapeLeftovers, '')
    .replace(/\r\n?|[\u2028\u2029\x85]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(controls, '')
    .replace(invisible, '')
    .replace(unprintable, '')
    .normalize('NFC')
    .replace(surplusMarks, '$1')
    .replace(strayMarks, '$1')
}

/** As `safeLines`, on one line: what a table cell, a title or a nick may hold. */
export function safeText(text: string): string {
  return safeLines(text).replace(/\s+/gu, ' ').replace(edges, '')
}

const jsonHazards = new RegExp(`[\\u007f-\\u009f\\u2028\\u2029\\p{Cf}${invisibleSource}]`, 'gu')

/** JSON that may be printed on a terminal: hazardous characters as \uXXXX, the value unchanged (terminal.md, section 8). */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(jsonHazards, (hazard) =>
    hazard
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

// Made when it is first asked for: that takes as long as starting Node.
let graphemes: Intl.Segmenter | null = null

/** How many characters a person would count. */
export function graphemeLength(text: string): number {
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let count = 0
  for (const _ of graphemes.segment(text)) count++
  return count
}

// Scripts whose letters may stand alone in a nick, and the East Asian mixtures that people really write.
const scripts = [
  ...'Latin Cyrillic Greek Armenian Hebrew Arabic Devanagari Bengali Gurmukhi Gujarati Tamil Telugu Kannada Malayalam Sinhala Thai Lao Georgian Ethiopic Khmer Myanmar'
    .split(' ')
    .map((script) => `\\p{Script=${script}}`),
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}',
  '\\p{Script=Han}\\p{Script=Hangul}',
  '\\p{Script=Han}\\p{Script=Bopomofo}',
]
const oneScript = new RegExp(scripts.map((set) => `^[${set}\\p{Script=Common}\\p{Script=Inherited}]+$`).join('|'), 'u')
const nickShape = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]{1,23}$/u

// Letters of other scripts, and digits, that read as a Latin letter; enough to keep twins of a nick out.
const lookalikes = new Map(
  Object.entries({
    o: '0оοօ',
    l: '1iіıιǀ|',
    a: 'аα',
    e: 'еε',
    c: 'сϲ',
    p: 'рρ',
    x: 'хχ',
    y: 'уγ',
    k: 'кκ',
    m: 'м',
    t: 'тτ',
    h: 'һн',
    b: 'вβ',
    n: 'пη',
    u: 'υ',
    v: 'ν',
    s: 'ѕ5',
    j: 'ј',
    d: 'ԁ',
    w: 'ѡω',
    g: 'ɡ',
    r: 'г',
  }).flatMap(([latin, twins]) => [...twins].map((twin) => [twin, latin] as const)),
)

/** What two nicks that look alike have in common; nicks are unique by it (promises.md, section 4). */
export function skeletonOf(nick: string): string {
  const bare = nick.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '')
  const letters = [...bare].map((letter) => lookalikes.get(letter) ?? letter).join('')
  return letters.replace(/rn/g, 'm').replace(/vv/g, 'w')
}

const reserved = new Set(
  ['you', 'me', 'house', 'world', 'system', 'server', 'everyone', 'nobody'].map((word) => skeletonOf(word)),
)

/** Why a nick is refused, as a sentence, or null when it may be used. Expects NFKC. */
export function nickFault(nick: string): string | null {
  if (!nickShape.test(nick) || safeText(nick) !== nick)
    return 'A nick has 2 to 24 letters, digits, "_", "." or "-", and does not begin with "." or "-".'
  if (!oneScript.test(nick)) return 'A nick uses the letters of one script.'
  if (reserved.has(skeletonOf(nick))) return `The nick "${nick}" is reserved.`
  return null
}
