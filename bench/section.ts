/** What every part of the benchmarks answers. */

/** What a part found: its text in the document, and what is not as it should be. */
export interface Section {
  readonly text: string
  readonly failed: readonly string[]
}

/** The middle one; of an even number the upper of the two. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
