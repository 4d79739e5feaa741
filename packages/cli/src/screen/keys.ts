/** What keys do to the screen: fields, panels, scrolling, leaving. */
import { enterLine, eraseFrom, fillMinimum, leaveLine, openLine, pasteInto, stepAmount, typeInto } from './bid-line.ts'
import { type Change, factsOf, fits, type Model, type Msg, withLine } from './model.ts'

export type KeyMsg = Exclude<
  Msg,
  {
    type:
      | 'feed'
      | 'feed_ended'
      | 'time'
      | 'resized'
      | 'bids'
      | 'good'
      | 'terms'
      | 'fetch_failed'
      | 'bid_answered'
      | 'bid_refused'
  }
>

/** The screen after a key. */
export function onKey(model: Model, msg: KeyMsg): Change {
  const { line } = model
  switch (msg.type) {
    case 'open_bid':
      return [{ ...model, line: openLine(line, msg.kind), notice: null, panel: 'none' }, []]
    case 'typed':
      return [{ ...model, line: typeInto(line, msg.text), notice: null }, []]
    case 'pasted':
      return [
        line.step === 'amount' && fits(model) ? { ...model, line: pasteInto(line, msg.text), notice: null } : model,
        [],
      ]
    case 'erase':
      return [{ ...model, line: eraseFrom(line), notice: null }, []]
    case 'fill_minimum':
    case 'step':
    case 'enter':
      return onAmountKey(model, msg)
    case 'escape':
      if (model.panel !== 'none') return [{ ...model, panel: 'none' }, []]
      return [{ ...model, line: leaveLine(line), notice: null }, []]
    case 'scroll': {
      const last = Math.max(0, model.bids.length - 1)
      return [{ ...model, scroll: Math.min(last, Math.max(0, model.scroll + msg.by)) }, []]
    }
    case 'panel':
      return [{ ...model, panel: model.panel === msg.panel ? 'none' : msg.panel }, []]
    case 'mute': {
      const text = model.muted ? '♪ The bell rings when you are outbid.' : '– The bell is off.'
      return [{ ...model, muted: !model.muted, notice: { tone: 'plain', text } }, []]
    }
    case 'copy': {
      const link = `${model.server}/v1/goods/${model.good?.id ?? ''}`
      return [{ ...model, notice: { tone: 'plain', text: `✓ Copied: ${link}` } }, [{ type: 'copy', text: link }]]
    }
    case 'refetch':
      return [{ ...model, notice: null }, [{ type: 'fetchGood' }, { type: 'fetchBids' }]]
    case 'suspend':
      return [model, [{ type: 'suspend' }]]
    case 'leave':
      return [model, [{ type: 'leave', code: msg.code }]]
    default:
      return msg satisfies never
  }
}

function onAmountKey(model: Model, msg: Extract<KeyMsg, { type: 'fill_minimum' | 'step' | 'enter' }>): Change {
  const { good, line } = model
  if (!good) return [model, []]
  const facts = factsOf(model, good)
  if (msg.type === 'fill_minimum')
    return [{ ...model, line: fillMinimum(line, facts), notice: null, panel: 'none' }, []]
  if (msg.type === 'step') return [{ ...model, line: stepAmount(line, msg.by, facts), notice: null, panel: 'none' }, []]
  const next = enterLine(line, facts, msg.at, msg.key)
  return [withLine(model, next), next.place ? [{ type: 'placeBid', ...next.place, afterMs: 0 }] : []]
}
