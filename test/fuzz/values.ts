// Values for requests and frames: valid ones of a schema, mixed with unexpected ones.
import fc from 'fast-check'

/** The part of JSON Schema that OpenAPI 3.1 and zod use. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  const?: unknown
  enum?: unknown[]
  oneOf?: Schema[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
}

const replacements = ["$'", '$`', '$&', '$1', '\uFDD0origin\uFDD1', '\uFDD0streams\uFDD1', '\uFDD0', '\uFFFF']
const broken = ['\ud800', '\udfff\ud83d', 'a\u0000b', '\u0000', '\r\n', '\n', '\u2028', '\u202e', '\ufeff']
const scripts = [
  '<script>alert(1)</script>',
  '"><svg/onload=x>',
  '=1+1',
  "'; drop table message; --",
  '{{7*7}}',
]
const syntax = [
  '',
  ' ',
  '\t',
  '%',
  '%00',
  '%ff',
  '..',
  '../../etc/passwd',
  '/',
  '\\',
  '__proto__',
  'constructor',
]
const mentions = [
  '<@>',
  '<@nobody>',
  '<#general>',
  `<@${'<@'.repeat(50)}`,
  'http://[',
  'https://localhost:1/x',
  ':+1:',
]
const long = [
  'x'.repeat(513),
  'ä'.repeat(70_000),
  '👩‍👩‍👧'.repeat(500),
  '<@a>'.repeat(3_000),
  'http://a.b '.repeat(2_000),
]

/** Text that code often handles wrongly. */
export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...replacements, ...broken, ...scripts, ...syntax, ...mentions) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(...long) },
)

const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e300, 5e-324, 999_999_999_999_999),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Any JSON value, with more of those that code often handles wrongly. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, [], {}, [[]], nested(63), nested(65), nested(1_000)),
  hostileNumber,
  hostileText,
  fc.array(hostileText, { maxLength: 3 }),
  fc.dictionary(hostileText, fc.oneof(hostileText, hostileNumber), { maxKeys: 4 }),
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
)

/** Mostly the first, sometimes the second. */
export function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 14): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd })
}

const words = [
  'x',
  'Hello, World!',
  'hello @all',
  'tada',
  ':tada:',
  'thumbsup',
  'ON',
  'TEXT',
  'general',
  'a.b+c@d',
]
const text = fc.oneof(fc.constantFrom(...words), fc.string({ minLength: 1, maxLength: 12 }))
const formats: Record<string, fc.Arbitrary<string>> = {
  uri: fc.constantFrom('https://example.com/a.png', 'http://127.0.0.1:1/', 'https://example.com/?a=b#c'),
  uuid: fc.uuid(),
  'date-time': fc.constantFrom(
    '2026-01-01T00:00:00.000Z',
    '1970-01-01T00:00:00Z',
    '2026-01-01T00:00:00+14:00',
  ),
}

export interface Surroundings {
  /** Returns the schema of a `$ref`. */
  resolve: (reference: string) => Schema
  /** The id of a user that probably exists. */
  id: fc.Arbitrary<number>
}

/** Values of a schema, of which each part is sometimes replaced by something else. */
export function valuesOf(schema: Schema, around: Surroundings, depth = 0): fc.Arbitrary<unknown> {
  return mostly(validOf(schema, around, depth), hostileJson)
}

function validOf(schema: Schema, around: Surroundings, depth: number): fc.Arbitrary<unknown> {
  if (depth > 8) return fc.constant(null)
  const of = (inner: Schema) => valuesOf(inner, around, depth + 1)
  const { $ref, oneOf, anyOf, enum: values, items, properties, format = '' } = schema
  if ($ref !== undefined) return validOf(around.resolve($ref), around, depth + 1)
  const options = oneOf ?? anyOf
  if (options) return fc.oneof(...options.map((option) => validOf(option, around, depth + 1)))
  if ('const' in schema) return fc.constant(schema.const)
  if (values) return fc.constantFrom(...values)
  switch ([schema.type].flat()[0]) {
    case 'object':
      return properties
        ? objectOf(schema, of)
        : fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
    case 'array':
      return fc.array(of(items ?? {}), { maxLength: 4 })
    case 'string':
      return formats[format] ?? text
    case 'integer':
    case 'number':
      return around.id
    case 'boolean':
      return fc.boolean()
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function objectOf(schema: Schema, of: (inner: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, each]) => [key, of(each)]),
  )
  const known = fc.record(fields, { requiredKeys: (schema.required ?? []).filter((key) => key in fields) })
  const without = fc.record(fields, { requiredKeys: [] })
  const extended = fc
    .tuple(known, fc.dictionary(hostileText, hostileJson, { maxKeys: 2 }))
    .map(([value, more]) => ({ ...value, ...more }))
  return fc.oneof(
    { weight: 12, arbitrary: known },
    { weight: 1, arbitrary: without },
    { weight: 1, arbitrary: extended },
  )
}

/** Damaged bytes: cut off, duplicated, changed. */
export function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) })
  const put = (place: number, value: Buffer) =>
    Buffer.concat([bytes.subarray(0, place), value, bytes.subarray(place)])
  const odd = fc.constantFrom('\u0000', '\r', '\n', '\\', ':', '\xff', '\xed\xa0\x80', '{', '"', '\ufdd0')
  return fc.oneof(
    at.map((place) => bytes.subarray(0, place)),
    fc.tuple(at, odd).map(([place, text]) => put(place, Buffer.from(text, 'latin1'))),
    fc.tuple(at, at).map(([from, place]) => put(place, bytes.subarray(from, from + 100))),
  )
}
