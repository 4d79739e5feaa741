/** The house of `auction serve --demo`: its people, its goods with their past, and bots that keep it alive until it closes. */
import { randomUUID } from 'node:crypto'
import { DEFAULT_SERVER } from '../input.ts'
import { keepAlive, type OnShow } from './bots.ts'
import { DEMO_PASSWORD, type Exhibit, exhibits, keeper, visitor } from './goods.ts'
import { list, type Player, playerOf, signUp } from './people.ts'
import { bidders, seller } from './script.ts'

/** A house that is open and empty. */
interface EmptyHouse {
  readonly url: string
  /** What makes one account the house. */
  readonly houseCode: string | null
}

/** Fills the house; answers what there is to try, and what ends the bots. */
export async function furnish({ url, houseCode }: EmptyHouse): Promise<{ text: string; close(): Promise<void> }> {
  const players = new Map<string, Player>()
  for (const nick of [keeper, seller, visitor, ...bidders]) players.set(nick, await signUp(url, nick, DEMO_PASSWORD))
  const house = playerOf(players, keeper).client
  await house.call('claimHouse', { body: { code: houseCode } })
  const shown: OnShow[] = []
  for (const exhibit of exhibits) shown.push({ exhibit, id: await show(players, exhibit) })
  const closing = new AbortController()
  const alive = keepAlive(shown, players, house, closing.signal)
  alive.catch(() => {}) // Told when the house closes.
  return {
    text: tour(url),
    async close() {
      closing.abort()
      await alive
      await Promise.all([...players.values()].map(({ client }) => client.close()))
    },
  }
}

/** Lists the exhibit and gives it its past; answers its id. */
async function show(players: ReadonlyMap<string, Player>, exhibit: Exhibit): Promise<number> {
  const { by, bids = [], chat = [], good, ended } = exhibit
  const owner = playerOf(players, by).client
  const { id } = await list(owner, exhibit)
  const params = { id }
  for (const { by: nick, ...body } of bids)
    await playerOf(players, nick).client.call('placeBid', { params, body, key: randomUUID() })
  for (const { by: nick, text } of chat)
    await playerOf(players, nick).client.call('say', {
      params,
      body: { text },
      roomPassword: good.password ?? undefined,
    })
  if (ended === 'sold') await owner.call('acceptBid', { params })
  if (ended === 'cancelled') await owner.call('cancelGood', { params, body: {} })
  return id
}

function tour(url: string): string {
  return `This is a demo: bots bid, and everybody's password is ${DEMO_PASSWORD}. In another terminal:
${url === DEFAULT_SERVER ? '' : `  export AUCTION_SERVER=${url}\n`}\
  auction login ${visitor}       to bid, buy and sell
  auction list
  auction watch 1          a camera that others want, too
  auction bid 3 min        the bots leave it to you
  auction buy 5            at once
  auction chat 6           a private room, of the same password
  auction help             the examples of every command name goods of this house
  auction login ${keeper}       runs the house: auction admin
`
}
