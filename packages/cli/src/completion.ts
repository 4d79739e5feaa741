/** Words that complete a command line, and the scripts that ask a shell's Tab for them; the library writes to the console. */
import { RootCommand, script } from '@bomb.sh/tab'
import type { Load } from './command.ts'
import { topicNames } from './topics.ts'

/** The script for a shell, to be sourced by it. */
export function scriptFor(shell: 'bash' | 'zsh' | 'fish'): string {
  const text = captured(() => script(shell, 'auction', 'auction'))
  return shell === 'bash' ? mendBash(text) : text
}

// Without the package bash-completion; the real one is used where it is there.
const wordsByRef = `declare -F _get_comp_words_by_ref > /dev/null || _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
}
`

/** What the library's script for bash gets wrong: it must not run what is being typed, and may be sourced twice. */
function mendBash(text: string): string {
  return (
    wordsByRef +
    text
      .replaceAll(/^readonly /gm, '')
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
      .replace('${words[@]:1}"', '$(printf \'%q \' "${words[@]:1}")"')
      .replace('complete -F ', 'complete -o default -F ')
  )
}

interface Asked {
  readonly table: readonly (readonly [name: string, summary: string, load: Load | null])[]
  readonly globalFlags: readonly (readonly [flags: string, meaning: string])[]
  /** The line so far, without the program's name; the last word is the one to complete. */
  readonly words: readonly string[]
}

/** Lines of `word<tab>meaning`, then what the shell should do beside them: `:4` nothing, `:0` offer files. */
export async function complete({ table, globalFlags, words }: Asked): Promise<string> {
  const root = new RootCommand()
  const named = words.filter((word) => !word.startsWith('-'))
  for (const [flags, meaning] of globalFlags) addFlag(root, flags, meaning)
  let files = false
  for (const [name, summary, load] of table) {
    const command = root.command(name, summary)
    for (const [flags, meaning] of globalFlags) addFlag(command, flags, meaning)
    if (name === 'help') {
      const first = table.filter(([each]) => !each.includes(' '))
      command.argument('word', (offer) => {
        for (const [each, meaning] of first) offer(each, meaning)
        for (const topic of topicNames) offer(topic, '')
      })
    }
    // Only what is being typed is loaded.
    if (!load || !name.split(' ').every((word) => named.includes(word))) continue
    const { options = [], choices, choicesAfter } = (await load()).command
    for (const [flags, meaning, values] of options) {
      addFlag(command, flags, meaning, values)
      files ||= wantsFile(flags, words.at(-2))
    }
    const places = { first: choices ?? [], second: choicesAfter?.(named[name.split(' ').length] ?? '') ?? [] }
    for (const [place, few] of Object.entries(places))
      command.argument(place, (offer) => few.forEach((each) => void offer(each, '')))
  }
  const told = captured(() => root.parse([...words]))
  return files ? ':0\n' : told
}

const longOf = (flags: string): string => /--([\w-]+)/.exec(flags)?.[1] ?? ''

function addFlag(
  command: Pick<RootCommand, 'option'>,
  flags: string,
  meaning: string,
  values: readonly string[] = [],
): void {
  const short = /^-(\w),/.exec(flags)?.[1]
  if (flags.includes('<'))
    command.option(longOf(flags), meaning, (offer) => values.forEach((each) => void offer(each, '')), short)
  else if (short === undefined) command.option(longOf(flags), meaning)
  else command.option(longOf(flags), meaning, short)
}

const wantsFile = (flags: string, before: string | undefined): boolean =>
  /<(file|directory)>/.test(flags) && before === `--${longOf(flags)}`

/** What a function writes to the console, which is all that the library can do with it. */
function captured(work: () => void): string {
  const log = console.log
  let text = ''
  console.log = (line: unknown) => {
    text += `${String(line)}\n`
  }
  try {
    work()
  } finally {
    console.log = log
  }
  return text
}
