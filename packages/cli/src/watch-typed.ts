/** Commands typed as lines beside a watched good in sentences (terminal.md, section 6): bid, min, max, chat, time, quit. */
import { createInterface } from 'node:readline'
import type { Client } from './client.ts'
import type { Input } from './command.ts'
import type { Context } from './context.ts'
import { usage } from './input.ts'
import { toAuctionError } from './output.ts'

const HELP =
  'Type: bid AMOUNT, bid min, bid +2, min, max AMOUNT, chat TEXT, time, help, quit. A very large bid needs --yes behind it.'

interface Typing {
  readonly context: Context
  readonly client: Client
  readonly goodId: number
  /** Of a private good's room. */
  readonly password: string | undefined
  /** How long it still runs, as a sentence. */
  time(): string
  quit(): void
}

/** Heeds the lines of stdin, one after the other; the end of stdin ends nothing. Answers what stops it. */
export function heedTyped(typing: Typing): () => void {
  const { io, output } = typing.context
  const lines = createInterface({ input: io.stdin, terminal: false })
  let before = Promise.resolve()
  lines.on('line', (line) => {
    before = before.then(() => act(typing, line)).catch((error: unknown) => output.error(toAuctionError(error)))
  })
  return () => {
    lines.close()
    io.stdin.pause()
  }
}

/** Does what a line says. Throws AuctionError. */
async function act(typing: Typing, line: string): Promise<void> {
  const { context, time, quit } = typing
  const [word = '', ...rest] = line.trim().split(/\s+/)
  switch (word.toLowerCase()) {
    case '':
      return
    case 'bid':
      return bid(typing, rest, false)
    case 'min':
      return bid(typing, ['min', ...rest], false)
    case 'max':
      return bid(typing, rest, true)
    case 'chat':
      return say(typing, line.trim().slice('chat'.length).trim())
    case 'time':
      return context.output.line(time())
    case 'help':
    case '?':
      return context.output.line(HELP)
    case 'quit':
    case 'q':
      return quit()
    default:
      throw usage(`"${word}" is nothing to type here.`, HELP)
  }
}

/** The same as `auction bid`, which asks about a large one; nobody is asked here, as answers are typed where commands are. */
async function bid({ context, goodId }: Typing, words: readonly string[], max: boolean): Promise<void> {
  const yes = words.includes('--yes')
  const [amount, ...more] = words.filter((word) => word !== '--yes')
  if (amount === undefined || more.length > 0) throw usage(`A ${max ? 'maximum' : 'bid'} is one amount.`, HELP)
  const input: Input = {
    words: max ? [String(goodId)] : [String(goodId), amount],
    option: (name) => (max && name === 'max' ? amount : undefined),
    flag: () => false,
  }
  const unasked: Context = {
    ...context,
    globals: { ...context.globals, yes },
    prompts: async (otherwise) => {
      throw otherwise
    },
  }
  const { command } = await import('./commands/bid.ts')
  await command.run(unasked, input)
}

/** What was said comes back with the feed, and is told with the rest. */
async function say({ client, goodId, password }: Typing, text: string): Promise<void> {
  if (text === '') throw usage('There is nothing to say.', 'chat TEXT')
  const request = { params: { id: goodId }, body: { text }, key: crypto.randomUUID(), roomPassword: password }
  await client.call('say', request)
}
