/** What a command is: its page of help and what it does. One per file of commands/, loaded when it is called. */
import type { Context } from './context.ts'

/** What a person typed after the command's name. */
export interface Input {
  readonly words: readonly string[]
  /** The value of an option by its camel-case name: `ends-in` is `endsIn`. */
  option(name: string): string | undefined
  flag(name: string): boolean
}

export interface Command {
  /** Arguments as commander writes them: `<id> [amount]`. */
  readonly words?: string
  /** `choices`: the few words that a value may be, for completion. */
  readonly options?: readonly (readonly [flags: string, meaning: string, choices?: readonly string[]])[]
  /** What --fields and --jq choose from: not the lines for people, but JSON alone; or nothing, as what is written is no document. */
  readonly chooses?: 'json' | 'nothing'
  /** The few words an argument may be, for completion. */
  readonly choices?: readonly string[]
  /** Those of the second, by the first. */
  readonly choicesAfter?: (first: string) => readonly string[]
  /** What help begins with, without the leading `auction`. */
  readonly examples: readonly [string, string, ...string[]]
  /** What help ends with. */
  readonly notes?: string
  /** Does it; the exit code of a run that ends as it should. Throws AuctionError for all that does not. */
  run(context: Context, input: Input): Promise<number>
}

/** Loads a command. */
export type Load = () => Promise<{ command: Command }>
