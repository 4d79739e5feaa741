/** What a command is given, each part made when it is first asked for. */
import type { User } from '@auction/common/answers'
import type { AuctionError } from '@auction/common/errors'
import type { Client } from './client.ts'
import type { Credentials } from './credentials.ts'
import { usage } from './input.ts'
import type { Io } from './io.ts'
import { createOutput, type Modes, type Output } from './output.ts'
import type { Prompts } from './prompts.ts'

/** Flags that stand before or after any command. */
export interface Globals extends Modes {
  /** Base URL, without a slash at its end. */
  readonly server: string
  readonly yes: boolean
  /** False with --no-input. */
  readonly input: boolean
}

export interface Context {
  readonly io: Io
  readonly globals: Globals
  readonly output: Output
  /** Whether a person may be asked now. */
  readonly interactive: boolean
  /** Calls the house as whoever is logged in, or as nobody. */
  client(): Promise<Client>
  /** Calls the house with this token instead; null: as nobody. */
  clientAs(token: string | null): Promise<Client>
  credentials(): Promise<Credentials>
  /** The token in use and where it comes from; null when not logged in. */
  token(): Promise<{ token: string; from: 'AUCTION_TOKEN' | 'file' } | null>
  /** The account of the token; null when not logged in. */
  me(): Promise<User | null>
  /** Throws `otherwise`, which says what to give instead, when nobody can be asked. */
  prompts(otherwise: AuctionError): Promise<Prompts>
  /** The version that the house said it is, unchecked; null while it was not asked anything. */
  houseVersion(): string | null
  close(): Promise<void>
}

/** A context for one run of the program. */
export function createContext(io: Io, globals: Globals): Context {
  const interactive = io.interactive && globals.input
  const paged = async (text: string) => (await import('./pager.ts')).page(io, text)
  const output = interactive ? createOutput(io, globals, paged) : createOutput(io, globals)
  const clients: Client[] = []
  let houseVersion: string | null = null
  const hear = (headers: Readonly<Record<string, unknown>>): void => {
    const said = headers['x-auction-version']
    if (typeof said === 'string') houseVersion = said
  }
  const log = globals.debug ? { log: (line: string) => io.err(`debug: ${line}\n`) } : {}
  const credentials = once(async () => (await import('./credentials.ts')).createCredentials(io.env))
  const clientAs = async (token: string | null): Promise<Client> => {
    const { createClient } = await import('./client.ts')
    const client = createClient({ server: globals.server, token, onReply: hear, ...log })
    clients.push(client)
    return client
  }
  const token: Context['token'] = once(async () => {
    const given = io.env.AUCTION_TOKEN?.trim()
    if (given) {
      if (!/^[\x21-\x7e]{1,512}$/.test(given))
        throw usage('AUCTION_TOKEN does not hold a token.', 'Unset it, or take a new one: auction auth token')
      return { token: given, from: 'AUCTION_TOKEN' }
    }
    const kept = await credentials()
    const login = kept.read(globals.server)
    return login && { token: await kept.tokenOf(globals.server, login), from: 'file' }
  })
  const client = once(async () => clientAs((await token())?.token ?? null))
  return {
    io,
    globals,
    output,
    interactive,
    client,
    clientAs,
    credentials,
    token,
    me: once(async () => ((await token()) === null ? null : (await client()).call('me'))),
    prompts: async (otherwise) => (await import('./prompts.ts')).createPrompts(io, interactive, otherwise),
    houseVersion: () => houseVersion,
    close: async () => {
      await output.finish()
      await Promise.all(clients.map((each) => each.close()))
    },
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make()
    return made
  }
}
