// Passwords are hashed like client secrets, at a higher cost, because they are easier to guess.
import { randomBytes } from 'node:crypto'
import { hashSecret, isSecret, leastCost } from '#domain/applications/secrets.ts'

/** Cost of scrypt: some 150 ms and 64 MiB a guess. [OWASP Password Storage Cheat Sheet: 2^16 and more] */
const cost = 65_536

export const hashPassword = (password: string): Promise<string> => hashSecret(password, cost)

/** Generates 120 random bits, which cannot be guessed at any speed; short enough to be typed. */
export const generatePassword = (): string => randomBytes(15).toString('base64url')

export const hashGenerated = (password: string): Promise<string> => hashSecret(password, leastCost)

/** Takes as long for an unknown operator, so that the duration does not reveal which operators exist. */
export async function isPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  unmatched ??= hashPassword(generatePassword())
  const isRight = await isSecret(password, hash ?? (await unmatched))
  return isRight && typeof hash === 'string'
}

/** A hash that no password matches. */
let unmatched: Promise<string> | undefined
