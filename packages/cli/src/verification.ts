/** What the verification of a log says, in every mode: one line for each good that is right, one for each difference. */
import type { LoggedEvent } from '@auction/common/events'
import { CHAIN_START } from '@auction/common/log'
import { createVerifier, headLine, type LogReport, logLine, type VerifiedGood } from '@auction/common/verify'
import type { Answer } from './client.ts'
import type { Context } from './context.ts'
import { pay, plainPay } from './wording.ts'

/** Verifies the log of a good as its house gives it: all of it, up to the event with which the house showed the good. */
export async function verifyPages(
  { id: goodId, seq }: Pick<Answer<'good'>, 'id' | 'seq'>,
  pages: AsyncIterable<LoggedEvent[]> | Iterable<LoggedEvent[]>,
): Promise<LogReport> {
  const verifier = createVerifier()
  let hash = CHAIN_START
  for await (const page of pages)
    for (const event of page) {
      verifier.line(logLine(event))
      hash = event.hash
    }
  verifier.line(headLine({ goodId, events: seq, hash }))
  return verifier.end()
}

/** Shows a report; the exit code, 1 when something differs. */
export function tellReport({ io, output }: Context, report: LogReport): number {
  const { ok, goods, differences, more } = report
  if (output.modes.json) output.json(report, 2)
  else if (output.modes.quiet) return ok ? 0 : 1
  else if (!io.terminal && ok) for (const good of goods) output.values(valuesOf(good))
  else if (ok) for (const good of goods) output.line(provedOf(good))
  else
    for (const { line, goodId, seq, what } of differences)
      if (io.terminal) output.line(`${placeOf(line, goodId, seq)}: ${what}`)
      else output.values([String(line), String(goodId ?? ''), String(seq ?? ''), what])
  if (more > 0) output.note(`And ${more} more.`)
  return ok ? 0 : 1
}

function placeOf(line: number, goodId: number | null, seq: number | null): string {
  const event = seq === null ? '' : `, event ${seq}`
  return `line ${line}${event}${goodId === null ? '' : ` of good ${goodId}`}`
}

const valuesOf = (good: VerifiedGood): string[] => [
  String(good.goodId),
  String(good.events),
  good.status,
  plainPay(good.price),
  good.price?.currency ?? '',
  good.winner?.nick ?? '',
  String(good.sealed),
  good.reserve,
  good.head,
]

/** What was proved, and what could not be. */
function provedOf(good: VerifiedGood): string {
  const { goodId, events, sealed, reserve, status, head } = good
  const kept = status === 'unsold' || status === 'cancelled'
  const sentences = [
    `Good ${goodId} is right: ${events} events, ${endOf(good)}.`,
    sealed > 0 ? sealedOf(sealed, kept) : '',
    reserve === 'sealed' && status !== 'open'
      ? `Its reserve stays sealed: ${kept ? 'nobody bought' : 'it was not met'}.`
      : '',
    `Head ${head}`,
  ]
  return sentences.filter((sentence) => sentence !== '').join(' ')
}

function sealedOf(sealed: number, kept: boolean): string {
  const [maxima, are, stay, they] =
    sealed === 1 ? ['maximum', 'is', 'stays', 'it opens'] : ['maxima', 'are', 'stay', 'they open']
  return kept
    ? `${sealed} ${maxima} ${stay} sealed because nobody bought: its prices are checked for what everyone can see.`
    : `${sealed} ${maxima} ${are} still sealed: ${they} when the good is sold; until then its prices are checked for what everyone can see.`
}

function endOf({ status, price, winner, leader }: VerifiedGood): string {
  switch (status) {
    case 'open':
      return leader ? `open at ${pay(price)}, led by ${leader.nick}` : 'open, no bids'
    case 'sold':
    case 'bought':
      return `${status === 'sold' ? 'sold to' : 'bought by'} ${winner?.nick ?? 'nobody'} for ${pay(price)}`
    case 'unsold':
    case 'cancelled':
      return status
    default:
      return status satisfies never
  }
}
