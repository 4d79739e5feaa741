/** What keys do to the screen: fields, panels, scrolling, leaving. */
import { enterLine, eraseFrom, fillMinimum, leaveLine, openLine, pasteInto, stepAmount, typeInto } from './bid-line.ts'
import { eraseLast, pasteLine, scrollChat, sendDraft, write } from './chat.ts'
import { panesOf } from './geometry.ts'
import { mostHelpScroll } from './key-lines.ts'
import { keymap } from './keymap.ts'
import { type Change, factsOf, fits, isWriting, type KeyMsg, type Model, withLine } from './model.ts'
import { copyLink, mute, nextNotice } from './notices.ts'
import { FRAME, wrapText } from './words.ts'

/** The screen after a key. */
export function onKey(model: Model, msg: KeyMsg): Change {
  const { line } = model
  switch (msg.type) {
    case 'open_bid':
      return [{ ...model, line: openLine(line, msg.kind), notice: null, panel: 'none' }, []]
    case 'typed':
    case 'pasted':
    case 'erase':
      return [isWriting(model) ? onChatText(model, msg) : onAmountText(model, msg), []]
    case 'open_chat':
      return [{ ...model, chat: { ...model.chat, writing: true, scroll: 0 }, panel: 'none', notice: null }, []]
    case 'say': {
      const chat = sendDraft(model.chat, msg.key)
      if (chat === model.chat) return [model, []]
      return [{ ...model, chat, notice: null }, chat.sending ? [{ type: 'say', ...chat.sending }] : []]
    }
    case 'next_pane':
      return [{ ...model, focus: model.focus === 'bids' ? 'chat' : 'bids' }, []]
    case 'fill_minimum':
    case 'step':
    case 'enter':
      return onAmountKey(model, msg)
    case 'escape':
      if (model.panel !== 'none') return [{ ...model, panel: 'none' }, []]
      if (model.chat.writing) return [{ ...model, chat: { ...model.chat, writing: false }, notice: null }, []]
      return [{ ...model, line: leaveLine(line), notice: null }, []]
    case 'scroll': {
      if (model.panel !== 'none') return [{ ...model, panelScroll: scrolledPanel(model, msg.by) }, []]
      if (model.focus === 'chat' && panesOf(model).chat > 0)
        return [{ ...model, chat: scrollChat(model.chat, msg.by) }, []]
      const last = Math.max(0, model.bids.length - Math.max(1, panesOf(model).bids - 1))
      return [{ ...model, scroll: Math.min(last, Math.max(0, model.scroll + msg.by)) }, []]
    }
    case 'panel': {
      if (msg.panel === 'picture' && model.panel !== 'picture' && model.pictures.full)
        return [model, [{ type: 'showPicture' }]]
      const panel = model.panel === msg.panel ? 'none' : msg.panel
      return [{ ...model, panel, panelScroll: 0 }, []]
    }
    case 'next_notice':
      return [nextNotice(model), []]
    case 'mute':
      return [mute(model), []]
    case 'copy':
      return copyLink(model, model.good)
    case 'refetch':
      return [
        { ...model, notice: null },
        [{ type: 'fetchGood' }, { type: 'fetchEvents', upTo: model.good?.seq ?? 0 }, { type: 'fetchChat' }],
      ]
    case 'suspend':
      return [model, [{ type: 'suspend' }]]
    case 'go_back':
      return [model, [{ type: 'go_back' }]]
    case 'leave':
      return [model, [{ type: 'leave', code: msg.code }]]
    default:
      return msg satisfies never
  }
}

function scrolledPanel({ size, good, panel, panelScroll, ...model }: Model, by: number): number {
  const { middle } = panesOf({ size, good, chat: model.chat })
  if (panel === 'help') {
    const most = mostHelpScroll(keymap, size.columns - FRAME.columns, middle - FRAME.rows)
    return Math.max(0, Math.min(most, panelScroll + by))
  }
  if (panel !== 'description') return 0
  const room = middle - FRAME.rows - 1
  const last = wrapText(good?.description ?? '', size.columns - FRAME.columns).length - room
  return Math.max(0, Math.min(last, panelScroll + by))
}

type TextMsg = Extract<KeyMsg, { type: 'typed' | 'pasted' | 'erase' }>

function onChatText({ chat, ...model }: Model, msg: TextMsg): Model {
  if (msg.type === 'erase') return { ...model, chat: eraseLast(chat) }
  return { ...model, chat: msg.type === 'typed' ? write(chat, msg.text) : pasteLine(chat, msg.text) }
}

function onAmountText(model: Model, msg: TextMsg): Model {
  const { line } = model
  if (msg.type === 'erase') return { ...model, line: eraseFrom(line), notice: null }
  if (msg.type === 'typed') return { ...model, line: typeInto(line, msg.text), notice: null }
  return line.step === 'amount' && fits(model) ? { ...model, line: pasteInto(line, msg.text), notice: null } : model
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
