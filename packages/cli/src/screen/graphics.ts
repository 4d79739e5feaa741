/**
 * Pictures in the escape sequences of terminals that show them: kitty's, iTerm2's and sixels. Of the house's bytes only base64
 * and our own digits get into a sequence; none of them can end it.
 */

/** What is drawn on: cells of the window, from its upper left corner. */
export interface CellBox {
  readonly columns: number
  readonly rows: number
}

interface Pixels {
  readonly width: number
  readonly height: number
}

/** A PNG as the house sends it, and its size. */
export interface Png extends Pixels {
  readonly bytes: Buffer
}

/** Colours `rrggbb`, at most 256, and for each pixel which of them it has. */
export interface Indexed extends Pixels {
  readonly palette: readonly number[]
  readonly pixels: Uint8Array
}

const [ESC, ST] = ['\u001b', '\u001b\\']
/** By the protocol no chunk of a picture is longer. */
const KITTY_CHUNK = 4096
/** The number by which kitty knows our picture. */
const KITTY_ID = 6421
const PALETTE_MOST = 256

/** The PNG in an answer; null when it is none, or larger than asked for. What else is in it, the terminal's decoder judges. */
export function pngIn(bytes: Buffer, most: Pixels): Png | null {
  const [signature, end] = ['89504e470d0a1a0a0000000d49484452', '0000000049454e44ae426082']
  const whole = bytes.length > 57 && bytes.toString('hex', 0, 16) === signature
  if (!whole || bytes.toString('hex', bytes.length - 12) !== end) return null
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  return fitsIn({ width, height }, most) ? { width, height, bytes } : null
}

/** The PPM in an answer, its colours numbered; null when it is none, has more than 256 of them, or is larger than asked for. */
export function ppmIn(bytes: Buffer, most: Pixels): Indexed | null {
  const head = /^P6\n([1-9]\d{0,3}) ([1-9]\d{0,3})\n255\n/.exec(bytes.toString('latin1', 0, 32))
  if (!head) return null
  const [width, height] = [Number(head[1]), Number(head[2])]
  const from = head[0].length
  if (!fitsIn({ width, height }, most) || bytes.length !== from + width * height * 3) return null
  const numbers = new Map<number, number>()
  const pixels = new Uint8Array(width * height)
  for (let at = 0; at < pixels.length; at++) {
    const colour = bytes.readUIntBE(from + at * 3, 3)
    let number = numbers.get(colour)
    if (number === undefined) {
      number = numbers.size
      if (number === PALETTE_MOST) return null
      numbers.set(colour, number)
    }
    pixels[at] = number
  }
  return { width, height, palette: [...numbers.keys()], pixels }
}

const fitsIn = ({ width, height }: Pixels, most: Pixels) =>
  width >= 1 && height >= 1 && width <= most.width && height <= most.height

/** The cells that a picture fills in a box, in its own proportions to within a cell; `cell` is the size of one in pixels. */
export function fitPicture({ width, height }: Pixels, box: CellBox, cell: Pixels): CellBox {
  const scale = Math.min((box.columns * cell.width) / width, (box.rows * cell.height) / height)
  const within = (cells: number, most: number) => Math.max(1, Math.min(most, Math.round(cells)))
  return {
    columns: within((width * scale) / cell.width, box.columns),
    rows: within((height * scale) / cell.height, box.rows),
  }
}

/** At the cursor, which stays; scaled to `box`. */
export function kittyPicture({ bytes }: Png, { columns, rows }: CellBox): string {
  const text = bytes.toString('base64')
  const chunks = Math.ceil(text.length / KITTY_CHUNK)
  const parts = Array.from({ length: chunks }, (_, at) => {
    // q=2: no answer, which would come in as typed keys.
    const first = at === 0 ? `a=T,f=100,t=d,i=${KITTY_ID},C=1,c=${columns},r=${rows},q=2,` : ''
    const more = at < chunks - 1 ? 1 : 0
    return `${ESC}_G${first}m=${more};${text.slice(at * KITTY_CHUNK, (at + 1) * KITTY_CHUNK)}${ST}`
  })
  return parts.join('')
}

/** Takes kitty's picture away, and what is stored of it. */
export const forgetKittyPicture = `${ESC}_Ga=d,d=I,i=${KITTY_ID},q=2${ST}`

/** At the cursor; scaled to fit `box`. */
export function iterm2Picture({ bytes }: Png, { columns, rows }: CellBox): string {
  const facts = `inline=1;size=${bytes.length};width=${columns};height=${rows};preserveAspectRatio=1`
  return `${ESC}]1337;File=${facts}:${bytes.toString('base64')}\u0007`
}

/** At the cursor, pixel for pixel. */
export function sixelPicture({ width, height, palette, pixels }: Indexed): string {
  const percent = (colour: number, shift: number) => Math.round((((colour >> shift) & 255) * 100) / 255)
  const colours = palette.map(
    (colour, number) => `#${number};2;${percent(colour, 16)};${percent(colour, 8)};${percent(colour, 0)}`,
  )
  const bands = Array.from({ length: Math.ceil(height / 6) }, (_, band) => {
    const rows = new Map<number, Uint8Array>()
    for (let row = 0; row < Math.min(6, height - band * 6); row++)
      for (let column = 0; column < width; column++) {
        const number = pixels[(band * 6 + row) * width + column] ?? 0
        const bits = rows.get(number) ?? new Uint8Array(width)
        bits[column] = (bits[column] ?? 0) | (1 << row)
        rows.set(number, bits)
      }
    return [...rows].map(([number, bits]) => `#${number}${runs(bits)}`).join('$')
  })
  return `${ESC}P0;1q"1;1;${width};${height}${colours.join('')}${bands.join('-')}${ST}`
}

/** Six pixels a character, runs of the same shortened; the empty end is left out. */
function runs(bits: Uint8Array): string {
  let text = ''
  let count = 0
  const last = bits.findLastIndex((each) => each !== 0)
  for (let at = 0; at <= last; at++) {
    count++
    if (at < last && bits[at] === bits[at + 1]) continue
    const character = String.fromCharCode(63 + (bits[at] ?? 0))
    text += count > 3 ? `!${count}${character}` : character.repeat(count)
    count = 0
  }
  return text
}
