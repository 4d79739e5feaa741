/** Pages of help that belong to no command: the environment, exit codes, JSON, and the keys of the screen. */
import { faults } from '@auction/common/errors'
import type { Binding } from './screen/keyboard.ts'

export const topicNames = ['environment', 'exit-codes', 'json', 'keys'] as const
type Topic = (typeof topicNames)[number]

/** The topic called so; null when there is none. */
export const topicOf = (words: readonly string[]): Topic | null =>
  words.length === 1 ? (topicNames.find((name) => name === words[0]) ?? null) : null

/** Every variable that the program looks at. */
export const variables: readonly (readonly [name: string, meaning: string])[] = [
  ['AUCTION_SERVER', 'the house to talk to; --server beats it'],
  ['AUCTION_TOKEN', 'the token to call it with; beats every login that is kept'],
  ['AUCTION_KEYRING', 'off: keep tokens in the file, not in the keyring'],
  ['AUCTION_PAGER', 'what shows long help and lists on a terminal; off: nothing does'],
  ['PAGER', 'the same, for every program'],
  ['LESS', 'options of less; FRX where it is not set'],
  ['AUCTION_PICTURES', 'how i shows a picture: kitty, iterm2, sixel, blocks, off; auto, as the terminal can'],
  ['AUCTION_MOTION', 'off: pictures do not move'],
  ['AUCTION_ASCII', "the program's own signs in ASCII; 0: never, whatever the alphabet of the terminal"],
  ['AUCTION_NO_UPDATE_NOTIFIER', 'anything: do not say that the house is of a newer version'],
  ['AUCTION_DATA', 'where a house that runs here keeps everything; auction serve has more'],
  ['NO_COLOR', 'anything: no colours'],
  ['CLICOLOR', '0: no colours'],
  ['TERM', 'dumb: no colours, no screen, no questions'],
  ['TERM_PROGRAM', 'which pictures the terminal shows, as TERM and the next five'],
  ['LC_TERMINAL', 'the same, over ssh'],
  ['KITTY_WINDOW_ID', 'anything: pictures as kitty shows them'],
  ['TMUX', 'anything: pictures in half-blocks'],
  ['STY', 'the same'],
  ['ZELLIJ', 'the same'],
  ['ACCESSIBLE', 'anything but 0 and false: the live screen speaks line by line'],
  ['INK_SCREEN_READER', 'the same'],
  ['CI', 'anything but 0 and false: nothing is asked'],
  ['LC_ALL', 'the alphabet of the terminal; one without Unicode: ASCII alone. Before LC_CTYPE'],
  ['LC_CTYPE', 'the same; before LANG'],
  ['LANG', 'the same'],
  ['TZ', 'the time zone of times that are shown; --utc beats it'],
  ['XDG_CONFIG_HOME', 'where auction/config.json and auction/credentials.json are; ~/.config'],
  ['XDG_STATE_HOME', 'where keys of bids are kept until their outcome is known; ~/.local/state'],
  ['HOME', 'your home directory'],
  ['PATH', 'where less is looked for'],
  ['DBUS_SESSION_BUS_ADDRESS', 'on Linux: where the keyring answers'],
]

/** Every exit code with what it means, in order. */
export function exitCodes(): readonly (readonly [code: number, meaning: string])[] {
  const own: readonly (readonly [number, string])[] = [
    [0, 'done'],
    [12, 'the bid was accepted, but outbid at once'],
    [20, 'ended, you lost (`watch --exit-status`)'],
    [21, 'ended unsold or cancelled (`watch --exit-status`)'],
    [22, 'outbid (`watch --until outbid`)'],
    [130, 'interrupted'],
  ]
  const names = new Map<number, string[]>()
  for (const [name, { exit }] of Object.entries(faults)) names.set(exit, [...(names.get(exit) ?? []), name])
  const rest = [...names].map(([code, all]) => [code, all.join(', ')] as const)
  return [...own, ...rest].sort(([a], [b]) => a - b)
}

const json = `--json prints one document on stdout: the house's answer to that call. Lists are {"items":[...],"next":cursor or null}.
auction watch and auction notifications print one object a line (NDJSON), for as long as they run.

  $ auction list --json
  $ auction list --json --fields id,name,price
  $ auction list --jq '.items[] | [.id, .name] | @tsv'
  $ auction watch 1 --json --jq 'select(.type == "bid") | .data'

Money is {"amount":128050,"currency":"USD"}, amount in minor units; times are RFC 3339, UTC, milliseconds.
--fields keeps these keys of each item, or of the document; without --json it keeps these columns.
--jq takes an expression of jq: strings are printed as they are, everything else as JSON on a line. It implies --json.
What a terminal would act on is written as \\uXXXX, so the document may be shown anywhere.

An error is one document on stderr, and nothing is on stdout:
  {"error":{"code":"BID_TOO_LOW","message":"...","hint":"...","requestId":"..." or null}}
Its code decides the exit code: auction help exit-codes
`

const columnsOf = (rows: readonly (readonly [string, string])[], least = 0): string => {
  const width = Math.max(least, ...rows.map(([name]) => name.length))
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}\n`).join('')
}

/** The page of a topic. */
export async function topicPage(topic: Topic): Promise<string> {
  if (topic === 'json') return json
  if (topic === 'environment')
    return `What the program heeds in its environment. Flags beat it; it beats what auction config keeps.\n\n${columnsOf(variables)}`
  if (topic === 'exit-codes')
    return `How a command ends, for scripts:\n\n${columnsOf(exitCodes().map(([code, meaning]) => [String(code), meaning]))}`
  const [{ keymap: home }, { keymap: watch }] = await Promise.all([
    import('./home/keymap.ts'),
    import('./screen/keymap.ts'),
  ])
  return `The keys of auction watch; the last line of a screen shows those that work now.\n\n${keysOf(watch)}
The keys of auction alone, the home screen.\n\n${keysOf(home)}`
}

/** Those that work all over the screen, then those of each place. */
function keysOf(keymap: readonly Pick<Binding<never, never>, 'label' | 'help' | 'where'>[]): string {
  const width = Math.max(...keymap.map(({ label }) => label.length))
  const places = [undefined, ...new Set(keymap.flatMap(({ where }) => where ?? []))]
  const parts = places.map((place) => {
    const rows = keymap.filter(({ where }) => where === place).map(({ label, help }) => [label, help] as const)
    return `${place === undefined ? '' : `  ${place}:\n`}${columnsOf(rows, width)}`
  })
  return parts.join('\n')
}
