// Converts every error to the documented shape.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Clock } from '#clock/clock.ts'
import { ChatError, kindOfStatus, toChatError } from '#errors.ts'
import { setHeaders } from '#plugins/headers.ts'
import { defaultRepresentation, representationFor } from '#wire/negotiation.ts'
import { presentError } from '#wire/problem.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Provides the time of errors. */
    clock: Clock
  }
}

export const errors = plugin(
  async (app, { clock }: { clock: Clock }) => {
    app.decorate('clock', clock)
    app.setErrorHandler(handleError)
    app.setNotFoundHandler((request) => {
      throw new ChatError('ResourceNotFoundError', `Nothing is found at ${request.url.split('?')[0]}`)
    })
  },
  { name: 'errors' },
)

/** Handles what Fastify refuses before there is a route, and therefore before any hook, such as a malformed URL. */
export function handleEarlyError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  setHeaders(request, reply)
  request.server.noteRequest(request, reply)
  return handleError(error, request, reply)
}

function handleError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply) {
  const known = error instanceof ChatError ? error : translate(error)
  if (known.status >= 500 && !isAnnounced(error)) request.log.error({ err: error }, 'request failed')
  const { spelling } = representationFor(request.headers.accept) ?? defaultRepresentation
  const wanted = challenge(known)
  if (wanted !== undefined && !isSignInDialog(known, request)) reply.header('www-authenticate', wanted)
  if (known.status === 503) reply.header('retry-after', retryAfterSeconds)
  if (known.status === 408) reply.header('connection', 'close') // [RFC 9110 section 15.5.9]
  return reply
    .code(known.status)
    .header('content-type', 'application/json')
    .send(JSON.stringify(presentError(known, spelling, request.server.clock.now())))
}

/** Returns whether a request was refused on purpose because something is away, which has its own line in the log. */
function isAnnounced(error: Error): boolean {
  return error instanceof ChatError && error.kind === 'ServiceUnavailableError'
}

/** Value of Retry-After in answers with 503. */
const retryAfterSeconds = 5

/** Answers connections that carry no valid request: too slow, too long, or not HTTP. */
export function refuseConnection(this: FastifyInstance, error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const known = unreadable(error.code)
  const body = JSON.stringify(presentError(known, defaultRepresentation.spelling, this.clock.now()))
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  socket.destroy(error)
}

function unreadable(code: string): ChatError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ChatError('RequestTimeoutError', 'The request took too long to arrive')
  }
  if (code === 'HPE_HEADER_OVERFLOW') return new ChatError('HeadersTooLargeError', 'The headers are too long')
  return new ChatError('ClientError', 'The request is not valid HTTP')
}

/**
 * Returns whether a challenge would make a browser show a sign-in dialog although a script sent the request, which
 * handles the answer itself. [Fetch Metadata: only browsers send the header, and scripts cannot]
 */
function isSignInDialog({ kind }: ChatError, { headers }: FastifyRequest): boolean {
  const mode = headers['sec-fetch-mode']
  return kind === 'invalid_client' && mode !== undefined && mode !== 'navigate'
}

/** RFC 6750 section 3, and RFC 6749 section 5.2 for the token endpoint. Undefined if no other token would help. */
function challenge({ kind, status }: ChatError): string | undefined {
  if (kind === 'invalid_client') return 'Basic realm="chatterie"'
  if (kind === 'invalid_token' || kind === 'insufficient_scope') {
    return `Bearer realm="chatterie", error="${kind}"`
  }
  return status === 401 ? 'Bearer realm="chatterie"' : undefined
}

/** Fastify's own refusals keep their message; any other error stays internal. */
function translate(error: FastifyError | Error): ChatError {
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status >= 400 && status < 500) return new ChatError(kindOfStatus(status), error.message)
  return toChatError(error)
}
