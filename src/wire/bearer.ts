// Bearer tokens: where they stand, and whether they are the right ones.
import { createHash, timingSafeEqual } from 'node:crypto'

/** The token of RFC 6750, in the header or, as older backends send it, in the query. */
export function bearerToken(request: {
  headers: { authorization?: string | undefined }
  query: unknown
}): string | undefined {
  const header = request.headers.authorization
  if (header !== undefined) return /^Bearer +(\S+) *$/i.exec(header)?.[1]
  const { access_token: token } = request.query as Record<string, unknown>
  return typeof token === 'string' ? token : undefined
}

/** Whether two secrets are the same; how long that takes says nothing of where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
