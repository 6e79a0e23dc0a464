// Validates the input of requests against schemas.
import type { z } from 'zod'
import { ChatError, type FieldProblem, summaryOf } from '#errors.ts'
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
    const problems = issuesOf(parsed.error, given).map((issue) => {
      const problem = problemOf(resource, issue, given)
      const snakeField = snakePath(issue.path).join('.') || 'body'
      return { ...problem, snakeField, message: sentenceOf(problem) }
    })
    throw new ChatError('ClientError', summaryOf(problems), problems)
  }
}

/** Returns the error for the body of an action in real time, whose keys have one spelling. */
export function refusedAction(error: z.ZodError, given: unknown): ChatError {
  const problems = issuesOf(error, given).map((issue) => problemOf('action', issue, given))
  return new ChatError('ValidationError', problems.map(sentenceOf).join('; '), problems)
}

/** Returns what is wrong with the input; of a union, with the one variant whose members the input has, if there is one. */
function issuesOf({ issues }: z.ZodError, given: unknown): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => asMeant(issue, given))
}

function asMeant(issue: z.core.$ZodIssue, given: unknown): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const value = valueAt(given, issue.path)
  const [meant, ...others] = issue.errors.filter(
    (issues) =>
      issues.length > 0 && issues.every(({ path }) => path.length > 0 && valueAt(value, path) !== undefined),
  )
  if (meant === undefined || others.length > 0) return [issue]
  return meant.map((within) => ({ ...within, path: [...issue.path, ...within.path] }))
}

function valueAt(holder: unknown, path: PropertyKey[]): unknown {
  return path.reduce(
    (within, key) => (within as Record<PropertyKey, unknown> | null | undefined)?.[key],
    holder,
  )
}

/** Returns what is wrong with a field, in words that do not name it. */
function problemOf(resource: string, issue: z.core.$ZodIssue, given: unknown): FieldProblem {
  const field = issue.path.map(String).join('.') || 'body'
  const value = valueAt(given, issue.path)
  return value === undefined
    ? { resource, field, code: 'missing_field', message: 'is required' }
    : { resource, field, code: 'invalid', message: messageOf(issue) }
}

function sentenceOf({ field, code, message }: FieldProblem): string {
  return code === 'missing_field' ? `${field} ${message}` : `${field}: ${message}`
}

/** Returns what is wrong with a value, in place of those messages that only make sense to who knows the validator. */
export function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && issue.options)
    return `must be one of ${issue.options.join(', ')}`
  if (issue.code === 'invalid_value' && issue.values.length > 1)
    return `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_format' && issue.format === 'datetime')
    return 'must be a time such as 2027-01-31T00:00:00Z'
  return issue.message
}
