import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { auction, environment } from '../support/program.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'auction-missing-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function databasesNamed(name: string): Promise<number> {
  const client = new pg.Client({ connectionString: `${inject('postgresUrl')}/postgres` })
  await client.connect()
  try {
    return (await client.query('select 1 from pg_database where datname = $1', [name])).rows.length
  } finally {
    await client.end()
  }
}

it.each([[[]], [['--check']]])(
  'refuses a PostgreSQL database that is not there, and makes none: serve %j',
  async (flags) => {
    const url = new URL(inject('postgresUrl'))
    const name = `mistyped_${randomUUID().replaceAll('-', '')}`
    const env = environment(join(directory, 'home'), {
      AUCTION_DATA: join(directory, 'data'),
      AUCTION_PORT: '0',
      AUCTION_DATABASE_URL: `${url.href.replace(/\/$/, '')}/${name}`,
    })
    const refused = await auction(['serve', ...flags], { env })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toBe(
      `error: There is no database ${name} in PostgreSQL at ${url.host}.\nhint: Correct AUCTION_DATABASE_URL, or make it: createdb -h ${url.hostname} -p ${url.port} -U auction ${name}\n`,
    )
    expect(await databasesNamed(name)).toBe(0)
  },
)

it('finds, before it starts, a PostgreSQL that does not let it in, and says no password', async () => {
  const { host } = new URL(inject('postgresUrl'))
  const check = (url: string) =>
    auction(['serve', '--check'], {
      env: environment(join(directory, 'home'), { AUCTION_DATA: join(directory, 'data'), AUCTION_DATABASE_URL: url }),
    })
  expect(await check(`${inject('postgresUrl')}/postgres`)).toMatchObject({
    code: 0,
    out: 'The configuration is right.\n',
  })
  for (const url of [
    `postgres://auction:s3cret@${host}/postgres`,
    'postgres://auction:s3cret@127.0.0.1:1/postgres',
    // It has no TLS, which is not to be done without in silence.
    `${inject('postgresUrl')}/postgres?sslmode=verify-full`,
  ]) {
    const { code, err } = await check(url)
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error: The database cannot be opened/),
    })
    expect(err).not.toContain('s3cret')
  }
})
