/** What leaves the house of a failure, the same on HTTP and on sockets: a code, a sentence, a request id; never a stack, SQL or path. */
import { randomUUID } from 'node:crypto'
import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AuctionError, faults } from '@auction/common/errors'
import { isBusy } from './clerk.ts'

/** Any failure as one of the catalogue: the database's short absence is BUSY, what nobody foresaw is INTERNAL. */
export function faultOf(error: unknown): AuctionError {
  if (error instanceof AuctionError) return error
  return new AuctionError(isBusy(error) ? 'BUSY' : 'INTERNAL', undefined, { cause: error })
}

/** A failure as its problem document. */
export function problemOf(fault: AuctionError, requestId: string) {
  const { status, title } = faults[fault.code]
  return {
    ...fault.data,
    type: `urn:auction:error:${fault.code}`,
    title,
    status: status || 500,
    code: fault.code,
    detail: fault.message,
    hint: fault.hint,
    requestId,
  }
}

const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT'
const sentences: Readonly<Record<string, string>> = {
  [TIMED_OUT]: 'The request did not come in time.',
  HPE_HEADER_OVERFLOW: 'The headers of the request are too large.',
}

/** Tells whoever sends what is no HTTP, or does not come to an end, what is wrong; no such request reaches the app. */
export function answerUnparsed(http: Server): void {
  // Several on one connection, as nobody need wait for an answer before the next request.
  const answers = new WeakMap<Duplex, Set<ServerResponse>>()
  http.on('request', ({ socket }, response) => {
    const underWay = answers.get(socket) ?? new Set()
    answers.set(socket, underWay.add(response))
    response.on('close', () => underWay.delete(response))
  })
  http.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    const underWay = [...(answers.get(socket) ?? [])]
    // Nothing may come in the middle of an answer, nor in place of one to a request that was whole and is being done.
    if (!socket.writable || underWay.some(({ headersSent, req }) => headersSent || req.complete))
      return void socket.destroy()
    const fault = new AuctionError('BAD_REQUEST', sentences[code] ?? 'That is no HTTP request.')
    const problem = problemOf(fault, randomUUID())
    // Browsers take a 408 on a connection they opened to have it ready for what it is.
    const [status, reason] = code === TIMED_OUT ? [408, 'Request Timeout'] : [problem.status, 'Bad Request']
    const body = JSON.stringify({ ...problem, status })
    const head = [
      `HTTP/1.1 ${status} ${reason}`,
      `X-Request-Id: ${problem.requestId}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  })
}
