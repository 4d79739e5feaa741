/** `auction export <id...>`: the public logs of goods, as lines that anyone can verify, or as a table. */
import type { LoggedEvent } from '@auction/common/events'
import { CHAIN_START } from '@auction/common/log'
import { safeJson } from '@auction/common/text'
import { headLine, logLine } from '@auction/common/verify'
import type { Answer, Client } from '../client.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { csvHeader, csvRow } from '../csv-log.ts'
import { writeWhole } from '../files.ts'
import { readLog } from '../good-log.ts'
import { parseId } from '../input.ts'

export const command: Command = {
  chooses: 'nothing',
  words: '<ids...>',
  options: [
    ['--csv', 'a table instead, one row for each event'],
    ['--out <file>', 'write a file, whole or not at all; --yes replaces one that is there'],
  ],
  examples: ['export 15 > sale.ndjson', 'export 15 17 --csv --out sales.csv'],
  notes: `Each event is a line of canonical JSON, and the last line of each good is its head: auction verify reads them.
Of a good that was sold the secret maxima are opened in it, and its reserve if it was met.
Cells of the table that a spreadsheet would take for a formula begin with an apostrophe.`,
  run: async (context, { words, flag, option }) => {
    const ids = [...new Set(words.map((word) => parseId(word)))]
    const client = await context.client()
    // All that is asked for is there, before anything is written.
    const goods: Answer<'good'>[] = []
    for (const id of ids) goods.push(await client.call('good', { params: { id } }))
    const path = option('out')
    const safely = path === undefined && context.io.terminal
    const parts = flag('csv') ? tableOf(client, goods, safely) : linesOf(client, goods, safely)
    if (path === undefined) await print(context, parts)
    else {
      await writeWhole(path, parts, context.globals.yes)
      const answer = { file: path, goods: ids }
      context.output.done(`Wrote ${path}.`, { answer, id: path, values: [path] })
    }
    return 0
  },
}

/** NDJSON, a page at a time. On a terminal the same values, written so that no terminal acts on them. */
async function* linesOf(client: Client, goods: readonly Answer<'good'>[], safely: boolean): AsyncGenerator<string> {
  const written = (line: string) => `${safely ? safeJson(JSON.parse(line)) : line}\n`
  for (const good of goods) {
    let events = 0
    let hash = CHAIN_START
    for await (const page of readLog(client, good)) {
      events += page.length
      hash = page.at(-1)?.hash ?? hash
      yield page.map((event) => written(logLine(event))).join('')
    }
    yield written(headLine({ goodId: good.id, events, hash }))
  }
}

async function* tableOf(client: Client, goods: readonly Answer<'good'>[], safely: boolean): AsyncGenerator<string> {
  yield csvHeader(safely)
  const row = (event: LoggedEvent) => csvRow(event, safely)
  for (const good of goods) for await (const page of readLog(client, good)) yield page.map(row).join('')
}

/** Writes no faster than is read. */
async function print({ io }: Context, parts: AsyncIterable<string>): Promise<void> {
  // Not by `once` of node:events, which listens for errors too, as only a server does that goes on after them (main.ts).
  const drained = () => new Promise((resolve) => io.stdout.once('drain', resolve))
  for await (const part of parts) if (!io.stdout.write(part)) await drained()
}
