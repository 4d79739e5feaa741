/** What a person prefers, kept in a file: flags beat the environment, the environment beats the file, the file the default. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { lacksUnicode } from './ascii.ts'
import { configDirectory } from './directories.ts'
import { codeOf, makeDirectory, reasonOf } from './disk.ts'
import { DEFAULT_SERVER, oneOf, parseServer, usage } from './input.ts'
import type { Io } from './io.ts'

type Environment = Io['env']

interface Rule {
  readonly meaning: string
  readonly fallback: string
  /** What the environment says of it, and the variable that says it. */
  given(env: Environment): readonly [value: string, name: string] | null
  /** Where it is one of a few words. */
  readonly choices?: readonly string[]
  /** The value as it is kept. Throws USAGE. */
  parse(text: string): string
}

const variable = (name: string, env: Environment): readonly [string, string] | null => {
  const value = env[name]
  return value ? [value, name] : null
}
/** A variable that says no by being there. */
const refusal = (name: string, value: string, env: Environment): readonly [string, string] | null =>
  env[name] ? [value, name] : null

const word = <T extends string>(name: string, ...choices: readonly T[]) => ({
  choices,
  parse: (text: string): T => oneOf(choices, name, text),
})

/** Every setting, by its name. */
export const rules = {
  server: {
    meaning: 'the house to talk to',
    fallback: DEFAULT_SERVER,
    given: (env) => variable('AUCTION_SERVER', env),
    parse: parseServer,
  },
  color: {
    meaning: 'auto, or never',
    fallback: 'auto',
    given: (env) => refusal('NO_COLOR', 'never', env),
    ...word('color', 'auto', 'never'),
  },
  utc: {
    meaning: 'times in UTC: on or off',
    fallback: 'off',
    given: () => null,
    ...word('utc', 'on', 'off'),
  },
  pager: {
    meaning: 'what shows long lists on a terminal: a command, or off',
    fallback: 'less -FRX',
    given: (env) => variable('AUCTION_PAGER', env) ?? variable('PAGER', env),
    parse: parsePager,
  },
  'update-check': {
    meaning: 'say when the house is of a newer version: on or off',
    fallback: 'on',
    given: (env) => refusal('AUCTION_NO_UPDATE_NOTIFIER', 'off', env),
    ...word('update-check', 'on', 'off'),
  },
  ascii: {
    meaning: "the program's signs in plain ASCII: on, off, or auto, as the terminal's alphabet is",
    fallback: 'auto',
    given: ({ AUCTION_ASCII: said }) =>
      said ? [said === 'auto' ? said : /^(0|off)$/.test(said) ? 'off' : 'on', 'AUCTION_ASCII'] : null,
    ...word('ascii', 'auto', 'on', 'off'),
  },
  pictures: {
    meaning: 'in full as kitty, iterm2 or sixel, or auto, as the terminal can; blocks: in coloured cells alone; or off',
    fallback: 'auto',
    given: (env) => variable('AUCTION_PICTURES', env),
    ...word('pictures', 'auto', 'kitty', 'iterm2', 'sixel', 'blocks', 'off'),
  },
  motion: {
    meaning: 'whether pictures may move: on or off',
    fallback: 'on',
    given: (env) => variable('AUCTION_MOTION', env),
    ...word('motion', 'on', 'off'),
  },
} satisfies Record<string, Rule>

export type Setting = keyof typeof rules
export const settingNames = Object.keys(rules) as readonly Setting[]

/** The words a setting may be; none where there are more than a few, or no such setting. */
export function choicesOf(text: string): readonly string[] {
  const name = settingNames.find((each) => each === text)
  const rule: Rule | undefined = name && rules[name]
  return rule?.choices ?? []
}

function parsePager(text: string): string {
  if (!/^[\x20-\x7e]{1,200}$/.test(text) || text.trim() === '')
    throw usage('pager takes a command of up to 200 plain characters, or off.')
  return text.trim()
}

/** Throws USAGE, naming those there are. */
export function parseSetting(text: string): Setting {
  const name = settingNames.find((each) => each === text)
  if (name === undefined) throw usage(`There is no setting "${text}".`, `The settings are: ${settingNames.join(', ')}.`)
  return name
}

/** The value in effect, and who says so: the name of a variable, `config` or `default`. Throws FAILED for a bad file. */
export function settingOf(env: Environment, name: Setting): { readonly value: string; readonly from: string } {
  const rule: Rule = rules[name]
  const given = rule.given(env)
  if (given) return { value: given[0], from: given[1] }
  const kept = storedIn(env)[name]
  if (kept === undefined) return { value: rule.fallback, from: 'default' }
  try {
    if (typeof kept === 'string') return { value: rule.parse(kept), from: 'config' }
  } catch {
    // Told below, as the file's fault.
  }
  throw new AuctionError('FAILED', `The setting "${name}" in ${settingsPath(env)} is not one it can have.`, {
    hint: `Take it away: auction config set ${name}`,
  })
}

/** Whether the file asks for no colours; false where it cannot be read, which whoever needs it will tell. */
export function refusesColour(env: Environment): boolean {
  try {
    return storedIn(env).color === 'never'
  } catch {
    return false
  }
}

/** Whether terminals are to be written to in ASCII alone: where it is said so, or their alphabet has no more. */
export function asksForAscii(env: Environment): boolean {
  try {
    const { value } = settingOf(env, 'ascii')
    return value === 'on' || (value === 'auto' && lacksUnicode(env))
  } catch {
    return false
  }
}

/** The file of settings. */
export const settingsPath = (env: Environment): string => join(configDirectory(env), 'config.json')

function storedIn(env: Environment): Readonly<Record<string, unknown>> {
  const path = settingsPath(env)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return {}
    throw new AuctionError('FAILED', `The settings in ${path} cannot be read: ${reasonOf(cause)}.`, {
      hint: `Look at it: ls -ld ${path}`,
      cause,
    })
  }
  try {
    const stored: unknown = JSON.parse(text)
    if (stored !== null && typeof stored === 'object' && !Array.isArray(stored))
      return stored as Readonly<Record<string, unknown>>
  } catch {
    // Told below.
  }
  throw new AuctionError('FAILED', `The settings in ${path} are not a JSON object.`, {
    hint: `Begin anew: rm ${path}`,
  })
}

/** Keeps a value, or, with null, goes back to the default. Throws USAGE for a bad value, FAILED where it cannot be kept. */
export async function keepSetting(env: Environment, name: Setting, text: string | null): Promise<void> {
  const rule: Rule = rules[name]
  const value = text === null ? null : rule.parse(text)
  storedIn(env)
  try {
    const cwd = configDirectory(env)
    makeDirectory(cwd)
    const { default: Conf } = await import('conf')
    const store = new Conf<Record<string, string>>({
      cwd,
      configName: 'config',
      fileExtension: 'json',
      accessPropertiesByDotNotation: false,
    })
    if (value === null) store.delete(name)
    else store.set(name, value)
  } catch (cause) {
    throw new AuctionError('FAILED', `The setting cannot be kept in ${settingsPath(env)}: ${reasonOf(cause)}.`, {
      hint: 'Name a directory of yours in XDG_CONFIG_HOME.',
      cause,
    })
  }
}
