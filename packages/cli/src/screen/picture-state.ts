/** What a screen knows of a picture, and how its person likes pictures. */
import type { PictureFrame, PictureGrid } from '../picture-cells.ts'

/** A picture in cells, as far as it is there. */
export interface PictureState {
  /** What was last asked for; null before. */
  readonly asked: string | null
  /** What is shown of it now. */
  readonly grid: PictureGrid | null
  readonly failed: boolean
  /** All its frames; none where it stands still. */
  readonly frames: readonly PictureFrame[]
  /** Which of them is shown. */
  readonly at: number
  /** Counts how often it began to move: whoever waits for a frame of an earlier time waits in vain. */
  readonly turn: number
}

export const noPicture: PictureState = { asked: null, grid: null, failed: false, frames: [], at: 0, turn: 0 }

/** How pictures are to be shown. */
export interface PictureTaste {
  /** Whether `i` asks the terminal for more than cells. */
  readonly full: boolean
  /** As half-blocks, as blanks of their colours where there is ASCII alone, or as words. */
  readonly cells: 'blocks' | 'blanks' | 'words'
  /** Whether what moves may. */
  readonly motion: boolean
}

export const plainTaste: PictureTaste = { full: false, cells: 'blocks', motion: false }
