/** The API's description, written from the very schemas that the routes parse with. */
import { problem } from '@auction/common/answers'
import { type RouteName, routes } from '@auction/common/api'
import { faults } from '@auction/common/errors'
import type { Route } from '@auction/common/route'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'

/** OpenAPI 3.1 of every route, relative to where it was read. */
export function openApi(): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name]
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'auction',
      version: '1',
      description:
        'Money is an integer count of minor units. Times are RFC 3339, UTC, milliseconds. Unknown keys are refused. A write that counts once takes an Idempotency-Key.',
    },
    servers: [{ url: '/' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths: paths as ZodOpenApiPathsObject,
  })
}

function operationOf(name: RouteName, route: Route): ZodOpenApiOperationObject {
  const { access, answer, keyed, params, query, status, summary } = route
  const key = {
    name: 'Idempotency-Key',
    in: 'header',
    required: keyed,
    schema: { type: 'string', maxLength: 255 },
  } as const
  const success = answer
    ? { description: 'Done', content: { 'application/json': { schema: answer } } }
    : { description: 'Done' }
  const operation = {
    operationId: name,
    summary,
    tags: [tagOf(route)],
    parameters: route.method === 'POST' ? [key] : [],
    requestParams: { path: params, query },
    responses: { [String(status)]: success, default: failure },
    ...(access === 'anyone' ? {} : { security: [{ token: [] }] }),
    ...(route.body && { requestBody: { required: true, content: contentOf(route) } }),
  }
  return operation as ZodOpenApiOperationObject
}

const failure = {
  description: `A refusal or a failure; its code is one of ${Object.entries(faults)
    .filter(([, { status }]) => status > 0)
    .map(([code]) => code)
    .join(', ')}`,
  content: { 'application/problem+json': { schema: problem } },
}

function contentOf({ body, upload }: Route) {
  const form = upload && {
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: {
          [upload.json]: { type: 'string', description: 'the same as JSON' },
          [upload.file]: { type: 'string', format: 'binary' },
        },
      },
    },
  }
  return { 'application/json': { schema: body }, ...form }
}

/** The resource that a route is about. */
function tagOf({ path }: Route): string {
  const [first = '', second] = path.split('/').filter(Boolean)
  return first === 'v1' && second ? second.replace(/\..*$/, '') : 'operations'
}
