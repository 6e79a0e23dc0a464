// Validates the body of a request to the test API; returns the parsed value, or reports the wrong fields.
import type { z } from 'zod'
import { ChatError, type FieldProblem, summaryOf } from '#errors.ts'
import { messageOf } from '#wire/reading.ts'

/**
 * @param about the resource named in the errors
 * @throws ChatError 400 that names each wrong or unknown field, such as `seed.users[3].name`
 */
export function readBody<S extends z.ZodType>(about: string, schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(about, issue, body))
  throw new ChatError('ClientError', summaryOf(problems), problems)
}

function problemsOf(resource: string, issue: z.core.$ZodIssue, body: unknown): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const field = placeOf([...issue.path, key])
      return { resource, field, code: 'invalid', message: `${field} is not a known field` }
    })
  }
  const field = placeOf(issue.path)
  const given = issue.path.reduce((holder, key) => (holder as Record<PropertyKey, unknown>)?.[key], body)
  return given === undefined && issue.path.length > 0
    ? [{ resource, field, code: 'missing_field', message: `${field} is required` }]
    : [{ resource, field, code: 'invalid', message: `${field}: ${messageOf(issue)}` }]
}

/** `['seed', 'users', 3, 'name']` -> `seed.users[3].name` */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return text.replace(/^\./, '') || 'body'
}
