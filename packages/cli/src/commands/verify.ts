/** `auction verify FILE|<id>|-`: an exported log checked without the house, or that of a good as the house gives it now. */
import { createVerifier, type LogReport, logLimits } from '@auction/common/verify'
import type { Client } from '../client.ts'
import type { Command } from '../command.ts'
import { readLines } from '../files.ts'
import { readLog } from '../good-log.ts'
import { parseId, usage } from '../input.ts'
import { tellReport, verifyPages } from '../verification.ts'

export const command: Command = {
  chooses: 'json',
  words: '<file|id>',
  options: [['--head <hash>', 'the hash its last event must have, known from elsewhere']],
  examples: ['verify sale.ndjson', 'verify 15', 'export 15 | auction verify -'],
  notes: `A file is checked without the house: every hash, every secret that was opened, and, played again by the rules, every
price, leader, end and winner. A word of digits is the id of a good, whose log is fetched first; ./42 is a file.
Whoever writes a whole log anew by the rules cannot be found out by it alone: compare its head with --head.
It ends with 0 when all is right and with 1 when something is not.`,
  run: async (context, { words, option }) => {
    const [word = ''] = words
    const head = headIn(option('head'))
    const report = /^[0-9]+$/.test(word)
      ? await verifyGood(await context.client(), parseId(word))
      : await verifyFile(word, context.io.stdin)
    return tellReport(context, head === null ? report : withHead(report, head))
  },
}

async function verifyFile(path: string, stdin: Parameters<typeof readLines>[1]): Promise<LogReport> {
  const verifier = createVerifier()
  for await (const line of readLines(path, stdin, logLimits.lineLength + 1)) verifier.line(line)
  return verifier.end()
}

async function verifyGood(client: Client, id: number): Promise<LogReport> {
  const good = await client.call('good', { params: { id } })
  return verifyPages(good, readLog(client, good))
}

function headIn(text: string | undefined): string | null {
  if (text === undefined) return null
  if (!/^[0-9a-f]{64}$/i.test(text)) throw usage('A head is 64 hexadecimal digits.', 'An export ends with it.')
  return text.toLowerCase()
}

function withHead(report: LogReport, head: string): LogReport {
  const [good, other] = report.goods
  if (other) throw usage('--head speaks of one log; there are several in the file.')
  if (!good || good.head === head) return report
  const what = 'The head is another than that of --head: this is not the log it was taken from.'
  const difference = { line: good.events + 1, goodId: good.goodId, seq: null, what }
  return { ...report, ok: false, differences: [...report.differences, difference] }
}
