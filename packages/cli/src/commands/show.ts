/** `auction show <id>`: one good, its bids, its public log. */
import type { LoggedEvent } from '@auction/common/events'
import type { Answer, Client } from '../client.ts'
import { bidColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { readLog } from '../good-log.ts'
import { parseId } from '../input.ts'
import type { Fact } from '../output.ts'
import { collect, limitOption } from '../pages.ts'
import type { Column } from '../table.ts'
import { tellReport, verifyPages } from '../verification.ts'
import { calendar, pay, plainPay, relative, sentence, standingLine } from '../wording.ts'

type Good = Answer<'good'>

export const command: Command = {
  words: '<id>',
  options: [
    ['--bids', 'its bids, newest first'],
    ['--log', 'its public log, from the first event'],
    ['--verify', 'check the log, as auction verify does'],
    limitOption,
  ],
  examples: ['show 1', 'show 15 --log --verify'],
  notes: '--limit bounds the bids; the log is always whole. With --verify it ends with 1 when something is not right.',
  run: async (context, input) => {
    const { output, io, globals } = context
    const params = { id: parseId(input.words[0] ?? '') }
    const client = await context.client()
    const good = await client.call('good', { params })
    const bids = input.flag('bids') ? await collect(input, (query) => client.call('bids', { params, query })) : null
    const log = input.flag('log') || input.flag('verify') ? await wholeLog(client, good) : null
    const verified = input.flag('verify') && log ? await verifyPages(good, [log]) : null
    const shown = input.flag('log') ? log : null
    const answer = { ...good, ...(bids && { bids: bids.items }), ...(shown && { log }), ...(verified && { verified }) }
    output.facts(factsOf(context, good), { answer, id: good.id })
    const code = verified && !verified.ok ? 1 : 0
    if (globals.json || globals.quiet) return code
    const title = (text: string): void => {
      if (io.terminal) io.out(`\n${text}\n`)
    }
    if (bids) {
      title('Bids')
      await output.list(bidColumns(output), bids.items, { answer, id: (bid) => bid.id, empty: 'No bids yet.' })
    }
    if (shown) {
      title('Log')
      await output.list(logColumns(context), shown, {
        answer,
        id: (event) => event.seq,
        empty: 'Nothing happened yet.',
      })
    }
    if (verified) {
      title('Verified')
      tellReport(context, verified)
    }
    return code
  },
}

async function wholeLog(client: Client, good: Good): Promise<LoggedEvent[]> {
  const log: LoggedEvent[] = []
  for await (const page of readLog(client, good)) log.push(...page)
  return log
}

function factsOf({ globals, io }: Context, good: Good): Fact[] {
  const { you, status } = good
  const open = status === 'open'
  const end = `${calendar(good.endsAt, globals.utc)} (${relative(good.endsAt, io.now())})`
  const last = `${calendar(good.hardEndsAt, globals.utc)} at the latest`
  return [
    ['good', String(good.id)],
    ['name', good.name],
    ['seller', good.owner.nick],
    ['status', standingLine(good), status],
    ['price', pay(good.price), plainPay(good.price)],
    ['start', pay(good.startPrice), plainPay(good.startPrice)],
    ['minimum', open ? pay(good.minimumBid) : '', open ? plainPay(good.minimumBid) : ''],
    ['currency', '', good.startPrice.currency],
    ['leader', open ? (good.leader?.nick ?? 'nobody yet') : '', good.leader?.nick ?? ''],
    ['winner', good.winner?.nick ?? ''],
    ['bids', String(good.bidCount)],
    ['reserve', good.reserve === 'none' ? 'none' : good.reserve === 'met' ? 'met' : 'not met', good.reserve],
    ['buy now', good.buyNow ? pay(good.buyNow) : '', plainPay(good.buyNow)],
    ['ends', end, good.endsAt],
    ['moves to', open ? last : '', good.hardEndsAt],
    ['you', you && you.standing !== 'none' ? you.standing : '', you?.standing ?? 'none'],
    ['your max', you?.max ? pay(you.max) : '', plainPay(you?.max ?? null)],
    ['held', you?.hold ? pay(you.hold) : '', plainPay(you?.hold ?? null)],
    ['watching', String(good.watchers)],
    ['room', roomOf(good), good.private ? 'private' : 'open'],
    ['relists', good.relistOf === undefined ? '' : `good ${good.relistOf}`, String(good.relistOf ?? '')],
    ['for', good.offeredTo ? `${good.offeredTo.nick} alone` : '', good.offeredTo?.nick ?? ''],
    ['picture', good.image === null ? '' : 'yes', good.image ?? ''],
    ['about', good.description],
  ]
}

function roomOf({ private: locked, capacity }: Good): string {
  const most = capacity === null ? '' : `at most ${capacity} watchers`
  return [locked ? 'has a password' : '', most].filter((part) => part !== '').join(', ')
}

function logColumns({ output }: Context): readonly Column<LoggedEvent>[] {
  return [
    { title: 'seq', value: (event) => String(event.seq), right: true },
    { title: 'when', value: (event) => event.at, cell: (event) => output.when(event.at) },
    { title: 'type', value: (event) => event.type },
    { title: 'what', value: (event) => JSON.stringify(event.data), cell: sentence, wide: true },
    { title: 'hash', value: (event) => event.hash, cell: (event) => event.hash.slice(0, 12) },
  ]
}
