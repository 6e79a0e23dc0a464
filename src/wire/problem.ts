// Bodies of errors (contract section f, runtime contract 1.4 and 2). The names of errors depend on the entry point.
import { type ChatError, type ErrorKind, type FieldProblem, summaryOf } from '#errors.ts'
import { type Spelling, snake } from '#wire/casing.ts'

/** Kinds with a different name over HTTP, where all refused input has the same name. */
const httpNames: Partial<Record<ErrorKind, ErrorKind>> = { ValidationError: 'ClientError' }

/**
 * Returns the body of an HTTP error: `{ error, error_description }` for OAuth's kinds, else the API's own shape.
 * @param at time of the error in milliseconds since the epoch
 */
export function presentError(error: ChatError, spelling: Spelling, at: number): Record<string, unknown> {
  if (error.isAuthentication) return { error: error.kind, error_description: error.message }
  const problems = error.problems.map((problem) => presentProblem(problem, spelling))
  const [only] = problems
  return {
    ...presentRefusal(error, at),
    ...(error.message === summaryOf(error.problems) && { message: summaryOf(problems) }),
    error: httpNames[error.kind] ?? error.kind,
    ...(error.kind === 'ResourceNotFoundError' && { message: 'Resource not found', detail: error.message }),
    ...coolOffDurationOf(error),
    ...(problems.length === 1 && only && { resource: only.resource, field: only.field, code: only.code }),
    ...(problems.length > 0 && { errors: problems }),
  }
}

function presentProblem({ snakeField, ...problem }: FieldProblem, spelling: Spelling) {
  if (spelling === 'camel') return problem
  const { field, message } = problem
  const spelled = snakeField ?? snake(field)
  const isNamed = message.startsWith(field)
  return { ...problem, field: spelled, message: isNamed ? spelled + message.slice(field.length) : message }
}

/** Returns the body of an ERROR frame that ends a connection, and of an answer that refuses to open one. */
export function presentRefusal({ kind, message }: ChatError, at: number): Record<string, unknown> {
  return { error: kind, message, timestamp: new Date(at).toISOString() }
}

/** Returns the message to the errors queue for a frame after which the connection stays open. */
export function presentFrameError(error: ChatError, at: number): Record<string, unknown> {
  const { problems } = error
  return {
    ...presentRefusal(error, at),
    ...(problems.length > 0 && { errors: problems.map((problem) => presentProblem(problem, 'camel')) }),
    ...coolOffDurationOf(error),
  }
}

function coolOffDurationOf({ coolOffMs }: ChatError): { coolOffDuration?: string } {
  return coolOffMs === undefined ? {} : { coolOffDuration: `PT${Math.ceil(coolOffMs) / 1000}S` }
}
