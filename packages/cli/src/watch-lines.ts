/** A watched good as one JSON object a line (contract.md, section 5). */
import type { GoodView } from '@auction/common/view'
import type { Context } from './context.ts'
import type { FeedMessage } from './follow.ts'

/** How a watch ended for whoever watches; `outbid` only where that ends it. */
export interface End {
  readonly outcome: Exclude<GoodView['status'], 'open'> | null
  readonly you: 'won' | 'lost' | 'none' | 'outbid'
}

/** What tells the messages of a feed to somebody. */
export interface Teller {
  tell(message: FeedMessage): void
  end(end: End, good: GoodView): void
  close(): void
}

/** Writes every message that a program can use, then `end`; with `room` also who comes and goes, and what is said. */
export function jsonTeller({ output, io }: Pick<Context, 'output' | 'io'>, room = false): Teller {
  let [seq, goodId] = [0, 0]
  const write = (type: string, at: string | null, rest: object): void =>
    output.json({ v: 1, type, seq, at: at ?? new Date(io.now()).toISOString(), goodId, ...rest })
  return {
    tell: (message) => {
      switch (message.type) {
        case 'snapshot':
          seq = message.good.seq
          goodId = message.good.id
          return write('snapshot', null, { good: message.good })
        case 'event':
          seq = message.event.seq
          return write(message.event.type, message.event.at, { data: message.event.data })
        case 'gap':
          return write('gap', null, { from: message.from, to: message.to, repaired: message.repaired })
        case 'connection': {
          // The snapshot is the first line; a connection that is only being made is no news before it.
          const { state, attempt, retryAt } = message
          if (goodId === 0) return
          return write('connection', null, {
            state,
            attempt,
            retryAt: retryAt === null ? null : new Date(retryAt).toISOString(),
          })
        }
        case 'watchers': {
          const { type: _, ...presence } = message
          return room ? write('presence', null, presence) : undefined
        }
        case 'chat':
          return room ? write('chat', message.line.at, { line: message.line }) : undefined
        default:
          return message satisfies never
      }
    },
    end: (end) => write('end', null, end),
    close: () => {},
  }
}
