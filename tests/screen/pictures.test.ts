/** Pictures on `auction watch` in a real pseudo-terminal: in full where it says that it shows them, moving, in ASCII, as words. */
import sharp from 'sharp'
import { expect, it } from 'vitest'
import type { Json } from '../support/house.ts'
import { auction, openRoom } from '../support/room.ts'
import { start, type Terminal } from '../support/terminal.ts'

const room = openRoom()
const [ESC, ST] = ['\u001b', '\u001b\\']
const small = { cols: 80, rows: 24 }

function watch(
  goodId: number,
  env: Record<string, string> = {},
  { words = [] as string[], size = small } = {},
): Terminal {
  return room.watch([String(goodId), ...words], {
    ...size,
    env: {
      AUCTION_SERVER: room.house.url,
      AUCTION_TOKEN: room.ada.token,
      XDG_CONFIG_HOME: room.house.directory,
      COLORTERM: 'truecolor',
      ...env,
    },
  })
}

async function sellPictured(bytes: Buffer, odd: Json = {}): Promise<number> {
  const form = new FormData()
  form.set('good', JSON.stringify({ name: 'Leica M3', startPrice: 1_000, endsInMs: 3_600_000, ...odd }))
  form.set('image', new Blob([new Uint8Array(bytes)]))
  const { status, body } = await room.mila.post('/v1/goods', form, { 'idempotency-key': crypto.randomUUID() })
  expect(status).toBe(201)
  return body.id
}
const red = (width = 60, height = 40) =>
  sharp({ create: { width, height, channels: 3, background: { r: 255, g: 0, b: 0 } } })
    .png()
    .toBuffer()

/** A GIF of frames of one grey each, 100 ms a frame. */
function moving(greys: readonly number[]): Promise<Buffer> {
  const side = 24
  const pixels = Buffer.concat(greys.map((grey) => Buffer.alloc(side * side * 3, grey)))
  return sharp(pixels, { raw: { width: side, height: side * greys.length, channels: 3, pageHeight: side } })
    .gif({ delay: greys.map(() => 100) })
    .toBuffer()
}

const count = (terminal: Terminal, text: string) => terminal.output().split(text).length - 1
/** Until so much is written; then at once, as a terminal answers. */
const shows = (terminal: Terminal, text: string, times = 1) =>
  terminal.until(JSON.stringify(text), () => count(terminal, text) >= times)
/** The screen without what changes by itself. */
const frame = (terminal: Terminal) =>
  terminal.screen().map((row) => row.replace(/\d+/g, '#').replace(/ +/g, ' ').replace(/[█░]+/g, '█'))

it.each([
  ['kitty', { TERM: 'xterm-kitty', AUCTION_PICTURES: 'auto' }, `${ESC}_Ga=T,f=100,`, ST],
  ['iTerm2', { TERM_PROGRAM: 'iTerm.app', AUCTION_PICTURES: 'auto' }, `${ESC}]1337;File=inline=1;`, '\u0007'],
  ['sixel', { AUCTION_PICTURES: 'sixel' }, `${ESC}P0;1q"1;1;60;40`, ST],
])(
  'shows the picture in full on %s; any key, which does nothing else, brings the screen back whole',
  async (_name, env, begin, end) => {
    const terminal = watch(await sellPictured(await red()), env)
    await terminal.waitFor(/● live \d+ ms/)
    await terminal.waitFor(/b to bid/)
    // All that comes after the good itself: who watches, and since when it is for sale.
    await terminal.waitFor(/1 watching/)
    await terminal.waitFor(/│ █+ +│/)
    const before = frame(terminal)
    terminal.send('i')
    await shows(terminal, begin)
    await terminal.waitFor(/^▣ Picture of Leica M3$/)
    await terminal.waitFor(/^any key returns$/)
    expect(terminal.output().split(begin)[1]).toContain(end)
    expect([terminal.alternate(), terminal.cursorShown()]).toEqual([true, false])
    expect(terminal.screen().join('\n')).not.toContain('BIDS')
    terminal.send('x')
    await terminal.waitFor(/b to bid/)
    await expect.poll(() => frame(terminal)).toEqual(before)
    // The key did nothing, and keys do something again.
    terminal.send('x')
    await terminal.waitFor(/YOUR MAXIMUM/)
    terminal.send(`${ESC}`)
    await terminal.waitFor(/b to bid/)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expect([terminal.alternate(), terminal.cursorShown()]).toEqual([false, true])
  },
)

it('hands kitty the very picture of the house, and has it forget it afterwards', async () => {
  const terminal = watch(await sellPictured(await red(300, 200)), { KITTY_WINDOW_ID: '7', AUCTION_PICTURES: 'auto' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/^any key returns$/)
  const chunks = terminal
    .output()
    .split(`${ESC}_G`)
    .slice(1)
    .filter((chunk) => /m=[01];/.test(chunk))
  const text = chunks.map((chunk) => chunk.slice(chunk.indexOf(';') + 1, chunk.indexOf(ST))).join('')
  const { data, info } = await sharp(Buffer.from(text, 'base64')).raw().toBuffer({ resolveWithObject: true })
  expect([info.width, info.height, data.subarray(0, 3).toString('hex')]).toEqual([300, 200, 'ff0000'])
  // What the terminal says too late is no key.
  terminal.send(`${ESC}[6;20;10t${ESC}[?62;4;22c`)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(terminal.output()).not.toContain(`${ESC}_Ga=d,d=I,`)
  terminal.send(' ')
  await shows(terminal, `${ESC}_Ga=d,d=I,`)
})

it('asks a terminal that nobody knows, once, and shows what it says it can', async () => {
  const terminal = watch(await sellPictured(await red(400, 300)), { AUCTION_PICTURES: 'auto' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await shows(terminal, `${ESC}[c`)
  terminal.send(`${ESC}[6;20;10t${ESC}[?62;4;22c`)
  // 22 rows of 20 pixels are more than the picture has, which is not enlarged.
  await shows(terminal, `${ESC}P0;1q"1;1;400;300`)
  await terminal.waitFor(/^any key returns$/)
  terminal.send('x')
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await shows(terminal, `${ESC}[c`, 2)
  terminal.send(`${ESC}[6;10;5t${ESC}[?62;4;22c`)
  await shows(terminal, `${ESC}P0;1q"1;1;293;220`)
  expect(count(terminal, `${ESC}_Gi=31`)).toBe(1)
})

it.each([
  ['that says it shows none', `${ESC}[?6c`],
  ['that says nothing', ''],
])('shows half-blocks on a terminal %s, and loses no key typed meanwhile', async (_which, answer) => {
  const terminal = watch(await sellPictured(await red()), { AUCTION_PICTURES: 'auto' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await shows(terminal, `${ESC}[c`)
  terminal.send(`B${answer}`)
  await terminal.waitFor(/▀{20,}/u)
  await terminal.waitFor(/The bell is off/)
  terminal.send('i')
  await terminal.waitFor(/BIDS/)
  terminal.send('i')
  await terminal.waitFor(/▀{20,}/u)
  expect(count(terminal, `${ESC}[c`)).toBe(1)
})

it('takes no answer that comes too late for keys', async () => {
  const terminal = watch(await sellPictured(await red()), { AUCTION_PICTURES: 'auto' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/▀{20,}/u)
  terminal.send(`${ESC}_Gi=31;OK${ST}${ESC}[6;20;10t${ESC}[?62;4;22c`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  terminal.send('B')
  await terminal.waitFor(/The bell is off/)
  await terminal.waitFor(/▀{20,}/u)
  expect(terminal.screen().join('\n')).not.toMatch(/KEYS|SAY /)
})

it('draws the picture again in a window of another size, and comes back at that size', async () => {
  const good = await sellPictured(await red())
  const terminal = watch(good, { AUCTION_PICTURES: 'kitty' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/^any key returns$/)
  const wipes = count(terminal, `${ESC}[2J`)
  await terminal.resize(120, 40)
  await shows(terminal, 'c=114,r=38,')
  await expect.poll(() => terminal.screen()[39]).toBe('any key returns')
  // Once when the picture is asked for, once when it is there: the screen, which waits, wipes nothing.
  expect(count(terminal, `${ESC}[2J`) - wipes).toBe(2)
  await terminal.resize(90, 30)
  terminal.send(' ')
  const fresh = watch(good, {}, { size: { cols: 90, rows: 30 } })
  await fresh.waitFor(/b to bid/)
  const differing = () =>
    frame(terminal).filter((row, at) => row !== frame(fresh)[at] && !/came in|left|said yet/.test(row))
  await expect.poll(differing).toEqual([])
})

it.each([
  ['Ctrl-C', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('leaves the terminal whole on %s while the picture is shown', async (how, code) => {
  const terminal = watch(await sellPictured(await red()), { AUCTION_PICTURES: 'kitty' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/^any key returns$/)
  if (how === 'Ctrl-C') terminal.send('\u0003')
  else terminal.signal(how)
  expect(await terminal.ended).toBe(code)
  expect([terminal.alternate(), terminal.cursorShown(), terminal.modes().bracketedPasteMode]).toEqual([
    false,
    true,
    false,
  ])
  expect(terminal.output()).toContain(`${ESC}_Ga=d,d=I,`)
})

it('shows the picture once when i is typed twice in one breath', async () => {
  const terminal = watch(await sellPictured(await red()), { AUCTION_PICTURES: 'kitty' })
  await terminal.waitFor(/b to bid/)
  terminal.send('ii')
  await terminal.waitFor(/^any key returns$/)
  terminal.send('x')
  await terminal.waitFor(/b to bid/)
  terminal.send('q')
  expect(await terminal.ended).toBe(0)
})

it('says so when the picture cannot be loaded', async () => {
  const good = await sellPictured(await red())
  const terminal = watch(good, { AUCTION_PICTURES: 'kitty' })
  await terminal.waitFor(/b to bid/)
  await room.house.stop()
  try {
    terminal.send('i')
    await terminal.waitFor(/^it cannot be loaded · any key returns$/)
    terminal.send(' ')
    await terminal.waitFor(/reconnecting/)
  } finally {
    await room.house.start()
  }
})

/** The greys that a half-block in the middle of the screen has one after the other, until so many of them have been there. */
async function greysIn(terminal: Terminal, different: number): Promise<number[]> {
  const greys: number[] = []
  await terminal.until(`${different} greys`, () => {
    const cell = terminal.cell(40, 10)
    const grey = cell?.getChars() === '▀' ? cell.getFgColor() & 255 : -1
    if (grey >= 0 && greys.at(-1) !== grey) greys.push(grey)
    return new Set(greys).size === different
  })
  return greys
}

it('moves a GIF in half-blocks, frame after frame, for as long as it is looked at', async () => {
  const order = [0, 60, 120, 180, 240]
  const terminal = watch(await sellPictured(await moving(order)))
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/▀{20,}/u)
  const greys = await greysIn(terminal, 5)
  expect([...new Set(greys)].sort((a, b) => a - b)).toEqual(order)
  // A busy machine may miss some, but they do not run backwards.
  const steps = greys.slice(1).map((grey, at) => (order.indexOf(grey) - order.indexOf(greys[at] ?? 0) + 5) % 5)
  expect(steps.filter((step) => step === 1).length).toBeGreaterThan(steps.length / 3)
  terminal.send('i')
  await terminal.waitFor(/b to bid/)
  await terminal.waitFor(/BIDS/)
  const drawn = count(terminal, '▀')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(count(terminal, '▀')).toBe(drawn)
  terminal.send('i')
  await terminal.waitFor(/▀{20,}/u)
  expect(new Set(await greysIn(terminal, 3)).size).toBe(3)
})

it.each([
  ['with AUCTION_MOTION=off', { AUCTION_MOTION: 'off' }, small, 'i'],
  ['beside the rest of a large window', {}, { cols: 120, rows: 40 }, ''],
] as const)('keeps a GIF still %s', async (_where, env, size, keys) => {
  const terminal = watch(await sellPictured(await moving([0, 60, 120, 180, 240])), env, { size })
  await terminal.waitFor(/b to bid/)
  terminal.send(keys)
  await terminal.waitFor(/▀{15,}/u)
  // Once it is drawn: several of its frames' time.
  const moved = async () => {
    const drawn = count(terminal, '▀')
    await new Promise((resolve) => setTimeout(resolve, 700))
    return count(terminal, '▀') - drawn
  }
  await expect.poll(moved).toBe(0)
})

/** What is written that is not ASCII, people's own text apart. */
const beyondAscii = (terminal: Terminal) =>
  [...terminal.output().replaceAll(/Café|zoë/g, '')].filter((character) => character > '~' && character !== '\u007f')

it.each<[string, string[], Record<string, string>]>([
  ['--ascii', ['--ascii'], {}],
  ['AUCTION_ASCII', [], { AUCTION_ASCII: '1' }],
  ['an alphabet without Unicode', [], { LC_ALL: 'C' }],
])(
  'writes nothing but ASCII with %s, a picture in colours too; people keep their letters',
  async (_how, words, env) => {
    const good = await sellPictured(await red(), { name: 'Café' })
    await room.ada.bid(good, { amount: 1_000 })
    await room.zoe.bid(good, { amount: 3_000, message: 'Café' })
    const terminal = watch(good, env, { words, size: { cols: 130, rows: 42 } })
    await terminal.waitFor(/^ #\d+ +Café .*\* live/)
    await terminal.waitFor(/^\+-+\+\+-+\+$/)
    await terminal.waitFor(/x OUTBID/)
    terminal.send('?')
    await terminal.waitFor(/KEYS/)
    terminal.send('i')
    const red255 = () => terminal.cell(65, 15)?.getBgColor()
    await expect.poll(red255).toBe(0xff0000)
    expect(terminal.cell(65, 15)?.getChars()).toBe(' ')
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expect(beyondAscii(terminal)).toEqual([])
  },
)

it('writes nothing but ASCII on the home screen, and in its preview the picture in colours', async () => {
  await sellPictured(await red(), { name: 'Café' })
  const env = { AUCTION_SERVER: room.house.url, AUCTION_TOKEN: room.ada.token, COLORTERM: 'truecolor' }
  const own = { ...env, XDG_CONFIG_HOME: room.house.directory }
  const terminal = start([auction, '--ascii'], { cols: 140, rows: 40, env: own })
  try {
    await terminal.waitFor(/Café/)
    await terminal.waitFor(/^\+-+\+/)
    const reds = () =>
      terminal.screen().flatMap((_row, at) => (terminal.cell(110, at)?.getBgColor() === 0xff0000 ? [at] : [])).length
    await expect.poll(reds).toBeGreaterThan(3)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expect(beyondAscii(terminal)).toEqual([])
  } finally {
    terminal.close()
  }
})

it('keeps to Unicode where the alphabet is unknown, or AUCTION_ASCII=0 says so', async () => {
  const good = await sellPictured(await red())
  for (const env of [
    { LANG: '', LC_ALL: '' },
    { LC_ALL: 'C', AUCTION_ASCII: '0' },
  ]) {
    const terminal = watch(good, env)
    await terminal.waitFor(/● live/)
  }
})

it('names the picture where pictures are off', async () => {
  const good = await sellPictured(await red())
  const terminal = watch(good, { TERM: 'xterm-kitty', AUCTION_PICTURES: 'off' })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/▣ Picture of Leica M3/)
  await terminal.waitFor(new RegExp(`pictures are off: ${room.house.url}/v1/goods/${good}/image`))
  expect(terminal.output()).not.toContain(`${ESC}_G`)
})

it('names the picture on kitty, too, where there is no colour', async () => {
  const terminal = watch(await sellPictured(await red()), {
    TERM: 'xterm-kitty',
    AUCTION_PICTURES: 'auto',
    NO_COLOR: '1',
  })
  await terminal.waitFor(/b to bid/)
  terminal.send('i')
  await terminal.waitFor(/no colours here/)
  expect(terminal.output()).not.toContain(`${ESC}_G`)
})

it('says what pictures can be when it is told something else', async () => {
  const terminal = watch(await sellPictured(await red()), { AUCTION_PICTURES: 'oil' })
  expect(await terminal.ended).toBe(2)
  expect(terminal.output()).toContain('pictures takes auto, kitty, iterm2, sixel, blocks, off, not "oil".')
})
