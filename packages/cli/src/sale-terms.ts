/** The terms of a sale as flags: what `auction sell`, `edit` and `relist` have alike. */
import { priceFault } from '@auction/common/good'
import type { Client } from './client.ts'
import type { Input } from './command.ts'
import type { Context } from './context.ts'
import { readText } from './files.ts'
import { parseCount, parseDurationMs, parseIncrement, parseInstant, parsePay, usage } from './input.ts'

/** Most watchers that a room may be bounded to. */
const LARGEST_ROOM = 100_000

/** What the house takes; null takes a term away. */
export interface SaleTerms {
  name?: string
  description?: string
  startPrice?: number
  endsInMs?: number
  endsAt?: string
  reserve?: number | null
  buyNow?: number | null
  increment?: { fixed: number } | { percentBp: number }
  password?: string | null
  capacity?: number | null
}

const ends = [
  ['--ends-in <duration>', 'how long it is for sale: 90s, 30m, 2h30m, 7d, PT2H'],
  ['--ends-at <time>', 'or when it ends: 2026-11-22T14:07 (here) or with a zone (RFC 3339)'],
] as const
const prices = [
  ['--reserve <amount>', 'secret least price; above the start'],
  ['--buy-now <amount>', 'price to buy it at once, while there is no bid or the reserve is not met'],
  ['--increment <step>', 'least step between bids: an amount, or a share like 5%'],
] as const
const start = ['--start <amount>', 'where bidding starts, in major units'] as const
const description = ['--description <text>', 'what it is; @FILE reads a file, - reads stdin'] as const
const capacity = ['--capacity <n>', 'most who may watch at once'] as const
const password = ['--password-stdin', 'a password for its room, from the first line of stdin'] as const

/** The flags of a new sale. */
export const termOptions = [start, ...ends, ...prices, description, capacity, password] as const
/** The flags of a sale listed again. */
export const againOptions = [...ends, start, ...prices, description, capacity] as const

/** What the flags say, in the currency of the house; `none` takes a term away where `mayTakeAway`. */
export async function readTerms(
  context: Context,
  client: Client,
  input: Input,
  mayTakeAway: boolean,
): Promise<SaleTerms> {
  const { option, flag } = input
  const terms: SaleTerms = await readEnd(input)
  if (flag('passwordStdin') && option('description') === '-')
    throw usage('--description - and --password-stdin both read stdin.', 'Give the description with @FILE.')
  const text = option('description')
  if (text !== undefined) terms.description = await readText(text, context.io.stdin)
  if (flag('passwordStdin')) terms.password = await readRoomSecret(context)
  const amounts = [option('start'), option('reserve'), option('buyNow'), option('increment')]
  const currency = amounts.every((each) => each === undefined) ? '' : (await client.call('wallet')).balance.currency
  const pay = (given: string) => (mayTakeAway && given === 'none' ? null : parsePay(given, currency))
  const [begin, reserve, buyNow, increment] = amounts
  if (begin !== undefined) terms.startPrice = parsePay(begin, currency)
  if (reserve !== undefined) terms.reserve = pay(reserve)
  if (buyNow !== undefined) terms.buyNow = pay(buyNow)
  if (increment !== undefined) terms.increment = parseIncrement(increment, currency)
  const seats = option('capacity')
  if (seats !== undefined)
    terms.capacity = mayTakeAway && seats === 'none' ? null : parseCount(seats, '--capacity', 1, LARGEST_ROOM)
  refuseOddPrices(terms)
  return terms
}

/** `endsInMs` or `endsAt`; neither where no flag says. */
async function readEnd({ option }: Input): Promise<SaleTerms> {
  const [endsIn, endsAt] = [option('endsIn'), option('endsAt')]
  if (endsIn !== undefined && endsAt !== undefined) throw usage('Either --ends-in or --ends-at, not both.')
  if (endsIn !== undefined) return { endsInMs: await parseDurationMs(endsIn) }
  return endsAt === undefined ? {} : { endsAt: await parseInstant(endsAt) }
}

/** A new password, never shown; from a terminal it is asked for. */
async function readRoomSecret(context: Context): Promise<string> {
  const { readSecretLine } = await import('./prompts.ts')
  const otherwise = usage('There is no terminal to ask for the password on.', 'Give it on stdin: < FILE')
  const secret = context.interactive
    ? await (await context.prompts(otherwise)).password('Password of the room')
    : await readSecretLine(context.io.stdin)
  if (secret === '' || secret.length > 128 || /\p{Cc}/u.test(secret))
    throw usage('A room password has 1 to 128 characters, and no control characters.')
  return secret
}

/** The house's rules of prices, in the words of the flags. Of an edit the house alone knows the prices not named. */
function refuseOddPrices({ startPrice, reserve = null, buyNow = null }: SaleTerms): void {
  const fault = startPrice === undefined ? null : priceFault({ startPrice, reserve, buyNow })
  if (fault) throw usage(`${flagOf(fault.path)} ${fault.message.replace(/startPrice|reserve/, flagOf)}.`)
}

const flagOf = (name: string): string => ({ startPrice: '--start', reserve: '--reserve' })[name] ?? '--buy-now'
