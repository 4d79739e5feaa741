/** `auction watch` in a real pseudo-terminal against a real server: the demo of bidding, and the terminal whole afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { callerAt, type Member, memberAt, PASSWORD } from '../support/house.ts'
import { freePort } from '../support/postgres-setup.ts'
import { accept, edit } from '../support/sale.ts'
import { expectQuiet, expectWhole, start, type Terminal } from '../support/terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const auction = join(root, 'packages/cli/bin/auction')
const screenModule = join(root, 'packages/cli/dist/screen/run.js')
const clientModule = join(root, 'packages/cli/dist/client.js')
const node = join(root, 'node_modules/.bin/node')

const data = mkdtempSync(join(tmpdir(), 'auction-screen-'))
let port = 0
let server: ChildProcess | null = null
const url = () => `http://127.0.0.1:${port}`
const people = {} as Record<'mila' | 'ada' | 'noor' | 'zoe', Member>
const open: Terminal[] = []

async function startServer(): Promise<void> {
  const env = { ...process.env, AUCTION_RATE_LIMITS: 'off', AUCTION_LOG_LEVEL: 'warn' }
  server = spawn(auction, ['serve', '--port', String(port), '--data', data], { env, stdio: 'ignore' })
  await vi.waitFor(async () => expect((await fetch(`${url()}/readyz`)).ok).toBe(true), { timeout: 60_000 })
}

/** The server is gone, as after a power cut. */
async function killServer(): Promise<void> {
  const gone = new Promise((resolve) => server?.once('exit', resolve))
  server?.kill('SIGKILL')
  await gone
}

async function signUp(nick: string): Promise<Member> {
  const anyone = callerAt(url, null)
  const { body } = await anyone.post('/v1/users', { nick, password: PASSWORD })
  const session = await anyone.post('/v1/sessions', { nick, password: PASSWORD })
  return memberAt(url, { id: body.id, nick, token: session.body.token })
}

beforeAll(async () => {
  port = await freePort()
  await startServer()
  for (const [who, nick] of [
    ['mila', 'mila'],
    ['ada', 'ada'],
    ['noor', '陳大文'],
    ['zoe', 'zoë'],
  ] as const)
    people[who] = await signUp(nick)
})
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})
afterAll(async () => {
  await killServer()
  rmSync(data, { recursive: true, force: true })
})

const environment = (member: Member | null) => ({
  AUCTION_SERVER: url(),
  AUCTION_TOKEN: member?.token ?? '',
  XDG_CONFIG_HOME: join(data, 'config'),
})

function inTerminal(command: [string, ...string[]], member: Member | null, size = { cols: 80, rows: 24 }): Terminal {
  const terminal = start(command, { ...size, env: environment(member), cwd: root })
  open.push(terminal)
  return terminal
}

const watch = (goodId: number, member: Member | null = people.ada, size?: { cols: number; rows: number }) =>
  inTerminal([auction, 'watch', String(goodId)], member, size)

/** Every row that a box touches, and there are some, ends in the last column, as the terminal itself counts cells. */
async function expectStraight(terminal: Terminal, columns: number): Promise<void> {
  await terminal.until(`Straight edges in column ${columns}`, () => {
    const ends = terminal
      .screen()
      .flatMap((row, index) => (/^[│╭╰]/u.test(row) ? [terminal.cell(columns - 1, index)?.getChars() ?? ''] : []))
    return ends.length > 5 && ends.every((end) => /[│╮╯]/u.test(end))
  })
}

/** The price is `price`, and the rows of the list are these and no more, newest first. */
async function expectBids(terminal: Terminal, price: string, title: string, rows: readonly RegExp[]): Promise<void> {
  await terminal.until(`${title} at ${price}`, () => {
    const shown = terminal.screen()
    const list = shown.flatMap((row) => (/\d\d:\d\d:\d\d \S.*\$/u.test(row) ? [row.split('││')[1] ?? ''] : []))
    const priced = shown.some((row) => row.startsWith(`│ ${price} `)) && shown.some((row) => row.includes(title))
    return priced && list.length === rows.length && list.every((row, at) => rows[at]?.test(row))
  })
}

describe('a bid in the terminal', () => {
  it('goes by b, amount, Enter, Enter; being outbid shows, rings, and titles the window', async () => {
    const good = await people.mila.sell({ name: 'Leica M3 (1954)', startPrice: 40_000, increment: { fixed: 1_000 } })
    const terminal = watch(good.id)
    await terminal.waitFor(/● live/)
    await terminal.waitFor(/you have not bid/)
    await expectStraight(terminal, 80)
    terminal.send('b')
    await terminal.waitFor(/YOUR BID \$ ▏/)
    terminal.send('399')
    terminal.send('\r')
    await terminal.waitFor(/Too low: the minimum is \$400\.00/)
    terminal.send('\u007f\u007f\u007f')
    terminal.send('450.00')
    await terminal.waitFor(/YOUR BID \$ 450\.00▏/)
    // In one breath: the second comes too early, however slow the machine.
    terminal.send('\r\r')
    await terminal.waitFor(/REVIEW: bid \$450\.00/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await people.mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(0)
    terminal.send('\r')
    await terminal.waitFor(/✓ Bid accepted: you lead at \$450\.00/)
    await terminal.waitFor(/✓ LEADING up to \$450\.00/)
    expect((await people.mila.get(`/v1/goods/${good.id}`)).body.leader.nick).toBe('ada')

    const bells = terminal.bells()
    await people.noor.bid(good.id, { amount: 46_000 })
    await terminal.waitFor(/✗ OUTBID: you are at \$450\.00/)
    await terminal.waitFor(/陳大文 +\$460\.00/u)
    await expect.poll(() => [terminal.bells() > bells, /outbid/.test(terminal.title())]).toEqual([true, true])
    await expectStraight(terminal, 80)

    terminal.send('m')
    await terminal.waitFor(/YOUR BID \$ 470\.00▏/)
    terminal.send('\u001b[200~480\r490\r\u001b[201~')
    await terminal.waitFor(/YOUR BID \$ 480▏/)
    terminal.send('\u001b')
    await terminal.waitFor(/b to bid/)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
    expectWhole(terminal)
  })

  it('beaten at once by a secret maximum stands below what the house bid against it: price and list agree', async () => {
    const good = await people.mila.sell({ name: 'Leica M3', startPrice: 40_000, increment: { fixed: 1_000 } })
    await people.noor.bid(good.id, { max: 100_000 })
    await people.zoe.bid(good.id, { amount: 50_000 })
    const terminal = watch(good.id)
    const before = [/陳大文 +\$510\.00 {2}proxy/u, /zoë +\$500\.00/, /陳大文 +\$400\.00/u]
    await expectBids(terminal, '$510.00', 'BIDS 2', before)
    const { body } = await people.ada.bid(good.id, { amount: 92_000 })
    const beaten = [/陳大文 +\$930\.00 {2}proxy/u, /you +\$920\.00/, ...before]
    await expectBids(terminal, '$930.00', 'BIDS 3', beaten)
    terminal.send('R')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await expectBids(terminal, '$930.00', 'BIDS 3', beaten)
    const key = { 'idempotency-key': crypto.randomUUID() }
    await people.ada.send('DELETE', `/v1/goods/${good.id}/bids/${body.bid.id}`, { reason: 'typo' }, key)
    const struck = [/陳大文 +\$930\.00 {2}✗ undone/u, /you +\$920\.00 {2}✗ taken back/]
    await expectBids(terminal, '$510.00', 'BIDS 2', [...struck, ...before])
  })

  it('ends with waiting for the result, then won, by the server and not by the clock', async () => {
    const good = await people.mila.sell({ name: '徠卡相機', startPrice: 1_000, softCloseMs: 0 })
    const terminal = watch(good.id)
    await terminal.waitFor(/● live/)
    terminal.send('m')
    await terminal.waitFor(/YOUR BID \$ 10\.00/)
    terminal.send('\r')
    await terminal.waitFor(/REVIEW/)
    await new Promise((resolve) => setTimeout(resolve, 450))
    // Only now: on a slow machine it takes longer than some sales last to come so far.
    expect((await edit(people.mila, good, { endsInMs: 15_000 })).status).toBe(200)
    terminal.send('\r')
    await terminal.waitFor(/LEADING/)
    await terminal.waitFor(/00:00:0\d\.\d/)
    await terminal.waitFor(/✓ WON: yours for \$10\.00/)
    await expectStraight(terminal, 80)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
  })

  it('cannot be placed by the seller or by nobody, and the screen says why', async () => {
    const good = await people.mila.sell()
    const [own, nobody] = [watch(good.id, people.mila), watch(good.id, null)]
    await own.waitFor(/your own good: sellers do not bid/)
    await nobody.waitFor(/you are not signed in: auction login/)
    nobody.send('b')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(nobody.screen().join('\n')).not.toContain('YOUR BID')
  })

  it('with --exit-status is on the screen too, and leaving it says how the good stands', async () => {
    const [won, lost, unsold, running] = [
      await people.mila.sell(),
      await people.mila.sell(),
      await people.mila.sell({ endsInMs: 2_500, softCloseMs: 0 }),
      await people.mila.sell(),
    ]
    await people.ada.bid(won.id, { amount: 1_000 })
    await people.noor.bid(lost.id, { amount: 1_000 })
    for (const good of [won, lost]) expect((await accept(people.mila, good)).status).toBe(201)
    await Promise.all(
      (
        [
          [won, /WON/, 0],
          [lost, /SOLD to/, 20],
          [unsold, /UNSOLD/, 21],
          [running, /ENDS IN/, 8],
        ] as const
      ).map(async ([good, shown, code]) => {
        const terminal = inTerminal([auction, 'watch', String(good.id), '--exit-status'], people.ada)
        await terminal.waitFor(shown)
        expect(terminal.alternate()).toBe(true)
        terminal.send('q')
        expect([shown, await terminal.ended]).toEqual([shown, code])
      }),
    )
    const left = inTerminal([auction, 'watch', String(running.id), '--exit-status'], people.ada)
    await left.waitFor(/● live/)
    left.send('\u0003')
    expect(await left.ended).toBe(130)
  })

  it('of a good that does not exist ends with 3 before there is a screen', async () => {
    const terminal = watch(4_711)
    expect(await terminal.ended).toBe(3)
    expect(terminal.alternate()).toBe(false)
  })
})

describe('the window', () => {
  it('is filled exactly at every size, resized while live, and news goes on', async () => {
    const good = await people.mila.sell({ name: '徠卡 Leica é́ M3', description: '첫 번째 주인', startPrice: 1_000 })
    const terminal = watch(good.id)
    await terminal.waitFor(/● live/)
    let price = 1_000
    for (const [columns, rows] of [
      [120, 40],
      [52, 12],
      [80, 24],
      [60, 15],
      [100, 32],
      [79, 20],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows)
      if (columns < 60) await terminal.waitFor(/Window is 52x12; auction needs 60x15/)
      else await terminal.waitFor(/q quit/)
      await expect.poll(() => terminal.screen().findLastIndex((row) => row !== '')).toBe(columns < 60 ? 1 : rows - 1)
      price += 1_000
      // Each outbids the other: a leader's own raise moves no price.
      await ((price / 1_000) % 2 === 0 ? people.noor : people.zoe).bid(good.id, { amount: price })
      await terminal.waitFor(new RegExp(`\\$${price / 100}\\.00`))
      if (columns >= 60) {
        await expect.poll(() => terminal.screen()[2]?.startsWith('╭')).toBe(true)
        await expectStraight(terminal, columns)
      }
    }
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
  })

  it('that is too small for the screen takes no key but those that leave it: no bid is placed unseen', async () => {
    const good = await people.mila.sell({ startPrice: 1_000 })
    const terminal = watch(good.id, people.ada, { cols: 52, rows: 12 })
    await terminal.waitFor(/Window is 52x12/)
    await terminal.waitFor(/\$10\.00/)
    for (const keys of ['m', '\r', '\r', '\r']) {
      terminal.send(keys)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect((await people.mila.get(`/v1/goods/${good.id}`)).body.bidCount).toBe(0)
    terminal.send('q')
    expect(await terminal.ended).toBe(0)
  })

  it('that is idle costs less than 3 KB a second, above and below a minute', async () => {
    for (const endsInMs of [3_600_000, 50_000]) {
      const good = await people.mila.sell({ endsInMs: 3_600_000, softCloseMs: 0 })
      const terminal = watch(good.id)
      await terminal.waitFor(/● live/)
      await edit(people.mila, good, { endsInMs })
      await expectQuiet(terminal)
      terminal.close()
    }
  })
})

describe('a server killed and started again', () => {
  it('shows reconnecting, keeps the draft, and goes on without a gap', async () => {
    const good = await people.mila.sell({ startPrice: 1_000, increment: { fixed: 100 } })
    const terminal = watch(good.id)
    await terminal.waitFor(/● live/)
    await people.noor.bid(good.id, { amount: 1_000 })
    await terminal.waitFor(/\$10\.00/)
    terminal.send('b')
    terminal.send('77.7')
    await terminal.waitFor(/YOUR BID \$ 77\.7▏/)
    await killServer()
    await terminal.waitFor(/↻ reconnecting #\d+/)
    await terminal.waitFor(/as of \d\d:\d\d:\d\d/)
    await expectStraight(terminal, 80)
    await startServer()
    await people.zoe.bid(good.id, { amount: 1_500 })
    await terminal.waitFor(/● live/)
    await terminal.waitFor(/\$15\.00/)
    await terminal.waitFor(/YOUR BID \$ 77\.7▏/)
    expect(terminal.screen().join('\n')).not.toContain('as of')
    terminal.send('0\r')
    await terminal.waitFor(/REVIEW: bid \$77\.70/)
    terminal.send('\u0003')
    expect(await terminal.ended).toBe(130)
    expectWhole(terminal)
  })
})

describe('the terminal is whole', () => {
  /** The program run by a shell that tells its exit code and the terminal's settings afterwards. */
  async function shellWatching(goodId: number): Promise<Terminal> {
    const script = `echo before; ${auction} watch ${goodId}; echo "code $?"; stty -a | tr ';' '\\n' | grep -o -E '[-]?(icanon|echo|isig|icrnl) ' | sort | tr -d '\\n'; echo done`
    const terminal = inTerminal(['/bin/sh', '-c', script], people.ada)
    await terminal.waitFor(/● live/)
    expect([terminal.alternate(), terminal.cursorShown()]).toEqual([true, false])
    return terminal
  }

  it.each([
    ['q', 'q', 0],
    ['Ctrl-C', '\u0003', 130],
  ])('after %s', async (_name, keys, code) => {
    const good = await people.mila.sell()
    const terminal = await shellWatching(good.id)
    terminal.send(keys)
    const rows = await terminal.waitFor(/done$/)
    expect(rows).toContain('before')
    expect(rows).toContain(`code ${code}`)
    expect(rows.join('\n')).toContain('echo icanon icrnl isig done')
    expectWhole(terminal)
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('after %s', async (signal, code) => {
    const good = await people.mila.sell()
    const terminal = watch(good.id)
    await terminal.waitFor(/● live/)
    process.kill(terminal.pid, signal)
    expect(await terminal.ended).toBe(code)
    expectWhole(terminal)
  })

  it.each([
    ['an error thrown from anywhere', "throw new Error('boom')", 1, /crash: boom/],
    ['a rejection nobody handles', "Promise.reject(new Error('boom'))", 1, /crash: boom/],
    ['process.exit', 'process.exit(5)', 5, null],
  ] as const)('after %s', async (_what, act, code, said) => {
    const good = await people.mila.sell()
    const script = `
      import { createClient } from ${JSON.stringify(clientModule)}
      import { runScreen } from ${JSON.stringify(screenModule)}
      const { stdin, stdout, stderr, env } = process
      const client = createClient({ server: ${JSON.stringify(url())}, token: null })
      process.on('uncaughtException', (error) => { console.error('crash:', error.message); process.exit(1) })
      process.on('SIGUSR2', () => { ${act} })
      runScreen({ client, goodId: ${good.id}, me: null, io: { stdin, stdout, stderr, env, colour: true, err: (text) => stderr.write(text) } })
        .catch((error) => { console.error('screen:', error.message); process.exit(1) })`
    const terminal = inTerminal([node, '--input-type=module', '-e', script], null)
    await terminal.waitFor(/● live/)
    terminal.signal('SIGUSR2')
    expect(await terminal.ended).toBe(code)
    expectWhole(terminal)
    if (said) expect(terminal.screen().join('\n')).toMatch(said)
  })

  it('while suspended by Ctrl-Z, and the screen comes back at the new size with fg', async () => {
    const good = await people.mila.sell()
    const terminal = inTerminal(['/bin/bash', '--norc', '--noprofile', '-i'], people.ada)
    terminal.send(`PS1='ready> '; ${auction} watch ${good.id}\r`)
    await terminal.waitFor(/● live/)
    terminal.send('\u001a')
    await terminal.waitFor(/Stopped/)
    expectWhole({ ...terminal, modes: () => ({ ...terminal.modes(), bracketedPasteMode: false }) })
    await terminal.resize(100, 30)
    terminal.send('fg\r')
    await terminal.waitFor(/● live/)
    await expect.poll(() => terminal.screen()[29]).toContain('q quit')
    await expectStraight(terminal, 100)
    terminal.send('q')
    await terminal.waitFor(/ready> $/)
    expect(terminal.alternate()).toBe(false)
  })

  /** What is drawn, but for the figures that differ from one moment to the next. */
  const frame = (terminal: Terminal) => terminal.screen().map((row) => row.replace(/\d+/g, '#').replace(/ +/g, ' '))

  it('after fg in a window of any other size: drawn as if just started', async () => {
    const good = await people.mila.sell({ name: '徠卡 Leica M3', startPrice: 1_000 })
    const terminal = inTerminal(['/bin/bash', '--norc', '--noprofile', '-i'], people.ada)
    terminal.send(`PS1='ready> '; ${auction} watch ${good.id}\r`)
    await terminal.waitFor(/● live/)
    const stopped = () => terminal.output().split('Stopped').length - 1
    for (const [columns, rows] of [
      [84, 28],
      [85, 29],
      [60, 15],
      [52, 12],
      [81, 25],
      [120, 40],
    ] as const) {
      // What the shell said of it before stands there still. Before it says so again, keys would not be the shell's.
      const stops = stopped()
      terminal.send('\u001a')
      await expect.poll(stopped).toBe(stops + 1)
      expect(terminal.alternate()).toBe(false)
      await terminal.resize(columns, rows)
      terminal.send('fg\r')
      const fresh = watch(good.id, people.ada, { cols: columns, rows })
      await fresh.waitFor(columns < 60 ? /Window is/ : /● live/)
      const differing = () => frame(terminal).filter((row, index) => row !== frame(fresh)[index])
      await expect.poll(differing).toEqual([])
      if (columns >= 60) await expectStraight(terminal, columns)
      fresh.close()
    }
    terminal.send('q')
    await terminal.waitFor(/ready> $/)
  })

  it('with NO_COLOR shows the same words without colour', async () => {
    const good = await people.mila.sell()
    const terminal = start([auction, 'watch', String(good.id)], { env: { ...environment(people.ada), NO_COLOR: '1' } })
    open.push(terminal)
    await terminal.waitFor(/● live/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
    expect(terminal.output()).not.toMatch(/\u001b\[(3[0-7]|9[0-7])m/)
  })
})
