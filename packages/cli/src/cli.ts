/** Arguments to exit code: the flags of every command, help, and what becomes of an error. */
import { AuctionError, faults } from '@auction/common/errors'
import { VERSION } from '@auction/common/version'
import { Command as Commander, CommanderError, Option } from 'commander'
import { inAscii } from './ascii.ts'
import type { Command, Input, Load } from './command.ts'
import { globalFlags, groupExamples, table } from './command-table.ts'
import { createContext, type Globals } from './context.ts'
import { parseFields } from './fields.ts'
import { parseServer, usage } from './input.ts'
import { Interrupted } from './interruption.ts'
import { hasFlag, type Io, isSpoken } from './io.ts'
import { createOutput, type Modes, toAuctionError } from './output.ts'
import { asksForAscii, refusesColour, rules, settingOf } from './settings.ts'

const INTERRUPTED = 130

/** Runs one command line (without the program's name); resolves with the exit code, never rejects. */
export async function run(words: readonly string[], given: Io): Promise<number> {
  const io = asPreferred(given, words)
  if (words[0] === 'complete' && words[1] === '--') {
    const { complete } = await import('./completion.ts')
    io.out(await complete({ table, globalFlags, words: words.slice(2) }))
    return 0
  }
  let [text, page, code] = ['', 'help', 0]
  let modes = modesIn(words)
  const program = buildProgram({
    io,
    keep: (part) => {
      text += part
    },
    enter: (name) => {
      page = `help ${name}`
    },
    act: async (command, input, globals) => {
      modes = globals
      if (globals.jq !== null) await (await import('./jq.ts')).checkJq(globals.jq)
      const context = createContext(io, globals)
      try {
        code = await command.run(context, input)
        if (!(await context.output.finish()) && code === 0) code = faults.FAILED.exit
        const version = context.houseVersion()
        if (version !== null && version !== VERSION)
          (await import('./update-notice.ts')).noticeUpdate(io, globals, version)
      } finally {
        await context.close()
      }
    },
  })
  try {
    await program.parseAsync(
      isBare(program, words) && io.interactive && !isSpoken(io.env) ? ['home', ...words] : words,
      { from: 'user' },
    )
    return code
  } catch (error) {
    if (error instanceof Interrupted) {
      if (error.told) fail(error.told, io, modes)
      return INTERRUPTED
    }
    const told = error instanceof CommanderError ? usageOf(error, page) : named(error, page)
    if (told !== null) return fail(told, io, modes)
    return show(io, words, text)
  }
}

/** Whether there are flags at most, and none that ask for something else than the home screen. */
function isBare(program: Commander, words: readonly string[]): boolean {
  const { operands, unknown } = program.parseOptions([...words])
  const { help, version, json, input } = program.opts()
  return operands.length + unknown.length === 0 && !help && !version && !json && input !== false
}

/** The Io as the person's file, the environment and --ascii want it. */
function asPreferred(given: Io, words: readonly string[]): Io {
  const io = refusesColour(given.env) ? (Object.create(given, { colour: { value: false } }) as Io) : given
  return hasFlag(words, '--ascii') || asksForAscii(io.env) ? inAscii(io) : io
}

/** Help, which is paged where it is long and somebody is there to turn pages. */
async function show(io: Io, words: readonly string[], text: string): Promise<number> {
  if (!io.interactive || words.includes('--no-input')) io.out(text)
  else {
    const { page } = await import('./pager.ts')
    try {
      await page(io, text)
    } catch (error) {
      if (error instanceof Interrupted) return INTERRUPTED
      return fail(error, io, modesIn(words))
    }
  }
  return 0
}

/** Shows an error as the command line asked for it; its exit code. */
export function fail(thrown: unknown, io: Io, modes: Modes): number {
  const error = toAuctionError(thrown)
  createOutput(io, modes).error(error)
  return faults[error.code].exit
}

/** The modes in raw arguments: for errors that come before, or in place of, parsing them. */
export function modesIn(words: readonly string[]): Modes {
  const end = words.indexOf('--')
  const flags = end < 0 ? words : words.slice(0, end)
  const json = flags.some((flag) => /^--(json$|jq(=|$))/.test(flag))
  return { json, quiet: false, utc: false, debug: flags.includes('--debug'), fields: null, jq: null }
}

/** Commander's complaint as a USAGE error; null when it only shows help or the version. */
function usageOf({ code, message }: CommanderError, page: string): Error | null {
  if (/^commander\.(help|helpDisplayed|version)$/.test(code)) return null
  const [first = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.?$/, '.')}`
  return usage(sentence, suggestion?.replace(/^\((.*)\)$/, '$1') ?? `See: auction ${page}`)
}

/** An error; where it is wrong usage, with the page of help that says what is right. */
function named(error: unknown, page: string): unknown {
  if (!(error instanceof AuctionError) || error.code !== 'USAGE' || error.hint !== faults.USAGE.hint) return error
  return new AuctionError('USAGE', error.message, { hint: `See: auction ${page}`, cause: error })
}

/** What the parser tells the run: text to show, the command it is in, and what to do in the end. */
interface Shell {
  readonly io: Io
  keep(text: string): void
  enter(name: string): void
  act(command: Command, input: Input, globals: Globals): Promise<void>
}

function buildProgram(shell: Shell): Commander {
  const program = configure(new Commander('auction'), shell)
    .description('A live auction house in the shell.')
    .usage('<command> [flags]')
    .addHelpText('before', examples(['list', 'watch 1', 'bid 3 min', 'demo']))
    .addHelpText(
      'after',
      '\nMore about one command: auction help <command>\nMore about environment, exit-codes, json or keys: auction help <topic>',
    )
    .helpOption(false)
    .option('-h, --help', 'show help')
    .version(VERSION, '--version', 'print the version')
  for (const [name, summary, load] of table) {
    const [first = '', second] = name.split(' ')
    const parent = second === undefined ? program : program.commands.find((each) => each.name() === first)
    if (!parent) continue
    const commander = new Commander(second ?? first).description(summary)
    parent.addCommand(commander)
    if (name === 'help') addHelp(commander, program, shell)
    // Only who is chosen gets its flags: sixty commands with ten each take longer than most of what they do.
    parent.hook('preSubcommand', async (_parent, chosen) => {
      if (chosen !== commander) return
      configure(commander, shell)
      const leads = groupExamples[name]
      if (!load && !leads) return
      commander.helpOption('-h, --help', 'show this')
      if (name !== 'help') shell.enter(name)
      if (leads) commander.addHelpText('before', examples(leads))
      if (load) await define(commander, load, shell)
    })
  }
  program.hook('preSubcommand', (_program, chosen) => {
    if (program.getOptionValue('help') === true) chosen.help()
  })
  return program
}

/** What every level has alike: the flags of every command, our own handling of text and of the end. */
function configure(commander: Commander, { io, keep }: Shell): Commander {
  commander
    .exitOverride()
    .configureOutput({
      writeOut: keep,
      writeErr: keep,
      outputError: () => {},
      getOutHelpWidth: () => io.width,
      getOutHasColors: () => false,
    })
    .enablePositionalOptions()
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (each) => each.name() })
    .allowExcessArguments(false)
  const root = commander.name() === 'auction'
  for (const [flags, meaning] of globalFlags) {
    const option = new Option(flags, meaning)
    commander.addOption(root ? option : option.hideHelp())
  }
  if (!root) commander.version(VERSION, '--version').addHelpText('after', '\nFlags of every command: auction --help')
  return hideVersion(commander, root)
}

function hideVersion(commander: Commander, root: boolean): Commander {
  if (!root) commander.options.find((option) => option.long === '--version')?.hideHelp()
  return commander
}

const examples = (lines: readonly string[]): string => `${lines.map((line) => `  $ auction ${line}`).join('\n')}\n`

/** Loads a command and gives commander its arguments, options and page of help. */
async function define(commander: Commander, load: Load, { act, io }: Shell): Promise<void> {
  const { command } = await load()
  commander.addHelpText('before', examples(command.examples))
  if (command.words) commander.arguments(command.words)
  for (const [flags, meaning] of command.options ?? []) commander.option(flags, meaning)
  if (command.notes) commander.addHelpText('after', `\n${command.notes}\n`)
  commander.action(async () => {
    const options: Record<string, unknown> = commander.opts()
    const input: Input = {
      words: commander.args,
      option: (name) => (typeof options[name] === 'string' ? options[name] : undefined),
      flag: (name) => options[name] === true,
    }
    await act(command, input, chosenBy(command, commander.name(), globalsOf(commander, io)))
  })
}

function addHelp(commander: Commander, program: Commander, shell: Shell): void {
  commander.arguments('[command-or-topic...]').action(async () => {
    const nested = buildProgram({ ...shell, act: async () => {} })
    const { topicOf, topicPage } = await import('./topics.ts')
    const topic = topicOf(commander.args)
    if (topic !== null) {
      shell.keep(await topicPage(topic))
      throw new CommanderError(0, 'commander.help', '')
    }
    if (commander.args.length === 0) program.help()
    else await nested.parseAsync([...commander.args, '--help'], { from: 'user' })
  })
}

/** The flags as a command can heed them. Throws USAGE where it has nothing to choose from. */
function chosenBy({ chooses }: Command, name: string, globals: Globals): Globals {
  const { fields, jq, quiet } = globals
  if (fields === null && jq === null) return globals
  if (chooses === 'nothing') throw usage(`auction ${name} writes no document that --fields or --jq could choose from.`)
  if (quiet) throw usage('-q shows ids alone; take it away, or --fields and --jq.')
  return chooses === 'json' ? { ...globals, json: true } : globals
}

/** The flags of every command, wherever they stood: the later place wins, a `no` anywhere counts. */
function globalsOf(commander: Commander, { env }: Io): Globals {
  const levels: Record<string, unknown>[] = []
  for (let level: Commander | null = commander; level; level = level.parent) levels.push(level.opts())
  const has = (name: string): boolean => levels.some((options) => options[name] === true)
  const allows = (name: string): boolean => levels.every((options) => options[name] !== false)
  const value = (name: string): string | undefined =>
    levels.map((options) => options[name]).find((each) => typeof each === 'string')
  // What shows and changes the settings works whatever is in their file.
  const setting = (name: 'server' | 'utc'): string =>
    commander.parent?.name() === 'config' ? rules[name].fallback : settingOf(env, name).value
  const [server, fields, jq] = [value('server'), value('fields'), value('jq')]
  return {
    server: parseServer(server ?? setting('server')),
    json: has('json') || jq !== undefined,
    quiet: has('quiet'),
    yes: has('yes'),
    input: allows('input'),
    utc: has('utc') || setting('utc') === 'on',
    debug: has('debug'),
    fields: fields === undefined ? null : parseFields(fields),
    jq: jq ?? null,
  }
}
