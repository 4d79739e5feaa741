/** A picture that moves: which of its frames is shown, and when the next one is. */
import { pictureBox } from './geometry.ts'
import type { Change, Effect, Model } from './model.ts'
import type { PictureState } from './picture-state.ts'

/** Cells that are drawn anew in a millisecond, 300 KB a second at most: a picture of many cells moves in larger steps. */
const CELLS_PER_MS = 8

/** Whether it moves now. There is more than one frame only where somebody opened it: nothing moves beside what must be read. */
const moves = (model: Model): boolean => model.picture.frames.length > 1 && pictureBox(model) !== null

/** Sets a picture in motion that comes into sight. */
export function begunMotion(before: Model, [after, effects]: Change): Change {
  const same = after.picture.frames === before.picture.frames
  if (!moves(after) || (same && moves(before))) return [after, effects]
  const picture = { ...after.picture, turn: after.picture.turn + 1 }
  return [{ ...after, picture }, [...effects, awaitNext(picture)]]
}

/** The screen with the frame that has been waited for. */
export function onFrame(model: Model, turn: number): Change {
  const { picture } = model
  const { grid, frames } = picture
  if (turn !== picture.turn || !moves(model) || grid === null) return [model, []]
  const { at } = nextOf(picture)
  const next = { ...picture, at, grid: { ...grid, rows: frames[at]?.rows ?? grid.rows } }
  return [{ ...model, picture: next }, [awaitNext(next)]]
}

const awaitNext = (picture: PictureState): Effect => ({
  type: 'awaitFrame',
  turn: picture.turn,
  afterMs: nextOf(picture).afterMs,
})

/** The frame after the one shown, or, where that would be too soon, the first that is not; all over again after the last. */
function nextOf({ frames, at, grid }: PictureState): { at: number; afterMs: number } {
  const cells = grid === null ? 0 : grid.width * Math.ceil(grid.height / 2)
  const least = cells / CELLS_PER_MS
  let [next, afterMs] = [at, 0]
  do {
    afterMs += frames[next]?.delayMs ?? 0
    next = (next + 1) % frames.length
  } while (afterMs < least && next !== at)
  // All of it is shorter than one step: then one frame after the other, however slowly.
  return next === at ? { at: (at + 1) % frames.length, afterMs: least } : { at: next, afterMs }
}
