/** Files and streams a command line names: texts and pictures, bounded. */
import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { AuctionError } from '@auction/common/errors'
import { reasonOf } from './disk.ts'
import { usage } from './input.ts'

const PICTURE_BYTES = 5 * 1024 * 1024
const TEXT_BYTES = 256 * 1024

/** A picture's bytes; what it shows is the house's to judge. */
export async function readPicture(path: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; name: string }> {
  const bytes = await readBounded(path, PICTURE_BYTES, 'A picture has at most 5 MB')
  if (bytes.length === 0) throw usage(`${path} is empty.`)
  return { bytes, name: basename(path) }
}

/** Text given as it is, `@FILE` from a file, `-` from stdin. */
export async function readText(text: string, stdin: Readable): Promise<string> {
  if (text === '-') return decoded(await readStream(stdin), 'stdin')
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  return decoded(await readBounded(path, TEXT_BYTES, 'A description has at most 5,000 characters'), path)
}

/** A whole file's text, `-` for stdin. */
export async function readWhole(path: string, stdin: Readable): Promise<string> {
  if (path === '-') return decoded(await readStream(stdin), 'stdin')
  return decoded(await readBounded(path, PICTURE_BYTES, 'A file of goods has at most 5 MB'), path)
}

/** A whole file's bytes, `-` for stdin. */
export async function readInput(path: string, stdin: Readable): Promise<Uint8Array> {
  return path === '-' ? readStream(stdin) : readBounded(path, PICTURE_BYTES, 'A request has at most 5 MB')
}

/** Everything on stdin. `firstMs`: when nothing at all arrives in this time, USAGE, so that a pipe held open ends it. */
export async function readStream(stdin: Readable, firstMs: number | null = null): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  let silent = false
  const timer =
    firstMs === null
      ? null
      : setTimeout(() => {
          silent = true
          stdin.destroy()
        }, firstMs)
  try {
    for await (const chunk of stdin) {
      if (timer) clearTimeout(timer)
      const bytes = Buffer.from(chunk as Buffer | string)
      size += bytes.length
      if (size > PICTURE_BYTES) throw usage('There is more on stdin than a request may hold (5 MB).')
      chunks.push(bytes)
    }
  } catch (error) {
    if (!silent) throw error
  } finally {
    if (timer) clearTimeout(timer)
  }
  if (silent)
    throw usage('Nothing arrived on stdin.', 'Give the body with --input FILE, or --input - to wait for stdin.')
  return Buffer.concat(chunks)
}

/**
 * Lines of a file, `-` for stdin, without their breaks, as they arrive; one that is longer than `most` is cut there. Bytes
 * that are not UTF-8 become U+FFFD.
 */
export async function* readLines(path: string, stdin: Readable, most: number): AsyncGenerator<string> {
  const stream = path === '-' ? stdin : createReadStream(path)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let rest = ''
  try {
    for await (const chunk of stream) {
      const [first = '', ...more] = decoder.decode(Buffer.from(chunk as Buffer | string), { stream: true }).split('\n')
      rest = (rest + first).slice(0, most)
      for (const next of more) {
        yield rest
        rest = next.slice(0, most)
      }
    }
  } catch (cause) {
    const hint = 'Name a file that is there.'
    throw new AuctionError('USAGE', `${path} cannot be read: ${reasonOf(cause)}.`, { cause, hint })
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

/** A file written whole or not at all, part after part; one that is there already is replaced only if `replace`. */
export async function writeWhole(path: string, parts: AsyncIterable<string>, replace: boolean): Promise<void> {
  const there = await stat(path).catch(() => null)
  if (there?.isDirectory()) throw usage(`${path} is a directory.`)
  if (there && !replace) throw usage(`${path} is there already.`, 'Add --yes to replace it, or name another.')
  const beside = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    await writeFile(beside, parts, { flag: 'wx' })
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {}) // Where nothing can be written, nothing is there.
    if (cause instanceof AuctionError) throw cause
    const hint = 'Name another file.'
    throw new AuctionError('FAILED', `${path} cannot be written: ${reasonOf(cause)}.`, { cause, hint })
  }
}

function decoded(bytes: Uint8Array, from: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trimEnd()
  } catch {
    throw usage(`${from} is not UTF-8 text.`)
  }
}

async function readBounded(path: string, most: number, rule: string): Promise<Uint8Array<ArrayBuffer>> {
  // A named pipe would wait for its writer: it is opened without waiting, then refused for what it is.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw new AuctionError('USAGE', `${path} cannot be read: ${reasonOf(cause)}.`, {
      cause,
      hint: 'Name a file that is there.',
    })
  })
  try {
    const about = await file.stat()
    if (!about.isFile()) throw usage(`${path} is not a file.`)
    if (about.size > most) throw usage(`${rule}; ${path} has ${(about.size / 1024 / 1024).toFixed(1)} MB.`)
    return Uint8Array.from(await file.readFile())
  } finally {
    await file.close()
  }
}
