// Writes one log line and one observation per request: the operation, its status and its duration.
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Records a request when its answer is sent or its client disconnects; called for requests that pass no hook. */
    noteRequest(request: FastifyRequest, reply: FastifyReply): void
  }
}

/** Status of a request whose client disconnected before the answer, as in nginx. */
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
        // An event stream lasts as long as it is watched, which says nothing about the speed of the server.
        const isWatching = String(raw.getHeader('content-type')).startsWith('text/event-stream')
        if (!isWatching) metrics.requests.observe(ms / 1_000, operation, String(status))
        // Logs the route, never the path or query, which the client wrote.
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
