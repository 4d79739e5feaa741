/**
 * Hostile text through every command (terminal.md, section 8): whatever a house says, what is written holds no control
 * character but newlines, tabs in a pipe, and the colours that are ours.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HostileHouse, hostileText, LACE, type Manner, openHostileHouse } from '../support/hostile-house.ts'
import { PASSWORD } from '../support/house.ts'
import { HUNG, startWith, TEST_MS } from '../support/streams.ts'
import type { Ran } from './command-line.ts'
import { environmentOf, type Line, lines, openStage, type Stage, waitFor } from './every-command.ts'
import { openRaw } from './stub-house.ts'

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what is looked for
/** The styles of this program's lines: bold, dim, red, green, and back. */
const styles = /\u001b\[(?:0|1|2|22|31|32|39)m/g
/** What its screens and questions say to a terminal besides: where to write, in which colour, how it is called. */
const drawing =
  /\u001b\[(?:[0-9;]*[ABCDEGHJKm]|\?(?:25|1049|2004|2026)[hl]|2[23];2t)|\u001b\]2;[^\p{Cc}]*\u0007|\u0007|\r(?=\n)/gu
/** What of that the laced texts say as well, which it never does, and the rest of what they say. */
const theirs = /\u001b(?:\[(?:5|31;8|38;5;201|48;2;1;2;3)m|\[6n|\]8|\]52|\][01]|[P_^Xc(#])|owned/
/** What JSON itself escapes. */
const escaped = /(?!\n)[\u0000-\u001f]/
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above
/** Control characters; but for ends of lines, and tabs in a pipe. */
const controls = /(?!\n)\p{Cc}/u
const controlsInPipe = /(?!\r?\n|\t)\p{Cc}/u
/** What is not seen, or turns what is: bidi, zero-width, tags, fillers. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}\u2028\u2029]/u
/** What is no text either: private use, lone halves, towers of marks. JSON, which keeps values whole, may have it. */
const odd = /[\p{Co}\p{Cs}\p{Cn}\u2800]|\p{M}{5}/u

let stage: Stage
let hostile: HostileHouse
beforeAll(async () => {
  const real = await openStage()
  hostile = await openHostileHouse(real.house.url)
  stage = { ...real, url: hostile.url }
  for (const nick of ['mila', 'ada'])
    await real.home.auction(['login', nick, '--password-stdin'], {
      server: hostile.url,
      stdin: `${PASSWORD}\n`,
      env: { AUCTION_TOKEN: '' },
    })
})
afterAll(async () => {
  await hostile.close()
  await stage.close()
})

/** The line once, its output on a terminal or in a pipe; a password is given, nothing else can be asked. */
async function ran(line: Line, flags: readonly string[], terminal = false): Promise<Ran> {
  const secret = line.asks?.questions.some(([asked]) => /Password/.test(asked.source))
  const words = [...(await line.words(stage)), ...flags, ...(secret ? ['--password-stdin'] : [])]
  const env = await environmentOf(line, stage)
  const stdin = secret ? `${PASSWORD}\n` : ''
  return stage.home.auction(words, { server: stage.url, terminal, columns: 200, stdin, env })
}

const written = ({ out, err }: Ran) => out + err
const expectHarmless = (text: string, forbidden: RegExp) => {
  expect(text).not.toMatch(forbidden)
  expect(text).not.toMatch(unseen)
  expect(text).not.toMatch(odd)
}

/** A pipe gets a log as its hashes are made: JSON that escapes what JSON itself must, and no more. */
const isEvidence = (line: Line, words: readonly string[]) => line.command === 'export' && !words.includes('--csv')

/** In a pipe and on a terminal; what was written. */
async function expectHarmlessLines(line: Line): Promise<string> {
  const piped = written(await ran(line, []))
  const drawn = written(await ran(line, ['--debug'], true)).replaceAll(styles, '')
  const whole = line.command === 'api' || isEvidence(line, await line.words(stage))
  expect(drawn).not.toMatch(controls)
  expect(drawn).not.toMatch(unseen)
  if (!whole) expectHarmless(drawn, controls)
  if (!whole) expectHarmless(piped, controlsInPipe)
  else expect(piped).not.toMatch(escaped)
  expect(piped).not.toMatch(/node:internal/)
  return piped + drawn
}

/** Each document of a --json: one of several lines, or one a line. */
function documentsIn(text: string): unknown[] {
  try {
    return [JSON.parse(text)]
  } catch {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  }
}

const ending = lines.filter(({ runs }) => runs === undefined)
const each = ending.map((line, nth) => ({ line, nth, name: line.command }))
/** Commands whose result is a text of its own, whatever the flags. */
const texts = ['auth', 'admin', 'config', 'help', 'completion', 'export']

describe('hostile text', () => {
  const shown = new Set<string>()

  it.each(each)('is harmless in auction $name ($nth)', async ({ line }) => {
    hostile.manner = 'texts'
    const text = await expectHarmlessLines(line)
    // The texts were taken; the answers were not refused as nonsense.
    expect(text).not.toMatch(/in a shape|makes no sense|in this program failed/)
    if (text.includes(LACE.head)) shown.add(line.command)
    if (!isEvidence(line, await line.words(stage))) expectHarmless(written(await ran(line, ['-q'])), controlsInPipe)
  })

  it.each(each.filter(({ name }) => !texts.includes(name)))(
    'is JSON with --json in auction $name ($nth)',
    async ({ line }) => {
      hostile.manner = 'texts'
      for (const terminal of [false, true]) {
        const { out, err } = await ran(line, ['--json'], terminal)
        for (const text of [out, err]) {
          expect(text).not.toMatch(controls)
          expect(text).not.toMatch(unseen)
          if (text !== '') expect(documentsIn(text)).not.toEqual([])
          if (text.includes(LACE.head)) shown.add(line.command)
        }
      }
    },
  )

  it('got through to every command that says what a house says', () => {
    const own = [
      'home',
      'auth',
      'auth token',
      'admin',
      'config',
      'config list',
      'config get',
      'config set',
      'completion',
    ]
    const silent = [
      ...own,
      'version',
      'help',
      'demo',
      'serve',
      'notifications',
      'logout',
      'admin audit',
      'admin webhook-remove',
    ]
    expect(lines.map(({ command }) => command).filter((name) => !shown.has(name) && !silent.includes(name))).toEqual([])
  })

  it('is kept whole where JSON is the answer as it came', async () => {
    hostile.manner = 'texts'
    const line = lines.find(({ command }) => command === 'api') as Line
    const { out } = await ran(line, [])
    expect(JSON.parse(out).items[0].data.name).toContain(hostileText)
    expect(JSON.parse(out)).toEqual(JSON.parse((await ran(line, ['--json'], true)).out))
  })

  it.each(['list', 'show', 'bids', 'wallet log', 'chat', 'admin users', 'won'])(
    'is harmless in the fields of %s',
    async (name) => {
      hostile.manner = 'texts'
      const line = lines.find(({ command }) => command === name) as Line
      for (const flags of [[], ['--json']])
        for (const terminal of [false, true]) {
          const { err } = await ran(line, [...flags, '--fields', 'none-of-these'], terminal)
          expectHarmless(err, controls)
          const names = /The fields are: (.+)\./.exec(err)?.[1]?.replaceAll(', ', ',') ?? ''
          expect(names).not.toBe('')
          const picked = await ran(line, [...flags, '--fields', names], terminal)
          expect(picked.out).toContain(LACE.head)
          const text = written(picked).replaceAll(styles, '')
          expect(text).not.toMatch(terminal ? controls : controlsInPipe)
          expect(text).not.toMatch(unseen)
          if (flags.length === 0) expect(text).not.toMatch(odd)
        }
    },
  )

  const manners: readonly Manner[] = ['everything', 'currencies', 'refusals']
  describe.each(manners)('of the manner "%s"', (manner) => {
    it.each(each.filter(({ name }) => !['relist', 'offer'].includes(name)))(
      'is harmless in auction $name ($nth)',
      async ({ line }) => {
        hostile.manner = manner
        await expectHarmlessLines(line)
      },
    )
  })
})

describe('hostile text on a person’s terminal', () => {
  const drawn = lines.filter(({ command, asks, runs }) => asks ?? (runs && !['serve', 'demo'].includes(command)))
  const rows = drawn.map((line, nth) => ({ line, nth, name: line.command }))

  it.each(rows)('is harmless in auction $name ($nth)', { timeout: TEST_MS }, async ({ line }) => {
    hostile.manner = 'texts'
    const env = await environmentOf(line, stage)
    const words = await line.words(stage)
    const started = await startWith(words, { stdin: 'terminal', stdout: 'terminal', env, held: stage.held })
    const { terminal } = started
    try {
      const [question] = line.asks?.questions ?? []
      if (question) {
        await waitFor(started, question[0])
        terminal?.send('\u0003')
      } else {
        await waitFor(started, line.runs?.screen ?? /Connect(ed|ion: live)\./)
        await happen()
        await waitFor(started, new RegExp(LACE.head))
        for (const key of ['d', '\u001b', '?', '\u001b', '\r', 'i', '\u001b']) {
          terminal?.send(key)
          await new Promise((resolve) => setTimeout(resolve, 150))
        }
        started.signal('SIGTERM')
      }
      expect(await started.ended, started.out()).not.toBe(HUNG)
      const out = started.out()
      expect(out).not.toMatch(theirs)
      expectHarmless(out.replaceAll(drawing, ''), controls)
      expect([terminal?.alternate(), terminal?.cursorShown()]).toEqual([false, true])
    } finally {
      started.close()
    }
  })

  /** Something of every kind that whoever watches is told. */
  async function happen(): Promise<void> {
    const { mila, ada, good } = stage
    await ada.post(`/v1/goods/${good.id}/chat`, { text: 'Is it yours?' })
    await ada.bid(good.id, { max: 160, message: 'Once more.' })
    await mila.send('PATCH', `/v1/goods/${good.id}`, { note: 'It is.' })
    const { id } = await mila.sell()
    await mila.send('DELETE', `/v1/goods/${id}`, {})
  }
})

describe('a hostile head of an answer', () => {
  const head = (line: string, header: string) =>
    `HTTP/1.1 ${line}\r\n${header}\r\ncontent-type: text/html\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}`

  it.each([
    ['200 \u001b[31mOK', 'x-auction-version: 99.0.0'],
    ['500 \u009b31mNo', 'x-auction-version: 99.0.0\u001b[31m'],
    ['302 Found', 'location: http://evil/\u001b[31m'],
    ['302 Found', 'location: http://evil/\u009b31m\u009d0;owned\u009c'],
    ['200 OK', `x-auction-version: ${'9'.repeat(20_000)}`],
    ['200 OK', 'x-auction-version\u001b[31m: 1'],
  ])('is harmless: %j', async (line, header) => {
    const bytes = Buffer.from(head(line, header), 'latin1')
    const raw = await openRaw((socket) => socket.once('data', () => socket.end(bytes)))
    const env = { AUCTION_SERVER: raw.url }
    for (const words of [['list'], ['api', 'GET', '/v1/goods'], ['calendar', '1', '--json']])
      for (const terminal of [false, true]) {
        const told = written(await stage.home.auction([...words, '--debug'], { server: raw.url, terminal, env }))
        expectHarmless(told.replaceAll(styles, ''), terminal ? controls : controlsInPipe)
        expect(told).not.toBe('')
      }
    await raw.close()
  })
})
