/** How what is on a terminal's screen is drawn: the attributes of the cells that hold a text. */
import type { Terminal } from './terminal.ts'

interface Style {
  readonly bold: boolean
  readonly dim: boolean
  /** One of the 16 base colours as SGR numbers them (1 red, 2 green, 3 yellow); null for the terminal's own. */
  readonly colour: number | null
}

/** The style of every cell of the first place where `text` stands; null while it stands nowhere, or is drawn in several styles. */
function styleOf(terminal: Terminal, text: string): Style | null {
  for (const row of terminal.screen().keys()) {
    const cells = cellsOf(terminal, row)
    const at = cells
      .map(({ chars }) => chars)
      .join('')
      .indexOf(text)
    if (at < 0) continue
    let index = 0
    const styles = new Set<string>()
    for (const { chars, style } of cells) {
      if (index >= at && index < at + text.length) styles.add(JSON.stringify(style))
      index += chars.length
    }
    const [only] = styles
    return styles.size === 1 && only !== undefined ? (JSON.parse(only) as Style) : null
  }
  return null
}

/** Until `text` stands there, drawn in this style. */
export const whenDrawn = (terminal: Terminal, text: string, style: Partial<Style>): Promise<Style> =>
  terminal.until(`"${text}", drawn as ${JSON.stringify(style)},`, () => {
    const drawn = styleOf(terminal, text)
    return (
      drawn && Object.entries({ ...drawn, ...style }).every(([name, as]) => drawn[name as keyof Style] === as) && drawn
    )
  })

function cellsOf(terminal: Terminal, row: number): { chars: string; style: Style }[] {
  const cells: { chars: string; style: Style }[] = []
  for (let column = 0; ; column++) {
    const cell = terminal.cell(column, row)
    if (!cell) return cells
    // The second cell of a wide character holds nothing.
    if (cell.getWidth() === 0) continue
    const style = {
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      colour: cell.isFgPalette() ? cell.getFgColor() : null,
    }
    cells.push({ chars: cell.getChars() || ' ', style })
  }
}
