/** Uploaded pictures: decoded, bounded, turned upright, stripped of metadata and encoded anew; small versions for terminals. */
import { randomUUID } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import sharp, { type Sharp } from 'sharp'
import type { StoredPicture } from './store/orders.ts'

// sharp decodes SVG, PDF and more by default; an auction needs four formats (dependencies.md).
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'],
})
sharp.cache(false)

const formats = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', gif: 'image/gif' } as const
type Format = keyof typeof formats
const LONGEST_SIDE = 1600
const FRAMES_MOST = 200

/** A picture to store, from untrusted bytes. Throws BAD_REQUEST when they are not a picture the house takes. */
export async function readPicture(bytes: Buffer): Promise<StoredPicture> {
  if (bytes.length > limits.imageBytes) throw new AuctionError('BAD_REQUEST', 'image: is larger than 5 MB.')
  try {
    const { format, pages = 1 } = await sharp(bytes, { limitInputPixels: limits.imagePixels }).metadata()
    if (!(format in formats) || pages > FRAMES_MOST)
      throw new AuctionError('BAD_REQUEST', 'image: must be a JPEG, PNG, WebP or GIF of at most 200 frames.')
    const { data, info } = await sharp(bytes, { animated: true, limitInputPixels: limits.imagePixels, failOn: 'error' })
      .rotate()
      .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
      .toFormat(format as Format)
      .toBuffer({ resolveWithObject: true })
    return {
      id: randomUUID(),
      type: formats[format as Format],
      width: info.width,
      height: info.pageHeight ?? info.height,
      bytes: data,
    }
  } catch (cause) {
    if (cause instanceof AuctionError) throw cause
    throw new AuctionError('BAD_REQUEST', 'image: is not a JPEG, PNG, WebP or GIF of at most 16 megapixels.', { cause })
  }
}

/** Colours for a box of terminal cells, two pixels a cell from top to bottom; each row is `rrggbb` per pixel. */
export interface CellGrid {
  readonly width: number
  readonly height: number
  readonly rows: readonly string[]
}

/** A picture that moves, as grids of one size; each is shown for `delayMs`, then the first again. */
export interface CellFrames {
  readonly width: number
  readonly height: number
  readonly frames: readonly { readonly rows: readonly string[]; readonly delayMs: number }[]
}

interface Box {
  readonly width: number
  readonly height: number
}

const CELLS_MOST: Box = { width: 250, height: 80 }
/** Of a picture that moves: how many frames a terminal is given, and how many pixels they have together. */
const CELL_FRAMES = 50
const CELL_FRAMES_PIXELS = 640_000
/** The shortest time for which a terminal shows a frame; what browsers take a frame without a delay for, too. */
const LEAST_DELAY_MS = 100
/** The largest versions made of a picture; a terminal takes no larger one than the latter as sixels. */
const FITTED_MOST = { png: { width: LONGEST_SIDE, height: LONGEST_SIDE }, ppm: { width: 1000, height: 1000 } }
const SIXEL_COLOURS = 256

/** The first frame, fitted into so many cells without distortion. Throws BAD_REQUEST for more than a terminal has. */
export async function toCells(picture: StoredPicture, cells: Box): Promise<CellGrid> {
  const { data, info } = await pixelsFor(sharp(picture.bytes), cells)
  return { width: info.width, height: info.height, rows: hexRows(data, info, 0) }
}

/** All frames in so many cells, fewer of them where they are too many; of a picture that stands still, one. */
export async function toCellFrames(picture: StoredPicture, cells: Box): Promise<CellFrames> {
  const { data, info } = await pixelsFor(sharp(picture.bytes, { animated: true }), cells)
  const { width, pageHeight: height = info.height } = info
  const { delay = [], pages = 1 } = await sharp(picture.bytes, { animated: true }).metadata()
  const most = Math.max(1, Math.min(CELL_FRAMES, Math.floor(CELL_FRAMES_PIXELS / (width * height))))
  const delays = Array.from({ length: pages }, (_, page) => delay[page] || LEAST_DELAY_MS)
  const frames = sampled(delays, most).map(({ page, delayMs }) => ({
    rows: hexRows(data, { width, height }, page),
    delayMs,
  }))
  return { width, height, frames }
}

/** The pages to show so that none is too short and they are at most `most`; each also for the time of those left out after it. */
function sampled(delays: readonly number[], most: number): { page: number; delayMs: number }[] {
  const whole = delays.reduce((sum, each) => sum + each, 0)
  const step = Math.max(LEAST_DELAY_MS, whole / most)
  const shown: { page: number; delayMs: number }[] = []
  let [at, due] = [0, 0]
  for (const [page, delayMs] of delays.entries()) {
    const last = shown.at(-1)
    if (at >= due || !last) {
      shown.push({ page, delayMs })
      due = at + step
    } else last.delayMs += delayMs
    at += delayMs
  }
  return shown.map(({ page, delayMs }) => ({ page, delayMs: Math.max(LEAST_DELAY_MS, delayMs) }))
}

function pixelsFor(source: Sharp, cells: Box) {
  refuseLarger('cells', cells, CELLS_MOST)
  return source
    .resize({ width: cells.width, height: cells.height * 2, fit: 'inside' })
    .flatten()
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
}

function hexRows(data: Buffer, { width, height }: Box, page: number): string[] {
  const stride = width * 3
  const from = page * height
  return Array.from({ length: height }, (_, row) =>
    data.subarray((from + row) * stride, (from + row + 1) * stride).toString('hex'),
  )
}

/**
 * The first frame in a box of pixels, never enlarged: as PNG, or as PPM, whose pixels lie open and are of at most 256 colours.
 * Throws BAD_REQUEST for a larger one than is made.
 */
export async function toFitted(
  picture: StoredPicture,
  box: Box,
  as: 'png' | 'ppm',
): Promise<{ readonly type: string; readonly bytes: Buffer }> {
  refuseLarger('fit', box, FITTED_MOST[as])
  const fitted = sharp(picture.bytes)
    .resize({ ...box, fit: 'inside', withoutEnlargement: true })
    .flatten()
    .toColourspace('srgb')
    .removeAlpha()
  if (as === 'png') return { type: 'image/png', bytes: await fitted.png().toBuffer() }
  const few = await fitted.png({ palette: true, colours: SIXEL_COLOURS, compressionLevel: 0 }).toBuffer()
  const { data, info } = await sharp(few)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const head = Buffer.from(`P6\n${info.width} ${info.height}\n255\n`)
  return { type: 'image/x-portable-pixmap', bytes: Buffer.concat([head, data]) }
}

function refuseLarger(name: string, { width, height }: Box, most: Box): void {
  if (width > most.width || height > most.height)
    throw new AuctionError('BAD_REQUEST', `${name}: must be at most ${most.width}x${most.height}.`)
}
