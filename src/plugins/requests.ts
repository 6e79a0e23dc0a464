// One line and one observation a request: what was asked, how it ended, and how long it took.
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Notes a request once its answer has left, or its client has; for those that no hook sees. */
    noteRequest(request: FastifyRequest, reply: FastifyReply): void
  }
}

/** Of a client that left before its answer was there; nginx writes the same. */
const leftStatus = 499

export const requests = plugin<{ ctx: Context }>(
  async (app, { ctx: { log, metrics } }) => {
    app.decorate('noteRequest', (request, { raw }) => {
      const { id, routeOptions } = request
      const since = performance.now()
      raw.on('close', () => {
        const ms = performance.now() - since
        const status = raw.headersSent ? raw.statusCode : leftStatus
        const named = routeOptions.config?.operation
        const route = routeOptions.url
        const operation = named ?? (route === undefined ? 'unmatched' : 'other')
        // A stream of events lasts as long as somebody watches, which says nothing of how quick the server is.
        const isWatching = String(raw.getHeader('content-type')).startsWith('text/event-stream')
        if (!isWatching) metrics.requests.observe(ms / 1_000, operation, String(status))
        // The route, and never the path or its query, which the client wrote.
        const asked = named === undefined && route !== undefined ? { operation, route } : { operation }
        const trace = request.span && { trace: request.span.traceId }
        log.info({ id, ...asked, status, ms: Math.round(ms * 100) / 100, ...trace }, 'request')
      })
    })
    app.addHook('onRequest', (request, reply, done) => {
      app.noteRequest(request, reply)
      done()
    })
  },
  { name: 'requests' },
)
