/** One random sale, played in the real house and in the naive one, and compared after every step. */
import type { FaultCode } from '@auction/common/errors'
import { type Action, doNaively, type Scene, someAction, someJump, someTerms, termsAgain } from './actions.ts'
import { type NaiveTerms, type Own, openNaiveHouse, type Seen } from './naive-house.ts'
import { type Random, randomBy } from './random.ts'

export type Retraction = 'allowed' | 'none'

/** The house under test, as far as a sale needs it. */
export interface RealHouse {
  now(): number
  advance(ms: number): void
  signUp(balance: number): Promise<number>
  /** The name of the good, or why not. */
  list(terms: NaiveTerms): Promise<number | FaultCode>
  /** Sends all of them at once; answers how each was refused, or null. */
  submit(actions: readonly Action[], retraction: Retraction): Promise<readonly (FaultCode | null)[]>
  /** Whether the house has told its own name of this bid. */
  isKnown(bid: number): boolean
  /** Sends an earlier request again under its key, as it was and as another; answers what was wrong with the answers. */
  repeat(random: Random): Promise<string | null>
  /** Closes the database, waits, and does what a server does that starts, `grace` its setting. Answers since when it was away. */
  restart(gapMs: number, grace: boolean): Promise<{ readonly downSince: number }>
  see(goodIds: readonly number[]): Promise<readonly Seen[]>
  /** What a user sees of his own part of each good. */
  own(user: number, goodIds: readonly number[]): Promise<readonly Own[]>
  /** Balances by the name of the account, and the sum of all there are. */
  accounts(names: readonly string[]): Promise<{ readonly balances: readonly number[]; readonly sum: number }>
  /** What the house's own audit has against its books, and the verifier against the exported logs of these goods. */
  audit(ended: readonly number[]): Promise<readonly string[]>
}

/** Where the two houses differ, and what led there. */
export class Disagreement extends Error {}

interface Sale extends Scene {
  readonly real: RealHouse
  readonly retraction: Retraction
  readonly users: number[]
  readonly goods: number[]
  before: { readonly house: number; readonly world: number }
  readonly steps: string[]
  /** How often each thing happened, by its name. */
  readonly tally: Map<string, number>
  now: number
}

/** Plays the sale that `seed` makes to its end; answers how often each thing happened. Throws Disagreement. */
export async function playSale(seed: number, real: RealHouse): Promise<ReadonlyMap<string, number>> {
  const sale = newSale(randomBy(seed), real)
  try {
    await openSale(sale)
    const wanted = sale.steps.length + sale.random.int(30, 60)
    while (sale.steps.length < wanted) await takeStep(sale)
    await endSale(sale)
    return sale.tally
  } catch (error) {
    const what = error instanceof Disagreement ? error.message : String(error)
    throw new Disagreement(`${what}\nAUCTION_SIM_SEED=${seed}\n${sale.steps.join('\n')}`, { cause: error })
  }
}

function newSale(random: Random, real: RealHouse): Sale {
  const retraction = random.chance(0.9) ? 'allowed' : 'none'
  let lastBid = 0
  return {
    random,
    real,
    naive: openNaiveHouse({ retraction }),
    retraction,
    users: [],
    goods: [],
    now: real.now(),
    before: { house: 0, world: 0 },
    tally: new Map(),
    steps: [`retraction ${retraction}`],
    nextBid: () => ++lastBid,
    isKnown: real.isKnown,
  }
}

/** People with money, and something to bid on. */
async function openSale(sale: Sale): Promise<void> {
  const { random, real, naive, users, steps } = sale
  const [house = 0, world = 0] = (await real.accounts(['house', 'world'])).balances
  sale.before = { house, world }
  for (let people = random.int(3, 6); people > 0; people--) {
    const few = random.int(0, 3_000)
    const funds = random.pick([few, random.int(5_000, 90_000), random.int(100_000, 400_000), 1_000_000])
    const user = await real.signUp(funds)
    naive.deposit(user, funds)
    users.push(user)
    steps.push(`user ${user} has ${funds}`)
  }
  for (let goods = random.pick([1, 1, 2, 3]); goods > 0; goods--) await listOne(sale)
  await compare(sale)
}

async function listOne(sale: Sale, terms = someTerms(sale.random, sale.random.any(sale.users) ?? 0, sale.now)) {
  const { real, naive, goods, steps } = sale
  const verdict = naive.mayList(terms)
  const goodId = await real.list(terms)
  const what = terms.relistOf === null ? 'list' : terms.offeredTo === null ? 'relist' : 'offer'
  steps.push(`${what} ${goodId} ${JSON.stringify(terms)} naively ${verdict.join(' or ') || 'done'}`)
  count(sale, `${what} ${verdict[0] ?? 'done'}`)
  if (typeof goodId === 'string' ? !verdict.includes(goodId) : verdict.length > 0)
    throw new Disagreement(`${what}: naively ${verdict.join(' or ') || 'done'}, really ${goodId}.`)
  if (typeof goodId === 'string') return
  naive.list(goodId, terms)
  goods.push(goodId)
}

async function takeStep(sale: Sale): Promise<void> {
  const { random, real, naive, goods, steps } = sale
  const dice = random.int(1, 100)
  const over = goods.every((id) => naive.see(id).endsAt <= sale.now || naive.see(id).status !== 'open')
  const again = dice >= 26 && dice <= 34 ? termsAgain(sale) : null
  if (dice <= 16) {
    const ms = someJump(sale)
    steps.push(`wait ${ms}`)
    pass(sale, ms)
    return
  } else if (dice <= 20) {
    const gap = random.pick([0, 29_999, 30_000, random.int(0, 60_000), random.int(30_000, 1_200_000), someJump(sale)])
    steps.push(`restart after ${gap}`)
    await restart(sale, gap)
  } else if (dice <= 25) {
    const fault = await real.repeat(random)
    if (fault) throw new Disagreement(fault)
    steps.push('repeat')
  } else if (again && goods.length < 8) await listOne(sale, again)
  else if ((dice <= 27 || over) && goods.length < 6) await listOne(sale)
  else {
    const burst = Array.from({ length: random.pick([1, 1, 1, 1, 2, 3, 8]) }, () => {
      const action = someAction(sale)
      const verdict = doNaively(naive, action, sale.now)
      steps.push(`${JSON.stringify(action)} naively ${verdict.join(' or ') || 'done'}`)
      count(sale, `${action.type} ${verdict[0] ?? 'done'}`)
      return { action, verdict }
    })
    const refusals = await real.submit(
      burst.map(({ action }) => action),
      sale.retraction,
    )
    for (const [index, { action, verdict }] of burst.entries()) {
      const refusal = refusals[index] ?? null
      const fits = verdict.length === 0 ? refusal === null : refusal !== null && verdict.includes(refusal)
      if (!fits)
        throw new Disagreement(
          `${JSON.stringify(action)}: naively ${verdict.join(' or ') || 'done'}, really ${refusal ?? 'done'}.`,
        )
    }
  }
  await compare(sale)
}

function count({ tally }: Sale, what: string, times = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + times)
}

function pass(sale: Sale, ms: number): void {
  sale.real.advance(ms)
  sale.now = sale.real.now()
}

async function restart(sale: Sale, gapMs: number): Promise<void> {
  const grace = sale.random.chance(0.8)
  const { downSince } = await sale.real.restart(gapMs, grace)
  sale.now = sale.real.now()
  if (grace && sale.naive.outage(downSince, sale.now) > 0) count(sale, 'outage')
  sale.naive.closeDue(sale.now)
  await compareOwn(sale)
  await audit(sale, [])
}

/** The house's own audit, and the exported logs of `ended` goods. */
async function audit({ real }: Sale, ended: readonly number[]): Promise<void> {
  const faults = await real.audit(ended)
  if (faults.length > 0) throw new Disagreement(`The audit finds: ${faults.join('; ')}`)
}

/** Waits for the last end, and closes what is due. */
async function closeAll(sale: Sale): Promise<void> {
  const { naive, goods, real } = sale
  const last = Math.max(...goods.map((id) => naive.see(id).endsAt))
  pass(sale, Math.max(0, last - sale.now))
  await real.submit([{ type: 'close_due' }], sale.retraction)
  naive.closeDue(sale.now)
}

async function endSale(sale: Sale): Promise<void> {
  const { naive, goods } = sale
  await closeAll(sale)
  // Most goods end here: only now is there much to list again.
  const again = termsAgain(sale)
  if (again) {
    await listOne(sale, again)
    for (let steps = 0; steps < 4; steps++) await takeStep(sale)
    await closeAll(sale)
  }
  sale.steps.push('the end')
  await compare(sale)
  const open = goods.filter((id) => naive.see(id).status === 'open')
  if (open.length > 0) throw new Disagreement(`Goods ${open.join(', ')} are open after their end.`)
  for (const id of goods) count(sale, naive.see(id).status)
  count(sale, 'lapsed', naive.lapsed.length)
  await compareOwn(sale)
  await audit(sale, goods)
}

function differ(what: string, naively: unknown, really: unknown): void {
  if (naively !== really) throw new Disagreement(`${what}: naively ${String(naively)}, really ${String(really)}.`)
}

/** What one of the users sees that nobody else may. */
async function compareOwn({ random, real, naive, goods, users }: Sale): Promise<void> {
  const user = random.any(users) ?? 0
  for (const [index, { standing, max, hold }] of (await real.own(user, goods)).entries()) {
    const goodId = goods[index] ?? 0
    const own = naive.own(goodId, user)
    differ(`standing of ${user} on good ${goodId}`, own.standing, standing)
    differ(`maximum of ${user} on good ${goodId}`, own.max, max)
    differ(`hold of ${user} on good ${goodId}`, own.hold, hold)
  }
}

/** Everything anyone could see, and every account. */
async function compare({ real, naive, goods, users, before }: Sale): Promise<void> {
  for (const [index, seen] of (await real.see(goods)).entries()) {
    const goodId = goods[index] ?? 0
    const expected = naive.see(goodId)
    for (const key of Object.keys(expected) as (keyof Seen)[])
      if (key !== 'minimumBid' || expected.status === 'open')
        differ(`${key} of good ${goodId}`, expected[key], seen[key])
  }
  const names = [...users.flatMap((id) => [`user:${id}/available`, `user:${id}/held`]), 'house', 'world']
  const { balances, sum } = await real.accounts(names)
  const expected = [
    ...users.flatMap((id) => [naive.balanceOf(id) - naive.holdsOf(id), naive.holdsOf(id)]),
    before.house + naive.balanceOf('house'),
    before.world + naive.balanceOf('world'),
  ]
  for (const [index, name] of names.entries()) differ(name, expected[index], balances[index])
  differ('sum of all accounts', 0, sum)
}
