// Determines the origin of requests. HTTP/1.1 requests without one are refused before any other work.
import type { BlockList } from 'node:net'
import plugin from 'fastify-plugin'
import { readOrigin } from '#wire/origin.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** `https://chat.example.com`, plus a path that a proxy removed; undefined for HTTP/1.0 requests without a host. */
    origin: string | undefined
  }
}

export const origin = plugin<{ proxies: BlockList }>(
  async (app, { proxies }) => {
    app.decorateRequest('origin')
    app.addHook('onRequest', (request, _reply, done) => {
      request.origin = readOrigin(request.raw, proxies)
      done()
    })
  },
  { name: 'origin' },
)
