// What a provider of OpenID Connect vouches for with its signature.
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Claims } from '#domain/operators/sign-in-outside.ts'

/** The parts of a discovery document that are needed here [OpenID Connect Discovery 1.0 section 3]. */
const Metadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

const timeoutMs = 5_000
/** How far the provider's clock may be from ours. */
const toleranceSeconds = 30

interface IdTokenInput {
  idToken: string | undefined
  /** What the browser keeps of the question that this answers. */
  secret: string
  /** Since the epoch, in milliseconds. */
  now: number
}

/** @throws an Error that says what is wrong with it */
export type VerifyIdToken = (input: IdTokenInput) => Promise<Claims>

/** What the provider is to repeat, so that its token is of use to one browser alone [OpenID Connect Core 1.0 section 15.5.2]. */
export function nonceOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * Finds the keys of a provider, which are read when they are first needed, and again once a token names another.
 * @param issuer without a slash at its end
 * @throws an Error where the discovery document is not there, or is of another issuer
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
