// Ids and operations that requests to the test API name.
import { closest } from 'fastest-levenshtein'
import type { FastifyRequest } from 'fastify'
import { notFound, refused } from '#errors.ts'

/** @throws ChatError 404 if the text cannot be an id */
export function readId(resource: string, request: Pick<FastifyRequest, 'params'>, name = 'id'): number {
  const text = (request.params as Record<string, string>)[name] ?? ''
  const id = Number(text)
  if (!/^[1-9]\d{0,15}$/.test(text) || !Number.isSafeInteger(id)) throw notFound(resource, text)
  return id
}

/** Refuses a misspelt operation: nothing would ever match it, and a test would pass for the wrong reason. */
export function mustKnowOperation(
  resource: string,
  field: string,
  operation: unknown,
  known: readonly string[],
): void {
  if (typeof operation !== 'string' || known.includes(operation)) return
  const message = `${field}: there is no operation ${operation}; the nearest is ${closest(operation, known)}`
  throw refused(resource, field, 'invalid', message)
}
