// Error bodies (contract section f).
import type { ChatError } from '#errors.ts'
import { type Spelling, snake } from '#wire/casing.ts'

/** `{ error, error_description }` for OAuth's kinds, the API's own shape for all others. */
export function presentError(error: ChatError, spelling: Spelling): Record<string, unknown> {
  if (error.isAuthentication) return { error: error.kind, error_description: error.message }
  const problems = error.problems.map((problem) => ({
    ...problem,
    field: spelling === 'snake' ? snake(problem.field) : problem.field,
  }))
  const [only] = problems
  return {
    error: error.kind,
    message: error.message,
    timestamp: new Date().toISOString(),
    ...(error.coolOffMs !== undefined && { coolOffDuration: `PT${error.coolOffMs / 1000}S` }),
    ...(problems.length === 1 && only && { resource: only.resource, field: only.field, code: only.code }),
    ...(problems.length > 0 && { errors: problems }),
  }
}
