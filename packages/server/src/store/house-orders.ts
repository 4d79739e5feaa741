/** Orders about people and their money: signing up, sessions, the house's own. */
import { hash } from 'node:crypto'
import { AuctionError } from '@auction/common/errors'
import { toInstant } from '@auction/common/events'
import { type Account, available, type Entry, held } from '@auction/common/ledger'
import { inWords } from '@auction/common/money'
import { skeletonOf } from '@auction/common/text'
import { type Batch, balanceOf, book, insert, refuseMoreMoney, update } from './batch.ts'
import type { OrderOf, Results } from './orders.ts'
import type { Row } from './statements.ts'

/** A deposit or a withdrawal. Throws NOT_FOUND, and INSUFFICIENT_FUNDS: what is held cannot go. */
export function moveMoney(batch: Batch, order: OrderOf<'deposit' | 'withdraw'>): Results['deposit'] {
  const { type, userId, amount, keyed } = order
  if (!batch.users.has(userId))
    throw new AuctionError('NOT_FOUND', `There is no user ${userId}.`, {
      hint: 'See who there is: auction admin users',
    })
  const pay = (value: number) => ({ amount: value, currency: batch.currency })
  const [account, kind]: [Account, Entry['kind']] = [available(userId), type === 'deposit' ? 'deposit' : 'withdrawal']
  const before = balanceOf(batch, account)
  if (type === 'withdraw' && before < amount)
    throw new AuctionError('INSUFFICIENT_FUNDS', `User ${userId} has ${inWords(pay(before))} available.`, {
      hint: 'What is held for goods they lead cannot be paid out.',
      data: { available: pay(before), needed: pay(amount) },
    })
  if (type === 'deposit') refuseMoreMoney(batch, amount)
  const key = `${kind}:${keyed.scope}/${keyed.key}`
  const [debit, credit]: [Account, Account] = type === 'deposit' ? ['world', account] : [account, 'world']
  const entry: Entry = { key, debit, credit, amount, kind, goodId: null }
  book(batch, entry)
  const [free, reserved] = [balanceOf(batch, account), balanceOf(batch, held(userId))]
  return {
    entry: { ...entry, amount: pay(amount), at: toInstant(batch.now) },
    wallet: { balance: pay(free + reserved), available: pay(free), held: pay(reserved) },
    replayed: false,
  }
}

export function signUp(batch: Batch, order: OrderOf<'sign_up'>): Results['sign_up'] {
  const { nick, passwordHash, startingBalance } = order
  const skeleton = skeletonOf(nick)
  const invited = admit(batch, order)
  if (batch.users.has(skeleton))
    throw new AuctionError('CONFLICT', `The nick "${nick}" is taken, or looks like one that is.`, {
      hint: 'Choose another nick.',
    })
  refuseMoreMoney(batch, startingBalance)
  const id = batch.nextId('User')
  const user: Row = { id, nick, skeleton, passwordHash, role: 'member', createdAt: batch.now }
  batch.users.set(skeleton, user).set(id, user)
  insert(batch, 'User', user)
  if (invited) {
    batch.invites.set(invited, { ...batch.invites.get(invited), usedById: id })
    update(batch, 'Invite', invited, { codeHash: invited, usedById: id })
  }
  for (const account of [available(id), held(id)]) {
    batch.accounts.set(account, 0)
    insert(batch, 'AccountRow', { id: account, balance: 0 })
  }
  if (startingBalance > 0)
    book(batch, {
      key: `start:${id}`,
      debit: 'world',
      credit: available(id),
      amount: startingBalance,
      kind: 'deposit',
      goodId: null,
    })
  return { id, nick, role: 'member', createdAt: toInstant(batch.now) }
}

/** The hash of the invite that lets this person in; null when none is needed. Throws FORBIDDEN. */
function admit(batch: Batch, { registration, invite: code }: OrderOf<'sign_up'>): string | null {
  if (registration === 'open' || (code !== null && code === batch.houseCode)) return null
  if (registration === 'closed') throw new AuctionError('FORBIDDEN', 'This house takes no new accounts.')
  if (code === null)
    throw new AuctionError('FORBIDDEN', 'This house takes new accounts by invitation.', {
      hint: 'Ask the house for a code: auction signup --invite CODE',
    })
  const codeHash = hash('sha256', code)
  const row = batch.invites.get(codeHash)
  if (!row || row.usedById != null || batch.now >= Number(row.expiresAt))
    throw new AuctionError('FORBIDDEN', 'The invite is not known, was used, or has run out.', {
      hint: 'Ask the house for another.',
    })
  return codeHash
}

export function invite(batch: Batch, { codeHash, expiresAt }: OrderOf<'invite'>): null {
  insert(batch, 'Invite', { codeHash, createdAt: batch.now, expiresAt, usedById: null })
  return null
}

export function claimHouse(batch: Batch, { userId, code }: OrderOf<'claim_house'>): Results['claim_house'] {
  const user = batch.users.get(userId)
  if (!user) throw new AuctionError('UNAUTHENTICATED')
  if (batch.houseCode === null) throw new AuctionError('CONFLICT', 'The house has been claimed already.')
  if (code !== batch.houseCode)
    throw new AuctionError('FORBIDDEN', 'That is not the house code.', {
      hint: 'It was printed when the server first started.',
    })
  batch.houseCode = null
  const claimed: Row = { ...user, role: 'house' }
  batch.users.set(userId, claimed)
  update(batch, 'User', userId, claimed)
  update(batch, 'House', 1, { id: 1, code: null, aliveAt: batch.now })
  return { id: userId, nick: String(user.nick), role: 'house', createdAt: toInstant(Number(user.createdAt)) }
}

export function beAlive(batch: Batch): null {
  update(batch, 'House', 1, { id: 1, code: batch.houseCode, aliveAt: batch.now })
  return null
}

export function keepSession(batch: Batch, order: OrderOf<'open_session' | 'touch_session' | 'close_session'>): null {
  const { type, tokenHash } = order
  if (type === 'close_session') batch.removals.push({ table: 'Session', property: 'tokenHash', value: tokenHash })
  else if (type === 'touch_session') update(batch, 'Session', tokenHash, { tokenHash, usedAt: batch.now })
  else {
    const { userId, expiresAt } = order
    insert(batch, 'Session', { tokenHash, userId, createdAt: batch.now, usedAt: batch.now, expiresAt })
  }
  return null
}
