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
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization']
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
  // Else one of no body, such as a POST of some clients, would be sent on as chunks.
  if (!hasBody(request)) headers.push('Content-Length', '0')
  const onward = send({ method: request.method, path: request.url, ...to, headers })
  onward.on('response', (answer) => {
    const { statusCode = 502, statusMessage } = answer
    response.writeHead(statusCode, statusMessage, without(ofAnswersConnection, answer.rawHeaders))
    pipeline(answer, response).catch(() => response.destroy())
  })
  onward.on('error', () => response.headersSent || response.destroy())
  onward.on('close', () => request.unpipe(onward).resume())
  response.on('close', () => response.writableFinished || onward.destroy())
  request.pipe(onward)
}

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
