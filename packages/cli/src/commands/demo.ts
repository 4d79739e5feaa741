/** `auction demo`: a house on a temporary directory, a whole sale in it, told on the live screen or line by line. */
import { AuctionError } from '@auction/common/errors'
import type { FeedEvent } from '@auction/common/events'
import type { GoodView } from '@auction/common/view'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { emptyDirectory } from '../demo/directory.ts'
import { playerOf } from '../demo/people.ts'
import { acts, guest, seller } from '../demo/script.ts'
import { type Ending, openStage, type Stage } from '../demo/stage.ts'
import { loadServer } from '../server-package.ts'
import { pay, sentence, standingLine } from '../wording.ts'

/** On a screen the play goes on for minutes, so that there is time to look and to bid. */
const SCREEN_PACE = 10

export const command: Command = {
  chooses: 'json',
  options: [['--keep <directory>', 'keep the data there, to look at or to serve']],
  examples: ['demo', 'demo --keep ./demo-house'],
  notes:
    'On a terminal it opens the live screen: b bids. Elsewhere it tells the story line by line and ends within a minute.',
  run: async (context, { option }) => {
    const keep = option('keep')
    const kept = keep === undefined ? null : emptyDirectory(keep, 'Name a directory of its own for the demo.')
    const { openHouse } = await loadServer()
    const house = await openHouse(kept)
    try {
      const code =
        context.interactive && !context.globals.json
          ? await onScreen(context, house.url)
          : await inLines(context, house)
      if (kept !== null) context.output.note(`The data is in ${kept}. Go on with it: auction serve --data ${kept}`)
      return code
    } finally {
      await house.close()
    }
  },
}

async function onScreen(context: Context, server: string): Promise<number> {
  const closing = new AbortController()
  const quiet = { now: context.io.now, event: () => {}, refused: () => {} }
  const stage = await openStage(server, acts(SCREEN_PACE), quiet, closing.signal)
  try {
    const [good] = stage.goods
    const { client, user } = playerOf(stage.players, guest)
    const { runScreen } = await import('../screen/run.tsx')
    const code = await runScreen({ client, goodId: good?.id ?? 1, me: user, io: context.io, utc: context.globals.utc })
    if (code === 0) context.output.note('That was the demo. Now a house of your own: auction serve')
    return code
  } finally {
    closing.abort(new AuctionError('FAILED', 'The demo was left.'))
    await stage.close()
  }
}

async function inLines(context: Context, house: { url: string; sum(): Promise<number> }): Promise<number> {
  const { output } = context
  const tell = (text: string) => context.globals.json || output.line(text)
  const stage = await openStage(
    house.url,
    acts(1),
    { now: context.io.now, ...audienceOf(tell) },
    new AbortController().signal,
  )
  try {
    tell(`A house opens at ${house.url}. ${seller} lists ${stage.goods.length} goods, each with a picture:`)
    for (const good of stage.goods) tell(`  good ${good.id}, ${good.name}: starts at ${pay(good.startPrice)}`)
    const endings = await stage.played
    const sum = await house.sum()
    await tellEnd(tell, stage, endings, sum)
    if (context.globals.json) output.json({ goods: endings.map(({ good, lateMs }) => ({ ...good, lateMs })), sum }, 2)
    if (sum !== 0) throw new AuctionError('FAILED', `The accounts sum to ${sum}, not to 0.`)
    return 0
  } finally {
    await stage.close()
  }
}

type Tell = (text: string) => void

function audienceOf(tell: Tell) {
  const clockOf = ({ at }: FeedEvent) => at.slice(11, 23)
  return {
    event: (good: GoodView, event: FeedEvent) => tell(`${clockOf(event)}  good ${good.id}: ${sentence(event)}`),
    refused: (good: GoodView, nick: string, error: AuctionError) =>
      tell(`              good ${good.id}: ${nick} was refused: ${error.message}`),
  }
}

async function tellEnd(tell: Tell, stage: Stage, endings: readonly Ending[], sum: number): Promise<void> {
  tell('')
  for (const { good, lateMs } of endings)
    tell(`good ${good.id}, ${good.name}: ${standingLine(good)}. Closed ${lateMs} ms after its end.`)
  tell('')
  for (const [nick, { client }] of stage.players) {
    if (nick === guest) continue
    const { balance, held } = await client.call('wallet')
    tell(`${nick}: ${pay(balance)}, ${pay(held)} of it held`)
  }
  tell(`The ledger: all accounts sum to ${sum}.`)
}
