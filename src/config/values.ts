// Parsers of settings; a blank setting counts as absent.
import { z } from 'zod'

export const blankToUndefined = (value: unknown) => (value === '' ? undefined : value)
export const unlessBlank = <T extends z.ZodType>(type: T) => z.preprocess(blankToUndefined, type)
export const optional = <T extends z.ZodType>(type: T) => unlessBlank(type.optional())

export const toggle = (otherwise: 'on' | 'off') =>
  unlessBlank(
    z
      .enum(['on', 'off'])
      .default(otherwise)
      .transform((word) => word === 'on'),
  )

/** A whole number of some unit. */
export const amount = (unit: string, { min = 1, max = Number.MAX_SAFE_INTEGER, otherwise }: Bounds) =>
  unlessBlank(z.coerce.number(`must be a number of ${unit}`).int().min(min).max(max).default(otherwise))

interface Bounds {
  min?: number
  max?: number
  otherwise: number
}

/** A token for `Authorization: Bearer …` [RFC 6750 section 2.1]. */
export const bearer = z
  .string()
  .regex(/^[\w.~+/-]{8,255}=*$/, 'must be 8 to 255 letters, digits and any of - . _ ~ + /')
