/** `auction auth status`: whether the login works, where it is kept, until when; with --all every login of every house. */
import { AuctionError } from '@auction/common/errors'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import type { Kept } from '../credentials.ts'
import type { Fact, Output } from '../output.ts'
import type { Column } from '../table.ts'

export const command: Command = {
  options: [['--all', 'every account at every house; each house is asked']],
  examples: ['auth status', 'auth status --all'],
  notes: `Exits with 4 when nobody is logged in, or the house no longer takes the token.
With --all, "state" is: works, refused (log in again), away (no answer) or locked (in a keyring that is shut).`,
  run: async (context, { flag }) => (flag('all') ? showAll(context) : showOne(context)),
}

async function showOne(context: Context): Promise<number> {
  const { server } = context.globals
  const held = await context.token()
  if (!held) throw new AuctionError('UNAUTHENTICATED', `You are not logged in at ${server}.`)
  const user = await (await context.client()).call('me')
  const credentials = await context.credentials()
  const login = held.from === 'file' ? credentials.read(server) : null
  const expiresAt = login?.expiresAt ?? null
  const from = login === null ? 'AUCTION_TOKEN' : placeOf(login, credentials.path)
  const facts: Fact[] = [
    ['server', server],
    ['nick', user.nick],
    ['role', user.role],
    ['token', `from ${from}`, from],
    ['expires', expiresAt === null ? '' : context.output.when(expiresAt), expiresAt ?? ''],
  ]
  context.output.facts(facts, { answer: { server, user, token: { from, expiresAt } }, id: user.nick })
  return 0
}

const placeOf = ({ token }: Kept, path: string): string => (token === null ? 'the keyring' : path)

interface Row {
  readonly server: string
  readonly nick: string
  readonly active: boolean
  readonly state: 'works' | 'refused' | 'away' | 'locked'
  readonly expiresAt: string
  readonly from: string
}

const columns = ({ when }: Output): readonly Column<Row>[] => [
  { title: 'server', value: ({ server }) => server, wide: true },
  { title: 'nick', value: ({ nick }) => nick, wide: true },
  { title: 'used', value: ({ active }) => (active ? 'yes' : 'no'), cell: ({ active }) => (active ? 'yes' : '') },
  { title: 'state', value: ({ state }) => state, colour: ({ state }) => (state === 'works' ? 'green' : 'red') },
  { title: 'expires', value: ({ expiresAt }) => expiresAt, cell: ({ expiresAt }) => when(expiresAt) },
  { title: 'token', value: ({ from }) => from, spare: true },
]

async function showAll(context: Context): Promise<number> {
  const { output } = context
  const credentials = await context.credentials()
  const kept = credentials.all()
  if (kept.length === 0) throw new AuctionError('UNAUTHENTICATED', 'You are not logged in anywhere.')
  const { createClient } = await import('../client.ts')
  const stateOf = async (server: string, login: Kept): Promise<Row['state']> => {
    const token = await credentials.tokenOf(server, login).catch(() => null)
    if (token === null) return 'locked'
    const client = createClient({ server, token })
    try {
      await client.call('me')
      return 'works'
    } catch (error) {
      if (!(error instanceof AuctionError)) throw error
      return error.code === 'UNAUTHENTICATED' ? 'refused' : 'away'
    } finally {
      await client.close()
    }
  }
  const items = await Promise.all(
    kept.map(async ({ server, login, active }): Promise<Row> => {
      const { nick, expiresAt } = login
      const from = placeOf(login, credentials.path)
      return { server, nick, active, state: await stateOf(server, login), expiresAt, from }
    }),
  )
  const rest = { answer: { items, next: null }, id: ({ nick, server }: Row) => `${nick} ${server}`, empty: '' }
  await output.list(columns(output), items, rest)
  return 0
}
