/** The footer and the page of help, from a screen's table of keys. */
import stringWidth from 'string-width'
import { type Binding, footerKeys } from './keyboard.ts'
import { dim, fitTo, type Line, widthOf } from './words.ts'

/** The keys that work now, as many as there is room for; how to get help and out is never cut. */
export function footerLine<Model, Msg>(keymap: readonly Binding<Model, Msg>[], model: Model, width: number): Line {
  const chosen: Binding<Model, Msg>[] = []
  let used = 0
  const keys = footerKeys(keymap, model)
  const vital = keys.filter(({ label }) => label === '?' || label === 'q')
  for (const binding of [...vital, ...keys.filter((each) => !vital.includes(each))]) {
    const cost = stringWidth(` ${binding.label} ${binding.help} `)
    if (used + cost > width) continue
    chosen.push(binding)
    used += cost
  }
  const inOrder = chosen.sort((a, b) => keymap.indexOf(a) - keymap.indexOf(b))
  return inOrder.flatMap(
    ({ label, help }): Line => [
      { text: ` ${label}`, bold: true },
      { text: ` ${help} `, tone: 'dim' },
    ],
  )
}

type Keys<Model, Msg> = readonly Binding<Model, Msg>[]

/** Every key, in so few columns that all are seen at once, where so many have room side by side; otherwise from `scroll` on. */
export function helpLines<Model, Msg>(keymap: Keys<Model, Msg>, width: number, height: number, scroll = 0): Line[] {
  const [rows, room] = [helpRows(keymap, width, height), Math.max(1, height - 1)]
  const from = Math.min(scroll, Math.max(0, rows.length - room))
  return [dim(rows.length > room ? 'KEYS  ↑↓ scroll' : 'KEYS'), ...rows.slice(from, from + room)]
}

/** How far the help can be scrolled. */
export const mostHelpScroll = <Model, Msg>(keymap: Keys<Model, Msg>, width: number, height: number): number =>
  Math.max(0, helpRows(keymap, width, height).length - Math.max(1, height - 1))

function helpRows<Model, Msg>(keymap: Keys<Model, Msg>, width: number, height: number): Line[] {
  const cells = [...new Map(keymap.map(({ label, help }) => [`${label} ${help}`, { label, help }])).values()]
  const room = Math.max(1, height - 1)
  const needed = Math.ceil(cells.length / room)
  for (let count = needed; ; count--) {
    const rows = count === needed ? Math.min(room, cells.length) : Math.ceil(cells.length / count)
    const columns = Array.from({ length: count }, (_, at) => helpColumn(cells.slice(at * rows, (at + 1) * rows)))
    const wide = columns.reduce((sum, column) => sum + widthOf(column[0] ?? []), 0)
    const gap = Math.min(2, Math.floor((width - wide) / Math.max(1, count - 1)))
    if (count > 1 && gap < 1) continue
    return Array.from({ length: rows }, (_, row) =>
      columns.flatMap((column, at) => [{ text: ' '.repeat(at === 0 ? 0 : gap) }, ...(column[row] ?? [])]),
    )
  }
}

/** As wide as its widest key. */
function helpColumn(cells: readonly { label: string; help: string }[]): Line[] {
  const labels = Math.max(...cells.map(({ label }) => stringWidth(label)))
  const helps = Math.max(...cells.map(({ help }) => stringWidth(help)))
  return cells.map(({ label, help }) => [
    ...fitTo([{ text: label, bold: true }], labels),
    ...fitTo([{ text: ` ${help}` }], helps + 1),
  ])
}
