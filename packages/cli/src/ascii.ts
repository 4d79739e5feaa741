/** The program's own signs in plain ASCII, for terminals that have no others: replaced where text leaves the program. */
import type { Io } from './io.ts'

/** Each of our signs, all of them one cell wide, and after it what stands for it. People's letters are not among them. */
const pairs = [
  '●* ◌o ▲^ ▼v ▽v △^ ■# ★* ☆* ◆* ◇o ○o □o ▣# ✓+ ✗x ↻~ ♪! …. ·- –- —- •* ×x',
  '→> ←< ↑^ ↓v ◂< ▸> ◀< ▶> ▾v ▴^ ❯> ✔+ ✖x ⚠! ℹi ›> ‹< │| ┃| ▏| ▌| ▐|',
  '─- ━- ╭+ ╮+ ╰+ ╯+ ┌+ ┐+ └+ ┘+ ├+ ┤+ ┬+ ┴+ ┼+ ╌- ═= ║|',
  '⎺" ⎻- ⎼- ⎽_ ▁_ ▂. ▃- ▄~ ▅= ▆+ ▇* █# ░- ▒: ▓% ▀"',
  // Currencies as en-US writes them.
  '€E £L ¥Y ₩W ₹R ₫d ₪S ₱P ₽R ₺T ₴H ฿B ₦N',
].flatMap((line) => line.split(' '))
const signs = new Map([...pairs, '\u00a0 '].map((pair) => [pair.slice(0, 1), pair.slice(1)]))
const known = new RegExp(`[${[...signs.keys()].join('')}]`, 'gu')

/** The text with our signs in ASCII; it is as wide as before, and everything else stays. */
export const asAscii = (text: string): string => text.replace(known, (sign) => signs.get(sign) ?? sign)

/** Any JSON in ASCII: nothing is lost. */
export const asAsciiJson = (json: string): string =>
  json.replace(/[^\n\u0020-\u007e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Whether the environment names an alphabet that is not Unicode; where it names none, nothing is known. */
export function lacksUnicode({ LC_ALL, LC_CTYPE, LANG }: Io['env']): boolean {
  const said = LC_ALL || LC_CTYPE || LANG || ''
  const charset = /^(C|POSIX)$/.test(said) ? said : /\.([^@]+)/.exec(said)?.[1]
  return charset !== undefined && !/^utf-?8$/i.test(charset)
}

/** An Io whose terminals are written to in ASCII. What goes elsewhere stays as it is: it is for programs. */
export function inAscii(io: Io): Io {
  const [stdout, stderr] = [asciiStream(io.stdout), asciiStream(io.stderr)]
  return Object.create(io, {
    ascii: { value: true },
    stdout: { value: stdout },
    stderr: { value: stderr },
    out: { value: (text: string) => void stdout.write(text) },
    err: { value: (text: string) => void stderr.write(text) },
  }) as Io
}

/** The stream itself, but for what is written to it as text. */
function asciiStream<S extends Io['stderr']>(stream: S): S {
  if (!stream.isTTY) return stream
  const write = (chunk: unknown, ...rest: []) =>
    stream.write(typeof chunk === 'string' ? asAscii(chunk) : chunk, ...rest)
  return new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return write
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
