// What Prometheus asks for.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '#config.ts'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'
import { expose } from '#metrics/expose.ts'
import { bearerToken, isSameSecret } from '#wire/bearer.ts'
import { isLoopback } from '#wire/loopback.ts'

/** `GET /metrics`, in Prometheus' text format: for programs on this machine, and for who bears METRICS_TOKEN. */
export async function metrics(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.get('/metrics', async (request, reply) => {
    mustBeAllowed(request, ctx.config)
    const { contentType, text } = await expose(ctx.metrics)
    // No page of any site reads it, wherever it came from.
    reply.removeHeader('access-control-allow-origin')
    return reply.header('content-type', contentType).send(text)
  })
}

/** @throws ChatError 401 where a token is wrong, or would have helped; 403 where the settings have none */
function mustBeAllowed(
  request: FastifyRequest,
  { metricsToken, functionEgress }: Pick<Config, 'metricsToken' | 'functionEgress'>,
): void {
  const token = bearerToken({ headers: request.headers, query: {} })
  if (token !== undefined && metricsToken !== undefined) {
    if (isSameSecret(token, metricsToken)) return
    throw new ChatError('invalid_token', 'The token is not METRICS_TOKEN')
  }
  // Functions that are others' reach the server from this machine.
  const isOurMachine = metricsToken === undefined || functionEgress === 'open'
  if (isOurMachine && isFromHere(request)) return
  if (metricsToken !== undefined) {
    throw new ChatError('unauthorized', 'Metrics need the bearer token METRICS_TOKEN')
  }
  throw new ChatError('AccessDeniedError', 'Metrics are for this machine alone, unless METRICS_TOKEN is set')
}

/** What proxies add, behind which anybody may be. */
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/**
 * Whether a program on this machine asks, by a name of this machine: no proxy on behalf of others, and no page of another
 * site in a browser (DNS rebinding).
 */
function isFromHere({ headers, raw: { socket } }: FastifyRequest): boolean {
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    isLoopback(hostOf(`http://${headers.host}`)) &&
    (headers.origin === undefined || isLoopback(hostOf(headers.origin))) &&
    !forwarding.some((name) => headers[name] !== undefined)
  )
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? ''
}
