/** The command line: help, versions, flags on either side, and what is wrong usage. */
import { readFileSync } from 'node:fs'
import { VERSION } from '@auction/common/version'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { table } from '../../packages/cli/src/command-table.ts'
import { type Home, openHome } from './command-line.ts'
import { deadUrl, good, openStub } from './stub-house.ts'

let home: Home
beforeEach(() => {
  home = openHome()
})
afterEach(() => home.close())

/** Commands and groups of them. */
const commands = table.map(([name]) => name).filter((name) => name !== 'help')

describe('help', () => {
  it('is what `auction` alone shows, on a terminal and in a pipe, with every command in it', async () => {
    for (const words of [[], ['help'], ['--help'], ['-h']])
      for (const terminal of [true, false]) {
        const ran = await home.auction(words, { terminal })
        expect(ran).toMatchObject({ code: 0, err: '' })
        expect(ran.out).toMatch(/^ {2}\$ auction \w+/)
        for (const [name] of table) expect(ran.out).toContain(name.split(' ')[0])
      }
  })

  it.each(commands)('of %s begins with two examples, however it is asked for', async (name) => {
    const words = name.split(' ')
    const pages = await Promise.all(
      [
        [...words, '--help'],
        [...words, '-h'],
        ['help', ...words],
      ].map((line) => home.auction(line)),
    )
    for (const { code, out, err } of pages) {
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toMatch(new RegExp(`^  \\$ auction ${name}.*\\n  \\$ auction ${name.split(' ')[0]}`))
      expect(out).toContain(`Usage: auction ${name}`)
    }
  })

  it('may be asked for before the command', async () => {
    expect((await home.auction(['-h', 'list'])).out).toContain('Usage: auction list')
  })

  it('of a group lists what is in it', async () => {
    for (const group of ['admin', 'auth']) {
      const ran = await home.auction([group])
      expect(ran.code).toBe(0)
      expect(ran.out).toContain(`Usage: auction ${group}`)
    }
  })
})

describe('the version', () => {
  it('is that of the package, by command or flag', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../packages/cli/package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    expect(VERSION).toBe(version)
    for (const words of [['version'], ['--version'], ['list', '--version']])
      expect(await home.auction(words)).toEqual({ code: 0, out: `${version}\n`, err: '' })
    expect((await home.auction(['version', '--json'])).out).toContain(version)
  })
})

describe('flags of every command', () => {
  it('may stand before or after it, and a later server wins', async () => {
    const house = await openStub(() => ({ json: { items: [good()], next: null } }))
    const nowhere = deadUrl
    for (const words of [
      ['--json', '--server', house.url, 'list'],
      ['list', '--json', '--server', house.url],
      ['--server', nowhere, 'list', '--json', '--server', house.url],
      ['--server', house.url, '--json', '--', 'list'],
    ]) {
      const ran = await home.auction(words)
      expect(ran.code).toBe(0)
      expect(JSON.parse(ran.out)).toMatchObject({ items: [{ id: 42 }] })
    }
    await house.close()
  })

  it('reach commands of two words from any place', async () => {
    for (const words of [
      ['--json', 'auth', 'token'],
      ['auth', '--json', 'token'],
      ['auth', 'token', '--json'],
    ])
      expect(JSON.parse((await home.auction(words)).out)).toEqual({ token: 'auc_test' })
  })

  it('are not taken from the value of an option, nor after --', async () => {
    const listed = { items: [], next: null, epoch: 'e1' }
    const house = await openStub(({ path }) => ({ json: path.includes('/events') ? listed : good() }))
    const ran = await home.auction(['bid', '42', 'min', '--message', '--json', '--dry-run'], { server: house.url })
    expect(ran.out).toContain('message\t--json\n')
    const refused = await home.auction(['bid', '42', '1,0', '--message', '--json'], { server: house.url })
    expect(refused.err).toMatch(/^error: /)
    await house.close()
  })
})

describe('wrong usage', () => {
  it.each([
    [['lsit'], /Unknown command 'lsit'/, /list/],
    [['--bogus'], /Unknown option/, /auction help/],
    [['list', '--bogus'], /Unknown option/, /auction help list/],
    [['list', '--limit'], /argument missing/, /auction help list/],
    [['show'], /Missing required argument 'id'/, /auction help show/],
    [['show', '42', '43'], /Too many arguments/, /auction help show/],
    [['admin', 'clam', 'x'], /Unknown command 'clam'/, /claim/],
    [['admin', 'nothing'], /Unknown command 'nothing'/, /auction help admin/],
    [['help', 'nothing'], /Unknown command/, /auction/],
    [['auth', 'token', '--server', 'nonsense'], /not a server/, /./],
    [['watch', '42', '--until', 'doomsday'], /--until/, /auction help watch/],
    [['watch', '42', '--since', '-1'], /place in the log/, /./],
    [['api', 'BREW', '/v1'], /BREW/, /./],
    [['list', 'x'.repeat(101)], /100 characters at most/, /auction help list/],
    [['api', 'GET', 'v1/goods'], /path/, /./],
    [['api', 'GET', '//evil.example/v1'], /path/, /./],
    [['notifications'], /--follow/, /./],
  ])('%j is 2, with a sentence and a hint', async (words, sentence, hint) => {
    const ran = await home.auction(words, { server: deadUrl })
    expect(ran).toMatchObject({ code: 2, out: '' })
    const [first = '', second = ''] = ran.err.split('\n')
    expect(first).toMatch(/^error: .+\.$/)
    expect(first).toMatch(sentence)
    expect(second).toMatch(/^hint: /)
    expect(second).toMatch(hint)
    const json = await home.auction([...words, '--json'], { server: deadUrl })
    if (!words.includes('--limit')) expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'USAGE' } })
  })
})

it('a server that is not there is 7 for every command that needs one', async () => {
  const server = deadUrl
  const lines = [
    ['list'],
    ['show', '42'],
    ['watch', '42'],
    ['bid', '42', 'min'],
    ['bids'],
    ['sales'],
    ['won'],
    ['wallet'],
    ['wallet', 'log'],
    ['whoami'],
    ['sell', 'x', '--start', '1', '--ends-in', '1h'],
    ['buy', '42', '--yes'],
    ['retract', '7', '--reason', 'typo'],
    ['cancel', '42'],
    ['accept', '42'],
    ['edit', '42', '--name', 'x'],
    ['relist', '42', '--ends-in', '1h'],
    ['offer', '42', '--for', '3d'],
    ['admin', 'withdraw', 'mila', '5'],
    ['admin', 'cancel', '42', '--reason', 'x'],
    ['admin', 'invite'],
    ['admin', 'users'],
    ['admin', 'deposit', 'mila', '5'],
    ['api', 'GET', '/v1/goods'],
    ['notifications', '--follow'],
  ]
  const rans = await Promise.all(lines.map((words) => home.auction(words, { server })))
  for (const ran of rans) {
    expect(ran.code).toBe(7)
    expect(ran.err).toMatch(/^error: The server at http:.+ cannot be reached: nothing listens there\.\nhint: .+\n$/)
  }
})
