// Finds fields of a request body that its schema does not know, which are otherwise ignored, and deprecated ones.
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'
import { definition, namesOf, snake, unwrapped } from '#wire/casing.ts'

export interface OddField {
  /** Path of the field, such as `members[0].usrname`. */
  path: string
  /** The field's current name; for an unknown field the most similar name, which may be unrelated. */
  nearest: string
  /** Whether the field is known under a name that is no longer used. */
  isDeprecated: boolean
  /** Whether the field is unknown, and probably means `nearest`, which is not given besides. */
  isMisspelt: boolean
}

/** A name is a misspelling of one that is at least this long and differs in at most so many characters. */
const misspelt = { lengthMin: 4, differencesMax: 2 }

interface Known {
  key: string
  schema: z.ZodType
}

/** Returns the unknown and deprecated fields of a body, at any depth that the schema describes. */
export function findOddFields(schema: z.ZodType, body: unknown): OddField[] {
  return [...oddFields([schema], body, '')]
}

function* oddFields(schemas: z.ZodType[], value: unknown, path: string): Generator<OddField> {
  const shapes = schemas.flatMap(unwrapped)
  if (Array.isArray(value)) {
    const elements = shapes.flatMap((shape) => {
      const def = definition(shape)
      return def.type === 'array' ? [def.element] : []
    })
    if (elements.length === 0) return
    for (const [at, item] of value.entries()) yield* oddFields(elements, item, `${path}[${at}]`)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const known = knownFields(shapes)
  if (!known) return
  for (const [name, item] of Object.entries(value)) {
    const here = path ? `${path}.${name}` : name
    const fields = known.get(name)
    if (!fields) {
      const keys = [...new Set([...known.values()].flat().map(({ key }) => key))]
      const nearest = keys.length > 0 ? closest(name, keys) : ''
      const isMisspelt =
        nearest.length >= misspelt.lengthMin &&
        distance(name, nearest) <= misspelt.differencesMax &&
        ![nearest, snake(nearest)].some((each) => Object.hasOwn(value, each))
      yield { path: here, nearest, isDeprecated: false, isMisspelt }
      continue
    }
    const [{ key }] = fields as [Known]
    if (name !== key && name !== snake(key))
      yield { path: here, nearest: key, isDeprecated: true, isMisspelt: false }
    yield* oddFields(
      fields.map(({ schema }) => schema),
      item,
      here,
    )
  }
}

/** Returns the fields by all of their names; undefined if any field is allowed. */
function knownFields(shapes: z.ZodType[]): Map<string, Known[]> | undefined {
  const known = new Map<string, Known[]>()
  let isOpen = true
  for (const shape of shapes) {
    const def = definition(shape)
    if (def.type !== 'object') continue
    isOpen = false
    for (const [key, schema] of Object.entries(def.shape)) {
      for (const name of new Set(namesOf(key, schema))) {
        known.set(name, [...(known.get(name) ?? []), { key, schema }])
      }
    }
  }
  return isOpen ? undefined : known
}
