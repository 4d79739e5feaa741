/** A whole house for a test: a real server on a database of its own, people who call it over HTTP, and its books. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SqliteFile from 'better-sqlite3'
import pg from 'pg'
import { type Logger, pino } from 'pino'
import { inject } from 'vitest'
import type { Clock } from '../../packages/server/src/clock.ts'
import { readConfig, type Setting } from '../../packages/server/src/config.ts'
import { type AuctionServer, createServer } from '../../packages/server/src/server.ts'
import { expectNoLeaks, hear, PASSWORD } from './ears.ts'

export const databases = ['sqlite', 'postgresql'] as const
export type DatabaseKind = (typeof databases)[number]

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by each test's expectations
export type Json = any

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
}

export interface Caller {
  readonly token: string | null
  get(path: string): Promise<Answer>
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface Member extends Caller {
  readonly id: number
  readonly nick: string
  readonly token: string
  sell(good?: Record<string, unknown>): Promise<Json>
  bid(goodId: number, bid: { amount?: number; max?: number; message?: string }, key?: string): Promise<Answer>
}

export interface House {
  readonly url: string
  readonly directory: string
  readonly houseCode: string | null
  readonly settings: Record<string, string>
  readonly anyone: Caller
  member(nick: string): Promise<Member>
  /** Rows of the books, read beside the server. */
  query(sql: string): Promise<Json[]>
  /** Ends the server, leaving its database. */
  stop(): Promise<void>
  /** Starts another on the same database. */
  start(): Promise<void>
  close(): Promise<void>
}

export { PASSWORD }

/** What a house answers that did nothing because somebody has waited for it too long, as on a slow machine anyone may. */
const isBusy = ({ status, body }: Answer) => status === 503 && body.code === 'BUSY'
/** Longer than any machine is slow: a house that is busy still is broken, and its answer says so better than a test that hangs. */
export const PATIENCE_MS = 60_000

/** Calls as clients do: who is told that the house is busy asks again, unless `patient` is false. */
export function callerAt(url: () => string, token: string | null, { patient = true } = {}): Caller {
  const send: Caller['send'] = async (...call) => {
    const began = performance.now()
    for (;;) {
      const answer = await sendOnce(...call)
      if (!patient || !isBusy(answer) || performance.now() - began > PATIENCE_MS) return answer
      await sleep(20)
    }
  }
  async function sendOnce(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const form = body instanceof FormData
    const init: RequestInit = { method, headers: { ...headers } }
    if (token) init.headers = { ...init.headers, authorization: `Bearer ${token}` }
    if (body !== undefined && !form) init.headers = { 'content-type': 'application/json', ...init.headers }
    if (body !== undefined) init.body = form ? body : typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${url()}${path}`, init)
    const text = await response.text()
    hear(`${method} ${path}`, text)
    const json =
      /json/.test(response.headers.get('content-type') ?? '') &&
      !/ndjson/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text }
  }
  return {
    token,
    send,
    get: (path) => send('GET', path),
    post: (path, body, headers) => send('POST', path, body, headers),
  }
}

async function openDatabaseFor(kind: DatabaseKind): Promise<{
  settings: Record<string, string>
  query(sql: string): Promise<Json[]>
  drop(): Promise<void>
  directory: string
}> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-test-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  if (kind === 'sqlite') {
    const query = (sql: string) => {
      const file = new SqliteFile(join(directory, 'auction.db'), { readonly: true })
      try {
        return Promise.resolve(file.prepare(sql).all() as Json[])
      } finally {
        file.close()
      }
    }
    return { settings: {}, query, drop: () => Promise.resolve(remove()), directory }
  }
  const base = inject('postgresUrl')
  const name = `house_${randomUUID().replaceAll('-', '')}`
  await onPostgres(`${base}/postgres`, `create database ${name}`)
  const drop = async () => {
    await onPostgres(`${base}/postgres`, `drop database ${name} with (force)`)
    remove()
  }
  return {
    settings: { AUCTION_DATABASE_URL: `${base}/${name}` },
    query: (sql) => onPostgres(`${base}/${name}`, sql),
    drop,
    directory,
  }
}

async function onPostgres(connectionString: string, sql: string): Promise<Json[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows.map((row: Json) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key,
          typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
        ]),
      ),
    )
  } finally {
    await client.end()
  }
}

/** A signed-in person's calls. */
export function memberAt(
  url: () => string,
  { id, nick, token }: { id: number; nick: string; token: string },
  options: Parameters<typeof callerAt>[2] = {},
): Member {
  const caller = callerAt(url, token, options)
  return {
    ...caller,
    token,
    id,
    nick,
    async sell(good = {}) {
      const terms = { name: 'Leica M3', startPrice: 1000, endsInMs: 3_600_000, ...good }
      return (await caller.post('/v1/goods', terms, { 'idempotency-key': randomUUID() })).body
    },
    bid: (goodId, bid, key = randomUUID()) => caller.post(`/v1/goods/${goodId}/bids`, bid, { 'idempotency-key': key }),
  }
}

export interface HouseOptions {
  readonly clock?: Clock
  readonly settings?: Partial<Record<Setting, string>>
  readonly batchSize?: number
  readonly log?: Logger
}

export async function openHouse(kind: DatabaseKind, options: HouseOptions = {}): Promise<House> {
  const database = await openDatabaseFor(kind)
  const settings: Record<string, string> = {
    AUCTION_DATA: database.directory,
    AUCTION_PORT: '0',
    AUCTION_RATE_LIMITS: 'off',
    AUCTION_OUTAGE_GRACE: 'off',
    ...database.settings,
    ...options.settings,
  }
  let server: AuctionServer | null = null
  let url = ''
  let houseCode: string | null = null
  const start = async () => {
    const log =
      options.log ??
      (process.env.AUCTION_TEST_LOG
        ? pino({ level: process.env.AUCTION_TEST_LOG })
        : pino({ level: 'trace' }, { write: (line: string) => hear('a log line', line) }))
    server = await createServer(readConfig({}, settings), {
      log,
      ...(options.clock ? { clock: options.clock } : {}),
      ...(options.batchSize ? { batchSize: options.batchSize } : {}),
    })
    houseCode = server.houseCode
    url = (await server.listen()).url
  }
  const stop = async () => {
    await server?.close()
    server = null
  }
  await start()
  const anyone = callerAt(() => url, null)
  return {
    get url() {
      return url
    },
    get houseCode() {
      return houseCode
    },
    directory: database.directory,
    settings,
    anyone,
    async member(nick) {
      const { body } = await anyone.post('/v1/users', { nick, password: PASSWORD })
      const session = await anyone.post('/v1/sessions', { nick, password: PASSWORD })
      return memberAt(() => url, { id: body.id, nick, token: session.body.token })
    },
    query: database.query,
    stop,
    start,
    async close() {
      await stop()
      await database.drop()
      expectNoLeaks()
    },
  }
}
