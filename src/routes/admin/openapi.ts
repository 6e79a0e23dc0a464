// Describes the admin API as an OpenAPI 3.1 document, derived from its operations and their schemas.
import { z } from 'zod'
import { leastRoleOf } from '#domain/access/operator.ts'
import { Role } from '#resources/admin/role.ts'
import type { AdminOperation } from '#routes/admin/operation.ts'
import { content, documentOf, errors, parametersIn, type Shapes } from '#routes/openapi/document.ts'
import { formOf, idOf, type Json } from '#routes/openapi/schemas.ts'

/** Returns the document. @param prefix path prefix of the API */
export const describeAdminApi = (operations: AdminOperation[], prefix: string) =>
  documentOf({
    info: {
      title: 'Chatterie admin API',
      version: '1.0.0',
      summary: 'Manages the operators, applications, moderation and statistics of an installation',
      description,
    },
    security: [{ admin_key: [] }, { console_session: [] }],
    operations,
    prefix,
    given: operations.flatMap(({ params, query, body, form }) => [
      params,
      query,
      ...(body ? [body] : []),
      ...(form ? [file] : []),
    ]),
    answered: operations.flatMap((each) => answerOf(each) ?? []),
    describe: describeOperation,
    refusals: {
      Unauthorized: 'The session or admin key is missing, invalid or expired',
      AccessDenied: 'The role does not have this permission, or the header `x-csrf-token` is wrong',
      NotFound: 'The resource does not exist, or the caller may not access it',
    },
    components: () => ({
      securitySchemes: {
        admin_key: {
          type: 'http',
          scheme: 'bearer',
          description: 'Admin key, which begins with `ck_admin_`',
        },
        console_session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'chatterie_session',
          description: 'Writes also require the header `x-csrf-token`',
        },
      },
    }),
  })

const description = `The API for operators of an installation, and for their scripts. It is separate from the Platform API, whose tokens
are not valid here.

**Permissions.** Scripts send an admin key as \`Authorization: Bearer ck_admin_…\`. The console sends a cookie and, with
each write, the \`csrfToken\` of its session in the header \`x-csrf-token\`. Roles are ${Role.options.join(' < ')}; \`x-role\`
is the least role that an operation requires. To callers limited to applications, other applications answer 404.

**Lists** take \`limit\` and \`cursor\`, and return \`{items, next}\`: \`next\` is the cursor of the next items, and absent at
the end.

**Errors.** Errors that are not described here (405, 406, 409, 413, 415, 429 and 5xx) have the body of \`ApiError\` too.
Fields and parameters that an operation does not have are ignored, except for names that differ in one or two characters
from one that it has: they are answered 400.`

const file = formOf(z.object({}))
const lists = new Map<z.ZodType, z.ZodType>()

/** Returns the schema of an operation's JSON answer; undefined for other answers. */
function answerOf({ answer }: AdminOperation): z.ZodType | undefined {
  if (!('shape' in answer)) return undefined
  const { kind, shape } = answer
  if (kind === 'one') return shape
  const known =
    lists.get(shape) ??
    z
      .object({
        items: z.array(shape),
        next: z.string().optional().describe('Cursor of the next items. Absent at the end'),
      })
      .meta({ id: `${idOf(shape)}List` })
  lists.set(shape, known)
  return known
}

function describeOperation(operation: AdminOperation, shapes: Shapes): Json {
  const { id, tag, summary, description, params, query, body, form, method, isOpen, right } = operation
  const parameters = [
    ...parametersIn('path', shapes.given(params)),
    ...parametersIn('query', shapes.given(query)),
  ]
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(isOpen ? { security: [] } : { 'x-role': leastRoleOf(right) }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: method !== 'PATCH' && !body.safeParse(undefined).success,
        content: { 'application/json': { schema: shapes.given(body) } },
      },
    }),
    ...(form && {
      requestBody: { required: true, content: { 'multipart/form-data': { schema: shapes.given(file) } } },
    }),
    responses: { ...success(operation, shapes), ...errors },
  }
}

function success(operation: AdminOperation, shapes: Shapes): Json {
  const { answer, status } = operation
  if (answer.kind === 'text') {
    return { 200: { description: 'Done', content: content(answer.contentTypes, { type: 'string' }) } }
  }
  const shape = answerOf(operation)
  const body = shape && content(['application/json'], shapes.answered(shape))
  return { [status]: { description: 'Done', ...(body && { content: body }) } }
}
