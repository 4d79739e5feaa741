/** architecture.md, sections 2, 3, 7 and 10, held against the source as text: what a reviewer need not look for. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A node of the syntax tree (ESTree), as far as these rules look at one. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  // biome-ignore lint/suspicious/noExplicitAny: the tree is walked by name
  readonly [key: string]: any
}

interface Import {
  /** `common/view.ts` for one of ours, else the library's or built-in module's name. */
  readonly target: string
  readonly kind: 'value' | 'type' | 'lazy' | 're-export'
}

interface Source {
  /** `server/store/batch.ts` in packages, `tests/...` elsewhere. */
  readonly name: string
  readonly text: string
  readonly nodes: readonly { readonly node: Node; readonly parent: Node | null }[]
  readonly imports: readonly Import[]
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

function nodesOf(node: Node, parent: Node | null = null): { node: Node; parent: Node | null }[] {
  const children = Object.values(node).flat().filter(isNode)
  return [{ node, parent }, ...children.flatMap((child) => nodesOf(child, node))]
}

/** `packages/server/src/store/batch.ts` is called `server/store/batch.ts` here. */
const nameOf = (path: string) => path.replace(/^packages\/(\w+)\/src\//, '$1/')

/** Where an import in the file at `path` leads: our files by name, the rest as it is. */
function targetOf(path: string, specifier: string): string {
  const own = /^@auction\/(\w+)(?:\/(.+))?$/.exec(specifier)
  if (own) return own[2] ? `${own[1]}/${own[2]}.ts` : `${own[1]}`
  return specifier.startsWith('.') ? nameOf(join(dirname(path), specifier)) : specifier
}

function importOf(path: string, node: Node): Import[] {
  const specifier = node.source?.value
  if (typeof specifier !== 'string') return []
  const target = targetOf(path, specifier)
  const onlyTypes = (specifiers: Node[]) =>
    specifiers.length > 0 && specifiers.every((each) => each.importKind === 'type')
  if (node.type === 'ImportDeclaration')
    return [{ target, kind: node.importKind === 'type' || onlyTypes(node.specifiers) ? 'type' : 'value' }]
  if (node.type === 'ImportExpression') return [{ target, kind: 'lazy' }]
  if (node.type === 'TSImportType') return [{ target, kind: 'type' }]
  return node.type.startsWith('Export') ? [{ target, kind: 're-export' }] : []
}

function read(file: string): Source {
  const path = relative(root, file)
  const text = readFileSync(file, 'utf8')
  const nodes = nodesOf(parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node)
  return { name: nameOf(path), text, nodes, imports: nodes.flatMap(({ node }) => importOf(path, node)) }
}

const sources = globSync(join(root, 'packages/*/src/**/*.{ts,tsx}')).sort().map(read)
const tests = globSync(join(root, 'tests/**/*.{ts,tsx}')).sort().map(read)
const all = [...sources, ...tests]

const lineOf = ({ text }: Source, { start }: Node) => text.slice(0, start).split('\n').length
const at = (source: Source, node: Node) => `${source.name}:${lineOf(source, node)}`
const within = (name: string, places: readonly string[]) =>
  places.some((place) => (place.endsWith('/') ? name.startsWith(place) : name === place))

/** What each of `sources` has to answer for; the expectation is that nobody has. */
const faults = (from: readonly Source[], find: (source: Source) => string[]) => expect(from.flatMap(find)).toEqual([])

describe('the tree (section 2)', () => {
  const folders = ['common/', 'server/', 'server/routes/', 'server/store/', 'server/store/migrations/', 'server/jobs/']
  const cliFolders = ['cli/', 'cli/commands/', 'cli/screen/', 'cli/home/', 'cli/demo/']

  it('has every source in a folder that the architecture names', () => {
    faults(sources, ({ name }) => ([...folders, ...cliFolders].includes(`${dirname(name)}/`) ? [] : [name]))
  })
  it('has files of at most 400 lines, tests, which are tables, of at most 600', () => {
    faults(all, ({ name, text }) => {
      const lines = text.trimEnd().split('\n').length
      return lines > (name.startsWith('tests/') ? 600 : 400) ? [`${name} has ${lines} lines`] : []
    })
  })
  it('has file names in kebab-case, no index and no barrel', () => {
    faults(all, ({ name }) => {
      const plain = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.tsx?$/.test(basename(name)) && !/^index\./.test(basename(name))
      return plain ? [] : [name]
    })
    faults(sources, ({ name, imports }) =>
      imports.filter(({ kind }) => kind === 're-export').map(({ target }) => `${name} exports from ${target}`),
    )
  })
  it('begins each file with what it is for', () => {
    faults(sources, ({ name, text }) => (/^\/\*\*\s/.test(text) ? [] : [name]))
  })
})

describe('who may import whom (section 3)', () => {
  /** What each file of common may import of common; a new file needs its line here. */
  const common: Record<string, readonly string[]> = {
    money: [],
    text: [],
    version: [],
    good: [],
    log: [],
    errors: ['money'],
    increments: ['money', 'good'],
    ledger: ['money', 'good'],
    contest: ['money', 'errors', 'good', 'increments', 'ledger'],
    removal: ['errors', 'good', 'increments', 'ledger', 'contest'],
    sale: ['money', 'errors', 'good', 'increments', 'contest', 'removal'],
    bidding: ['good', 'contest', 'removal', 'sale'],
    events: ['money', 'good', 'increments', 'log'],
    view: ['money', 'good', 'increments', 'ledger', 'events'],
    recall: ['money', 'good', 'sale', 'bidding', 'events', 'contest', 'removal'],
    doubts: ['money', 'good', 'increments', 'log', 'sale', 'recall', 'requests'],
    sealed: ['money', 'errors', 'good', 'increments', 'bidding', 'events', 'recall', 'doubts'],
    replay: ['errors', 'good', 'log', 'contest', 'removal', 'bidding', 'events', 'recall', 'doubts', 'sealed'],
    answers: ['errors', 'events', 'view'],
    verify: ['money', 'good', 'log', 'events', 'answers', 'doubts', 'replay', 'sealed'],
    requests: ['money', 'text', 'errors', 'good'],
    route: ['requests'],
    'house-api': ['requests', 'events', 'answers', 'route', 'view'],
    api: ['requests', 'events', 'answers', 'route', 'view', 'house-api'],
    frames: ['events', 'answers', 'requests', 'view'],
  }
  /** From the ground up; a file imports from lower floors, or from its own folder on the same floor. */
  const floors: readonly (readonly string[])[] = [
    ['server/clock.ts', 'server/data-directory.ts'],
    ['server/store/', 'server/jobs/'],
    ['server/config.ts', 'server/clerk.ts', 'server/feed.ts', 'server/rates.ts', 'server/body.ts', 'server/metrics.ts'],
    [
      'server/auth.ts',
      'server/pictures.ts',
      'server/streams.ts',
      'server/alarms.ts',
      'server/webhook-delivery.ts',
      'server/problems.ts',
    ],
    ['server/app.ts', 'server/rooms.ts', 'server/webhooks.ts', 'server/calendar.ts', 'server/openapi.ts'],
    ['server/routes/'],
    ['server/hall.ts'],
    ['server/sockets.ts'],
    ['server/wiring.ts'],
    ['server/server.ts'],
    ['server/main.ts'],
  ]
  const packageOf = (name: string) => name.split('/')[0] ?? ''
  const ours = (target: string) => ['common', 'server', 'cli'].includes(packageOf(target))

  it('keeps cli and server apart, and common below both', () => {
    faults(sources, ({ name, imports }) =>
      imports
        .filter(({ target }) => ours(target) && ![packageOf(name), 'common'].includes(packageOf(target)))
        // `auction serve` and `auction demo` load the server when asked to; it need not be installed.
        .filter(({ kind }) => !(kind === 'lazy' && ['cli/server-package.ts'].includes(name)))
        .map(({ target }) => `${name} imports ${target}`),
    )
  })
  it('leaves the server to be loaded by name, so that no import of it is built in', () => {
    faults(sources, ({ name, text }) =>
      packageOf(name) === 'cli' && /@auction\/server/.test(text) && name !== 'cli/server-package.ts' ? [name] : [],
    )
  })
  it('lets the files of common import only what comes before them', () => {
    faults(sources, ({ name, imports }) => {
      if (packageOf(name) !== 'common') return []
      const allowed = common[basename(name, '.ts')]
      if (!allowed) return [`${name} is not in the table of this test`]
      const wrong = imports.filter(({ target }) => ours(target) && !allowed.includes(basename(target, '.ts')))
      return wrong.map(({ target }) => `${name} imports ${target}`)
    })
  })
  it('builds the server in floors: store, clerk, app, routes, sockets, server, main', () => {
    const floorOf = (name: string) => floors.findIndex((places) => within(name, places))
    faults(sources, ({ name, imports }) => {
      if (packageOf(name) !== 'server') return []
      if (floorOf(name) < 0) return [`${name} stands on no floor of this test`]
      const wrong = imports.filter(
        ({ target }) =>
          packageOf(target) === 'server' &&
          floorOf(target) >= floorOf(name) &&
          !(
            floorOf(target) === floorOf(name) &&
            dirname(target).startsWith(dirname(name)) &&
            dirname(name) !== 'server'
          ),
      )
      return wrong.map(({ target }) => `${name} imports ${target}`)
    })
  })
  it('has no cycle, of types and lazy imports neither', () => {
    const graph = new Map(all.map(({ name, imports }) => [name, imports.map(({ target }) => target)]))
    const done = new Set<string>()
    const cycles: string[] = []
    function visit(name: string, path: readonly string[]): void {
      if (path.includes(name)) cycles.push([...path.slice(path.indexOf(name)), name].join(' > '))
      if (done.has(name) || path.includes(name)) return
      for (const target of graph.get(name) ?? []) visit(target, [...path, name])
      done.add(name)
    }
    for (const name of graph.keys()) visit(name, [])
    expect(cycles).toEqual([])
  })
  it('keeps the screen to its data: no fetching beside run.tsx, no Ink before it is wanted', () => {
    const screens = ['cli/screen/', 'cli/home/']
    const outside = /^cli\/(client|follow|connection|transport|credentials|context|cli|io|server-clock|prompts)\.ts$/
    faults(sources, ({ name, imports }) =>
      imports
        .filter(({ target, kind }) =>
          within(name, screens)
            ? kind !== 'type' && !name.endsWith('/run.tsx') && outside.test(target)
            : kind === 'value' && within(target, screens) && target.endsWith('x'),
        )
        .map(({ target }) => `${name} imports ${target}`),
    )
  })
})

describe('one library, one door (section 3)', () => {
  /** Where each library may be imported; `types` where only its types may. A new library needs its line here. */
  const doors: Record<string, { at: readonly string[]; types?: readonly string[] }> = {
    '@agendajs/mongo-backend': { at: ['server/jobs/job-store.ts'] },
    '@bomb.sh/tab': { at: ['cli/completion.ts'] },
    '@inquirer/prompts': { at: ['cli/prompts.ts'] },
    '@koa/cors': { at: ['server/app.ts'] },
    '@koa/router': { at: ['server/app.ts'] },
    '@mikro-orm/core': { at: ['server/store/'] },
    '@mikro-orm/migrations': { at: ['server/store/'] },
    '@mikro-orm/postgresql': { at: ['server/store/database.ts'] },
    '@mikro-orm/sqlite': { at: ['server/store/database.ts'], types: ['server/store/'] },
    '@node-rs/argon2': { at: ['server/auth.ts'] },
    '@pppp606/ink-chart': { at: ['cli/screen/'] },
    '@napi-rs/keyring': { at: ['cli/keyring-child.ts'] },
    agenda: { at: ['server/alarms.ts', 'server/jobs/'] },
    'better-sqlite3': {
      at: ['server/store/database.ts', 'server/store/snapshot.ts', 'server/jobs/sqlite-backend.ts'],
      types: ['server/store/'],
    },
    'cli-truncate': { at: ['cli/table.ts', 'cli/screen/'] },
    commander: { at: ['cli/cli.ts'] },
    conf: { at: ['cli/credentials.ts', 'cli/settings.ts'] },
    'dinero.js/currencies': { at: ['common/money.ts'] },
    'csv-parse/sync': { at: ['cli/import-rows.ts'] },
    eventsource: { at: ['cli/server-clock.ts'] },
    'ical-generator': { at: ['server/calendar.ts'] },
    ink: { at: ['cli/screen/', 'cli/home/'] },
    'jq-wasm': { at: ['cli/jq.ts'] },
    koa: { at: ['server/app.ts'], types: ['server/body.ts', 'server/streams.ts', 'server/routes/'] },
    'koa-body': { at: ['server/body.ts'] },
    'koa-helmet': { at: ['server/app.ts'] },
    kysely: { at: ['server/store/statements.ts'] },
    mongodb: { at: ['server/jobs/job-store.ts'] },
    'parse-duration': { at: ['cli/input.ts'] },
    pino: { at: ['server/main.ts'], types: ['server/server.ts', 'server/wiring.ts'] },
    'prom-client': { at: ['server/metrics.ts'] },
    'rate-limiter-flexible': { at: ['server/rates.ts'] },
    react: { at: ['cli/screen/', 'cli/home/'] },
    sharp: { at: ['server/pictures.ts'] },
    'socket.io': { at: ['server/sockets.ts'], types: ['server/hall.ts'] },
    'socket.io-client': { at: ['cli/connection.ts'] },
    'string-width': { at: ['cli/table.ts', 'cli/screen/', 'cli/home/'] },
    'strip-ansi': { at: ['common/text.ts'] },
    'temporal-polyfill': { at: ['cli/input.ts'] },
    yaml: { at: ['cli/import-rows.ts'] },
    zod: {
      at: [
        ...['events', 'view', 'answers', 'requests', 'api', 'house-api', 'frames', 'verify'].map(
          (each) => `common/${each}.ts`,
        ),
        'server/config.ts',
      ],
      types: ['common/route.ts', 'server/app.ts', 'server/sockets.ts'],
    },
    'zod-openapi': { at: ['server/openapi.ts'] },
  }
  const isLibrary = (target: string) => !/^(node:|common\/|server\/|cli\/)/.test(target)

  it('imports each library where it belongs', () => {
    faults(sources, ({ name, imports }) =>
      imports
        .filter(({ target, kind }) => {
          const door = doors[target]
          return (
            isLibrary(target) && !within(name, [...(door?.at ?? []), ...(kind === 'type' ? (door?.types ?? []) : [])])
          )
        })
        .map(({ target, kind }) => `${name} imports ${target} (${kind})`),
    )
  })
  it('names no library in its table that nobody imports', () => {
    const used = new Set(sources.flatMap(({ imports }) => imports.map(({ target }) => target)))
    expect(Object.keys(doors).filter((library) => !used.has(library))).toEqual([])
  })
  it('is installed with nothing but npm: no package of the lock that npm would call node-gyp for', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
    const native = globSync('node_modules/{*,@*/*}/binding.gyp', { cwd: root }).map((path) => dirname(path))
    expect(native).toContain('node_modules/better-sqlite3')
    expect(native.filter((path) => lock[path]?.gypfile !== false)).toEqual([])
  })
  it('imports no built-in module into common but a hash, and no http into the program, whose start it would slow', () => {
    faults(sources, ({ name, imports }) =>
      imports
        .filter(({ target }) => target.startsWith('node:'))
        .filter(({ target, kind }) => {
          if (name.startsWith('common/')) return !(name === 'common/log.ts' && target === 'node:crypto')
          return name.startsWith('cli/') && /^node:https?$/.test(target) && kind !== 'type'
        })
        .map(({ target }) => `${name} imports ${target}`),
    )
  })
})

describe('modules and style (section 7)', () => {
  const isFunction = (node: Node | null) =>
    /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node?.type ?? '')

  /** Whether a nested function stands on its own: declared, assigned to a name, or a method; not a callback in a call. */
  const isNamed = (node: Node, parent: Node | null) =>
    node.type === 'FunctionDeclaration' || /^(VariableDeclarator|Property|MethodDefinition)$/.test(parent?.type ?? '')

  /** Lines of a function's body, without those of the functions with a name in it, which are judged by themselves. */
  function ownLines(source: Source, body: Node): number {
    const nested: Node[] = []
    for (const { node, parent } of source.nodes) {
      const inside = node.start > body.start && node.end < body.end && isFunction(node) && isNamed(node, parent)
      if (inside && !nested.some((outer) => outer.start <= node.start && node.end <= outer.end)) nested.push(node)
    }
    const linesOf = (node: Node) => source.text.slice(node.start, node.end).split('\n').length - 1
    return linesOf(body) - 1 - nested.reduce((sum, each) => sum + linesOf(each), 0)
  }

  it('has functions of at most 60 lines', () => {
    faults(sources, (source) =>
      source.nodes.flatMap(({ node }) => {
        if (!isFunction(node) || node.body?.type !== 'BlockStatement') return []
        const lines = ownLines(source, node.body)
        return lines > 60 ? [`${at(source, node)} has a function of ${lines} lines`] : []
      }),
    )
  })

  /** Names that a file exports, with the node that declares each. */
  function exportsOf({ nodes }: Source): { name: string; node: Node }[] {
    return nodes.flatMap(({ node }) => {
      if (node.type === 'ExportDefaultDeclaration') return [{ name: 'default', node }]
      if (node.type !== 'ExportNamedDeclaration') return []
      const declared: Node[] = node.declaration?.declarations ?? (node.declaration ? [node.declaration] : [])
      const specified: Node[] = node.specifiers
      return [
        ...declared.map((each) => ({ name: String(each.id?.name ?? each.id?.type), node })),
        ...specified.map((each) => ({ name: String(each.exported.name), node })),
      ]
    })
  }
  const wordsOf = (name: string) => name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase())
  const empty = ['util', 'utils', 'helper', 'helpers', 'manager', 'service', 'info', 'misc', 'common']

  it('names no file and no export for nothing: utils, helpers, manager, service, info, data', () => {
    const isEmpty = (name: string) => name === 'data' || wordsOf(name).some((word) => empty.includes(word))
    faults(sources, (source) => [
      ...(isEmpty(basename(source.name).replace(/\.tsx?$/, '')) ? [source.name] : []),
      ...exportsOf(source).flatMap(({ name }) => (isEmpty(name) ? [`${source.name} exports ${name}`] : [])),
    ])
  })
  it('exports by name', () => {
    faults(sources, (source) => exportsOf(source).flatMap(({ name }) => (name === 'default' ? [source.name] : [])))
  })
  it('says of every export of common what it is; a type inferred from a schema goes with it', () => {
    faults(sources, (source) => {
      if (!source.name.startsWith('common/')) return []
      return exportsOf(source).flatMap(({ name, node }) => {
        const inferred = source.text.slice(node.start, node.end).includes('= z.infer<')
        const said = source.text.slice(0, node.start).trimEnd().endsWith('*/')
        return inferred || said ? [] : [`${at(source, node)} ${name}`]
      })
    })
  })
  it('uses no any, and silences the compiler nowhere', () => {
    faults(sources, (source) => [
      ...source.nodes.flatMap(({ node }) => (node.type === 'TSAnyKeyword' ? [at(source, node)] : [])),
      ...(/@ts-(ignore|nocheck|expect-error)/.test(source.text) ? [`${source.name} silences the compiler`] : []),
    ])
  })
})

describe('smells (section 10)', () => {
  /** Where the process, the clock and chance come in; everything else is given them. */
  const edges: Record<string, readonly string[]> = {
    // The mains, the streams of the program, and the terminal, which must be whole again after any signal.
    process: [
      'server/main.ts',
      'cli/start.ts',
      'cli/main.ts',
      'cli/keyring-child.ts',
      'cli/io.ts',
      'cli/prompts.ts',
      'cli/screen/terminal.ts',
    ],
    // A library that tells its answer to the console alone.
    console: ['cli/completion.ts'],
    // The server's clock, the program's; what Agenda's rows are stamped with, which decides nothing.
    'Date.now': ['server/clock.ts', 'cli/io.ts', 'cli/server-clock.ts'],
    'new Date': ['server/jobs/close-goods.ts', 'server/jobs/sqlite-backend.ts'],
    // Reconnects at different moments, so that a restarted house is not stormed.
    'Math.random': ['cli/connection.ts'],
  }
  /** What common, which has no I/O, clock or chance, must not even name. */
  const impure = [
    'performance',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'fetch',
    'crypto',
    'globalThis',
    'require',
  ]

  /** The globals that a file names, as the keys of `edges` say them. */
  function globalsOf({ nodes }: Source): { name: string; node: Node }[] {
    return nodes.flatMap(({ node, parent }) => {
      if (node.type === 'NewExpression' && node.callee.name === 'Date' && node.arguments.length === 0)
        return [{ name: 'new Date', node }]
      if (node.type === 'MemberExpression' && /^(Date|Math)$/.test(node.object.name ?? ''))
        return [{ name: `${node.object.name}.${node.property.name}`, node }]
      const isKey = parent && (parent.property === node || parent.key === node) && !parent.computed
      return node.type === 'Identifier' && !isKey ? [{ name: String(node.name), node }] : []
    })
  }

  it('touches process, console, the clock and chance at the edge alone', () => {
    faults(sources, (source) =>
      globalsOf(source).flatMap(({ name, node }) => {
        const places = Object.hasOwn(edges, name) ? edges[name] : undefined
        return places && !places.includes(source.name) ? [`${at(source, node)} ${name}`] : []
      }),
    )
  })
  it('has no edge in its list where nothing is touched', () => {
    const touched = new Set(
      sources.flatMap((source) => globalsOf(source).map(({ name }) => `${name} in ${source.name}`)),
    )
    const listed = Object.entries(edges).flatMap(([name, places]) => places.map((place) => `${name} in ${place}`))
    expect(listed.filter((each) => !touched.has(each))).toEqual([])
  })
  it('keeps common pure', () => {
    faults(sources, (source) => {
      if (!source.name.startsWith('common/')) return []
      return globalsOf(source).flatMap(({ name, node }) =>
        impure.includes(name) ? [`${at(source, node)} ${name}`] : [],
      )
    })
  })
  it('writes no SQL, and no entity, outside the store and the jobs', () => {
    const sql =
      /\b(insert into|delete from|update \w+ set|select .+ from)\b|\.(persist|flush|nativeInsert|nativeUpdate|nativeDelete)\(/i
    faults(sources, ({ name, text }) =>
      within(name, ['server/store/', 'server/jobs/']) || !sql.test(text) ? [] : [`${name}: ${sql.exec(text)?.[0]}`],
    )
    faults(sources, ({ name, text }) =>
      /queries\.ts$/.test(name) && /\.(persist|flush|native\w+)\(/.test(text) ? [name] : [],
    )
  })
  it('tells nobody anything from a route but the answer: no emit, no status', () => {
    faults(sources, ({ name, text }) =>
      name.startsWith('server/routes/') && /\.emit\(|\.status\s*=[^=]|\.throw\(/.test(text) ? [name] : [],
    )
  })
  it('maps a code to a status or an exit in the catalogue alone', () => {
    const codes =
      /\b(OWN_GOOD|NOT_OPEN|BID_TOO_LOW|MAX_NOT_RAISED|INSUFFICIENT_FUNDS|KEY_REUSED|CONFLICT|RATE_LIMITED|BUSY)['"]?: *[0-9]/
    faults(sources, ({ name, text }) => (name !== 'common/errors.ts' && codes.test(text) ? [name] : []))
  })
  it('handles keys in one place', () => {
    faults(sources, ({ name, text }) => (name !== 'cli/screen/window.tsx' && /\buseInput\(/.test(text) ? [name] : []))
  })
  it('reads no money as a float', () => {
    faults(sources, ({ name, text }) => (/\bparseFloat\(/.test(text) ? [name] : []))
  })
})

describe('the tests (section 8)', () => {
  it('leave none out without a reason, and none alone', () => {
    const left =
      /\.(skip|todo|fails)\(\s*(\)|[^'"\s)])|\b(xit|xdescribe|xtest)\b|\b(it|test|describe)\.(skip|todo|only)\b|\.only\(/
    const without = (line: string, before: string) => left.test(line) && !/\/\/ \S/.test(`${line}${before}`)
    faults(tests, ({ name, text }) => {
      const lines = text.split('\n')
      if (name === 'tests/tidy.test.ts') return []
      return lines.flatMap((line, index) => (without(line, lines[index - 1] ?? '') ? [`${name}:${index + 1}`] : []))
    })
  })
  it('run against the source, not what was built from it', () => {
    faults(tests, ({ name, imports }) =>
      imports.filter(({ target }) => /\/dist\//.test(target)).map(({ target }) => `${name} imports ${target}`),
    )
  })
})
