// Effects of faults on requests (testing contract 4).
import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { ChatError, kindOfStatus } from '#errors.ts'
import type { RestEffect } from '#test-api/faults/fault.ts'
import { presentError } from '#wire/problem.ts'

/** Replaces an answer with the one of the fault. @returns its body; undefined if it has none */
export function fake(reply: FastifyReply, effect: RestEffect, at: number): string | undefined {
  const { status = 200, headers = {} } = effect
  for (const name of ['content-length', 'etag', 'content-range', 'location']) reply.removeHeader(name)
  const body = status === 204 || status === 304 ? undefined : bodyOf(status, effect, at)
  reply.code(status)
  if (body === undefined) reply.removeHeader('content-type')
  else reply.header('content-type', 'application/json')
  reply.headers(headers)
  return body
}

function bodyOf(status: number, { error, message, body }: RestEffect, at: number): string | undefined {
  if (typeof body === 'string') return body
  if (body !== undefined) return JSON.stringify(body)
  if (status < 400 && error === undefined && message === undefined) return undefined
  const known = new ChatError(kindOfStatus(status), message ?? STATUS_CODES[status] ?? 'A fault of a test')
  return JSON.stringify({
    ...presentError(known, 'camel', at),
    ...(error !== undefined && { error }),
    ...(message !== undefined && !known.isAuthentication && { message }),
  })
}

/** Sends only the first bytes of an answer's body, whose headers announce more, and closes the connection. */
export async function truncate(reply: FastifyReply, payload: unknown, bytesMax: number): Promise<void> {
  const { raw } = reply
  const socket = raw.socket
  const isStream = payload instanceof Readable
  const whole = isStream ? undefined : Buffer.from((payload as string | Buffer | null | undefined) ?? '')
  const bytes = whole?.subarray(0, bytesMax) ?? (await beginning(payload as Readable, bytesMax))
  if (whole) reply.header('content-length', whole.length)
  reply.hijack()
  raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>)
  raw.flushHeaders()
  if (bytes.length > 0) raw.write(bytes)
  socket?.end()
}

async function beginning(stream: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk))
    size += chunk.length
    if (size >= bytesMax) break // destroys the stream
  }
  return Buffer.concat(chunks).subarray(0, bytesMax)
}

/** Resets the TCP connection: the client sees ECONNRESET. */
export function resetConnection({ raw }: FastifyReply): void {
  raw.socket?.resetAndDestroy()
}
