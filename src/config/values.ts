// Parsers of settings; a blank setting counts as absent.
import { z } from 'zod'

const blankToUndefined = (value: unknown) => (value === '' ? undefined : value)
export const unlessBlank = <T extends z.ZodType>(type: T) => z.preprocess(blankToUndefined, type)
export const optional = <T extends z.ZodType>(type: T) => unlessBlank(type.optional())

export const toggle = (otherwise: 'on' | 'off') =>
  unlessBlank(
    z
      .enum(['on', 'off'])
      .default(otherwise)
      .transform((word) => word === 'on'),
  )

interface Bounds {
  min?: number
  max?: number
  otherwise: number
}

/** A whole number, in digits, of some unit. */
export const amount = (unit: string, bounds: Bounds) => wholeNumber(` of ${unit}`, bounds)

/** The same, or `off`, which means 0. */
export const amountOrOff = (unit: string, bounds: Bounds) => wholeNumber(` of ${unit}`, bounds, 'off')

export function wholeNumber(unit: string, { min = 1, max, otherwise }: Bounds, off?: 'off') {
  const bounds = max === undefined ? `, at least ${min}` : ` from ${min} to ${max}`
  const message = `must be a whole number${unit}${bounds}${off ? ', or off' : ''}`
  return unlessBlank(
    z
      .string()
      .transform((text, issues) => {
        if (text === off) return 0
        // `Number` alone reads a space as 0, and takes 1e3 and 0x10.
        const number = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN
        if (number >= min && number <= (max ?? Number.MAX_SAFE_INTEGER)) return number
        issues.addIssue(message)
        return z.NEVER
      })
      .default(otherwise),
  )
}

/** Whether a URL can be completed by appending to it. */
export function isBase(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && `${url.username}${url.password}${url.search}${url.hash}` === ''
}

/** Whether each percent sign in the parts of a URL that are decoded begins an encoded character. */
export function isDecodable(text: string): boolean {
  const { username = '', password = '', pathname = '' } = URL.parse(text) ?? {}
  try {
    decodeURIComponent(username + password + pathname)
    return true
  } catch {
    return false
  }
}

/** A token for `Authorization: Bearer …` [RFC 6750 section 2.1]. */
export const bearer = z
  .string()
  .regex(/^[\w.~+/-]{8,255}=*$/, 'must be 8 to 255 letters, digits and any of - . _ ~ + /')
