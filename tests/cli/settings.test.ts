/** `auction config`: what is kept, which of flag, variable, file and default wins, and a file that is wrong. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome } from './command-line.ts'
import { good, openStub, type StubHouse } from './stub-house.ts'

let home: Home
let house: StubHouse
beforeEach(async () => {
  home = openHome()
  house = await openStub(() => ({ json: { items: [good()], next: null } }))
})
afterEach(async () => {
  await house.close()
  home.close()
})

const file = () => join(home.path, 'auction', 'config.json')
const write = (text: string) => {
  mkdirSync(join(home.path, 'auction'), { recursive: true, mode: 0o700 })
  writeFileSync(file(), text)
}
const get = async (name: string, env: Record<string, string> = {}) =>
  (await home.auction(['config', 'get', name], { env })).out.trimEnd()

describe('a setting', () => {
  it('is its default, then what is kept, then what the environment says', async () => {
    expect(await get('server')).toBe('http://127.0.0.1:8010')
    expect(await home.auction(['config', 'set', 'server', 'https://house.example/'])).toEqual({
      code: 0,
      err: '',
      out: 'server\thttps://house.example\tconfig\n',
    })
    expect(await get('server')).toBe('https://house.example')
    expect(await get('server', { AUCTION_SERVER: 'http://other:1' })).toBe('http://other:1')
    expect(await get('update-check', { AUCTION_NO_UPDATE_NOTIFIER: '1' })).toBe('off')
    expect(await get('pager', { PAGER: 'more' })).toBe('more')
    expect(await get('pager', { PAGER: 'more', AUCTION_PAGER: 'most' })).toBe('most')
  })

  it('without a value goes back to its default; the others stay', async () => {
    for (const words of [['utc', 'on'], ['color', 'never'], ['utc']]) await home.auction(['config', 'set', ...words])
    expect(await get('utc')).toBe('off')
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ color: 'never' })
  })

  it('that a variable beats is kept, and that it is beaten is told', async () => {
    const ran = await home.auction(['config', 'set', 'server', 'http://kept:1'], { server: 'http://other:1' })
    expect(ran).toMatchObject({ code: 0, err: 'AUCTION_SERVER is set and still beats it.\n' })
    expect(await get('server')).toBe('http://kept:1')
  })

  it.each([
    [['get', 'nonsense'], /server, color, utc, pager, update-check, ascii, pictures, motion/],
    [['set', 'nonsense', 'x'], /There is no setting "nonsense"/],
    [['set', '__proto__', 'x'], /There is no setting/],
    [['set', 'server', 'nonsense'], /not a server/],
    [['set', 'color', 'pink'], /color takes auto, never/],
    [['set', 'utc', 'yes'], /utc takes on, off/],
    [['set', 'pager', 'a\u001bb'], /pager takes/],
    [['set', 'update-check', ''], /update-check takes/],
    [['set', 'ascii', 'yes'], /ascii takes auto, on, off/],
    [['set', 'pictures', 'oil'], /pictures takes auto, kitty, iterm2, sixel, blocks, off/],
    [['set', 'motion', 'slow'], /motion takes on, off/],
  ])('%j is 2, and nothing is kept', async (words, told) => {
    const ran = await home.auction(['config', ...words])
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toMatch(told)
    expect(() => readFileSync(file())).toThrow('ENOENT')
  })

  it('is listed with who says so', async () => {
    await home.auction(['config', 'set', 'utc', 'on'])
    const { items } = JSON.parse((await home.auction(['config', 'list', '--json'], { server: house.url })).out)
    expect(items.slice(0, 3)).toEqual([
      { name: 'server', value: house.url, from: 'AUCTION_SERVER' },
      { name: 'color', value: 'auto', from: 'default' },
      { name: 'utc', value: 'on', from: 'config' },
    ])
  })
})

describe('what is kept is heeded', () => {
  it('as the house to talk to, which a variable and then a flag beats', async () => {
    await home.auction(['config', 'set', 'server', house.url])
    expect((await home.auction(['list', '-q'])).out).toBe('42\n')
    expect((await home.auction(['list', '-q'], { server: 'http://127.0.0.1:1' })).code).toBe(7)
    expect((await home.auction(['list', '-q', '--server', house.url], { server: 'http://127.0.0.1:1' })).code).toBe(0)
  })

  it('as times in UTC and as no colours', async () => {
    const shown = async () => (await home.auction(['list'], { server: house.url, terminal: true, columns: 120 })).out
    expect(await shown()).toContain('\u001b[')
    await home.auction(['config', 'set', 'utc', 'on'])
    await home.auction(['config', 'set', 'color', 'never'])
    expect(await shown()).not.toContain('\u001b')
    expect(await shown()).toContain('UTC')
  })
})

describe('a file that is wrong', () => {
  it.each(['nonsense', '[]', 'null', ''])(
    '%j is a clear failure of what needs it, and of nothing else',
    async (text) => {
      write(text)
      const ran = await home.auction(['list'])
      expect(ran).toMatchObject({ code: 1, out: '' })
      expect(ran.err).toContain(`rm ${file()}`)
      expect((await home.auction(['config', 'set', 'utc', 'on'])).code).toBe(1)
      expect(readFileSync(file(), 'utf8')).toBe(text)
      expect((await home.auction(['help'])).code).toBe(0)
      expect((await home.auction(['list'], { server: house.url })).code).toBe(1)
    },
  )

  it.each(['{"server":"nonsense"}', '{"server":7}'])('%s is mended by what the hint says', async (text) => {
    write(text)
    const ran = await home.auction(['list'])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('auction config set server\n')
    expect((await home.auction(['config', 'set', 'server'])).code).toBe(0)
    expect(await get('server')).toBe('http://127.0.0.1:8010')
  })

  it('is a directory: told, without a trace of the program', async () => {
    mkdirSync(file(), { recursive: true })
    const ran = await home.auction(['list'])
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(/^error: .+\nhint: .+\n$/)
  })
})
