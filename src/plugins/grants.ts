// Who uploads.
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set wherever the grants plugin is registered. */
    uploader: UserCaller
  }
}

export const grants = plugin<{ ctx: Context }>(
  async (app, { ctx }) => {
    app.decorateRequest('uploader')
    app.addHook('onRequest', async (request) => {
      request.uploader = await checkGrant(ctx, request.headers.grant?.toString())
    })
  },
  { name: 'grants' },
)
