// Finds and compares bearer tokens.
import { createHash, timingSafeEqual } from 'node:crypto'

/** Returns the token of RFC 6750 in a header `Authorization`. */
export function tokenIn(authorization = ''): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
}

/** Returns the token of RFC 6750 from the header, or from the query, where older backends send it. */
export function bearerToken(request: {
  headers: { authorization?: string | undefined }
  query: unknown
}): string | undefined {
  const header = request.headers.authorization
  if (header !== undefined) return tokenIn(header)
  const { access_token: token } = request.query as Record<string, unknown>
  return typeof token === 'string' ? token : undefined
}

/** Returns whether two secrets are equal, in a time that does not reveal where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
