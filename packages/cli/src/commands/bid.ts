/** `auction bid <id> [<amount>]`: bids once, whatever the network does, and says how it stands. */
import { AuctionError } from '@auction/common/errors'
import type { Increment } from '@auction/common/good'
import { incrementAt } from '@auction/common/increments'
import { type Money, shareOf } from '@auction/common/money'
import type { GoodView } from '@auction/common/view'
import type { Answer, Client } from '../client.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { explained } from '../good-line.ts'
import { parseCount, parseId, parsePay, parseSeq, usage } from '../input.ts'
import { givenKey, keyOption, typed } from '../keyed.ts'
import { listingOf, premiumOf } from '../listing.ts'
import { once } from '../rerun.ts'
import { pay, plainPay, relative } from '../wording.ts'

/** A bid of this many times the minimum, or up to so much, asks whether it is meant (contract.md, section 2). */
const LARGE = 3
const OUTBID = 12

export const command: Command = {
  words: '<id> [amount]',
  options: [
    ['--max <amount>', 'secret maximum: the house bids for you, no more than needed'],
    ['--message <text>', 'a word to everyone, up to 100 characters'],
    ['--if-seq <seq>', 'bid only while this is the last thing that happened to the good'],
    ['--dry-run', 'show what would be sent and the most it may cost, send nothing'],
    keyOption('a bid'),
  ],
  examples: [
    'bid 3 min',
    'bid 3 +2',
    'bid 3 180.50',
    'bid 3 --max 400',
    'bid 3 min --max 450 --message "for Ann"',
    'bid 3 --max 460 --if-seq "$(auction show 3 --jq .seq)"',
  ],
  notes: `The amount is in major units; "min" is the least bid now, "+N" is N increments above the price.
A bid of ${LARGE} times the minimum or more, or with such a --max, asks, or needs --yes.
--if-seq takes the "seq" of the good as you saw it (auction show 3 --json); anything since then refuses the bid, with 6.
Exits with 0 when you lead, 6 changed since --if-seq, 10 too low, 11 not open, 12 accepted but outbid at once, 13 refused
by another rule, 14 outcome unknown: run the same again, or the line it prints; the bid counts once. So it does after a kill: its key is
kept in auction/ under XDG_STATE_HOME (usually ~/.local/state) until the outcome is known, a day at most.`,
  run: async (context, input) => {
    const [idText = '', amountText] = input.words
    const id = parseId(idText)
    const key = givenKey(input)
    const [maxText, message, seqText] = [input.option('max'), input.option('message'), input.option('ifSeq')]
    const ifSeq = seqText === undefined ? null : parseSeq(seqText)
    if (amountText === undefined && maxText === undefined)
      throw usage('A bid needs an amount, or --max.', `The least bid: auction bid ${id} min`)
    const client = await context.client()
    // Asked for beside who bids; what comes of it is seen where it is used.
    const seen = client.call('good', { params: { id } })
    seen.catch(() => {})
    const resolve = async (): Promise<Bid> => {
      const good = await seen
      const { currency } = good.startPrice
      const amount = amountText === undefined ? null : await resolveAmount(client, good, amountText)
      const max = maxText === undefined ? null : parsePay(maxText, currency)
      if (amount !== null && max !== null && max < amount) throw usage('--max must not be below the amount.')
      return { id, amount, max, message: message ?? null, ifSeq, currency }
    }
    if (input.flag('dryRun')) return dryRun(context, client, await seen, await resolve())
    const flags = { '--max': maxText, '--message': message, '--if-seq': seqText }
    const answer = await explained(id, () =>
      once(context, {
        what: 'bid',
        words: ['bid', ...input.words, ...typed(flags)],
        key,
        prepare: async () => {
          const bid = await resolve()
          await confirmLarge(context, await seen, bid)
          return { call: { params: { id }, body: bodyOf(bid) }, line: lineOf(context, bid) }
        },
        send: (call) => client.call('placeBid', call),
      }),
    )
    return tell(context, answer)
  },
}

interface Bid {
  readonly id: number
  readonly amount: number | null
  readonly max: number | null
  readonly message: string | null
  readonly ifSeq: number | null
  readonly currency: string
}

function bodyOf({ amount, max, message, ifSeq }: Bid) {
  return {
    ...(amount !== null && { amount }),
    ...(max !== null && { max }),
    ...(message !== null && { message }),
    ...(ifSeq !== null && { ifSeq }),
  }
}

/** `min`, `+N` or an exact amount, to minor units. */
async function resolveAmount(client: Client, good: GoodView, text: string): Promise<number> {
  const { minimumBid, price, startPrice } = good
  if (text === 'min') return minimumBid.amount
  if (!text.startsWith('+')) return parsePay(text, startPrice.currency)
  const steps = parseCount(text.slice(1), '+N', 1, 1_000)
  if (steps === 1) return minimumBid.amount
  const step = price
    ? minimumBid.amount - price.amount
    : incrementAt(await incrementOf(client, good), minimumBid.amount)
  return minimumBid.amount + (steps - 1) * step
}

async function incrementOf(client: Client, good: GoodView): Promise<Increment> {
  const { increment } = await listingOf(client, good.id)
  if (isIncrement(increment)) return increment
  throw new AuctionError('FAILED', 'The house does not say by which steps this good is bid on.', {
    hint: `Name the amount, or bid the minimum: auction bid ${good.id} min`,
  })
}

function isIncrement(value: unknown): value is Increment {
  if (value === null || typeof value !== 'object') return false
  const { fixed, percentBp, bands } = value as Record<string, unknown>
  const isBand = (band: unknown): boolean =>
    Array.isArray(band) && band.length === 2 && band.every(Number.isSafeInteger)
  return Number.isSafeInteger(fixed) || Number.isSafeInteger(percentBp) || (Array.isArray(bands) && bands.every(isBand))
}

async function dryRun({ output, globals }: Context, client: Client, good: GoodView, bid: Bid): Promise<number> {
  const most = bid.max ?? bid.amount ?? 0
  const worst: Money = {
    amount: most + shareOf(most, await premiumOf(client, good.id)),
    currency: bid.currency,
  }
  const money = (amount: number | null): Money | null => (amount === null ? null : { amount, currency: bid.currency })
  const request = { method: 'POST', path: `/v1/goods/${bid.id}/bids`, body: bodyOf(bid) }
  output.facts(
    [
      ['would send', `${request.method} ${globals.server}${request.path}`],
      ['amount', pay(money(bid.amount)), plainPay(money(bid.amount))],
      ['max', pay(money(bid.max)), plainPay(money(bid.max))],
      ['message', bid.message ?? ''],
      ['if seq', bid.ifSeq === null ? '' : String(bid.ifSeq)],
      ['minimum', pay(good.minimumBid), plainPay(good.minimumBid)],
      ['at worst', `you pay ${pay(worst)}, held from now on`, plainPay(worst)],
    ],
    { answer: { request, minimumBid: good.minimumBid, worstCase: worst }, id: null },
  )
  return 0
}

async function confirmLarge(context: Context, good: GoodView, { amount, max, currency }: Bid): Promise<void> {
  const minimum = good.minimumBid.amount
  const most = max ?? amount ?? 0
  if (context.globals.yes || good.status !== 'open' || most < LARGE * minimum) return
  const times = Math.floor(most / minimum)
  const sentence = `${pay({ amount: most, currency })} is ${times} times the minimum of ${pay(good.minimumBid)}.`
  const prompts = await context.prompts(usage(sentence, 'Add --yes if you mean it.'))
  if (!(await prompts.confirm(`${sentence} Bid it?`)))
    throw new AuctionError('FAILED', 'Nothing was sent.', { hint: `The least bid: auction bid ${good.id} min` })
}

/** What says this very bid again: amounts as resolved. */
function lineOf({ globals }: Context, { id, amount, max, message, ifSeq, currency }: Bid): readonly string[] {
  const money = (value: number): string => plainPay({ amount: value, currency })
  return [
    'bid',
    String(id),
    ...(amount === null ? [] : [money(amount)]),
    ...(max === null ? [] : ['--max', money(max)]),
    ...(message === null ? [] : ['--message', message]),
    ...(ifSeq === null ? [] : ['--if-seq', String(ifSeq)]),
    ...(globals.yes ? ['--yes'] : []),
  ]
}

function tell({ output, io }: Context, answer: Answer<'placeBid'>): number {
  const { bid, good, standing, replayed } = answer
  const earlier = replayed ? ' (this bid had been accepted already)' : ''
  const end = good.status === 'open' ? `ends ${relative(good.endsAt, io.now())}` : good.status
  const line =
    standing === 'leading'
      ? `You lead good ${good.id} at ${pay(good.price)}; ${end}.${earlier}`
      : `Accepted, but outbid at once: ${good.leader?.nick ?? 'somebody'} leads good ${good.id} at ${pay(good.price)}; ${end}.${earlier}`
  const values = [
    String(bid.id),
    String(good.id),
    standing,
    plainPay(bid.amount),
    plainPay(good.price),
    good.startPrice.currency,
    good.endsAt,
  ]
  output.done(line, { answer, id: bid.id, values })
  if (standing === 'leading') return 0
  output.note(`The least next bid is ${pay(good.minimumBid)}: auction bid ${good.id} min`)
  return OUTBID
}
