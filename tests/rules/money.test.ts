import { exponentOf, formatMoney, isCurrency, MAX_AMOUNT, parseAmount, shareOf, toDecimal } from '@auction/common/money'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'

describe('currencies', () => {
  it.each([
    ['USD', 2],
    ['EUR', 2],
    ['HUF', 2],
    ['IDR', 2],
    ['IQD', 3],
    ['KWD', 3],
    ['KRW', 0],
    ['JPY', 0],
    ['CLF', 4],
  ])('%s has %i decimals', (currency, decimals) => {
    expect(isCurrency(currency)).toBe(true)
    expect(exponentOf(currency)).toBe(decimals)
  })

  // MGA and MRU are divided by five; the rest are no codes, or names that every object has.
  it.each(['MGA', 'MRU', 'usd', 'US', 'XXXX', 'ZZZ', '', ' USD', 'constructor', '__proto__'])('refuses %j', (code) => {
    expect(isCurrency(code)).toBe(false)
    expect(() => exponentOf(code)).toThrow(RangeError)
  })
})

describe('an amount that a person types', () => {
  it.each([
    ['1280', 'USD', 128_000],
    ['1280.5', 'USD', 128_050],
    ['1280.50', 'USD', 128_050],
    ['0.01', 'USD', 1],
    ['0', 'USD', 0],
    ['007', 'USD', 700],
    ['0.29', 'USD', 29],
    ['1.15', 'USD', 115],
    ['4.35', 'USD', 435],
    ['1280', 'KRW', 1_280],
    ['0.001', 'KWD', 1],
    ['1.5', 'KWD', 1_500],
    ['99.90', 'HUF', 9_990],
    ['10000000000', 'USD', MAX_AMOUNT],
    ['1000000000000', 'KRW', MAX_AMOUNT],
  ])('%s %s is %i', (text, currency, amount) => {
    expect(parseAmount(text, currency)).toBe(amount)
  })

  it.each([
    ['1.005', 'USD', 'USD has 2 decimals; "1.005" has 3.'],
    ['1.0', 'KRW', 'KRW has no decimals; "1.0" has 1.'],
    ['1.0000', 'KWD', 'KWD has 3 decimals; "1.0000" has 4.'],
    ['1,000', 'USD', 'Write the amount without grouping, with "." for decimals: not "1,000".'],
    ['1,5', 'USD', 'Write the amount without grouping, with "." for decimals: not "1,5".'],
    ["1'000", 'USD', 'Write the amount without grouping'],
    ['1_000', 'USD', 'Write the amount without grouping'],
    ['1 000', 'USD', 'Write the amount without grouping'],
    ['1e3', 'USD', '"1e3" is not an amount; write it like 1280.50.'],
    ['1e3', 'KRW', '"1e3" is not an amount; write it like 128050.'],
    ['10000000000.01', 'USD', '"10000000000.01" is more than the house handles (10000000000.00).'],
    ['9007199254740993', 'USD', 'is more than the house handles'],
    ['9'.repeat(400), 'USD', 'is more than the house handles'],
  ])('%s %s is refused, and why', (text, currency, message) => {
    expect(() => parseAmount(text, currency)).toThrow(message)
  })

  it.each([
    '',
    ' ',
    ' 5',
    '5 ',
    '5\n',
    '\u00a05',
    '+1',
    '-1',
    '-0',
    '\u22121',
    '0x10',
    '0b1',
    '0o7',
    '1e3',
    '1E3',
    '1e-2',
    '.5',
    '5.',
    '1..5',
    '1.5.2',
    '1.-5',
    '５',
    '٥',
    '५',
    '²',
    '½',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    'undefined',
    'true',
    '[]',
    '{}',
    '$5',
    '5USD',
    '5 USD',
    'min',
    '1n',
    '\u0000',
    '5\u0000',
    '5\u200b',
  ])('%j is refused in every currency', (text) => {
    for (const currency of ['USD', 'KRW', 'KWD']) expect(() => parseAmount(text, currency)).toThrow(RangeError)
  })

  it('survives being written and read again', () => {
    const currencies = fc.constantFrom('USD', 'HUF', 'KRW', 'KWD', 'CLF')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_AMOUNT }), currencies, (amount, currency) => {
        expect(parseAmount(toDecimal(amount, currency), currency)).toBe(amount)
      }),
    )
  })

  it('is a whole number of minor units or refused, whatever it is', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[-+0-9.,eExX_ ]{1,12}$/),
      fc.double().map(String),
    )
    fc.assert(
      fc.property(odd, (text) => {
        try {
          const amount = parseAmount(text, 'USD')
          expect(text).toMatch(/^[0-9]+(\.[0-9]{1,2})?$/)
          expect(Number.isSafeInteger(amount) && amount >= 0 && amount <= MAX_AMOUNT).toBe(true)
        } catch (error) {
          if (!(error instanceof RangeError)) throw error
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('an amount for people and programs', () => {
  it.each([
    [128_050, 'USD', '1280.50', '$1,280.50'],
    [5, 'USD', '0.05', '$0.05'],
    [0, 'USD', '0.00', '$0.00'],
    [-5, 'USD', '-0.05', '-$0.05'],
    [-128_050, 'USD', '-1280.50', '-$1,280.50'],
    [128_050, 'KRW', '128050', '₩128,050'],
    [0, 'KRW', '0', '₩0'],
    [5, 'KWD', '0.005', 'KWD\u00a00.005'],
    [9_990, 'HUF', '99.90', 'HUF\u00a099.90'],
    [MAX_AMOUNT, 'USD', '10000000000.00', '$10,000,000,000.00'],
    [MAX_AMOUNT - 1, 'USD', '9999999999.99', '$9,999,999,999.99'],
  ])('%i %s is %s, shown as %s', (amount, currency, decimal, shown) => {
    expect(toDecimal(amount, currency)).toBe(decimal)
    expect(formatMoney({ amount, currency })).toBe(shown)
  })

  it('is exact to the last digit of a sum that no float of major units holds', () => {
    expect(formatMoney({ amount: Number.MAX_SAFE_INTEGER, currency: 'KWD' })).toBe('KWD\u00a09,007,199,254,740.991')
  })
})

describe('a share in basis points', () => {
  it.each([
    [10_000, 250, 250],
    [9_999, 1, 0],
    [10_000, 1, 1],
    [1, 10_000, 1],
    [0, 10_000, 0],
    [123, 0, 0],
    [MAX_AMOUNT, 10_000, MAX_AMOUNT],
    // The product of these two is no safe integer.
    [999_990_000_001, 9_999, 999_890_001_000],
  ])('of %i at %i is %i', (amount, bp, share) => {
    expect(shareOf(amount, bp)).toBe(share)
  })

  it('is exactly what unbounded integers give, rounded down', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_AMOUNT }), fc.integer({ min: 0, max: 10_000 }), (amount, bp) => {
        expect(shareOf(amount, bp)).toBe(Number((BigInt(amount) * BigInt(bp)) / 10_000n))
      }),
      { numRuns: 2_000 },
    )
  })
})
