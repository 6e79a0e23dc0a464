// Verifies the id tokens that an OpenID Connect provider signs.
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Claims } from '#domain/operators/sign-in-outside.ts'

/** The fields of a discovery document that are needed here [OpenID Connect Discovery 1.0 section 3]. */
const Metadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

const timeoutMs = 5_000
/** Maximum difference between the provider's clock and ours. */
const toleranceSeconds = 30

interface IdTokenInput {
  idToken: string | undefined
  /** Kept by the browser that started the sign-in. */
  secret: string
  /** Milliseconds since the epoch. */
  now: number
}

/** @throws Error that says what is wrong with the token */
export type VerifyIdToken = (input: IdTokenInput) => Promise<Claims>

/** Returns the nonce that ties the provider's token to one browser [OpenID Connect Core 1.0 section 15.5.2]. */
export function nonceOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * Returns a verifier of a provider's tokens. Keys are fetched when first needed, and again once a token names another.
 * @param issuer has no trailing slash
 * @throws Error if the discovery document is missing or belongs to another issuer
 */
export async function openVerifier({
  issuer,
  clientId,
}: {
  issuer: string
  clientId: string
}): Promise<VerifyIdToken> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(timeoutMs),
  })
  const metadata = Metadata.parse(await answer.json())
  if (metadata.issuer.replace(/\/+$/, '') !== issuer) throw new Error('The discovery is of another issuer')
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: timeoutMs })

  return async ({ idToken = '', secret, now }) => {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer: metadata.issuer,
      audience: clientId,
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(now),
      clockTolerance: toleranceSeconds,
    })
    const { azp, nonce } = payload
    if (azp !== undefined && azp !== clientId) throw new Error('It was made for another client')
    if (secret === '' || nonce !== nonceOf(secret)) throw new Error('It answers to another browser')
    return payload
  }
}
