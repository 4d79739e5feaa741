/** Flags, then environment, then defaults, to one frozen Config; every fault is named at once. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AuctionError } from '@auction/common/errors'
import { isCurrency, MAX_AMOUNT } from '@auction/common/money'
import { z } from 'zod'

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^[0-9]+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= least && n <= most, `must be ${least} to ${most}`)
const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text),
      `must be a URL beginning with ${schemes.join(':// or ')}://`,
    )

/** Whether a browser may send this, letter by letter, as the Origin of a page. */
const isOrigin = (text: string) =>
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(text) &&
  URL.canParse(text) &&
  // Of schemes the standard does not know, such as an extension's, the origin is opaque.
  ['null', text].includes(new URL(text).origin)

const DATA_DIRECTORY = '.auction'

/** The settings of contract.md, section 6, that this release knows, by environment name. */
const settings = z.object({
  AUCTION_DATA: z
    .string()
    .min(1)
    .default(DATA_DIRECTORY)
    .transform((path) => resolve(path))
    .describe('directory of everything the server keeps'),
  AUCTION_DATABASE_URL: url('postgres', 'postgresql').optional().describe('`postgres://…` instead of SQLite'),
  AUCTION_MONGODB_URI: url('mongodb', 'mongodb+srv')
    .optional()
    .describe('keeps the alarms in MongoDB instead of the embedded store'),
  AUCTION_HOST: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  AUCTION_PORT: whole(0, 65_535).default(8010).describe('port to listen on; 0 takes a free one'),
  AUCTION_PUBLIC_URL: url('http', 'https').optional().describe('where people reach the house, behind a proxy'),
  AUCTION_CURRENCY: z
    .string()
    .refine(isCurrency, 'must be an ISO 4217 code, such as USD')
    .default('USD')
    .describe('the one currency of the house, fixed at first boot'),
  AUCTION_STARTING_BALANCE: whole(0, MAX_AMOUNT)
    .default(1_000_000)
    .describe('what a new account begins with, in minor units'),
  AUCTION_REGISTRATION: z
    .enum(['open', 'invite', 'closed'])
    .default('open')
    .describe('who may sign up: everyone (`open`), whom the house invites (`invite`), nobody (`closed`)'),
  AUCTION_RETRACTION: z
    .enum(['allowed', 'none'])
    .default('allowed')
    .describe('whether bidders may take bids back, within the rules'),
  AUCTION_OUTAGE_GRACE: z
    .enum(['on', 'off'])
    .default('on')
    .describe('`on` gives goods that ended while the house was away ten minutes more; `off` settles them at boot'),
  AUCTION_PREMIUM_BP: whole(0, 10_000)
    .default(0)
    .describe("buyer's premium in basis points, for goods listed from now on"),
  AUCTION_COMMISSION_BP: whole(0, 10_000).default(0).describe("seller's commission in basis points, likewise"),
  AUCTION_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn')
    .describe('what is logged, as JSON lines on standard error'),
  AUCTION_RATE_LIMITS: z.enum(['on', 'off']).default('on').describe('`off` for benchmarks and closed networks'),
  AUCTION_TRUST_PROXY: z.enum(['on', 'off']).default('off').describe('`on` takes addresses from the proxy before it'),
  AUCTION_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isOrigin), 'must be origins, such as https://app.example, separated by commas')
    .describe('web pages that may call, separated by commas'),
})

/** What the server was told; frozen. Amounts in minor units. */
export type Config = Readonly<z.infer<typeof settings>>
export type Setting = keyof Config

const settingNames = Object.keys(settings.shape) as readonly Setting[]

/** Every setting with what it is and its default, for the reference. */
export const settingList = settingNames.map((name) => {
  const fallback = name === 'AUCTION_DATA' ? DATA_DIRECTORY : String(settings.parse({})[name] ?? '')
  return { name, meaning: settings.shape[name].description ?? '', fallback }
})

/**
 * Reads a configuration. `NAME_FILE` names a file that holds NAME's value (for secrets).
 * Throws USAGE that lists every fault.
 */
export function readConfig(
  flags: Partial<Record<Setting, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const faults: string[] = []
  const given: Record<string, string> = {}
  for (const name of settingNames) {
    const file = environment[`${name}_FILE`]
    if (flags[name] === '') faults.push(`${name}: must not be empty`)
    try {
      const value =
        flags[name] ?? (environment[name] || undefined) ?? (file ? readFileSync(file, 'utf8').trim() : undefined)
      if (value !== undefined && value !== '') given[name] = value
    } catch {
      faults.push(`${name}_FILE: cannot read ${file}`)
    }
  }
  const read = settings.safeParse(given)
  if (!read.success) faults.push(...read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  if (faults.length > 0 || !read.data)
    throw new AuctionError('USAGE', `The configuration is wrong: ${faults.join('; ')}.`, {
      hint: 'See the configuration in README.md.',
    })
  return Object.freeze(read.data)
}
