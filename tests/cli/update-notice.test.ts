/** The notice of a newer house: to a person, once a day, from the house in use alone. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '@auction/common/version'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHouse } from '../support/house.ts'
import { type Home, now, openHome } from './command-line.ts'
import { good, openStub, type StubHouse } from './stub-house.ts'

let home: Home
let house: StubHouse
let version: string
beforeEach(async () => {
  version = '99.0.0'
  home = openHome()
  house = await openStub(() => ({
    json: { items: [good()], next: null },
    headers: { 'x-auction-version': version },
  }))
})
afterEach(async () => {
  await house.close()
  home.close()
})

const list = (words: string[] = [], setting: Parameters<Home['auction']>[1] = {}) =>
  home.auction(['list', ...words], { server: house.url, terminal: true, ...setting })
const stamp = () => join(home.path, 'auction', 'update-notice')

describe('the notice of a newer house', () => {
  it('is one line on stderr, once a day, and costs no request', async () => {
    const { err } = await list()
    expect(err).toMatch(/^The house at http:.* is version 99\.0\.0, this program .*\n$/)
    expect((await list()).err).toBe('')
    writeFileSync(stamp(), new Date(now - 25 * 60 * 60 * 1000).toISOString())
    expect((await list()).err).toBe(err)
    expect(house.asked.map(({ path }) => path.split('?')[0])).toEqual(Array(3).fill('/v1/goods'))
  })

  it('is never there in a pipe, with -q or --json, nor when it was refused', async () => {
    for (const [words, setting] of [
      [[], { terminal: false }],
      [['-q'], {}],
      [['--json'], {}],
      [['--jq', '.next'], {}],
      [[], { env: { AUCTION_NO_UPDATE_NOTIFIER: '1' } }],
    ] as const)
      expect((await list([...words], setting)).err).toBe('')
    await home.auction(['config', 'set', 'update-check', 'off'])
    expect((await list()).err).toBe('')
    await home.auction(['config', 'set', 'update-check'])
    expect((await list()).err).not.toBe('')
  })

  it.each([VERSION, '0.0.1', 'nonsense', '99.0.0\u001b[31m', ''])('is not made of the version %j', async (said) => {
    // A header cannot hold it: what a house sends instead is no version either.
    version = said.replace('\u001b', '?')
    expect((await list()).err).toBe('')
  })

  it('does not come with every command where it cannot be kept that it came', async () => {
    mkdirSync(join(home.path, 'state', 'auction', 'update-notice'), { recursive: true })
    expect((await list([], { env: { XDG_STATE_HOME: join(home.path, 'state') } })).err).toBe('')
  })

  it('comes again after a clock was set back, or a stamp was spoilt', async () => {
    await list()
    for (const text of [new Date(now + 1e11).toISOString(), 'nonsense']) {
      writeFileSync(stamp(), text)
      expect((await list()).err).toContain('99.0.0')
    }
  })
})

it('a house says its version with every answer', async () => {
  const real = await openHouse('sqlite')
  try {
    for (const path of ['/readyz', '/v1/goods', '/nowhere'])
      expect((await real.anyone.get(path)).headers.get('x-auction-version')).toBe(VERSION)
  } finally {
    await real.close()
  }
})
