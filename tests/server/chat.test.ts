/** What is said in a room: who may, in which form, who hears it, and who takes it away (rules.md, section 8). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../packages/server/src/config.ts'
import { createServer } from '../../packages/server/src/server.ts'
import { crowd } from '../support/crowd.ts'
import { databases, type House, type Json, type Member, memberAt, openHouse } from '../support/house.ts'
import { type Watcher, watch } from '../support/watcher.ts'

const HOSTILE = '\u001b[31mred\u001b]0;title\u0007 \u202eevil\u202c \u200bzero\u0000\u009b2J\r\n end'
const header = (password: string) => ({ 'room-password': password })
const texts = (lines: Json[]) => lines.map(({ text }) => text)

/** A GIF whose frames all differ, so that no encoder merges them. */
function frames(count: number, side = 8): Promise<Buffer> {
  const pixels = Buffer.alloc(count * side * side * 3)
  for (let frame = 0; frame < count; frame++)
    pixels.fill((frame * 37) % 256, frame * side * side * 3, (frame + 1) * side * side * 3)
  return sharp(pixels, { raw: { width: side, height: side * count, channels: 3, pageHeight: side } })
    .gif()
    .toBuffer()
}
function formOf(...parts: readonly (readonly [string, string | Uint8Array])[]): FormData {
  const form = new FormData()
  for (const [name, value] of parts)
    form.append(name, typeof value === 'string' ? value : new Blob([new Uint8Array(value)], { type: 'image/gif' }))
  return form
}

describe.each(databases)('chat on %s', (kind) => {
  let house: House
  let seller: Member
  let keeper: Member
  let ann: Member
  let ben: Member
  const watchers: Watcher[] = []
  beforeAll(async () => {
    house = await openHouse(kind)
    seller = await house.member('mila')
    keeper = await house.member('keeper')
    await keeper.post('/v1/admin/house', { code: house.houseCode })
    ;[ann, ben] = (await crowd(house, 2)) as [Member, Member]
  })
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close()
  })
  afterAll(() => house.close())

  async function open(token?: string): Promise<Watcher> {
    const watcher = await watch(house.url, token)
    watchers.push(watcher)
    return watcher
  }
  async function enter(goodId: number, token?: string, password?: string): Promise<Watcher & { answer: Json }> {
    const watcher = await open(token)
    return { ...watcher, answer: await watcher.ask('join', { goodId, password }) }
  }
  const path = (good: Json) => `/v1/goods/${good.id}/chat`
  const linesOf = async (good: Json, query = '') => (await house.anyone.get(`${path(good)}${query}`)).body
  /** Waits until whatever the server sent before has come. */
  const settled = (watcher: Watcher) => watcher.ask('leave', { goodId: 999_999 })

  describe('refuses', () => {
    it('whoever is not signed in, or not in the room', async () => {
      const good = await seller.sell()
      const [stranger, outsider] = [await enter(good.id), await open(ann.token)]
      const said = { goodId: good.id, text: 'hello' }
      expect(await stranger.ask('chat', said)).toMatchObject({ ok: false, error: { code: 'UNAUTHENTICATED' } })
      expect(await outsider.ask('chat', said)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
      await outsider.ask('join', { goodId: good.id })
      await outsider.ask('leave', { goodId: good.id })
      expect(await outsider.ask('chat', said)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } })
      expect(await outsider.ask('chat', { goodId: 999_999, text: 'x' })).toMatchObject({ error: { code: 'FORBIDDEN' } })
      expect((await house.anyone.post(path(good), { text: 'hello' })).status).toBe(401)
      expect((await house.anyone.post(path(good), formOf(['image', await frames(2)]))).status).toBe(401)
      expect((await ann.post('/v1/goods/999999/chat', { text: 'hello' })).status).toBe(404)
      expect((await linesOf(good)).items).toEqual([])
    })

    it('what is no line', async () => {
      const good = await seller.sell()
      const watcher = await enter(good.id, ann.token)
      for (const text of [undefined, null, 7, '', '   ', '\u0000\u200b', 'x'.repeat(501), '\ud800', ['x'], { a: 1 }]) {
        const asked = await watcher.ask('chat', { goodId: good.id, text })
        expect(asked, JSON.stringify(text)).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } })
        expect((await ann.post(path(good), { text })).status, JSON.stringify(text)).toBe(400)
      }
      for (const body of [{}, [], null, { text: 'x', extra: 1 }, { text: 'x', goodId: good.id }])
        expect((await ann.post(path(good), body)).status, JSON.stringify(body)).toBe(400)
      expect(await watcher.ask('chat', { goodId: good.id, text: 'x'.repeat(500) })).toMatchObject({ ok: true })
      expect((await linesOf(good)).items).toHaveLength(1)
    })

    it('what is no picture, and a picture beside a text', async () => {
      const good = await seller.sell()
      const picture = await frames(2)
      const [before] = await house.query('select count(*) as n from pictures')
      const refused = [
        formOf(['image', Buffer.from('not a picture')]),
        formOf(['image', Buffer.alloc(5 * 1024 * 1024 + 1, 7)]),
        formOf(['image', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]),
        formOf(['image', await frames(201, 4)]),
        formOf(['image', picture], ['image', picture]),
        formOf(['image', picture], ['line', '{"text":"and a text"}']),
        formOf(['image', picture], ['line', '{"text":']),
        formOf(['image', picture], ['stray', '1']),
        formOf(['picture', picture]),
        formOf(['line', '{}']),
        formOf(),
      ]
      for (const [index, form] of refused.entries())
        expect(await ann.post(path(good), form), String(index)).toMatchObject({
          status: 400,
          body: { code: 'BAD_REQUEST' },
        })
      expect((await linesOf(good)).items).toEqual([])
      expect(await house.query('select count(*) as n from pictures')).toEqual([before])
    })

    it('without the password of a private room: to read, to speak, to look', async () => {
      const good = await seller.sell({ password: 'sesame' })
      const said = await ann.send('POST', path(good), formOf(['image', await frames(2)]), header('sesame'))
      expect(said.status).toBe(201)
      for (const headers of [{}, header('wrong')]) {
        for (const wanted of [path(good), said.body.picture])
          expect(await ann.send('GET', wanted, undefined, headers)).toMatchObject({
            status: 403,
            body: { code: 'WRONG_PASSWORD' },
          })
        expect((await ben.send('POST', path(good), { text: 'me too' }, headers)).status).toBe(403)
        expect((await ben.send('POST', path(good), formOf(['image', await frames(2)]), headers)).status).toBe(403)
      }
      for (const [by, headers] of [
        [house.anyone, header('sesame')],
        [seller, {}],
        [keeper, {}],
      ] as const) {
        expect((await by.send('GET', path(good), undefined, headers)).body.items).toHaveLength(1)
        expect((await by.send('GET', said.body.picture, undefined, headers)).status).toBe(200)
      }
    })

    it('to remove a line for anyone but the seller of that good and the house', async () => {
      const [good, bens] = [await seller.sell(), await ben.sell()]
      const { body: line } = await ann.post(path(good), { text: 'mine' })
      for (const by of [ann, ben])
        expect(await by.send('DELETE', `${path(good)}/${line.id}`)).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN' },
        })
      expect((await house.anyone.send('DELETE', `${path(good)}/${line.id}`)).status).toBe(401)
      // Another good's seller, by way of that good.
      expect((await ben.send('DELETE', `${path(bens)}/${line.id}`)).status).toBe(404)
      expect((await seller.send('DELETE', `${path(good)}/999999`)).status).toBe(404)
      expect((await linesOf(good)).items).toMatchObject([{ text: 'mine', removedBy: null }])
    })
  })

  it('is heard once by everyone in the room, whichever way it was said, and by nobody else', async () => {
    const [good, other] = [await seller.sell(), await seller.sell()]
    const [one, two, elsewhere] = [await enter(good.id, ann.token), await enter(good.id), await enter(other.id)]
    const { line } = await one.ask('chat', { goodId: good.id, text: 'Is the strap original?' })
    expect(line).toEqual({
      id: expect.any(Number),
      goodId: good.id,
      author: { id: ann.id, nick: ann.nick },
      at: expect.stringMatching(/Z$/),
      text: 'Is the strap original?',
      picture: null,
      removedBy: null,
    })
    const answer = await seller.post(path(good), { text: 'It is.' })
    expect(answer.status).toBe(201)
    for (const watcher of [one, two]) await expect.poll(() => watcher.of('chat')).toEqual([line, answer.body])
    await settled(elsewhere)
    expect(elsewhere.of('chat')).toEqual([])
  })

  it('comes out without anything that a terminal acts on', async () => {
    const good = await seller.sell()
    const watcher = await enter(good.id, ann.token)
    await watcher.ask('chat', { goodId: good.id, text: HOSTILE })
    await ann.post(path(good), { text: HOSTILE })
    await expect.poll(() => watcher.of('chat').length).toBe(2)
    const [stored] = (await house.query(`select text from chat_lines where good_id = ${good.id}`)) as [Json]
    for (const text of [...texts(watcher.of('chat')), ...texts((await linesOf(good)).items), stored.text])
      expect(text).toBe('red evil zero end')
  })

  it('greets whoever comes with the last 50 lines, oldest first, and has the rest in pages', async () => {
    const good = await seller.sell()
    for (let line = 1; line <= 53; line++) await ann.post(path(good), { text: `line ${line}` })
    const { answer } = await enter(good.id)
    expect(texts(answer.chat)).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 4}`))
    const first = await linesOf(good, '?limit=30')
    expect(texts(first.items).slice(0, 2)).toEqual(['line 53', 'line 52'])
    const rest = await linesOf(good, `?limit=30&cursor=${first.next}`)
    expect([texts(rest.items).at(-1), rest.items.length, rest.next]).toEqual(['line 1', 23, null])
    expect((await house.anyone.get(`${path(good)}?cursor=x`)).status).toBe(400)
  })

  it('takes a line once for one key', async () => {
    const good = await seller.sell()
    const say = (text: string) => ann.post(path(good), { text }, { 'idempotency-key': 'line-1' })
    const [first, second] = [await say('once'), await say('once')]
    expect(second.body).toEqual(first.body)
    expect(await say('twice')).toMatchObject({ status: 422, body: { code: 'KEY_REUSED' } })
    expect((await linesOf(good)).items).toHaveLength(1)
  })

  it('shows a GIF with all its frames, and a JPEG without what the camera wrote', async () => {
    const good = await seller.sell()
    const watcher = await enter(good.id)
    const { status, body } = await ann.post(path(good), formOf(['image', await frames(12)]))
    expect(status).toBe(201)
    expect(body).toMatchObject({ text: null, picture: `${path(good)}/${body.id}/image` })
    await expect.poll(() => watcher.of('chat')).toEqual([body])
    const response = await fetch(`${house.url}${body.picture}`)
    expect(response.headers.get('content-type')).toBe('image/gif')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const shown = Buffer.from(await response.arrayBuffer())
    expect(await sharp(shown, { animated: true }).metadata()).toMatchObject({
      format: 'gif',
      pages: 12,
      width: 8,
      pageHeight: 8,
    })
    const camera = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .withExifMerge({ IFD0: { Artist: 'CANARY-ARTIST' } })
      .jpeg()
      .toBuffer()
    const photo = (await ann.post(path(good), formOf(['image', camera]))).body
    const served = Buffer.from(await (await fetch(`${house.url}${photo.picture}`)).arrayBuffer())
    expect(served.toString('latin1')).not.toContain('CANARY-ARTIST')
    const { body: text } = await ann.post(path(good), { text: 'no picture' })
    expect((await house.anyone.get(`${path(good)}/${text.id}/image`)).status).toBe(404)
    const other = await seller.sell()
    expect((await house.anyone.get(`${path(other)}/${body.id}/image`)).status).toBe(404)
  })

  it('loses a line for good when the seller or the house removes it, and says who did', async () => {
    const good = await seller.sell()
    const watcher = await enter(good.id)
    const { body: text } = await ann.post(path(good), { text: 'a rude word' })
    const { body: picture } = await ann.post(path(good), formOf(['image', await frames(3)]))
    const remove = (by: Member, { id }: Json) => by.send('DELETE', `${path(good)}/${id}`)
    const gone = { text: null, picture: null }
    const bySeller = { ...text, ...gone, removedBy: { id: seller.id, nick: seller.nick } }
    const byHouse = { ...picture, ...gone, removedBy: { id: keeper.id, nick: keeper.nick } }
    expect(await remove(seller, text)).toMatchObject({ status: 200, body: bySeller })
    expect(await remove(keeper, picture)).toMatchObject({ status: 200, body: byHouse })
    expect((await remove(keeper, text)).body).toEqual(bySeller)
    await expect.poll(() => watcher.of('chat')).toEqual([text, picture, bySeller, byHouse])
    await settled(watcher)
    expect(watcher.of('chat')).toHaveLength(4)
    expect((await linesOf(good)).items).toEqual([byHouse, bySeller])
    expect((await enter(good.id)).answer.chat).toEqual([bySeller, byHouse])
    expect((await house.anyone.get(picture.picture)).status).toBe(404)
    const kept = await house.query(`select text, picture_id from chat_lines where good_id = ${good.id}`)
    expect(kept).toEqual([
      { text: null, picture_id: null },
      { text: null, picture_id: null },
    ])
    const id = text.id
    expect(await house.query(`select count(*) as n from pictures where id = '${id}'`)).toEqual([{ n: 0 }])
  })

  it('keeps nothing of a removed line, in the answers to keys neither', async () => {
    const good = await seller.sell()
    const talker = await enter(good.id, ben.token)
    const say = () => ann.post(path(good), { text: 'a rüde "word"' }, { 'idempotency-key': 'rude' })
    const { body: first } = await say()
    const { line: second } = await talker.ask('chat', { goodId: good.id, text: 'another rüde one' })
    for (const { id } of [first, second]) await seller.send('DELETE', `${path(good)}/${id}`)
    expect(await say()).toMatchObject({ status: 201, body: first })
    expect(await house.query(`select answer from keys where answer like '%rüde%'`)).toEqual([])
    expect(texts((await linesOf(good)).items)).toEqual([null, null])
  })

  it('goes on after the end, and stands in no log', async () => {
    const good = await seller.sell({ buyNow: 5000 })
    const watcher = await enter(good.id, ann.token)
    await watcher.ask('chat', { goodId: good.id, text: 'before' })
    expect((await ben.post(`/v1/goods/${good.id}/purchase`)).status).toBe(201)
    expect(await watcher.ask('chat', { goodId: good.id, text: 'after' })).toMatchObject({ ok: true })
    expect((await ann.post(path(good), { text: 'and later' })).status).toBe(201)
    await expect.poll(() => texts(watcher.of('chat'))).toEqual(['before', 'after', 'and later'])
    const { items } = (await house.anyone.get(`/v1/goods/${good.id}/log`)).body
    expect(items.map(({ type }: Json) => type)).toEqual(['listed', 'bought'])
    expect(watcher.eventsOf(good.id).map(({ type }) => type)).toEqual(['bought'])
  })
})

describe('a person who talks too fast', () => {
  it('is held back, by every way in, and nobody else is', async () => {
    const house = await openHouse('sqlite', { settings: { AUCTION_RATE_LIMITS: 'on' } })
    const open: Watcher[] = []
    try {
      const seller = await house.member('mila')
      const [ann, ben] = (await crowd(house, 2)) as [Member, Member]
      const good = await seller.sell()
      const watcher = await watch(house.url, ann.token)
      open.push(watcher)
      await watcher.ask('join', { goodId: good.id })
      const path = `/v1/goods/${good.id}/chat`
      const picture = await frames(2)
      const began = performance.now()
      const ten = <T>(say: (line: number) => Promise<T>) =>
        Promise.all(Array.from({ length: 10 }, (_, line) => say(line)))
      const [heard, sent] = await Promise.all([
        ten((line) => watcher.ask('chat', { goodId: good.id, text: `${line}` })),
        ten((line) => ann.post(path, line % 2 ? { text: 'x' } : formOf(['image', picture]))),
      ])
      const taken = [...heard.filter(({ ok }) => ok), ...sent.filter(({ status }) => status === 201)].length
      expect(taken).toBeGreaterThanOrEqual(5)
      // Five more for each five seconds that a slow machine took.
      expect(taken).toBeLessThanOrEqual(5 * (1 + Math.floor((performance.now() - began) / 5_000)))
      for (const answer of heard) if (!answer.ok) expect(answer.error.code).toBe('RATE_LIMITED')
      for (const { status, body } of sent)
        if (status !== 201) expect([status, body.code]).toEqual([429, 'RATE_LIMITED'])
      expect((await ben.post(path, { text: 'x' })).status).toBe(201)
    } finally {
      for (const watcher of open) watcher.close()
      await house.close()
    }
  })
})

describe('chat on two servers of one PostgreSQL', () => {
  it('is heard in the room on both, each line once, removals too', async () => {
    const house = await openHouse('postgresql')
    const seller = await house.member('mila')
    const good = await seller.sell()
    const path = `/v1/goods/${good.id}/chat`
    await seller.post(path, { text: 'said before anybody came' })
    const directory = mkdtempSync(join(tmpdir(), 'auction-second-'))
    const second = await createServer(readConfig({}, { ...house.settings, AUCTION_DATA: directory }), {
      log: pino({ level: 'silent' }),
    })
    const open: Watcher[] = []
    try {
      const { url } = await second.listen()
      const there = memberAt(() => url, seller)
      for (const at of [house.url, url]) {
        const watcher = await watch(at)
        open.push(watcher)
        expect(texts((await watcher.ask('join', { goodId: good.id })).chat)).toEqual(['said before anybody came'])
      }
      const said = []
      for (let line = 0; line < 6; line++)
        said.push((await (line % 2 ? seller : there).post(path, { text: `line ${line}` })).body)
      const byId = (lines: Json[]) => [...lines].sort((a, b) => a.id - b.id)
      for (const watcher of open) await expect.poll(() => byId(watcher.of('chat'))).toEqual(byId(said))
      const removed = (await there.send('DELETE', `${path}/${said[0].id}`)).body
      for (const watcher of open) await expect.poll(() => watcher.of('chat').at(-1)).toEqual(removed)
      const heads = open.map((each) => each.of('heads').length)
      await expect.poll(() => open.every((each, index) => each.of('heads').length > (heads[index] ?? 0) + 2)).toBe(true)
      for (const watcher of open) expect(watcher.of('chat')).toHaveLength(7)
    } finally {
      for (const watcher of open) watcher.close()
      await second.close()
      await house.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
