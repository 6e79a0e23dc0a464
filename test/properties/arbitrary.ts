// Arbitrary values for the server's schemas, and arbitrary custom data with keys that code often handles incorrectly.
import fc from 'fast-check'
import type { z } from 'zod'
import { Json } from '#resources/define.ts'

/** Keys that look like the server's own, and keys that JavaScript treats specially. */
const hostileKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '',
  '_',
  'a_b',
  'aB',
  'a__b',
  'A',
  'display_name',
  'displayName',
  'isGuest',
  'is_guest',
  'properties',
  '0',
]

const trees = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  // fromEntries defines keys; an assignment to `__proto__` would lose it.
  object: fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...hostileKeys), fc.string()), tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
}))

export const json = trees.value
/** Custom data. */
export const properties = trees.object

/** Values of the schema's output, after serialization to JSON and back. */
export function arbitraryOf<S extends z.ZodType>(schema: S): fc.Arbitrary<z.output<S>> {
  return generate(schema).map((value) => JSON.parse(JSON.stringify(value)))
}

function generate(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  if (schema === Json) return json
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(def.shape).map(([key, field]) => [key, generate(field)])),
      )
    case 'array':
      return fc.array(generate(def.element), { maxLength: 3 })
    case 'union':
      return fc.oneof(...def.options.map(generate))
    case 'optional':
      return fc.option(generate(def.innerType), { nil: undefined })
    case 'nullable':
      return fc.option(generate(def.innerType))
    case 'default':
      return generate(def.innerType)
    case 'pipe':
      return generate(def.out)
    case 'literal':
      return fc.constantFrom(...def.values)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'string':
      return fc.string()
    case 'number':
      return fc.nat()
    case 'boolean':
      return fc.boolean()
    case 'custom':
      return properties
    default:
      throw new Error(`There is no arbitrary for a schema of type ${def.type}`)
  }
}
