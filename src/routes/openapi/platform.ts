// Describes the Platform API as an OpenAPI 3.1 document, derived from its operations and their schemas.
import { defaultScopes } from '#domain/access/caller.ts'
import { pageSizeDefault, pageSizeMax } from '#resources/page.ts'
import {
  content,
  documentOf,
  errors,
  localOrigin,
  parametersIn,
  type Shapes,
} from '#routes/openapi/document.ts'
import { answerOf, formOf, idOf, type Json, schemaOfBody } from '#routes/openapi/schemas.ts'
import type { Operation } from '#routes/operation.ts'
import { jsonTypes, vendorType } from '#wire/negotiation.ts'

/** Returns the document. */
export const describeApi = (operations: Operation[]) =>
  documentOf({
    info: {
      title: 'Chatterie Platform API',
      version: '2.106.8',
      summary: 'Manages the users, channels and messages of a chat application from its backend',
      description,
    },
    tags,
    security: [{ application_authorization: [] }],
    operations,
    prefix: '/v1',
    given: operations.flatMap(({ params, query, body, form }) => [
      params,
      query,
      ...(body ? [schemaOfBody(body, operations)] : []),
      ...(form ? [formOf(form.fields)] : []),
    ]),
    answered: operations.flatMap((each) => answerOf(each) ?? []),
    describe: (operation, { given, answered }) =>
      describeOperation(operation, { given: (schema) => given(schemaOfBody(schema, operations)), answered }),
    refusals: {
      Unauthorized: 'The access token is missing, invalid or expired',
      AccessDenied: 'The token lacks a scope that this operation requires',
      NotFound: 'The resource does not exist in the application of the token',
    },
    components: (shapes) => ({
      parameters,
      responses: successResponses(operations, shapes),
      securitySchemes: { application_authorization: authorization(operations) },
    }),
  })

const description = `The API for the backend of a chat application.

**Tokens.** A backend exchanges its client id and secret for an access token at \`/oauth/token\` (client
credentials), and sends the token as \`Authorization: Bearer\`.

**Paths.** Every operation is available under \`/v1\`, without this prefix, and under \`/v1/applications/{id}\` and
\`/applications/{id}\`, where the id is that of the token's own application, or \`me\`.

**Spelling.** Schemas are described in camelCase. Responses use camelCase too, except those of the media type
\`${vendorType}\`, which are the same in snake_case (\`createdTime\` becomes \`created_time\`; \`isGuest\` stays
unchanged). Requests may use either. The keys inside \`properties\` are yours and never change.

**Links.** Resources have \`_links\` to related resources, and pages to adjacent pages (HAL). Follow these instead
of constructing URLs. More fields and links may be added at any time.

**Errors.** Errors are \`application/json\`, in the spelling of the requested media type. Errors that are not described
here (405, 406, 409, 413, 415, 429 and 5xx) have the body of \`ApiError\` too.`

const tags: Record<string, { description: string }> = {
  Analytics: { description: 'Exports of messages and users as files, for your own reports' },
  Application: { description: 'The application that a token belongs to, and its settings' },
  Channels: { description: 'Direct, public and private channels, in which users chat, and their members' },
  ChatSessions: { description: 'Current and past presence of users in channels' },
  FunctionVersions: { description: 'Versions of chat functions' },
  Functions: { description: 'Your code that runs when something happens in the application' },
  Imports: { description: 'Bulk imports of users, channels, members and messages from files' },
  Jobs: { description: 'Progress and results of imports and exports' },
  Messages: { description: 'Messages of all channels' },
  Runtime: {
    description:
      'Runtime of chat functions: dependencies, environment variables and the initialization script',
  },
  Threads: { description: 'Conversations within channels, such as the replies to a message' },
  UserSessions: { description: 'Current and past connections of devices' },
  Users: { description: 'Users of the application' },
}

// ---------------------------------------------------------------------------------------------- paths

function describeOperation(operation: Operation, shapes: Shapes): Json {
  const { id, tag, summary, description, params, query, body, form, method, scopes, answer } = operation
  const parameters = [
    ...parametersIn('path', shapes.given(params)),
    ...parametersIn('query', shapes.given(query)),
    ...(listParameters[answer.kind] ?? []).map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ]
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: [{ application_authorization: scopes }],
    ...(parameters.length > 0 && { parameters }),
    ...((body || form) && {
      requestBody: {
        required: method !== 'PATCH',
        content: {
          ...(body && content(method === 'PATCH' ? patchTypes : bodyTypes, shapes.given(body))),
          ...(form && content(['multipart/form-data'], shapes.given(formOf(form.fields)))),
        },
      },
    }),
    responses: { ...success(operation), ...errors },
  }
}

const bodyTypes = ['application/json', vendorType]
const patchTypes = ['application/json+merge-patch']
const responseTypes = jsonTypes.filter((type) => !type.includes('merge-patch'))

function success(operation: Operation): Json {
  const { answer, status } = operation
  if (answer.kind === 'redirect') {
    const location = { required: true, schema: { type: 'string', format: 'uri' } }
    return {
      302: { description: 'Redirects to the URL in the header `Location`', headers: { Location: location } },
    }
  }
  const schema = answerOf(operation)
  return { [status]: schema ? { $ref: `#/components/responses/${idOf(schema)}` } : { description: 'Done' } }
}

/** Responses by the name of their schema. */
function successResponses(operations: Operation[], { answered }: Shapes): Record<string, Json> {
  const schemas = operations.flatMap((each) => answerOf(each) ?? [])
  return Object.fromEntries(
    schemas.map((schema) => [
      idOf(schema),
      { description: 'Done', content: content(responseTypes, answered(schema)) },
    ]),
  )
}

const parameters = {
  Page: inQuery('page', 'Number of the page. The first page is 0', {
    type: 'integer',
    minimum: 0,
    default: 0,
  }),
  Size: inQuery(
    'size',
    `Number of items per page. Numbers above ${pageSizeMax} are treated as ${pageSizeMax}`,
    {
      type: 'integer',
      minimum: 1,
      default: pageSizeDefault,
    },
  ),
  Sort: inQuery(
    'sort',
    'Field to sort by, and `asc` or `desc` after a comma. If repeated, earlier fields take precedence',
    {
      type: 'array',
      items: { type: 'string' },
    },
  ),
  Start: inQuery('start', 'Cursor of the first item of a page, taken from its links', cursor()),
  Next: inQuery('next', 'Cursor of the first item of the next page, taken from its links', cursor()),
  Relation: inQuery(
    'relation',
    'Which page to return: the one at `start`, the one before it, or the one at `next`',
    {
      type: 'string',
      enum: ['SELF', 'PREVIOUS', 'NEXT'],
    },
  ),
}

function inQuery(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', description, required: false, schema }
}

function cursor(): Json {
  return { type: 'integer', format: 'int64' }
}

const listParameters: Record<string, (keyof typeof parameters)[]> = {
  page: ['Page', 'Size', 'Sort'],
  cursorPage: ['Size', 'Start', 'Next', 'Relation'],
}

function authorization(operations: Operation[]): Json {
  const scopes = [...defaultScopes, ...operations.flatMap((each) => each.scopes)].sort()
  return {
    type: 'oauth2',
    description: 'Uses the client id and secret of the application.',
    flows: {
      clientCredentials: {
        tokenUrl: `${localOrigin}/oauth/token`,
        scopes: Object.fromEntries(scopes.map((scope) => [scope, scopeDescription(scope)])),
      },
    },
  }
}

/** `create:channel_membership` -> `create channel membership` */
function scopeDescription(scope: string): string {
  return scope.replace(':*', ' everything').replace(/[:_]/g, ' ')
}
