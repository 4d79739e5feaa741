/** Request bodies: JSON everywhere, multipart where a route takes a picture; bounded, and nothing left on disk. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { limits } from '@auction/common/requests'
import type { Route } from '@auction/common/route'
import type { Context } from 'koa'
import { HttpMethodEnum, koaBody } from 'koa-body'

export interface Received {
  readonly json: unknown
  readonly file: Buffer | null
}

const refuse = (error: Error) => {
  throw new AuctionError('BAD_REQUEST', `The body cannot be read: ${describe(error)}`, { cause: error })
}

// Messages of ours only: a parser's own may quote what was sent.
function describe(error: Error & { status?: number; httpCode?: number; type?: string }): string {
  if (error.status === 413 || error.httpCode === 413 || error.type === 'entity.too.large') return 'it is too large.'
  if (error instanceof SyntaxError || error.status === 400) return 'it is not well-formed JSON.'
  return 'it is incomplete or malformed.'
}

/** Enough to see what a form has too much of, and to say so. */
const MOST_PARTS = 8
const shared = { text: false, urlencoded: false, includeUnparsed: false, patchNode: false, onError: refuse }
const { POST, PATCH, DELETE } = HttpMethodEnum
const readJson = koaBody({
  ...shared,
  multipart: false,
  jsonLimit: limits.bodyBytes,
  jsonStrict: true,
  parsedMethods: [POST, PATCH, DELETE],
})

/** Deepest nesting of a JSON value. */
function depthOf(value: unknown, most: number): number {
  if (value === null || typeof value !== 'object' || most < 0) return 0
  return 1 + Math.max(0, ...Object.values(value).map((member) => depthOf(member, most - 1)))
}

/** The body of a call, whole. Throws BAD_REQUEST. */
export async function readBody(context: Context, route: Route, uploads: string): Promise<Received> {
  if (route.upload && context.is('multipart/form-data')) return readMultipart(context, route.upload, uploads)
  // DELETE with nothing to say.
  if (context.is('application/json') === null && context.method === 'DELETE') return { json: {}, file: null }
  if (!context.is('application/json'))
    throw new AuctionError('BAD_REQUEST', 'The body must be JSON (Content-Type: application/json).')
  await readJson(context, async () => {})
  return { json: checked(context.request.body), file: null }
}

function checked(json: unknown): unknown {
  if (depthOf(json, limits.bodyDepth) > limits.bodyDepth)
    throw new AuctionError('BAD_REQUEST', 'The body is nested too deeply.')
  return json
}

/** koa-body leaves its files behind, so each upload has a directory that goes with it on every path (promises.md, trap 9). */
async function readMultipart(
  context: Context,
  names: NonNullable<Route['upload']>,
  uploads: string,
): Promise<Received> {
  await mkdir(uploads, { recursive: true, mode: 0o700 })
  const directory = await mkdtemp(join(uploads, 'upload-'))
  try {
    const read = koaBody({
      ...shared,
      json: false,
      multipart: true,
      formidable: {
        uploadDir: directory,
        maxFiles: MOST_PARTS,
        maxFields: MOST_PARTS,
        maxFieldsSize: limits.bodyBytes,
        maxFileSize: limits.imageBytes,
        maxTotalFileSize: limits.imageBytes,
        allowEmptyFiles: false,
        // formidable takes every part with a content type for a file; the JSON may well say what it is.
        onPart: (part, handle) => handle(part.name === names.json ? Object.assign(part, { mimetype: null }) : part),
      },
    })
    // formidable would wait for ever for a connection that went before it began to read.
    if (context.req.destroyed) throw new AuctionError('BAD_REQUEST', 'The body ended early.')
    await read(context, async () => {})
    const fields = (context.request.body ?? {}) as Record<string, unknown>
    const file = context.request.files?.[names.file]
    if (Array.isArray(file)) throw new AuctionError('BAD_REQUEST', `${names.file}: one file only.`)
    const files = Object.keys(context.request.files ?? {})
    const stray = Object.keys(fields).some((name) => name !== names.json) || files.some((name) => name !== names.file)
    if (stray)
      throw new AuctionError(
        'BAD_REQUEST',
        `The form has a part that nobody asked for; it takes ${names.json}, JSON, and ${names.file}, a file.`,
      )
    return {
      // What a picture may come without is the route's schema to say.
      json: names.json in fields ? checked(parseField(fields[names.json], names.json)) : {},
      file: file ? await readFile(file.filepath) : null,
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function parseField(field: unknown, name: string): unknown {
  try {
    return JSON.parse(String(field))
  } catch (cause) {
    throw new AuctionError('BAD_REQUEST', `${name}: is not well-formed JSON.`, { cause })
  }
}
