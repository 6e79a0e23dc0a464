// The endpoint that Prometheus scrapes.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '#config.ts'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'
import { expose } from '#metrics/expose.ts'
import { isSameSecret, tokenIn } from '#wire/bearer.ts'
import { hostOf, isLoopback } from '#wire/loopback.ts'

/** Serves `GET /metrics` in Prometheus' text format, to programs on this machine and to clients with METRICS_TOKEN. */
export async function metrics(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.get('/metrics', async (request, reply) => {
    mustBeAllowed(request, ctx.config)
    const { contentType, text } = await expose(ctx.metrics)
    // No web page may read the metrics, whatever its origin.
    reply.removeHeader('access-control-allow-origin')
    return reply.header('content-type', contentType).send(text)
  })
}

/** @throws ChatError 401 if a token is wrong or is required; 403 if no token is configured */
function mustBeAllowed(
  request: FastifyRequest,
  { metricsToken, functionEgress }: Pick<Config, 'metricsToken' | 'functionEgress'>,
): void {
  const token = tokenIn(request.headers.authorization)
  if (token !== undefined && metricsToken !== undefined) {
    if (isSameSecret(token, metricsToken)) return
    throw new ChatError('invalid_token', 'The token is not METRICS_TOKEN')
  }
  // Functions of other people reach the server from this machine.
  const isOurMachine = metricsToken === undefined || functionEgress === 'open'
  if (isOurMachine && isFromHere(request)) return
  if (metricsToken !== undefined) {
    throw new ChatError('unauthorized', 'Metrics need the bearer token METRICS_TOKEN')
  }
  throw new ChatError('AccessDeniedError', 'Metrics are for this machine alone, unless METRICS_TOKEN is set')
}

/** Headers that proxies add; anyone may be behind a proxy. */
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/**
 * Returns whether the request comes from a program on this machine and names it as the host. Excludes proxies, and web
 * pages of other sites in a browser (DNS rebinding).
 */
function isFromHere({ headers, raw: { socket } }: FastifyRequest): boolean {
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    isLoopback(hostOf(`http://${headers.host}`)) &&
    (headers.origin === undefined || isLoopback(hostOf(headers.origin))) &&
    !forwarding.some((name) => headers[name] !== undefined)
  )
}
