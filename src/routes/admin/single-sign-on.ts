// Signing in to the console with a provider of OpenID Connect (operating contract 1).
import cookie from '@fastify/cookie'
import oauth2, { type OAuth2Namespace } from '@fastify/oauth2'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { type Claims, signInOutside } from '#domain/operators/sign-in-outside.ts'
import { ChatError } from '#errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What speaks to the provider. */
    provider: OAuth2Namespace
  }
}

const path = '/console/sign-in/oidc'
const callbackPath = `${path}/callback`
const config = { isOpen: true }

type Oidc = NonNullable<Context['config']['oidc']>

/** Behind the plugin `operators`; there are no such routes without a provider. */
export async function singleSignOn(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const { oidc } = ctx.config
  if (!oidc) return
  let provider: Promise<OAuth2Namespace> | undefined
  /** Who is asked for it first has it found; a provider that is away is looked for again by the next. */
  const findProvider = () => {
    provider ??= openProvider(ctx, oidc).catch((error) => {
      provider = undefined
      ctx.log.error({ err: error, issuer: oidc.issuer }, 'the provider of OpenID Connect is not found')
      throw new ChatError('ServiceUnavailableError', 'The provider does not answer, try again later')
    })
    return provider
  }

  scope.get(path, { config }, async (request, reply) => {
    const to = await (await findProvider()).generateAuthorizationUri(request, reply)
    return reply.redirect(to, 302)
  })

  scope.get(callbackPath, { config }, async (request, reply) => {
    const claims = await askProvider(ctx, oidc, await findProvider(), { request, reply })
    const { token } = await signInOutside(ctx, { issuer: oidc.issuer, claims }, request.ip)
    return reply.setOperatorSession(token).redirect(`${ctx.baseUrl(request.origin)}/console`, 302)
  })
}

/**
 * The library finds the provider when it is registered, which the start of the server need not wait for: it has an
 * instance of its own, and is handed our requests.
 */
async function openProvider(ctx: Context, oidc: Oidc): Promise<OAuth2Namespace> {
  const instance = fastify()
  await instance.register(cookie)
  await instance.register(oauth2, {
    name: 'provider',
    scope: ['openid', 'email', 'profile'],
    credentials: { client: { id: oidc.clientId, secret: oidc.clientSecret } },
    callbackUri: (request: FastifyRequest) => ctx.baseUrl(request.origin) + callbackPath,
    discovery: { issuer: oidc.issuer },
    pkce: 'S256',
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
  })
  await instance.ready()
  return instance.provider
}

/**
 * Exchanges the code of the redirect for what the provider says of who came.
 * @throws ChatError access_denied where the provider refused, or the answer is none to a question of this browser
 */
async function askProvider(
  ctx: Context,
  oidc: Oidc,
  provider: OAuth2Namespace,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Claims> {
  const { error } = request.query as { error?: string }
  if (error !== undefined) throw new ChatError('access_denied', 'The provider did not let you in')
  try {
    const { token } = await provider.getAccessTokenFromAuthorizationCodeFlow(request, reply)
    const own = readIdToken(oidc, token.id_token, ctx.clock.now())
    const more = (await provider.userinfo(token.access_token)) as Claims
    // [OpenID Connect Core 1.0 section 5.3.2]
    if (more.sub !== own.sub) throw new Error('The user info is of somebody else')
    return { ...own, ...more }
  } catch (error) {
    ctx.log.warn({ err: error, address: request.ip }, 'somebody could not sign in with the provider')
    throw new ChatError('access_denied', 'You could not be signed in: begin again')
  }
}

/** It comes from the provider itself, which stands in for its signature [OpenID Connect Core 1.0 section 3.1.3.7]. */
function readIdToken({ issuer, clientId }: Oidc, idToken: string | undefined, now: number): Claims {
  const [, body = ''] = (idToken ?? '').split('.')
  const claims: Claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const { iss, aud, exp } = claims
  if (typeof iss !== 'string' || iss.replace(/\/+$/, '') !== issuer)
    throw new Error('It is of another issuer')
  if (![aud].flat().includes(clientId)) throw new Error('It is for another client')
  if (typeof exp !== 'number' || exp * 1_000 <= now) throw new Error('It has expired')
  return claims
}
