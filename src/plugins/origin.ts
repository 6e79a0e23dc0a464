// Where requests were sent; those that do not say, as HTTP demands, are refused before anything is done for them.
import type { BlockList } from 'node:net'
import plugin from 'fastify-plugin'
import { readOrigin } from '#wire/origin.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** `https://chat.example.com`, or with a path where a proxy took one away; undefined where a request of HTTP/1.0 does not say. */
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
