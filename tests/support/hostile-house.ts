/** A way to a real house on which every text it says is laced with what terminals act on, over HTTP and on the socket. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { io as connect, type Socket as Upstream } from 'socket.io-client'
import type { Json } from './house.ts'

/** What of a house's answers is hostile: its texts; also what has a form that a client checks; only currencies; or it refuses all. */
export type Manner = 'texts' | 'everything' | 'currencies' | 'refusals'

export interface HostileHouse {
  readonly url: string
  manner: Manner
  close(): Promise<void>
}

/** What is left of a laced text where all is well begins and ends with these. */
export const LACE = { head: 'EVIL', tail: 'TAIL' }

const BEL = '\u0007'
const ST = '\u001b\\'
/** Everything a text could try, between two words that anyone may see. */
export const hostileText = [
  LACE.head,
  // Colours and styles that are none of ours; titles, links, the clipboard, pictures; cursor, screen and modes.
  '\u001b[5m\u001b[38;5;201m\u001b[48;2;1;2;3m\u001b[31;8m',
  `\u001b]0;owned${BEL}\u001b]2;owned${ST}\u001b]8;;http://evil/${ST}link\u001b]8;;${ST}\u001b]52;c;ZXZpbA==${BEL}`,
  `\u001bPq#0${ST}\u001b_Gi=1;AAAA${ST}\u001b^pm${ST}\u001bXsos${ST}\u001b]1337;File=:AAAA${BEL}`,
  '\u001b[2J\u001b[H\u001b[?1049h\u001b[?25l\u001b[6n\u001bc\u001b(0\u001b#8\u000e\u000f',
  // The same in 8 bits.
  '\u009b2J\u009d0;owned\u009c\u0090q\u009c\u009f\u009c\u0085\u0084\u008d',
  // NUL, bell, backspace, delete, tabs and lines; bidi; zero-width, joiners, tags, selectors, fillers.
  '\u0000\u0007\b\u000b\f\r\u007f\t\n\r\n\u2028\u2029',
  '\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u3164\u2800\ufe0f',
  '\u{e0041}\u{e007f}\u{e0100}\ue000\u{10fffd}\ufff9\u0378',
  `e${'\u0301'.repeat(50)}`,
  LACE.tail,
].join('')
/** Ends of texts: sequences that never end. */
const open = [
  '\u001b',
  '\u001b[',
  '\u001b[31',
  '\u001b]0;owned',
  '\u001b]8;;http://evil/',
  '\u001bPq',
  '\u009b',
  '\ud800',
]

const laced = (text: string): string =>
  `${text.slice(0, text.length >> 1)}${hostileText}${text.slice(text.length >> 1)}${open[text.length % open.length]}`

/** Words that a client takes literally. */
const words = new Set(
  [
    'open sold unsold bought cancelled none unmet met leading outbid won lost member house retracted lapsed seller',
    'listed bid extended reserve_met bid_cancelled note no_bids reserve_unmet outage ok degraded sqlite right embedded',
    'typo description_changed seller_unreachable incorrect lost_or_broken not_available',
  ].flatMap((line) => line.split(' ')),
)
/** Instants, hashes and pixels, codes and currencies. */
const form = /^\d{4}-\d\d-\d\dT[\d:.]+Z$|^[0-9a-f]{60,}$|^[A-Z_]{3,}$/
/** What is sent back to the house, which must know it again. */
const returned = new Set(['epoch', 'next', 'token'])

/** The answer of a house, hostile in that manner. */
function lace(value: Json, manner: Manner, key = ''): Json {
  if (typeof value === 'string') {
    if (manner === 'currencies') return key === 'currency' ? '\u001bc\u009b' : value
    if (returned.has(key)) return value
    return manner !== 'everything' && (words.has(value) || form.test(value)) ? value : laced(value)
  }
  if (Array.isArray(value)) return value.map((member) => lace(member, manner, key))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, member]) => [name, lace(member, manner, name)])
  // Where names are free, there are more of them.
  const free = manner !== 'currencies' && (key === 'data' || key === 'changed')
  return Object.fromEntries(free ? [...entries, [laced('more'), laced('more')]] : entries)
}

const refusal = () => ({
  type: laced('about:blank'),
  title: laced('No.'),
  status: 409,
  code: 'CONFLICT',
  detail: laced('It is so.'),
  hint: laced('Do it.'),
  requestId: laced('r-1'),
  minimumBid: { amount: 1050, currency: 'USD' },
  [laced('more')]: 1,
})

/** Stands before the house at `target`. Requests go on as they are. */
export async function openHostileHouse(target: string): Promise<HostileHouse> {
  const house = { manner: 'texts' as Manner }
  const server = createServer(async (incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const onward = request(new URL(url, target), { method, headers }, (answer) =>
      house.manner === 'refusals' ? refuse(answer, outgoing) : void passOn(answer, outgoing, house.manner),
    )
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  const io = new Server(server, { serveClient: false, transports: ['websocket'] })
  const upstreams = new Map<Socket, Upstream>()
  io.use((socket, next) => {
    const upstream = connect(target, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: socket.handshake.auth,
    })
    upstreams.set(socket, upstream)
    upstream.once('connect', () => next())
    upstream.once('connect_error', (error) => next(Object.assign(new Error(laced(error.message)), { data: refusal() })))
  })
  io.on('connection', (socket) => {
    const upstream = upstreams.get(socket)
    upstream?.onAny((name: string, payload: Json) => socket.emit(name, lace(payload, house.manner)))
    socket.onAny((name: string, payload: Json, answer?: (answer: Json) => void) => {
      if (house.manner === 'refusals') answer?.({ ok: false, error: refusal() })
      else upstream?.emit(name, payload, (said: Json) => answer?.(lace(said, house.manner)))
    })
    socket.on('disconnect', () => upstream?.close())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(house, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const upstream of upstreams.values()) upstream.close()
      await io.close()
      server.closeAllConnections()
    },
  })
}

/** No version of ours, and as hostile as a header may be that Node still reads. */
const version = '99.0.0\u009b31m\u009d0;owned\u009c'

function refuse(answer: IncomingMessage, outgoing: ServerResponse): void {
  answer.resume()
  const headers = { 'content-type': 'application/problem+json', 'x-auction-version': version }
  outgoing.writeHead(409, headers).end(JSON.stringify(refusal()))
}

async function passOn(answer: IncomingMessage, outgoing: ServerResponse, manner: Manner): Promise<void> {
  const type = answer.headers['content-type'] ?? ''
  const { 'content-length': _length, ...headers } = answer.headers
  outgoing.writeHead(answer.statusCode ?? 500, { ...headers, 'x-auction-version': version })
  if (/event-stream/.test(type)) return void answer.pipe(outgoing)
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  if (/json$|json;/.test(type) && !/ndjson/.test(type))
    outgoing.end(JSON.stringify(lace(JSON.parse(body.toString()), manner)))
  else if (/^text/.test(type))
    outgoing.end(body.toString().replaceAll('Leica', laced('Leica').replaceAll(/[\r\n]/g, '')))
  else outgoing.end(body)
}
