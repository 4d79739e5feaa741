/** What lies in the house of `auction serve --demo`. The examples of help name these goods by their place here, from 1. */
import type { Ware } from './people.ts'
import { seller } from './script.ts'

/** Everybody's password in the demo, and that of its private room. It keeps nothing safe, and says so. */
export const DEMO_PASSWORD = 'only-a-demo'
/** The account of whoever tries the house out. */
export const visitor = 'demo'
/** Who runs it. */
export const keeper = 'olga'

export interface Exhibit extends Ware {
  readonly by: typeof seller | typeof visitor
  /** Bids of the past, in their order. */
  readonly bids?: readonly { readonly by: string; readonly amount?: number; readonly max?: number }[]
  /** What was said about it. */
  readonly chat?: readonly { readonly by: string; readonly text: string }[]
  /** How it ended before the house opens. */
  readonly ended?: 'sold' | 'cancelled'
  /** Listed again whenever it has ended. */
  readonly lasting?: true
  /** What the bots bid up to; the other goods they leave alone. */
  readonly worth?: number
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Time enough for a bid, and over before somebody has typed a command. */
const OVER_SOON_MS = 4_000

const forSale: readonly Exhibit[] = [
  {
    by: seller,
    good: {
      name: 'Leica M3 (1954), boxed, first owner',
      description: 'Double stroke, serviced 2023. Small dent in the lens cap.',
      startPrice: 40_000,
      endsInMs: 3 * DAY_MS,
    },
    picture: 'camera.png',
    bids: [
      { by: visitor, amount: 40_000 },
      { by: 'noor', amount: 42_000 },
      { by: 'kestrel', amount: 42_500 },
    ],
    chat: [
      { by: 'zoë', text: 'Is the strap original?' },
      { by: seller, text: 'It is, and so is the box.' },
    ],
    lasting: true,
    worth: 140_000,
  },
  {
    by: seller,
    good: {
      name: 'Sword of Dawn, guild loot',
      description: 'Drops every five minutes. Spend your points wisely.',
      startPrice: 1_000,
      endsInMs: 5 * MINUTE_MS,
      softCloseMs: 15_000,
    },
    picture: 'sword.png',
    bids: [{ by: 'zoë', amount: 1_000 }],
    lasting: true,
    worth: 8_000,
  },
  {
    by: seller,
    good: {
      name: 'ThinkPad X230, office surplus',
      description: '8 GB, new battery, no charger.',
      startPrice: 15_000,
      endsInMs: 7 * DAY_MS,
    },
    picture: 'laptop.png',
    bids: [{ by: 'noor', amount: 15_000 }],
    lasting: true,
  },
  {
    by: seller,
    good: {
      name: 'Rolleiflex 3.5F, with a secret reserve',
      description: 'Clean lenses, a bright finder.',
      startPrice: 30_000,
      endsInMs: 60 * MINUTE_MS,
      reserve: 90_000,
    },
    picture: 'camera.png',
    bids: [
      { by: visitor, amount: 30_000 },
      { by: '陳大文', amount: 32_000 },
    ],
    lasting: true,
    worth: 110_000,
  },
  {
    by: seller,
    good: {
      name: 'Practice sword, ash wood',
      description: 'Can be bought at once.',
      startPrice: 1_000,
      endsInMs: 2 * DAY_MS,
      buyNow: 3_500,
    },
    picture: 'sword.png',
    lasting: true,
  },
  {
    by: seller,
    good: {
      name: 'Prototype laptop, in a private room',
      description: 'Whoever has the password may look.',
      startPrice: 50_000,
      endsInMs: 5 * DAY_MS,
      password: DEMO_PASSWORD,
    },
    picture: 'laptop.png',
    chat: [{ by: seller, text: 'No pictures to the press, please.' }],
    lasting: true,
  },
]

const ofVisitor: readonly Exhibit[] = [
  {
    by: visitor,
    good: { name: 'Kodak Retina IIa', startPrice: 8_000, endsInMs: 3 * DAY_MS },
    picture: 'camera.png',
    bids: [
      { by: 'kestrel', amount: 8_000 },
      { by: 'noor', max: 11_000 },
    ],
  },
  {
    by: visitor,
    good: { name: 'PowerBook G4', startPrice: 12_000, endsInMs: 4 * DAY_MS },
    picture: 'laptop.png',
    bids: [{ by: 'zoë', max: 20_000 }],
  },
  {
    by: visitor,
    good: { name: 'Zorki 4, with case', startPrice: 4_000, endsInMs: 3 * DAY_MS, reserve: 6_000 },
    picture: 'camera.png',
  },
  {
    by: visitor,
    good: { name: 'Toughbook CF-19', startPrice: 9_000, endsInMs: 3 * DAY_MS },
    picture: 'laptop.png',
    bids: [{ by: 'kestrel', amount: 9_000 }],
  },
  {
    by: visitor,
    good: { name: 'Sword of Dusk', startPrice: 2_000, endsInMs: OVER_SOON_MS },
    picture: 'sword.png',
  },
  {
    by: visitor,
    good: { name: 'Contax II', startPrice: 20_000, endsInMs: OVER_SOON_MS, reserve: 60_000 },
    picture: 'camera.png',
    bids: [{ by: 'kestrel', amount: 25_000 }],
  },
  {
    by: visitor,
    good: { name: 'Leica IIIf', startPrice: 40_000, endsInMs: OVER_SOON_MS, reserve: 60_000 },
    picture: 'camera.png',
  },
  {
    by: visitor,
    good: { name: 'ThinkPad 701, butterfly', startPrice: 30_000, endsInMs: OVER_SOON_MS, reserve: 90_000 },
    picture: 'laptop.png',
    bids: [{ by: 'zoë', amount: 35_000 }],
  },
]

const ofSeller: readonly Exhibit[] = [
  {
    by: seller,
    good: { name: 'Nikon F, black', startPrice: 20_000, endsInMs: 3 * DAY_MS },
    picture: 'camera.png',
    bids: [
      { by: 'zoë', amount: 20_000 },
      { by: 'noor', amount: 25_000 },
      { by: 'kestrel', max: 40_000 },
    ],
    ended: 'sold',
  },
  {
    by: seller,
    good: { name: 'Cursed sword', startPrice: 1_300, endsInMs: 3 * DAY_MS },
    picture: 'sword.png',
    ended: 'cancelled',
  },
  {
    by: seller,
    good: { name: 'Olympus Pen', startPrice: 3_000, endsInMs: 3 * DAY_MS },
    picture: 'camera.png',
    bids: [
      { by: 'noor', amount: 3_000 },
      { by: visitor, max: 6_000 },
    ],
    ended: 'sold',
  },
  {
    by: seller,
    good: { name: 'Sword from the film, the only one', startPrice: 90_000, endsInMs: 2 * DAY_MS },
    picture: 'sword.png',
  },
]

/** The goods in the order of their ids. */
export const exhibits = [...forSale, ...ofVisitor, ...ofSeller]
