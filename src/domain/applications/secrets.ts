// Client secrets are stored as salted scrypt hashes: `scrypt$<salt>$<hash>` in base64url, followed by `$<cost>` if it
// is not the usual cost.
import { randomBytes, type ScryptOptions, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Credential } from '#data/applications/applications.ts'

const scrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptCallback)
const keyBytes = 32
/** Bytes; more than Node's default, for costs above the usual one. */
const maxmem = 134_217_728
/** The default cost of scrypt in Node: some 30 ms for each guess. */
const usualCost = 16_384
/** For secrets from {@link generateSecret}: 256 random bits cannot be guessed, however fast the hash is. */
export const leastCost = 2

/** Generates 256 random bits, in characters that need no quoting in a shell. */
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
 * Returns until when a client's secret is valid, in milliseconds since the epoch: Infinity for the current secret, the
 * end of the overlap for the previous one, and undefined for any other. The check takes as long for an unknown client,
 * so that its duration does not reveal which clients exist.
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

/** A hash that no secret matches. */
const unmatched = `scrypt$${randomBytes(16).toString('base64url')}$${randomBytes(keyBytes).toString('base64url')}`
