/** `auction calendar [id...]`: the ends of goods as an iCalendar file, or the URL of its feed. */
import { routes } from '@auction/common/api'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import { safeLines } from '@auction/common/text'
import type { Client } from '../client.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { parseId, usage } from '../input.ts'
import type { Page } from '../pages.ts'
import { faultOf } from '../replies.ts'
import { createTransport } from '../transport.ts'

const CALL_MS = 10_000
/** Pages of one's own bids and sales that are looked through. */
const MOST_PAGES = 10

export const command: Command = {
  chooses: 'json',
  words: '[ids...]',
  options: [['--url', 'print the URL to subscribe to instead']],
  examples: ['calendar 1 3 > ends.ics', 'calendar --url'],
  notes: `Without ids: the open goods that you bid on, and those that you sell. The URL holds the list itself, ${limits.watchList} goods at
most; the house keeps nothing of it. Anyone who has the URL may see what anyone may see of these goods.`,
  run: async (context, { words, flag }) => {
    const given = words.map((word) => parseId(word))
    const ids = [...new Set(given.length > 0 ? given : await ownIds(await context.client()))]
    if (ids.length === 0)
      throw new AuctionError('NOT_FOUND', 'You neither bid on an open good nor sell one.', {
        hint: 'Name the goods: auction calendar 42 43',
      })
    if (given.length > 0 && ids.length > limits.watchList)
      throw usage(`A calendar holds ${limits.watchList} goods at most, not ${ids.length}.`)
    const shown = ids.slice(0, limits.watchList)
    if (shown.length < ids.length) context.output.note(`Only the first ${shown.length} of ${ids.length} goods fit.`)
    const url = `${context.globals.server}${routes.calendar.path}?ids=${shown.join(',')}`
    if (flag('url')) context.output.done(url, { answer: { url, ids: shown }, id: url, values: [url] })
    else print(context, url, shown, await fetchCalendar(context, url))
    return 0
  },
}

/** Open goods of one's own and those one has bid on, the former first. */
async function ownIds(client: Client): Promise<number[]> {
  const sales = await firstPages((query) => client.call('mySales', { query: { status: 'open', ...query } }))
  const bids = await firstPages((query) => client.call('myBids', { query }))
  const open = bids.filter(({ standing }) => standing === 'leading' || standing === 'outbid')
  return [...sales.map(({ id }) => id), ...open.map(({ goodId }) => goodId)]
}

async function firstPages<Row>(
  fetch: (query: { limit: number; cursor: string | undefined }) => Promise<Page<Row>>,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next } = await fetch({ limit: limits.pageSize, cursor })
    rows.push(...items)
    if (next === null) break
    cursor = next
  }
  return rows
}

async function fetchCalendar({ globals }: Context, url: string): Promise<string> {
  const transport = createTransport()
  try {
    const headers = { accept: 'text/calendar', 'user-agent': 'auction' }
    const call = { method: 'GET', url: new URL(url), headers, body: null, timeoutMs: CALL_MS, reuse: false }
    const outcome = await transport.exchange(call)
    if (outcome.type === 'lost')
      throw new AuctionError('UNREACHABLE', `The server at ${globals.server} cannot be reached: ${outcome.reason}.`)
    if (outcome.status >= 300) throw faultOf(globals.server, outcome)
    const text = outcome.body.toString('utf8')
    if (!text.startsWith('BEGIN:VCALENDAR\r\n'))
      throw new AuctionError('UNREACHABLE', `What answers at ${globals.server} is not an auction house.`)
    return text
  } finally {
    transport.close()
  }
}

/** Lines end as RFC 5545 wants them where a program reads them, and plainly on a terminal. */
function print({ io, globals, output }: Context, url: string, ids: readonly number[], text: string): void {
  const lines = text
    .trimEnd()
    .split('\r\n')
    .map((line) => safeLines(line))
  if (globals.json) output.json({ url, ids, calendar: `${lines.join('\r\n')}\r\n` }, 2)
  else if (globals.quiet) for (const id of ids) output.line(String(id))
  else {
    const end = io.terminal ? '\n' : '\r\n'
    io.out(lines.map((line) => line + end).join(''))
  }
}
