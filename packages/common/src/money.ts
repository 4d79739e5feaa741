/** Amounts of money: integer counts of a currency's minor unit, and the two ways people read and write them. */
import * as currencies from 'dinero.js/currencies'

/** Money on the wire: `amount` in minor units of the ISO 4217 `currency`. */
export interface Money {
  readonly amount: number
  readonly currency: string
}

/** The largest amount the house handles, in minor units; every sum of such amounts stays a safe integer. */
export const MAX_AMOUNT = 1_000_000_000_000

const exponents: ReadonlyMap<string, number> = new Map(
  Object.values(currencies).map(({ code, base, exponent }) => [
    code,
    Array.isArray(base) || base !== 10 ? -1 : exponent,
  ]),
)

/** Whether `code` is an ISO 4217 code of a decimal currency. */
export function isCurrency(code: string): boolean {
  return (exponents.get(code) ?? -1) >= 0
}

/** Decimals of a currency (ISO 4217, not Intl, which says HUF has none). Throws RangeError on an unknown code. */
export function exponentOf(currency: string): number {
  const exponent = exponents.get(currency) ?? -1
  if (exponent < 0) throw new RangeError(`${currency} is not a currency this house knows.`)
  return exponent
}

/** Minor units to an exact decimal string of major units: 128050 USD is `1280.50`. */
export function toDecimal(amount: number, currency: string): string {
  const exponent = exponentOf(currency)
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0')
  const whole = digits.slice(0, digits.length - exponent)
  const sign = amount < 0 ? '-' : ''
  return exponent === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-exponent)}`
}

/**
 * What a person typed, in major units, to minor units: `1280.50` USD is 128050.
 * Throws RangeError with a sentence that says what is wrong (contract.md, section 2).
 */
export function parseAmount(text: string, currency: string): number {
  const exponent = exponentOf(currency)
  if (/[,'_ ]/.test(text))
    throw new RangeError(`Write the amount without grouping, with "." for decimals: not "${text}".`)
  const match = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text)
  if (!match) throw new RangeError(`"${text}" is not an amount; write it like ${toDecimal(128050, currency)}.`)
  const [, whole = '', decimals = ''] = match
  if (decimals.length > exponent) {
    throw new RangeError(
      `${currency} has ${exponent === 0 ? 'no' : exponent} decimals; "${text}" has ${decimals.length}.`,
    )
  }
  const amount = Number(whole + decimals.padEnd(exponent, '0'))
  if (amount > MAX_AMOUNT)
    throw new RangeError(`"${text}" is more than the house handles (${toDecimal(MAX_AMOUNT, currency)}).`)
  return amount
}

/** Making one costs ten times what using it does; there are as many as currencies in use. */
const formats = new Map<string, Intl.NumberFormat>()

function formatOf(currency: string, locale: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`
  const known = formats.get(key)
  if (known) return known
  const decimals = exponentOf(currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  formats.set(key, format)
  return format
}

/** For people: `$1,280.50`. Formats the exact decimal string, never a float. */
export function formatMoney({ amount, currency }: Money, locale = 'en-US'): string {
  return formatOf(currency, locale).format(toDecimal(amount, currency) as `${number}`)
}

/** In a sentence of ours: `1280.50 USD`. */
export function inWords({ amount, currency }: Money): string {
  return `${toDecimal(amount, currency)} ${currency}`
}

/** `bp` basis points of `amount`, rounded down to the minor unit, without leaving the safe integers on the way. */
export function shareOf(amount: number, bp: number): number {
  return Math.floor(amount / 10_000) * bp + Math.floor(((amount % 10_000) * bp) / 10_000)
}
