/** Flags, then environment, then defaults, to one frozen Config; every fault is named at once. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isCurrency, MAX_AMOUNT } from '@auction/common/money'
import { z } from 'zod'
import { StartError } from './store/database.ts'

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

/** The settings of contract.md, section 6, that this release knows, by environment name. */
const settings = z.object({
  AUCTION_DATA: z
    .string()
    .min(1)
    .default('.auction')
    .transform((path) => resolve(path)),
  AUCTION_DATABASE_URL: url('postgres', 'postgresql').optional(),
  AUCTION_MONGODB_URI: url('mongodb', 'mongodb+srv').optional(),
  AUCTION_HOST: z.string().min(1).default('127.0.0.1'),
  AUCTION_PORT: whole(0, 65_535).default(8010),
  AUCTION_PUBLIC_URL: url('http', 'https').optional(),
  AUCTION_CURRENCY: z.string().refine(isCurrency, 'must be an ISO 4217 code, such as USD').default('USD'),
  AUCTION_STARTING_BALANCE: whole(0, MAX_AMOUNT).default(1_000_000),
  AUCTION_REGISTRATION: z.enum(['open', 'closed']).default('open'),
  AUCTION_PREMIUM_BP: whole(0, 10_000).default(0),
  AUCTION_COMMISSION_BP: whole(0, 10_000).default(0),
  AUCTION_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn'),
  AUCTION_RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  AUCTION_TRUST_PROXY: z.enum(['on', 'off']).default('off'),
  AUCTION_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
})

/** What the server was told; frozen. Amounts in minor units. */
export type Config = Readonly<z.infer<typeof settings>>
export type Setting = keyof Config

export const settingNames = Object.keys(settings.shape) as readonly Setting[]

/**
 * Reads a configuration. `NAME_FILE` names a file that holds NAME's value (for secrets).
 * Throws StartError that lists every fault.
 */
export function readConfig(
  flags: Partial<Record<Setting, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const faults: string[] = []
  const given: Record<string, string> = {}
  for (const name of settingNames) {
    const file = environment[`${name}_FILE`]
    try {
      const value =
        flags[name] ?? environment[name] ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim())
      if (value !== undefined && value !== '') given[name] = value
    } catch {
      faults.push(`${name}_FILE: cannot read ${file}`)
    }
  }
  const read = settings.safeParse(given)
  if (!read.success) faults.push(...read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  if (faults.length > 0 || !read.data) throw new StartError(`The configuration is wrong:\n  ${faults.join('\n  ')}`)
  return Object.freeze(read.data)
}
