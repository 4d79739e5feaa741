/** The few calls of a house that a measurement begins with. */
import { randomUUID } from 'node:crypto'

/** How long to wait before a house that is busy is asked again. */
const AGAIN_MS = 50

/** Posts JSON as a request of its own, again while the house is busy; the answer, or an error with what the house said. */
export async function post(url: string, token: string | null, body: object): Promise<Record<string, never>> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (response.ok) return (await response.json()) as Record<string, never>
    const said = await response.text()
    if (response.status !== 503) throw new Error(said)
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

/** Signs a person up; their token. */
export async function signUp(url: string, nick: string): Promise<string> {
  const account = { nick, password: 'correct horse' }
  await post(`${url}/v1/users`, null, account)
  return (await post(`${url}/v1/sessions`, null, account)).token ?? ''
}
