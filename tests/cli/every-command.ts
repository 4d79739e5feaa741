/** Every command of the table as a line of words that works: against a house with people, goods, bids and talk in it. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type House, type Json, type Member, openHouse, PASSWORD } from '../support/house.ts'
import { keeperOf } from '../support/sale.ts'
import type { Started } from '../support/streams.ts'
import { type Home, openHome } from './command-line.ts'

/** What the lines are about. */
export interface Stage {
  readonly house: House
  /** Where the lines talk to it. */
  readonly url: string
  readonly home: Home
  /** Sells; bids; runs the house. */
  readonly mila: Member
  readonly ada: Member
  readonly keeper: Member
  /** A good of mila's with bids of ada's, a note and talk; one in a room with a password; one that was sold. */
  readonly good: Json
  readonly hidden: Json
  readonly sold: Json
  readonly bidId: number
  readonly hook: Json
  /** The FIFO that is held open. */
  readonly held: string
  /** A file of goods for `sell --from`. */
  readonly goods: string
  /** A number that nobody had before. */
  fresh(): number
  close(): Promise<void>
}

export interface Line {
  /** As the command table has it. */
  readonly command: string
  words(stage: Stage): readonly string[] | Promise<readonly string[]>
  /** Whose token it runs with; mila's where it does not say, nobody's where it is null. */
  readonly as?: ((stage: Stage) => Member | Promise<Member>) | null
  /** Exit code where nobody can be asked; 0 where it does not say. */
  readonly code?: number
  /** What a person on a terminal is asked, with what they type, and the exit code after that. */
  readonly asks?: { readonly questions: readonly (readonly [asked: RegExp, typed: string])[]; readonly code: number }
  /** It goes on until it is told to end: what it shows by then on a screen of its own; what it says in lines, and the code of SIGTERM. */
  readonly runs?: { readonly screen?: RegExp; readonly lines?: RegExp; readonly code?: number }
  /** What it writes to stderr although all is well. */
  readonly notes?: RegExp
}

const ada = ({ ada }: Stage) => ada
const keeper = ({ keeper }: Stage) => keeper
const no = (asked: RegExp) => ({ questions: [[asked, 'n\r']] as const, code: 1 })
const password = (asked: RegExp, code = 0) => ({ questions: [[asked, `${PASSWORD}\r`]] as const, code })

/** A good of mila's that ada leads. */
async function contested({ mila, ada }: Stage): Promise<Json> {
  const good = await mila.sell({ startPrice: 100 })
  const { body } = await ada.bid(good.id, { amount: 100 })
  return { ...good, bidId: body.bid.id }
}

/** A good of mila's that ended with a bid below its reserve. */
async function unsold({ mila, ada }: Stage): Promise<Json> {
  // On a slow machine the end may come before the bid: the next one has more time.
  for (let endsInMs = 1_000; ; endsInMs *= 2) {
    const good = await mila.sell({ startPrice: 100, reserve: 500, endsInMs, softCloseMs: 0 })
    const { status } = await ada.bid(good.id, { amount: 100 })
    if (status !== 201) continue
    for (;;) {
      const { body } = await mila.get(`/v1/goods/${good.id}`)
      if (body.status === 'unsold') return body
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const plain = (command: string, words: Line['words'] = () => command.split(' '), rest: Partial<Line> = {}): Line => ({
  command,
  words,
  ...rest,
})

/** At least one for each entry of the command table. */
export const lines: readonly Line[] = [
  // `auction` alone is help where there is no screen.
  plain('home', () => [], { runs: { screen: /q quit/ } }),
  plain('home', undefined, { runs: { screen: /q quit/ }, code: 2, notes: /^(error|hint):/ }),
  plain('signup', ({ fresh }) => ['signup', `nick${fresh()}`], {
    as: null,
    code: 2,
    asks: {
      questions: [
        [/Password/, `${PASSWORD}\r`],
        [/again/i, `${PASSWORD}\r`],
      ],
      code: 0,
    },
  }),
  plain('login', () => ['login', 'ada'], { as: null, code: 2, asks: password(/Password/) }),
  plain('logout', undefined, { as: async ({ house, fresh }) => house.member(`nick${fresh()}`) }),
  plain('whoami'),
  plain('auth'),
  plain('auth status'),
  plain('auth status', () => ['auth', 'status', '--all']),
  plain('auth token'),
  plain('auth switch', ({ url }) => ['auth', 'switch', url], { notes: /AUCTION_(TOKEN|SERVER) is set/ }),
  plain('list'),
  plain('list', () => ['list', 'leica', '--status', 'all', '--sort', 'price', '--fields', 'id,name']),
  plain('show', ({ good }) => ['show', `${good.id}`, '--bids', '--log', '--verify']),
  plain('watch', ({ good }) => ['watch', `${good.id}`], {
    runs: { screen: /q quit/, lines: /Leica/ },
  }),
  plain('watch', ({ good }) => ['watch', `${good.id}`, '--plain'], { runs: { lines: /Leica/ } }),
  plain('watch', ({ sold }) => ['watch', `${sold.id}`, '--since', '0']),
  plain('watch', ({ hidden }) => ['watch', `${hidden.id}`, '--until', 'outbid'], {
    as: ada,
    code: 2,
    asks: password(/Password of the room/, 22),
  }),
  plain('chat', ({ good }) => ['chat', `${good.id}`]),
  plain('chat', ({ good, fresh }) => ['chat', `${good.id}`, `Is it ${fresh()} years old?`]),
  plain('chat', ({ hidden }) => ['chat', `${hidden.id}`], {
    as: ada,
    code: 2,
    asks: password(/Password of the room/),
  }),
  plain('bid', async (stage) => ['bid', `${(await contested(stage)).id}`, 'min', '--max', '1.50'], { as: ada }),
  plain('bid', ({ good }) => ['bid', `${good.id}`, '1000'], { as: ada, code: 2, asks: no(/Bid it\?/) }),
  plain('bids', undefined, { as: ada }),
  plain('bids', ({ good }) => ['bids', `${good.id}`]),
  plain('buy', async ({ mila }) => ['buy', `${(await mila.sell({ buyNow: 2_000 })).id}`], {
    as: ada,
    code: 2,
    asks: no(/Buy it now\?/),
  }),
  plain('buy', async ({ mila }) => ['buy', `${(await mila.sell({ startPrice: 1, buyNow: 2 })).id}`, '--yes'], {
    as: ada,
  }),
  plain('retract', async (stage) => ['retract', `${(await contested(stage)).bidId}`, '--reason', 'typo'], { as: ada }),
  plain('sell', ({ fresh }) => ['sell', `Leica ${fresh()}`, '--start', '10', '--ends-in', '1h'], {
    notes: /^Follow it/,
  }),
  plain('sell', ({ goods }) => ['sell', '--from', goods], { code: 2, asks: no(/List them\?/) }),
  plain('sell', ({ goods }) => ['sell', '--from', goods, '--yes'], { notes: /listed/ }),
  plain('edit', async ({ mila, fresh }) => [
    'edit',
    `${(await mila.sell()).id}`,
    ...['--name', `Leica ${fresh()}`, '--note', 'The strap is new.'],
  ]),
  plain('cancel', async ({ mila }) => ['cancel', `${(await mila.sell()).id}`]),
  plain('cancel', async (stage) => ['cancel', `${(await contested(stage)).id}`, '--reason', 'incorrect'], {
    code: 2,
    asks: no(/Cancel it\?/),
  }),
  plain('accept', async (stage) => ['accept', `${(await contested(stage)).id}`], {
    code: 2,
    asks: no(/Sell it now\?/),
  }),
  plain('accept', async (stage) => ['accept', `${(await contested(stage)).id}`, '-y']),
  plain('relist', async (stage) => ['relist', `${(await unsold(stage)).id}`, '--ends-in', '1h'], {
    notes: /^Follow it/,
  }),
  plain('offer', async (stage) => ['offer', `${(await unsold(stage)).id}`, '--for', '3d']),
  plain('sales', () => ['sales', '--limit', '5'], { notes: /more/ }),
  plain('won', () => ['won', '--limit', '5'], { as: ada, notes: /more/ }),
  plain('wallet', undefined, { as: ada }),
  plain('wallet log', () => ['wallet', 'log', '--limit', '5'], { as: ada, notes: /more/ }),
  plain('export', ({ sold }) => ['export', `${sold.id}`]),
  plain('export', ({ good, sold }) => ['export', '--csv', `${good.id}`, `${sold.id}`]),
  plain('verify', ({ sold }) => ['verify', `${sold.id}`]),
  plain('calendar', ({ good }) => ['calendar', `${good.id}`]),
  plain('notifications', () => ['notifications', '--follow'], {
    runs: { lines: /Connection: live/ },
    notes: /^Connection: live/,
  }),
  plain('serve', ({ home, fresh }) => ['serve', '--port', '0', '--data', join(home.path, `house${fresh()}`)], {
    runs: { lines: /The house is open at/, code: 0 },
    notes: /^\{"level"/,
  }),
  plain('demo', undefined, { runs: { screen: /q quit/, lines: /A house opens at/ } }),
  plain('admin'),
  plain('admin claim', () => ['admin', 'claim', 'NOT-THE-CODE'], { code: 6, notes: /^error:/ }),
  plain('admin users', undefined, { as: keeper, notes: /more/ }),
  plain('admin deposit', ({ ada }) => ['admin', 'deposit', `${ada.id}`, '10'], { as: keeper }),
  plain('admin withdraw', ({ ada }) => ['admin', 'withdraw', `${ada.id}`, '1'], { as: keeper }),
  plain(
    'admin cancel',
    async (stage) => ['admin', 'cancel', '--bid', `${(await contested(stage)).bidId}`, '--reason', 'Shill.'],
    {
      as: keeper,
    },
  ),
  plain('admin cancel', async (stage) => ['admin', 'cancel', `${(await contested(stage)).id}`, '--reason', 'Fake.'], {
    as: keeper,
    code: 2,
    asks: no(/Cancel it\?/),
  }),
  plain('admin invite', undefined, { as: keeper, notes: /^Give the person/ }),
  plain('admin audit', undefined, { as: keeper }),
  plain('admin jobs', undefined, { as: keeper }),
  plain('admin webhooks', undefined, { as: keeper }),
  plain(
    'admin webhook-add',
    async ({ keeper }) => {
      await forgetHooks(keeper)
      return ['admin', 'webhook-add', SPARE_HOOK]
    },
    { as: keeper },
  ),
  plain(
    'admin webhook-remove',
    async ({ keeper }) => {
      await forgetHooks(keeper)
      return ['admin', 'webhook-remove', `${(await addHook(keeper)).id}`]
    },
    { as: keeper },
  ),
  plain(
    'admin webhook-redeliver',
    ({ hook, good }) => ['admin', 'webhook-redeliver', `${hook.id}`, '--good', `${good.id}`, '--since', '0'],
    { as: keeper },
  ),
  plain('config'),
  plain('config list'),
  plain('config get', () => ['config', 'get', 'server']),
  plain('config set', () => ['config', 'set', 'utc', 'off']),
  plain('doctor'),
  plain('completion', () => ['completion', 'bash']),
  plain('api', ({ good }) => ['api', 'GET', `/v1/goods/${good.id}/events`]),
  plain('api', () => ['api', 'GET', '/v1/nothing'], { code: 3, notes: /^error:/ }),
  plain('version'),
  plain('help'),
  plain('help', () => ['help', 'bid']),
  plain('help', () => ['help', 'environment']),
  // What goes wrong is told in every mode too.
  plain('show', () => ['show', '999999'], { code: 3, notes: /^error:/ }),
  plain('list', () => ['list', '--stauts'], { code: 2, notes: /^error:/ }),
  plain('help', () => ['nonsense'], { code: 2, notes: /^error:/ }),
]

const SPARE_HOOK = 'http://127.0.0.1:9/spare'
/** Once there is room: a house has only so many. */
async function addHook(by: Member): Promise<Json> {
  for (;;) {
    const { status, body } = await by.post('/v1/admin/webhooks', { url: 'http://127.0.0.1:9/never' })
    if (status === 201) return body
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
async function forgetHooks(by: Member): Promise<void> {
  const { items } = (await by.get('/v1/admin/webhooks')).body
  for (const { id, url } of items) if (url === SPARE_HOOK) await by.send('DELETE', `/v1/admin/webhooks/${id}`)
}

/** Opens the house and puts everything in it that `lines` speak of. Whoever opens it closes it. */
export async function openStage(): Promise<Stage> {
  const house = await openHouse('sqlite', { settings: { AUCTION_STARTING_BALANCE: '10000000' } })
  const home = openHome()
  const mila = await house.member('mila')
  const ada = await house.member('ada')
  const keeper = await keeperOf(house)
  const good = await mila.sell({ startPrice: 100, description: 'In its box.\nOne owner.', reserve: 200, buyNow: 5_000 })
  const bid = await ada.bid(good.id, { amount: 100, max: 150, message: 'For Ann.' })
  await mila.send('PATCH', `/v1/goods/${good.id}`, { note: 'The strap is new.' })
  await ada.post(`/v1/goods/${good.id}/chat`, { text: 'Does it work?' })
  const hidden = await mila.sell({ name: 'Hidden', startPrice: 100, password: PASSWORD })
  const zoe = await house.member('zoë')
  const room = { 'room-password': PASSWORD }
  const bidHere = (by: Member, max: number) =>
    by.post(`/v1/goods/${hidden.id}/bids`, { max }, { ...room, 'idempotency-key': crypto.randomUUID() })
  await bidHere(ada, 100)
  await bidHere(zoe, 900)
  const sold = await mila.sell({ startPrice: 100, buyNow: 500, reserve: 200 })
  await ada.bid(sold.id, { max: 150 })
  await ada.post(`/v1/goods/${sold.id}/purchase`)
  const hook = await addHook(keeper)
  for (const nick of ['mila', 'ada'])
    await home.auction(['login', nick, '--password-stdin'], {
      server: house.url,
      stdin: `${PASSWORD}\n`,
      env: { AUCTION_TOKEN: '' },
    })
  const held = join(home.path, 'held')
  execFileSync('mkfifo', [held])
  // Reading and writing, so that it opens at once and no reader ever sees its end.
  const holder = openSync(held, constants.O_RDWR)
  const goods = join(home.path, 'goods.csv')
  writeFileSync(goods, 'key,name,start,ends-in\nfirst,Leica M4,10,7d\nsecond,Leica M5,20,7d\n')
  let last = 0
  return {
    ...{ house, url: house.url, home, mila, ada, keeper, good, hidden, sold, hook, held, goods },
    bidId: bid.body.bid.id,
    fresh: () => ++last,
    async close() {
      closeSync(holder)
      home.close()
      await house.close()
    },
  }
}

/** The environment of whoever runs the line: nothing of the tester's own, and no pager. */
export async function environmentOf({ as = ({ mila }) => mila }: Line, stage: Stage): Promise<Record<string, string>> {
  const { url, home } = stage
  return {
    PATH: process.env.PATH ?? '',
    HOME: home.path,
    XDG_CONFIG_HOME: home.path,
    XDG_STATE_HOME: home.path,
    AUCTION_SERVER: url,
    AUCTION_TOKEN: as === null ? '' : (await as(stage)).token,
    AUCTION_KEYRING: 'off',
    AUCTION_PAGER: 'off',
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  }
}

/** Until what it wrote, or its screen, matches, or it ended. */
export async function waitFor({ out, err, terminal, ended }: Started, pattern: RegExp): Promise<void> {
  let over = false
  void ended.then(() => {
    over = true
  })
  // What is too long for a line goes on in the next, at a space or in the middle of a word.
  const seen = () => `${out()}${err()}${terminal?.screen().join('\n')}`
  const isSeen = (text: string) =>
    pattern.test(text.replaceAll(/\s+/g, ' ')) || pattern.test(text.replaceAll(/\s*\n/g, ''))
  while (!over && !isSeen(seen())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Answers what is asked, and ends what goes on; the exit code to expect. */
export async function attend(started: Started, { asks, runs, code = 0 }: Line, somebody: boolean): Promise<number> {
  if (asks && somebody) {
    for (const [asked, typed] of asks.questions) {
      await waitFor(started, asked)
      started.terminal?.send(typed)
    }
    return asks.code
  }
  if (somebody && runs?.screen) {
    await waitFor(started, runs.screen)
    started.terminal?.send('q')
    return 0
  }
  if (!runs?.lines) return code
  await waitFor(started, runs.lines)
  started.signal('SIGTERM')
  return runs.code ?? 143
}
