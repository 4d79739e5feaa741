/** `auction watch <id>`: the live screen on a terminal; sentences with --plain; objects, one a line, for programs. */
import type { User } from '@auction/common/answers'
import { AuctionError } from '@auction/common/errors'
import { endings } from '@auction/common/frames'
import type { GoodView } from '@auction/common/view'
import type { Client } from '../client.ts'
import type { Command, Input } from '../command.ts'
import type { Context } from '../context.ts'
import type { FeedMessage } from '../follow.ts'
import { oneOf, parseId, parseSeq } from '../input.ts'
import { isSpoken } from '../io.ts'
import { readRoomPassword, roomPasswordOption } from '../room-password.ts'
import { type End, jsonTeller, type Teller } from '../watch-lines.ts'

const EXIT_RUNNING = 8
const EXIT_LOST = 20
const EXIT_UNSOLD = 21
const EXIT_OUTBID = 22

const ends = ['end', 'outbid', 'won'] as const

export const command: Command = {
  chooses: 'json',
  words: '<id>',
  options: [
    ['--plain', 'one sentence per event, nothing rewritten; on a terminal type help for what can be typed'],
    ['--since <seq>', 'begin with the events after this place in the log'],
    ['--chat', 'also chat and presence, one object a line'],
    roomPasswordOption,
    ['--until <what>', 'end (usual), outbid or won', ends],
    ['--exit-status', 'exit with 0 when you won, 20 when you did not, 21 when nobody did; 8 when left before'],
  ],
  examples: ['watch 1', 'watch 1 --until outbid || auction bid 1 +2', 'watch 8 --exit-status | tail -1'],
  notes: `On a terminal it opens the live screen, where ? shows every key. In a pipe, with --json, --since, or --until other than
end: one object a line: snapshot, the events, connection, gap, and last end.
--until outbid exits with 22 when you are outbid; --until won sets --exit-status.`,
  run: async (context, input) => {
    const id = parseId(input.words[0] ?? '')
    const plan = readPlan(context, input)
    const client = await context.client()
    const good = await client.call('good', { params: { id } })
    const me = await context.me()
    if (me === null && plan.until !== 'end')
      throw new AuctionError('UNAUTHENTICATED', `--until ${plan.until} needs to know who you are.`)
    const password = await readRoomPassword(context, input, good, me)
    if (plan.style === 'screen') {
      const { runScreen } = await import('../screen/run.tsx')
      const left = (good: GoodView | null) =>
        good === null || good.status === 'open' ? EXIT_RUNNING : codeOf(endOf(good, me))
      const { io, globals } = context
      const exitCode = plan.exitStatus && { exitCode: left }
      return runScreen({ client, goodId: id, me, password, io, utc: globals.utc, ...exitCode })
    }
    const quit = new AbortController()
    const watched = { client, goodId: id, me, password, plan, quit: quit.signal }
    if (plan.style === 'json')
      return heeding(context, { ...watched, teller: jsonTeller(context, input.flag('chat')) }, () => {})
    const teller = (await import('../watch-plain.ts')).plainTeller(context, client, me)
    // A program in the background whose output goes elsewhere would be stopped for reading its terminal.
    const { io, globals } = context
    if (!io.terminal || !io.stdin.isTTY || !globals.input) return heeding(context, { ...watched, teller }, () => {})
    const { heedTyped } = await import('../watch-typed.ts')
    const { time } = teller
    const stop = heedTyped({ context, client, goodId: id, password, time, quit: () => quit.abort() })
    return heeding(context, { ...watched, teller }, stop)
  },
}

interface Plan {
  readonly style: 'screen' | 'json' | 'plain'
  readonly until: (typeof ends)[number]
  readonly since: number | null
  readonly exitStatus: boolean
}

function readPlan({ interactive, globals, io }: Context, { option, flag }: Input): Plan {
  const since = option('since')
  const until = oneOf(ends, '--until', option('until') ?? 'end')
  const { env } = io
  const spoken = io.terminal && isSpoken(env)
  const dumb = io.terminal && env.TERM === 'dumb'
  const watches = interactive && until === 'end' && since === undefined
  const style = globals.json ? 'json' : flag('plain') || spoken || dumb ? 'plain' : watches ? 'screen' : 'json'
  return {
    style,
    until,
    since: since === undefined ? null : parseSeq(since),
    exitStatus: flag('exitStatus') || until === 'won',
  }
}

/** Follows the good, and then lets go of stdin, stdout and the clock. */
async function heeding({ io }: Context, watch: Watch, stop: () => void): Promise<number> {
  const heeded = io.heedReader()
  try {
    return await followToEnd(watch)
  } finally {
    stop()
    heeded()
    watch.teller.close()
  }
}

interface Watch {
  client: Client
  goodId: number
  me: User | null
  password: string | undefined
  plan: Plan
  teller: Teller
  /** Aborted by whoever has seen enough. */
  quit: AbortSignal
}

async function followToEnd({ client, goodId, me, password, plan, teller, quit }: Watch): Promise<number> {
  const { follow } = await import('../follow.ts')
  const { since, until } = plan
  return new Promise<number>((resolve, reject) => {
    let [began, ending] = [false, false]
    const finish = (code: number): void => {
      feed.close()
      resolve(code)
    }
    const onMessage = (message: FeedMessage): void => {
      if (ending && message.type !== 'gap') return
      teller.tell(message)
      if (message.type !== 'snapshot' && message.type !== 'event') return
      const { good } = message
      // An ended good whose earlier events were asked for ends with its last event, not with the snapshot.
      const owed = message.type === 'snapshot' && !began && since !== null && since < good.seq
      began = true
      const ended = message.type === 'event' ? endings.includes(message.event.type) : good.status !== 'open'
      if (ended && !owed) {
        const end = endOf(good, me)
        ending = true
        // A gap that the last event closes, or that a snapshot leaves, is told in the same turn; the end comes after it.
        queueMicrotask(() => {
          teller.end(end, good)
          finish(plan.exitStatus ? codeOf(end) : 0)
        })
      } else if (until === 'outbid' && !owed && good.status === 'open' && good.you?.standing === 'outbid') {
        teller.end({ outcome: null, you: 'outbid' }, good)
        finish(EXIT_OUTBID)
      }
    }
    const onError = (error: AuctionError): void => {
      feed.close()
      reject(error)
    }
    const options = { client, goodId, password, userId: me?.id ?? null, onMessage, onError }
    const feed = follow(since === null ? options : { ...options, since })
    quit.addEventListener('abort', () => finish(plan.exitStatus ? EXIT_RUNNING : 0))
  })
}

function endOf({ status, winner, you }: GoodView, me: User | null): End {
  const outcome = status === 'open' ? null : status
  if (me && winner?.id === me.id) return { outcome, you: 'won' }
  return { outcome, you: you && you.standing !== 'none' ? 'lost' : 'none' }
}

function codeOf({ outcome, you }: End): number {
  if (outcome === 'unsold' || outcome === 'cancelled') return EXIT_UNSOLD
  return you === 'won' ? 0 : EXIT_LOST
}
