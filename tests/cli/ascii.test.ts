/** Our signs in plain ASCII: which there are, when they are wanted, and what stays as it is. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import stringWidth from 'string-width'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asAscii, asAsciiJson, lacksUnicode } from '../../packages/cli/src/ascii.ts'
import { type Home, openHome } from './command-line.ts'
import { good, openStub, type StubHouse } from './stub-house.ts'

const isAscii = (text: string) => [...text].every((character) => character <= '~')

describe('in ASCII', () => {
  it('is every sign that the program writes, as wide as before', () => {
    const root = fileURLToPath(new URL('../../packages/cli/src', import.meta.url))
    const files = globSync('**/*.{ts,tsx}', { cwd: root }).filter((name) => name !== 'ascii.ts')
    const texts = files.map((name) => readFileSync(`${root}/${name}`, 'utf8')).join('')
    // Letters are of names.
    const signs = [...new Set([...texts].filter((each) => each > '~' && !/\p{L}/u.test(each)))]
    const left = signs.filter((sign) => !isAscii(asAscii(sign)) || stringWidth(asAscii(sign)) !== stringWidth(sign))
    expect(signs.length).toBeGreaterThan(20)
    expect(left).toEqual([])
  })

  it('is what Ink and its charts draw', () => {
    const drawn = '╭─╮│╰╯┌┐└┘├┤┬┴┼▁▂▃▄▅▆▇█⎺⎻─⎼⎽'
    expect(asAscii(drawn)).toBe('+-+|+++++++++++_.-~=+*#"---_')
  })

  it('is not what people write', () => {
    expect(asAscii('Café zoë 陳大文 👍 ñ “quoted”')).toBe('Café zoë 陳大文 👍 ñ “quoted”')
  })

  it('is any JSON, of which nothing is lost', () => {
    const value = { name: 'Café … 陳 👍 \u007f', n: [1, 'x'] }
    expect(isAscii(asAsciiJson(JSON.stringify(value)))).toBe(true)
    expect(JSON.parse(asAsciiJson(JSON.stringify(value, null, 2)))).toEqual(value)
  })
})

describe('an alphabet', () => {
  it.each([
    [true, { LANG: 'C' }],
    [true, { LANG: 'POSIX' }],
    [true, { LANG: 'de_DE.ISO-8859-1' }],
    [true, { LANG: 'de_DE.ISO-8859-15@euro' }],
    [true, { LC_CTYPE: 'C', LANG: 'C.UTF-8' }],
    [true, { LC_ALL: 'C', LANG: 'C.UTF-8' }],
    [false, { LANG: 'C.UTF-8' }],
    [false, { LANG: 'en_US.utf8' }],
    [false, { LANG: 'C', LC_ALL: 'en_US.UTF-8' }],
    [false, { LC_CTYPE: 'UTF-8' }],
    [false, { LANG: 'en_US' }],
    [false, { LANG: '' }],
    [false, {}],
  ])('is %s to lack Unicode by %o', (lacks, env) => {
    expect(lacksUnicode(env)).toBe(lacks)
  })
})

describe('a command', () => {
  let home: Home
  let house: StubHouse
  const named = good({ name: 'Café, – a very long name of a thing that is cut off where it is too long' })
  beforeEach(async () => {
    home = openHome()
    house = await openStub(() => ({ json: { items: [named], next: null } }))
  })
  afterEach(async () => {
    await house.close()
    home.close()
  })
  const list = async (words: string[] = [], env: Record<string, string> = {}, terminal = true) => {
    const ran = await home.auction(['list', ...words], { server: house.url, terminal, columns: 60, env })
    expect(ran.code).toBe(0)
    return ran.out
  }

  it.each<[string, string[], Record<string, string>]>([
    ['--ascii', ['--ascii'], {}],
    ['AUCTION_ASCII', [], { AUCTION_ASCII: '1' }],
    ['an alphabet without Unicode', [], { LANG: 'C' }],
  ])('writes its own signs in ASCII on a terminal with %s', async (_how, words, env) => {
    expect(await list()).toMatch(/Café, .*… /)
    const shown = await list(words, env)
    expect(shown).toMatch(/Café, .*\. /)
    expect(isAscii(shown.replaceAll('Café', ''))).toBe(true)
  })

  it('heeds what is kept, a variable before it, and a file that cannot be read least of all', async () => {
    await home.auction(['config', 'set', 'ascii', 'on'])
    expect(await list()).not.toContain('…')
    expect(await list([], { AUCTION_ASCII: '0' })).toContain('…')
    await home.auction(['config', 'set', 'ascii', 'off'])
    expect(await list([], { LANG: 'C' })).toContain('…')
    expect(await list([], { LANG: 'C', AUCTION_ASCII: 'auto' })).not.toContain('…')
  })

  it('writes JSON on such a terminal that is the same when it is read', async () => {
    const shown = await list(['--json', '--ascii'])
    expect(isAscii(shown)).toBe(true)
    expect(JSON.parse(shown)).toEqual({ items: [named], next: null })
  })

  it('writes what goes into a pipe as ever', async () => {
    expect(await list(['--ascii'], { LANG: 'C' }, false)).toContain(named.name)
  })
})
