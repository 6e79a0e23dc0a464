// The headers of every answer of the hosted API (contract section f).
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { v4 as uuid } from 'uuid'

/** The version of the Platform API that is served. */
const apiVersion = 'v2.106.8'

/** Headers that scripts of other origins may read. */
const exposedHeaders = [
  'X-Response-Token',
  'X-Request-Id',
  'X-API-Version',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
  'Location',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
  'ETag',
]

const always = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': exposedHeaders.join(', '),
  'x-api-version': apiVersion,
  vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Accept',
  'x-content-type-options': 'nosniff',
  'x-xss-protection': '1; mode=block',
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
  'x-frame-options': 'DENY',
  // Answers are data: a browser that displays one loads nothing and sends no referrer.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

/** Ids as proxies and clients generate them: UUIDs, hex, base64. No e-mail addresses, because ids are logged. */
const requestId = /^[\w.:/+=~-]{1,128}$/

/** Returns the request's id for the log: a well-formed X-Request-Id, otherwise a new id. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const { 'x-request-id': given } = headers
  return typeof given === 'string' && requestId.test(given) ? given : uuid().replaceAll('-', '').toUpperCase()
}

/** Exported because some answers pass no hook. */
export function setHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(always).header('x-response-token', request.id).header('x-request-id', request.id)
  if (request.protocol === 'https') {
    reply.header('strict-transport-security', 'max-age=63072000 ; includeSubDomains ; preload')
  }
}

export const headers = plugin(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      setHeaders(request, reply)
      done()
    })
  },
  { name: 'headers' },
)
