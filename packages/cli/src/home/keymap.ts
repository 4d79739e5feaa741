/** Every key of the home screen: one table, from which keys are looked up and the footer and the help are drawn. */
import { type Binding, screenKeys } from '../screen/keyboard.ts'
import { fits } from '../screen/model.ts'
import { chosen, type Home, type Msg, type Tab, tabNames } from './model.ts'

const FILTER = 'Writing the filter, after /'
const LIST = 'On the list'

const typing = (home: Home) => fits(home) && home.filter.typing && home.panel === 'none'
const free = (home: Home) => fits(home) && !typing(home)
const onList = (home: Home) => free(home) && home.panel === 'none'

/** The tab so many further on, around the end. */
const beside = ({ tab }: Home, by: number): Tab =>
  tabNames[(tabNames.indexOf(tab) + by + tabNames.length) % tabNames.length] ?? tab

export const keymap: readonly Binding<Home, Msg>[] = [
  {
    keys: ['enter'],
    label: 'Enter',
    help: 'keep the filter',
    where: FILTER,
    rank: 1,
    when: typing,
    message: () => ({ type: 'keep_filter' }),
  },
  {
    keys: ['backspace', 'delete'],
    label: 'Backspace',
    help: 'take back a letter',
    where: FILTER,
    rank: null,
    when: typing,
    message: () => ({ type: 'erase' }),
  },
  {
    keys: [],
    text: true,
    label: 'letters',
    help: 'words a good must have',
    where: FILTER,
    rank: null,
    when: typing,
    message: (_home, _stamp, name) => ({ type: 'typed', text: name }),
  },
  {
    keys: ['enter'],
    label: 'Enter',
    help: 'open',
    where: LIST,
    rank: 1,
    when: (home) => onList(home) && chosen(home) !== null,
    message: () => ({ type: 'open' }),
  },
  {
    keys: ['escape'],
    label: 'Esc',
    help: 'back; no filter',
    where: 'With help open, or a filter',
    rank: 2,
    when: (home) => fits(home) && (home.panel !== 'none' || home.filter.typing || home.filter.text !== ''),
    message: () => ({ type: 'escape' }),
  },
  {
    keys: ['/'],
    label: '/',
    help: 'filter',
    rank: 3,
    when: free,
    message: () => ({ type: 'edit_filter' }),
  },
  { keys: ['s'], label: 's', help: 'sort', where: LIST, rank: 4, when: onList, message: () => ({ type: 'sort' }) },
  {
    keys: ['tab', 'l', 'right'],
    label: 'Tab l',
    help: 'next tab',
    rank: 5,
    when: free,
    message: (home) => ({ type: 'tab', to: beside(home, 1) }),
  },
  {
    keys: ['shift-tab', 'h', 'left'],
    label: 'h',
    help: 'tab before',
    rank: null,
    when: free,
    message: (home) => ({ type: 'tab', to: beside(home, -1) }),
  },
  {
    keys: tabNames.map((_tab, index) => String(index + 1)),
    label: `1-${tabNames.length}`,
    help: 'tabs',
    rank: null,
    when: free,
    message: (home, _stamp, name) => ({ type: 'tab', to: tabNames[Number(name) - 1] ?? home.tab }),
  },
  ...screenKeys<Home>({
    shown: fits,
    free,
    canCopy: (home) => onList(home) && chosen(home) !== null,
    canQuit: (home) => !typing(home),
  }),
]
