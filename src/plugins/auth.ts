// Who calls: the bearer token of RFC 6750, in the header or, as older backends send it, in the query.
import type { FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { checkToken } from '#domain/applications/check-token.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set wherever the auth plugin is registered. */
    caller: ApplicationCaller
  }
}

export const auth = plugin<{ ctx: Context }>(
  async (app, { ctx }) => {
    app.decorateRequest('caller')
    app.addHook('onRequest', async (request) => {
      request.caller = await checkToken(ctx, bearerToken(request))
    })
  },
  { name: 'auth' },
)

function bearerToken({ headers, query }: FastifyRequest): string | undefined {
  const header = headers.authorization
  if (header !== undefined) return /^Bearer +(\S+) *$/i.exec(header)?.[1]
  const { access_token: token } = query as Record<string, unknown>
  return typeof token === 'string' ? token : undefined
}
