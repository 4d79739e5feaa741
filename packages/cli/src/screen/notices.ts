/** The line of news at the foot of a screen: the newest, those before it, and whether it rings. */

/** One line for the person, with a sign, so that no colour is needed. */
export interface Notice {
  readonly tone: 'good' | 'bad' | 'warning' | 'plain'
  readonly text: string
}

/** The part of a screen's model that is news. */
export interface News {
  readonly notice: Notice | null
  /** Newest last; `noticeBack` is how far back the one shown is, null while it is news. */
  readonly notices: readonly { readonly at: number; readonly notice: Notice }[]
  readonly noticeBack: number | null
  readonly muted: boolean
  readonly time: { readonly now: number }
}

const MOST_NOTICES = 50

/** The model in which a new notice is kept with those before it. */
export function noted<Model extends News>(before: Model, model: Model): Model {
  const { notice, notices, time } = model
  if (notice === before.notice) return model
  if (notice === null) return { ...model, noticeBack: null }
  return { ...model, noticeBack: null, notices: [...notices, { at: time.now, notice }].slice(-MOST_NOTICES) }
}

/** The notice before the one shown; after the oldest, the newest. */
export function nextNotice<Model extends News>(model: Model): Model {
  const back = model.noticeBack === null ? (model.notice ? 1 : 0) : model.noticeBack + 1
  const noticeBack = back % model.notices.length
  return { ...model, notice: model.notices.at(-1 - noticeBack)?.notice ?? null, noticeBack }
}

/** The bell off, or on again. */
export function mute<Model extends News>(model: Model): Model {
  const text = model.muted ? '♪ The bell rings when you are outbid.' : '– The bell is off.'
  return { ...model, muted: !model.muted, notice: { tone: 'plain', text } }
}

/** The link of a good, for the clipboard and told. */
export function copyLink<Model extends News & { readonly server: string }>(
  model: Model,
  good: { readonly id: number } | null,
): readonly [Model, readonly { readonly type: 'copy'; readonly text: string }[]] {
  if (good === null) return [model, []]
  const text = `${model.server}/v1/goods/${good.id}`
  return [{ ...model, notice: { tone: 'plain', text: `✓ Copied: ${text}` } }, [{ type: 'copy', text }]]
}
