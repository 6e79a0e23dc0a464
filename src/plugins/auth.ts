// Authenticates backends.
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { checkToken } from '#domain/applications/check-token.ts'
import { bearerToken } from '#wire/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set in every scope with the auth plugin. */
    caller: ApplicationCaller
  }
}

export const auth = plugin<{ ctx: Context }>(
  async (app, { ctx }) => {
    app.decorateRequest('caller')
    app.addHook('onRequest', async (request) => {
      request.caller = await checkToken(ctx, bearerToken(request), request.ip)
    })
  },
  { name: 'auth' },
)
