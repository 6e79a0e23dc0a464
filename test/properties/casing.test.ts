// Documents written in either naming convention are read back unchanged, and keys of custom data are not converted.
import { readdirSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type AnyResource, sameInBothSpellings } from '#resources/define.ts'
import { camel, compileReader, compileWriter, type Spelling, snake } from '#wire/casing.ts'
import { arbitraryOf } from './arbitrary.ts'

const folder = new URL('../../src/resources/', import.meta.url)
/** Signals between processes and migrated data only have one naming convention. */
const inOneSpelling = ['signals.ts', 'published-event.ts', 'moving.ts']
const modules: Record<string, unknown>[] = await Promise.all(
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !inOneSpelling.includes(file))
    .map((file) => import(new URL(file, folder).pathname)),
)
const exported = modules.flatMap((module) => Object.entries(module))
const shapes = exported
  .filter((entry): entry is [string, AnyResource] => isResource(entry[1]))
  .map(([name, resource]): [string, z.ZodType] => [name, resource.shape])

/** Entities and request bodies. The keys of query parameters and of OAuth errors are not converted. */
const schemas = exported.filter(
  (entry): entry is [string, z.ZodType] =>
    entry[1] instanceof z.ZodType &&
    !/^Query|^AuthenticationError$/.test(entry[0]) &&
    keysByObject(entry[1]).length > 0,
)

function isResource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'shape' in value && 'links' in value
}

const spellings: Spelling[] = ['camel', 'snake']
const asItIs = (url: string) => url

describe.each([...shapes, ...schemas])('%s', (_name, schema) => {
  const custom = keysOf(schema, isCustom)
  const sameInBoth = keysOf(schema, isSameInBoth)
  const read = compileReader(schema)
  const write = { camel: compileWriter(schema, 'camel'), snake: compileWriter(schema, 'snake') }
  const wire = (entity: unknown, spelling: Spelling) => throughJson(write[spelling](entity, asItIs))

  it.each(spellings)('is read back as it was written in %s', (spelling) => {
    fc.assert(
      fc.property(arbitraryOf(schema), (entity) => {
        mustEqual(read(wire(entity, spelling)), entity)
      }),
    )
  })

  it('is read the same where a body has both naming conventions, in any order', () => {
    fc.assert(
      fc.property(arbitraryOf(schema), fc.boolean(), (entity, camelFirst) => {
        const [inCamel, inSnake] = [wire(entity, 'camel'), wire(entity, 'snake')]
        if (!isObject(inCamel) || !isObject(inSnake)) return
        mustEqual(read(camelFirst ? { ...inCamel, ...inSnake } : { ...inSnake, ...inCamel }), entity)
      }),
    )
  })

  it.each(spellings)('keeps the keys of custom data in %s', (spelling) => {
    fc.assert(
      fc.property(arbitraryOf(schema), (entity) => {
        for (const key of custom) {
          const name = spelling === 'snake' ? snake(key) : key
          mustEqual(at(wire(entity, spelling), name), at(entity, key))
        }
      }),
    )
  })

  it('has its own keys in one naming convention only', () => {
    fc.assert(
      fc.property(arbitraryOf(schema), (entity) => {
        expect(
          ownKeys(wire(entity, 'snake'), custom).filter((key) => !sameInBoth.has(key) && /[A-Z]/.test(key)),
        ).toEqual([])
        expect(ownKeys(wire(entity, 'camel'), custom).filter((key) => key.includes('_'))).toEqual([])
      }),
    )
  })

  it('has no two keys that are the same in one naming convention', () => {
    for (const keys of keysByObject(schema)) {
      expect(keys.map((key) => camel(snake(key)))).toEqual(keys)
      expect(new Set(keys.map(snake)).size).toBe(keys.length)
    }
  })
})

it('covers every resource and the bodies of every request', () => {
  expect(shapes.map(([name]) => name)).toEqual(
    expect.arrayContaining(['userResource', 'channelResource', 'messageResource', 'threadResource']),
  )
  expect(schemas.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'CreateUser',
      'PatchUser',
      'CreateChannel',
      'PatchChannel',
      'SendMessage',
      'PatchMessage',
    ]),
  )
})

function throughJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

/** Handles the key `__proto__` correctly, and is faster than an `expect` in every run. */
function mustEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}

/** All keys of a document except those in custom data. */
function ownKeys(document: unknown, custom: Set<string>): string[] {
  const keys: string[] = []
  JSON.stringify(document, function (this: unknown, key, value) {
    if (!Array.isArray(this) && key !== '') keys.push(key)
    return custom.has(camel(key)) ? undefined : value
  })
  return keys
}

function keysOf(schema: z.core.$ZodType, is: (field: z.core.$ZodType) => boolean): Set<string> {
  return new Set(
    fieldsByObject(schema).flatMap((fields) => fields.flatMap(([key, field]) => (is(field) ? [key] : []))),
  )
}

function isSameInBoth(field: z.core.$ZodType): boolean {
  const { def } = (field as z.core.$ZodTypes)._zod
  return sameInBothSpellings.get(field) !== undefined || ('innerType' in def && isSameInBoth(def.innerType))
}

/** Whether the field contains custom data, for which there is no schema. */
function isCustom(field: z.core.$ZodType): boolean {
  const { def } = (field as z.core.$ZodTypes)._zod
  if (def.type === 'pipe') return isCustom(def.out)
  return 'innerType' in def ? isCustom(def.innerType) : def.type === 'custom' || def.type === 'record'
}

function keysByObject(schema: z.core.$ZodType): string[][] {
  return fieldsByObject(schema).map((fields) => fields.map(([key]) => key))
}

/** The fields of a schema's objects, one list per object. */
function fieldsByObject(schema: z.core.$ZodType): [string, z.core.$ZodType][][] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return [Object.entries(def.shape), ...Object.values(def.shape).flatMap(fieldsByObject)]
    case 'array':
      return fieldsByObject(def.element)
    case 'union':
      return def.options.flatMap(fieldsByObject)
    case 'optional':
    case 'nullable':
    case 'default':
      return fieldsByObject(def.innerType)
    case 'pipe':
      return fieldsByObject(def.out)
    default:
      return []
  }
}
