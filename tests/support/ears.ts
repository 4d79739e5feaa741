/** Ears of the whole suite: every answer, frame and log line that a test's house gives is looked through for secrets. */
import { expect } from 'vitest'

/** What everybody in the tests signs up with: a canary, like the tokens, codes and salts, which have a form of their own. */
export const PASSWORD = 'correct horse battery'

/** What betrays a secret, and the one call whose answer may hold it. */
const canaries: readonly { readonly what: string; readonly form: RegExp; readonly may?: RegExp }[] = [
  { what: 'a password', form: new RegExp(PASSWORD) },
  { what: 'a hash of a password', form: /\$argon2|passwordHash|roomPassword/ },
  { what: 'a token', form: /auc_[A-Za-z0-9_-]{20,}/, may: /^POST \/v1\/sessions$/ },
  { what: 'a hash of a token or a code', form: /tokenHash|codeHash/ },
  { what: "a webhook's secret", form: /whsec_/, may: /^POST \/v1\/admin\/webhooks$/ },
  {
    what: 'the opening of a seal',
    form: /"salt"|"opened"/,
    may: /^GET (\/v1\/goods\/[0-9]+\/log(\?|$)|\/openapi\.json$)/,
  },
]
const endings = ['sold', 'bought', 'unsold', 'cancelled']

/** Finds a secret number that stands by itself; the same digits may come by chance in a hash, a fraction or a time. */
export const aloneIn = (secret: number): RegExp => new RegExp(`(?<![0-9a-f.-])${secret}(?![0-9a-f.-])`, 'i')

const leaks: string[] = []

/** Looks `text` through; `what` it is: a call, as `GET /v1/goods`, a frame or a log line. */
export function hear(what: string, text: string): void {
  for (const { what: secret, form, may } of canaries) {
    const place = text.search(form)
    if (place >= 0 && !may?.test(what))
      leaks.push(`${secret} in ${what}: ${text.slice(Math.max(0, place - 80), place + 40)}`)
  }
  if (/\/log(\?|$)/.test(what) && text.includes('"opened"') && isOpenedEarly(text))
    leaks.push(`a seal opened before the end in ${what}`)
}

/** Whether a page of a log opens a seal although the good goes on after it. */
function isOpenedEarly(text: string): boolean {
  const { items = [], next = null } = JSON.parse(text) as { items?: { type: string }[]; next?: number | null }
  return next === null && !endings.includes(items.at(-1)?.type ?? '')
}

/** Fails when anything was heard since it was last asked. */
export function expectNoLeaks(): void {
  expect(leaks.splice(0), 'secrets in what the house said').toEqual([])
}
