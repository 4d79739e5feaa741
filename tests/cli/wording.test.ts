/** What happened, as sentences: every event of every rule, for whoever watches. */
import type { FeedEvent } from '@auction/common/events'
import { expect, it } from 'vitest'
import { conditions, sentence, standingLine } from '../../packages/cli/src/wording.ts'
import { good, usd } from './stub-house.ts'

const [ann, zoe, mila] = [
  { id: 2, nick: 'ann' },
  { id: 3, nick: 'zoë' },
  { id: 1, nick: 'mila' },
]
const left = { bidId: 7, bidder: ann, bidsLeft: 0, leader: zoe, price: usd(1_000) }
const none = { ...left, leader: null, price: null }

it.each<[FeedEvent['type'], FeedEvent['data'], string]>([
  ['retracted', { ...left, reason: 'typo' }, 'ann takes a bid back (a typing mistake); zoë leads at $10.00.'],
  [
    'retracted',
    { ...none, reason: 'description_changed' },
    'ann takes a bid back (the description has changed); nobody leads now.',
  ],
  [
    'retracted',
    { ...none, reason: 'a reason of later' },
    'ann takes a bid back (a reason of later); nobody leads now.',
  ],
  ['retracted', { ...none, reason: 'toString' }, 'ann takes a bid back (toString); nobody leads now.'],
  ['bid_cancelled', { ...left, reason: 'Late.' }, 'The house cancels a bid of ann (Late.); zoë leads at $10.00.'],
  ['lapsed', { bidder: ann, bids: 1 }, 'ann would lead now, but without the funds for it: the bid lapses.'],
  ['lapsed', { bidder: ann, bids: 2 }, 'ann would lead now, but without the funds for it: the bids lapse.'],
  ['extended', { endsAt: 'T', cause: 'bid' }, 'The end moves to T.'],
  ['extended', { endsAt: 'T', cause: 'outage' }, 'The house was away: the end moves to T.'],
  ['bought', { name: 'Lamp', winner: ann, price: usd(5) }, 'Bought: good 42, Lamp, goes to ann for $0.05.'],
  ['cancelled', { name: 'Lamp', by: 'seller', reason: null }, 'Cancelled: good 42, Lamp, is no longer for sale.'],
  [
    'cancelled',
    { name: 'Lamp', by: 'seller', reason: 'lost_or_broken' },
    'Cancelled: good 42, Lamp, is no longer for sale (it is lost or broken).',
  ],
  [
    'cancelled',
    { name: 'Lamp', by: 'house', reason: 'Fake.' },
    'Cancelled: good 42, Lamp, is no longer for sale (Fake.).',
  ],
  ['note', { text: 'New strap.', changed: {} }, 'The seller notes: New strap.'],
  ['note', { text: null, changed: { name: 'x', endsAt: 'T', hardEndsAt: 'T' } }, 'The seller changes the name, end.'],
  ['note', { text: 'Hm.', changed: { startPrice: usd(1) } }, 'The seller notes: Hm. (and changes the start price)'],
  [
    'listed',
    { name: 'Lamp', owner: mila, startPrice: usd(100), buyNow: null },
    'mila lists good 42, Lamp, from $1.00.',
  ],
  [
    'listed',
    { name: 'Lamp', owner: mila, startPrice: usd(100), buyNow: usd(200) },
    'mila lists good 42, Lamp, from $1.00, or $2.00 at once.',
  ],
  [
    'listed',
    { name: 'Lamp', owner: mila, startPrice: usd(100), relistOf: 7 },
    'mila lists good 42, Lamp, again, first as good 7, from $1.00.',
  ],
  [
    'listed',
    { name: 'Lamp', owner: mila, startPrice: usd(100), relistOf: 7, offeredTo: ann },
    'mila offers good 42, Lamp, to ann alone for $1.00.',
  ],
  ['note', {}, 'The seller changes the good.'],
  ['retracted', {}, 'someone takes a bid back; nobody leads now.'],
])('says of %s with %j: %s', (type, data, said) => {
  expect(sentence({ seq: 2, type, at: good().endsAt, goodId: 42, data })).toBe(said)
})

it('says of a second chance who may buy it, and what else is unusual of a good', () => {
  const chance = good({ price: null, leader: null, offeredTo: ann, relistOf: 7, buyNow: usd(1_000), private: true })
  expect(standingLine(chance)).toBe('offered to ann alone for $10.00')
  expect(conditions(chance)).toEqual(['buy now for $10.00', 'a private room', 'a second chance', 'after good 7'])
  expect(conditions(good({ capacity: 5, relistOf: 7 }))).toEqual(['room for 5', 'again, first as good 7'])
  expect(conditions(good())).toEqual([])
})
