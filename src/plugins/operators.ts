// Who calls the admin API: by the cookie of the console, or by an admin key.
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

declare module 'fastify' {
  interface FastifyRequest {
    /** Set wherever the plugin operators is registered, but for what is open. */
    operator: OperatorCaller
    /** By what they call. */
    operatorSession: AdminSession
    /** Whether they may still call, for answers that go on. @throws ChatError 401 where not */
    checkOperatorAgain(): Promise<OperatorCaller>
  }
  interface FastifyReply {
    /** Gives the browser the cookie of a session, or takes it away. */
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
      const { authorization } = request.headers
      const session = request.cookies[cookieName]
      const bearer = authorization === undefined ? undefined : (keyIn(authorization) ?? '')
      const credentials = { bearer, session, address: request.ip }
      const checked = await checkOperator(ctx, credentials)
      if (bearer === undefined) mustBeOwnPage(request, session ?? '')
      request.operator = checked.caller
      request.operatorSession = checked.session
      request.checkOperatorAgain = async () => (await checkOperator(ctx, credentials)).caller
    })
  },
  { name: 'operators' },
)

/** Of the header alone: what stands in an address is kept in logs. */
function keyIn(authorization: string): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
}

/** A browser sends the cookie whoever made the page; the token of the session is known to our own alone. */
function mustBeOwnPage({ method, headers }: FastifyRequest, session: string): void {
  if (!changing.has(method)) return
  if (isCsrfToken(headers['x-csrf-token']?.toString(), session)) return
  throw new ChatError('access_denied', 'The header x-csrf-token must be the csrfToken of the session')
}
