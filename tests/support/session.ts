/**
 * Runs the sessions shown in documents: fenced `console` blocks whose lines `who$ command` are typed by that person in a
 * terminal of their own, and whose other lines are what must appear. `…` stands for anything on a line, alone for any lines.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type IPty, spawn } from '@lydell/node-pty'
import { freePort } from './postgres-setup.ts'

export interface Step {
  readonly who: string
  readonly command: string
  readonly expected: readonly string[]
  /** Line of the document. */
  readonly line: number
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROMPT = /^(?<who>[a-z]+)\$ (?<command>.+)$/
/** More is a hang, however slow the machine: some wait for the end of a good. */
const TIMEOUT_MS = 150_000

/** The steps of every `console` block of a Markdown text, in order. */
export function stepsOf(markdown: string): Step[] {
  const steps: { who: string; command: string; expected: string[]; line: number }[] = []
  let inside = false
  for (const [index, text] of markdown.split('\n').entries()) {
    if (/^```/.test(text)) inside = !inside && text.startsWith('```console')
    else if (inside) {
      const prompt = PROMPT.exec(text)?.groups
      if (prompt) steps.push({ who: prompt.who ?? '', command: prompt.command ?? '', expected: [], line: index + 1 })
      else steps.at(-1)?.expected.push(text)
    }
  }
  return steps
}

/** Whether what appeared is what the document shows. */
export function matches(expected: readonly string[], actual: readonly string[]): boolean {
  const [wanted, ...more] = expected
  if (wanted === undefined) return actual.length === 0
  if (wanted.trim() === '…')
    return Array.from({ length: actual.length + 1 }).some((_, skip) => matches(more, actual.slice(skip)))
  const [first, ...rest] = actual
  if (first === undefined) return false
  const pattern = wanted
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`).test(first.trimEnd()) && matches(more, rest)
}

/** A place where documents' commands run: a directory, a port, a configuration for each person. */
export interface Place {
  run(step: Step): Promise<readonly string[]>
  close(): Promise<void>
}

export async function openPlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'auction-session-'))
  const port = await freePort()
  const left: { terminal: IPty; ended: Promise<void> }[] = []
  cpSync(join(ROOT, 'packages/cli/assets'), directory, { recursive: true })
  const tidy = (text: string) =>
    text
      .replaceAll(`:${port}`, ':8010')
      .replaceAll(directory, '.')
      .replaceAll('\r', '')
      .split('\n')
      .map((line) => line.trimEnd())

  function start(who: string, command: string): { terminal: IPty; text: () => string; ended: Promise<void> } {
    const home = join(directory, `.home-${who}`)
    mkdirSync(home, { recursive: true })
    const { AUCTION_TOKEN: _token, CI: _ci, ...environment } = process.env
    const terminal = spawn('sh', ['-c', command], {
      cols: 110,
      rows: 40,
      cwd: directory,
      env: {
        ...environment,
        PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
        HOME: home,
        XDG_CONFIG_HOME: home,
        XDG_STATE_HOME: home,
        TERM: 'xterm-256color',
        NO_COLOR: '1',
        AUCTION_ASCII: '0',
        TZ: 'UTC',
        AUCTION_PORT: String(port),
        AUCTION_SERVER: `http://127.0.0.1:${port}`,
      },
    })
    let text = ''
    terminal.onData((part) => {
      text += part
    })
    return { terminal, text: () => text, ended: new Promise((resolve) => terminal.onExit(() => resolve())) }
  }

  return {
    async run({ who, command, expected }) {
      const { terminal, text, ended } = start(who, command)
      // A server is left running in its terminal once it has said what the document shows.
      const serves = /\bauction serve\b/.test(command) && !command.includes('--check')
      const deadline = performance.now() + TIMEOUT_MS
      if (serves) {
        left.push({ terminal, ended })
        while (!matches(expected, tidy(text().trimEnd())) && performance.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 50))
        return tidy(text().trimEnd())
      }
      const timer = setTimeout(() => terminal.kill('SIGKILL'), TIMEOUT_MS)
      await ended
      clearTimeout(timer)
      return text().trimEnd() === '' ? [] : tidy(text().trimEnd())
    },
    async close() {
      for (const { terminal, ended } of left) {
        terminal.kill('SIGTERM')
        await ended
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
