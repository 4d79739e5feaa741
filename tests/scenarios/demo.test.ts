/** `auction demo`: the story without a terminal; the live screen with one. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AUCTION, auction, type Ended, environment } from '../support/program.ts'
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
    await terminal.waitFor(/Leica M3/, 30_000)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    terminal.close()
    expect(readdirSync(temporary)).toEqual([])
  })
})
