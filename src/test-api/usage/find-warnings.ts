// Finds what the hosted API would refuse or will no longer support, although it is accepted here (testing contract 5).
import { ChatError, summaryOf } from '#errors.ts'
import type { Operation } from '#routes/operation.ts'
import type { NewWarning } from '#test-api/usage/kept.ts'
import { findOddFields } from '#wire/unknown-fields.ts'

/** Content types that the hosted API documents for bodies, by method; merge patches have their own. */
const documented: Record<string, RegExp> = {
  PATCH: /^application\/json\+merge-patch$/,
  POST: /^(application\/(vnd\.chatkitty\+)?json|multipart\/form-data)$/,
  PUT: /^(application\/(vnd\.chatkitty\+)?json|multipart\/form-data)$/,
}
const patchType = 'application/json+merge-patch'

/** Returns the warnings about a body. */
export function findBodyWarnings(
  { id, about, body: schema }: Operation,
  body: unknown,
): (NewWarning & { resource: string })[] {
  if (!schema) return []
  return findOddFields(schema, body).map(({ path, nearest, isDeprecated }) => {
    const facts = { operation: id, resource: about, field: path, nearest }
    return isDeprecated
      ? { kind: 'deprecated spelling', message: `${id}: ${path} is ${nearest} today`, ...facts }
      : { kind: 'unknown field', message: `${id}: ${path} is not a known field${hint(nearest)}`, ...facts }
  })
}

function hint(nearest: string): string {
  return nearest ? `; the nearest is ${nearest}` : ''
}

/** Returns a 400 for the unknown fields among the warnings, for a strict world; undefined if there are none. */
export function refusalOf(warnings: ReturnType<typeof findBodyWarnings>): ChatError | undefined {
  const problems = warnings
    .filter(({ kind }) => kind === 'unknown field')
    .map(({ resource, field, message }) => ({
      resource,
      field: String(field),
      code: 'invalid' as const,
      message,
    }))
  if (problems.length === 0) return undefined
  return new ChatError('ValidationError', summaryOf(problems), problems)
}

/** Returns the warnings about an accepted request. */
export function findRequestWarnings(
  operation: string,
  {
    method,
    contentType = '',
    hasBody,
    hasTokenInQuery,
  }: { method: string; contentType: string | undefined; hasBody: boolean; hasTokenInQuery: boolean },
): NewWarning[] {
  const warnings: NewWarning[] = []
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const expected = documented[method]
  if (hasBody && expected && !expected.test(type)) {
    const instead = method === 'PATCH' ? patchType : 'application/json'
    const message = `${operation}: the hosted API refuses a body of ${type || 'no type'}; send ${instead}`
    warnings.push({ kind: 'content type', message, operation, contentType: type, nearest: instead })
  }
  if (hasTokenInQuery) {
    const message = `${operation}: the token came as access_token in the query; send it as Authorization: Bearer`
    warnings.push({ kind: 'deprecated spelling', message, operation, field: 'access_token' })
  }
  return warnings
}
