/** How a person likes pictures: what their settings say, as far as their terminal can. */
import type { Io } from '../io.ts'
import { rules, settingOf } from '../settings.ts'
import { type Protocol, protocolBy } from './graphics-support.ts'
import type { PictureTaste } from './picture-state.ts'

/** The taste, and how the terminal is given a picture in full. Throws USAGE for a setting that it cannot have. */
export function pictureTaste({ env, colour, ascii }: Pick<Io, 'env' | 'colour' | 'ascii'>): {
  readonly taste: PictureTaste
  readonly protocol: Protocol | 'ask' | 'none'
} {
  const how = rules.pictures.parse(settingOf(env, 'pictures').value)
  const motion = rules.motion.parse(settingOf(env, 'motion').value) === 'on'
  const named = how === 'auto' ? protocolBy(env) : how
  const protocol = named === 'blocks' || named === 'off' || !colour ? 'none' : named
  const cells = how === 'off' ? 'words' : ascii ? 'blanks' : 'blocks'
  return { taste: { full: protocol !== 'none', cells, motion }, protocol }
}
