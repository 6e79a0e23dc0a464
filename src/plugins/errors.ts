// Every error leaves through here, in the documented shape.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { ChatError, type ErrorKind } from '#errors.ts'
import { defaultRepresentation, representationFor } from '#wire/negotiation.ts'
import { presentError } from '#wire/problem.ts'

export const errors = plugin(
  async (app) => {
    app.setErrorHandler(handleError)
    app.setNotFoundHandler((request) => {
      throw new ChatError('ResourceNotFoundError', `Nothing is found at ${request.url.split('?')[0]}`)
    })
  },
  { name: 'errors' },
)

/** Also for what Fastify refuses before there is a route, such as a broken URL. */
export function handleError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  const known = error instanceof ChatError ? error : translate(error)
  if (known.status >= 500) request.log.error({ err: error }, 'request failed')
  const { spelling } = representationFor(request.headers.accept) ?? defaultRepresentation
  if (known.status === 401) reply.header('www-authenticate', challenge(known))
  return reply
    .code(known.status)
    .header('content-type', 'application/json')
    .send(JSON.stringify(presentError(known, spelling)))
}

/** RFC 6750 section 3, and RFC 6749 section 5.2 for the token endpoint. */
function challenge({ kind }: ChatError): string {
  if (kind === 'invalid_client') return 'Basic realm="chatterie"'
  return kind === 'invalid_token'
    ? 'Bearer realm="chatterie", error="invalid_token"'
    : 'Bearer realm="chatterie"'
}

const kinds: Record<number, ErrorKind> = {
  404: 'ResourceNotFoundError',
  405: 'MethodNotAllowedError',
  413: 'PayloadTooLargeError',
  415: 'UnsupportedMediaTypeError',
  429: 'RateLimitedError',
  503: 'ServiceUnavailableError',
}

/** Fastify's own refusals keep their message; whatever else was thrown is ours to know. */
function translate(error: FastifyError | Error): ChatError {
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status < 400 || status >= 500) {
    return isOverloaded(error)
      ? new ChatError('ServiceUnavailableError', 'The server cannot answer now, try again later')
      : new ChatError('InternalServerError', 'The server failed to answer')
  }
  return new ChatError(kinds[status] ?? 'ClientError', error.message)
}

/** Postgres is starting, stopping or has no connection left. */
function isOverloaded(error: Error & { code?: string }): boolean {
  return /^(57P0[1-3]|53300|ECONNREFUSED|ECONNRESET|P1001|P1002|P1017|P2024|P2028)$/.test(error.code ?? '')
}
