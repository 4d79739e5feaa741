/** The home screen as Ink draws it: the lines of panes.ts in boxes that fill the window exactly, whatever its size. */
import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { footerLine, helpLines } from '../screen/key-lines.ts'
import { Bordered, Lines, Pane } from '../screen/lines.tsx'
import { fits } from '../screen/model.ts'
import { noticeLine } from '../screen/panes.ts'
import { Picture } from '../screen/picture.tsx'
import { FRAME } from '../screen/words.ts'
import { keymap } from './keymap.ts'
import { boxesOf, chosen, type Home } from './model.ts'
import { goodLines, headerLines, oneLine, previewLines } from './panes.ts'

/** The whole screen, for a window of `home.size`. */
export function HomeScreen({ home }: { home: Home }): ReactNode {
  const { columns, rows } = home.size
  if (!fits(home))
    return (
      <Box width={columns} height={rows} overflow="hidden">
        <Text wrap="wrap">{oneLine(home)}</Text>
      </Box>
    )
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Lines lines={headerLines(home, columns)} width={columns} height={2} />
      <Middle home={home} />
      <Lines lines={[noticeLine(home, columns), footerLine(keymap, home, columns)]} width={columns} height={2} />
    </Box>
  )
}

function Middle({ home }: { home: Home }): ReactNode {
  const { height, table, preview } = boxesOf(home)
  if (home.panel === 'help')
    return (
      <Pane columns={home.size.columns} rows={height} lines={(...box) => helpLines(keymap, ...box, home.panelScroll)} />
    )
  return (
    <Box height={height}>
      <Pane columns={table} rows={height} lines={(width, room) => goodLines(home, width, room)} />
      {preview > 0 && <Preview home={home} columns={preview} rows={height} />}
    </Box>
  )
}

/** The good under the cursor: its picture, and below it what there is to know. */
function Preview({ home, columns, rows }: { home: Home; columns: number; rows: number }): ReactNode {
  const [width, height] = [columns - FRAME.columns, rows - FRAME.rows]
  const good = chosen(home)
  const { grid } = home.picture
  const room = good?.image ? boxesOf(home).picture : 0
  const picture = grid ? Math.min(room, Math.ceil(grid.height / 2)) : room
  const lines = previewLines(home, width, height - picture)
  return (
    <Bordered columns={columns} rows={rows}>
      {picture > 0 && <Picture model={{ ...home, good }} width={width} height={picture} />}
      <Lines lines={lines} width={width} height={height - picture} />
    </Bordered>
  )
}
