/** --fields: which columns, facts or keys of a result are wanted, in that order. */
import type { AuctionError } from '@auction/common/errors'
import { usage } from './input.ts'

/** The names in the value of --fields. Throws USAGE when there is none. */
export function parseFields(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === ''))
    throw usage('--fields takes names with commas between: --fields id,name,price.')
  return names
}

/** How a field is written: `buy now` is `buy-now`. */
const nameOf = (title: string): string => title.replaceAll(' ', '-')
// `buyNow`, `buy-now` and `buy now` are one.
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** Each of `names` by its place among `titles`. Throws USAGE, naming the titles, for one that is not there. */
export function placesOf(names: readonly string[], titles: readonly string[]): readonly number[] {
  const known = titles.map(plain)
  return names.map((name) => {
    const place = known.indexOf(plain(name))
    if (place < 0) throw unknownField(name, titles)
    return place
  })
}

function unknownField(name: string, titles: readonly string[]): AuctionError {
  return usage(`There is no field "${name}" here.`, `The fields are: ${titles.map(nameOf).join(', ')}.`)
}

type Keyed = Readonly<Record<string, unknown>>
const isKeyed = (value: unknown): value is Keyed => value !== null && typeof value === 'object' && !Array.isArray(value)

/** An answer with the wanted keys alone: of each of its items, where it is a list, else its own. */
export function pick(answer: unknown, names: readonly string[]): unknown {
  if (!isKeyed(answer)) return answer
  if (!Array.isArray(answer.items)) return chosen(answer, titlesOf([answer], names))
  const items = answer.items.filter(isKeyed)
  const keys = items.length === 0 ? [] : titlesOf(items, names)
  return { ...answer, items: items.map((item) => chosen(item, keys)) }
}

/** As `pick`, for one of many lines, which need not have the same keys. */
export function pickSome(line: unknown, names: readonly string[]): unknown {
  if (!isKeyed(line)) return line
  return Object.fromEntries(names.flatMap((name) => Object.entries(line).filter(([key]) => plain(key) === plain(name))))
}

/** The wanted keys as the items write them; a key that only some have is one too. */
function titlesOf(items: readonly Keyed[], names: readonly string[]): readonly string[] {
  const keys = [...new Set(items.flatMap((item) => Object.keys(item)))]
  return placesOf(names, keys).flatMap((place) => keys[place] ?? [])
}

const chosen = (item: Keyed, keys: readonly string[]): Keyed =>
  Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]))
