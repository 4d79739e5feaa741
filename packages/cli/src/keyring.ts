/** The keyring of the desktop, where tokens are better kept than in a file; absent, locked or slow, the file is used. */
import { platform } from 'node:os'
import { AuctionError } from '@auction/common/errors'
import type { Io } from './io.ts'

/** Secrets by name. Everything rejects when the keyring does not do it in time. */
export interface Keyring {
  get(name: string): Promise<string | null>
  set(name: string, secret: string): Promise<void>
  delete(name: string): Promise<void>
}

const SERVICE = 'auction'
/** How long it may take: it may be asking a person who is not there. */
const PATIENCE_MS = 3_000

/** The keyring; null where there is none, or AUCTION_KEYRING is off. */
export function openKeyring(env: Io['env']): Keyring | null {
  // Without a session bus the library would take the kernel's keyring, which forgets at the next start.
  if (env.AUCTION_KEYRING === 'off' || (platform() === 'linux' && !env.DBUS_SESSION_BUS_ADDRESS)) return null
  const entry = async (name: string) => {
    const { AsyncEntry } = await import('@napi-rs/keyring')
    return new AsyncEntry(SERVICE, name, { linux: { store: 'secret-service' } })
  }
  return {
    get: (name) => inTime(async () => (await (await entry(name)).getPassword()) ?? null),
    set: (name, secret) => inTime(async () => (await entry(name)).setPassword(secret)),
    delete: (name) => inTime(async () => void (await (await entry(name)).deletePassword())),
  }
}

async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const seconds = PATIENCE_MS / 1000
    timer = setTimeout(
      () => reject(new AuctionError('FAILED', `The keyring does not answer within ${seconds} s.`)),
      PATIENCE_MS,
    )
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
