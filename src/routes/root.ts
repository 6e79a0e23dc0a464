import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'

/** Where everything begins, for clients that follow links. */
export async function root(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.get('/', { prefixTrailingSlash: 'no-slash' }, async (request, reply) => {
    const origin = ctx.config.publicUrl ?? `${request.protocol}://${request.host}`
    const base = origin + scope.prefix
    return reply.send({
      _links: {
        self: { href: scope.prefix ? base : `${origin}/` },
        application: { href: `${base}/application` },
      },
    })
  })
}
