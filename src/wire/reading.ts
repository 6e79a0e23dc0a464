// Validates the input of requests against schemas.
import type { z } from 'zod'
import { ChatError, type FieldProblem } from '#errors.ts'
import { compileReader, type NullMeans, snakePath } from '#wire/casing.ts'

/**
 * Compiles the validation of a schema. Keys may come in either spelling; the result is the schema's output. A null
 * member counts as absent if it is optional, unless the input is a merge patch.
 */
export function compileCheck<S extends z.ZodType>(
  resource: string,
  schema: S,
  nullMeans: NullMeans = 'absent',
): (input: unknown) => z.output<S> {
  return compile(resource, schema, nullMeans, (path) => snakePath(schema, path))
}

/** The same for the parameters of a URL, whose names have one spelling (contract, naming exceptions). */
export function compileParameterCheck<S extends z.ZodType>(
  resource: string,
  schema: S,
): (input: unknown) => z.output<S> {
  return compile(resource, schema, 'absent', (path) => path.map(String))
}

type SnakePath = (path: PropertyKey[]) => string[]

function compile<S extends z.ZodType>(
  resource: string,
  schema: S,
  nullMeans: NullMeans,
  snakePath: SnakePath,
): (input: unknown) => z.output<S> {
  const read = compileReader(schema, nullMeans)
  return (input) => {
    const given = read(input)
    const parsed = schema.safeParse(given)
    if (parsed.success) return parsed.data
    throw problemsOf(resource, parsed.error, given, snakePath)
  }
}

function problemsOf(resource: string, error: z.ZodError, given: unknown, snakePath: SnakePath): ChatError {
  const problems = error.issues.map((issue) => toProblem(resource, issue, given, snakePath))
  const message = problems.map((problem) => problem.message).join('; ')
  return new ChatError('ClientError', message, problems)
}

function toProblem(
  resource: string,
  issue: z.core.$ZodIssue,
  given: unknown,
  snakePath: SnakePath,
): FieldProblem {
  const field = issue.path.map(String).join('.') || 'body'
  const snakeField = snakePath(issue.path).join('.') || 'body'
  const value = issue.path.reduce((holder, key) => (holder as Record<PropertyKey, unknown>)?.[key], given)
  return value === undefined
    ? { resource, field, snakeField, code: 'missing_field', message: `${field} is required` }
    : { resource, field, snakeField, code: 'invalid', message: `${field}: ${issue.message}` }
}
