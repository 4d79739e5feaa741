/** A watched good as sentences: one per event, the time left at its marks, nothing ever rewritten (terminal.md, section 6). */
import type { User } from '@auction/common/answers'
import type { GoodView } from '@auction/common/view'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { createServerClock } from './server-clock.ts'
import type { Teller } from './watch-lines.ts'
import { calendar, conditions, counted, duration, movedWords, pay, sentence, spoken, standingLine } from './wording.ts'

/** Seconds before the end at which the time left is said. */
const MARKS = [3_600, 1_800, 600, 300, 120, 60, 30, 10, 5]
const TICK_MS = 250

/** A teller that also says how much time is left, when asked. */
export interface PlainTeller extends Teller {
  time(): string
}

/** Says what happens, by the server's clock. */
export function plainTeller({ output, globals }: Context, client: Client, me: User | null): PlainTeller {
  const clock = createServerClock({ client })
  let good: GoodView | null = null
  let leftBefore = Number.POSITIVE_INFINITY
  const countDown = (): void => {
    if (good?.status !== 'open') return
    const left = (Date.parse(good.endsAt) - clock.now()) / 1000
    const mark = MARKS.findLast((each) => left <= each && leftBefore > each)
    if (mark !== undefined && leftBefore !== Number.POSITIVE_INFINITY) output.line(`${duration(mark * 1000)} left.`)
    leftBefore = left
  }
  const timer = setInterval(countDown, TICK_MS)
  const end = (endsAt: string): string => calendar(endsAt, globals.utc)
  const tell: Teller['tell'] = (message) => {
    switch (message.type) {
      case 'snapshot':
        good = message.good
        leftBefore = Number.POSITIVE_INFINITY
        output.line(`Good ${good.id}, ${good.name}, by ${good.owner.nick}: ${standingLine(good)}.`)
        if (good.status === 'open') output.line(`It ends ${end(good.endsAt)}; ${leastBid(good)}.${standing(good)}`)
        if (good.status === 'open' && conditions(good).length > 0) output.line(`Also: ${conditions(good).join(', ')}.`)
        return
      case 'event': {
        const before = good?.you?.standing
        good = message.good
        const { event } = message
        output.line(event.type === 'extended' ? `${movedWords(event.data)} to ${end(good.endsAt)}.` : sentence(event))
        if (me && good.status === 'open' && good.you?.standing !== before) output.line(standing(good))
        return
      }
      case 'gap':
        return output.line(gapWords(message))
      case 'connection':
        return output.line(connections[message.state])
      case 'watchers':
        if (message.joined) output.line(`${message.joined.nick} came in.`)
        if (message.left) output.line(`${message.left.nick} left.`)
        return
      case 'chat':
        return output.line(spoken(message.line))
      default:
        return message satisfies never
    }
  }
  return {
    tell,
    time: () => (good === null ? 'The good is not known yet.' : timeLeft(good, clock.now())),
    end: ({ you }) => {
      if (you === 'won') output.line('You won.')
      else if (you === 'lost') output.line('You did not win.')
    },
    close: () => {
      clearInterval(timer)
      clock.close()
    },
  }
}

const connections = {
  connecting: 'Connecting.',
  live: 'Connected.',
  stale: 'No news for a while; the connection may be lost.',
  reconnecting: 'The connection is lost; trying again.',
  draining: 'The server is about to restart.',
} as const

function gapWords({ from, to, repaired }: { from: number; to: number; repaired: number }): string {
  const lost = to - from + 1 - repaired
  if (lost > 0) return `${counted(lost, 'event')} cannot be loaded again.`
  return `${counted(repaired, 'missed event')} loaded.`
}

function leastBid({ id, offeredTo, minimumBid }: GoodView): string {
  return offeredTo ? `it takes no bids (auction buy ${id})` : `the least bid is ${pay(minimumBid)}`
}

function timeLeft({ status, endsAt }: GoodView, now: number): string {
  if (status !== 'open') return 'It has ended.'
  const left = Date.parse(endsAt) - now
  return left > 0 ? `${duration(left)} left.` : 'The time is up; the result is not known yet.'
}

function standing({ you }: GoodView): string {
  if (you?.standing === 'leading') return ' You lead.'
  return you?.standing === 'outbid' ? ' You are outbid.' : ''
}
