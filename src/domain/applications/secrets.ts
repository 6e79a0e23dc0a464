// Client secrets are kept as salted scrypt hashes: `scrypt$<salt>$<hash>`, base64url.
import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const scrypt = promisify<string, Buffer, number, Buffer>(scryptCallback)
const keyBytes = 32

/** 256 bits that can be typed into a shell. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url')
}

export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await scrypt(secret, salt, keyBytes)
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

export async function isSecret(secret: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = stored.split('$')
  const given = await scrypt(secret, Buffer.from(salt, 'base64url'), keyBytes)
  return timingSafeEqual(given, Buffer.from(hash, 'base64url'))
}
