/** Views of the good as they come in, by events, answers and calls: which to believe. */
import type { GoodView } from '@auction/common/view'

/** Of two views of the good, the one that knows more. */
export function newer(known: GoodView | null, other: GoodView): GoodView {
  return known && known.epoch === other.epoch && known.seq > other.seq ? known : other
}

/** Events say how one stands, but not one's own maximum and hold: those stay as last told, while they can still be true. */
export function withOwn(before: GoodView | null, after: GoodView): GoodView {
  if (!before?.you || !after.you || before.epoch !== after.epoch) return after
  const leads = before.you.standing === 'leading' && after.you.standing === 'leading'
  // Without a bid that stands there is no maximum either.
  const max = after.you.standing === 'none' ? null : (before.you.max ?? after.you.max)
  return { ...after, you: { ...after.you, max, hold: leads ? before.you.hold : null } }
}
