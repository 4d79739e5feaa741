/** The people of a demo: signed up over HTTP as anyone is, logged in, able to list what lies in packages/cli/assets. */
import { readFile } from 'node:fs/promises'
import type { User } from '@auction/common/answers'
import type { GoodView } from '@auction/common/view'
import { type Client, createClient } from '../client.ts'
import { listGood } from '../new-good.ts'
import type { SaleTerms } from '../sale-terms.ts'

/** Someone in a demo, logged in. */
export interface Player {
  readonly user: User
  readonly client: Client
}

/** A good of a demo, with its picture: a file in packages/cli/assets. Amounts in minor units of USD. */
export interface Ware {
  readonly good: SaleTerms & { readonly softCloseMs?: number }
  readonly picture: string
}

/** Signs `nick` up at the house at `server`. */
export async function signUp(server: string, nick: string, password: string): Promise<Player> {
  const anyone = createClient({ server, token: null })
  const body = { nick, password }
  await anyone.call('signUp', { body })
  const { token, user } = await anyone.call('logIn', { body })
  await anyone.close()
  return { user, client: createClient({ server, token }) }
}

/** The one called so. */
export function playerOf(players: ReadonlyMap<string, Player>, nick: string): Player {
  const player = players.get(nick)
  if (!player) throw new Error(`${nick} is not in the play.`)
  return player
}

/** Lists the ware as a good of `client`. */
export async function list(client: Client, { good, picture: name }: Ware): Promise<GoodView> {
  const bytes = new Uint8Array(await readFile(new URL(`../../assets/${name}`, import.meta.url)))
  return listGood(client, good, { bytes, name })
}
