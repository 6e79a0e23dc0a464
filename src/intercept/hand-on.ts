// Passes on requests and connections. If one end breaks off, so does the other, so that no incomplete answer looks
// complete.
import {
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Hop-by-hop headers [RFC 9110 section 7.6.1]; the framing of an answer depends on the client. */
const ofConnection = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer']
const ofAnswersConnection = [...ofConnection, 'transfer-encoding']

/**
 * Passes on a request, and returns its answer.
 * @param to the target, and optionally a path that replaces that of the request
 * @param addedHeaders names and values in turn
 */
export function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  to: RequestOptions,
  addedHeaders: string[] = [],
): void {
  const send = to.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = [...without(ofConnection, request.rawHeaders), ...addedHeaders]
  if (!hasBody(request) && !bodiless.test(request.method as string)) headers.push('Content-Length', '0')
  const onward = send({ method: request.method, path: request.url, ...to, headers })
  onward.on('response', (answer) => {
    const { statusCode = 502, statusMessage } = answer
    response.writeHead(statusCode, statusMessage, without(ofAnswersConnection, answer.rawHeaders))
    pipeline(answer, response).catch(() => {}) // pipeline has destroyed both
  })
  onward.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (response.headersSent) return // the answer is complete, or ends with the pipeline
    if (brokenOff.includes(code)) response.destroy()
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${message || code}\n`)
  })
  onward.on('close', () => request.unpipe(onward).resume())
  response.on('close', () => response.writableFinished || onward.destroy())
  request.pipe(onward)
}

/** Methods that Node sends without a body; for others without one it would send an empty chunked body. */
const bodiless = /^(GET|HEAD|DELETE|OPTIONS|TRACE)$/

/** Error codes that mean a connection had been established. */
const brokenOff: unknown[] = ['ECONNRESET', 'EPIPE']

/** Returns raw headers (names and values in turn) without the given names. */
export function without(names: string[], rawHeaders: string[]): string[] {
  return rawHeaders.filter((_, at) => !names.includes((rawHeaders[at - (at % 2)] as string).toLowerCase()))
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'content-length' in headers || 'transfer-encoding' in headers
}

/** Connects both ends with each other until either ends. */
export function join(one: Duplex, other: Duplex): void {
  pipeline(one, other, one).catch(() => {
    one.destroy()
    other.destroy()
  })
}
