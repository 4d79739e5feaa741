/** What a house says of itself without being asked for more: whether it is one, how it is, its version. */
import { readiness } from '@auction/common/answers'
import { safeText } from '@auction/common/text'
import type { Client } from './client.ts'
import { createTransport, type Outcome } from './transport.ts'

const VERSION_HEADER = 'x-auction-version'

/** Three numbers; a house that is anything else has no version. */
type Version = readonly [number, number, number]

function parsed(text: string): Version | null {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(text)
  return match && [Number(match[1]), Number(match[2]), Number(match[3])]
}

/** Whether `one` is a later version than `other`; false where either is no version of ours. */
export function isNewer(one: string, other: string): boolean {
  const [a, b] = [parsed(one), parsed(other)]
  if (!a || !b) return false
  const at = a.findIndex((number, index) => number !== b[index])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** `version`: null where it says none. `state`: null where it is no house, or not there. */
export interface HouseReport {
  readonly version: string | null
  readonly state: ReturnType<typeof readiness.parse> | null
  /** Why there is no state. */
  readonly reason: string
}

/** Asks `server` once, for `timeoutMs` at most; never rejects. */
export async function askHouse(server: Client['server'], timeoutMs: number): Promise<HouseReport> {
  const transport = createTransport()
  try {
    const url = new URL(`${server}/readyz`)
    const headers = { accept: 'application/json', 'user-agent': 'auction' }
    return reportOf(await transport.exchange({ method: 'GET', url, headers, body: null, timeoutMs, reuse: false }))
  } finally {
    transport.close()
  }
}

function reportOf(outcome: Outcome): HouseReport {
  if (outcome.type === 'lost') return { version: null, state: null, reason: outcome.reason }
  const said = outcome.headers[VERSION_HEADER]
  const version = typeof said === 'string' && parsed(said) ? said : null
  try {
    const state = readiness.safeParse(JSON.parse(outcome.body.toString('utf8')))
    if (state.success) return { version, state: { ...state.data, alarms: harmless(state.data.alarms) }, reason: '' }
  } catch {
    // No JSON: told below.
  }
  const closing = outcome.status === 503 && version !== null
  return { version, state: null, reason: closing ? 'it is closing down' : 'what answers there is not an auction house' }
}

const harmless = <A extends { detail: string | null }>(alarms: A): A => ({
  ...alarms,
  detail: alarms.detail === null ? null : safeText(alarms.detail),
})
