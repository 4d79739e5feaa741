/** Uploaded pictures: decoded, bounded, turned upright, stripped of metadata and encoded anew; small versions for terminals. */
import { randomUUID } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import sharp from 'sharp'
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

const CELLS_MOST = { width: 250, height: 80 } as const

/** The picture's first frame, fitted into `columns` x `rows` cells without distortion. */
export async function toCells(picture: StoredPicture, columns: number, rows: number): Promise<CellGrid> {
  if (columns > CELLS_MOST.width || rows > CELLS_MOST.height)
    throw new AuctionError('BAD_REQUEST', 'cells: must be at most 250x80.')
  const { data, info } = await sharp(picture.bytes)
    .resize({ width: columns, height: rows * 2, fit: 'inside' })
    .flatten()
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const stride = info.width * info.channels
  const lines = Array.from({ length: info.height }, (_, row) =>
    data.subarray(row * stride, (row + 1) * stride).toString('hex'),
  )
  return { width: info.width, height: info.height, rows: lines }
}
