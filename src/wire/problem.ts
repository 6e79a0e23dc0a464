// Error bodies (contract section f, runtime contract 1.4 and 2): what a fault is called is the door's choice.
import type { ChatError, ErrorKind } from '#errors.ts'
import { type Spelling, snake } from '#wire/casing.ts'

/** Kinds that have another name over HTTP, where all input that is refused has one. */
const httpNames: Partial<Record<ErrorKind, ErrorKind>> = { ValidationError: 'ClientError' }

/**
 * The body of an HTTP answer: `{ error, error_description }` for OAuth's kinds, the API's own shape for all others.
 * @param at when it is given, in milliseconds since the epoch
 */
export function presentError(error: ChatError, spelling: Spelling, at: number): Record<string, unknown> {
  if (error.isAuthentication) return { error: error.kind, error_description: error.message }
  const problems = error.problems.map((problem) => ({
    ...problem,
    field: spelling === 'snake' ? snake(problem.field) : problem.field,
  }))
  const [only] = problems
  return {
    ...presentRefusal(error, at),
    error: httpNames[error.kind] ?? error.kind,
    ...(error.kind === 'ResourceNotFoundError' && { message: 'Resource not found', detail: error.message }),
    ...coolOff(error),
    ...(problems.length === 1 && only && { resource: only.resource, field: only.field, code: only.code }),
    ...(problems.length > 0 && { errors: problems }),
  }
}

/** What the ERROR frame says that ends a connection, and the answer to a request that opens none. */
export function presentRefusal({ kind, message }: ChatError, at: number): Record<string, unknown> {
  return { error: kind, message, timestamp: new Date(at).toISOString() }
}

/** What the errors queue says of a frame after which the connection goes on. */
export function presentFrameError(error: ChatError, at: number): Record<string, unknown> {
  const { problems } = error
  return { ...presentRefusal(error, at), ...(problems.length > 0 && { errors: problems }), ...coolOff(error) }
}

function coolOff({ coolOffMs }: ChatError): { coolOffDuration?: string } {
  return coolOffMs === undefined ? {} : { coolOffDuration: `PT${Math.ceil(coolOffMs) / 1000}S` }
}
