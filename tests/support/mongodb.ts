/** A MongoDB for tests where there is one, databases of their own in it, and a proxy to lose the connection by. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

export interface TestMongo {
  /** The address of a database that no other test uses, by way of `port` if given. */
  database(port?: number): string
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

/** AUCTION_TEST_MONGODB_URI, else a mongod of MONGOMS_SYSTEM_BINARY or PATH on a directory of its own, else null. */
export async function findMongo(): Promise<TestMongo | null> {
  const given = process.env.AUCTION_TEST_MONGODB_URI
  if (given) return at(given, async () => undefined)
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'auction-mongod-'))
  const started = spawn(
    process.env.MONGOMS_SYSTEM_BINARY ?? 'mongod',
    ['--port', String(port), '--dbpath', directory, '--bind_ip', '127.0.0.1', '--quiet'],
    { stdio: 'ignore' },
  )
  const stop = async () => {
    await stopped(started)
    await rm(directory, { recursive: true, force: true })
  }
  if (await listens(started, port)) return at(`mongodb://127.0.0.1:${port}`, stop)
  await stop()
  process.stderr.write(
    'no MongoDB (AUCTION_TEST_MONGODB_URI, MONGOMS_SYSTEM_BINARY or mongod): its tests are skipped\n',
  )
  return null
}

function at(uri: string, stop: () => Promise<void>): TestMongo {
  const { hostname, port } = new URL(uri)
  return {
    host: hostname,
    port: Number(port || 27017),
    database(otherPort) {
      const own = new URL(uri)
      if (otherPort) own.port = String(otherPort)
      own.pathname = `/test-${randomUUID()}`
      return own.href
    },
    stop,
  }
}

async function listens(process: ChildProcess, port: number): Promise<boolean> {
  const failed = once(process, 'error').then(
    () => true,
    () => true,
  )
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await Promise.race([failed, setTimeout(100, false)])) return false
    if (process.exitCode !== null) return false
    const socket = connect(port, '127.0.0.1')
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (connected) return true
  }
  return false
}

async function stopped(process: ChildProcess): Promise<void> {
  if (process.pid === undefined || process.exitCode !== null) return
  const exit = once(process, 'exit')
  process.kill('SIGTERM')
  await exit
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

export interface TcpProxy {
  readonly port: number
  /** Ends every connection and every new one. */
  cut(): void
  /** Keeps connections and lets nothing through. */
  freeze(): void
  /** Lets everything through again. */
  resume(): void
  close(): Promise<void>
}

/** Passes connections on to a server until told otherwise. */
export async function tcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  let state: 'open' | 'cut' | 'frozen' = 'open'
  const sockets = new Set<Socket>()
  const drop = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy()
    const upstream = connect(target.port, target.host)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => state === 'open' && to.write(bytes))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      drop()
    },
    freeze() {
      state = 'frozen'
    },
    resume() {
      if (state === 'frozen') drop() // what was swallowed cannot be made up for
      state = 'open'
    },
    async close() {
      drop()
      const done = once(server, 'close')
      server.close()
      await done
    },
  }
}
