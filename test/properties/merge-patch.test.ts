import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedProperties, mergePatch } from '#domain/merge-patch.ts'
import { json, properties } from './arbitrary.ts'

// [RFC 7396 Appendix A]
const examples: [target: unknown, patch: unknown, result: unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

describe('a merge patch', () => {
  it.each(examples)('applied to %j, %j gives %j, as RFC 7396 shows', (target, patch, result) => {
    expectSame(mergePatch(target, patch), result)
  })

  it('changes nothing when it is applied again', () => {
    law(json, json, (target, patch) => {
      const once = mergePatch(target, patch)
      expectSame(mergePatch(once, patch), once)
    })
  })

  it('changes nothing of an object when it is empty', () => {
    law(properties, fc.constant({}), (target, patch) => {
      expectSame(mergePatch(target, patch), target)
    })
  })

  it('replaces the target when it is no object', () => {
    law(json, json, (target, patch) => {
      fc.pre(!isObject(patch))
      expectSame(mergePatch(target, patch), patch)
    })
  })

  it('leaves exactly the keys that it does not name, and removes exactly those it names null', () => {
    law(properties, properties, (target, patch) => {
      const result = mergePatch(target, patch) as Record<string, unknown>
      const removed = Object.keys(patch).filter((key) => patch[key] === null)
      const kept = Object.keys(target).filter((key) => !Object.hasOwn(patch, key))
      const keys = new Set([...Object.keys(target), ...Object.keys(patch)])
      expect(new Set(Object.keys(result))).toEqual(keys.difference(new Set(removed)))
      for (const key of kept) expectSame(result[key], target[key])
    })
  })

  it('has on each key the effect that it has on that value alone', () => {
    law(properties, properties, (target, patch) => {
      const result = mergePatch(target, patch) as Record<string, unknown>
      for (const [key, change] of Object.entries(patch)) {
        if (change === null) continue
        const before = Object.hasOwn(target, key) ? target[key] : undefined
        expectSame(result[key], mergePatch(before, change))
      }
    })
  })

  it('does not modify the target or the patch', () => {
    law(json, json, (target, patch) => {
      const before = JSON.stringify([target, patch])
      mergePatch(target, patch)
      expect(JSON.stringify([target, patch])).toBe(before)
    })
  })

  it('treats __proto__ as a key like any other', () => {
    const result = mergePatch(
      { a: 1 },
      JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":null}}'),
    )
    expect(JSON.stringify(result)).toBe('{"a":1,"__proto__":{"polluted":true},"constructor":{}}')
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
    expectSame(mergePatch(result, JSON.parse('{"__proto__":null,"constructor":null}')), { a: 1 })
  })
})

describe('a patch of custom properties', () => {
  it('leaves them unchanged where it is absent and empties them where it is null', () => {
    expect(changedProperties({ a: 1 }, { replace: { b: 2 } })).toEqual({ b: 2 })
    expect(changedProperties({ a: 1 }, undefined)).toBeUndefined()
    expect(changedProperties({ a: 1 }, { merge: null })).toEqual({})
    expect(changedProperties({ a: 1, b: 2 }, { merge: { b: null } })).toEqual({ a: 1 })
  })
})

/** Checks a property for targets and patches parsed from JSON, so that no object occurs in two places. */
function law<T, P>(
  targets: fc.Arbitrary<T>,
  patches: fc.Arbitrary<P>,
  check: (target: T, patch: P) => void,
): void {
  fc.assert(fc.property(targets.map(parsed), patches.map(parsed), check))
}

function parsed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value))
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Does not use a matcher, as matchers read the `constructor` of objects, which is data here. */
function expectSame(actual: unknown, expected: unknown): void {
  expect(
    isDeepStrictEqual(actual, expected),
    `${JSON.stringify(actual)} is ${JSON.stringify(expected)}`,
  ).toBe(true)
}
