/** Topics of help, the pager on a real terminal, and the manual pages. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manPages } from '../../docs/man-pages.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { topicNames } from '../../packages/cli/src/topics.ts'
import { AUCTION, environment } from '../support/program.ts'
import { start, type Terminal } from '../support/terminal.ts'
import { type Home, openHome } from './command-line.ts'
import { good, openStub, type StubHouse } from './stub-house.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let home: Home
beforeEach(() => {
  home = openHome()
})
afterEach(() => home.close())
const help = async (topic: string) => {
  const ran = await home.auction(['help', topic])
  expect(ran).toMatchObject({ code: 0, err: '' })
  return ran.out
}

describe('help topics', () => {
  it('are named where help begins', async () => {
    const page = (await home.auction(['help'])).out
    for (const topic of topicNames) expect(page).toContain(topic)
  })

  it('environment names every variable that the program looks at', async () => {
    const page = await help('environment')
    const sources = globSync(join(root, 'packages/cli/src/**/*.{ts,tsx}')).map((file) => readFileSync(file, 'utf8'))
    const used = sources.flatMap((text) => [
      ...[...text.matchAll(/\benv\.([A-Z][A-Z_]+)\b(?! \??\?= | = )/g)].map(([, name]) => name ?? ''),
      ...[...text.matchAll(/(?:variable|refusal)\('([A-Z_]+)'/g)].map(([, name]) => name ?? ''),
    ])
    expect(used.filter((name) => !page.includes(name))).toEqual([])
    for (const name of ['AUCTION_PAGER', 'AUCTION_SERVER']) expect(used).toContain(name)
  })

  it('exit-codes has those of the catalogue and our own', async () => {
    const page = await help('exit-codes')
    for (const [code, meaning] of [
      [0, 'done'],
      [10, 'BID_TOO_LOW'],
      [14, 'OUTCOME_UNKNOWN'],
      [130, 'interrupted'],
    ])
      expect(page).toMatch(new RegExp(`^ +${code} +.*${meaning}`, 'm'))
  })

  it('keys is the table that the screen acts on', async () => {
    const page = await help('keys')
    for (const { help: meaning } of keymap) expect(page).toContain(meaning)
  })

  it('and commands that there are not are 2, with where to look', async () => {
    for (const group of ['help', 'auth'])
      expect((await home.auction([group, 'nonsense'])).err).toMatch(
        /^error: Unknown command 'nonsense'\.\nhint: See: auction help( auth)?\n$/,
      )
  })

  it('keys says where a key with several meanings has which', async () => {
    const [watch = '', browse = ''] = (await help('keys')).split('The keys of auction alone')
    const meaning = (page: string, place: string) => page.split(`  ${place}:\n`)[1]?.split('\n\n')[0]
    expect(meaning(watch, 'Writing to the room, after c')).toMatch(/Enter +say it/)
    expect(meaning(watch, 'In the field of a bid, after b, x, m or +')).toMatch(/Enter +review/)
    expect(meaning(watch, 'At the review of a bid, after Enter')).toMatch(/Enter +place this bid/)
    expect(meaning(watch, 'With a field, a review, help, description or picture open')).toMatch(/Esc +back$/)
    expect(meaning(browse, 'On the list')).toMatch(/Enter +open/)
    for (const page of [watch, browse]) expect(page.split(/^ {2}\S.*:$/m)[0]).not.toMatch(/Enter|Esc/)
  })

  it('json shows what --fields and --jq do', async () => {
    expect(await help('json')).toMatch(/--fields[\s\S]*--jq/)
  })
})

describe('the pager', () => {
  const open: Terminal[] = []
  let house: StubHouse
  beforeEach(async () => {
    house = await openStub(() => ({
      json: { items: Array.from({ length: 60 }, (_, id) => good({ id: id + 1 })), next: null },
    }))
  })
  afterEach(async () => {
    for (const each of open.splice(0)) each.close()
    await house.close()
  })
  const terminal = (words: readonly string[], env: Record<string, string> = {}) => {
    const own = environment(home.path, { AUCTION_SERVER: house.url, AUCTION_NO_UPDATE_NOTIFIER: '1', ...env })
    const opened = start([AUCTION, ...words], { env: own, rows: 20 })
    open.push(opened)
    return opened
  }
  /** A pager that leaves what it was given, and says that it ran. */
  const recorder = () => {
    mkdirSync(join(home.path, 'bin'), { recursive: true })
    const path = join(home.path, 'bin', 'pager')
    writeFileSync(path, `#!/bin/sh\ncat > '${home.path}/paged'\necho PAGED\n`)
    chmodSync(path, 0o755)
    return path
  }
  const paged = () => (existsSync(join(home.path, 'paged')) ? readFileSync(join(home.path, 'paged'), 'utf8') : null)

  it.each([[['help']], [['list', '--limit', '60']]])('%j that does not fit goes through it, whole', async (words) => {
    const shown = terminal(words, { AUCTION_PAGER: recorder() })
    expect(await shown.ended).toBe(0)
    expect(shown.output()).toContain('PAGED')
    expect(paged()?.split('\n').length).toBeGreaterThan(40)
  })

  it('is left out where it fits, with --no-input, when it is off, and in a CI', async () => {
    const pager = recorder()
    for (const [words, env] of [
      [['help', 'auth'], { AUCTION_PAGER: pager }],
      [['list', '--limit', '60', '--no-input'], { AUCTION_PAGER: pager }],
      [['help', '--no-input'], { AUCTION_PAGER: pager }],
      [['help'], { AUCTION_PAGER: 'off', PAGER: pager }],
      [['help'], { AUCTION_PAGER: pager, CI: '1' }],
    ] as const)
      expect(await terminal(words, env).ended).toBe(0)
    expect(paged()).toBeNull()
  })

  it('is never there in a pipe', async () => {
    const ran = await home.auction(['help'], { env: { AUCTION_PAGER: recorder() } })
    expect(ran.out.split('\n').length).toBeGreaterThan(40)
    expect(paged()).toBeNull()
  })

  it('that cannot be started, or is left early, is no failure', async () => {
    const missing = terminal(['help'], { AUCTION_PAGER: '/nowhere/pager' })
    expect(await missing.ended).toBe(0)
    expect(missing.output()).toContain('Usage: auction')
    expect(await terminal(['list', '--limit', '60'], { AUCTION_PAGER: 'true' }).ended).toBe(0)
  })

  it('is ended by Ctrl-C, with 130', async () => {
    const shown = terminal(['help'], { AUCTION_PAGER: 'echo READY; sleep 60' })
    await shown.waitFor(/READY/)
    shown.send('\u0003')
    expect(await shown.ended).toBe(130)
  })
})

describe('the manual pages', () => {
  it('are those of `npm run docs`, and no others', async () => {
    const pages = await manPages()
    expect(globSync('docs/man/*', { cwd: root }).sort()).toEqual(pages.map(([path]) => path).sort())
    for (const [path, text] of pages) expect(readFileSync(join(root, path), 'utf8'), path).toBe(text)
  })

  it('are roff without a fault, and show the flags', async () => {
    // groff is not on every machine that tests.
    if (spawnSync('groff', ['--version']).status !== 0) return
    for (const [path] of await manPages()) {
      const ran = spawnSync('groff', ['-man', '-Tutf8', '-ww', join(root, path)], { encoding: 'utf8' })
      expect({ path, status: ran.status, err: ran.stderr }).toEqual({ path, status: 0, err: '' })
      // Bold is a letter struck twice.
      if (path.endsWith('/auction-list.1')) expect(ran.stdout.replaceAll(/.[\b]/gu, '')).toMatch(/--status <status>/)
    }
  })
})
