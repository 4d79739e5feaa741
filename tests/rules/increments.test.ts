import type { Increment } from '@auction/common/good'
import { defaultIncrement, defaultSoftClose, HARD_END_MS, incrementAt, minimumBid } from '@auction/common/increments'
import { describe, expect, it } from 'vitest'
import { goodWith, HOUR } from './given.ts'

describe('the increment', () => {
  const bands = [
    [0, 5],
    [100, 25],
    [500, 50],
    [2_500, 100],
    [10_000, 250],
    [25_000, 500],
    [50_000, 1_000],
    [100_000, 2_500],
    [250_000, 5_000],
    [500_000, 10_000],
  ] as const
  const edges = (scale: number) =>
    bands.flatMap(([from, step], index) => {
      const next = bands[index + 1]?.[0] ?? 900_000_000
      return [
        [from * scale, step * scale],
        [next * scale - 1, step * scale],
      ] as const
    })

  it.each(edges(1))('at %i cents is %i', (price, step) => {
    expect(incrementAt(defaultIncrement('USD'), price)).toBe(step)
  })
  it.each(edges(10))('at %i won is %i', (price, step) => {
    expect(incrementAt(defaultIncrement('KRW'), price)).toBe(step)
  })

  it.each<[string, Increment, number, number]>([
    ['fixed, near 0', { fixed: 500 }, 1, 500],
    ['fixed, far up', { fixed: 500 }, 900_000_000, 500],
    ['a share, rounded down', { percentBp: 500 }, 1_999, 99],
    ['a share, whole', { percentBp: 500 }, 2_000, 100],
    ['a share below 1, at least 1', { percentBp: 500 }, 19, 1],
    ['a share of nothing, at least 1', { percentBp: 1 }, 0, 1],
    ['all of the price', { percentBp: 10_000 }, 123, 123],
    ['a share of a price whose product is no safe integer', { percentBp: 9_999 }, 999_990_000_001, 999_890_001_000],
  ])('is %s', (_, increment, price, step) => {
    expect(incrementAt(increment, price)).toBe(step)
  })

  it('makes the minimum: the start before any bid, one step above the price after it', () => {
    const good = goodWith({ startPrice: 995 })
    expect(minimumBid(good)).toBe(995)
    expect(minimumBid({ ...good, price: 995 })).toBe(1_045)
    expect(minimumBid({ ...good, price: 995, increment: { fixed: 7 } })).toBe(1_002)
  })
})

describe('the soft close', () => {
  it.each([
    ['a day', 24 * HOUR, 120_000],
    ['20 minutes', 20 * 60_000, 120_000],
    ['a millisecond less than 20 minutes', 20 * 60_000 - 1, 119_999],
    ['10 minutes', 10 * 60_000, 60_000],
    ['50 seconds', 50_000, 5_000],
    ['49 seconds', 49_000, 5_000],
    ['a second', 1_000, 5_000],
  ])('of a good listed for %s is, when unsaid, %i -> %i ms', (_, duration, expected) => {
    expect(defaultSoftClose(duration)).toBe(expected)
  })

  it('may move the end by an hour altogether', () => {
    expect(HARD_END_MS).toBe(60 * 60_000)
  })
})
