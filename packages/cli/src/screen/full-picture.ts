/** A picture as large as the window, on a terminal that shows pictures: lent the terminal, until any key. */
import type { Readable } from 'node:stream'
import cliTruncate from 'cli-truncate'
import {
  type CellBox,
  fitPicture,
  forgetKittyPicture,
  iterm2Picture,
  kittyPicture,
  pngIn,
  ppmIn,
  sixelPicture,
} from './graphics.ts'
import { type Protocol, questions, readAnswers } from './graphics-support.ts'
import { createPause } from './pause.ts'
import type { Size, WindowIo } from './window.tsx'

/** How long a terminal may take to say what it is, over however slow a line; nearly every one says it at once. */
const ANSWER_MS = 3_000
/** A cell where the terminal does not tell; a small one, so that nothing is ever too large. */
const CELL = { width: 8, height: 16 }
/** The largest picture that is asked for; of sixels no more than what terminals take as they come. */
const MOST = { png: 1600, ppm: 1000 }
/** Rows below the picture. */
const WORDS_ROWS = 2
const CTRL_C = '\u0003'

const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const WIPE = '\u001b[0m\u001b[2J\u001b[H'
const place = (column: number, row: number) => `\u001b[${row};${column}H`

interface Showing {
  readonly io: Pick<WindowIo, 'stdin' | 'stdout'>
  size(): Size
  /** What it is called, for whoever cannot see it. */
  readonly name: string
  /** A version of it no larger than so many pixels. */
  fetch(version: { width: number; height: number; as: 'png' | 'ppm' }): Promise<Buffer>
  /** Aborted when the screen is left: the terminal is put right at once. */
  readonly leaving: AbortSignal
}

/** `none`: this terminal shows no pictures; `interrupted`: Ctrl-C was the key. */
type Outcome = 'shown' | 'none' | 'interrupted'

/** Shows pictures on one terminal, which is asked once what it can do where `protocol` does not say. */
export function createFullPicture(protocol: Protocol | 'ask' | 'none'): (showing: Showing) => Promise<Outcome> {
  let known = protocol
  return async (showing) => {
    if (known === 'none') return 'none'
    const { stdout } = showing.io
    const keys = takeKeys(showing.io.stdin)
    let open = true
    const close = () => {
      if (!open) return
      open = false
      keys.close()
      showing.leaving.removeEventListener('abort', close)
      stdout.write(`${known === 'kitty' ? forgetKittyPicture : ''}${LEAVE}`)
    }
    showing.leaving.addEventListener('abort', close)
    stdout.write(`${ENTER}${WIPE}`)
    try {
      const told = await ask(keys, known === 'ask', (text) => stdout.write(text))
      if (known === 'ask') known = told.protocol ?? 'none'
      if (known === 'none') {
        keys.giveBack(told.typed)
        return 'none'
      }
      if (!open) return 'shown'
      const typed = told.typed || (await view(showing, { keys, protocol: known, cell: told.cell ?? CELL }))
      return typed.includes(CTRL_C) ? 'interrupted' : 'shown'
    } finally {
      close()
    }
  }
}

/** What the terminal says of itself, and what was typed meanwhile. */
async function ask(keys: Keys, protocol: boolean, write: (text: string) => unknown) {
  let text = ''
  write(questions(protocol))
  const until = performance.now() + ANSWER_MS
  for (;;) {
    const { done, rest, ...told } = readAnswers(text)
    const left = until - performance.now()
    // The beginning of an answer that never ends was typed by nobody.
    if (done || left <= 0 || keys.closed()) return { ...told, typed: done || !rest.startsWith('\u001b') ? rest : '' }
    if (await keys.come(left)) text += keys.taken()
  }
}

interface Drawing {
  readonly keys: Keys
  readonly protocol: Protocol
  readonly cell: { readonly width: number; readonly height: number }
}

/** Draws the picture, again in every new size of the window, until a key comes; the key. */
async function view(showing: Showing, { keys, protocol, cell }: Drawing): Promise<string> {
  const { io, leaving } = showing
  let drawing = 0
  const draw = async () => {
    drawing++
    const mine = drawing
    const { columns, rows } = showing.size()
    const box = { columns, rows: Math.max(1, rows - WORDS_ROWS) }
    const words = (text: string) =>
      [showing.name, text].map((line, at) => `${place(1, rows - 1 + at)}${cliTruncate(line, columns)}`).join('')
    io.stdout.write(`${WIPE}${words('loading…')}`)
    const picture = await sequenceFor({ protocol, box, cell, fetch: showing.fetch }).catch(() => null)
    if (mine !== drawing || leaving.aborted || keys.closed()) return
    io.stdout.write(
      `${WIPE}${picture ?? ''}${words(picture === null ? 'it cannot be loaded · any key returns' : 'any key returns')}`,
    )
  }
  const settled = createPause()
  const resized = () => settled.run(draw)
  io.stdout.on('resize', resized)
  try {
    void draw()
    let typed = ''
    while (typed === '' && !keys.closed()) {
      await keys.come(null)
      // An answer that comes late is no key.
      typed = readAnswers(keys.taken()).rest
    }
    drawing++
    return typed
  } finally {
    settled.cancel()
    io.stdout.off('resize', resized)
  }
}

interface Wanted extends Pick<Drawing, 'protocol' | 'cell'>, Pick<Showing, 'fetch'> {
  readonly box: CellBox
}

/** The picture, in the middle of the box; null where the house sends none. */
async function sequenceFor({ protocol, box, cell, fetch }: Wanted): Promise<string | null> {
  const as = protocol === 'sixel' ? 'ppm' : 'png'
  const within = (pixels: number) => Math.max(1, Math.min(MOST[as], Math.floor(pixels)))
  const most = { width: within(box.columns * cell.width), height: within(box.rows * cell.height) }
  const bytes = await fetch({ ...most, as })
  if (protocol === 'sixel') {
    const picture = ppmIn(bytes, most)
    return (
      picture &&
      `${place(1 + Math.floor((box.columns - Math.ceil(picture.width / cell.width)) / 2), 1)}${sixelPicture(picture)}`
    )
  }
  const picture = pngIn(bytes, most)
  if (!picture) return null
  const shown = fitPicture(picture, box, cell)
  const at = place(1 + Math.floor((box.columns - shown.columns) / 2), 1)
  return `${at}${protocol === 'kitty' ? kittyPicture(picture, shown) : iterm2Picture(picture, shown)}`
}

interface Keys {
  /** Whether something came in so many ms; null: however long it takes. False once closed. */
  come(ms: number | null): Promise<boolean>
  /** What came in since it was last asked for. */
  taken(): string
  /** For whoever reads next. */
  giveBack(typed: string): void
  closed(): boolean
  close(): void
}

/** Every key as it comes, none waiting for Enter. */
function takeKeys(stdin: WindowIo['stdin']): Keys {
  const terminal = stdin as Readable & Partial<Pick<NodeJS.ReadStream, 'setRawMode' | 'ref' | 'unref'>>
  let [text, closed] = ['', false]
  let wake = () => {}
  const read = () => {
    for (let part: unknown = stdin.read(); part !== null; part = stdin.read()) text += String(part)
    if (text !== '') wake()
  }
  terminal.setRawMode?.(true)
  terminal.ref?.()
  stdin.setEncoding('utf8')
  stdin.on('readable', read)
  return {
    async come(ms) {
      if (text === '' && !closed)
        await new Promise<void>((resolve) => {
          // What has come by then is read first.
          const timer = ms === null ? undefined : setTimeout(() => setImmediate(resolve), ms)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      return text !== ''
    },
    taken() {
      const taken = text
      text = ''
      return taken
    },
    giveBack: (typed) => void (typed !== '' && stdin.unshift(typed, 'utf8')),
    closed: () => closed,
    close() {
      closed = true
      stdin.off('readable', read)
      terminal.setRawMode?.(false)
      terminal.unref?.()
      wake()
    },
  }
}
