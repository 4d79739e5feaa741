/** The play that `auction demo` puts on: who, what, and which bid when. Amounts in minor units of USD. */

export const seller = 'mila'
export const bidders = ['noor', 'kestrel', 'zoë', '陳大文'] as const
/** Who watches on a terminal, with money to join in. */
export const guest = 'guest'

/** One bid of the play, so long after the sale began, or so long before its end as it stands then. */
export interface Step {
  readonly by: (typeof bidders)[number]
  readonly when: { readonly afterMs: number } | { readonly beforeEndMs: number }
  readonly bid: { readonly amount?: number; readonly max?: number; readonly message?: string }
}

export interface Act {
  readonly good: {
    readonly name: string
    readonly description: string
    readonly startPrice: number
    readonly endsInMs: number
    readonly softCloseMs: number
  }
  /** File in packages/cli/assets. */
  readonly picture: string
  readonly steps: readonly Step[]
}

/** The acts, the one to watch first. `pace` stretches the play for an audience: 1 ends within 30 s. */
export function acts(pace: number): readonly Act[] {
  const ms = (seconds: number) => seconds * 1000 * pace
  return [
    {
      good: {
        name: 'Leica M3 (1954), boxed, first owner',
        description: 'Double stroke, serviced 2023. Small dent in the lens cap.',
        startPrice: 40_000,
        endsInMs: ms(9),
        softCloseMs: ms(4),
      },
      picture: 'camera.png',
      steps: [
        { by: 'noor', when: { afterMs: ms(0.3) }, bid: { amount: 40_000 } },
        { by: 'kestrel', when: { afterMs: ms(1) }, bid: { max: 90_000 } },
        { by: 'zoë', when: { afterMs: ms(2) }, bid: { amount: 62_000, message: 'for Ann' } },
        { by: 'noor', when: { afterMs: ms(3.2) }, bid: { max: 75_000 } },
        { by: 'zoë', when: { afterMs: ms(4.2) }, bid: { amount: 80_000, message: 'my last one' } },
        { by: 'noor', when: { afterMs: ms(4.9) }, bid: { max: 88_000 } },
        { by: '陳大文', when: { beforeEndMs: ms(1.5) }, bid: { max: 120_000 } },
        { by: 'kestrel', when: { beforeEndMs: ms(2) }, bid: { max: 112_000 } },
      ],
    },
    {
      good: {
        name: 'Sword of Dawn, guild loot',
        description: 'Drops once a season. Spend your points wisely.',
        startPrice: 1_000,
        endsInMs: ms(8),
        softCloseMs: 0,
      },
      picture: 'sword.png',
      steps: [
        { by: 'zoë', when: { afterMs: ms(1.2) }, bid: { max: 5_000 } },
        { by: 'noor', when: { afterMs: ms(2.4) }, bid: { max: 5_000 } },
      ],
    },
    {
      good: {
        name: 'ThinkPad X230, office surplus',
        description: '8 GB, new battery, no charger.',
        startPrice: 15_000,
        endsInMs: ms(6),
        softCloseMs: 0,
      },
      picture: 'laptop.png',
      steps: [],
    },
  ]
}
