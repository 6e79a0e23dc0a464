import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { openHome } from '#routes/home.ts'
import { prefersPage } from '#wire/negotiation.ts'

/** The entry point: links for clients that follow them, and a page for people if there is no prefix. */
export async function root(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const home = scope.prefix ? undefined : await openHome(ctx)
  scope.get('/', { prefixTrailingSlash: 'no-slash' }, async (request, reply) => {
    if (home && prefersPage(request.headers.accept)) return home(request, reply)
    const origin = ctx.baseUrl(request.origin)
    const base = origin + scope.prefix
    return reply.send({
      _links: {
        self: { href: scope.prefix ? base : `${origin}/` },
        application: { href: `${base}/application` },
      },
    })
  })
}
