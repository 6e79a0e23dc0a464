// Credentials of operators and their scripts.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { generateSecret } from '#domain/applications/secrets.ts'

const keyPrefix = 'ck_admin_'
/** How many characters after the prefix lists show of a key: 24 of its 192 bits. */
const hintLength = 4

export function generateAdminKey(): { key: string; hint: string } {
  const random = randomBytes(24).toString('base64url')
  return { key: keyPrefix + random, hint: `${keyPrefix}${random.slice(0, hintLength)}…` }
}

/** Returns whether a text looks like an admin key. */
export const isAdminKey = (text: string): boolean => text.startsWith(keyPrefix)

/** The value of a session cookie. */
export const generateSession = generateSecret

/** Returns the token that the console sends with writes, derived from the cookie, which other sites cannot read. */
export function csrfTokenOf(session: string): string {
  return createHash('sha256').update(`csrf ${session}`).digest('base64url')
}

export function isCsrfToken(given: string | undefined, session: string): boolean {
  const [one, other] = [given ?? '', csrfTokenOf(session)].map((text) => Buffer.from(text))
  return one?.length === other?.length && timingSafeEqual(one as Buffer, other as Buffer)
}
