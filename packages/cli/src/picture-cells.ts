/** A good's picture as the house makes it small for a terminal: a grid of colours, two for each cell. */
import { AuctionError } from '@auction/common/errors'
import { type Client, faultOf } from './client.ts'
import { createTransport } from './transport.ts'

/** `rows` hold `rrggbb` for each of `width` pixels; two rows of pixels are one of cells. */
export interface PictureGrid {
  readonly width: number
  readonly height: number
  readonly rows: readonly string[]
}

const CALL_MS = 10_000

/** The picture of a good, fitted into so many cells. Throws AuctionError, NOT_FOUND where there is none. */
export async function fetchPictureGrid(
  { server }: Client,
  goodId: number,
  cells: { readonly columns: number; readonly rows: number },
  signal: AbortSignal,
): Promise<PictureGrid> {
  const transport = createTransport()
  const url = new URL(`${server}/v1/goods/${goodId}/image?cells=${cells.columns}x${cells.rows}`)
  const headers = { accept: 'application/json', 'user-agent': 'auction' }
  try {
    const call = { method: 'GET', url, headers, body: null, timeoutMs: CALL_MS, reuse: false, signal }
    const outcome = await transport.exchange(call)
    if (outcome.type === 'lost')
      throw new AuctionError('UNREACHABLE', `The server at ${server} cannot be reached: ${outcome.reason}.`)
    if (outcome.status >= 300) throw faultOf(server, outcome)
    const grid = gridIn(outcome.body.toString('utf8'), cells)
    if (grid === null) throw new AuctionError('FAILED', 'The house sent a picture that this program cannot show.')
    return grid
  } finally {
    transport.close()
  }
}

/** The grid in an answer; null when it is none, or larger than asked for. */
export function gridIn(text: string, { columns, rows: most }: { columns: number; rows: number }): PictureGrid | null {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return null
  }
  if (raw === null || typeof raw !== 'object' || !('width' in raw && 'height' in raw && 'rows' in raw)) return null
  const { width, height, rows } = raw
  if (typeof width !== 'number' || typeof height !== 'number' || !Array.isArray(rows)) return null
  const fits = width >= 1 && width <= columns && height >= 1 && height <= most * 2 && rows.length === height
  const whole = rows.every((row) => typeof row === 'string' && row.length === width * 6 && /^[0-9a-f]*$/.test(row))
  return fits && whole ? { width, height, rows } : null
}
