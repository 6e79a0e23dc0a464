// The token endpoint of RFC 6749, for the only grant that backends use: client credentials.
import type OAuth2Server from '@node-oauth/oauth2-server'
import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'
import { insertToken } from '#data/applications/tokens.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { secretTakenUntil } from '#domain/applications/secrets.ts'
import { ChatError } from '#errors.ts'

export interface TokenRequest {
  grantType?: string | undefined
  /** From HTTP Basic or the form. */
  clientId?: string | undefined
  clientSecret?: string | undefined
  /** Space-separated; all scopes if absent. */
  scope?: string | undefined
}

/** RFC 6749 section 5.1, including the lifetime, which both SDKs rely on. */
export interface IssuedToken {
  access_token: string
  token_type: 'bearer'
  expires_in: number
  scope: string
}

const tokenLifetimeSeconds = 43_200

/**
 * Issues a token for a client's application.
 * @throws ChatError invalid_client, invalid_request, unsupported_grant_type or invalid_scope (RFC 6749 section 5.2)
 */
export async function issueToken(ctx: Context, request: TokenRequest): Promise<IssuedToken> {
  const { grantType, clientId, clientSecret, scope } = request
  if (!grantType) throw new ChatError('invalid_request', 'Missing grant type')
  if (!isCredential(clientId) || !isCredential(clientSecret)) {
    throw new ChatError('invalid_client', 'Bad client credentials')
  }
  const { default: Server } = await import('@node-oauth/oauth2-server') // takes 30 ms, which is not spent at startup
  try {
    const token = await new Server({ model: model(ctx) }).token(
      new Server.Request({
        method: 'POST',
        query: {},
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '1' },
        body: {
          grant_type: grantType,
          client_id: clientId,
          client_secret: clientSecret,
          ...(scope && { scope }), // a blank parameter counts as absent (RFC 6749 section 3.1)
        },
      }),
      new Server.Response({}),
      { accessTokenLifetime: tokenLifetimeSeconds },
    )
    return {
      access_token: token.accessToken,
      token_type: 'bearer',
      expires_in: token.client.accessTokenLifetime ?? tokenLifetimeSeconds,
      scope: (token.scope ?? []).join(' '),
    }
  } catch (error) {
    const refuse = error instanceof Server.OAuthError ? refusals.get(error.name) : undefined
    throw refuse ? refuse(request) : causeOf(error)
  }
}

/** Returns what the model threw, which the library wraps: a database that is away must be recognised as such. */
function causeOf(error: unknown): unknown {
  return (error as { inner?: unknown }).inner ?? error
}

/** RFC 6749 appendix A: visible ASCII. */
function isCredential(text: string | undefined): text is string {
  return text !== undefined && /^[\x20-\x7e]+$/.test(text)
}

const unsupportedGrant = ({ grantType }: TokenRequest) =>
  new ChatError('unsupported_grant_type', `Unsupported grant type: ${grantType}`)

/** Refusals by the library's error names, in the words of the hosted service's library (contract section a). */
const refusals = new Map<string, (request: TokenRequest) => ChatError>([
  ['invalid_client', () => new ChatError('invalid_client', 'Bad client credentials')],
  [
    'invalid_request',
    () => new ChatError('invalid_request', 'A parameter has characters that it cannot have'),
  ],
  ['unsupported_grant_type', unsupportedGrant],
  ['unauthorized_client', unsupportedGrant], // a grant that the library supports and our clients do not have
  ['invalid_scope', ({ scope }) => new ChatError('invalid_scope', `Invalid scope: ${scope}`)],
])

const verbs: readonly string[] = ['create', 'read', 'update', 'delete']

function model(ctx: Context): OAuth2Server.ClientCredentialsModel {
  return {
    async getClient(clientId, clientSecret) {
      const credential = await findCredential(ctx.db, clientId)
      const takenUntil = await secretTakenUntil(clientSecret, credential, ctx.clock.now())
      if (!credential || !takenUntil) return undefined
      return {
        id: clientId,
        grants: ['client_credentials'],
        applicationId: credential.applicationId,
        // A token does not outlive the secret that it was issued for.
        accessTokenLifetime: Math.min(
          tokenLifetimeSeconds,
          Math.max(1, Math.floor((takenUntil - ctx.clock.now()) / 1000)),
        ),
      }
    },
    async getUserFromClient(client) {
      return { applicationId: client.applicationId }
    },
    async validateScope(_user, _client, scope) {
      if (!scope || scope.length === 0) return [...defaultScopes]
      return scope.every(
        (one) => verbs.includes(one.split(':')[0] ?? '') && /^[a-z]+:(\*|[a-z_]+)$/.test(one),
      )
        ? scope
        : undefined
    },
    async generateAccessToken() {
      return uuid()
    },
    async saveToken(token, client, user) {
      await insertToken(ctx.db, token.accessToken, {
        applicationId: client.applicationId as number,
        clientId: client.id,
        scope: (token.scope ?? []).join(' '),
        expiresAt: ctx.clock.now() + (client.accessTokenLifetime ?? tokenLifetimeSeconds) * 1000,
      })
      return { ...token, client, user }
    },
    async getAccessToken() {
      return undefined // the auth plugin checks bearer tokens, through check-token.ts
    },
  }
}
