// Ids in the paths of the test API.
import type { FastifyRequest } from 'fastify'
import { notFound } from '#errors.ts'

/** @throws ChatError 404 if the text cannot be an id */
export function readId(resource: string, request: Pick<FastifyRequest, 'params'>, name = 'id'): number {
  const text = (request.params as Record<string, string>)[name] ?? ''
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw notFound(resource, text)
  return id
}
