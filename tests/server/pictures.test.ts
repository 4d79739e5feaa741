import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, databases, type House, type Json, type Member, openHouse } from '../support/house.ts'

interface Frame {
  rows: string[]
  delayMs: number
}

const RED = { r: 255, g: 0, b: 0 }
const picture = (width = 40, height = 20) => sharp({ create: { width, height, channels: 3, background: RED } })
const file = (bytes: Uint8Array, type = 'image/png') => new Blob([new Uint8Array(bytes)], { type })
const terms = (odd: Json = {}) => JSON.stringify({ name: 'Pictured', startPrice: 1000, endsInMs: 3_600_000, ...odd })

/** A GIF whose frames all differ, so that no encoder merges them. */
function frames(count: number, side: number, delays: number | number[] = 100): Promise<Buffer> {
  const pixels = Buffer.alloc(count * side * side * 3)
  for (let frame = 0; frame < count; frame++)
    pixels.fill((frame * 37) % 256, frame * side * side * 3, (frame + 1) * side * side * 3)
  return sharp(pixels, { raw: { width: side, height: side * count, channels: 3, pageHeight: side } })
    .gif({ delay: typeof delays === 'number' ? Array<number>(count).fill(delays) : delays })
    .toBuffer()
}

/** A valid PNG of one colour with one bit a pixel: 400 megapixels in 50 kB. */
function bomb(side: number): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), body])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(body.length)
    sum.writeUInt32BE(crc32(named))
    return Buffer.concat([length, named, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([1, 0, 0, 0, 0], 8)
  const rows = Buffer.alloc(side * (1 + Math.ceil(side / 8)))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

describe.each(databases)('pictures on %s', (kind) => {
  let house: House
  let seller: Member
  beforeAll(async () => {
    house = await openHouse(kind)
    seller = await house.member('mila')
  })
  afterAll(() => house.close())

  const uploads = () => join(house.directory, 'uploads')
  const leftOver = () => (existsSync(uploads()) ? readdirSync(uploads(), { recursive: true }) : [])
  afterEach(() => expect.poll(leftOver).toEqual([]))

  function upload(
    parts: readonly (readonly [string, string | Blob])[],
    by: { post: Member['post'] } = seller,
  ): Promise<Answer> {
    const form = new FormData()
    for (const [name, value] of parts) form.append(name, value)
    return by.post('/v1/goods', form)
  }
  const sellWith = (image: Uint8Array, odd: Json = {}) =>
    upload([
      ['good', terms(odd)],
      ['image', file(image)],
    ])
  async function fetchImage(path: string) {
    const response = await fetch(`${house.url}${path}`)
    return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }

  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('takes a %s and serves it as what it is', async (format) => {
    const answer = await sellWith(await picture().toFormat(format).toBuffer())
    expect(answer).toMatchObject({ status: 201, body: { image: `/v1/goods/${answer.body.id}/image` } })
    const { headers, bytes } = await fetchImage(answer.body.image)
    expect(headers.get('content-type')).toBe(`image/${format}`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(await sharp(bytes).metadata()).toMatchObject({ format, width: 40, height: 20 })
  })

  it('strips what a camera wrote into the file, and turns the picture upright first', async () => {
    const exif = { IFD0: { Artist: 'CANARY-ARTIST' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' } }
    const bytes = await picture().withMetadata({ orientation: 6 }).withExifMerge(exif).jpeg().toBuffer()
    expect(bytes.toString('latin1')).toContain('CANARY-ARTIST')
    const served = (await fetchImage((await sellWith(bytes)).body.image)).bytes
    expect(served.toString('latin1')).not.toContain('CANARY-ARTIST')
    const facts = await sharp(served).metadata()
    expect(facts).toMatchObject({ width: 20, height: 40 })
    expect([facts.exif, facts.xmp, facts.iptc]).toEqual([undefined, undefined, undefined])
  })

  it('bounds what it keeps', async () => {
    const { body } = await sellWith(await picture(3200, 400).jpeg().toBuffer())
    expect(await sharp((await fetchImage(body.image)).bytes).metadata()).toMatchObject({ width: 1600, height: 200 })
  })

  it('keeps the frames of a GIF up to 200, and refuses more', async () => {
    const { body } = await sellWith(await frames(200, 4))
    expect(await sharp((await fetchImage(body.image)).bytes).metadata()).toMatchObject({ format: 'gif', pages: 200 })
    expect(await sellWith(await frames(201, 4))).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
  })

  it('serves a grid of colours for so many cells', async () => {
    const { body } = await sellWith(await picture(40, 20).png().toBuffer())
    const grid = await house.anyone.get(`${body.image}?cells=10x10`)
    expect(grid).toMatchObject({ status: 200, body: { width: 10, height: 5 } })
    expect(grid.body.rows).toEqual(Array(5).fill('ff0000'.repeat(10)))
    for (const cells of ['0x5', '5', '5x', '-1x5', '5x5x5', '1e3x5', '251x1', '1x81', '999x999']) {
      const refused = await house.anyone.get(`${body.image}?cells=${cells}`)
      expect(refused, cells).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
      expect(refused.headers.get('cache-control'), cells).toBe('no-store')
    }
    const plain = await seller.sell()
    expect(await house.anyone.get(`/v1/goods/${plain.id}/image`)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    })
  })

  const inCells = async (gif: Buffer, cells: string): Promise<{ width: number; height: number; frames: Frame[] }> =>
    (await house.anyone.get(`${(await sellWith(gif)).body.image}?cells=${cells}&frames=all`)).body
  const time = ({ frames: shown }: { frames: Frame[] }) => shown.reduce((sum, { delayMs }) => sum + delayMs, 0)

  it('serves every frame of a GIF for so many cells, each for as long as the GIF says', async () => {
    const moving = await inCells(await frames(4, 30, [100, 250, 100, 400]), '10x5')
    expect(moving).toMatchObject({ width: 10, height: 10 })
    expect(moving.frames.map(({ delayMs }) => delayMs)).toEqual([100, 250, 100, 400])
    const grey = (value: number) => Array(2).fill(value.toString(16).padStart(2, '0').repeat(30))
    // At its edges a frame made smaller takes on a little of its neighbours.
    const middle = ({ rows }: { rows: string[] }) => rows.slice(4, 6)
    expect(moving.frames.map(middle)).toEqual([0, 37, 74, 111].map(grey))
  })

  it('leaves frames out where there are more than 50, or they are shorter than 100 ms, and keeps their time', async () => {
    const many = await inCells(await frames(120, 10, 200), '5x5')
    expect([many.frames.length <= 50, many.frames.length > 30, time(many)]).toEqual([true, true, 120 * 200])
    const short = await inCells(await frames(10, 10, 40), '5x5')
    const greys = short.frames.map(({ rows: [, , row = ''] }) => Number.parseInt(row.slice(0, 2), 16))
    expect(greys.filter((grey, at) => Math.abs(grey - ([0, 111, 222, 77][at] ?? 999)) > 3)).toEqual([])
    // A frame without a delay is one of 100 ms.
    expect(time(await inCells(await frames(3, 10, 0), '5x5'))).toBe(300)
  })

  it('bounds all frames together: the larger they are, the fewer', async () => {
    const large = await inCells(await frames(40, 300, 100), '250x80')
    expect([large.width, large.height, time(large)]).toEqual([160, 160, 4_000])
    expect(large.frames.length * large.width * large.height).toBeLessThanOrEqual(640_000)
    expect(large.frames.length).toBeGreaterThan(15)
  })

  it('serves one frame of what stands still', async () => {
    const still = await inCells(await picture(40, 20).png().toBuffer(), '10x10')
    expect(still).toEqual({
      width: 10,
      height: 5,
      frames: [{ rows: Array(5).fill('ff0000'.repeat(10)), delayMs: 100 }],
    })
  })

  it('serves the first frame no larger than so many pixels, as PNG, or as PPM of at most 256 colours', async () => {
    const noise = await sharp({
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: RED,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg()
      .toBuffer()
    const { image } = (await sellWith(noise)).body
    const png = await fetchImage(`${image}?fit=150x150`)
    expect(png.headers.get('content-type')).toBe('image/png')
    expect(await sharp(png.bytes).metadata()).toMatchObject({ format: 'png', width: 150, height: 100 })
    expect((await fetchImage(`${image}?fit=150x150&as=png`)).bytes).toEqual(png.bytes)
    const ppm = await fetchImage(`${image}?fit=100x150&as=ppm`)
    expect(ppm.headers.get('content-type')).toBe('image/x-portable-pixmap')
    const head = 'P6\n100 67\n255\n'
    expect([ppm.bytes.subarray(0, head.length).toString(), ppm.bytes.length]).toEqual([
      head,
      head.length + 100 * 67 * 3,
    ])
    const colours = new Set(ppm.bytes.subarray(head.length).toString('hex').match(/.{6}/g))
    expect([colours.size > 100, colours.size <= 256]).toEqual([true, true])
    // Never enlarged; of what moves the first frame.
    expect(await sharp((await fetchImage(`${image}?fit=1600x1600`)).bytes).metadata()).toMatchObject({ width: 300 })
    const moving = (await sellWith(await frames(3, 8))).body.image
    expect((await fetchImage(`${moving}?fit=8x8&as=ppm`)).bytes).toEqual(
      Buffer.concat([Buffer.from('P6\n8 8\n255\n'), Buffer.alloc(8 * 8 * 3)]),
    )
  })

  it.each([
    'frames=all',
    'cells=5x5&frames=1',
    'cells=251x1&frames=all',
    'cells=1x81&frames=all',
    'as=png',
    'cells=5x5&as=png',
    'cells=5x5&fit=5x5',
    'fit=0x5',
    'fit=5',
    'fit=1601x1',
    'fit=1x1601',
    'fit=1001x1&as=ppm',
    'fit=1x1001&as=ppm',
    'fit=99999x9',
    'fit=5x5&as=svg',
    'fit=5x5&quality=1',
  ])('refuses ?%s', async (query) => {
    const { body } = await sellWith(await picture().png().toBuffer())
    const refused = await house.anyone.get(`${body.image}?${query}`)
    expect(refused).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    expect(refused.headers.get('cache-control')).toBe('no-store')
  })

  const whole = () => picture(400, 400).jpeg().toBuffer()
  it.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['text', () => Buffer.from('not a picture at all')],
    ['nothing', () => Buffer.alloc(0)],
    [
      'SVG',
      () =>
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'),
    ],
    ['HTML', () => Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['PDF', () => Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj')],
    ['TIFF', () => picture().tiff().toBuffer()],
    ['a JPEG cut short', async () => (await whole()).subarray(0, 700)],
    ['a JPEG of its first bytes alone', async () => (await whole()).subarray(0, 20)],
    [
      'a PNG with a broken middle',
      async () => Buffer.concat([(await picture(200, 200).png().toBuffer()).subarray(0, 80), Buffer.alloc(200)]),
    ],
    ['GIF magic before a script', () => Buffer.from('GIF89a/*<script>*/')],
    ['400 megapixels in 50 kB', () => bomb(20_000)],
    ['17 megapixels', () => picture(4200, 4200).png().toBuffer()],
    ['GIF frames of 17 megapixels together', () => frames(170, 320)],
  ])('refuses %s as a picture, and lists nothing', async (_, make) => {
    const [before] = await house.query('select count(*) as n from goods')
    expect(await sellWith(await make())).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
    expect(await house.query('select count(*) as n from goods')).toEqual([before])
    expect((await house.anyone.get('/livez')).status).toBe(200)
  })

  it('refuses a picture over 5 MB', async () => {
    const answer = await sellWith(Buffer.alloc(5 * 1024 * 1024 + 1, 7))
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST', detail: expect.stringMatching(/large/) } })
    expect((await seller.get('/v1/me')).status).toBe(200)
  })

  it.each<[string, (image: Blob) => readonly (readonly [string, string | Blob])[]]>([
    [
      'two pictures',
      (image) => [
        ['good', terms()],
        ['image', image],
        ['image', image],
      ],
    ],
    [
      'a picture by another name',
      (image) => [
        ['good', terms()],
        ['picture', image],
      ],
    ],
    [
      'a stray field',
      (image) => [
        ['good', terms()],
        ['extra', '1'],
        ['image', image],
      ],
    ],
    ['a stray field alone', () => [['extra', '1']]],
    ['no good', (image) => [['image', image]]],
    ['nothing', () => []],
    [
      'a good twice',
      (image) => [
        ['good', terms()],
        ['good', terms()],
        ['image', image],
      ],
    ],
    [
      'a good that is not JSON',
      (image) => [
        ['good', '{"name":'],
        ['image', image],
      ],
    ],
    [
      'a good that is null',
      (image) => [
        ['good', 'null'],
        ['image', image],
      ],
    ],
    [
      'a good with a fault',
      (image) => [
        ['good', terms({ startPrice: 0 })],
        ['image', image],
      ],
    ],
    [
      'a good nested too deeply',
      (image) => [
        ['good', terms({ description: [[[[[[[[[1]]]]]]]]] })],
        ['image', image],
      ],
    ],
    [
      'a good of 17 kB',
      (image) => [
        ['good', terms({ description: 'x'.repeat(17_000) })],
        ['image', image],
      ],
    ],
    [
      'a picture that is text',
      () => [
        ['good', terms()],
        ['image', 'text'],
      ],
    ],
  ])('refuses a form with %s', async (_, parts) => {
    const answer = await upload(parts(file(await picture().png().toBuffer())))
    expect(answer).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } })
  })

  it.each([
    ['with a content type', new Blob([terms()], { type: 'application/json' })],
    ['as a file', new Blob([terms()])],
  ])('takes a good that comes %s', async (_, good) => {
    const image = file(await picture().png().toBuffer())
    expect(
      await upload([
        ['good', good],
        ['image', image],
      ]),
    ).toMatchObject({ status: 201, body: { name: expect.any(String) } })
  })

  it('says what a form has too much of', async () => {
    const image = file(await picture().png().toBuffer())
    const twice = await upload([
      ['good', terms()],
      ['image', image],
      ['image', image],
    ])
    expect(twice.body.detail).toBe('image: one file only.')
    expect(
      (
        await upload([
          ['good', terms()],
          ['note', 'x'],
        ])
      ).body.detail,
    ).toMatch(/^The form has a part that nobody asked for/)
  })

  it('takes a form without a picture', async () => {
    expect(await upload([['good', terms()]])).toMatchObject({ status: 201, body: { image: null } })
  })

  it('takes no picture from a stranger', async () => {
    const image = file(await picture().png().toBuffer())
    expect(
      await upload(
        [
          ['good', terms()],
          ['image', image],
        ],
        house.anyone,
      ),
    ).toMatchObject({ status: 401 })
  })

  it('lists one good, with its picture, for one key', async () => {
    const image = await picture().png().toBuffer()
    const send = (bytes: Uint8Array) => {
      const form = new FormData()
      form.append('good', terms())
      form.append('image', file(bytes))
      return seller.post('/v1/goods', form, { 'idempotency-key': 'picture-1' })
    }
    const [first, second] = [await send(image), await send(image)]
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id])
    expect(await send(await picture(41, 20).png().toBuffer())).toMatchObject({
      status: 422,
      body: { code: 'KEY_REUSED' },
    })
  })

  it('survives uploads cut at any place', async () => {
    const body = Buffer.concat([
      Buffer.from(
        `--cut\r\nContent-Disposition: form-data; name="good"\r\n\r\n${terms()}\r\n--cut\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`,
      ),
      await picture(300, 300).png({ compressionLevel: 0 }).toBuffer(),
      Buffer.from('\r\n--cut--\r\n'),
    ])
    const head = (length: number) =>
      `POST /v1/goods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${seller.token}\r\nContent-Type: multipart/form-data; boundary=cut\r\nContent-Length: ${length}\r\n\r\n`
    const { hostname, port } = new URL(house.url)
    const cuts = [0, 1, 30, 60, 170, 230, 300, 400, 1_000, 70_000, 200_000, body.length - 3]
    await Promise.all(
      cuts.map(async (cut) => {
        const socket = connect(Number(port), hostname)
        socket.on('error', () => {})
        socket.write(head(body.length))
        await new Promise((resolve) => socket.write(body.subarray(0, cut), resolve))
        socket.destroy()
      }),
    )
    // A body that ends where it says but lacks its last boundary is refused.
    const socket = connect(Number(port), hostname)
    socket.write(Buffer.concat([Buffer.from(head(70_000)), body.subarray(0, 70_000)]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /)
    socket.destroy()
    expect((await seller.get('/v1/me')).status).toBe(200)
  })

  it('clears away at start what a killed server left', async () => {
    await house.stop()
    mkdirSync(join(uploads(), 'upload-dead'), { recursive: true })
    writeFileSync(join(uploads(), 'upload-dead', 'half'), 'a picture')
    await house.start()
  })
})
