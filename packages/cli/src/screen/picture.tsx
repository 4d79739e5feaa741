/** A good's picture in half-blocks, two pixels a cell; words in its place where there is no colour or no room. */
import { Box, Text } from 'ink'
import { memo, type ReactNode } from 'react'
import type { PictureGrid } from '../picture-cells.ts'
import type { Model } from './model.ts'
import { wrapText } from './words.ts'

/** What is looked at, and how. */
type Pictured = Pick<Model, 'good' | 'picture' | 'pictures' | 'colour' | 'server'>

/** The picture, or what stands for it, in a box of exactly this size. */
export function Picture({ model, width, height }: { model: Pictured; width: number; height: number }): ReactNode {
  const { picture, pictures, colour } = model
  const { grid } = picture
  const hasRoom = grid !== null && grid.width <= width && Math.ceil(grid.height / 2) <= height
  const shown = hasRoom && colour && pictures.cells !== 'words' ? grid : null
  return (
    <Box width={width} height={height} overflow="hidden" justifyContent="center" flexShrink={0}>
      {shown ? (
        <Cells grid={shown} blocks={pictures.cells === 'blocks'} />
      ) : (
        <Text>{wrapText(altText(model), width).slice(0, height).join('\n')}</Text>
      )}
    </Box>
  )
}

/** What a picture is called. */
export const pictureName = ({ good }: Pick<Model, 'good'>): string => `▣ Picture of ${good?.name ?? 'the good'}`

/** What is said of a picture where it cannot be seen. */
export function altText({ good, picture, pictures, colour, server }: Pictured): string {
  const address = `${server}${good?.image ?? ''}`
  const why = (reason: string) => `${pictureName({ good })}\n${reason}: ${address}`
  if (!colour) return why('no colours here')
  if (pictures.cells === 'words') return why('pictures are off')
  return picture.failed ? why('it cannot be loaded') : `${pictureName({ good })}\nloading…`
}

/** Neighbours of the same two colours in one piece; as half-blocks, or as blanks of the colour between the two. */
const Cells = memo(function Cells({ grid, blocks }: { grid: PictureGrid; blocks: boolean }): ReactNode {
  const { height, rows } = grid
  const lines = Array.from({ length: Math.ceil(height / 2) }, (_, row) =>
    piecesOf(rows[row * 2] ?? '', rows[row * 2 + 1]),
  )
  return (
    <Box flexDirection="column">
      {lines.map((pieces, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place in the picture
        <Text key={row} wrap="truncate">
          {pieces.map(({ at, cells, above, below }) => (
            <Text key={at} {...(blocks ? inkOf(above, below) : { backgroundColor: halfway(above, below ?? above) })}>
              {(blocks ? '▀' : ' ').repeat(cells)}
            </Text>
          ))}
        </Text>
      ))}
    </Box>
  )
})

const inkOf = (above: string, below: string | null) => ({ color: above, ...(below && { backgroundColor: below }) })

/** `#rrggbb` halfway from one to the other. */
export function halfway(one: string, other: string): string {
  const parts = [1, 3, 5].map((at) =>
    Math.round((Number.parseInt(one.slice(at, at + 2), 16) + Number.parseInt(other.slice(at, at + 2), 16)) / 2),
  )
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

interface Piece {
  readonly at: number
  cells: number
  readonly above: string
  readonly below: string | null
}

function piecesOf(above: string, below: string | undefined): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at < above.length; at += 6) {
    const [upper, lower] = [`#${above.slice(at, at + 6)}`, below === undefined ? null : `#${below.slice(at, at + 6)}`]
    const last = pieces.at(-1)
    if (last && last.above === upper && last.below === lower) last.cells++
    else pieces.push({ at, cells: 1, above: upper, below: lower })
  }
  return pieces
}
