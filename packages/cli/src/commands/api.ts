/** `auction api METHOD PATH`: one call of the HTTP interface, its answer as it came, made harmless where it is text. */
import { isUtf8 } from 'node:buffer'
import { AuctionError } from '@auction/common/errors'
import { safeJson, safeLines, safeText } from '@auction/common/text'
import type { Command, Input } from '../command.ts'
import type { Context } from '../context.ts'
import { readInput, readStream } from '../files.ts'
import { parseKey, usage } from '../input.ts'
import { faultOf } from '../replies.ts'
import { createTransport, type Outcome } from '../transport.ts'

const methods = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']
/** How long stdin may say nothing before it is taken for a pipe that nobody writes to. */
const SILENCE_MS = 3_000
const CALL_MS = 30_000

export const command: Command = {
  chooses: 'json',
  words: '<method> <path>',
  options: [
    ['--input <file>', 'the body; - waits for stdin'],
    ['--idempotency-key <key>', 'key of a write; a new one otherwise'],
  ],
  examples: ['api GET /v1/goods', 'api POST /v1/goods/3/bids --input bid.json'],
  notes:
    'A write takes its body from stdin when that is no terminal. The token in use is sent along. Nothing is tried twice.',
  run: async (context, input) => {
    const [method = '', path = ''] = input.words
    const verb = method.toUpperCase()
    if (!methods.includes(verb)) throw usage(`"${method}" is not one of ${methods.join(', ')}.`)
    const url = urlOf(context.globals.server, path)
    const body = await bodyOf(context, input, verb)
    const key = input.option('idempotencyKey')
    const held = await context.token()
    const headers = {
      accept: 'application/json, */*;q=0.5',
      'user-agent': 'auction',
      ...(held && { authorization: `Bearer ${held.token}` }),
      ...(verb === 'GET' ? {} : { 'idempotency-key': key === undefined ? crypto.randomUUID() : parseKey(key) }),
      ...(body && { 'content-type': 'application/json' }),
      ...(verb === 'GET' ? {} : { 'content-length': String(body?.length ?? 0) }),
    }
    const transport = createTransport()
    try {
      const outcome = await transport.exchange({ method: verb, url, headers, body, timeoutMs: CALL_MS, reuse: false })
      return print(context, outcome, url, verb)
    } finally {
      transport.close()
    }
  },
}

function urlOf(server: string, path: string): URL {
  if (!path.startsWith('/') || path.startsWith('//')) throw usage(`"${path}" is not a path; it begins with one "/".`)
  const url = URL.canParse(server + path) ? new URL(server + path) : null
  if (!url || url.origin !== new URL(server).origin) throw usage(`"${path}" is not a path of this server.`)
  return url
}

async function bodyOf({ io }: Context, { option }: Input, verb: string): Promise<Buffer | null> {
  const path = option('input')
  if (path !== undefined) return Buffer.from(await readInput(path, io.stdin))
  if (verb === 'GET' || verb === 'DELETE' || io.stdin.isTTY) return null
  const body = await readStream(io.stdin, SILENCE_MS)
  return body.length > 0 ? body : null
}

function print({ io, globals, output }: Context, outcome: Outcome, url: URL, verb: string): number {
  if (outcome.type === 'lost') {
    const unknown = outcome.sent && verb !== 'GET'
    const sentence = unknown
      ? `Whether ${url.host} did this is unknown`
      : `The server at ${globals.server} cannot be reached`
    throw new AuctionError(unknown ? 'OUTCOME_UNKNOWN' : 'UNREACHABLE', `${sentence}: ${outcome.reason}.`)
  }
  const { body, headers, status } = outcome
  const type = headers['content-type'] ?? ''
  if (body.length > 0 && !globals.quiet && (status < 400 || !globals.json)) {
    if (globals.fields !== null || globals.jq !== null) output.json(documentIn(body), 2)
    else if (isText(type, body)) io.out(`${harmless(type, body.toString('utf8').trimEnd())}\n`)
    else if (!io.terminal) io.stdout.write(body)
    else output.note(`${body.length} bytes of ${safeText(type) || 'something'}; give it a file: > FILE`)
  }
  if (status >= 300) throw faultOf(globals.server, outcome)
  return 0
}

function documentIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new AuctionError('FAILED', 'The answer is no JSON, so there is nothing for --fields or --jq.', { cause })
  }
}

/** Whether an answer is for reading; pictures and the like are not, nor what is in no alphabet. */
function isText(type: string, body: Buffer): boolean {
  if (/^text\/|json\b/i.test(type)) return true
  return !/^(image|audio|video|font)\/|octet-stream/i.test(type) && isUtf8(body)
}

function harmless(type: string, text: string): string {
  if (/ndjson/i.test(type))
    return text
      .split('\n')
      .map((line) => harmlessJson(line))
      .join('\n')
  return /json/i.test(type) ? harmlessJson(text, 2) : safeLines(text)
}

function harmlessJson(text: string, indent?: number): string {
  try {
    return safeJson(JSON.parse(text), indent)
  } catch {
    return safeLines(text)
  }
}
