// The admin API as a document (OpenAPI 3.1), made of its operations and of the shapes that they take and give.
import { z } from 'zod'
import { leastRoleOf } from '#domain/access/operator.ts'
import { Role } from '#resources/admin/role.ts'
import { ApiError, AuthenticationError } from '#resources/problem.ts'
import type { AdminOperation } from '#routes/admin/operation.ts'
import { localOrigin, parametersIn, type Shapes } from '#routes/openapi.ts'
import { convert, formOf, idOf, type Json, merge } from '#routes/openapi-schemas.ts'

/** The document itself. @param prefix where the API is */
export function describeAdminApi(operations: AdminOperation[], prefix: string): Json {
  const given = convert(
    operations.flatMap(({ params, query, body, form }) => [
      params,
      query,
      ...(body ? [body] : []),
      ...(form ? [file] : []),
    ]),
    'input',
  )
  const answered = convert(
    [...operations.flatMap((each) => answerOf(each) ?? []), ApiError, AuthenticationError],
    'output',
  )
  const shapes: Shapes = { given: given.of, answered: answered.of }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Chatterie admin API',
      version: '1.0.0',
      summary: 'Operators, applications, moderation and statistics of an installation',
      description,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: localOrigin }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ admin_key: [] }, { console_session: [] }],
    paths: pathsOf(operations, prefix, shapes),
    components: {
      schemas: merge(answered.components, given.components),
      responses: errorResponses(shapes),
      securitySchemes: {
        admin_key: { type: 'http', scheme: 'bearer', description: 'A key that begins with `ck_admin_`' },
        console_session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'chatterie_session',
          description: 'Writes need the header `x-csrf-token`, too',
        },
      },
    },
  }
  return JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/'))
}

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

/** What an operation answers with, where that is JSON. */
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

function pathsOf(operations: AdminOperation[], prefix: string, shapes: Shapes): Record<string, Json> {
  const paths: Record<string, Json> = {}
  for (const each of operations) {
    const path = prefix + each.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [each.method.toLowerCase()]: describeOperation(each, shapes) }
  }
  return paths
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
    const schema = { type: 'string' as const }
    const content = Object.fromEntries(answer.contentTypes.map((each) => [each, { schema }]))
    return { 200: { description: 'Done', content } }
  }
  const shape = answerOf(operation)
  const content = shape && { 'application/json': { schema: shapes.answered(shape) } }
  return { [status]: { description: 'Done', ...(content && { content }) } }
}

const errors = {
  400: { $ref: '#/components/responses/ClientError' },
  401: { $ref: '#/components/responses/Unauthorized' },
  403: { $ref: '#/components/responses/AccessDenied' },
  404: { $ref: '#/components/responses/NotFound' },
}

function errorResponses({ answered }: Shapes): Record<string, Json> {
  const response = (description: string, shape: z.ZodType) => ({
    description,
    content: { 'application/json': { schema: answered(shape) } },
  })
  return {
    ClientError: response('The request is wrong; `errors` says which fields are to blame', ApiError),
    Unauthorized: response('Nobody is signed in, or not any more', AuthenticationError),
    AccessDenied: response('The role is too low, or the header `x-csrf-token` is wrong', AuthenticationError),
    NotFound: response('There is no such thing, or it is not theirs to see', ApiError),
  }
}
