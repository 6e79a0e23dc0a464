// Authenticates users who upload files.
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { checkGrant } from '#domain/applications/check-grant.ts'
import { ChatError } from '#errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set in every scope with the grants plugin. */
    uploader: UserCaller
  }
}

export const grants = plugin<{ ctx: Context }>(
  async (app, { ctx }) => {
    app.decorateRequest('uploader')
    app.addHook('onRequest', async (request) => {
      const grant = request.headers.grant?.toString()
      if (!grant) throw new ChatError('unauthorized', 'Send the grant to write files as the header Grant')
      request.uploader = await checkGrant(ctx, 'write', grant)
    })
  },
  { name: 'grants' },
)
