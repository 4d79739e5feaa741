/** Every key of the watch screen: one table, from which keys are looked up and every footer and the help are drawn. */
import { type Binding, screenKeys } from './keyboard.ts'
import { bidBar, chatBar, fits, isWriting, type Model, type Msg } from './model.ts'

const WRITING = 'Writing to the room, after c'
const FIELD = 'In the field of a bid, after b, x, m or +'

// Nothing unseen is acted on: in a window too small for the screen only what leaves it works.
const inField = (model: Model) =>
  fits(model) && model.line.step === 'amount' && model.panel === 'none' && !isWriting(model)
const inReview = (model: Model) => fits(model) && model.line.step === 'review' && model.panel === 'none'
const canBid = (model: Model) =>
  fits(model) &&
  !isWriting(model) &&
  bidBar(model) === null &&
  (model.line.step === 'closed' || model.line.step === 'amount')
const typing = (model: Model) => inField(model) && bidBar(model) === null
const free = (model: Model) => fits(model) && !typing(model) && !isWriting(model)
// Not beside a bid that waits for Enter: each key has one meaning at a time.
const canChat = (model: Model) => free(model) && chatBar(model) === null && model.line.step === 'closed'
const canOpen = (model: Model) => canBid(model) && !typing(model)
// Not from a bid whose outcome is open: that would be lost sight of.
const canGoBack = (model: Model) =>
  model.canGoBack && !isWriting(model) && model.line.step === 'closed' && (!fits(model) || model.panel === 'none')

export const keymap: readonly Binding<Model, Msg>[] = [
  {
    keys: ['enter'],
    label: 'Enter',
    help: 'say it',
    where: WRITING,
    rank: 1,
    when: isWriting,
    message: (_model, { key }) => ({ type: 'say', key }),
  },
  {
    keys: ['backspace', 'delete'],
    label: 'Backspace',
    help: 'take back a letter',
    where: WRITING,
    rank: null,
    when: isWriting,
    message: () => ({ type: 'erase' }),
  },
  {
    keys: [],
    text: true,
    label: 'letters',
    help: 'write to the room',
    where: WRITING,
    rank: null,
    when: isWriting,
    message: (_model, _stamp, name) => ({ type: 'typed', text: name }),
  },
  {
    keys: ['enter'],
    label: 'Enter',
    help: 'review',
    where: FIELD,
    rank: 1,
    when: typing,
    message: (_model, { at, key }) => ({ type: 'enter', at, key }),
  },
  {
    keys: ['enter'],
    label: 'Enter',
    help: 'place this bid',
    where: 'At the review of a bid, after Enter',
    rank: 1,
    when: (model) => inReview(model) && bidBar(model) === null,
    message: (_model, { at, key }) => ({ type: 'enter', at, key }),
  },
  {
    keys: ['escape'],
    label: 'Esc',
    help: 'back',
    where: 'With a field, a review, help, description or picture open',
    rank: 2,
    when: (model) => (fits(model) && model.panel !== 'none') || isWriting(model) || inField(model) || inReview(model),
    message: () => ({ type: 'escape' }),
  },
  {
    keys: ['escape'],
    label: 'Esc',
    help: 'back to the list',
    where: 'With nothing of that open, where the good was opened from the home screen',
    rank: 2,
    when: canGoBack,
    message: () => ({ type: 'go_back' }),
  },
  {
    keys: ['b'],
    label: 'b',
    help: 'bid',
    rank: 3,
    when: canOpen,
    message: () => ({ type: 'open_bid', kind: 'exact' }),
  },
  { keys: ['m'], label: 'm', help: 'min bid', rank: 4, when: canBid, message: () => ({ type: 'fill_minimum' }) },
  {
    keys: ['x'],
    label: 'x',
    help: 'max bid',
    rank: 5,
    when: canOpen,
    message: () => ({ type: 'open_bid', kind: 'max' }),
  },
  { keys: ['c'], label: 'c', help: 'chat', rank: 6, when: canChat, message: () => ({ type: 'open_chat' }) },
  { keys: ['+', '='], label: '+', help: 'step up', rank: 13, when: canBid, message: () => ({ type: 'step', by: 1 }) },
  {
    keys: ['-'],
    label: '-',
    help: 'step down',
    where: FIELD,
    rank: 7,
    when: typing,
    message: () => ({ type: 'step', by: -1 }),
  },
  {
    keys: ['backspace', 'delete'],
    label: 'Backspace',
    help: 'take back a digit',
    where: FIELD,
    rank: null,
    when: typing,
    message: () => ({ type: 'erase' }),
  },
  {
    keys: ['tab', 'shift-tab'],
    label: 'Tab',
    help: 'bids or chat',
    rank: null,
    when: free,
    message: () => ({ type: 'next_pane' }),
  },
  {
    keys: ['d'],
    label: 'd',
    help: 'description',
    rank: 12,
    when: free,
    message: () => ({ type: 'panel', panel: 'description' }),
  },
  {
    keys: ['i'],
    label: 'i',
    help: 'picture',
    rank: 10,
    when: (model) => free(model) && Boolean(model.good?.image),
    message: () => ({ type: 'panel', panel: 'picture' }),
  },
  ...screenKeys<Model>({
    shown: fits,
    free,
    canCopy: (model) => free(model) && model.good !== null,
    canQuit: (model) => !typing(model) && !isWriting(model),
  }),
  {
    keys: [...'0123456789.,'],
    label: '0-9 .',
    help: 'type an amount',
    where: FIELD,
    rank: null,
    when: typing,
    message: (_model, _stamp, name) => ({ type: 'typed', text: name }),
  },
]
