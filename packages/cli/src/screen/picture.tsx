/** A good's picture in half-blocks, two pixels a cell; words in its place where there is no colour or no room. */
import { Box, Text } from 'ink'
import { memo, type ReactNode } from 'react'
import type { PictureGrid } from '../picture-cells.ts'
import type { Model } from './model.ts'
import { wrapText } from './words.ts'

/** What there is to know of a good and its picture. */
type Shown = Pick<Model, 'good' | 'picture' | 'colour' | 'server'>

/** The picture, or what stands for it, in a box of exactly this size. */
export function Picture({ model, width, height }: { model: Shown; width: number; height: number }): ReactNode {
  const { grid } = model.picture
  const shown = grid && model.colour && grid.width <= width && Math.ceil(grid.height / 2) <= height ? grid : null
  return (
    <Box width={width} height={height} overflow="hidden" justifyContent="center" flexShrink={0}>
      {shown ? <HalfBlocks grid={shown} /> : <Text>{wrapText(altText(model), width).slice(0, height).join('\n')}</Text>}
    </Box>
  )
}

/** What a picture is called where it cannot be seen. */
export function altText({ good, picture, colour, server }: Shown): string {
  const name = `▣ Picture of ${good?.name ?? 'the good'}`
  const address = `${server}${good?.image ?? ''}`
  if (!colour) return `${name}\nno colours here: ${address}`
  return picture.failed ? `${name}\nit cannot be loaded: ${address}` : `${name}\nloading…`
}

/** Neighbours of the same two colours in one piece. */
const HalfBlocks = memo(function HalfBlocks({ grid: { height, rows } }: { grid: PictureGrid }): ReactNode {
  const lines = Array.from({ length: Math.ceil(height / 2) }, (_, row) =>
    piecesOf(rows[row * 2] ?? '', rows[row * 2 + 1]),
  )
  return (
    <Box flexDirection="column">
      {lines.map((pieces, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place in the picture
        <Text key={row} wrap="truncate">
          {pieces.map(({ at, cells, above, below }) => (
            <Text key={at} color={above} {...(below && { backgroundColor: below })}>
              {'▀'.repeat(cells)}
            </Text>
          ))}
        </Text>
      ))}
    </Box>
  )
})

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
