/** The screen as Ink draws it: the lines of panes.ts in boxes that fill the window exactly, whatever its size. */
import { LineGraph } from '@pppp606/ink-chart'
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { pay } from '../wording.ts'
import { pricesOf, sparkLine } from './chart.ts'
import { chatLines } from './chat-pane.ts'
import { BID_ROWS, HEADER_ROWS, type Panes, panesOf, STATUS_ROWS } from './geometry.ts'
import { footerLine, helpLines } from './key-lines.ts'
import { keymap } from './keymap.ts'
import { Bordered, Lines, Pane } from './lines.tsx'
import { fits, type Model } from './model.ts'
import {
  activityLines,
  bidBarLine,
  bidLines,
  descriptionLines,
  headerLines,
  noticeLine,
  oneLine,
  statusLines,
} from './panes.ts'
import { Picture } from './picture.tsx'
import { between, dim, FRAME, type Line, plain, widthOf } from './words.ts'

/** Rows from which on the price has a chart instead of a line, and those it takes at most. */
const CHART_FROM = 6
const MOST_CHART = 10

/** The whole screen, for a window of `model.size`. */
export function Screen({ model }: { model: Model }): ReactNode {
  const { columns, rows } = model.size
  if (!fits(model)) return <TooSmall model={model} />
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Lines lines={headerLines(model, columns)} width={columns} height={HEADER_ROWS} />
      <Middle model={model} panes={panesOf(model)} />
      <Lines lines={[noticeLine(model, columns)]} width={columns} height={1} />
      <Pane columns={columns} rows={BID_ROWS} lines={(width) => [bidBarLine(model, width)]} />
      <Lines lines={[footerLine(keymap, model, columns)]} width={columns} height={1} />
    </Box>
  )
}

function Middle({ model, panes }: { model: Model; panes: Panes }): ReactNode {
  const { columns } = model.size
  const { middle, left, upper, lower } = panes
  if (model.panel === 'help')
    return <Pane columns={columns} rows={middle} lines={(...box) => helpLines(keymap, ...box, model.panelScroll)} />
  if (model.panel === 'picture') return <PicturePane model={model} columns={columns} rows={middle} />
  if (model.panel === 'description') {
    const lines = (width: number, height: number) => descriptionLines(model, width, height, model.panelScroll)
    return <Pane columns={columns} rows={middle} lines={lines} />
  }
  const lists = (width: number) => [
    ...padTo(bidLines(model, width, panes.bids), panes.bids),
    ...chatLines(model, width, panes.chat, panes.bids > 0),
  ]
  if (left === columns) {
    const status = (width: number) => padTo(statusLines(model, width, true), STATUS_ROWS)
    return <Pane columns={columns} rows={middle} lines={(width) => [...status(width), ...lists(width)]} />
  }
  return (
    <Box flexDirection="column" width={columns} height={middle}>
      <Box height={upper}>
        <Status model={model} columns={left} rows={upper} />
        <Pane columns={columns - left} rows={upper} lines={lists} />
      </Box>
      {lower > 0 && <Lower model={model} panes={panes} />}
    </Box>
  )
}

const padTo = (lines: readonly Line[], rows: number): Line[] =>
  Array.from({ length: rows }, (_, row) => lines[row] ?? plain(''))

/** Price, standing and countdown; in what room is left, how the price went. */
function Status({ model, columns, rows }: { model: Model; columns: number; rows: number }): ReactNode {
  const [width, height] = [columns - FRAME.columns, rows - FRAME.rows]
  const whole = statusLines(model, width, false)
  const lines = whole.length <= height ? whole : statusLines(model, width, true)
  const spare = height - lines.length - 1
  const prices = pricesOf(model)
  if (spare < CHART_FROM || prices.length < 2) {
    const spark = sparkLine(model, width)
    const more = [...(spark ? [[], spark] : [[]]), keysHint(model)]
    return <Pane columns={columns} rows={rows} lines={() => [...lines, ...more.slice(0, spare + 1)]} />
  }
  const currency = model.good?.minimumBid.currency ?? 'USD'
  const [least, most] = [Math.min(...prices), Math.max(...prices)]
  const [name, hint] = [dim(`PRICE of ${prices.length} bids`), keysHint(model)]
  const title = widthOf(name) + widthOf(hint) < width ? between(name, hint, width) : name
  const chart = Math.min(MOST_CHART, spare - 1)
  return (
    <Bordered columns={columns} rows={rows}>
      <Lines lines={[...lines, [], title]} width={width} height={lines.length + 2} />
      <Box width={width} height={chart} overflow="hidden" flexShrink={0}>
        <LineGraph
          data={[{ values: prices }]}
          width={width}
          height={chart}
          yLabels={[most, least].map((amount) => pay({ amount, currency }))}
        />
      </Box>
    </Bordered>
  )
}

const keysHint = ({ good }: Model) => dim(good?.image ? 'i picture · d description' : 'd description')

function PicturePane({ model, columns, rows }: { model: Model; columns: number; rows: number }): ReactNode {
  return (
    <Bordered columns={columns} rows={rows}>
      <Picture model={model} width={columns - FRAME.columns} height={rows - FRAME.rows} />
    </Bordered>
  )
}

/** Picture, description and what happened, side by side. */
function Lower({ model, panes }: { model: Model; panes: Panes }): ReactNode {
  const { picture, lower } = panes
  const rest = model.size.columns - picture
  const left = Math.floor(rest * 0.4)
  return (
    <Box height={lower}>
      {picture > 0 && <PicturePane model={model} columns={picture} rows={lower} />}
      <Pane columns={left} rows={lower} lines={(width, height) => descriptionLines(model, width, height)} />
      <Pane columns={rest - left} rows={lower} lines={(_width, height) => activityLines(model, height)} />
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
