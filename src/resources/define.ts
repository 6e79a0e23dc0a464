// How a resource is described: its shape and its links. Depends only on zod.
import { z } from 'zod'

/** Fields with the same name in both spellings, such as `isGuest`. */
export const sameInBothSpellings = z.registry<{ also?: string[] }>()

/** Fields that hold a URL. One that starts with `/` is served by us and is prefixed with the request's origin. */
export const served = z.registry<{ served: true }>()

/** Prints the path of a link below `…/applications/{id}`; null if the entity has no such link. */
type Link<E> = (entity: E) => string | null

/** `E` is the entity: the shape's output, plus what links need but the document does not show. */
export interface Resource<S extends z.ZodType = z.ZodType, E extends z.output<S> = z.output<S>> {
  /** Lower-case singular, as in validation errors. */
  name: string
  /** The key of `_embedded` in pages. */
  collection: string
  /** The official name of the schema. */
  component: string
  shape: S
  links: Record<string, Link<E>>
  /** Nested resources that have links of their own, by path, such as `data.message`. */
  embeds?: Record<string, AnyResource>
}

// biome-ignore lint/suspicious/noExplicitAny: any shape and any entity; each `defineResource` checks its own.
export type AnyResource<E = any> = Resource<any, any> & { links: Record<string, Link<E>> }

/** Checks a resource's literal against its shape, so that links are typed by the entity. */
export function defineResource<S extends z.ZodType, E extends z.output<S> = z.output<S>>(
  resource: Resource<S, E>,
): Resource<S, E> {
  return resource
}

/** Positive, and exactly representable as a JavaScript number. */
export const Id = z
  .number()
  .int()
  .positive()
  .max(Number.MAX_SAFE_INTEGER)
  .meta({ format: 'int64', description: 'Identifies this resource' })

/** UTC, with milliseconds. */
export const Timestamp = z.string().meta({ format: 'date-time' })

/** A given time: ISO 8601 with an offset, which becomes UTC. */
export const GivenTime = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())

/** A number of things. */
export const Amount = z.number().int().nonnegative().meta({ format: 'int64' })
/** The same with a description. */
export const count = (about: string) =>
  z.number().int().nonnegative().describe(about).meta({ format: 'int64' })

export const Toggle = z.enum(['DISABLED', 'ENABLED'])

const depthMax = 64

const jsonRule = `without NUL characters and numbers beyond 2^53, at most ${depthMax} levels deep`

/** Returns whether Postgres can store the text: it can store neither NUL nor unpaired surrogates. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

/** Numbers beyond 2^53 lose precision when JSON is parsed (RFC 8259 section 6), so they are refused, not altered. */
export function isWithin53Bits(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER
}

function isStorableJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value === 'number') return isWithin53Bits(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === depthMax) return false
  if (Array.isArray(value)) return value.every((item) => isStorableJson(item, depth + 1))
  return Object.entries(value).every(([key, item]) => isStorable(key) && isStorableJson(item, depth + 1))
}

/** A string that can be stored, of at most `max` UTF-16 code units. */
export function Text(max: number) {
  return z.string().max(max).refine(isStorable, 'must be well-formed Unicode without NUL characters')
}

/** Text that is not blank. */
export function RequiredText(max: number) {
  return Text(max).refine((text) => text.trim() !== '', 'must not be blank')
}

/** Any JSON value that can be stored. */
export const Json = z
  .custom<unknown>((value) => value !== undefined && isStorableJson(value), {
    error: `must be JSON ${jsonRule}`,
  })
  .meta({ description: 'Any JSON value' })

/** Whether a value is an object of JSON, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A map of custom data. Its keys are data and are never renamed, whatever they are, including `__proto__`. That is why
 * this is not a z.record, which would build a new object from them.
 */
export const Properties = z
  .custom<Record<string, unknown>>((value) => isObject(value) && isStorableJson(value), {
    error: `must be an object ${jsonRule}`,
  })
  .meta({ type: 'object', additionalProperties: true, description: 'Custom data' })

/** A text part of a multipart form; a blank part counts as absent. */
export function FormText<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema)
}

/** A part of a multipart form that holds JSON, whatever its declared type; null counts as absent. */
export function FormJson<T extends z.ZodType>(schema: T) {
  return z.preprocess((value, context) => {
    if (typeof value !== 'string' || value.trim() === '') return value || undefined
    try {
      return JSON.parse(value) ?? undefined
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' })
      return z.NEVER
    }
  }, schema)
}
