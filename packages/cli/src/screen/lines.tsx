/** Lines of words.ts on a terminal: in boxes, exactly as wide and as high as their place. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { FRAME, fitTo, type Line, plain, type Span } from './words.ts'

/** A box with a border, of exactly this size, its parts below each other. */
export function Bordered(props: { columns: number; rows: number; children: ReactNode }): ReactNode {
  const { columns, rows, children } = props
  return (
    <Box
      borderStyle="round"
      borderDimColor
      paddingX={1}
      width={columns}
      height={rows}
      flexShrink={0}
      flexDirection="column"
    >
      {children}
    </Box>
  )
}

/** A box of exactly this size; `lines` is asked for what fits into it. */
export function Pane(props: {
  columns: number
  rows: number
  lines: (width: number, height: number) => readonly Line[]
}): ReactNode {
  const { columns, rows, lines } = props
  const [width, height] = [columns - FRAME.columns, rows - FRAME.rows]
  return (
    <Bordered columns={columns} rows={rows}>
      <Lines lines={lines(width, height)} width={width} height={height} />
    </Bordered>
  )
}

/** Lines cut and padded to `width`, as many as `height`. */
export function Lines({ lines, width, height }: { lines: readonly Line[]; width: number; height: number }): ReactNode {
  const shown = Array.from({ length: Math.max(0, height) }, (_, index) => fitTo(lines[index] ?? plain(''), width))
  return (
    <Box flexDirection="column" width={width} height={Math.max(0, height)} flexShrink={0}>
      {shown.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place on the screen
        <Text key={index} wrap="truncate">
          {line.map((span, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place in the line
            <Piece key={place} span={span} />
          ))}
        </Text>
      ))}
    </Box>
  )
}

const colours = { good: 'green', bad: 'red', warning: 'yellow' } as const

function Piece({ span: { text, tone = 'plain', bold = false, struck = false } }: { span: Span }): ReactNode {
  const colour = tone === 'good' || tone === 'bad' || tone === 'warning' ? { color: colours[tone] } : {}
  return (
    <Text {...colour} bold={bold} dimColor={tone === 'dim'} strikethrough={struck}>
      {text}
    </Text>
  )
}
