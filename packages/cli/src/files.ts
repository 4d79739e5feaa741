/** Files and streams a command line names: texts and pictures, bounded. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { AuctionError } from '@auction/common/errors'
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

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'you may not'
  if (code === 'EISDIR') return 'it is a directory'
  return String(code ?? error)
}
