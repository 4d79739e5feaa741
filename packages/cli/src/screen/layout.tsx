/** The screen as Ink draws it: the lines of panes.ts in boxes that fill the window exactly, whatever its size. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { chatLines } from './chat-pane.ts'
import { BID_ROWS, FRAME, HEADER_ROWS, type Panes, panesOf, STATUS_ROWS } from './geometry.ts'
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

/** The whole screen, for a window of `model.size`. */
export function Screen({ model }: { model: Model }): ReactNode {
  const { columns, rows } = model.size
  if (!fits(model)) return <TooSmall model={model} />
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Lines lines={headerLines(model, columns)} width={columns} height={HEADER_ROWS} />
      <Middle model={model} panes={panesOf(model)} />
      <Lines lines={[noticeLine(model)]} width={columns} height={1} />
      <Pane columns={columns} rows={BID_ROWS} lines={(width) => [bidBarLine(model, width)]} />
      <Lines lines={[footerLine(model, columns)]} width={columns} height={1} />
    </Box>
  )
}

function Middle({ model, panes }: { model: Model; panes: Panes }): ReactNode {
  const { columns } = model.size
  const { middle, left, upper, lower } = panes
  if (model.panel === 'help') return <Pane columns={columns} rows={middle} lines={helpLines} />
  if (model.panel === 'description') return <Description model={model} columns={columns} rows={middle} />
  const lists = (width: number) => [
    ...padTo(bidLines(model, width, panes.bids), panes.bids),
    ...chatLines(model, width, panes.chat, panes.bids > 0),
  ]
  if (left === columns) {
    const status = (width: number) => padTo(statusLines(model, width, true), STATUS_ROWS)
    return <Pane columns={columns} rows={middle} lines={(width) => [...status(width), ...lists(width)]} />
  }
  const status = (width: number, height: number) => {
    const whole = statusLines(model, width, false)
    return whole.length <= height ? whole : statusLines(model, width, true)
  }
  return (
    <Box flexDirection="column" width={columns} height={middle}>
      <Box height={upper}>
        <Pane columns={left} rows={upper} lines={status} />
        <Pane columns={columns - left} rows={upper} lines={lists} />
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

const padTo = (lines: readonly Line[], rows: number): Line[] =>
  Array.from({ length: rows }, (_, row) => lines[row] ?? plain(''))

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
