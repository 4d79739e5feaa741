/** Completion: the words offered for a line, and the script at work in a real bash. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { table } from '../../packages/cli/src/command-table.ts'
import { AUCTION } from '../support/program.ts'
import { type Home, openHome } from './command-line.ts'

let home: Home
beforeEach(() => {
  home = openHome()
})
afterEach(() => home.close())

/** The words offered after a line, whose last word is the one being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const ran = await home.auction(['complete', '--', ...words])
  expect(ran).toMatchObject({ code: 0, err: '' })
  const lines = ran.out.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^:[04]$/)
  return lines.slice(0, -1).map((line) => line.split('\t')[0] ?? '')
}

describe('the words offered', () => {
  it('are commands by their beginning, once each, and those of a group', async () => {
    expect(await offered('wa')).toEqual(['watch', 'wallet'])
    const all = await offered('')
    expect(all).toContain('auth')
    expect(new Set(all).size).toBe(all.length)
    expect(await offered('auth', '')).toEqual(expect.arrayContaining(['status', 'token']))
    expect(await offered('admin', 'webhook-r')).toEqual(['webhook-remove', 'webhook-redeliver'])
  })

  it('are the flags of the command, and of every command', async () => {
    expect(await offered('list', '--s')).toEqual(expect.arrayContaining(['--status', '--sort', '--server']))
    expect(await offered('bid', '42', '--ma')).toEqual(['--max'])
    expect(await offered('show', '--ma')).toEqual([])
    expect(await offered('--js')).toEqual(['--json'])
    expect(await offered('--json', 'sho')).toEqual(['show'])
  })

  it('are what the value of a flag may be, where that is one of a few words', async () => {
    expect(await offered('list', '--status', '')).toEqual(expect.arrayContaining(['live', 'ended', 'all', 'sold']))
    expect(await offered('list', '--status', 'l')).toEqual(['live'])
    expect(await offered('list', '--sort', '')).toEqual(['ending', 'new', 'price', 'bids'])
    expect(await offered('watch', '1', '--until', '')).toEqual(['end', 'outbid', 'won'])
    expect(await offered('retract', '1', '--reason', 't')).toEqual(['typo'])
    expect(await offered('cancel', '1', '--reason', 'l')).toEqual(['lost_or_broken'])
    expect(await offered('sell', '--format', '')).toEqual(['yaml', 'csv', 'json'])
  })

  it('are those that the command takes: every other is 2, and names them', async () => {
    for (const [name, , load] of table) {
      const { options = [], words = '' } = (await load?.())?.command ?? {}
      const before = [
        ...name.split(' '),
        ...(words.startsWith('<') ? ['1'] : []),
        ...(name === 'sell' ? ['--from', 'x'] : []),
      ]
      for (const [flags, , choices = []] of options) {
        if (choices.length === 0) continue
        const ran = await home.auction([...before, flags.split(' ')[0] ?? '', 'nonsense'])
        expect(ran, name).toMatchObject({ code: 2, out: '' })
        expect(ran.err, name).toContain(`takes ${choices.join(', ')}, not "nonsense"`)
      }
    }
  })

  it('leave the value of a flag alone, but offer files where one is meant', async () => {
    expect(await offered('list', '--limit', '')).toEqual([])
    expect((await home.auction(['complete', '--', 'sell', 'x', '--image', ''])).out).toBe(':0\n')
    expect((await home.auction(['complete', '--', 'list', '--limit', ''])).out).toBe(':4\n')
  })

  it('are the shells after completion', async () => {
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('are the settings after config set, and then what that one may be', async () => {
    expect(await offered('config', 'set', 'p')).toEqual(['pager', 'pictures'])
    expect(await offered('config', 'set', 'pictures', '')).toEqual([
      'auto',
      'kitty',
      'iterm2',
      'sixel',
      'blocks',
      'off',
    ])
    expect(await offered('config', 'set', 'ascii', 'o')).toEqual(['on', 'off'])
    expect(await offered('config', 'set', '--json', 'utc', '')).toEqual(['on', 'off'])
    for (const open of ['server', 'nonsense', '__proto__']) expect(await offered('config', 'set', open, '')).toEqual([])
    expect(await offered('config', 'get', 'utc', '')).toEqual([])
  })

  it('are commands and topics after help', async () => {
    expect(await offered('help', 'e')).toEqual(['edit', 'export', 'environment', 'exit-codes'])
  })

  it('are none for an unfinished line of nonsense, which is no error', async () => {
    for (const words of [
      ['nonsense', ''],
      ['--', '-'],
      ['list', '--limit='],
    ])
      await offered(...words)
  })
})

describe('the script', () => {
  it('is for bash, zsh or fish; another shell is 2 and names them', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await home.auction(['completion', shell])).out).toContain('auction complete --')
    const ran = await home.auction(['completion', 'tcsh'])
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain('bash, zsh, fish')
  })

  it.each(['bash', 'zsh', 'fish'])('reads without a fault in %s', async (shell) => {
    // zsh and fish are not on every machine that tests.
    if (spawnSync(shell, ['-c', 'true']).status !== 0) return
    const path = join(home.path, `auction.${shell}`)
    writeFileSync(path, (await home.auction(['completion', shell])).out)
    execFileSync(shell, ['-n', path])
  })
})

describe('in bash', () => {
  let bin: string
  let script: string
  beforeEach(async () => {
    bin = mkdtempSync(join(tmpdir(), 'auction-bin-'))
    symlinkSync(fileURLToPath(new URL(`file://${AUCTION}`)), join(bin, 'auction'))
    script = join(home.path, 'auction.bash')
    writeFileSync(script, (await home.auction(['completion', 'bash'])).out)
  })
  afterEach(() => rmSync(bin, { recursive: true, force: true }))

  /** What Tab offers after `words`, without any start-up file. */
  const tab = (...words: string[]): string[] => {
    const line = ['auction', ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const ask = `set -e; . '${script}'; . '${script}'; complete -p auction >&2
      COMP_WORDS=(${line}); COMP_CWORD=${words.length}; compopt() { :; }; __auction_complete
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const ran = spawnSync('bash', ['--norc', '-c', ask], {
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: home.path },
      encoding: 'utf8',
    })
    expect(ran.stderr).toBe('complete -o default -F __auction_complete auction\n')
    return ran.stdout.split('\n').filter((each) => each !== '')
  }

  it('Tab offers commands and flags, also when the script was read twice', () => {
    expect(tab('notif')).toEqual(['notifications'])
    expect(tab('auth', 't')).toEqual(['token'])
    expect(tab('list', '--sta')).toEqual(['--status'])
    expect(tab('list', '--status', 'e')).toEqual(['ended'])
    expect(tab('auth', '')).toEqual(expect.arrayContaining(['status', 'token']))
  })

  it('Tab runs nothing of what is typed', () => {
    const trace = join(home.path, 'ran')
    expect(tab(`$(touch ${trace})`, ';', `touch ${trace}`, '')).toEqual([])
    expect(spawnSync('test', ['-e', trace]).status).toBe(1)
  })
})
