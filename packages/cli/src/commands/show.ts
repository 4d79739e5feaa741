/** `auction show <id>`: one good, its bids, its public log. */
import type { Answer, Client } from '../client.ts'
import { bidColumns } from '../columns.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { parseId } from '../input.ts'
import type { Fact } from '../output.ts'
import { collect, limitOption } from '../pages.ts'
import type { Column } from '../table.ts'
import { calendar, pay, plainPay, relative, sentence, standingLine } from '../wording.ts'

type Logged = Answer<'log'>['items'][number]
type Good = Answer<'good'>

export const command: Command = {
  words: '<id>',
  options: [['--bids', 'its bids, newest first'], ['--log', 'its public log, from the first event'], limitOption],
  examples: ['show 42', 'show 42 --bids --log'],
  notes: '--limit bounds the bids; the log is always whole.',
  run: async (context, input) => {
    const { output, io, globals } = context
    const params = { id: parseId(input.words[0] ?? '') }
    const client = await context.client()
    const good = await client.call('good', { params })
    const bids = input.flag('bids') ? await collect(input, (query) => client.call('bids', { params, query })) : null
    const log = input.flag('log') ? await wholeLog(client, params.id) : null
    const answer = { ...good, ...(bids && { bids: bids.items }), ...(log && { log }) }
    output.facts(factsOf(context, good), { answer, id: good.id })
    if (globals.json || globals.quiet) return 0
    const title = (text: string): void => {
      if (io.terminal) io.out(`\n${text}\n`)
    }
    if (bids) {
      title('Bids')
      await output.list(bidColumns(output), bids.items, { answer, id: (bid) => bid.id, empty: 'No bids yet.' })
    }
    if (log) {
      title('Log')
      await output.list(logColumns(context), log, { answer, id: (event) => event.seq, empty: 'Nothing happened yet.' })
    }
    return 0
  },
}

async function wholeLog(client: Client, id: number): Promise<Logged[]> {
  const log: Logged[] = []
  let since: number | null = 0
  while (since !== null) {
    const page: Answer<'log'> = await client.call('log', { params: { id }, query: { since } })
    log.push(...page.items)
    since = page.items.length > 0 ? page.next : null
  }
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
    ['ends', end, good.endsAt],
    ['moves to', open ? last : '', good.hardEndsAt],
    ['you', you && you.standing !== 'none' ? you.standing : '', you?.standing ?? 'none'],
    ['your max', you?.max ? pay(you.max) : '', plainPay(you?.max ?? null)],
    ['held', you?.hold ? pay(you.hold) : '', plainPay(you?.hold ?? null)],
    ['watching', String(good.watchers)],
    ['picture', good.image === null ? '' : 'yes', good.image ?? ''],
    ['about', good.description],
  ]
}

function logColumns({ output }: Context): readonly Column<Logged>[] {
  return [
    { title: 'seq', value: (event) => String(event.seq), right: true },
    { title: 'when', value: (event) => event.at, cell: (event) => output.when(event.at) },
    { title: 'type', value: (event) => event.type },
    { title: 'what', value: (event) => JSON.stringify(event.data), cell: sentence, wide: true },
    { title: 'hash', value: (event) => event.hash, cell: (event) => event.hash.slice(0, 12) },
  ]
}
