// Passwords are kept as client secrets are, at a higher price, for they are guessed more easily.
import { randomBytes } from 'node:crypto'
import { hashSecret, isSecret, leastCost } from '#domain/applications/secrets.ts'

/** Of scrypt: some 150 ms and 64 MiB a guess. [OWASP Password Storage Cheat Sheet: 2^16 and more] */
const cost = 65_536

export const hashPassword = (password: string): Promise<string> => hashSecret(password, cost)

/** 120 random bits, which are not guessed however fast they are tried; short enough to be typed. */
export const generatePassword = (): string => randomBytes(15).toString('base64url')

export const hashGenerated = (password: string): Promise<string> => hashSecret(password, leastCost)

/** Takes as long where there is no such operator: nobody can tell by it which ones there are. */
export async function isPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  unmatched ??= hashPassword(generatePassword())
  const isRight = await isSecret(password, hash ?? (await unmatched))
  return isRight && typeof hash === 'string'
}

/** Of no password. */
let unmatched: Promise<string> | undefined
