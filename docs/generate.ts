/** `npm run docs`: writes docs/reference, docs/man and the README's settings from the code; a test says when they are out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ledgerEntry, ownBid, publicBid, user, wallet } from '@auction/common/answers'
import { routes } from '@auction/common/api'
import { faults } from '@auction/common/errors'
import { eventData, feedEvent, money, person } from '@auction/common/events'
import { newGood } from '@auction/common/requests'
import type { Route } from '@auction/common/route'
import { goodView } from '@auction/common/view'
import { z } from 'zod'
import { run } from '../packages/cli/src/cli.ts'
import { table } from '../packages/cli/src/command-table.ts'
import { createIo } from '../packages/cli/src/io.ts'
import { exitCodes } from '../packages/cli/src/topics.ts'
import { settingList } from '../packages/server/src/config.ts'
import { manPages } from './man-pages.ts'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const head = (title: string) => `# ${title}\n\n<!-- Written by \`npm run docs\` from the code. -->\n\n`

/** Each generated file, by path from the root, with what it should hold. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...(await manPages()),
    ['docs/reference/commands.md', await commands()],
    ['docs/reference/http.md', http()],
    ['docs/reference/errors.md', errors()],
    ['docs/reference/events.md', filled('docs/reference/events.md', 'events', events())],
    ['README.md', filled('README.md', 'settings', settings())],
  ])
}

/** A page with the part between its marks `name` written anew. */
function filled(path: string, name: string, part: string): string {
  const marks = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  return readFileSync(at(path), 'utf8').replace(marks, (_all, open, close) => open + part + close)
}

function events(): string {
  const rows = Object.entries(eventData).map(
    ([type, schema]) => `| ${type} | \`${written(schemaOf(schema, 'output'), 'output').replaceAll('|', '\\|')}\` |\n`,
  )
  return `| type | data |\n|---|---|\n${rows.join('')}`
}

async function help(words: readonly string[]): Promise<string> {
  let text = ''
  const sink = () =>
    new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk)
        done()
      },
    })
  const io = createIo({ stdin: () => new PassThrough(), stdout: sink(), stderr: sink(), env: {}, now: () => 0 }, [])
  await run(['help', ...words], io)
  return text.trimEnd()
}

async function commands(): Promise<string> {
  const pages = [`\`\`\`\n${await help([])}\n\`\`\``]
  for (const [name, summary, load] of table)
    if (load) pages.push(`## auction ${name}\n\n${summary}.\n\n\`\`\`\n${await help(name.split(' '))}\n\`\`\``)
  const exits = exitCodes().map(([exit, what]) => `| ${exit} | ${what} |`)
  return `${head('Commands')}${pages.join('\n\n')}\n\n## Exit codes\n\n| code | when |\n|---|---|\n${exits.join('\n')}\n`
}

type Schema = {
  readonly [key: string]: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

// Shapes that many routes share, by name.
const shapes = {
  Good: goodView,
  User: user,
  Money: money,
  Person: person,
  Event: feedEvent,
  OwnBid: ownBid,
  Bid: publicBid,
  Wallet: wallet,
  Entry: ledgerEntry,
  NewGood: newGood,
} as const

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema
const bare = ({ $schema: _schema, additionalProperties: _open, description: _text, ...rest }: Schema) => rest

/** A schema in one line, as TypeScript would write it; shared shapes by name. */
function written(schema: Schema, io: 'input' | 'output', whole = false): string {
  const known = whole
    ? undefined
    : Object.entries(shapes).find(
        ([, shape]) => JSON.stringify(bare(schemaOf(shape, io))) === JSON.stringify(bare(schema)),
      )
  if (known) return known[0]
  const { type, properties, required = [], items, anyOf, enum: values, const: constant } = schema
  if (Array.isArray(anyOf)) return anyOf.map((each: Schema) => written(each, io)).join(' | ')
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (constant !== undefined) return JSON.stringify(constant)
  if (type === 'array') return `${written(items as Schema, io)}[]`
  if (type === 'object' && properties)
    return `{${Object.entries(properties)
      .map(([name, member]) => `${name}${required.includes(name) ? '' : '?'}: ${written(member, io)}`)
      .join(', ')}}`
  return [type].flat().join(' | ') || 'any'
}

function http(): string {
  const sections = Object.values(routes).map((route: Route) => {
    const who = { anyone: 'Anyone.', member: 'Whoever is signed in.', house: 'The house.' }[route.access]
    const query = Object.keys(schemaOf(route.query, 'input').properties ?? {})
    const lines = [
      `${route.summary}. ${who}${route.keyed ? ' Needs an `Idempotency-Key`.' : ''}`,
      query.length > 0 ? `- query: ${query.map((each) => `\`${each}\``).join(', ')}` : '',
      route.body ? `- body: \`${written(schemaOf(route.body, 'input'), 'input')}\`` : '',
      route.answer ? `- answers ${route.status}: \`${written(schemaOf(route.answer, 'output'), 'output')}\`` : '',
    ]
    return `## ${route.method} ${route.path}\n\n${lines.filter(Boolean).join('\n')}`
  })
  const named = Object.entries(shapes).map(
    ([name, shape]) =>
      `- \`${name}\`: \`${written(schemaOf(shape, name === 'NewGood' ? 'input' : 'output'), name === 'NewGood' ? 'input' : 'output', true)}\``,
  )
  return `${head('HTTP')}JSON under \`/v1\`. Money is \`{"amount":128050,"currency":"USD"}\` in answers and plain minor units in bodies; times are RFC 3339, UTC,
milliseconds; unknown keys are refused; a token goes into \`Authorization: Bearer\`. Errors are in [errors.md](errors.md), events in [events.md](events.md).

${sections.join('\n\n')}

## Shapes

${named.join('\n')}
`
}

function errors(): string {
  const rows = Object.entries(faults).map(
    ([code, { status, exit, retry, title, hint }]) =>
      `| ${code} | ${status || '–'} | ${exit} | ${retry ? 'yes' : 'no'} | ${title} | ${hint.replaceAll('|', '\\|')} |`,
  )
  return `${head('Errors')}An error is \`application/problem+json\`: \`{type, title, status, code, detail, hint, requestId, ...data}\`. Codes without a status are the program's own.

| code | HTTP | exit | same again? | what | hint |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function settings(): string {
  return `| setting | what it is | default |\n|---|---|---|\n${settingList.map(({ name, meaning, fallback }) => `| ${name} | ${meaning} | ${fallback ? `\`${fallback}\`` : ''} |`).join('\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(at('docs/man'), { recursive: true })
  for (const [path, text] of await generated()) writeFileSync(at(path), text)
}
