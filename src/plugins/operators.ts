// Authenticates callers of the admin API, by the console's cookie or an admin key.
import cookie from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { checkOperator } from '#domain/operators/check-operator.ts'
import { sessionMs } from '#domain/operators/open-operator-session.ts'
import { isCsrfToken } from '#domain/operators/secrets.ts'
import { ChatError } from '#errors.ts'
import type { AdminSession } from '#resources/admin/operator.ts'
import { tokenIn } from '#wire/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set in every scope with the operators plugin, except for open routes. */
    operator: OperatorCaller
    /** The session or key of the request. */
    operatorSession: AdminSession
    /** Checks again, for long answers, that they may still call. @throws ChatError 401 if not */
    checkOperatorAgain(): Promise<OperatorCaller>
  }
  interface FastifyReply {
    /** Sets the session cookie, or clears it if the token is undefined. */
    setOperatorSession(token: string | undefined): FastifyReply
  }
}

const cookieName = 'chatterie_session'
const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export const operators = plugin<{ ctx: Context }>(
  async (app, { ctx }) => {
    await app.register(cookie)
    app.decorateRequest('operator')
    app.decorateRequest('operatorSession')
    app.decorateRequest('checkOperatorAgain')
    app.decorateReply('setOperatorSession', function setOperatorSession(token) {
      const isSecure = ctx.baseUrl(this.request.origin).startsWith('https:')
      const options = { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure } as const
      return token === undefined
        ? this.clearCookie(cookieName, options)
        : this.setCookie(cookieName, token, { ...options, maxAge: sessionMs / 1_000 })
    })
    app.addHook('onRequest', async (request: FastifyRequest, _reply: FastifyReply) => {
      if (request.routeOptions.config.isOpen) return
      const { authorization } = request.headers // keys in the query do not count, because addresses are logged
      const session = request.cookies[cookieName]
      const bearer = authorization === undefined ? undefined : (tokenIn(authorization) ?? '')
      const credentials = { bearer, session, address: request.ip }
      const checked = await checkOperator(ctx, credentials)
      if (bearer === undefined) mustHaveCsrfToken(request, session ?? '')
      request.operator = checked.caller
      request.operatorSession = checked.session
      request.checkOperatorAgain = async () => (await checkOperator(ctx, credentials)).caller
    })
  },
  { name: 'operators' },
)

/** A browser sends the cookie from any page, but only our own pages know the session's CSRF token. */
function mustHaveCsrfToken({ method, headers }: FastifyRequest, session: string): void {
  if (!changing.has(method)) return
  if (isCsrfToken(headers['x-csrf-token']?.toString(), session)) return
  throw new ChatError('access_denied', 'The header x-csrf-token must be the csrfToken of the session')
}
