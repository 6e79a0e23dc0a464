// Traces requests, as new traces or as part of the caller's. Registered only if tracing is on.
import plugin from 'fastify-plugin'
import type { Tracing } from '#tracing/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's span; absent if nothing is traced. */
    span?: ReturnType<Tracing['begin']>
  }
}

export const tracing = plugin<{ tracing: Tracing }>(
  async (app, { tracing }) => {
    app.addHook('onRequest', (request, { raw }, done) => {
      const { headers, method, routeOptions } = request
      const { traceparent } = headers
      const operation = routeOptions.config?.operation
      const span = tracing.begin(operation ?? `${method} ${routeOptions.url ?? 'unmatched'}`, {
        kind: 'server',
        parent: typeof traceparent === 'string' ? traceparent : undefined,
        attributes: {
          'http.request.method': method,
          ...(routeOptions.url !== undefined && { 'http.route': routeOptions.url }),
          'chatterie.request_id': request.id,
        },
      })
      request.span = span
      raw.once('close', () => {
        span.say({ 'http.response.status_code': raw.statusCode })
        if (raw.statusCode >= 500 || !raw.headersSent) span.fail(undefined)
        span.end()
      })
      span.enter(done)
    })
    // Bodies arrive in the context of the connection, so the span is entered again.
    app.addHook('preValidation', (request, _reply, done) => {
      if (request.span) request.span.enter(done)
      else done()
    })
  },
  { name: 'tracing' },
)
