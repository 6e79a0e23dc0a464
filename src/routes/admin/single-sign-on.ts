// Sign-in to the console through an OpenID Connect provider (operating contract 1).
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import oauth2, { type OAuth2Namespace } from '@fastify/oauth2'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { type Claims, signInOutside } from '#domain/operators/sign-in-outside.ts'
import { ChatError } from '#errors.ts'
import { nonceOf, openVerifier, type VerifyIdToken } from '#routes/admin/id-token.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The client of the provider. */
    provider: OAuth2Namespace
  }
}

const path = '/console/sign-in/oidc'
const callbackPath = `${path}/callback`
const config = { isOpen: true }
/** `lax`, because the redirect back comes from another site and `strict` would withhold the cookies. */
const cookies = { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' } as const
/** Binds the provider's token to this browser; only a hash of the secret leaves the browser. */
const secretCookie = 'oauth2-nonce-secret'
const secretBytes = 32

type Oidc = NonNullable<Context['config']['oidc']>

interface FoundProvider {
  flow: OAuth2Namespace
  verify: VerifyIdToken
}

/** Routes behind the plugin `operators`; there are none if no provider is configured. */
export async function singleSignOn(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const { oidc } = ctx.config
  if (!oidc) return
  let provider: Promise<FoundProvider> | undefined
  /** The first request opens the provider; after a failure, the next request tries again. */
  const findProvider = () => {
    provider ??= openProvider(ctx, oidc).catch((error) => {
      provider = undefined
      ctx.log.error({ err: error, issuer: oidc.issuer }, 'the OpenID Connect provider cannot be used')
      throw new ChatError('ServiceUnavailableError', 'The provider does not answer, try again later')
    })
    return provider
  }

  scope.get(path, { config }, async (request, reply) => {
    const { flow } = await findProvider()
    const to = new URL(await flow.generateAuthorizationUri(request, reply))
    const secret = randomBytes(secretBytes).toString('base64url')
    to.searchParams.set('nonce', nonceOf(secret))
    return reply.setCookie(secretCookie, secret, cookies).redirect(to.href, 302)
  })

  scope.get(callbackPath, { config }, async (request, reply) => {
    const claims = await askProvider(ctx, await findProvider(), { request, reply })
    const { token } = await signInOutside(ctx, { issuer: oidc.issuer, claims }, request.ip)
    reply.clearCookie(secretCookie, cookies)
    return reply.setOperatorSession(token).redirect(`${ctx.baseUrl(request.origin)}/console`, 302)
  })
}

/**
 * The library discovers the provider when it is registered. So that the server can start meanwhile, it is registered on
 * a separate instance and receives our requests.
 */
async function openProvider(ctx: Context, oidc: Oidc): Promise<FoundProvider> {
  const verify = await openVerifier(oidc)
  const instance = fastify()
  await instance.register(cookie)
  await instance.register(oauth2, {
    name: 'provider',
    scope: ['openid', 'email', 'profile'],
    credentials: { client: { id: oidc.clientId, secret: oidc.clientSecret } },
    callbackUri: (request: FastifyRequest) => ctx.baseUrl(request.origin) + callbackPath,
    discovery: { issuer: oidc.issuer },
    pkce: 'S256',
    cookie: cookies,
  })
  await instance.ready()
  return { flow: instance.provider, verify }
}

/**
 * Exchanges the code of the redirect for the provider's claims about the user.
 * @throws ChatError access_denied if the provider refused, or its answer belongs to no request of this browser
 */
async function askProvider(
  ctx: Context,
  { flow, verify }: FoundProvider,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Claims> {
  const { error } = request.query as { error?: string }
  if (error !== undefined) throw new ChatError('access_denied', 'The provider refused the sign-in')
  try {
    const { token } = await flow.getAccessTokenFromAuthorizationCodeFlow(request, reply)
    const secret = request.cookies[secretCookie] ?? ''
    const own = await verify({ idToken: token.id_token, secret, now: ctx.clock.now() })
    const more = (await flow.userinfo(token.access_token)) as Claims
    // The subjects must match [OpenID Connect Core 1.0 section 5.3.2].
    if (more.sub !== own.sub) throw new Error('The user info belongs to another user')
    return { ...own, ...more }
  } catch (error) {
    const { data } = error as { data?: { payload?: { error?: string } } } // of a refused exchange [RFC 6749 section 5.2]
    ctx.log.warn(
      { err: error, reason: data?.payload?.error, address: request.ip },
      'a sign-in with the OpenID Connect provider failed',
    )
    throw new ChatError('access_denied', 'You could not be signed in: begin again')
  }
}
