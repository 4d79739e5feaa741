/** The keyring of the desktop, where tokens are better kept than in a file; absent, locked or slow, the file is used. */
import { platform } from 'node:os'
import type { Io } from './io.ts'
import type { Asked } from './keyring-child.ts'

/** Secrets by name. Everything rejects when the keyring does not do it in time. */
export interface Keyring {
  get(name: string): Promise<string | null>
  set(name: string, secret: string): Promise<void>
  delete(name: string): Promise<void>
}

/** How long it may take: it may be asking a person who is not there. */
const PATIENCE_MS = 3_000

/** The keyring; null where there is none, or AUCTION_KEYRING is off. */
export function openKeyring(env: Io['env']): Keyring | null {
  if (env.AUCTION_KEYRING === 'off' || (platform() === 'linux' && !env.DBUS_SESSION_BUS_ADDRESS)) return null
  return {
    get: (name) => ask(env, { work: 'get', name, secret: '' }),
    set: async (name, secret) => void (await ask(env, { work: 'set', name, secret })),
    delete: async (name) => void (await ask(env, { work: 'delete', name, secret: '' })),
  }
}

async function ask(env: Io['env'], asked: Asked): Promise<string | null> {
  const { fork } = await import('node:child_process')
  // Beside this file, as it was built or as it was written.
  const child = fork(new URL(`./keyring-child${/\.\w+$/.exec(import.meta.url)?.[0]}`, import.meta.url), {
    env: { ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  try {
    return await new Promise((resolve, reject) => {
      const late = `it does not answer within ${PATIENCE_MS / 1000} s`
      setTimeout(() => reject(new Error(late)), PATIENCE_MS).unref()
      child.once('error', reject)
      child.once('exit', () => reject(new Error('it cannot be asked')))
      child.once('message', (said: { secret?: string | null; fault?: string }) =>
        said.fault === undefined ? resolve(said.secret ?? null) : reject(new Error(said.fault)),
      )
      child.send(asked)
    })
  } finally {
    child.kill('SIGKILL')
  }
}
