// What operators and their scripts show.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { generateSecret } from '#domain/applications/secrets.ts'

const keyPrefix = 'ck_admin_'
/** Characters behind the prefix that lists show of a key: 24 of its 192 bits. */
const hintLength = 4

export function generateAdminKey(): { key: string; hint: string } {
  const random = randomBytes(24).toString('base64url')
  return { key: keyPrefix + random, hint: `${keyPrefix}${random.slice(0, hintLength)}…` }
}

/** Whether it looks like one. */
export const isAdminKey = (text: string): boolean => text.startsWith(keyPrefix)

/** Of a cookie. */
export const generateSession = generateSecret

/** What scripts of the console say with a write, which pages of others cannot know: it follows from the cookie. */
export function csrfTokenOf(session: string): string {
  return createHash('sha256').update(`csrf ${session}`).digest('base64url')
}

export function isCsrfToken(given: string | undefined, session: string): boolean {
  const [one, other] = [given ?? '', csrfTokenOf(session)].map((text) => Buffer.from(text))
  return one?.length === other?.length && timingSafeEqual(one as Buffer, other as Buffer)
}
