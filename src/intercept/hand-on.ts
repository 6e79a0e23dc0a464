// Requests and connections that are handed on. Where one end breaks off, so does the other: no answer looks whole that
// is not.
import {
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Headers that belong to one connection [RFC 9110 section 7.6.1]; how an answer is framed depends on who asked. */
const ofConnection = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer']
const ofAnswersConnection = [...ofConnection, 'transfer-encoding']

/**
 * Sends a request on, and its answer back.
 * @param to where, and with which path: that of the request where absent
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
    pipeline(answer, response).catch(() => {}) // it destroyed both
  })
  onward.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (response.headersSent) return // the answer is whole, or ends with the pipeline
    if (brokenOff.includes(code)) response.destroy()
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${message || code}\n`)
  })
  onward.on('close', () => request.unpipe(onward).resume())
  response.on('close', () => response.writableFinished || onward.destroy())
  request.pipe(onward)
}

/** Requests that Node sends without a body; a POST that has none it would send as chunks. */
const bodiless = /^(GET|HEAD|DELETE|OPTIONS|TRACE)$/

/** What errors are named where there was a connection. */
const brokenOff: unknown[] = ['ECONNRESET', 'EPIPE']

/** Headers, names and values in turn, but for some. */
export function without(names: string[], rawHeaders: string[]): string[] {
  return rawHeaders.filter((_, at) => !names.includes((rawHeaders[at - (at % 2)] as string).toLowerCase()))
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'content-length' in headers || 'transfer-encoding' in headers
}

/** Lets both ends speak with each other until either ends. */
export function join(one: Duplex, other: Duplex): void {
  pipeline(one, other, one).catch(() => {
    one.destroy()
    other.destroy()
  })
}
