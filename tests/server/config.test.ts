import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig, type Setting } from '../../packages/server/src/config.ts'

describe('the configuration', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'auction-config-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const fileWith = (text: string) => {
    const file = join(directory, `secret-${text.length}`)
    writeFileSync(file, text)
    return file
  }
  const faultsOf = (environment: Record<string, string>) => {
    try {
      readConfig({}, environment)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }

  it('needs nothing to be said', () => {
    expect(readConfig({}, {})).toMatchObject({
      AUCTION_HOST: '127.0.0.1',
      AUCTION_PORT: 8010,
      AUCTION_CURRENCY: 'USD',
      AUCTION_REGISTRATION: 'open',
      AUCTION_RATE_LIMITS: 'on',
      AUCTION_TRUST_PROXY: 'off',
      AUCTION_CORS_ORIGINS: [],
    })
    expect(Object.isFrozen(readConfig({}, {}))).toBe(true)
  })

  it('takes flags before the environment, the environment before files, and an empty word for none', () => {
    const file = fileWith('7003\n')
    expect(readConfig({ AUCTION_PORT: '7001' }, { AUCTION_PORT: '7002', AUCTION_PORT_FILE: file }).AUCTION_PORT).toBe(
      7001,
    )
    expect(readConfig({}, { AUCTION_PORT: '7002', AUCTION_PORT_FILE: file }).AUCTION_PORT).toBe(7002)
    expect(readConfig({}, { AUCTION_PORT_FILE: file }).AUCTION_PORT).toBe(7003)
    expect(readConfig({}, { AUCTION_PORT: '', AUCTION_PORT_FILE: file }).AUCTION_PORT).toBe(7003)
    expect(readConfig({}, { AUCTION_PORT: '', AUCTION_PORT_FILE: '' }).AUCTION_PORT).toBe(8010)
  })

  it('reads every setting, secrets above all, from a file', () => {
    const url = 'postgres://auction:s3cret@db.example/auction'
    expect(readConfig({}, { AUCTION_DATABASE_URL_FILE: fileWith(`${url}\n`) }).AUCTION_DATABASE_URL).toBe(url)
    for (const name of Object.keys(readConfig({}, {})))
      expect(faultsOf({ [`${name}_FILE`]: join(directory, 'not-there') })).toContain(`${name}_FILE: cannot read`)
  })

  const wrong: Partial<Record<Setting, string>> = {
    AUCTION_PORT: '65536',
    AUCTION_DATABASE_URL: 'mysql://root:s3cret@db/x',
    AUCTION_MONGODB_URI: 'postgres://root:s3cret@db/x',
    AUCTION_PUBLIC_URL: 'ftp://x',
    AUCTION_CURRENCY: 'XYZ',
    AUCTION_STARTING_BALANCE: '-1',
    AUCTION_REGISTRATION: 'maybe',
    AUCTION_PREMIUM_BP: '10001',
    AUCTION_COMMISSION_BP: '1.5',
    AUCTION_LOG_LEVEL: 'loud',
    AUCTION_RATE_LIMITS: 'yes',
    AUCTION_TRUST_PROXY: '1',
    AUCTION_CORS_ORIGINS: 'a.example',
  }
  it('names every fault at once, and no value of a secret', () => {
    const message = faultsOf({ ...wrong, AUCTION_DATA_FILE: '/not/there' } as Record<string, string>)
    for (const name of Object.keys(wrong)) expect(message).toContain(`${name}: `)
    expect(message).toContain('AUCTION_DATA_FILE: cannot read /not/there')
    expect(message).not.toContain('s3cret')
  })

  it.each(['', 'usd', 'US', 'MGA', 'XXX1'])('knows no currency %j', (currency) => {
    if (currency !== '') expect(faultsOf({ AUCTION_CURRENCY: currency })).toContain('AUCTION_CURRENCY')
  })

  it.each(['1e3', '0x1f', ' 80', '80 ', '+80', '８０', '80.0', 'NaN'])('takes %j for no port', (port) => {
    expect(faultsOf({ AUCTION_PORT: port })).toContain('AUCTION_PORT: must be a whole number')
  })

  it('takes a list of origins', () => {
    expect(
      readConfig({}, { AUCTION_CORS_ORIGINS: ' https://a.example ,https://b.example,, ' }).AUCTION_CORS_ORIGINS,
    ).toEqual(['https://a.example', 'https://b.example'])
    for (const origin of ['http://localhost:3000', 'http://[::1]:3000', 'chrome-extension://abcdefgh'])
      expect(readConfig({}, { AUCTION_CORS_ORIGINS: origin }).AUCTION_CORS_ORIGINS).toEqual([origin])
  })

  it.each(['*', 'a.example', 'https://a.example/', 'https://a.example:443', 'https://A.example', 'https://a b'])(
    'takes %j for no origin: no browser sends it',
    (origin) => {
      expect(faultsOf({ AUCTION_CORS_ORIGINS: `https://b.example,${origin}` })).toContain(
        'AUCTION_CORS_ORIGINS: must be origins',
      )
    },
  )
})
