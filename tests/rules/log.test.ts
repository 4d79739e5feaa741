import { createHash } from 'node:crypto'
import type { FeedEvent } from '@auction/common/events'
import { CHAIN_START, canonicalJson, chainHash, commitmentOf, type Opening } from '@auction/common/log'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'

describe('canonicalJson', () => {
  it.each([
    ['keys in order', { b: 1, a: 2, c: 3 }, '{"a":2,"b":1,"c":3}'],
    ['nested keys in order', { z: { b: 1, a: [{ d: 1, c: 2 }] } }, '{"z":{"a":[{"c":2,"d":1}],"b":1}}'],
    ['keys by code unit, not by locale', { é: 1, z: 2, Z: 3, '10': 4, '9': 5 }, '{"10":4,"9":5,"Z":3,"z":2,"é":1}'],
    // The astral character sorts before U+FF5E by its first unit, D83C (RFC 8785, 3.2.3).
    ['astral keys by their first unit', { '\uff5e': 1, '🎉': 2 }, '{"🎉":2,"\uff5e":1}'],
    ['arrays as they are', [3, 1, 2], '[3,1,2]'],
    ['no space, strings escaped', { 'a b': 'x"\n' }, '{"a b":"x\\"\\n"}'],
    ['null, true, 0', { a: null, b: true, c: 0, d: -0 }, '{"a":null,"b":true,"c":0,"d":0}'],
    ['nothing for what is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['empty things', { a: {}, b: [] }, '{"a":{},"b":[]}'],
    ['a string alone', 'x', '"x"'],
  ])('writes %s', (_, value, json) => {
    expect(canonicalJson(value)).toBe(json)
  })

  it('is the same whatever order the keys were set in, and reads back as the value', () => {
    const values = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
    fc.assert(
      fc.property(values, (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

const event = (seq: number, data: FeedEvent['data'] = { n: seq }): FeedEvent => ({
  goodId: 42,
  seq,
  type: 'bid',
  at: '2026-11-22T12:00:00.000Z',
  data,
})

const events = [1, 2, 3, 4, 5, 6].map((seq) => event(seq))

const chain = (log: readonly FeedEvent[]) => {
  let head = CHAIN_START
  return log.map((each) => {
    head = chainHash(head, each)
    return head
  })
}

describe('the chain', () => {
  it('begins after 64 zeros and is hexadecimal SHA-256 of what went before, a newline, and the event', () => {
    expect(CHAIN_START).toMatch(/^0{64}$/)
    expect(chainHash(CHAIN_START, event(1))).toBe('b542b88c8a16a4e13362ab9d0628955203f69bc74a481b65bbc0e73d2ef452a2')
  })

  it('covers what an event is, not how its object was put together', () => {
    const { at, data, goodId, seq, type } = event(1, { a: 1, b: { c: 2, d: 3 } })
    const shuffled = { type, seq, data: { b: { d: 3, c: 2 }, a: 1 }, goodId, at, hash: 'x' } as FeedEvent
    expect(data).not.toBe(shuffled.data)
    expect(chainHash(CHAIN_START, shuffled)).toBe(chainHash(CHAIN_START, event(1, { a: 1, b: { c: 2, d: 3 } })))
  })

  it.each<[string, (log: FeedEvent[]) => FeedEvent[], number]>([
    ['an edit of the data', (log) => log.with(2, { ...(log[2] ?? event(0)), data: { n: 99 } }), 2],
    ['an added key', (log) => log.with(2, { ...(log[2] ?? event(0)), data: { n: 3, x: null } }), 2],
    ['an edit of the time', (log) => log.with(2, { ...(log[2] ?? event(0)), at: '2026-11-22T12:00:00.001Z' }), 2],
    ['an edit of the type', (log) => log.with(2, { ...(log[2] ?? event(0)), type: 'note' }), 2],
    ['an edit of the seq', (log) => log.with(2, { ...(log[2] ?? event(0)), seq: 9 }), 2],
    ['an edit of the good', (log) => log.with(2, { ...(log[2] ?? event(0)), goodId: 43 }), 2],
    ['an edit of the first', (log) => log.with(0, event(1, {})), 0],
    ['a deletion', (log) => log.toSpliced(2, 1), 2],
    ['an insertion', (log) => log.toSpliced(2, 0, event(3, {})), 2],
    ['a repetition', (log) => log.toSpliced(2, 0, ...log.slice(2, 3)), 3],
    ['a swap', (log) => [...log.slice(0, 2), ...log.slice(2, 4).reverse(), ...log.slice(4)], 2],
  ])('shows %s in every hash from there on', (_, tamper, from) => {
    const [honest, forged] = [chain(events), chain(tamper([...events]))]
    expect(forged.slice(0, from)).toEqual(honest.slice(0, from))
    for (const hash of forged.slice(from)) expect(honest).not.toContain(hash)
  })

  it('shows any edit of any event in any log', () => {
    const logs = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(logs, fc.nat(), fc.dictionary(fc.string(), fc.integer()), (datas, place, other) => {
        const log = datas.map((data, index) => event(index + 1, data as FeedEvent['data']))
        const at = place % log.length
        fc.pre(canonicalJson(log[at]?.data) !== canonicalJson(other))
        const [honest, forged] = [chain(log), chain(log.with(at, event(at + 1, other)))]
        expect(forged.slice(0, at)).toEqual(honest.slice(0, at))
        for (const [index, hash] of forged.entries()) if (index >= at) expect(hash).not.toBe(honest[index])
      }),
    )
  })
})

describe('a seal', () => {
  const opening = { max: 5_000, named: null, salt: 'salt' }

  it.each<[string, Opening, string]>([
    ['a proxy bid', opening, '{"max":5000,"named":null,"salt":"salt"}'],
    ['an exact bid', { salt: 's', named: 1_200, max: 1_200 }, '{"max":1200,"named":1200,"salt":"s"}'],
    ['a reserve', { salt: 's', reserve: 4_000 }, '{"reserve":4000,"salt":"s"}'],
  ])('of %s is the SHA-256 of what it hides, as canonical JSON', (_, secret, json) => {
    expect(commitmentOf(secret)).toBe(createHash('sha256').update(json).digest('hex'))
  })

  it.each<[string, Opening]>([
    ['another maximum', { ...opening, max: 5_001 }],
    ['an amount named', { ...opening, named: 5_000 }],
    ['another salt', { ...opening, salt: 'Salt' }],
  ])('is another for %s', (_, other) => {
    expect(commitmentOf(other)).not.toBe(commitmentOf(opening))
  })
})
