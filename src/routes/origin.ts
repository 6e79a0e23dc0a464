// Where this server is, for whoever asks.
import type { FastifyRequest } from 'fastify'
import { localOrigin } from '#routes/openapi.ts'

/** As a URL has it, whatever the request's headers say. */
export function originOf({ protocol, host }: FastifyRequest): string {
  const url = URL.parse(`${protocol}://${host}`)
  return url?.host ? url.origin : localOrigin
}
