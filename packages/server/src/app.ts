/** Koa: one rim for errors; every route of the contract with its policy, limits, schemas and handler. */
import { randomUUID } from 'node:crypto'
import { type RouteName, routes } from '@auction/common/api'
import { AuctionError, faults } from '@auction/common/errors'
import type { Route } from '@auction/common/route'
import { VERSION } from '@auction/common/version'
import cors from '@koa/cors'
import Router from '@koa/router'
import Koa, { type Context } from 'koa'
import helmet from 'koa-helmet'
import type { z } from 'zod'
import type { Auth, Caller } from './auth.ts'
import { readBody } from './body.ts'
import type { Clock } from './clock.ts'
import type { Metrics } from './metrics.ts'
import { faultOf, problemOf } from './problems.ts'
import type { Rates } from './rates.ts'

type Routes = typeof routes
type Body<R> = R extends { readonly body: infer B extends z.ZodType } ? z.output<B> : undefined

/** One call that has passed sign-in, limits and schemas. */
export interface Call<K extends RouteName> {
  readonly params: z.output<Routes[K]['params']>
  readonly query: z.output<Routes[K]['query']>
  readonly body: Body<Routes[K]>
  readonly caller: Routes[K]['access'] extends 'anyone' ? Caller | null : Caller
  /** The Idempotency-Key; one of our own where the caller gave none and the route needs none. */
  readonly key: string
  /** When the request was complete at the server, epoch ms. */
  readonly receivedAt: number
  readonly file: Buffer | null
  readonly context: Context
}

/** What a handler answers; a stream or a file answers nothing and writes to the context itself. */
export type Reply<K extends RouteName> = Routes[K]['answer'] extends z.ZodType
  ? z.output<Routes[K]['answer']>
  : undefined
export type Handlers = { readonly [K in RouteName]: (call: Call<K>) => Promise<Reply<K>> | Reply<K> }

export interface AppOptions {
  readonly handlers: Handlers
  readonly auth: Pick<Auth, 'authenticate'>
  readonly rates: Rates
  readonly metrics: Pick<Metrics, 'called'>
  readonly clock: Clock
  readonly uploads: string
  readonly corsOrigins: readonly string[]
  readonly trustProxy: boolean
  /** Whether the server is closing: it finishes what it took and refuses the rest. */
  readonly draining: () => boolean
  readonly log: { error(facts: object, message: string): void }
}

const KEY_SHAPE = /^[\x21-\x7e]{1,255}$/

/** The app as a function of requests; listening is the caller's. */
export function createApp(options: AppOptions): Koa {
  // Of the addresses in X-Forwarded-For only the last is the trusted proxy's own word.
  const app = new Koa({ proxy: options.trustProxy, maxIpsCount: 1 })
  app.silent = true
  app.use(rim(options))
  app.use(helmet())
  if (options.corsOrigins.length > 0)
    app.use(
      cors({
        origin: (context) => options.corsOrigins.find((origin) => origin === context.get('Origin')) ?? '',
        exposeHeaders: ['Retry-After', 'X-Request-Id', 'X-Auction-Version'],
      }),
    )
  const router = new Router()
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name]
    router.register(route.path, [route.method], (context) => serve(name, route, context, options))
  }
  app.use(router.routes())
  app.use((context) => {
    throw new AuctionError('NOT_FOUND', `Nothing answers ${context.method} at this address.`, {
      hint: 'See docs/reference/http.md for the routes.',
    })
  })
  return app
}

/** Where every failure becomes problem+json: a code, a sentence, a request id; never a stack, SQL or path. */
function rim({ draining, log, metrics }: AppOptions): Koa.Middleware {
  return async (context, next) => {
    const requestId = randomUUID()
    const began = performance.now()
    context.set('X-Request-Id', requestId)
    context.set('X-Auction-Version', VERSION)
    try {
      if (draining()) throw new AuctionError('BUSY', 'The house is closing down.')
      await next()
    } catch (error) {
      const fault = faultOf(error)
      const problem = problemOf(fault, requestId)
      const { status } = problem
      if (status >= 500 && fault.code !== 'BUSY') log.error({ err: fault.cause ?? fault, requestId }, 'request failed')
      if (context.headerSent) return
      context.status = status
      if (status === 401) context.set('WWW-Authenticate', 'Bearer')
      if (faults[fault.code].retry) context.set('Retry-After', String(fault.data.retryAfterS ?? 1))
      context.body = JSON.stringify(problem)
      context.type = 'application/problem+json'
    } finally {
      if (draining() && !context.headerSent) context.set('Connection', 'close')
      metrics.called(context.state.route ?? 'none', context.status, (performance.now() - began) / 1000)
    }
  }
}

async function serve<K extends RouteName>(name: K, route: Route, context: Context, options: AppOptions): Promise<void> {
  const { auth, rates, clock, handlers, uploads } = options
  context.state.route = name
  context.set('Cache-Control', 'no-store')
  const address = `address:${context.ip}`
  const token = bearer(context)
  const caller =
    token === null
      ? null
      : await auth.authenticate(token).catch(async (refusal: unknown) => {
          await rates.take(route.rate, address)
          throw refusal
        })
  await rates.take(route.rate, route.rate === 'signIn' || !caller ? address : `user:${caller.user.id}`)
  admit(route, caller)
  const key = idempotencyKey(route, context)
  const params = parse(route.params, context.params, '')
  const query = parse(route.query, { ...context.query }, '')
  const received = route.body ? await readBody(context, route, uploads) : null
  // From here to the clerk nothing waits for anything outside: a bid received in time is queued before its good can close.
  const receivedAt = clock.now()
  const body = route.body && received ? parse(route.body, received.json, '') : undefined
  const call = { params, query, body, caller, key, receivedAt, file: received?.file ?? null, context } as Call<K>
  const answer = await handlers[name](call)
  if (route.answer) {
    context.status = route.status
    context.body = route.answer.parse(answer)
  } else if (route.status === 204) context.status = 204
  // Of what has an ETag the caller may have the newest already.
  else if (context.fresh) context.status = 304
}

/** Who may call what: the route's entry in api.ts is the whole policy. */
function admit(route: Route, caller: Caller | null): void {
  if (route.access === 'anyone') return
  if (!caller) throw new AuctionError('UNAUTHENTICATED')
  if (route.access === 'house' && caller.user.role !== 'house')
    throw new AuctionError('FORBIDDEN', 'Only the house may do this.')
}

function bearer(context: Context): string | null {
  const header = context.get('Authorization')
  if (header === '') return null
  const match = /^Bearer ([A-Za-z0-9_-]{1,128})$/i.exec(header)
  if (!match) throw new AuctionError('UNAUTHENTICATED', 'The Authorization header must be: Bearer <token>.')
  return match[1] ?? null
}

function idempotencyKey(route: Route, context: Context): string {
  const key = context.get('Idempotency-Key')
  if (key === '' && route.keyed) throw new AuctionError('BAD_REQUEST', 'This call needs an Idempotency-Key header.')
  if (key !== '' && !KEY_SHAPE.test(key))
    throw new AuctionError('BAD_REQUEST', 'Idempotency-Key: must be 1 to 255 visible ASCII characters.')
  return key === '' ? `own-${randomUUID()}` : key
}

/** A value by its schema. Throws BAD_REQUEST that names every fault, by place and sentence, never by value. */
export function parse<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const read = schema.safeParse(value, { error: ({ input }) => (input === undefined ? 'is missing' : undefined) })
  if (read.success) return read.data
  const sentences = read.error.issues.slice(0, 5).map((issue) => {
    const where = [place, ...issue.path.map(String)].filter(Boolean).join('.')
    const sentence = issue.message.replace(/\.$/, '')
    return where ? `${where}: ${sentence}` : sentence
  })
  throw new AuctionError('BAD_REQUEST', `${sentences.join('; ')}.`)
}
