import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, callerAt, type Json, PASSWORD } from '../support/house.ts'

const main = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url))
// A soft limit on the size of files stands for a full disk: SQLite cannot write on, and it can be lifted from outside.
const possible =
  existsSync(main) && spawnSync('prlimit', ['--version']).status === 0 && spawnSync('bash', ['-c', 'true']).status === 0

describe.skipIf(!possible)('a server whose disk is full', () => {
  let directory: string
  let child: ChildProcess
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'auction-full-'))
  })
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    rmSync(directory, { recursive: true, force: true })
  })

  async function serve(kilobytes: number): Promise<string> {
    const script = `const { serve } = await import(${JSON.stringify(main)}); process.exit(await serve({ flags: {} }))`
    child = spawn(
      'bash',
      ['-c', `ulimit -S -f ${kilobytes}; exec "$0" --input-type=module -e "$1"`, process.execPath, script],
      {
        env: {
          ...process.env,
          AUCTION_DATA: directory,
          AUCTION_PORT: '0',
          AUCTION_RATE_LIMITS: 'off',
          AUCTION_LOG_LEVEL: 'silent',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let said = ''
    child.stdout?.on('data', (text) => {
      said += text
    })
    await expect.poll(() => said).toMatch(/open at \S+/)
    return /open at (\S+)/.exec(said)?.[1] ?? ''
  }

  it('refuses what it cannot keep, shows what it has, and goes on once there is room', async () => {
    const url = await serve(2_500)
    const anyone = callerAt(() => url, null)
    await anyone.post('/v1/users', { nick: 'mila', password: PASSWORD })
    const seller = callerAt(
      () => url,
      (await anyone.post('/v1/sessions', { nick: 'mila', password: PASSWORD })).body.token,
    )
    const sell = (key: string): Promise<Answer> =>
      seller.post(
        '/v1/goods',
        { name: 'Heavy', description: '長'.repeat(4_900), startPrice: 1000, endsInMs: 3_600_000 },
        { 'idempotency-key': key },
      )
    let listed = 0
    let key = ''
    let refused: Answer | null = null
    while (!refused && listed < 1_000) {
      key = randomUUID()
      const answer = await sell(key)
      if (answer.status === 201) listed++
      else refused = answer
    }
    expect(refused).toMatchObject({ status: 503, body: { code: 'STORAGE_FULL' } })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await sell(randomUUID())).toMatchObject({ status: 503, body: { code: 'STORAGE_FULL' } })
    const count = async () => {
      let [found, cursor]: [number, string | null] = [0, '']
      while (cursor !== null) {
        const page: Json = (await anyone.get(`/v1/goods?limit=100${cursor && `&cursor=${cursor}`}`)).body
        found += page.items.length
        cursor = page.next
      }
      return found
    }
    expect(await count()).toBe(listed)
    expect((await seller.get('/v1/me/wallet')).status).toBe(200)
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    expect(await sell(key)).toMatchObject({ status: 201 })
    expect(await sell(key)).toMatchObject({ status: 201 })
    expect(await count()).toBe(listed + 1)
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })
})
