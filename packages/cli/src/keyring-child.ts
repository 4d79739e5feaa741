/** One thing done with the keyring, in a process of its own: the library holds its thread for as long as the keyring is silent. */
import { AsyncEntry } from '@napi-rs/keyring'

/** What is asked: a secret read, kept (`secret`), or forgotten. */
export interface Asked {
  readonly work: 'get' | 'set' | 'delete'
  readonly name: string
  readonly secret: string
}

const SERVICE = 'auction'

process.on('disconnect', () => process.exit())
process.once('message', async ({ work, name, secret }: Asked) => {
  try {
    // Without it the library would take the kernel's keyring, which forgets at the next start.
    const entry = new AsyncEntry(SERVICE, name, { linux: { store: 'secret-service' } })
    if (work === 'set') await entry.setPassword(secret)
    else if (work === 'delete') await entry.deletePassword()
    process.send?.({ secret: work === 'get' ? ((await entry.getPassword()) ?? null) : null })
  } catch (error) {
    process.send?.({ fault: error instanceof Error ? error.message : String(error) })
  }
})
