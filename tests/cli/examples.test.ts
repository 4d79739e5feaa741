/** Every example of every page of help, typed into a shell in one house of `auction serve --demo`, in the order of help. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { table } from '../../packages/cli/src/command-table.ts'
import { DEMO_PASSWORD, keeper, visitor } from '../../packages/cli/src/demo/goods.ts'
import { topicNames } from '../../packages/cli/src/topics.ts'
import { ASSETS, auction, type Ended, ended, environment, type RunningServer, serve } from '../support/program.ts'
import { start } from '../support/terminal.ts'
import { openHome } from './command-line.ts'

/** How a line ended, and what it left: in the file that it names last, or on stdout. */
interface Typed extends Ended {
  readonly result: string
}

interface Example {
  /** The page of help that shows it: a command, a topic, or the first page, which has no name. */
  readonly page: string
  /** As help shows it, `auction` and all. */
  readonly line: string
}

/** What stands on the screen, and what is then typed. */
type Step = readonly [asked: RegExp, answer: string]

async function examplesOf(page: string): Promise<Example[]> {
  const home = openHome()
  const { code, out } = await home.auction(['help', ...page.split(' ').filter(Boolean)])
  home.close()
  expect(code, page).toBe(0)
  return [...out.matchAll(/^ +\$ (auction .+)$/gm)].map(([, line = '']) => ({ page, line }))
}

const commands = table.flatMap(([name, , load]) => (load ? [name] : []))
const shown = (await Promise.all(['', ...commands, ...topicNames].map(examplesOf))).flat()

/** Typed on a terminal: each answer once its question stands there. */
const onTerminal: Readonly<Record<string, readonly Step[]>> = {
  'auction signup ines': [
    [/Password$/, `${DEMO_PASSWORD}\r`],
    [/Password, again$/, `${DEMO_PASSWORD}\r`],
  ],
  'auction signup eva --invite K7Q2-9XWM': [
    [/Password$/, `${DEMO_PASSWORD}\r`],
    [/Password, again$/, `${DEMO_PASSWORD}\r`],
  ],
  'auction login demo': [[/Password$/, `${DEMO_PASSWORD}\r`]],
  'auction home': [[/Leica M3/, 'q']],
  'auction home --server https://house.example': [[/Leica M3/, 'q']],
  'auction buy 5': [[/Buy it now\?/, 'y\r']],
  'auction accept 7': [[/Sell it now\?/, 'y\r']],
  'auction watch 1': [[/CURRENT BID/, 'q']],
  // In a pipe they say nothing while all is well, or there are none.
  'auction admin audit': [],
  'auction admin webhooks': [],
}
/** Go on until somebody has seen enough: what is awaited on stdout, what ends them, and how they then end. */
const endless: Readonly<Record<string, readonly [seen: RegExp, signal: NodeJS.Signals, code: number]>> = {
  'auction notifications --follow': [/\t(listed|sold|unsold|cancelled)\t/, 'SIGINT', 130],
  'auction notifications --follow --json': [/"type":"(listed|sold|unsold|cancelled)"/, 'SIGINT', 130],
  'auction watch 1 --json --jq \'select(.type == "bid") | .data\'': [/"bidder"/, 'SIGINT', 130],
  'auction serve --demo': [/auction login demo/, 'SIGTERM', 0],
  'auction serve --data ./house': [/admin claim/, 'SIGTERM', 0],
}
/** Refused here, and right so: the exit code, and what is said. */
const refused: Readonly<Record<string, readonly [code: number, says: RegExp]>> = {
  'auction admin claim K7Q2-9XWM': [6, /claimed/],
  'auction admin claim K7Q2-9XWM --json': [6, /claimed/],
}
/** They take their time: the first two tell a sale, the last ends with `accept 8`. */
const early = ['auction demo', 'auction demo --keep ./demo-house', 'auction watch 8 --exit-status | tail -1']

/** Begins before the others do, and is looked at after them. */
const takesTime = ({ line }: Example) => line in endless || early.includes(line)
/** What others need is removed after them. */
const removes = ({ page }: Example) => page === 'admin webhook-remove'
/** Once each, in the order of help as far as may be. */
const examples = [...new Map(shown.map((example) => [example.line, example])).values()].sort(
  (a, b) => Number(removes(a)) - Number(removes(b)) || Number(takesTime(a)) - Number(takesTime(b)),
)

/** More is a hang, however slow the machine; but what begins first may go on for as long as all the others take. */
const PATIENCE_MS = 120_000

let place: string
let house: RunningServer
let people = 0
const begun = new Map<string, Promise<Typed>>()
/** What ends each shell that still runs. */
const running = new Set<() => void>()

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'auction-examples-'))
  for (const directory of ['tmp', 'desk']) mkdirSync(join(place, directory))
  house = await serve(personOf('server'), ['--demo'])
  for (const [home, nicks] of Object.entries(logins))
    for (const nick of nicks)
      expect(await auction(login(nick), { env: personOf(home), input: DEMO_PASSWORD })).toMatchObject({ code: 0 })
  layOut(join(place, 'desk'))
  for (const example of examples.filter(takesTime)) {
    const end = typed(example)
    end.catch(() => {}) // Told where it is looked at.
    begun.set(example.line, end)
  }
})

afterAll(async () => {
  for (const end of running) end()
  await Promise.allSettled(begun.values())
  await house?.stop()
  rmSync(place, { recursive: true, force: true })
})

/** The files that the examples name. */
function layOut(desk: string): void {
  cpSync(join(ASSETS, 'camera.png'), join(desk, 'leica.jpg'))
  cpSync(join(ASSETS, 'sword.png'), join(desk, 'strap.gif'))
  const files = {
    'password.txt': `${DEMO_PASSWORD}\n`,
    'leica.txt': 'Double stroke, serviced 2023.\n',
    'bid.json': '{"max": 48000}',
    'goods.yaml': '- {key: a1, name: Contax II, start: 200, ends-in: 7d, image: leica.jpg}\n',
    'goods.csv': 'key,name,start,ends-in\nb1,Pocket watch,35,2d\nb2,Desk lamp,12.50,36h\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(desk, name), text)
}

/** Who is logged in where; the last one is in use. */
const logins = { visitor: ['mila', visitor], keeper: [keeper] }
const login = (nick: string) => ['login', nick, '--password-stdin']

/** The environment of somebody whose directory is `home`. */
function personOf(home: string): Record<string, string> {
  const directory = join(place, home)
  return environment(directory, {
    PATH: `${fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))}:${process.env.PATH}`,
    XDG_STATE_HOME: directory,
    TMPDIR: join(place, 'tmp'),
    AUCTION_SERVER: house?.url ?? '',
    AUCTION_PORT: '0',
  })
}

/** Somebody new with the logins of the visitor, for admin examples of the keeper: no example depends on those before. */
async function personFor({ page }: Example): Promise<Record<string, string>> {
  const home = `home-${++people}`
  cpSync(join(place, page.startsWith('admin') ? 'keeper' : 'visitor'), join(place, home), { recursive: true })
  for (const directory of ['.local/share/bash-completion/completions', '.config/fish/completions'])
    mkdirSync(join(place, home, directory), { recursive: true })
  const env = personOf(home)
  // The house ends the session of whoever logs out, wherever else it was kept.
  if (page === 'logout') expect(await auction(login(visitor), { env, input: DEMO_PASSWORD })).toMatchObject({ code: 0 })
  return env
}

/** Runs the line to its end; a house that it names is the demo. */
async function typed(example: Example): Promise<Typed> {
  const { line } = example
  const env = await personFor(example)
  const cwd = join(place, 'desk')
  const command = line.replaceAll('https://house.example', house.url)
  const steps = onTerminal[line]
  const end = steps ? await onScreen(command, { env, cwd }, steps) : await inShell(command, { env, cwd }, example)
  const file = /(?:> |--out )(\S+)$/.exec(line)?.[1]
  const result = file ? readFileSync(resolve(cwd, file.replace('~', env.HOME ?? '')), 'utf8') : end.out
  return { ...end, result }
}

interface Where {
  readonly env: Record<string, string>
  readonly cwd: string
}

async function onScreen(command: string, where: Where, steps: readonly Step[]): Promise<Ended> {
  const terminal = start(['sh', '-c', command], { ...where, cols: 100, rows: 30 })
  try {
    for (const [asked, answer] of steps) {
      await terminal.waitFor(asked)
      terminal.send(answer)
    }
    return { code: await terminal.ended, out: terminal.output(), err: '' }
  } finally {
    terminal.close()
  }
}

/** The shell heeds signals itself, as one that people type into does: it ends as what it runs ends. */
async function inShell(command: string, where: Where, example: Example): Promise<Ended> {
  const until = endless[example.line]
  const child = spawn('sh', ['-c', `trap : INT TERM; ${command}`], { ...where, stdio: 'pipe', detached: true })
  const signal = (name: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, name)
  const kill = () => void signal('SIGKILL')
  let out = ''
  child.stdout.on('data', (part: Buffer) => {
    const before = out
    out += part.toString()
    if (until?.[0].test(out) && !until[0].test(before)) signal(until[1])
  })
  running.add(kill)
  const late = takesTime(example) ? undefined : setTimeout(kill, PATIENCE_MS)
  const end = await ended(child, '')
  clearTimeout(late)
  running.delete(kill)
  return end
}

describe('the examples of help', () => {
  it('are all on the pages of help, where this test finds them', async () => {
    for (const [name, , load] of table) {
      const { examples: own = [] } = (await load?.())?.command ?? {}
      expect(shown.flatMap(({ page, line }) => (page === name ? [line] : []))).toEqual(
        own.map((each) => `auction ${each}`),
      )
    }
  })
  it('have no special treatment here that none of them needs', () => {
    const special = [onTerminal, endless, refused].flatMap((each) => Object.keys(each)).concat(early)
    expect(special.filter((line) => !examples.some((example) => example.line === line))).toEqual([])
  })

  it.each(examples)(
    '$line',
    async (example) => {
      const { line } = example
      const end = await (begun.get(line) ?? typed(example))
      const [code, says] = refused[line] ?? [endless[line]?.[2] ?? 0, null]
      expect(end, JSON.stringify(end)).toMatchObject({ code })
      expect(`${end.out}${end.err}`).not.toMatch(/^\s+at .+:\d+|Something in this program failed/m)
      if (says) expect(end.err).toMatch(says)
      else {
        expect(end.err).not.toMatch(/^error:/m)
        expect(end.result.trim()).not.toBe('')
      }
    },
    PATIENCE_MS + 10_000,
  )

  it('leave nothing behind when the house is told to stop', async () => {
    await Promise.allSettled(begun.values())
    expect(await house.stop()).toBe(0)
    expect(readdirSync(join(place, 'tmp'))).toEqual([])
  })
})
