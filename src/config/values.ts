// How settings are read; a blank one is as if absent.
import { z } from 'zod'

export const blankIsAbsent = (value: unknown) => (value === '' ? undefined : value)
export const optional = <T extends z.ZodType>(type: T) => z.preprocess(blankIsAbsent, type.optional())

/** What is sent as `Authorization: Bearer …` [RFC 6750 section 2.1]. */
export const bearer = z
  .string()
  .regex(/^[\w.~+/-]{8,255}=*$/, 'must be 8 to 255 letters, digits and any of - . _ ~ + /')
