// Values of query parameters: text, or an array if the parameter is repeated.
import { z } from 'zod'
import { isStorable, Properties, Text } from '#resources/define.ts'

const first = (value: unknown) => {
  const one = Array.isArray(value) ? value[0] : value
  return one === '' ? undefined : one
}

/** One value; the first if the parameter is repeated. A blank value counts as absent. */
export function single<T extends z.ZodType>(type: T) {
  return z.preprocess(first, type)
}

export const QueryText = single(Text(1024).optional())

export const QueryFlag = single(
  z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
).meta({ type: 'boolean' })

export const MessageFilters = z.object({
  username: QueryText.describe('Returns only messages sent by the user with this name'),
  query: QueryText.describe('Returns only messages whose body contains this text'),
})

/** Converts an ISO 8601 time to UTC. */
export const QueryTime = single(
  z.iso
    .datetime({ offset: true, local: true })
    .transform((text) => new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`).toISOString())
    .refine((time) => time >= '0001', 'must be in the years 1 to 9999') // other years have a sign or are 0000
    .optional(),
)

/** Joined by commas as by RFC 6570 `{?members}`, or repeated; in repeated values, a comma is part of the value. */
export const QueryList = z.preprocess((value) => {
  const items = typeof value === 'string' ? value.split(',') : value
  return Array.isArray(items) ? items.filter((item) => item !== '') : items
}, z.array(Text(512)).max(100).optional())

/** A JSON object, or `key:value` pairs joined by commas (contract h9). */
export const QueryProperties = single(
  z
    .string()
    .refine(isStorable, 'must be well-formed Unicode without NUL characters')
    .transform((text, check) => {
      const properties = parseProperties(text)
      if (properties) return properties
      check.addIssue({ code: 'custom', message: 'must be a JSON object, or pairs like key:value' })
      return z.NEVER
    })
    .pipe(Properties)
    .optional(),
).describe(
  'Returns only those with all of these properties: a JSON object, or pairs such as `key:value`, separated by commas',
)

function parseProperties(text: string): Record<string, unknown> | undefined {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  }
  const pairs = text.split(',').map((pair) => /^\s*([^:=]+)[:=](.*)$/s.exec(pair))
  if (pairs.some((pair) => pair === null)) return undefined
  return Object.fromEntries(pairs.map((pair) => [pair?.[1]?.trim() ?? '', scalar(pair?.[2]?.trim() ?? '')]))
}

/** Texts such as `01234` are no JSON numbers. */
function scalar(text: string): unknown {
  return /^(true|false|-?(0|[1-9]\d{0,14})(\.\d+)?)$/.test(text) ? JSON.parse(text) : text
}
