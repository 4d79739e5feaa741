/** Pictures that move in half-blocks, how a person likes pictures, and when `i` asks the terminal for more than cells. */
import { Text } from 'ink'
import { render } from 'ink-testing-library'
import { describe, expect, it } from 'vitest'
import { framesIn, type PictureFrame } from '../../packages/cli/src/picture-cells.ts'
import { messageFor } from '../../packages/cli/src/screen/keyboard.ts'
import { keymap } from '../../packages/cli/src/screen/keymap.ts'
import { type Change, type Effect, initialModel, type Model } from '../../packages/cli/src/screen/model.ts'
import { halfway, Picture } from '../../packages/cli/src/screen/picture.tsx'
import type { PictureTaste } from '../../packages/cli/src/screen/picture-state.ts'
import { pictureTaste } from '../../packages/cli/src/screen/picture-taste.ts'
import { update } from '../../packages/cli/src/screen/update.ts'
import { now } from './command-line.ts'
import { good } from './stub-house.ts'

const usual: PictureTaste = { full: false, cells: 'blocks', motion: true }
const image = '/v1/goods/42/image'

function watching(pictures: Partial<PictureTaste> = {}, size = { columns: 80, rows: 24 }): Model {
  const taste = { ...usual, ...pictures }
  const first = initialModel({ me: null, server: 'http://house', zone: 'UTC', size, pictures: taste, now })
  return update(first, { type: 'feed', message: { type: 'snapshot', good: good({ image }) }, now })[0]
}

function press(model: Model, name: string): Change {
  const msg = messageFor(keymap, model, name, { at: 0, key: 'k' })
  return msg ? update(model, msg) : [model, []]
}

/** Frames of one colour each, `000000`, `111111` and so on. */
const frames = (delays: readonly number[], width: number, height: number): PictureFrame[] =>
  delays.map((delayMs, at) => ({ rows: Array<string>(height).fill(String(at).repeat(6 * width)), delayMs }))

/** With the picture open, and its frames there. */
function playing(delays: readonly number[], width = 4, height = 4, size = { columns: 80, rows: 24 }): Change {
  const [open] = press(watching({}, size), 'i')
  const all = frames(delays, width, height)
  const grid = { width, height, rows: all[0]?.rows ?? [] }
  return update(open, { type: 'picture', asked: open.picture.asked ?? '', grid, frames: all })
}
const colourOf = ({ picture }: Model) => picture.grid?.rows[0]?.slice(0, 1)
const waits = (effects: readonly Effect[]) => effects.flatMap((each) => (each.type === 'awaitFrame' ? [each] : []))

describe('a picture that moves', () => {
  it('is asked for with all its frames only where somebody opens it', () => {
    const moving = press(watching(), 'i')[1]
    expect(moving).toEqual([{ type: 'fetchPicture', asked: '76x15 moving', columns: 76, rows: 15, moving: true }])
    expect(press(watching({ motion: false }), 'i')[1]).toMatchObject([{ asked: '76x15', moving: false }])
    const pane = watching({}, { columns: 120, rows: 40 })
    expect(pane.picture.asked).not.toContain('moving')
  })

  it('shows one frame after the other, each for its time, and then the first again', () => {
    let [model, effects] = playing([100, 250, 150])
    const seen: unknown[] = []
    for (let step = 0; step < 5; step++) {
      const [wait] = waits(effects)
      seen.push([colourOf(model), wait?.afterMs])
      ;[model, effects] = update(model, { type: 'frame', turn: wait?.turn ?? -1 })
    }
    expect(seen).toEqual([
      ['0', 100],
      ['1', 250],
      ['2', 150],
      ['0', 100],
      ['1', 250],
    ])
  })

  it('moves in larger steps the more cells it has', () => {
    const [model, effects] = playing(Array<number>(10).fill(100), 200, 100, { columns: 250, rows: 80 })
    const [wait] = waits(effects)
    // 10,000 cells at 8 a millisecond: the whole of it is shorter than a step.
    expect(wait?.afterMs).toBe(1_250)
    expect(colourOf(update(model, { type: 'frame', turn: wait?.turn ?? -1 })[0])).toBe('1')
    const [middle, rest] = playing(Array<number>(10).fill(100), 60, 60, { columns: 120, rows: 40 })
    expect(waits(rest)).toMatchObject([{ afterMs: 300 }])
    expect(colourOf(update(middle, { type: 'frame', turn: middle.picture.turn })[0])).toBe('3')
  })

  it('stands still when it is closed, and moves on when it is opened again; nobody waits for it twice', () => {
    const [model, [first]] = playing([100, 100])
    const [closed, none] = press(model, 'i')
    expect(none).toEqual([])
    const turn = first?.type === 'awaitFrame' ? first.turn : -1
    expect(update(closed, { type: 'frame', turn })).toEqual([closed, []])
    const [again, more] = press(closed, 'i')
    expect(waits(more)).toEqual([{ type: 'awaitFrame', turn: turn + 1, afterMs: 100 }])
    expect(update(again, { type: 'frame', turn })).toEqual([again, []])
    expect(waits(update(again, { type: 'frame', turn: turn + 1 })[1])).toHaveLength(1)
    expect(waits(update(again, { type: 'mute' })[1])).toEqual([])
  })

  it('stands still in a window too small for it, and below another panel', () => {
    const [model] = playing([100, 100])
    const [tiny] = update(model, { type: 'resized', size: { columns: 40, rows: 10 } })
    expect(update(tiny, { type: 'frame', turn: model.picture.turn })[1]).toEqual([])
    const [help] = press(model, '?')
    expect(update(help, { type: 'frame', turn: model.picture.turn })).toEqual([help, []])
  })

  it('of one frame does not move', () => {
    expect(playing([100])[1]).toEqual([])
  })
})

describe('frames from the house', () => {
  const cells = { columns: 4, rows: 2 }
  const text = (count: number, odd: object = {}) =>
    JSON.stringify({
      width: 4,
      height: 4,
      frames: frames(Array<number>(count).fill(100), 4, 4).map((each) => ({
        ...each,
        rows: each.rows.map((row) => row.slice(0, 24)),
      })),
      ...odd,
    })

  it('are what they say, none shorter than 100 ms nor longer than a minute', () => {
    expect(framesIn(text(3), cells)?.frames).toHaveLength(3)
    const [row] = frames([0], 4, 4)
    const odd = [0, 150, 1e9].map((delayMs) => ({ ...row, delayMs }))
    expect(framesIn(text(0, { frames: odd }), cells)?.frames.map(({ delayMs }) => delayMs)).toEqual([100, 150, 60_000])
  })

  it.each([
    ['none', text(0)],
    ['more than 50', text(51)],
    ['larger than was asked for', text(1, { width: 5 })],
    ['of another size than they say', text(1, { height: 3 })],
    ['without a time', text(1, { frames: frames([Number.NaN], 4, 4) })],
    ['null', text(1, { frames: [null] })],
    ['one good and one not', text(1, { frames: [...frames([100], 4, 4), { rows: ['\u001b[2J'], delayMs: 100 }] })],
    ['no frames', '{"width":4,"height":4}'],
    ['no JSON', '<html>'],
  ])('are not taken when they are %s', (_what, answer) => {
    expect(framesIn(answer, cells)).toBeNull()
  })
})

describe('the key i', () => {
  it('asks the terminal for the picture in full where it may show it, and shows cells where it does not', () => {
    const model = watching({ full: true })
    expect(press(model, 'i')).toEqual([model, [{ type: 'showPicture' }]])
    const [open, effects] = update(model, { type: 'cells_only' })
    expect([open.panel, effects.map(({ type }) => type)]).toEqual(['picture', ['fetchPicture']])
    expect(press(press(open, 'i')[0], 'i')[0].panel).toBe('picture')
  })

  it('says that pictures are off where they are, and asks for none', () => {
    const [open, effects] = press(watching({ cells: 'words' }), 'i')
    expect([open.panel, effects]).toEqual(['picture', []])
    const { lastFrame } = render(<Picture model={open} width={76} height={15} />)
    expect(lastFrame()).toContain('pictures are off: http://house/v1/goods/42/image')
  })
})

describe('in ASCII', () => {
  it('a picture is blanks, each of the colour between its two pixels', () => {
    const model = watching({ cells: 'blanks' })
    const grid = { width: 2, height: 3, rows: ['000000ffffff', '202020ffffff', '102030102030'] }
    const app = render(<Text> </Text>)
    app.rerender(<Picture model={{ ...model, picture: { ...model.picture, grid } }} width={2} height={2} />)
    expect(app.lastFrame()).not.toContain('▀')
    expect([halfway('#000000', '#202021'), halfway('#ffffff', '#ffffff'), halfway('#102030', '#000000')]).toEqual([
      '#101011',
      '#ffffff',
      '#081018',
    ])
  })
})

describe('how a person likes pictures', () => {
  const env = { TERM: 'xterm-kitty', XDG_CONFIG_HOME: '/nowhere' }
  const taste = (more: Record<string, string> = {}, odd: { colour?: boolean; ascii?: boolean } = {}) =>
    pictureTaste({ env: { ...env, ...more }, colour: true, ascii: false, ...odd })

  it('is what the terminal can, unless they say otherwise', () => {
    expect(taste()).toEqual({ taste: { full: true, cells: 'blocks', motion: true }, protocol: 'kitty' })
    expect(taste({ AUCTION_PICTURES: 'sixel' })).toMatchObject({ protocol: 'sixel', taste: { full: true } })
    expect(taste({ AUCTION_PICTURES: 'blocks' })).toMatchObject({
      protocol: 'none',
      taste: { full: false, cells: 'blocks' },
    })
    expect(taste({ AUCTION_PICTURES: 'off' })).toMatchObject({
      protocol: 'none',
      taste: { full: false, cells: 'words' },
    })
    expect(taste({ AUCTION_MOTION: 'off' }).taste.motion).toBe(false)
    expect(taste({ TMUX: 'x' })).toMatchObject({ protocol: 'none', taste: { full: false } })
    expect(taste({}, { colour: false })).toMatchObject({ protocol: 'none', taste: { full: false } })
    expect(taste({}, { ascii: true })).toMatchObject({ protocol: 'kitty', taste: { full: true, cells: 'blanks' } })
  })

  it('is one of those there are', () => {
    expect(() => taste({ AUCTION_PICTURES: 'oil' })).toThrow('pictures takes auto')
    expect(() => taste({ AUCTION_MOTION: 'slow' })).toThrow('motion takes on, off')
  })
})
