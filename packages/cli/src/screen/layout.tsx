/** The screen as Ink draws it: the lines of panes.ts in boxes that fill the window exactly, whatever its size. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { fits, type Model } from './model.ts'
import {
  activityLines,
  bidBarLine,
  bidLines,
  footerLine,
  headerLines,
  helpLines,
  noticeLine,
  oneLine,
  statusLines,
} from './panes.ts'
import { fitTo, type Line, plain, type Span } from './words.ts'

/** From here on there are two columns; from the other on, description and activity below them. */
const TWO_COLUMNS = 80
const ROOMY = { columns: 100, rows: 32 }
/** Border and padding of a box. */
const FRAME = { columns: 4, rows: 2 }
const HEADER_ROWS = 2
const BID_ROWS = 3

/** The whole screen, for a window of `model.size`. */
export function Screen({ model }: { model: Model }): ReactNode {
  const { columns, rows } = model.size
  if (!fits(model)) return <TooSmall model={model} />
  const middle = rows - HEADER_ROWS - BID_ROWS - 2
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Lines lines={headerLines(model, columns)} width={columns} height={HEADER_ROWS} />
      <Middle model={model} columns={columns} rows={middle} />
      <Lines lines={[noticeLine(model)]} width={columns} height={1} />
      <Pane columns={columns} rows={BID_ROWS} lines={(width) => [bidBarLine(model, width)]} />
      <Lines lines={[footerLine(model, columns)]} width={columns} height={1} />
    </Box>
  )
}

function Middle({ model, columns, rows }: { model: Model; columns: number; rows: number }): ReactNode {
  if (model.panel === 'help') return <Pane columns={columns} rows={rows} lines={helpLines} />
  if (model.panel === 'description') return <Description model={model} columns={columns} rows={rows} />
  if (columns < TWO_COLUMNS) {
    const both = (width: number, height: number) => {
      const status = statusLines(model, width, true).slice(0, Math.max(3, height - 2))
      return [...status, ...bidLines(model, width, height - status.length)]
    }
    return <Pane columns={columns} rows={rows} lines={both} />
  }
  const lower = columns >= ROOMY.columns && rows >= ROOMY.rows - HEADER_ROWS - BID_ROWS - 2 ? Math.floor(rows * 0.4) : 0
  const upper = rows - lower
  const left = lower > 0 ? Math.floor(columns * 0.4) : 34
  const status = (width: number, height: number) => {
    const whole = statusLines(model, width, false)
    return whole.length <= height ? whole : statusLines(model, width, true)
  }
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Box height={upper}>
        <Pane columns={left} rows={upper} lines={status} />
        <Pane columns={columns - left} rows={upper} lines={(width, height) => bidLines(model, width, height)} />
      </Box>
      {lower > 0 && (
        <Box height={lower}>
          <Description model={model} columns={left} rows={lower} />
          <Pane columns={columns - left} rows={lower} lines={(_width, height) => activityLines(model, height)} />
        </Box>
      )}
    </Box>
  )
}

/** A box of exactly this size; `lines` is asked for what fits into it. */
function Pane(props: {
  columns: number
  rows: number
  lines: (width: number, height: number) => readonly Line[]
}): ReactNode {
  const { columns, rows, lines } = props
  const [width, height] = [columns - FRAME.columns, rows - FRAME.rows]
  return (
    <Box borderStyle="round" borderDimColor paddingX={1} width={columns} height={rows} flexShrink={0}>
      <Lines lines={lines(width, height)} width={width} height={height} />
    </Box>
  )
}

function Description({ model, columns, rows }: { model: Model; columns: number; rows: number }): ReactNode {
  const text = model.good?.description || 'The seller wrote nothing.'
  return (
    <Box borderStyle="round" borderDimColor paddingX={1} width={columns} height={rows} flexShrink={0}>
      <Box flexDirection="column" width={columns - FRAME.columns} height={rows - FRAME.rows} overflow="hidden">
        <Box flexShrink={0}>
          <Text dimColor>DESCRIPTION</Text>
        </Box>
        <Box flexShrink={0}>
          <Text wrap="wrap">{text}</Text>
        </Box>
      </Box>
    </Box>
  )
}

function TooSmall({ model }: { model: Model }): ReactNode {
  const { columns, rows } = model.size
  return (
    <Box width={columns} height={rows} overflow="hidden">
      <Text wrap="wrap">{oneLine(model)}</Text>
    </Box>
  )
}

/** Lines cut and padded to `width`, as many as `height`. */
function Lines({ lines, width, height }: { lines: readonly Line[]; width: number; height: number }): ReactNode {
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
