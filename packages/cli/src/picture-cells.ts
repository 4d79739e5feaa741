/** A good's picture as the house makes it for a terminal: a grid of colours, two for each cell, or one such grid a frame. */
import { AuctionError } from '@auction/common/errors'
import type { Client } from './client.ts'
import { faultOf } from './replies.ts'
import { createTransport } from './transport.ts'

/** `rows` hold `rrggbb` for each of `width` pixels; two rows of pixels are one of cells. */
export interface PictureGrid {
  readonly width: number
  readonly height: number
  readonly rows: readonly string[]
}

/** A picture that moves: each frame's rows, as in a grid of this size, and for how long it is shown. */
export interface PictureFrames {
  readonly width: number
  readonly height: number
  readonly frames: readonly [PictureFrame, ...PictureFrame[]]
}
export interface PictureFrame {
  readonly rows: readonly string[]
  readonly delayMs: number
}

interface Cells {
  readonly columns: number
  readonly rows: number
}

const CALL_MS = 20_000
/** What a house sends at most, and what is shown of it. */
const FRAMES_MOST = 50
const DELAY_MS = { least: 100, most: 60_000 }

/** The bytes of a good's picture in the version that `query` asks for. Throws AuctionError, NOT_FOUND where there is none. */
export async function fetchPicture(
  { server }: Pick<Client, 'server'>,
  goodId: number,
  query: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const transport = createTransport()
  const url = new URL(`${server}/v1/goods/${goodId}/image?${query}`)
  try {
    const headers = { accept: '*/*', 'user-agent': 'auction' }
    const call = { method: 'GET', url, headers, body: null, timeoutMs: CALL_MS, reuse: false, signal }
    const outcome = await transport.exchange(call)
    if (outcome.type === 'lost')
      throw new AuctionError('UNREACHABLE', `The server at ${server} cannot be reached: ${outcome.reason}.`)
    if (outcome.status >= 300) throw faultOf(server, outcome)
    return outcome.body
  } finally {
    transport.close()
  }
}

/** The picture of a good, fitted into so many cells; with `moving` all its frames. Throws AuctionError. */
export async function fetchPictureFrames(
  client: Pick<Client, 'server'>,
  goodId: number,
  { columns, rows, moving }: Cells & { readonly moving: boolean },
  signal: AbortSignal,
): Promise<PictureFrames> {
  const query = `cells=${columns}x${rows}${moving ? '&frames=all' : ''}`
  const text = (await fetchPicture(client, goodId, query, signal)).toString('utf8')
  const picture = moving ? framesIn(text, { columns, rows }) : asFrames(gridIn(text, { columns, rows }))
  if (picture === null) throw new AuctionError('FAILED', 'The house sent a picture that this program cannot show.')
  return picture
}

const asFrames = (grid: PictureGrid | null): PictureFrames | null =>
  grid && { width: grid.width, height: grid.height, frames: [{ rows: grid.rows, delayMs: DELAY_MS.least }] }

/** The grid in an answer; null when it is none, or larger than asked for. */
export function gridIn(text: string, cells: Cells): PictureGrid | null {
  const raw = objectIn(text)
  const size = raw && sizeOf(raw, cells)
  return size && isGrid(raw.rows, size) ? { ...size, rows: raw.rows } : null
}

/** The frames in an answer; null when one of them is none, or there are more or larger ones than asked for. */
export function framesIn(text: string, cells: Cells): PictureFrames | null {
  const raw = objectIn(text)
  const size = raw && sizeOf(raw, cells)
  if (!size || !Array.isArray(raw.frames) || raw.frames.length > FRAMES_MOST) return null
  const frames = raw.frames.map((frame: unknown): PictureFrame | null => {
    if (frame === null || typeof frame !== 'object' || !('rows' in frame && 'delayMs' in frame)) return null
    const { rows, delayMs } = frame
    if (!isGrid(rows, size) || typeof delayMs !== 'number' || !Number.isFinite(delayMs)) return null
    return { rows, delayMs: Math.min(DELAY_MS.most, Math.max(DELAY_MS.least, delayMs)) }
  })
  const [first, ...more] = frames
  return first && more.every((frame) => frame !== null) ? { ...size, frames: [first, ...more] } : null
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const raw: unknown = JSON.parse(text)
    return raw === null || typeof raw !== 'object' ? null : (raw as Readonly<Record<string, unknown>>)
  } catch {
    return null
  }
}

function sizeOf({ width, height }: Readonly<Record<string, unknown>>, { columns, rows }: Cells) {
  if (typeof width !== 'number' || typeof height !== 'number') return null
  const fits = width >= 1 && width <= columns && height >= 1 && height <= rows * 2
  return fits && Number.isInteger(width) && Number.isInteger(height) ? { width, height } : null
}

function isGrid(rows: unknown, { width, height }: { width: number; height: number }): rows is readonly string[] {
  if (!Array.isArray(rows) || rows.length !== height) return false
  return rows.every((row) => typeof row === 'string' && row.length === width * 6 && /^[0-9a-f]*$/.test(row))
}
