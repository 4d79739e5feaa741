/** Pictures as terminals take them: what is written is read again by decoders of the test's own; which terminal takes what. */
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  fitPicture,
  forgetKittyPicture,
  type Indexed,
  iterm2Picture,
  kittyPicture,
  pngIn,
  ppmIn,
  sixelPicture,
} from '../../packages/cli/src/screen/graphics.ts'
import { isLateAnswer, protocolBy, questions, readAnswers } from '../../packages/cli/src/screen/graphics-support.ts'
import { fc } from '../support/chance.ts'

const [ESC, ST] = ['\u001b', '\u001b\\']
/** With control characters as one can read them. */
const seen = (text: string) => text.replaceAll(ESC, '␛').replaceAll('\u0007', '␇')
const noise = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 128, sigma: 50 } },
  })

/** A PNG with more in it than two chunks of kitty's take. */
async function png(width = 80, height = 60) {
  const bytes = await noise(width, height).png().toBuffer()
  const picture = pngIn(bytes, { width, height })
  if (!picture) throw new Error('it is a PNG')
  return picture
}

/** The commands of kitty's in a text, which must be nothing else: keys and values, and what they carry. */
function kittyCommands(text: string) {
  const commands = [...seen(text).matchAll(/␛_G([a-z0-9=,A-Z]*);?([A-Za-z0-9+/=]*)␛\\/g)]
  expect(commands.map(([whole]) => whole).join('')).toBe(seen(text))
  return commands.map(([, keys = '', data = '']) => ({
    keys: Object.fromEntries(keys.split(',').map((pair) => pair.split('=') as [string, string])),
    data,
  }))
}

/** Sixels as a terminal reads them: the colour of each pixel, `rrggbb`; undefined where none was drawn. */
function readSixels(text: string): (string | undefined)[][] {
  const [, width = 0, height = 0, body = ''] = /^␛P0;1q"1;1;(\d+);(\d+)(.*)␛\\$/s.exec(seen(text)) ?? []
  const rows = Array.from({ length: Number(height) }, () => Array<string | undefined>(Number(width)).fill(undefined))
  const palette = new Map<string, string>()
  let [x, y, colour] = [0, 0, '']
  for (const [token] of body.matchAll(/#\d+(;2(;\d+){3})?|!\d+[?-~]|[?-~$-]/g)) {
    if (token === '$') x = 0
    else if (token === '-') [x, y] = [0, y + 6]
    else if (token.startsWith('#')) {
      const [name = '', space, ...parts] = token.slice(1).split(';')
      const hex = parts.map((part) =>
        Math.round(Number(part) * 2.55)
          .toString(16)
          .padStart(2, '0'),
      )
      if (space) palette.set(name, hex.join(''))
      else colour = palette.get(name) ?? 'none'
    } else {
      const bits = (token.codePointAt(token.length - 1) ?? 63) - 63
      for (let count = Number(/\d+/.exec(token)?.[0] ?? 1); count > 0; count--, x++)
        for (let row = 0; row < 6; row++) if (bits & (1 << row)) (rows[y + row] ?? [])[x] = colour
    }
  }
  return rows
}

/** As far as sixels tell colours apart: in percent. */
const asPercent = (colour: number) =>
  [16, 8, 0]
    .map((shift) =>
      Math.round(Math.round((((colour >> shift) & 255) * 100) / 255) * 2.55)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')

describe('a picture for kitty', () => {
  it('carries the whole PNG in chunks of 4096, asks for no answer, leaves the cursor, and fills its cells', async () => {
    const picture = await png()
    const commands = kittyCommands(kittyPicture(picture, { columns: 40, rows: 15 }))
    expect(Buffer.from(commands.map(({ data }) => data).join(''), 'base64')).toEqual(picture.bytes)
    expect(commands.length).toBeGreaterThan(2)
    expect(commands.every(({ data }) => data.length <= 4096)).toBe(true)
    expect(commands.slice(0, -1).every(({ data }) => data.length % 4 === 0)).toBe(true)
    expect(commands[0]?.keys).toEqual({ a: 'T', f: '100', t: 'd', i: '6421', C: '1', c: '40', r: '15', q: '2', m: '1' })
    expect(commands.slice(1).map(({ keys }) => keys)).toEqual([
      ...Array(commands.length - 2).fill({ m: '1' }),
      { m: '0' },
    ])
  })

  it('is taken away by its number', () => {
    expect(kittyCommands(forgetKittyPicture)[0]?.keys).toEqual({ a: 'd', d: 'I', i: '6421', q: '2' })
  })
})

describe('a picture for iTerm2', () => {
  it('carries the whole PNG, its length, and the cells to fit into', async () => {
    const picture = await png()
    const text = iterm2Picture(picture, { columns: 40, rows: 15 })
    const [whole, facts, data = ''] = /^␛\]1337;File=([a-zA-Z0-9=;]+):([A-Za-z0-9+/=]+)␇$/.exec(seen(text)) ?? []
    expect(whole).toBe(seen(text))
    expect(facts).toBe(`inline=1;size=${picture.bytes.length};width=40;height=15;preserveAspectRatio=1`)
    expect(Buffer.from(data, 'base64')).toEqual(picture.bytes)
  })
})

describe('a picture in sixels', () => {
  const pictures: fc.Arbitrary<Indexed> = fc
    .record({ width: fc.integer({ min: 1, max: 30 }), height: fc.integer({ min: 1, max: 20 }) })
    .chain(({ width, height }) =>
      fc
        .uniqueArray(fc.integer({ min: 0, max: 0xffffff }), { minLength: 1, maxLength: 12 })
        .chain((palette) =>
          fc
            .uint8Array({ min: 0, max: palette.length - 1, minLength: width * height, maxLength: width * height })
            .map((pixels) => ({ width, height, palette, pixels })),
        ),
    )

  it('is, read again, the picture: every pixel drawn, in its colour', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const { width, height, palette, pixels } = picture
        const text = sixelPicture(picture)
        expect(seen(text)).toMatch(/^␛P[ -~]*␛\\$/)
        const wanted = Array.from({ length: height }, (_, y) =>
          Array.from({ length: width }, (_column, x) => asPercent(palette[pixels[y * width + x] ?? 0] ?? 0)),
        )
        expect(readSixels(text)).toEqual(wanted)
      }),
    )
  })

  it('writes a run of the same once, where that is shorter', () => {
    const row = (width: number) => sixelPicture({ width, height: 1, palette: [0], pixels: new Uint8Array(width) })
    expect([row(3), row(4)].map((text) => text.split('#0').at(-1))).toEqual([`@@@${ST}`, `!4@${ST}`])
    const plain = sixelPicture({ width: 500, height: 12, palette: [0xff0000], pixels: new Uint8Array(6000) })
    expect(plain).toBe(`${ESC}P0;1q"1;1;500;12#0;2;100;0;0#0!500~-#0!500~${ST}`)
  })
})

describe('what the house sends', () => {
  const ppm = (head: string, pixels: Uint8Array | number) =>
    Buffer.concat([Buffer.from(head), typeof pixels === 'number' ? Buffer.alloc(pixels) : pixels])
  const most = { width: 100, height: 100 }

  it('is a PPM, its colours numbered', () => {
    const pixels = Buffer.from('0a0b0c000000ffffff0a0b0c', 'hex')
    expect(ppmIn(ppm('P6\n2 2\n255\n', pixels), most)).toEqual({
      width: 2,
      height: 2,
      palette: [0x0a0b0c, 0, 0xffffff],
      pixels: Uint8Array.of(0, 1, 2, 0),
    })
  })

  it.each([
    ['nothing', ''],
    ['a page', '<html>'],
    ['another depth', ppm('P6\n2 2\n65535\n', 24)],
    ['a pixel too few', ppm('P6\n2 2\n255\n', 11)],
    ['a pixel too many', ppm('P6\n2 2\n255\n', 13)],
    ['more than was asked for', ppm('P6\n101 1\n255\n', 303)],
    ['no pixels', ppm('P6\n0 0\n255\n', 0)],
    [
      '257 colours',
      ppm(
        'P6\n100 3\n255\n',
        Buffer.from(Array.from({ length: 900 }, (_, at) => (at % 3 ? (at / 3) & 255 : at > 600 ? 1 : 0))),
      ),
    ],
  ])('is no PPM of ours when it is %s', (_what, bytes) => {
    expect(ppmIn(Buffer.from(bytes), most)).toBeNull()
  })

  it('is a PNG of the size that was asked for, whole, and nothing that only begins as one', async () => {
    const { bytes } = await png(90, 70)
    expect(pngIn(bytes, most)).toEqual({ width: 90, height: 70, bytes })
    expect(pngIn(bytes, { width: 89, height: 70 })).toBeNull()
    expect(pngIn(bytes.subarray(0, -1), most)).toBeNull()
    expect(pngIn(Buffer.concat([bytes, Buffer.from(`${ST}rm -rf`)]), most)).toBeNull()
    expect(pngIn(await noise(9, 9).jpeg().toBuffer(), most)).toBeNull()
    expect(pngIn(Buffer.alloc(0), most)).toBeNull()
  })
})

describe('the place of a picture', () => {
  it('is in any window, never larger, and of the proportions of the picture to within a cell', () => {
    const side = (max: number) => fc.integer({ min: 1, max })
    const size = (max: number) => fc.record({ width: side(max), height: side(max) })
    const box = fc.record({ columns: side(250), rows: side(80) })
    fc.assert(
      fc.property(size(1600), box, size(40), (picture, room, cell) => {
        const { columns, rows } = fitPicture(picture, room, cell)
        expect(columns >= 1 && columns <= room.columns && rows >= 1 && rows <= room.rows).toBe(true)
        // One side is as long as there is room; the other as long as that makes it.
        const width = (rows * cell.height * picture.width) / picture.height / cell.width
        const height = (columns * cell.width * picture.height) / picture.width / cell.height
        const near = (one: number, other: number) => Math.abs(Math.max(1, one) - other) <= 1
        expect((columns === room.columns && near(height, rows)) || (rows === room.rows && near(width, columns))).toBe(
          true,
        )
      }),
    )
  })
})

describe('which pictures a terminal shows', () => {
  it.each([
    ['kitty', { TERM: 'xterm-kitty' }],
    ['kitty', { TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }],
    ['kitty', { TERM: 'xterm-ghostty', TERM_PROGRAM: 'ghostty' }],
    ['iterm2', { TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }],
    ['iterm2', { TERM: 'xterm-256color', LC_TERMINAL: 'iTerm2' }],
    ['iterm2', { TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }],
    ['ask', { TERM: 'xterm-256color' }],
    ['ask', { TERM: 'foot' }],
    ['ask', { TERM: 'xterm-256color', TERM_PROGRAM: 'toString' }],
    ['none', { TERM: 'xterm-256color', TERM_PROGRAM: 'Apple_Terminal' }],
    ['none', { TERM: 'xterm-kitty', TMUX: '/tmp/tmux-0/default,1,0' }],
    ['none', { TERM: 'screen-256color', LC_TERMINAL: 'iTerm2' }],
    ['none', { TERM: 'linux' }],
  ])('is %s by %o', (protocol, env) => {
    expect(protocolBy(env)).toBe(protocol)
  })

  it.each([
    ['kitty', `${ESC}_Gi=31;OK${ST}${ESC}[6;40;20t${ESC}[?62;c`, { width: 20, height: 40 }],
    ['sixel', `${ESC}[6;16;8t${ESC}[?62;4;22c`, { width: 8, height: 16 }],
    ['kitty', `${ESC}[?62;4;22c${ESC}_Gi=31;OK${ST}`, null],
    [null, `${ESC}_Gi=31;EINVAL:no${ST}${ESC}[?1;2c`, null],
    [null, `${ESC}[?4c`, null],
    [null, `${ESC}[6;0;0t${ESC}[?6c`, null],
  ])('is %s by the answer %j', (protocol, said, cell) => {
    expect(readAnswers(said)).toEqual({ protocol, cell, done: true, rest: '' })
  })

  it('is not known before the terminal has said what it is; what was typed meanwhile is not lost', () => {
    expect(readAnswers(`b${ESC}_Gi=31;OK${ST}1${ESC}[6;16;8t2`)).toMatchObject({ done: false, rest: 'b12' })
    expect(readAnswers(`q${ESC}[?62;4`)).toEqual({ protocol: null, cell: null, done: false, rest: `q${ESC}[?62;4` })
  })

  it('is asked for in the end by what every terminal answers', () => {
    expect(seen(questions(true))).toMatch(/^␛_Gi=31,.*a=q,.*␛\\␛\[16t␛\[c$/)
    expect(questions(false)).not.toContain('_G')
  })

  it('is never taken for typing, when its answer comes late', () => {
    for (const answer of ['Gi=31;OK', 'Gi=31;ENOTSUPPORTED:x', '[6;16;8t', '[?62;4;22c', '[?6c'])
      expect(isLateAnswer(answer), answer).toBe(true)
    for (const typed of ['c', '?', '[', '_', 't', '6', 'G', 'Gi', 'bid', '[b', ''])
      expect(isLateAnswer(typed), typed).toBe(false)
  })
})
