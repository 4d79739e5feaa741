/** A Socket.IO client that keeps every frame it was sent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { hear } from './ears.ts'
import { type Json, PATIENCE_MS } from './house.ts'

export interface Frame {
  readonly name: string
  readonly payload: Json
}

export interface Watcher {
  readonly socket: Socket
  readonly frames: readonly Frame[]
  /** Payloads of one kind of frame, oldest first. */
  of(name: string): Json[]
  /** Every event of a good from its `events` frames, in the order they came. */
  eventsOf(goodId: number): Json[]
  /** Sends a frame and waits for its acknowledgement. */
  ask(name: string, payload?: unknown): Promise<Json>
  close(): void
}

/** Connects; rejects with what the server said when it refuses. */
export function watch(url: string, token?: string | null, headers: Record<string, string> = {}): Promise<Watcher> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: token == null ? {} : { token },
    extraHeaders: headers,
  })
  const frames: Frame[] = []
  socket.onAny((name: string, payload: Json) => {
    hear(`the frame ${name}`, JSON.stringify(payload) ?? '')
    frames.push({ name, payload })
  })
  const of = (name: string) => frames.filter((frame) => frame.name === name).map(({ payload }) => payload)
  const watcher: Watcher = {
    socket,
    frames,
    of,
    eventsOf: (goodId) =>
      of('events')
        .filter((frame) => frame.goodId === goodId)
        .flatMap((frame) => frame.events),
    async ask(name, payload) {
      const began = performance.now()
      for (;;) {
        const answer: Json = await socket.timeout(30_000).emitWithAck(name, payload)
        hear(`the acknowledgement of ${name}`, JSON.stringify(answer) ?? '')
        // A busy house did nothing, and is asked again, as over HTTP.
        if (answer?.error?.code !== 'BUSY' || performance.now() - began > PATIENCE_MS) return answer
        await sleep(20)
      }
    },
    close: () => void socket.close(),
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(watcher))
    socket.once('connect_error', (error) => {
      socket.close()
      reject(error)
    })
  })
}
