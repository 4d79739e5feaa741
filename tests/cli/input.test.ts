/** What people type: every odd shape of an id, amount, step, duration, time, key or server is a USAGE error that says so. */
import { AuctionError } from '@auction/common/errors'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  parseDurationMs,
  parseId,
  parseIncrement,
  parseInstant,
  parseKey,
  parsePay,
  parseSeq,
  parseServer,
} from '../../packages/cli/src/input.ts'

async function refused(read: () => unknown): Promise<void> {
  const thrown: unknown = await Promise.resolve()
    .then(read)
    .then(
      (value) => `took it as ${String(value)}`,
      (error: unknown) => error,
    )
  expect(thrown).toBeInstanceOf(AuctionError)
  expect(thrown).toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^.+\.$/s) })
}

afterEach(() => vi.unstubAllEnvs())

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['2h30m', 9_000_000],
    ['7d', 604_800_000],
    ['1d12h', 129_600_000],
    ['PT2H', 7_200_000],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
  ])('%s is %d ms', async (text, ms) => {
    expect(await parseDurationMs(text)).toBe(ms)
  })

  it.each([
    '',
    ' ',
    '5',
    '0s',
    '-5m',
    '5x',
    '1w',
    '1500ms',
    '2h30mx',
    'x2h',
    '2h 30m',
    '30m2h',
    '2h2h',
    '1.5h',
    '1e3s',
    '5M',
    '5H',
    '٥m',
    '５m',
    '1,000s',
    'P',
    'PT',
    'P1M',
    'P1Y',
    'P1DT',
    'PT-1H',
    '99999999999999d',
    'h',
    'forever',
    '5m\u0000',
    '5m; rm',
    'NaN',
    'Infinity',
  ])('refuses %j', (text) => refused(() => parseDurationMs(text)))
})

describe('a time', () => {
  it.each([
    ['2026-11-22T14:07:00Z', '2026-11-22T14:07:00.000Z'],
    ['2026-11-22t14:07:00.5z', '2026-11-22T14:07:00.500Z'],
    ['2026-11-22T14:07+01:00', '2026-11-22T13:07:00.000Z'],
    ['2026-11-22 14:07:00-05:30', '2026-11-22T19:37:00.000Z'],
  ])('%s is %s', async (text, instant) => {
    expect(await parseInstant(text)).toBe(instant)
  })

  it('without a zone is of this machine', async () => {
    vi.stubEnv('TZ', 'America/New_York')
    expect(await parseInstant('2026-11-22T14:07')).toBe('2026-11-22T19:07:00.000Z')
    expect(await parseInstant('2026-07-22 14:07:30')).toBe('2026-07-22T18:07:30.000Z')
  })

  it('that the clocks skip, or show twice, is refused', async () => {
    vi.stubEnv('TZ', 'Europe/Berlin')
    await refused(() => parseInstant('2026-03-29T02:30'))
    await refused(() => parseInstant('2026-10-25T02:30'))
  })

  it.each([
    '',
    'tomorrow',
    '2026-11-22',
    '2026-13-01T00:00Z',
    '2026-02-30T00:00',
    '2026-11-22T25:00Z',
    '22.11.2026 14:07',
    '1795356420',
    '2026-11-22T14:07Z[Europe/Berlin]',
    '2026-11-22T14',
    '+002026-11-22T14:07Z',
  ])('refuses %j', (text) => refused(() => parseInstant(text)))
})

describe('an amount', () => {
  it.each([
    ['1280', 'USD', 128_000],
    ['1280.5', 'USD', 128_050],
    ['0.01', 'USD', 1],
    ['1280', 'JPY', 1_280],
    ['1.234', 'KWD', 1_234],
    ['10000000000.00', 'USD', 1_000_000_000_000],
  ])('%s %s is %d', (text, currency, amount) => {
    expect(parsePay(text, currency)).toBe(amount)
  })

  it.each([
    '1,000',
    '1 000',
    "1'000",
    '1_000',
    '1.005',
    '1e3',
    '0x10',
    '５',
    'NaN',
    '-1',
    '+1',
    '0',
    '0.00',
    '',
    ' ',
    '.5',
    '5.',
    '$5',
    '5USD',
    'Infinity',
    '9007199254740993',
    '10000000000.01',
    '1.0.0',
    '1\u0000',
    '١٢',
  ])('refuses %j', (text) => refused(() => parsePay(text, 'USD')))

  it('of a currency without decimals has none', () => refused(() => parsePay('1.5', 'JPY')))
})

describe('an increment', () => {
  it('is an amount or a share', () => {
    expect(parseIncrement('5', 'USD')).toEqual({ fixed: 500 })
    expect(parseIncrement('5%', 'USD')).toEqual({ percentBp: 500 })
    expect(parseIncrement('2.5%', 'USD')).toEqual({ percentBp: 250 })
    expect(parseIncrement('0.01%', 'USD')).toEqual({ percentBp: 1 })
  })

  it.each(['0%', '101%', '5.123%', '-5%', '%', '5%%', '1e1%', '0', ''])('refuses %j', (text) =>
    refused(() => parseIncrement(text, 'USD')),
  )
})

describe('an id, a place in the log, a key', () => {
  it.each(['0', '-1', '01', '1.0', '1e3', '0x1', '', ' 1', '42a', '９', '9999999999999999', 'null', '../1', '1/bids'])(
    'refuses the id %j',
    (text) => refused(() => parseId(text)),
  )
  it('takes 0 as a place in the log, and as no id', () => {
    expect(parseSeq('0')).toBe(0)
    expect(parseId('42')).toBe(42)
  })
  it.each(['', 'a b', 'a\nb', 'é', '\u0000', 'x'.repeat(256)])('refuses the key %j', (text) =>
    refused(() => parseKey(text)),
  )
})

describe('a server', () => {
  it('is a plain URL, its last slash dropped', () => {
    expect(parseServer('http://127.0.0.1:8010/')).toBe('http://127.0.0.1:8010')
    expect(parseServer('https://House.Example/auction/')).toBe('https://house.example/auction')
  })
  it.each([
    '',
    'nonsense',
    '127.0.0.1:8010',
    'ftp://x',
    'file:///etc/passwd',
    'http://',
    'http://me:secret@x',
    'http://x/?a=1',
    'http://x/#a',
    'javascript:1',
  ])('refuses %j', (text) => refused(() => parseServer(text)))
})

it('quotes no more than the beginning of what was typed', () => {
  expect(() => parseId('9'.repeat(100_000))).toThrow(/^"9{59}… is not the id/)
})
