/** `auction demo`: the story without a terminal; the live screen with one. `auction serve --demo`: a house to try things on. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_PASSWORD } from '../../packages/cli/src/demo/goods.ts'
import { AUCTION, auction, type Ended, ended, environment, type RunningServer, serve } from '../support/program.ts'
import { start } from '../support/terminal.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'auction-demo-test-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('without a terminal', () => {
  let story: Ended
  beforeAll(async () => {
    story = await auction(['demo', '--keep', join(home, 'kept')], { env: environment(home) })
  })

  it('tells the story and exits with 0', () => expect(story).toMatchObject({ code: 0 }))
  it('says who bid and who won, on stdout', () => {
    expect(story.out).toMatch(/noor bids \$400\.00 and leads/)
    expect(story.out).toMatch(/Leica M3 .*: sold to 陳大文 for \$1,145\.00\. Closed \d+ ms after its end\./)
  })
  // How often, the machine decides: a bid that comes a little later finds the end nearer.
  it('has a soft close that really extends', () =>
    expect(story.out.match(/The end moves to/g)?.length).toBeGreaterThanOrEqual(2))
  it('has a good that stays unsold', () => expect(story.out).toMatch(/ThinkPad X230, office surplus: unsold/))
  it('says that the ledger balances, and the wallets agree', () => {
    expect(story.out).toContain('The ledger: all accounts sum to 0.')
    const balances = [...story.out.matchAll(/^\S+: \$([\d,]+\.\d\d), \$0\.00 of it held$/gm)].map(([, amount = '']) =>
      Number(amount.replaceAll(',', '')),
    )
    expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(50_000)
  })
  it('keeps the data where it is told', () => expect(readdirSync(join(home, 'kept'))).toContain('auction.db'))
  it('refuses to keep it where something is already', async () => {
    expect(await auction(['demo', '--keep', join(home, 'kept')], { env: environment(home) })).toMatchObject({
      code: 2,
      out: '',
    })
  })
  it('leaves nothing behind otherwise', async () => {
    const temporary = mkdtempSync(join(home, 'tmp-'))
    const env = environment(home, { TMPDIR: temporary })
    const terminal = start([AUCTION, 'demo'], { env })
    await terminal.waitFor(/Leica M3/)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    terminal.close()
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('auction serve --demo', () => {
  let temporary: string
  let env: Record<string, string>
  let house: RunningServer
  beforeAll(async () => {
    temporary = mkdtempSync(join(home, 'tmp-'))
    env = environment(join(home, 'server'), {
      TMPDIR: temporary,
      AUCTION_PORT: '0',
      AUCTION_HOST: '0.0.0.0',
      AUCTION_DATA: join(home, 'mine'),
      AUCTION_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      AUCTION_CURRENCY: 'KRW',
    })
    house = await serve(env, ['--demo'])
  })
  afterAll(() => house.kill())

  /** What somebody of the demo gets, as values of a pipe. */
  async function as(nick: string, ...words: string[]): Promise<string[][]> {
    const own = environment(join(home, nick), { AUCTION_SERVER: house.url })
    if (!existsSync(join(home, nick, 'auction')))
      await auction(['login', nick, '--password-stdin'], { env: own, input: DEMO_PASSWORD })
    const { code, out, err } = await auction(words, { env: own })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return out
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
  }
  async function until(what: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 120_000
    while (!(await what())) {
      if (performance.now() > deadline) throw new Error('It did not come to that.')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  it('takes nothing from the environment but the port: it is on this machine alone, and no other data is touched', async () => {
    expect(house.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(existsSync(join(home, 'mine'))).toBe(false)
    expect((await as('demo', 'wallet')).flat()).toContain('USD')
  })
  it('says what to do where its port is taken, or it has no place for its data', async () => {
    const taken = await auction(['serve', '--demo', '--port', new URL(house.url).port], { env })
    expect(taken).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/another program.*\n.*--port/) })
    const nowhere = await auction(['serve', '--demo'], { env: { ...env, TMPDIR: join(home, 'none') } })
    expect(nowhere).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/none\.\n.*TMPDIR.*--data/) })
  })
  it('has goods in every state, one of them won by whoever tries it', async () => {
    await until(async () => (await as('demo', 'list', '--status', 'unsold')).length === 4)
    for (const status of ['open', 'sold', 'cancelled'])
      expect(await as('demo', 'list', '--status', status)).not.toEqual([['']])
    expect((await as('demo', 'won'))[0]?.[1]).toBe('Olympus Pen')
  })
  it('has bots that go on bidding, and lists again what has ended', async () => {
    const bids = (await as('demo', 'bids', '1')).length
    await as('mila', 'cancel', '5')
    await until(async () => (await as('demo', 'bids', '1')).length > bids)
    await until(async () => (await as('demo', 'list', 'practice')).flat().includes('Practice sword, ash wood'))
  })
  it('leaves nothing behind when it is told to stop', async () => {
    expect(readdirSync(temporary)).toHaveLength(1)
    expect(await house.stop()).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
  })
  it('neither when that is while it is being filled', async () => {
    let out = ''
    // On a slow machine it may be open before it is told to stop: then another is.
    do {
      const child = spawn(AUCTION, ['serve', '--demo'], { env, stdio: 'pipe' })
      const end = ended(child, '')
      await until(async () => readdirSync(temporary).some((each) => existsSync(join(temporary, each, 'auction.db'))))
      child.kill('SIGTERM')
      const { code, err, ...said } = await end
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(readdirSync(temporary)).toEqual([])
      out = said.out
    } while (out !== '')
  })
  it('keeps the data where it is told, for auction serve to go on with', async () => {
    const data = join(home, 'kept-house')
    const first = await serve(env, ['--demo', '--data', data])
    expect(await first.stop()).toBe(0)
    house = await serve(environment(join(home, 'server'), { AUCTION_PORT: '0' }), ['--data', data])
    expect((await as('demo', 'list', 'thinkpad')).flat()).toContain('ThinkPad X230, office surplus')
    const again = await auction(['serve', '--demo', '--data', data], { env })
    expect(again).toMatchObject({ code: 2, out: '' })
    expect(again.err).toContain(`auction serve --data ${data}`)
  })
  it('is nothing to check', async () => {
    expect(await auction(['serve', '--demo', '--check'], { env })).toMatchObject({ code: 2, out: '' })
  })
})
