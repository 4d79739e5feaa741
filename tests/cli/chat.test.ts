/** `auction chat`, and `auction watch` of a room with a password, against a real house; hostile lines from a stub of one. */
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type House, type Json, type Member, openHouse } from '../support/house.ts'
import { watch } from '../support/watcher.ts'
import { type Home, openHome, type Ran } from './command-line.ts'
import { good, openStub, user } from './stub-house.ts'

const SECRET = 'crème canary 7f3e'
let home: Home
let house: House
let mila: Member
let noor: Member

beforeAll(async () => {
  house = await openHouse('sqlite')
  mila = await house.member('mila')
  noor = await house.member('noor')
})
afterAll(() => house.close())
beforeEach(() => {
  home = openHome()
})
afterEach(() => home.close())

interface Asking {
  readonly by?: Member | null
  readonly stdin?: string | null
  readonly terminal?: boolean
  readonly onOut?: (text: string) => void
}
function auction(words: readonly (string | number)[], { by = noor, ...rest }: Asking = {}): Promise<Ran> {
  const env = { AUCTION_TOKEN: by?.token ?? '' }
  return home.auction(words.map(String), { server: house.url, env, stdin: null, ...rest })
}
const chatOf = async (id: number) => (await mila.get(`/v1/goods/${id}/chat`)).body.items as Json[]
const rows = ({ out }: Ran) =>
  out
    .split('\n')
    .slice(0, -1)
    .map((row) => row.split('\t'))

describe('chat refuses', () => {
  it('what it does not understand, before it asks anybody', async () => {
    const { id } = await mila.sell()
    const [big, none] = [join(home.path, 'big.png'), join(home.path, 'none.png')]
    writeFileSync(big, '')
    truncateSync(big, 5 * 1024 * 1024 + 1)
    for (const words of [
      ['x'],
      [id, 'text', '--remove', '1'],
      [id, 'text', '--image', big],
      [id, '--remove', 'x'],
      [id, '--image', big],
      [id, '--image', none],
      [id, 'one', 'two'],
      [id, ''],
      [id, 'x'.repeat(501)],
    ])
      expect(await auction(['chat', ...words]), words.join(' ').slice(0, 40)).toMatchObject({ code: 2, out: '' })
    expect(await chatOf(id)).toEqual([])
  })

  it('to speak for nobody, to find what is not there, to remove what is not yours', async () => {
    const { id } = await mila.sell()
    const { body: line } = await noor.post(`/v1/goods/${id}/chat`, { text: 'mine' })
    expect((await auction(['chat', id, 'hello'], { by: null })).code).toBe(4)
    expect((await auction(['chat', 999_999])).code).toBe(3)
    expect((await auction(['chat', id, '--remove', line.id])).code).toBe(5)
    expect((await auction(['chat', id, '--remove', 999_999], { by: mila })).code).toBe(3)
    expect(await chatOf(id)).toHaveLength(1)
  })

  it('a private room without its password', async () => {
    const { id } = await mila.sell({ password: SECRET })
    for (const words of [
      ['chat', id],
      ['chat', id, 'hello'],
      ['watch', id],
      ['watch', id, '--plain'],
    ]) {
      const ran = await auction(words)
      expect(ran, words.join(' ')).toMatchObject({ code: 2, out: '' })
      expect(ran.err).toContain('--password-stdin')
      const wrong = await auction([...words, '--password-stdin'], { stdin: `${SECRET}!\n` })
      expect(wrong, words.join(' ')).toMatchObject({ code: 5 })
      expect(wrong.err).not.toContain('canary')
      expect((await auction([...words, '--password-stdin'], { stdin: 'a\u0007b\n' })).code).toBe(2)
    }
  })

  it('a room that is full', async () => {
    const { id: goodId } = await mila.sell({ capacity: 1 })
    const watcher = await watch(house.url)
    expect(await watcher.ask('join', { goodId })).toMatchObject({ ok: true })
    const ran = await auction(['watch', goodId])
    expect(ran.code).toBe(6)
    expect(ran.err).toContain('full')
    watcher.close()
  })
})

describe('chat', () => {
  it('says a line, and shows the last ones, oldest first', async () => {
    const { id } = await mila.sell()
    const said = await auction(['chat', id, 'Is the strap original?'])
    const answered = await auction(['chat', id, 'It is.', '-q'], { by: mila })
    const third = JSON.parse((await auction(['chat', id, 'Thanks.', '--json'])).out)
    expect(third).toMatchObject({ goodId: id, author: { nick: 'noor' }, text: 'Thanks.' })
    expect(rows(said)[0]?.slice(2)).toEqual(['noor', 'Is the strap original?', '', ''])
    const first = Number(rows(said)[0]?.[0])
    expect(answered.out).toBe(`${first + 1}\n`)
    const listed = await auction(['chat', id], { by: null })
    expect(rows(listed).map(([line, , nick, text]) => [Number(line), nick, text])).toEqual([
      [first, 'noor', 'Is the strap original?'],
      [first + 1, 'mila', 'It is.'],
      [first + 2, 'noor', 'Thanks.'],
    ])
    expect((await auction(['chat', id, '-q', '--limit', '2'])).out).toBe(`${first + 1}\n${first + 2}\n`)
    expect(JSON.parse((await auction(['chat', id, '--json'])).out).items).toEqual(await chatOf(id))
    expect((await auction(['chat', id], { terminal: true })).out).toMatch(/^.*noor +Is the strap original\?/m)
  })

  it('shows a picture', async () => {
    const { id } = await mila.sell()
    const file = join(home.path, 'strap.png')
    writeFileSync(
      file,
      await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    )
    const ran = await auction(['chat', id, '--image', file])
    const [line] = await chatOf(id)
    expect(rows(ran)[0]?.slice(3)).toEqual(['', `/v1/goods/${id}/chat/${line.id}/image`, ''])
    expect((await house.anyone.get(line.picture)).headers.get('content-type')).toBe('image/png')
    writeFileSync(file, 'not a picture')
    expect((await auction(['chat', id, '--image', file])).code).toBe(2)
  })

  it('removes a line for the seller', async () => {
    const { id } = await mila.sell()
    const { body: line } = await noor.post(`/v1/goods/${id}/chat`, { text: 'rude' })
    expect((await auction(['chat', id, '--remove', line.id], { by: mila })).code).toBe(0)
    expect(rows(await auction(['chat', id]))[0]?.slice(2)).toEqual(['noor', '', '', 'mila'])
    expect((await auction(['chat', id], { terminal: true })).out).toContain('(removed by mila)')
  })

  it('takes the password of a private room from stdin, and asks its seller for none', async () => {
    const { id } = await mila.sell({ password: SECRET })
    const given = { stdin: `${SECRET}\n` }
    expect((await auction(['chat', id, 'psst', '--password-stdin'], given)).code).toBe(0)
    expect((await auction(['chat', id, 'welcome'], { by: mila })).code).toBe(0)
    const heard = await auction(['chat', id, '--password-stdin'], { ...given, by: null })
    expect(rows(heard).map(([, , nick, text]) => [nick, text])).toEqual([
      ['noor', 'psst'],
      ['mila', 'welcome'],
    ])
  })

  it('names the line that asks again when it is unknown whether it was said', async () => {
    const stub = await openStub(({ method, path }) => {
      if (method === 'POST') return { status: 201, json: { odd: true } }
      return { json: path === '/v1/me' ? user : good() }
    })
    const ran = await home.auction(['chat', '42', 'hello'], { server: stub.url })
    expect(ran.code).toBe(14)
    expect(ran.err).toMatch(/^hint: .+: auction chat 42 hello --idempotency-key [0-9a-f-]{36} --server http:.+$/m)
    expect((await home.auction(['chat', '42', '--idempotency-key', 'mine'], { server: stub.url })).code).toBe(2)
    await stub.close()
  })

  it('prints no byte that a terminal acts on, whatever the house sends', async () => {
    const odd = 'a\u001b[31mb\u001b]0;x\u0007\u202e\u200b\u009b2J\tc'
    const line = {
      id: 7,
      goodId: 42,
      author: { id: 3, nick: odd },
      at: user.createdAt,
      text: odd,
      picture: null,
      removedBy: null,
    }
    const stub = await openStub(({ path }) => {
      if (path.includes('/chat'))
        return {
          json: { items: [line, { ...line, text: null, picture: odd, removedBy: { id: 1, nick: odd } }], next: null },
        }
      return { json: path === '/v1/me' ? user : good() }
    })
    for (const setting of [{}, { terminal: true, columns: 200, env: { NO_COLOR: '1' } }]) {
      const ran = await home.auction(['chat', '42'], { server: stub.url, ...setting })
      expect(ran.code).toBe(0)
      expect(ran.out.replaceAll('\t', '')).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
      expect(ran.out).toContain('ab c')
    }
    await stub.close()
  })
})

describe('watch', () => {
  /** Watches until the seller cancels the good, which is when `play` is over. */
  async function watching(
    words: readonly (string | number)[],
    asking: Asking,
    play: () => Promise<void>,
  ): Promise<Ran> {
    let out = ''
    const onOut = (text: string) => {
      out += text
    }
    const running = auction(['watch', ...words], { ...asking, onOut })
    await expect.poll(() => out).toMatch(/Connected\.|"state":"live"/)
    await play()
    // Whoever is gone for five seconds has left.
    await expect.poll(() => out).toMatch(/^mila left\.$|"left":\{/m)
    await mila.send('DELETE', `/v1/goods/${words[0]}`)
    return running
  }
  async function play(goodId: number, password?: string): Promise<void> {
    const watcher = await watch(house.url, mila.token)
    await watcher.ask('join', { goodId, password })
    await watcher.ask('chat', { goodId, text: 'hello' })
    const { body } = await mila.post(`/v1/goods/${goodId}/chat`, { text: 'a slip' })
    await mila.send('DELETE', `/v1/goods/${goodId}/chat/${body.id}`)
    watcher.close()
  }

  it('--plain says who comes and goes and what is said; a password comes from stdin', async () => {
    const { id } = await mila.sell({ password: SECRET })
    await mila.post(`/v1/goods/${id}/chat`, { text: 'said before' })
    const words = [id, '--plain', '--password-stdin']
    const ran = await watching(words, { stdin: `${SECRET}\n` }, () => play(id, SECRET))
    expect(ran.code).toBe(0)
    const [, slip] = await chatOf(id)
    const lines = ran.out.split('\n').filter((line) => /^(mila|noor) (?!lists)/.test(line))
    expect(lines).toEqual([
      'mila came in.',
      'mila says: hello',
      'mila says: a slip',
      `mila removed line ${slip.id + 1}, by mila.`,
      'mila left.',
    ])
  })

  it('in a pipe tells of the room with --chat alone', async () => {
    const { id } = await mila.sell()
    const objects = ({ out }: Ran): Json[] =>
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    const known = ['snapshot', 'connection', 'cancelled', 'end']
    const plain: Promise<Ran>[] = []
    const ran = await watching([id, '--chat'], {}, async () => {
      let out = ''
      const onOut = (text: string) => {
        out += text
      }
      plain.push(auction(['watch', id], { by: null, onOut }))
      await expect.poll(() => out).toContain('"state":"live"')
      await play(id)
    })
    const told = objects(ran).filter(({ type }) => !known.includes(type))
    for (const each of told) expect(each).toMatchObject({ v: 1, seq: 1, goodId: id, at: expect.stringMatching(/Z$/) })
    expect(told.filter(({ type }) => type === 'chat').map(({ line }) => [line.text, line.removedBy?.nick])).toEqual([
      ['hello', undefined],
      ['a slip', undefined],
      [null, 'mila'],
    ])
    expect(told.flatMap(({ joined }) => joined?.nick ?? [])).toContain('mila')
    expect(told.flatMap(({ left }) => left?.nick ?? [])).toEqual(['mila'])
    expect(told.filter(({ type }) => type === 'presence').every(({ watchers }) => watchers >= 1)).toBe(true)
    const [without] = await Promise.all(plain)
    expect(without && objects(without).filter(({ type }) => !known.includes(type))).toEqual([])
  })
})
