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
      summary: 'Operators, applications, moderation and statistics of an installation',
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
      Unauthorized: 'Nobody is signed in, or not any more',
      AccessDenied: 'The role is too low, or the header `x-csrf-token` is wrong',
      NotFound: 'There is no such thing, or it is not theirs to see',
    },
    components: () => ({
      securitySchemes: {
        admin_key: { type: 'http', scheme: 'bearer', description: 'A key that begins with `ck_admin_`' },
        console_session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'chatterie_session',
          description: 'Writes need the header `x-csrf-token`, too',
        },
      },
    }),
  })

const description = `For those who run an installation, and for their scripts. The Platform API and its tokens know
nothing of it.

**Who may.** Scripts send an admin key as \`Authorization: Bearer ck_admin_…\`. The console has a cookie, and says with
each write the header \`x-csrf-token\` with the \`csrfToken\` of its session. Roles are ${Role.options.join(' < ')}; each
operation names the least that it takes as \`x-role\`. Who is limited to applications sees others as 404.

**Lists** take \`limit\` and \`cursor\`, and answer \`{items, next}\`: \`next\` is the cursor of what follows, and absent
at the end.

**Errors.** Any that is not described here (405, 406, 409, 413, 415, 429 and 5xx) has the body of \`ApiError\` too.`

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
        next: z.string().optional().describe('The cursor of what follows; absent at the end'),
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
