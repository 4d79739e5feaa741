/** For whoever runs the house or writes a program for it: metrics, and the API's description with a page to try it. */
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import type { Handlers } from '../app.ts'
import { openApi } from '../openapi.ts'
import type { Parts } from './parts.ts'

/** The page's own files, and those of Swagger UI that it needs; nothing else is served. */
const START = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true })\n`
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>auction: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`
const types = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript', 'start.js': 'text/javascript' }
// Swagger UI sets styles from its script and draws its icons from data: URLs; everything else comes from here or not at all.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const VENDORED = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

export function operationRoutes({ metrics }: Parts) {
  return {
    async metrics({ context }) {
      const { type, body } = await metrics.text()
      context.type = type
      context.body = body
      return undefined
    },
    openapi({ context }) {
      context.body = openApi()
      return undefined
    },
    docs({ context }) {
      context.set('Content-Security-Policy', POLICY)
      context.type = 'text/html'
      context.body = PAGE
      return undefined
    },
    docsFile({ params, context }) {
      if (!Object.hasOwn(types, params.file)) throw new AuctionError('NOT_FOUND', 'There is no such page.')
      context.set('Cache-Control', 'public, max-age=3600')
      context.type = types[params.file as keyof typeof types]
      context.body = params.file === 'start.js' ? START : createReadStream(join(VENDORED, params.file))
      return undefined
    },
  } satisfies Partial<Handlers>
}
