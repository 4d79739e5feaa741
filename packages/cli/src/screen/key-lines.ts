/** The footer and the page of help, from a screen's table of keys. */
import stringWidth from 'string-width'
import { type Binding, footerKeys } from './keyboard.ts'
import { dim, fitTo, type Line } from './words.ts'

/** The keys that work now, as many as there is room for; how to get help and out is never cut. */
export function footerLine<Model, Msg>(keymap: readonly Binding<Model, Msg>[], model: Model, width: number): Line {
  const chosen: Binding<Model, Msg>[] = []
  let used = 0
  const keys = footerKeys(keymap, model)
  const vital = keys.filter(({ label }) => label === '?' || label === 'q')
  for (const binding of [...vital, ...keys.filter((each) => !vital.includes(each))]) {
    const cost = stringWidth(` ${binding.label} ${binding.help} `)
    if (used + cost > width) break
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

/** Every key, in as many columns as fit. */
export function helpLines<Model, Msg>(keymap: readonly Binding<Model, Msg>[], width: number, height: number): Line[] {
  const cells = [...new Map(keymap.map(({ label, help }) => [`${label} ${help}`, { label, help }])).values()]
  const rows = Math.max(1, height - 1)
  const columns = Math.ceil(cells.length / rows)
  const cell = Math.floor(width / columns)
  const labels = Math.max(...cells.map(({ label }) => stringWidth(label)))
  const lines = Array.from({ length: Math.min(rows, cells.length) }, (_, row) =>
    Array.from({ length: columns }, (_column, column) => cells[column * rows + row]).flatMap((found) =>
      found ? fitTo([...fitTo([{ text: found.label, bold: true }], labels), { text: ` ${found.help}` }], cell) : [],
    ),
  )
  return [dim('KEYS'), ...lines]
}
