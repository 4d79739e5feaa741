/** The room on the screen: what is said, who comes and goes, and the line one writes oneself. */
import type { ChatLine } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import type { GoodView } from '@auction/common/view'
import { renderToString } from 'ink'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { MOST_LINES } from '../../packages/cli/src/screen/chat.ts'
import { chatFieldLine, chatLines } from '../../packages/cli/src/screen/chat-pane.ts'
import { footerKeys, messageFor } from '../../packages/cli/src/screen/keyboard.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { Screen } from '../../packages/cli/src/screen/layout.tsx'
import { type Effect, initialModel, type Model, type Msg } from '../../packages/cli/src/screen/model.ts'
import { update } from '../../packages/cli/src/screen/update.ts'
import { wrapText } from '../../packages/cli/src/screen/words.ts'
import { now } from './command-line.ts'
import { good } from './stub-house.ts'

const [ada, zoe, mila] = [
  { id: 5, nick: 'ada' },
  { id: 3, nick: 'zoë' },
  { id: 1, nick: 'mila' },
]
const minutes = (n: number) => new Date(now + n * 60_000).toISOString()
const line = (id: number, author: typeof ada, text: string | null, rest: Partial<ChatLine> = {}): ChatLine => {
  return { id, goodId: 42, author, at: minutes(id), text, picture: null, removedBy: null, ...rest }
}
const hear = (said: ChatLine): Msg => ({ type: 'feed', message: { type: 'chat', line: said }, now })

interface Start {
  size?: Model['size']
  me?: Model['me']
  changes?: Partial<GoodView>
}

function watching({ size = { columns: 80, rows: 24 }, me = ada, changes = {} }: Start = {}): Model {
  const first = initialModel({ me, server: 'http://house', zone: 'UTC', size, now })
  const snapshot = { type: 'snapshot', good: good({ seq: 12, ...changes }) } as const
  return update(first, { type: 'feed', message: snapshot, now })[0]
}

function play(model: Model, ...messages: Msg[]): { model: Model; effects: readonly Effect[] } {
  let effects: readonly Effect[] = []
  for (const msg of messages) [model, effects] = update(model, msg)
  return { model, effects }
}

/** The keys pressed one after the other, as the keymap reads them. */
function press(model: Model, ...names: string[]): { model: Model; effects: readonly Effect[] } {
  let effects: readonly Effect[] = []
  for (const name of names) {
    const msg = messageFor(keymap, model, name, { at: 0, key: 'key-1' })
    effects = []
    if (msg) [model, effects] = update(model, msg)
  }
  return { model, effects }
}

const wordsOf = (lines: ReturnType<typeof chatLines>) =>
  lines.map((each) =>
    each
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  )
const draw = (model: Model) => renderToString(<Screen model={model} />, { columns: model.size.columns }).split('\n')

describe('what is said', () => {
  it('is asked for with the good, and stands in order of time, each line once', () => {
    const [, effects] = update(watching(), {
      type: 'feed',
      message: { type: 'snapshot', good: good({ epoch: 'other' }) },
      now,
    })
    expect(effects).toContainEqual({ type: 'fetchChat' })
    const lines = [line(3, zoe, 'three'), line(1, mila, 'one')]
    const { model } = play(watching(), hear(line(2, ada, 'two')), { type: 'chat', lines }, hear(line(3, zoe, 'three')))
    expect(wordsOf(chatLines(model, 40, 10)).slice(1)).toEqual([
      '12:01 mila: one',
      '12:02 you: two',
      '12:03 zoë: three',
    ])
  })

  it('goes when it is removed, and an older answer does not bring it back', () => {
    const removed = line(1, zoe, null, { removedBy: mila })
    const late: Msg = { type: 'chat', lines: [line(1, zoe, 'rude')] }
    const { model } = play(watching(), hear(line(1, zoe, 'rude')), hear(removed), late)
    expect(wordsOf(chatLines(model, 60, 10)).slice(1)).toEqual(['12:01 ✗ a line of zoë was removed by mila'])
  })

  it('tells a picture by its address', () => {
    const { model } = play(watching(), hear(line(1, zoe, null, { picture: '/v1/goods/42/chat/1/image' })))
    expect(wordsOf(chatLines(model, 60, 10))[1]).toBe('12:01 zoë: ▣ a picture: /v1/goods/42/chat/1/image')
  })

  it('stands beside who came and went', () => {
    const came = { type: 'watchers', watchers: 4, joined: zoe } as const
    const went = { type: 'watchers', watchers: 3, left: zoe } as const
    const { model } = play(
      watching(),
      { type: 'feed', message: came, now },
      { type: 'feed', message: went, now: now + 60_000 },
    )
    expect(wordsOf(chatLines(model, 40, 10)).slice(1)).toEqual(['12:00 → zoë came in', '12:01 ← zoë left'])
    expect(model.good?.watchers).toBe(3)
  })

  it('is wrapped between words and never wider than its pane, whatever it is', () => {
    const long = `${'word '.repeat(60)}${'陳'.repeat(200)}`
    const { model } = play(watching(), hear(line(1, zoe, long)))
    for (const each of wordsOf(chatLines(model, 30, 20))) expect(stringWidth(each)).toBeLessThanOrEqual(30)
    expect(wrapText('shutter was serviced', 9)).toEqual(['shutter', 'was', 'serviced'])
    expect(wrapText('abcdefgh', 3)).toEqual(['abc', 'def', 'gh'])
    expect(wrapText('a\n\nb', 3)).toEqual(['a', '', 'b'])
  })

  it(`is kept to the last ${MOST_LINES} lines`, () => {
    const lines = Array.from({ length: MOST_LINES + 100 }, (_, index) => line(index + 1, zoe, `line ${index + 1}`))
    const { model } = play(watching(), { type: 'chat', lines })
    expect([model.chat.rows.length, model.chat.rows[0]?.text]).toEqual([MOST_LINES, 'line 101'])
  })

  it('stays in sight while somebody reads further up', () => {
    const lines = Array.from({ length: 30 }, (_, index) => line(index + 1, zoe, `line ${index + 1}`))
    const before = press(play(watching(), { type: 'chat', lines }).model, 'tab', 'up', 'up').model
    const seen = wordsOf(chatLines(before, 40, 5)).slice(1)
    expect(seen.at(-1)).toBe('12:28 zoë: line 28')
    const after = play(before, hear(line(31, zoe, 'line 31'))).model
    expect(wordsOf(chatLines(after, 40, 5)).slice(1)).toEqual(seen)
    expect(wordsOf(chatLines(press(after, 'G').model, 40, 5)).at(-1)).toBe('12:31 zoë: line 31')
  })

  it('of another log is forgotten with it', () => {
    const other = { type: 'snapshot', good: good({ epoch: 'other' }) } as const
    expect(
      play(watching(), hear(line(1, zoe, 'hello')), { type: 'feed', message: other, now }).model.chat.rows,
    ).toEqual([])
  })
})

describe('to say something', () => {
  const letters = [...'quick bid? m1']

  it('c opens a line that takes every letter, and Enter sends it once', () => {
    const written = press(watching(), 'c', ...letters)
    expect([written.model.chat.draft, written.effects]).toEqual(['quick bid? m1', []])
    const sent = press(written.model, 'enter')
    expect(sent.effects).toEqual([{ type: 'say', key: 'key-1', text: 'quick bid? m1' }])
    expect(press(sent.model, 'x', 'enter').effects).toEqual([])
    const answered = play(sent.model, { type: 'said', key: 'key-1', line: line(9, ada, 'quick bid? m1') }).model
    expect([answered.chat.sending, answered.chat.draft, answered.chat.writing]).toEqual([null, '', true])
    expect(wordsOf(chatLines(answered, 40, 5)).at(-1)).toBe('12:09 you: quick bid? m1')
  })

  it('an empty line sends nothing', () => {
    expect(press(watching(), 'c', ' ', ' ', 'enter').effects).toEqual([])
  })

  it('Esc leaves the field and keeps what was begun; then keys mean what they did', () => {
    const { model } = press(watching(), 'c', 'h', 'i', 'escape')
    expect([model.chat.writing, model.chat.draft]).toEqual([false, 'hi'])
    expect(messageFor(keymap, model, 'q', { at: 0, key: 'k' })).toEqual({ type: 'leave', code: 0 })
    expect(press(model, 'c', '!').model.chat.draft).toBe('hi!')
  })

  it('Ctrl-C leaves from inside the field, and q does not', () => {
    const { model } = press(watching(), 'c')
    expect(messageFor(keymap, model, 'ctrl-c', { at: 0, key: 'k' })).toEqual({ type: 'leave', code: 130 })
    expect(press(model, 'q').model.chat.draft).toBe('q')
  })

  it('takes back whole letters, of more than one code point too', () => {
    const typed = press(watching(), 'c', 'n', 'o', 'e', '\u0308').model
    expect(typed.chat.draft).toBe('noë')
    expect(press(typed, 'backspace', 'backspace').model.chat.draft).toBe('n')
  })

  it('a paste adds its first line, harmless, and sends nothing', () => {
    const { model, effects } = play(press(watching(), 'c', 'a').model, {
      type: 'pasted',
      text: ' b\u001b[2Jc\u202e\r\nd\r',
    })
    expect([model.chat.draft, effects]).toEqual(['abc', []])
  })

  it('is bounded to 500 characters', () => {
    const { model } = play(press(watching(), 'c').model, { type: 'pasted', text: 'x'.repeat(900) })
    expect(model.chat.draft).toHaveLength(500)
  })

  it('what the house refuses is told, and the text comes back', () => {
    const sent = press(watching(), 'c', 'h', 'i', 'enter').model
    const refused: Msg = { type: 'unsaid', key: 'key-1', error: new AuctionError('RATE_LIMITED') }
    const { model, effects } = play(sent, refused)
    expect([model.chat.draft, model.chat.sending]).toEqual(['hi', null])
    expect(model.notice).toMatchObject({ tone: 'bad', text: /^✗ Not said: / })
    expect(effects).toEqual([{ type: 'fetchChat' }])
    const doubt = play(sent, { ...refused, error: new AuctionError('OUTCOME_UNKNOWN') }).model
    expect(doubt.notice).toMatchObject({ tone: 'warning', text: /look in the chat/ })
    expect(play(sent, { ...refused, key: 'other' }).model).toBe(sent)
  })

  it('needs an account: without one c does nothing, and the pane says why', () => {
    const model = watching({ me: null })
    expect(messageFor(keymap, model, 'c', { at: 0, key: 'k' })).toBeNull()
    expect(wordsOf(chatLines(model, 40, 4))[0]).toMatch(/CHAT +log in to chat/)
  })

  it('never stands beside a bid that waits for its Enter', () => {
    const { model } = play(watching(), { type: 'open_bid', kind: 'exact' })
    expect(messageFor(keymap, model, 'c', { at: 0, key: 'k' })).toBeNull()
    const writing = press(watching(), 'c').model
    for (const name of ['b', 'm', 'x', '+'])
      expect(messageFor(keymap, writing, name, { at: 0, key: 'k' })).toEqual({ type: 'typed', text: name })
    expect(footerKeys(keymap, writing).map(({ help }) => help)).toEqual(['say it', 'back'])
  })
})

describe('on the screen', () => {
  const chatty = (size: Model['size']) => play(watching({ size }), hear(line(1, zoe, 'shutter serviced?'))).model

  it('the chat stands below the bids at 80x24, and its field in the place of the bid', () => {
    const lines = draw(chatty({ columns: 80, rows: 24 }))
    expect(lines.join('\n')).toMatch(/│ CHAT +c to write │/)
    expect(lines.join('\n')).toContain('12:01 zoë: shutter serviced?')
    const writing = draw(press(chatty({ columns: 80, rows: 24 }), 'c', 'y', 'e', 's').model)
    expect(writing.join('\n')).toMatch(/│ SAY yes▏ +Enter says it · Esc leaves │/)
  })

  it('is hidden where there is no room, until one writes', () => {
    for (const size of [
      { columns: 60, rows: 15 },
      { columns: 80, rows: 16 },
    ]) {
      const model = chatty(size)
      expect(draw(model).join('\n')).not.toContain('serviced')
      const writing = draw(press(model, 'c').model).join('\n')
      expect(writing).toContain('zoë: shutter serviced?')
      expect(writing).toMatch(/\d\d:\d\d:\d\d|ENDED/)
    }
  })

  it('the field shows the end of what is too long for it', () => {
    const { model } = play(press(watching(), 'c').model, { type: 'pasted', text: `${'x'.repeat(200)}end` })
    for (const width of [20, 56, 76, 120]) {
      const text = chatFieldLine(model, width)
        .map((span) => span.text)
        .join('')
      expect([width, stringWidth(text)]).toEqual([width, width])
      expect(text).toMatch(/end▏/)
    }
  })
})
