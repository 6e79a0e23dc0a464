// Client secrets are kept as salted scrypt hashes: `scrypt$<salt>$<hash>`, base64url, with `$<cost>` where it is not
// the usual one.
import { randomBytes, type ScryptOptions, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Credential } from '#data/applications/applications.ts'

const scrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptCallback)
const keyBytes = 32
/** Bytes: more than Node gives by itself, for costs above the usual. */
const maxmem = 134_217_728
/** Of scrypt, and of Node: some 30 ms a guess. */
const usualCost = 16_384
/** For secrets of {@link generateSecret} that nobody types: 256 random bits are not guessed, however fast. */
export const leastCost = 2

/** 256 bits that can be typed into a shell. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url')
}

export async function hashSecret(secret: string, cost = usualCost): Promise<string> {
  const salt = randomBytes(16)
  const hash = await scrypt(secret, salt, keyBytes, { cost, maxmem })
  const parts = ['scrypt', salt.toString('base64url'), hash.toString('base64url')]
  return (cost === usualCost ? parts : [...parts, cost]).join('$')
}

export async function isSecret(secret: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = '', cost = usualCost] = stored.split('$')
  const given = await scrypt(secret, Buffer.from(salt, 'base64url'), keyBytes, { cost: Number(cost), maxmem })
  return timingSafeEqual(given, Buffer.from(hash, 'base64url'))
}

/**
 * Until when a client's secret is taken, in milliseconds since the epoch: for ever where it is the one in force, until
 * the overlap ends where it is the one before, undefined where it is neither. It takes as long where there is no such
 * client: nobody can tell by it which ones there are.
 */
export async function secretTakenUntil(
  secret: string,
  credential: Pick<Credential, 'secretHash' | 'previous'> | undefined,
  now: number,
): Promise<number | undefined> {
  const { secretHash, previous } = credential ?? { secretHash: unmatched }
  if (await isSecret(secret, secretHash)) return Number.POSITIVE_INFINITY
  const isPrevious = previous && previous.until > now && (await isSecret(secret, previous.secretHash))
  return isPrevious ? previous.until : undefined
}

/** Of no secret. */
const unmatched = `scrypt$${randomBytes(16).toString('base64url')}$${randomBytes(keyBytes).toString('base64url')}`
