/** The server, loaded only by the commands that run a house; it is another package, which need not be there. */
import { AuctionError } from '@auction/common/errors'

/** What this program uses of @auction/server/main. */
export interface ServerPackage {
  /** Looks at the configuration of a server, and starts none. */
  check(flags: ServeFlags): Promise<void>
  /** Runs a server until it is told to stop; the exit code. */
  serve(options: ServeOptions): Promise<number>
  /** A house held open by this process, in `directory` or, with null, in a temporary one. */
  openHouse(directory: string | null): Promise<{ readonly url: string; sum(): Promise<number>; close(): Promise<void> }>
}

export interface ServeFlags {
  readonly port?: string
  readonly host?: string
  readonly data?: string
}

interface ServeOptions {
  readonly flags: ServeFlags
  /** Fills the house, which is then one for a while, before anybody is told of it; answers what to say, and what to end. */
  readonly furnish?: (house: {
    readonly url: string
    readonly houseCode: string | null
  }) => Promise<{ readonly text: string; close(): Promise<void> }>
}

/** Throws FAILED when the server is not installed, or is of another version. */
export async function loadServer(): Promise<ServerPackage> {
  // Named by a variable, so that neither compiler nor bundler reaches for it.
  const name: string = '@auction/server/main'
  const loaded: unknown = await import(name).catch((cause: unknown) => {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
    if (!missing || !cause.message.includes('@auction/server')) throw cause
    throw new AuctionError('FAILED', 'The server is not installed here.', {
      hint: 'Install @auction/server beside this program.',
      cause,
    })
  })
  if (isServer(loaded)) return loaded
  throw new AuctionError('FAILED', 'The server installed here is of another version.', {
    hint: 'Install the same version of both.',
  })
}

function isServer(loaded: unknown): loaded is ServerPackage {
  return (
    loaded !== null && typeof loaded === 'object' && ['check', 'serve', 'openHouse'].every((name) => name in loaded)
  )
}
