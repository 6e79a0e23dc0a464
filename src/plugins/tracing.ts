// Requests as the beginning of traces, or as a part of their callers'. Registered only where there is tracing.
import plugin from 'fastify-plugin'
import type { Tracing } from '#tracing/tracing.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the request; absent where nothing is traced. */
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
    // Bodies arrive on their connection's own account.
    app.addHook('preValidation', (request, _reply, done) => {
      if (request.span) request.span.enter(done)
      else done()
    })
  },
  { name: 'tracing' },
)
