/** The window itself, over streams of the test's own: what it leaves alone once it is closed. */
import { Console } from 'node:console'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Text } from 'ink'
import { createElement } from 'react'
import { expect, it } from 'vitest'
import { inWindow, type View, type Window, type WindowIo } from '../../packages/cli/src/screen/window.tsx'

// Ink takes Node's console for its own; the test runner's has no such part.
Object.assign(console, { Console })

/** More than a window that is being resized is given to rest. */
const REST_MS = 400

function terminal() {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => {},
    unref: () => {},
  })
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 })
  let written = ''
  stdout.on('data', (chunk: Buffer) => {
    written += chunk.toString('utf8')
  })
  const io: WindowIo = { stdin, stdout, stderr: new PassThrough(), env: {}, err: () => {}, colour: true, ascii: false }
  return { io, stdout, written: () => written }
}

const view: View = {
  node: () => createElement(Text, null, 'shown'),
  onKey: () => {},
  onPaste: () => {},
  onResize: () => {},
}

/** Opens a window, lends its terminal, and closes it; `back` ends the loan. */
async function closedWhileLent() {
  const { io, stdout, written } = terminal()
  const loan = Promise.withResolvers<void>()
  let lending: Promise<void> | null = null
  await inWindow(io, async (window: Window) => {
    window.show(view)
    await expect.poll(written).toContain('shown')
    lending = window.lend(() => loan.promise)
    await delay(50)
    return 0
  })
  const back = async () => {
    loan.resolve()
    await lending
    await delay(REST_MS)
  }
  return { stdout, written, back }
}

it('a loan that ends after the window was closed wipes nothing: the terminal is the shell’s', async () => {
  const { stdout, written, back } = await closedWhileLent()
  await delay(REST_MS)
  const before = written()
  expect(before).toContain('shown')
  stdout.columns = 100
  stdout.emit('resize')
  await back()
  expect(written().slice(before.length)).toBe('')
})

it('a loan that ends before is drawn over', async () => {
  const { io, written } = terminal()
  await inWindow(io, async (window) => {
    window.show(view)
    await window.lend(async () => {})
    const before = written().length
    await expect.poll(() => written().slice(before)).toContain('shown')
    return 0
  })
})
