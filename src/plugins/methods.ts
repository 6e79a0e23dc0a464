// The methods that a path has: others are refused, and OPTIONS tells them [RFC 9110 sections 9.3.7 and 15.5.6].
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Refuses the methods that paths do not have; once all routes are there. */
    refuseOtherMethods(): void
  }
  interface FastifyContextConfig {
    /** Of routes that only say that there is none. */
    isRefusal?: boolean
  }
}

const all = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const methods = plugin(
  async (app) => {
    /** By the pattern of the path. */
    const known = new Map<string, Set<string>>()
    const allowed = (pattern = '') => [...(known.get(pattern) ?? []), 'OPTIONS'].join(', ')
    app.addHook('onRoute', ({ url, method, config }) => {
      if (config?.isRefusal) return
      const names = known.get(url) ?? new Set()
      for (const name of [method].flat()) names.add(name)
      known.set(url, names)
    })
    // Before the plugin that answers preflights, which OPTIONS without an Origin reaches as well.
    app.addHook('onRequest', async ({ method, routeOptions }, reply) => {
      if (method === 'OPTIONS' && known.has(routeOptions.url ?? '')) {
        reply.header('allow', allowed(routeOptions.url))
      }
    })
    app.decorate('refuseOtherMethods', () => {
      for (const [url, names] of known) {
        const others = all.filter((name) => !names.has(name))
        if (url.includes('*') || others.length === 0) continue
        app.route({
          method: others,
          url,
          exposeHeadRoute: false,
          config: { isRefusal: true },
          onRequest: async (request, reply) => {
            reply.header('allow', allowed(url))
            throw new ChatError('MethodNotAllowedError', `${request.method} is not possible here`)
          },
          handler: async () => undefined,
        })
      }
    })
  },
  { name: 'methods' },
)
