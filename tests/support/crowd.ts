/** Many funded people at once, and what must be true of the books whatever they do. */
import { hash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SqliteFile from 'better-sqlite3'
import pg from 'pg'
import { expect } from 'vitest'
import { type Answer, type House, type Member, memberAt } from './house.ts'

/** Runs SQL that writes beside the server, in one transaction. */
export async function writeBeside(house: House, statements: readonly string[]): Promise<void> {
  const url = house.settings.AUCTION_DATABASE_URL
  if (url === undefined) {
    const file = new SqliteFile(join(house.directory, 'auction.db'))
    try {
      file.pragma('foreign_keys = off')
      file.transaction(() => statements.forEach((sql) => void file.exec(sql))).immediate()
    } finally {
      file.close()
    }
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(['begin', ...statements, 'commit'].join(';\n'))
  } finally {
    await client.end()
  }
}

/** Does `work` while the good, or on SQLite the whole file, is locked for everyone else. */
export async function whileLocked<T>(house: House, goodId: number, work: () => Promise<T>): Promise<T> {
  const url = house.settings.AUCTION_DATABASE_URL
  if (url === undefined) {
    const file = new SqliteFile(join(house.directory, 'auction.db'))
    try {
      file.exec('begin immediate')
      return await work()
    } finally {
      file.close()
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`begin; select 1 from goods where id = ${goodId} for update`)
    return await work()
  } finally {
    await client.end()
  }
}

/** Their sessions have just been used whatever the time is: a test's clock need not agree with this machine's. */
const FOREVER = Date.UTC(9999, 0)

/** `count` signed-in people with `balance` each, written beside the server: hashing a password for each takes seconds. */
export async function crowd(house: House, count: number, balance = 1_000_000): Promise<Member[]> {
  const [{ last = 0 } = {}] = await house.query('select coalesce(max(id), 0) as last from users')
  const run = randomUUID().slice(0, 8)
  const people = Array.from({ length: count }, (_, index) => ({
    id: Number(last) + 1 + index,
    nick: `p${run}-${index}`,
    token: `auc_${randomUUID()}`,
  }))
  const now = Date.now()
  const values = (row: (person: (typeof people)[number]) => string) => people.map((each) => `(${row(each)})`).join(', ')
  await writeBeside(house, [
    `insert into users (id, nick, skeleton, password_hash, role, created_at) values ${values(({ id, nick }) => `${id}, '${nick}', '${nick}', 'none', 'member', ${now}`)}`,
    ...['available', 'held'].map(
      (part) =>
        `insert into accounts (id, balance) values ${values(({ id }) => `'user:${id}/${part}', ${part === 'held' ? 0 : balance}`)}`,
    ),
    `insert into entries (key, debit, credit, user_id, amount, kind, at) values ${values(({ id }) => `'start:${id}', 'world', 'user:${id}/available', ${id}, ${balance}, 'deposit', ${now}`)}`,
    `update accounts set balance = balance - ${count * balance} where id = 'world'`,
    `insert into sessions (token_hash, user_id, created_at, used_at, expires_at) values ${values(({ id, token }) => `'${hash('sha256', token)}', ${id}, ${now}, ${FOREVER}, ${FOREVER}`)}`,
    ...(house.settings.AUCTION_DATABASE_URL ? [`select setval('users_ids', ${Number(last) + count})`] : []),
  ])
  return people.map((person) => memberAt(() => house.url, person))
}

/** Sends until it is answered by a yes or a no, as clients do: the same key again while the house is busy or away. */
export async function insist(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await send().catch(() => null)
    // Whatever the house has lost, its fault is never the caller's 500.
    if (answer) expect(answer.status, JSON.stringify(answer.body)).not.toBe(500)
    if (answer && answer.status < 500) return answer
    await sleep(20)
  }
}

/** A bid among so many that the house may be busy. */
export function bidAmongMany(
  person: Member,
  goodId: number,
  bid: Parameters<Member['bid']>[1],
  key: string = randomUUID(),
) {
  return insist(() => person.bid(goodId, bid, key))
}

/** Money is conserved, nobody overspent, and what is held is what the goods led still open hold (promises.md, P2, P3). */
export async function expectBalancedBooks(house: House): Promise<void> {
  expect(await house.query('select sum(balance) as total from accounts')).toEqual([{ total: 0 }])
  expect(await house.query("select id from accounts where balance < 0 and id <> 'world'")).toEqual([])
  // premium_bp is 0 wherever this is used without fees; with fees the hold is the maximum and its premium.
  expect(
    await house.query(`
      select a.id, a.balance, h.holds from accounts a
      left join (select leader_id, sum(max + max * premium_bp / 10000) as holds from goods where status = 'open' and leader_id is not null group by leader_id) h
        on a.id = 'user:' || h.leader_id || '/held'
      where a.id like 'user:%/held' and a.balance <> coalesce(h.holds, 0)`),
  ).toEqual([])
  expect(
    await house.query(`
      select a.id, a.balance from accounts a
      where a.balance <> coalesce((select sum(amount) from entries where credit = a.id), 0) - coalesce((select sum(amount) from entries where debit = a.id), 0)`),
  ).toEqual([])
}
