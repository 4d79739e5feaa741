/** The shelves of the home screen: changed one at a time, and what is to be fetched to fill them. */
import { type Effect, type Home, needsLogin, type Shelf, type Tab, wantedOf } from './model.ts'

/** The screen with one shelf changed. */
export const withShelf = (home: Home, tab: Tab, changes: Partial<Shelf>): Home => ({
  ...home,
  shelves: { ...home.shelves, [tab]: { ...home.shelves[tab], ...changes } },
})

/** What may have moved: the tab in sight, and all one's own bids, of which one wants to hear wherever one is. */
export function look(home: Home, settled = false): readonly Effect[] {
  const inSight = needsLogin(home) ? [] : [wantedOf(home, home.tab)]
  const seen = home.tab === 'bids' && inSight[0]?.filter === ''
  const own = home.me === null || seen ? [] : [{ ...wantedOf(home, 'bids'), filter: '' }]
  return [...inSight, ...own].map((wanted) => ({ type: 'fetch', wanted, settled }))
}

/** The same good, or what has come to stand in its place. */
export function cursorIn(ids: readonly number[], { id, place }: Shelf['cursor']): Shelf['cursor'] {
  const found = id === null ? -1 : ids.indexOf(id)
  const at = found >= 0 ? found : Math.max(0, Math.min(place, ids.length - 1))
  return { id: ids[at] ?? null, place: at }
}
