/** The one way the screen changes: the Model after a message, and what is to be done. */
import type { BidAnswer } from '@auction/common/answers'
import { type AuctionError, faults } from '@auction/common/errors'
import { faultSentence, pay } from '../wording.ts'
import { type BidLine, closedLine } from './bid-line.ts'
import { chatRow, said, unsaid, withRows } from './chat.ts'
import { onFeed, withEvents } from './feed.ts'
import { pictureBox } from './geometry.ts'
import { onKey } from './keys.ts'
import type { Change, Effect, Model, Msg } from './model.ts'
import { begunMotion, onFrame } from './motion.ts'
import { outcomeOf } from './news.ts'
import { type Notice, noted } from './notices.ts'
import { newer } from './views.ts'

/** Wait before a bid whose outcome is unknown is asked for again. */
const ASK_AGAIN_MS = 2_000

/** The screen after `msg`, and what is to be done. */
export function update(model: Model, msg: Msg): Change {
  const [changed, effects] = changeBy(model, msg)
  const next = msg.type === 'next_notice' ? changed : noted(model, changed)
  const box = next === model ? null : pictureBox(next)
  const moving = next.panel === 'picture' && next.pictures.motion
  const asked = `${box?.columns}x${box?.rows}${moving ? ' moving' : ''}`
  if (box === null || asked === next.picture.asked) return begunMotion(model, [next, effects])
  const picture = { ...next.picture, asked, failed: false, frames: [] }
  return [{ ...next, picture }, [...effects, { type: 'fetchPicture', asked, ...box, moving }]]
}

function changeBy(model: Model, msg: Msg): Change {
  switch (msg.type) {
    case 'feed':
      return onFeed(model, msg.message, msg.now)
    case 'feed_ended':
      return onFeedEnded(model, msg.error)
    case 'time':
      return [{ ...model, time: msg.time }, []]
    case 'resized':
      return [{ ...model, size: msg.size }, []]
    case 'events':
      return [msg.epoch === model.good?.epoch ? withEvents(model, msg.events) : model, []]
    case 'good':
      return [{ ...model, good: newer(model.good, msg.good) }, []]
    case 'terms':
      return [{ ...model, terms: msg.terms }, []]
    case 'fetch_failed':
      return [{ ...model, notice: { tone: 'bad', text: `✗ ${faultSentence(msg.error)}` } }, []]
    case 'bid_answered':
      return onAnswer(model, msg.key, msg.answer)
    case 'bid_refused':
      return onRefusal(model, msg.key, msg.error)
    case 'picture': {
      const { asked, grid, frames = [] } = msg
      if (asked !== model.picture.asked) return [model, []]
      return [{ ...model, picture: { ...model.picture, grid, failed: grid === null, frames, at: 0 } }, []]
    }
    case 'frame':
      return onFrame(model, msg.turn)
    case 'cells_only':
      return [{ ...model, panel: 'picture', panelScroll: 0, pictures: { ...model.pictures, full: false } }, []]
    case 'chat':
      return [{ ...model, chat: withRows(model.chat, msg.lines.map(chatRow)) }, []]
    case 'said':
      return [{ ...model, chat: said(model.chat, msg.key, msg.line) }, []]
    case 'unsaid':
      return onUnsaid(model, msg.key, msg.error)
    default:
      return onKey(model, msg)
  }
}

function onFeedEnded(model: Model, error: AuctionError): Change {
  const sessionExpired = error.code === 'UNAUTHENTICATED'
  return [{ ...model, fault: error, sessionExpired, notice: { tone: 'bad', text: `■ Offline: ${error.message}` } }, []]
}

function onAnswer(model: Model, key: string, answer: BidAnswer): Change {
  const { line, me } = model
  if ((line.step !== 'sending' && line.step !== 'unknown') || line.key !== key) return [model, []]
  const good = newer(model.good, answer.good)
  const price = pay(answer.good.price)
  const leader = answer.good.leader?.nick ?? 'somebody'
  const accepted: Notice =
    answer.standing === 'leading'
      ? { tone: 'good', text: `✓ Bid accepted: you lead at ${price}.` }
      : { tone: 'bad', text: `▼ Bid accepted, but outbid at once: ${leader} leads at ${price}.` }
  const notice = good.status === 'open' ? accepted : outcomeOf(good, me)
  return [{ ...model, good, line: closedLine, notice }, []]
}

function onRefusal(model: Model, key: string, error: AuctionError): Change {
  const { line } = model
  if ((line.step !== 'sending' && line.step !== 'unknown') || line.key !== key) return [model, []]
  const { kind, text, amount } = line
  // Once in doubt, only a decision ends it: that this try was put off says nothing of those before.
  if (error.code === 'OUTCOME_UNKNOWN' || (line.step === 'unknown' && faults[error.code].retry)) {
    const tries = line.step === 'unknown' ? line.tries + 1 : 1
    const notice: Notice = { tone: 'warning', text: '? It may have counted: asking again with the same key.' }
    const again: Effect = { type: 'placeBid', key, kind, amount, afterMs: ASK_AGAIN_MS }
    return [{ ...model, line: { step: 'unknown', kind, text, amount, key, tries }, notice }, [again]]
  }
  const notice: Notice = { tone: 'bad', text: `✗ Refused: ${faultSentence(error)}` }
  const expired = error.code === 'UNAUTHENTICATED'
  const over = expired || error.code === 'NOT_OPEN' || error.code === 'OWN_GOOD'
  const next: BidLine = over ? closedLine : { step: 'amount', kind, text }
  return [{ ...model, line: next, notice, sessionExpired: model.sessionExpired || expired }, [{ type: 'fetchGood' }]]
}

function onUnsaid(model: Model, key: string, error: AuctionError): Change {
  if (model.chat.sending?.key !== key) return [model, []]
  const notice: Notice =
    error.code === 'OUTCOME_UNKNOWN'
      ? { tone: 'warning', text: '? Whether it was said is unknown: look in the chat before you say it again.' }
      : { tone: 'bad', text: `✗ Not said: ${faultSentence(error)}` }
  const expired = error.code === 'UNAUTHENTICATED'
  const sessionExpired = model.sessionExpired || expired
  return [{ ...model, chat: unsaid(model.chat, key), notice, sessionExpired }, [{ type: 'fetchChat' }]]
}
